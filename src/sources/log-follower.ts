/**
 * LogFollower over log files, wherever they lie. Of the logs that have more to read, the one that lags most is read on first,
 * so that a backlog comes in the order of time. One poll reads no more than it returns.
 */
import type { FollowFault, FollowPoll, LogFollower, Position } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { fault } from './file-faults.js';
import { findAnchor } from './follow-pieces.js';
import { isSamePosition, type LogPosition, renderPosition } from './follow-position.js';
import { type FollowedLine, type LogReading, positionAfter, readChunk } from './follow-reading.js';
import {
  type FollowerOptions,
  factsOf,
  forgetCompared,
  guarded,
  type Memory,
  openReading,
  type Round,
  readPositions,
  report,
} from './follow-round.js';

/** Lines taken from one log before another may be further behind. */
const SLICE_LINES = 1000;
/** Read in one poll at most: files that are no logs have bytes and no records. */
const POLL_BYTES = 64 * 1024 * 1024;
/** A mail line with its header, for a first guess. */
const LINE_BYTES = 150;
const FOREIGN = 'no line begins with a time stamp that is known; correct log_files of this host';

const lagOf = ({ lastMs, position }: LogReading): number => lastMs ?? position.fromMs;

/** Reads until there is nothing more, or enough. */
const readAll = async (
  readings: readonly LogReading[],
  round: Round,
  signal: AbortSignal,
): Promise<readonly FollowedLine[]> => {
  const { follow, isConfigured } = round.options;
  const asked = new Set(follow.hosts);
  const isWanted = (host: HostName): boolean => asked.has(host) || !isConfigured(host);
  const lines: FollowedLine[] = [];
  for (;;) {
    signal.throwIfAborted();
    const bytes = readings.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
    const open = readings.filter(({ state }) => state === 'reading');
    if (open.length === 0 || lines.length >= follow.maxRecords || bytes >= POLL_BYTES) return lines;
    const last = open.reduce((most, each) => (lagOf(each) < lagOf(most) ? each : most));
    const limit = Math.min(follow.maxRecords - lines.length, open.length === 1 ? follow.maxRecords : SLICE_LINES);
    const done = await guarded(last.log, round, signal, async () => {
      await readChunk(last, round.view, { limit, isWanted, lines, losses: round.losses });
      return true;
    });
    if (done === null) last.state = 'failed';
  }
};

/** A file that was named and has nothing but lines without a header is a mistake. */
const countLines = (reading: LogReading, round: Round): void => {
  const { log, linesRead, headless, bytesRead } = reading;
  const before = round.memory.counts.get(log.partition) ?? { lines: 0, headless: 0, bytes: 0 };
  const now = {
    lines: before.lines + linesRead,
    headless: before.headless + headless,
    bytes: before.bytes + bytesRead,
  };
  round.memory.counts.set(log.partition, now);
  const named = log.pieces.find(({ isNamed }) => isNamed);
  if (named !== undefined && now.lines === 0 && now.headless > 0) report(round, log, fault(named.path, FOREIGN).text);
};

/** Of plain files, by the mean length of their lines so far. Null: packed files wait, too. */
const estimateWaiting = (readings: readonly LogReading[], { counts }: Memory): number | null => {
  let waiting = 0;
  for (const { log, held, ended } of readings) {
    const { lines, headless, bytes } = counts.get(log.partition) ?? { lines: 0, headless: 0, bytes: 0 };
    const mean = lines + headless > 0 ? bytes / (lines + headless) : LINE_BYTES;
    for (const { place, piece } of held) {
      if (ended.has(piece.id) || piece.isGone) continue;
      if (piece.isPacked) return null;
      waiting += Math.max(0, piece.sizeBytes - place.at) / mean;
    }
  }
  return Math.ceil(waiting);
};

/** Where a log stands after this poll. */
const settlePosition = async (reading: LogReading, round: Round): Promise<LogPosition> => {
  const position = positionAfter(reading);
  if (!position.places?.every(({ head }) => head.bytes === 0)) return position;
  const anchor = await findAnchor(reading.log, reading.held, factsOf(reading.log, round, reading.parse));
  return anchor === null ? position : { ...position, places: [anchor, ...position.places] };
};

/** Takes over where the logs stand. @returns the positions that moved */
const commit = async (readings: readonly LogReading[], round: Round): Promise<ReadonlyMap<string, Position>> => {
  const { options, memory, view } = round;
  const after = await Promise.all(readings.map((reading) => settlePosition(reading, round)));
  for (const origin of view.origins) {
    if (memory.states.has(origin)) continue;
    memory.states.set(origin, { fromMs: options.follow.startAtMs, lastMs: null, places: null });
  }
  const changed = new Set(view.origins.filter((origin) => !memory.texts.has(origin)));
  for (const [index, reading] of readings.entries()) {
    const { partition } = reading.log;
    const state = after[index]!;
    const former = memory.states.get(partition);
    if (former === undefined || !memory.texts.has(partition) || !isSamePosition(former, state)) changed.add(partition);
    memory.states.set(partition, state);
    if (reading.state === 'changed') forgetCompared(reading.log, memory);
  }
  const moved = new Map<string, Position>();
  for (const partition of changed) {
    const text = renderPosition(memory.states.get(partition)!);
    if (memory.texts.get(partition) !== text) moved.set(partition, text);
    memory.texts.set(partition, text);
  }
  return moved;
};

const isLagging = ({ state }: LogReading): boolean => state === 'reading' || state === 'late' || state === 'changed';

/** Who has another log that can be read lacks only a part. */
const nameFaults = (faults: readonly FollowFault[], readings: readonly LogReading[]): readonly FollowFault[] => {
  const readable = new Set(readings.flatMap(({ log }) => log.owners));
  const known = new Map(faults.map((each) => [`${each.host} ${each.error}`, each]));
  return [...known.values()].map((each) =>
    each.host !== null && each.status === 'unreadable' && readable.has(each.host)
      ? { ...each, status: 'incomplete' }
      : each,
  );
};

const runRound = async (round: Round, signal: AbortSignal): Promise<FollowPoll> => {
  const { memory, view, faults, losses } = round;
  memory.isUrgent = false;
  const readings: LogReading[] = [];
  for (const log of view.logs) {
    const reading = await guarded(log, round, signal, () => openReading(log, round));
    if (reading !== null) readings.push(reading);
  }
  const lines = await readAll(readings, round, signal);
  for (const reading of readings) countLines(reading, round);
  const positions = await commit(readings, round);
  memory.isUrgent ||= readings.some(({ state }) => state === 'changed');
  return {
    records: lines.map((line) => ({ ...line, sequence: memory.sequence++ })),
    positions,
    isCaughtUp: !memory.isUrgent && !readings.some(isLagging),
    waitingLines: estimateWaiting(readings, memory),
    faults: nameFaults(faults, readings),
    losses,
  };
};

export const createLogFollower = (options: FollowerOptions): LogFollower => {
  const { store, follow } = options;
  const memory: Memory = {
    states: readPositions(follow.positions),
    texts: new Map(follow.positions),
    clocks: new Map(),
    compared: new Map(),
    counts: new Map(),
    sequence: 0,
    isUrgent: false,
  };
  return {
    poll: async (signal) => {
      signal.throwIfAborted();
      const { isUrgent, states: positions } = memory;
      const view = await store.look({ positions, maxBytes: follow.maxRecords * LINE_BYTES * 2, isUrgent }, signal);
      const round = { options, memory, view, faults: [...view.faults], losses: [], heads: new Map<string, Buffer>() };
      return runRound(round, signal);
    },
    close: () => store.close(),
  };
};
