/** One poll over all logs: what it looks at, and how the reading of each log begins. */
import type { FollowFault, FollowOptions, Position } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { createHeaderParser, type HeaderParser } from '../parsers/syslog-header.js';
import { describeFault } from './file-faults.js';
import { createSettle, type Settle } from './follow-clock.js';
import { findPlaces } from './follow-pieces.js';
import { HEAD_BYTES, type LogPosition, parsePosition } from './follow-position.js';
import type { LogReading } from './follow-reading.js';
import { FileChanged, type FollowStore, type FollowView } from './follow-store.js';
import type { FollowedLog, FollowedPiece, Held } from './follow-types.js';
import { hasMagic } from './glob.js';
import { linesOf } from './piece-times.js';

/** Files come and go; what is forgotten is compared once more. */
const COMPARED_MAX = 20_000;

export type FollowerOptions = Readonly<{
  store: FollowStore;
  follow: FollowOptions;
  /** Is it a host of the source? */
  isConfigured: (host: HostName) => boolean;
  /** Epoch milliseconds: a stamp without a year gets the one nearest to it. */
  now: () => number;
}>;

/** What is kept between polls. */
export type Memory = {
  states: Map<string, LogPosition>;
  /** As they were given out last. */
  texts: Map<string, Position>;
  /** Partition → instants of the repeated hour. */
  clocks: Map<string, Settle>;
  /** File → its version when its first bytes were compared last. */
  compared: Map<string, string>;
  /** Partition → lines with and without a header. */
  counts: Map<string, Readonly<{ lines: number; headless: number; bytes: number }>>;
  sequence: number;
  isUrgent: boolean;
};

export const readPositions = (positions: FollowOptions['positions']): Map<string, LogPosition> =>
  new Map(
    [...positions].flatMap(([partition, text]) => {
      const position = parsePosition(text);
      return position === null ? [] : [[partition, position] as const];
    }),
  );

export type Round = Readonly<{
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

export const report = ({ faults }: Round, { owners }: FollowedLog, error: string): void => {
  for (const host of owners) faults.push({ host, status: 'unreadable', error });
};

const nameOf = ({ partition }: FollowedLog, { id }: FollowedPiece): string => `${partition} ${id}`;

const noteCompared = (log: FollowedLog, piece: FollowedPiece, { compared }: Memory): void => {
  if (compared.size > COMPARED_MAX) compared.clear();
  if (piece.version === null) compared.delete(nameOf(log, piece));
  else compared.set(nameOf(log, piece), piece.version);
};

/** It has to be compared again. */
export const forgetCompared = (log: FollowedLog, { compared }: Memory): void => {
  for (const piece of log.pieces) compared.delete(nameOf(log, piece));
};

export const factsOf = (log: FollowedLog, { view, heads, memory }: Round, parse: HeaderParser) => {
  const head = async (piece: FollowedPiece): Promise<Buffer> => {
    const name = nameOf(log, piece);
    const known = heads.get(name);
    if (known !== undefined) return known;
    const bytes = await view.head(piece);
    heads.set(name, bytes);
    return bytes;
  };
  return {
    head,
    firstMs: async (piece: FollowedPiece): Promise<number | null> =>
      linesOf(await head(piece), HEAD_BYTES)
        .map(parse)
        .find((header) => header !== null)?.timeMs ?? null,
    isKnown: (piece: FollowedPiece): boolean =>
      piece.version !== null && memory.compared.get(nameOf(log, piece)) === piece.version,
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
    for (const { piece } of start.held ?? []) noteCompared(log, piece, memory);
    return start.held;
  }
  const found = await findPlaces(log, position.places, position.lastMs ?? position.fromMs, factsOf(log, round, parse));
  if (found.losses.length > 0 && !view.isFull) {
    // A copy may lie in the folder by now.
    memory.isUrgent = true;
    return null;
  }
  losses.push(...found.losses);
  for (const { piece } of found.held) noteCompared(log, piece, memory);
  return found.held;
};

export const openReading = async (log: FollowedLog, round: Round): Promise<LogReading | null> => {
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
export const guarded = async <Result>(
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
