/**
 * Events → transactions. The same fold for a batch and for live lines: events may come in any order and more than once; each
 * (host, queue ID) keeps its events sorted by time, and its transactions are computed from them. Bounded by `maxTransactions`.
 */
import type { ArrivalEvent, LogRecord, MtaEvent, RejectEvent, SessionEvent } from '../domain/event.js';
import type { HostName, QueueId } from '../domain/ids.js';
import type { Reject, Transaction } from '../domain/transaction.js';
import { type Lifetime, splitLifetimes } from './lifetimes.js';
import { buildTransaction } from './build-transaction.js';

/** An event with where and when it was logged. */
export type Occurrence = Readonly<{
  event: MtaEvent;
  host: HostName;
  timeMs: number;
  program: string;
  pid: number | null;
  sequence: number;
}>;

export type FoldResult = Readonly<{
  transactions: readonly Transaction[];
  rejects: readonly Reject[];
  /** Transactions of which it is not known whether the message was ever accepted: their session lines were not read. */
  unsettled: readonly Transaction[];
  /** True when `maxTransactions` left events out. */
  isCut: boolean;
}>;

export type Fold = Readonly<{
  add: (record: LogRecord, events: readonly MtaEvent[]) => void;
  result: () => FoldResult;
}>;

type SessionAction = Extract<MtaEvent, { kind: 'session-action' }>;
type Sessions = Map<string, Occurrence[]>;

/** rsyslog's `message repeated n times` is a count from outside; more rows than this say nothing further. */
const REPEATS_MAX = 1000;

const sessionKey = (host: HostName, program: string, pid: number | null): string => `${host}\0${program}\0${pid ?? ''}`;

const byTime = (a: Occurrence, b: Occurrence): number => a.timeMs - b.timeMs || a.sequence - b.sequence;

/** An smtpd process serves one client at a time, so a pid joins lines only from one connect to the next (facts of smtpd.c). */
const SESSION_MAX_MS = 24 * 3_600_000;

const sameClient = (a: ArrivalEvent['client'], b: SessionEvent['client']): boolean => a !== null && a.ip === b.ip;

/** The session line that ended the session in which this transaction arrived; undefined when it was not read. */
const endOfSession = (sessions: Sessions, arrival: Occurrence): Occurrence | undefined => {
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
const actionsOfSession = (sessions: Sessions, arrival: Occurrence): readonly (Occurrence & { event: SessionAction })[] => {
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

const rejectOf = (occurrence: Occurrence, event: RejectEvent): Reject => ({
  timeMs: occurrence.timeMs,
  host: occurrence.host,
  queueId: event.queueId,
  client: event.client,
  sender: event.sender,
  recipient: event.recipient,
  replyCode: event.replyCode,
  dsn: event.dsn,
  stage: event.stage,
  text: event.text,
});

/** What a lifetime turned out to be. */
type Outcome = Readonly<
  { kind: 'transaction'; transaction: Transaction; isSettled: boolean } | { kind: 'aborted'; rejects: readonly Reject[] }
>;

const ACCEPTED: ReadonlySet<MtaEvent['kind']> = new Set([
  'queued',
  'delivery',
  'removed',
  'expired',
  'held',
  'released',
  'deleted',
  'requeued',
  'discarded',
  'notice',
  'probe',
  'recipient',
]);

/** A message refused after it got its queue ID, or whose client went away, was never accepted: it is a reject. */
const settle = (lifetime: Lifetime, sessions: Sessions): Outcome => {
  const { occurrences } = lifetime;
  const arrival = occurrences.find(({ event }) => event.kind === 'arrival');
  const actions = arrival === undefined ? [] : actionsOfSession(sessions, arrival);
  const transaction = buildTransaction(lifetime, actions);
  const isAccepted = arrival?.event.kind === 'arrival' && arrival.event.isAccepted;
  if (isAccepted || occurrences.some(({ event }) => ACCEPTED.has(event.kind)) || actions.length > 0) {
    // Held by a rule that named no recipient: the session's `NOQUEUE: hold` line does.
    const isNameless = transaction.state === 'held' && transaction.recipients.length === 0;
    return { kind: 'transaction', transaction, isSettled: !isNameless };
  }
  const refused = occurrences.flatMap((occurrence) =>
    occurrence.event.kind === 'reject' && occurrence.event.stage === 'DATA' ? [occurrence] : [],
  );
  // The reject line is itself a row (`rejectsOf`); nothing more to say.
  if (refused.length > 0) return { kind: 'aborted', rejects: [] };
  const envelope = { host: transaction.host, queueId: transaction.queueId, client: transaction.client };
  const row = (timeMs: number, text: string, replyCode: number | null, dsn: string | null): Outcome => ({
    kind: 'aborted',
    rejects: [
      { ...envelope, timeMs, sender: transaction.sender, recipient: null, replyCode, dsn, stage: 'DATA', text },
    ],
  });
  for (const { event, timeMs } of occurrences) {
    if (event.kind === 'aborted') return row(timeMs, event.text, event.replyCode, event.dsn);
  }
  const end = arrival === undefined ? undefined : endOfSession(sessions, arrival);
  if (end?.event.kind === 'session' && lifetime.isOnlyArrival) {
    const { step, detail, client } = end.event;
    const peer = `${client.name ?? 'unknown'}[${client.ip ?? 'unknown'}]`;
    return row(end.timeMs, step === 'lost' ? `lost connection after ${detail} from ${peer}` : `session ended by ${peer} before the message was accepted`, null, null);
  }
  return { kind: 'transaction', transaction, isSettled: arrival === undefined || !lifetime.isOnlyArrival };
};

const rejectRows = (occurrences: readonly Occurrence[]): Reject[] => {
  const rows: Reject[] = [];
  const seen = new Set<string>();
  for (const occurrence of occurrences) {
    const { event } = occurrence;
    if (event.kind !== 'reject') continue;
    const row = rejectOf(occurrence, event);
    const key = JSON.stringify([row, occurrence.pid, event.count]);
    // The same line read twice; stamps of whole seconds cannot tell that from two refusals in one second.
    if (seen.has(key) && occurrence.timeMs % 1000 !== 0) continue;
    seen.add(key);
    for (let index = 0; index < Math.min(event.count, REPEATS_MAX); index++) rows.push(row);
  }
  return rows;
};

/** @param maxTransactions further (host, queue ID) pairs are left out, and `isCut` says so. */
export const createFold = (maxTransactions: number): Fold => {
  const queued = new Map<string, Occurrence[]>();
  const sessions: Sessions = new Map();
  const rejects: Occurrence[] = [];
  let isCut = false;

  const append = (map: Map<string, Occurrence[]>, key: string, occurrence: Occurrence): void => {
    const list = map.get(key);
    if (list) list.push(occurrence);
    else map.set(key, [occurrence]);
  };

  const addQueued = (host: HostName, id: QueueId, occurrence: Occurrence): void => {
    const key = `${host}\0${id}`;
    if (!queued.has(key) && queued.size >= maxTransactions) isCut = true;
    else append(queued, key, occurrence);
  };

  return {
    add: (record, events) => {
      const { host, timeMs, program, pid, sequence } = record;
      for (const event of events) {
        const occurrence: Occurrence = { event, host, timeMs, program, pid, sequence };
        if (event.kind === 'session' || event.kind === 'session-action') {
          append(sessions, sessionKey(host, program, pid), occurrence);
          continue;
        }
        if (event.kind === 'reject') rejects.push(occurrence);
        if (event.queueId !== null) addQueued(host, event.queueId, occurrence);
      }
    },
    result: () => {
      for (const list of sessions.values()) list.sort(byTime);
      const transactions: Transaction[] = [];
      const unsettled: Transaction[] = [];
      const rows = rejectRows([...rejects].sort(byTime));
      for (const occurrences of queued.values()) {
        for (const lifetime of splitLifetimes(occurrences)) {
          const outcome = settle(lifetime, sessions);
          if (outcome.kind === 'aborted') rows.push(...outcome.rejects);
          else if (!outcome.transaction.isProbe) {
            transactions.push(outcome.transaction);
            if (!outcome.isSettled) unsettled.push(outcome.transaction);
          }
        }
      }
      return { transactions, rejects: rows.sort((a, b) => a.timeMs - b.timeMs), unsettled, isCut };
    },
  };
};
