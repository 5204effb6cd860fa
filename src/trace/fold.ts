/**
 * Events → transactions. The same fold for a batch and for live lines: events may come in any order and more than once; each
 * (host, queue ID) keeps its events sorted by time, and its transactions are computed from them. Bounded by `maxTransactions`.
 */
import type { LogRecord, MtaEvent, RejectEvent } from '../domain/event.js';
import type { HostName, QueueId } from '../domain/ids.js';
import type { Reject, Transaction } from '../domain/transaction.js';
import { splitLifetimes } from './lifetimes.js';
import { attachFilters, filtersOfLifetime, isOnlyFiltered, type LooseFilter, looseFilterOf } from './loose-filters.js';
import { rejectRows } from './reject-rows.js';
import { byTime, sessionKey } from './sessions.js';
import { type Outcome, settle } from './settle.js';

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

const placeKey = (host: string, id: string): string => `${host}\0${id}`;

/** What was logged under a queue ID around the time of a line. */
const createSessionFinder = (outcomes: readonly Outcome[]) => {
  const byPlace = new Map<string, Transaction[]>();
  for (const { transaction } of outcomes) {
    const key = placeKey(transaction.host, transaction.queueId);
    byPlace.set(key, [...(byPlace.get(key) ?? []), transaction]);
  }
  return ({ host, timeMs }: Occurrence, { queueId }: RejectEvent): Transaction | undefined =>
    queueId === null
      ? undefined
      : byPlace
          .get(placeKey(host, queueId))
          ?.find(({ firstSeenMs, lastSeenMs }) => timeMs >= firstSeenMs && timeMs <= lastSeenMs);
};

/** Everything that was added, in the order of its coming. */
type Gathered = Readonly<{
  /** By host and queue ID. */
  queued: Map<string, Occurrence[]>;
  sessions: Map<string, Occurrence[]>;
  rejects: Occurrence[];
  loose: LooseFilter[];
}>;

const conclude = ({ queued, sessions, rejects, loose }: Gathered): Omit<FoldResult, 'isCut'> => {
  for (const list of sessions.values()) list.sort(byTime);
  const lifetimes = [...queued.values()].flatMap(splitLifetimes);
  const outcomes = lifetimes
    .filter((lifetime) => !isOnlyFiltered(lifetime))
    .map((lifetime) => settle(lifetime, sessions));
  const settled = outcomes
    .filter((outcome) => outcome.kind === 'transaction')
    .filter(({ transaction }) => !transaction.isProbe);
  const filtered = attachFilters(
    settled.map(({ transaction }) => transaction),
    [...lifetimes.filter(isOnlyFiltered).flatMap(filtersOfLifetime), ...loose],
  );
  const kept = settled.map((outcome) => ({
    ...outcome,
    transaction: filtered.get(outcome.transaction) ?? outcome.transaction,
  }));
  const said = rejectRows([...rejects].sort(byTime), createSessionFinder(outcomes));
  const refused = outcomes.flatMap((outcome) => (outcome.kind === 'aborted' ? outcome.rejects : []));
  return {
    transactions: kept.map(({ transaction }) => transaction),
    rejects: [...said, ...refused].sort((a, b) => a.timeMs - b.timeMs),
    unsettled: kept.filter(({ isSettled }) => !isSettled).map(({ transaction }) => transaction),
  };
};

const append = (map: Map<string, Occurrence[]>, key: string, occurrence: Occurrence): void => {
  const list = map.get(key);
  if (list) list.push(occurrence);
  else map.set(key, [occurrence]);
};

/** @param maxTransactions further (host, queue ID) pairs are left out, and `isCut` says so. */
export const createFold = (maxTransactions: number): Fold => {
  const gathered: Gathered = { queued: new Map(), sessions: new Map(), rejects: [], loose: [] };
  const { queued, sessions, rejects, loose } = gathered;
  let isCut = false;

  const addQueued = (host: HostName, id: QueueId, occurrence: Occurrence): void => {
    const key = placeKey(host, id);
    if (!queued.has(key) && queued.size >= maxTransactions) isCut = true;
    else append(queued, key, occurrence);
  };

  const addEvent = (event: MtaEvent, occurrence: Occurrence): void => {
    const { host, program, pid } = occurrence;
    if (event.kind === 'session' || event.kind === 'session-action') {
      append(sessions, sessionKey(host, program, pid), occurrence);
      return;
    }
    if (event.kind === 'loose-filter') {
      loose.push(looseFilterOf(occurrence, event));
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
    result: () => ({ ...conclude(gathered), isCut }),
  };
};
