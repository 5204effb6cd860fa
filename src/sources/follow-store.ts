/** Where followed files lie: on this machine or on others. What is done with their bytes is the same (log-follower.ts). */
import type { FollowFault } from '../app/ports.js';
import type { HeaderParser } from '../parsers/syslog-header.js';
import type { LogPosition, Place } from './follow-position.js';
import type { FollowedLog, FollowedPiece, Held } from './follow-types.js';

/**
 * `isEnd`: there is no more at present. `damage`: why the rest of a packed file cannot be read; null: it can. `changed`: it is
 * another file now. `later`: there is more, but not within this poll.
 */
export type ReadAnswer = Readonly<{ bytes: Buffer; isEnd: boolean; damage: string | null }> | 'changed' | 'later';

/** `held` null: the log cannot be read yet. `faults`: files that could not be read; what older ones hold is missing. */
export type Start = Readonly<{ held: readonly Held[] | null; faults: readonly string[] }>;

/** The file that was looked at is not there any more, or is another one. */
export class FileChanged extends Error {}

/** One look at all logs. Valid until the next. Reading throws FileChanged, errors of the file system and MailtraceError. */
export type FollowView = Readonly<{
  logs: readonly FollowedLog[];
  faults: readonly FollowFault[];
  /** What the configuration names, found or not. */
  origins: readonly string[];
  head: (piece: FollowedPiece) => Promise<Buffer>;
  /** At least one whole line, or all that is there. */
  read: (piece: FollowedPiece, place: Place, maxBytes: number) => Promise<ReadAnswer>;
  /** Places from which all lines since `fromMs` are read. */
  start: (log: FollowedLog, fromMs: number, parse: HeaderParser) => Promise<Start>;
  /** False: folders were not listed anew, so a file may seem to be missing. */
  isFull: boolean;
}>;

export type LookRequest = Readonly<{
  /** Partition → where reading stands. */
  positions: ReadonlyMap<string, LogPosition>;
  /** About so many bytes are wanted in all. */
  maxBytes: number;
  /** The last look showed something that was not there any more: look closely. */
  isUrgent: boolean;
}>;

export type FollowStore = Readonly<{
  /** @throws the reason of the signal; all else is a fault */
  look: (request: LookRequest, signal: AbortSignal) => Promise<FollowView>;
  close: () => Promise<void>;
}>;
