/**
 * What time it is in the logs that are followed. Caught up: the wall clock. Behind: no later than what was read of a host, so
 * that a backlog of hours is not taken for mail that is stuck although its end stands a few lines further on.
 */
import type { LogRecord } from '../domain/event.js';
import type { HostName } from '../domain/ids.js';
import type { Clock, FollowPoll } from './ports.js';

export type EventClock = Readonly<{
  /** To be called after every poll. */
  note: (poll: Pick<FollowPoll, 'records' | 'isCaughtUp' | 'faults'>) => void;
  /** Every line of this host that is older was read. -Infinity: nothing of it is known yet. */
  of: (host: HostName) => number;
  /** Lines of this host up to here are not followed by others of the same moment; Infinity when caught up. */
  settledOf: (host: HostName) => number;
  /** For all hosts together. */
  all: () => number;
  /** The last poll left nothing to read. */
  isCaughtUp: () => boolean;
}>;

/** The log of a host that cannot be read stands still so long; then what is open counts as open. */
const PATIENCE_MS = 15 * 60_000;
/** What one process logs at once: lines of one attempt for several recipients. */
const MOMENT_MS = 1000;

type Range = Readonly<{ oldestMs: number; newestMs: number }>;

const rangesOf = (records: readonly LogRecord[]): ReadonlyMap<HostName, Range> => {
  const ranges = new Map<HostName, { oldestMs: number; newestMs: number }>();
  for (const { host, timeMs } of records) {
    const range = ranges.get(host);
    if (range === undefined) ranges.set(host, { oldestMs: timeMs, newestMs: timeMs });
    else {
      range.oldestMs = Math.min(range.oldestMs, timeMs);
      range.newestMs = Math.max(range.newestMs, timeMs);
    }
  }
  return ranges;
};

const NEVER = Number.NEGATIVE_INFINITY;

type Memory = {
  /** Of each host, from what was read while behind; never falls. */
  readonly reachedMs: Map<HostName, number>;
  readonly newestMs: Map<HostName, number>;
  /** Wall clock of the last poll that left nothing to read. */
  caughtUpMs: number;
  allMs: number;
  isCaughtUp: boolean;
  /** Host, or null for all of them → since when it cannot be read; wall clock. */
  faultySinceMs: ReadonlyMap<HostName | null, number>;
};

const timeOf = ({ reachedMs, caughtUpMs, faultySinceMs }: Memory, host: HostName | null, nowMs: number): number => {
  const sinceMs = Math.min(faultySinceMs.get(host) ?? nowMs, faultySinceMs.get(null) ?? nowMs);
  const knownMs = nowMs - sinceMs < PATIENCE_MS ? Math.min(caughtUpMs, sinceMs) : caughtUpMs;
  return Math.max(knownMs, host === null ? NEVER : (reachedMs.get(host) ?? NEVER));
};

/** What the lines of one poll say about how far reading has come. */
const noteRecords = ({ reachedMs, newestMs }: Memory, records: readonly LogRecord[], nowMs: number): number => {
  let oldestOfAllMs = nowMs;
  for (const [host, range] of rangesOf(records)) {
    oldestOfAllMs = Math.min(oldestOfAllMs, range.oldestMs);
    // A stamp of the future says nothing about what was read.
    reachedMs.set(host, Math.max(reachedMs.get(host) ?? NEVER, Math.min(range.oldestMs, nowMs)));
    newestMs.set(host, range.newestMs);
  }
  return oldestOfAllMs;
};

export const createEventClock = (now: Clock): EventClock => {
  const memory: Memory = {
    reachedMs: new Map(),
    newestMs: new Map(),
    caughtUpMs: NEVER,
    allMs: NEVER,
    isCaughtUp: false,
    faultySinceMs: new Map(),
  };
  return {
    note: ({ records, isCaughtUp, faults }) => {
      const nowMs = now();
      const before = memory.faultySinceMs;
      memory.faultySinceMs = new Map(faults.map(({ host }) => [host, before.get(host) ?? nowMs]));
      memory.isCaughtUp = isCaughtUp;
      if (isCaughtUp) memory.caughtUpMs = nowMs;
      const oldestMs = noteRecords(memory, records, nowMs);
      const reachedMs = isCaughtUp ? timeOf(memory, null, nowMs) : oldestMs;
      if (isCaughtUp || records.length > 0) memory.allMs = Math.max(memory.allMs, reachedMs);
    },
    of: (host) => timeOf(memory, host, now()),
    settledOf: (host) =>
      memory.isCaughtUp ? Number.POSITIVE_INFINITY : (memory.newestMs.get(host) ?? NEVER) - MOMENT_MS,
    all: () => memory.allMs,
    isCaughtUp: () => memory.isCaughtUp,
  };
};
