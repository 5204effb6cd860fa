/** Which session lines belong to a transaction: they bear no queue ID, only the server process' pid and the client. */
import type { ArrivalEvent, MtaEvent, SessionEvent } from '../domain/event.js';
import type { HostName } from '../domain/ids.js';
import type { Transaction } from '../domain/transaction.js';
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

const stepsOf = (sessions: Sessions, arrival: Occurrence): readonly Occurrence[] =>
  (sessions.get(sessionKey(arrival.host, arrival.program, arrival.pid)) ?? []).filter(
    ({ timeMs }) => Math.abs(timeMs - arrival.timeMs) <= SESSION_MAX_MS,
  );

const isStep = ({ event }: Occurrence, ...steps: readonly SessionEvent['step'][]): boolean =>
  event.kind === 'session' && steps.includes(event.step);

/** A session step with its line's time. */
export type SessionStep = Occurrence & { event: SessionEvent };
/** How a session ended: a client that is lost is also said to disconnect. null: not read. */
export type SessionEnd = Readonly<{ lost: SessionStep | null; disconnect: SessionStep | null }>;

/**
 * How the session ended in which this transaction arrived. Lines that bear the stamp of the arrival itself may stand in any
 * order: a connect is before it, an end after it.
 */
export const endOfSession = (sessions: Sessions, arrival: Occurrence): SessionEnd => {
  const { event, timeMs } = arrival;
  if (event.kind !== 'arrival' || arrival.pid === null) return { lost: null, disconnect: null };
  const later = stepsOf(sessions, arrival).filter((step) => step.timeMs >= timeMs);
  const next = later.findIndex((step) => step.timeMs > timeMs && isStep(step, 'connect'));
  const following = later[next];
  // In the stamp in which the next client connects, the lines of this one may stand behind it.
  const isOther = following?.event.kind === 'session' && !sameClient(event.client, following.event.client);
  const isOwn = (step: Occurrence, index: number): boolean =>
    following === undefined || index < next || (isOther && step.timeMs === following.timeMs);
  const own = later
    .filter(isOwn)
    .flatMap((step): SessionStep[] =>
      step.event.kind === 'session' && sameClient(event.client, step.event.client)
        ? [{ ...step, event: step.event }]
        : [],
    );
  const first = (word: SessionEvent['step']): SessionStep | null =>
    own.find((step) => step.event.step === word) ?? null;
  return { lost: first('lost'), disconnect: first('disconnect') };
};

/** Encryption of the session in which this transaction arrived: the last `tls` step between its connect and the arrival. */
export const tlsOfSession = (sessions: Sessions, arrival: Occurrence): Transaction['tls'] => {
  const { event, timeMs } = arrival;
  if (event.kind !== 'arrival' || arrival.pid === null) return undefined;
  let found: Readonly<{ atMs: number; detail: string }> | null = null;
  for (const step of stepsOf(sessions, arrival)) {
    if (step.timeMs > timeMs) break;
    // Lines of one stamp may stand in any order: a connect ends only what is older.
    const isEnd = step.timeMs < timeMs && isStep(step, 'connect', 'lost', 'disconnect');
    if (isEnd && found !== null && found.atMs < step.timeMs) found = null;
    if (step.event.kind === 'session' && step.event.step === 'tls' && sameClient(event.client, step.event.client)) {
      found = { atMs: step.timeMs, detail: step.event.detail ?? '' };
    }
  }
  if (found === null) return undefined;
  const [protocol = '', cipher = null] = found.detail.split(' with cipher ', 2);
  return { protocol, cipher };
};

/** `NOQUEUE: hold` and `discard` of the session in which this transaction arrived, between its connect and its end. */
export const actionsOfSession = (
  sessions: Sessions,
  arrival: Occurrence,
): readonly (Occurrence & { event: SessionAction })[] => {
  const { event, timeMs } = arrival;
  if (event.kind !== 'arrival' || arrival.pid === null) return [];
  let found: (Occurrence & { event: SessionAction })[] = [];
  for (const step of stepsOf(sessions, arrival)) {
    // Another session in between: what came before belongs to it.
    if (step.timeMs < timeMs && isStep(step, 'connect', 'lost', 'disconnect')) found = [];
    if (step.timeMs === timeMs && isStep(step, 'connect')) found = found.filter((each) => each.timeMs === timeMs);
    if (step.timeMs > timeMs && isStep(step, 'connect', 'lost', 'disconnect')) break;
    if (step.event.kind === 'session-action' && sameClient(event.client, step.event.client)) {
      found.push({ ...step, event: step.event });
    }
  }
  return found;
};
