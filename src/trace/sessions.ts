/** Which session lines belong to a transaction: they bear no queue ID, only the server process' pid and the client. */
import type { ArrivalEvent, MtaEvent, SessionEvent } from '../domain/event.js';
import type { HostName } from '../domain/ids.js';
import type { Occurrence } from './fold.js';

export type SessionAction = Extract<MtaEvent, { kind: 'session-action' }>;
/** Session lines by host, program and pid, sorted by time. */
export type Sessions = Map<string, Occurrence[]>;

export const sessionKey = (host: HostName, program: string, pid: number | null): string =>
  `${host}\0${program}\0${pid ?? ''}`;

export const byTime = (a: Occurrence, b: Occurrence): number => a.timeMs - b.timeMs || a.sequence - b.sequence;

/** An smtpd process serves one client at a time, so a pid joins lines only from one connect to the next (facts of smtpd.c). */
const SESSION_MAX_MS = 24 * 3_600_000;

const sameClient = (a: ArrivalEvent['client'], b: SessionEvent['client']): boolean => a !== null && a.ip === b.ip;

/** The session line that ended the session in which this transaction arrived; undefined when it was not read. */
export const endOfSession = (sessions: Sessions, arrival: Occurrence): Occurrence | undefined => {
  const { event } = arrival;
  if (event.kind !== 'arrival' || arrival.pid === null) return undefined;
  const steps = sessions.get(sessionKey(arrival.host, arrival.program, arrival.pid)) ?? [];
  for (const step of steps) {
    if (step.event.kind !== 'session' || step.timeMs < arrival.timeMs) continue;
    if (step.timeMs - arrival.timeMs > SESSION_MAX_MS || step.event.step === 'connect') return undefined;
    if (step.event.step !== 'tls' && sameClient(event.client, step.event.client)) return step;
  }
  return undefined;
};

/** `NOQUEUE: hold` and `discard` of the session in which this transaction arrived, between its connect and its end. */
export const actionsOfSession = (
  sessions: Sessions,
  arrival: Occurrence,
): readonly (Occurrence & { event: SessionAction })[] => {
  const { event } = arrival;
  if (event.kind !== 'arrival' || arrival.pid === null) return [];
  const steps = sessions.get(sessionKey(arrival.host, arrival.program, arrival.pid)) ?? [];
  const found: (Occurrence & { event: SessionAction })[] = [];
  for (const step of steps) {
    if (Math.abs(step.timeMs - arrival.timeMs) > SESSION_MAX_MS) continue;
    if (step.event.kind === 'session' && step.event.step !== 'tls') {
      // Another client in between: what came before belongs to it.
      if (step.timeMs <= arrival.timeMs) found.length = 0;
      else break;
    }
    if (step.event.kind === 'session-action' && sameClient(event.client, step.event.client)) {
      found.push({ ...step, event: step.event });
    }
  }
  return found;
};
