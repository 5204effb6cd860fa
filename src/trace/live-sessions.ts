/**
 * Session lines while following: they bear no queue ID, so they are kept for a while, bounded in time and number.
 * BUG: those of a session that has not brought a message yet are in no record of the index; a restart in between loses its
 * encryption and its `NOQUEUE: hold`. They would have to be committed with the checkpoint.
 */
import type { HostName } from '../domain/ids.js';
import type { Occurrence } from './fold.js';
import { byTime, type Sessions, sessionKey } from './sessions.js';

/** A process that logged nothing for so long is gone; a large message over a slow line takes less. */
const KEEP_MS = 3_600_000;
/** The steps of a session that is over are needed for lines that come late. */
const LATE_MS = 60_000;
/** Of one server process. */
const STEPS_MAX = 10_000;
/** Of all processes of all hosts; some 500 bytes each. */
const TOTAL_MAX = 200_000;
/** Of one session, as a transaction takes them along into the index. */
const CARRIED_MAX = 32;

/** Rounds between two looks for what is old. */
const PRUNE_EVERY = 10;

const NONE: Sessions = new Map();

/** From the connect before a step to the one after it: messages that arrived in between may be concerned. */
export type SessionSpan = Readonly<{ fromMs: number; toMs: number }>;

export type LiveSessions = Readonly<{
  /** null: the line was read before. */
  add: (step: Occurrence) => SessionSpan | null;
  /** The steps that may concern a message which arrived by `arrival`: of the session around it. */
  around: (arrival: Occurrence) => Sessions;
  /** The same, for the index. */
  carried: (arrival: Occurrence) => readonly Occurrence[];
  /** Did this process log a `NOQUEUE: hold` or `discard`? */
  hasActions: (key: string) => boolean;
  /** To be called after every round. */
  prune: () => void;
  /** Steps in memory. */
  size: () => number;
}>;

export const keyOfSession = ({ host, program, pid }: Occurrence): string => sessionKey(host, program, pid);

const isSame = (a: Occurrence, b: Occurrence): boolean =>
  a.timeMs === b.timeMs && JSON.stringify(a.event) === JSON.stringify(b.event);

const isConnect = ({ event }: Occurrence): boolean => event.kind === 'session' && event.step === 'connect';

/** From the last connect before the arrival to the first one after it: what is beyond cannot matter to it. */
const sessionAround = (steps: readonly Occurrence[], { timeMs }: Occurrence): Occurrence[] => {
  // What is asked about is recent: the end is near.
  let [at, end] = [steps.length, steps.length];
  while (at > 0 && steps[at - 1]!.timeMs > timeMs) {
    at--;
    if (isConnect(steps[at]!)) end = at + 1;
  }
  let begin = at - 1;
  while (begin > 0 && (steps[begin]!.timeMs === timeMs || !isConnect(steps[begin]!))) begin--;
  // Lines of one stamp may stand in any order.
  while (begin > 0 && steps[begin - 1]!.timeMs === steps[begin]!.timeMs) begin--;
  return steps.slice(Math.max(0, begin), end);
};

const isThere = (steps: readonly Occurrence[], step: Occurrence, at: number): boolean => {
  for (let near = at - 1; near >= 0 && steps[near]!.timeMs === step.timeMs; near--) {
    if (isSame(steps[near]!, step)) return true;
  }
  for (let near = at; near < steps.length && steps[near]!.timeMs === step.timeMs; near++) {
    if (isSame(steps[near]!, step)) return true;
  }
  return false;
};

const spanAround = (steps: readonly Occurrence[], at: number): SessionSpan => {
  let before = at - 1;
  while (before >= 0 && !isConnect(steps[before]!)) before--;
  let after = at;
  while (after < steps.length && !isConnect(steps[after]!)) after++;
  return {
    fromMs: steps[before]?.timeMs ?? Number.NEGATIVE_INFINITY,
    toMs: steps[after]?.timeMs ?? Number.POSITIVE_INFINITY,
  };
};

/** Keeps the order of time; lines come nearly in it. @returns null when the step is there already */
const insert = (steps: Occurrence[], step: Occurrence): SessionSpan | null => {
  let at = steps.length;
  while (at > 0 && byTime(steps[at - 1]!, step) > 0) at--;
  if (isThere(steps, step, at)) return null;
  const span = spanAround(steps, at);
  steps.splice(at, 0, step);
  if (steps.length > STEPS_MAX) steps.shift();
  return span;
};

/** Steps of sessions that were over before `beforeMs`. */
const countPast = (steps: readonly Occurrence[], beforeMs: number): number => {
  const recent = steps.findIndex(({ timeMs }) => timeMs >= beforeMs);
  const current = steps.findLastIndex(isConnect);
  return Math.max(0, Math.min(recent === -1 ? steps.length : recent, current));
};

export const createLiveSessions = (): LiveSessions => {
  /** The least recently used first. */
  const lists = new Map<string, Occurrence[]>();
  const acting = new Set<string>();
  const newestMs = new Map<HostName, number>();
  let calls = 0;
  let total = 0;

  const forget = (key: string): void => {
    total -= lists.get(key)?.length ?? 0;
    lists.delete(key);
    acting.delete(key);
  };

  return {
    add: (step) => {
      const key = keyOfSession(step);
      const steps = lists.get(key) ?? [];
      lists.delete(key);
      lists.set(key, steps);
      newestMs.set(step.host, Math.max(newestMs.get(step.host) ?? 0, step.timeMs));
      if (step.event.kind === 'session-action') acting.add(key);
      const before = steps.length;
      const span = insert(steps, step);
      total += steps.length - before;
      if (total > TOTAL_MAX) forget(lists.keys().next().value!);
      return span;
    },
    around: (arrival) => {
      const key = keyOfSession(arrival);
      const steps = lists.get(key);
      return steps === undefined ? NONE : new Map([[key, sessionAround(steps, arrival)]]);
    },
    carried: (arrival) => sessionAround(lists.get(keyOfSession(arrival)) ?? [], arrival).slice(-CARRIED_MAX),
    hasActions: (key) => acting.has(key),
    prune: () => {
      if (++calls % PRUNE_EVERY !== 0) return;
      for (const [key, steps] of lists) {
        const last = steps.at(-1)!;
        const nowMs = newestMs.get(last.host)!;
        if (last.timeMs < nowMs - KEEP_MS) forget(key);
        else total -= steps.splice(0, countPast(steps, nowMs - LATE_MS)).length;
      }
    },
    size: () => total,
  };
};
