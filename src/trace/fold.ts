/**
 * Events → transactions. The same fold for a batch and for live lines: events may come in any order and more than once; each
 * (host, queue ID) keeps its events sorted by time, and its transactions are computed from them. Bounded by `maxTransactions`.
 */
import type { LogRecord, MtaEvent, RejectEvent } from '../domain/event.js';
import type { HostName, QueueId } from '../domain/ids.js';
import type { Reject, Transaction } from '../domain/transaction.js';
import { splitLifetimes } from './lifetimes.js';
import { byTime, sessionKey } from './sessions.js';
import { settle } from './settle.js';

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

/** rsyslog's `message repeated n times` is a count from outside; more rows than this say nothing further. */
const REPEATS_MAX = 1000;

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
  const sessions = new Map<string, Occurrence[]>();
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

  const addEvent = (event: MtaEvent, occurrence: Occurrence): void => {
    const { host, program, pid } = occurrence;
    if (event.kind === 'session' || event.kind === 'session-action') {
      append(sessions, sessionKey(host, program, pid), occurrence);
      return;
    }
    if (event.kind === 'reject') rejects.push(occurrence);
    if (event.queueId !== null) addQueued(host, event.queueId, occurrence);
  };

  return {
    add: (record, events) => {
      const { host, timeMs, program, pid, sequence } = record;
      for (const event of events) {
        addEvent(event, { event, host, timeMs, program, pid, sequence });
      }
    },
    result: () => {
      for (const list of sessions.values()) list.sort(byTime);
      const outcomes = [...queued.values()].flatMap((occurrences) =>
        splitLifetimes(occurrences).map((lifetime) => settle(lifetime, sessions)),
      );
      const kept = outcomes
        .filter((outcome) => outcome.kind === 'transaction')
        .filter(({ transaction }) => !transaction.isProbe);
      const refused = outcomes.flatMap((outcome) => (outcome.kind === 'aborted' ? outcome.rejects : []));
      return {
        transactions: kept.map(({ transaction }) => transaction),
        rejects: [...rejectRows([...rejects].sort(byTime)), ...refused].sort((a, b) => a.timeMs - b.timeMs),
        unsettled: kept.filter(({ isSettled }) => !isSettled).map(({ transaction }) => transaction),
        isCut,
      };
    },
  };
};
