/**
 * LogFollower over log files, wherever they lie. Of the logs that have more to read, the one that lags most is read on first,
 * so that a backlog comes in the order of time. One poll reads no more than it returns.
 */
import type { FollowFault, FollowOptions, FollowPoll, LogFollower, Position } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { createHeaderParser, type HeaderParser } from '../parsers/syslog-header.js';
import { describeFault, fault } from './file-faults.js';
import { createSettle, type Settle } from './follow-clock.js';
import { type FollowedLog, type FollowedPiece, findPlaces, type Held } from './follow-pieces.js';
import { HEAD_BYTES, type LogPosition, parsePosition, renderPosition } from './follow-position.js';
import { type FollowedLine, type LogReading, positionAfter, readChunk } from './follow-reading.js';
import { FileChanged, type FollowStore, type FollowView } from './follow-store.js';
import { hasMagic } from './glob.js';
import { linesOf } from './piece-times.js';

export type FollowerOptions = Readonly<{
  store: FollowStore;
  follow: FollowOptions;
  /** Is it a host of the source? */
  isConfigured: (host: HostName) => boolean;
  /** Epoch milliseconds: a stamp without a year gets the one nearest to it. */
  now: () => number;
}>;

/** Lines taken from one log before another may be further behind. */
const SLICE_LINES = 1000;
/** Read in one poll at most: files that are no logs have bytes and no records. */
const POLL_BYTES = 64 * 1024 * 1024;
/** A mail line with its header, for a first guess. */
const LINE_BYTES = 150;
const FOREIGN = 'no line begins with a time stamp that is known; correct log_files of this host';

/** What is kept between polls. */
type Memory = {
  states: Map<string, LogPosition>;
  /** As they were given out last. */
  texts: Map<string, Position>;
  /** Partition → instants of the repeated hour. */
  clocks: Map<string, Settle>;
  /** File → its size when its first bytes were compared last. */
  sizes: Map<string, number>;
  /** Partition → lines with and without a header. */
  counts: Map<string, Readonly<{ lines: number; headless: number; bytes: number }>>;
  sequence: number;
  isUrgent: boolean;
};

const readPositions = (positions: FollowOptions['positions']): Map<string, LogPosition> =>
  new Map(
    [...positions].flatMap(([partition, text]) => {
      const position = parsePosition(text);
      return position === null ? [] : [[partition, position] as const];
    }),
  );

type Round = Readonly<{
  options: FollowerOptions;
  memory: Memory;
  view: FollowView;
  faults: FollowFault[];
  losses: string[];
  /** Read in this poll: file → first bytes. */
  heads: Map<string, Buffer>;
}>;

const parserOf = (log: FollowedLog, nearMs: number): HeaderParser =>
  createHeaderParser({ zoneOf: (name) => log.zoneOf(log.hostOf(name)), nearMs });

/** Where a log without a position begins: a pattern that was followed before brings new files from then on. */
const beginOf = ({ partition, origins }: FollowedLog, { options, memory }: Round): number => {
  const own = memory.states.get(partition)?.fromMs;
  const known = origins.filter(hasMagic).flatMap((origin) => memory.states.get(origin)?.fromMs ?? []);
  return own ?? (known.length === 0 ? options.follow.startAtMs : Math.max(...known));
};

const report = ({ faults }: Round, { owners }: FollowedLog, error: string): void => {
  for (const host of owners) faults.push({ host, status: 'unreadable', error });
};

const factsOf = ({ view, heads, memory }: Round, parse: HeaderParser) => {
  const head = async (piece: FollowedPiece): Promise<Buffer> => {
    const known = heads.get(piece.id);
    if (known !== undefined) return known;
    const bytes = await view.head(piece);
    heads.set(piece.id, bytes);
    return bytes;
  };
  return {
    head,
    firstMs: async (piece: FollowedPiece): Promise<number | null> =>
      linesOf(await head(piece), HEAD_BYTES)
        .map(parse)
        .find((header) => header !== null)?.timeMs ?? null,
    isKnown: ({ id, sizeBytes }: FollowedPiece): boolean => memory.sizes.get(id) === sizeBytes,
  };
};

/** Finds the places of a log, or makes its first ones. */
const findHeld = async (
  log: FollowedLog,
  position: LogPosition,
  parse: HeaderParser,
  round: Round,
): Promise<readonly Held[] | null> => {
  const { view, losses, memory } = round;
  if (position.places === null) {
    const start = await view.start(log, position.fromMs, parse);
    for (const each of start.faults) report(round, log, each);
    return start.held;
  }
  const found = await findPlaces(log, position.places, position.lastMs ?? position.fromMs, factsOf(round, parse));
  if (found.losses.length > 0 && !view.isFull) {
    // A copy may lie in the folder by now.
    memory.isUrgent = true;
    return null;
  }
  losses.push(...found.losses);
  for (const { piece } of found.held) memory.sizes.set(piece.id, piece.sizeBytes);
  return found.held;
};

const openReading = async (log: FollowedLog, round: Round): Promise<LogReading | null> => {
  const { options, memory } = round;
  const { partition } = log;
  const known = memory.states.get(partition);
  const position = known?.places ? known : { fromMs: beginOf(log, round), lastMs: null, places: null };
  const parse = parserOf(log, options.now());
  const settle = memory.clocks.get(partition) ?? createSettle(position.lastMs);
  memory.clocks.set(partition, settle);
  const held = await findHeld(log, position, parse, round);
  const begun = { bytesRead: 0, linesRead: 0, headless: 0, state: 'reading', ended: new Set<string>() } as const;
  return held && { ...begun, log, position, parse, settle, held, lastMs: position.lastMs };
};

/** What a file does wrong is a fault of its log; an abort, and bugs, go on. */
const guarded = async <Result>(
  log: FollowedLog,
  round: Round,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result | null> => {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof FileChanged) {
      round.memory.isUrgent = true;
      return null;
    }
    const path = log.pieces.at(-1)?.path ?? log.partition;
    report(round, log, (await describeFault(path, error)).text);
    return null;
  }
};

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
      await readChunk(last, round.view, { limit, isWanted, lines });
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

/** Takes over where the logs stand. @returns the positions that moved */
const commit = (readings: readonly LogReading[], { options, memory, view }: Round): ReadonlyMap<string, Position> => {
  for (const origin of view.origins) {
    if (memory.states.has(origin)) continue;
    memory.states.set(origin, { fromMs: options.follow.startAtMs, lastMs: null, places: null });
  }
  for (const reading of readings) {
    memory.states.set(reading.log.partition, positionAfter(reading));
    // It has to be compared again.
    if (reading.state === 'changed') for (const { piece } of reading.held) memory.sizes.delete(piece.id);
  }
  const moved = new Map<string, Position>();
  for (const [partition, state] of memory.states) {
    const text = renderPosition(state);
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
  const positions = commit(readings, round);
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
    sizes: new Map(),
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
