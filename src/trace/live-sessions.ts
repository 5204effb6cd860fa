/**
 * Session lines while following: they bear no queue ID, so they are kept for a while, bounded in time and number.
 * BUG: those of a session that has not brought a message yet are in no record of the index; a restart in between loses its
 * encryption and its `NOQUEUE: hold`. They would have to be committed with the checkpoint.
 */
import type { HostName } from '../domain/ids.js';
import type { Occurrence } from './fold.js';
import { byTime, type Sessions, sessionKey } from './sessions.js';

/** A message takes this long to come in, at most (a large one over a slow line). */
const KEEP_MS = 3_600_000;
/** Of one server process: it serves one client at a time, and a message needs only the steps of its own session. */
const STEPS_MAX = 512;
/** Of all processes of all hosts. */
const KEYS_MAX = 100_000;
/** Of one session, as a transaction takes them along into the index. */
const CARRIED_MAX = 32;

const NONE: Sessions = new Map();

export type LiveSessions = Readonly<{
  /** False: the line was read before. */
  add: (step: Occurrence) => boolean;
  /** The steps that may concern a message which arrived by `arrival`: of the session around it. */
  around: (arrival: Occurrence) => Sessions;
  /** The same, for the index. */
  carried: (arrival: Occurrence) => readonly Occurrence[];
  /** Did this process log a `NOQUEUE: hold` or `discard`? */
  hasActions: (key: string) => boolean;
  prune: () => void;
  size: () => number;
}>;

export const keyOfSession = ({ host, program, pid }: Occurrence): string => sessionKey(host, program, pid);

const isSame = (a: Occurrence, b: Occurrence): boolean =>
  a.timeMs === b.timeMs && JSON.stringify(a.event) === JSON.stringify(b.event);

const isConnect = ({ event }: Occurrence): boolean => event.kind === 'session' && event.step === 'connect';

/** From the last connect before the arrival to the first one after it: what is beyond cannot matter to it. */
const sessionAround = (steps: readonly Occurrence[], { timeMs }: Occurrence): Occurrence[] => {
  const after = steps.findIndex((step) => step.timeMs > timeMs && isConnect(step));
  const end = after === -1 ? steps.length : after + 1;
  const before = steps.findLastIndex((step, index) => index < end && step.timeMs < timeMs && isConnect(step));
  // Lines of one stamp may stand in any order.
  const begin = before === -1 ? 0 : steps.findIndex((step) => step.timeMs === steps[before]!.timeMs);
  return steps.slice(begin, end);
};

/** Keeps the order of time; lines come nearly in it. @returns false when the step is there already */
const insert = (steps: Occurrence[], step: Occurrence): boolean => {
  let at = steps.length;
  while (at > 0 && byTime(steps[at - 1]!, step) > 0) at--;
  const isKnown = steps.some((other) => isSame(other, step));
  if (isKnown) return false;
  steps.splice(at, 0, step);
  if (steps.length > STEPS_MAX) steps.splice(0, steps.length - STEPS_MAX);
  return true;
};

export const createLiveSessions = (): LiveSessions => {
  /** The least recently used first. */
  const lists = new Map<string, Occurrence[]>();
  const acting = new Set<string>();
  const newestMs = new Map<HostName, number>();

  const forget = (key: string): void => {
    lists.delete(key);
    acting.delete(key);
  };

  return {
    add: (step) => {
      const key = keyOfSession(step);
      const steps = lists.get(key) ?? [];
      lists.delete(key);
      lists.set(key, steps);
      if (lists.size > KEYS_MAX) forget(lists.keys().next().value!);
      newestMs.set(step.host, Math.max(newestMs.get(step.host) ?? 0, step.timeMs));
      if (step.event.kind === 'session-action') acting.add(key);
      return insert(steps, step);
    },
    around: (arrival) => {
      const key = keyOfSession(arrival);
      const steps = lists.get(key);
      return steps === undefined ? NONE : new Map([[key, sessionAround(steps, arrival)]]);
    },
    carried: (arrival) => sessionAround(lists.get(keyOfSession(arrival)) ?? [], arrival).slice(-CARRIED_MAX),
    hasActions: (key) => acting.has(key),
    prune: () => {
      for (const [key, steps] of lists) {
        const last = steps.at(-1)!;
        if (last.timeMs < newestMs.get(last.host)! - KEEP_MS) forget(key);
      }
    },
    size: () => lists.size,
  };
};
