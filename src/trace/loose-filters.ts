/**
 * Results of filters that stand beside a transaction: logged before it had a queue ID, by a filter on another machine, or by one
 * that names only the message-id. Each goes to the transaction it can only mean; else it is left out.
 */
import type { FilterResult, LooseFilterEvent } from '../domain/event.js';
import type { HostName, MessageId, QueueId } from '../domain/ids.js';
import type { Transaction } from '../domain/transaction.js';
import type { Occurrence } from './fold.js';
import type { Lifetime } from './lifetimes.js';

/** A result, and what it is known to be about. */
export type LooseFilter = Readonly<{
  host: HostName;
  timeMs: number;
  queueId: QueueId | null;
  messageId: MessageId | null;
  envelope: Pick<LooseFilterEvent, 'clientIp' | 'sender' | 'recipient'> | null;
  filter: FilterResult;
}>;

/** Two machines' clocks may differ by so much (handover.ts). */
const SKEW_MS = 10 * 60_000;
/** On one machine a filter is asked while the message comes in, or while the MTA has it. */
const NEAR_MS = 60_000;

/** Nothing but a filter's words was logged under this queue ID on this host: the MTA is another. */
export const isOnlyFiltered = ({ occurrences }: Lifetime): boolean =>
  occurrences.every(({ event }) => event.kind === 'filter');

export const filtersOfLifetime = ({ occurrences }: Lifetime): readonly LooseFilter[] =>
  occurrences.flatMap(({ event, host, timeMs }) =>
    event.kind === 'filter'
      ? [{ host, timeMs, queueId: event.queueId, messageId: null, envelope: null, filter: event.filter }]
      : [],
  );

export const looseFilterOf = ({ host, timeMs }: Occurrence, event: LooseFilterEvent): LooseFilter => {
  const { messageId, clientIp, sender, recipient, filter } = event;
  const envelope = clientIp === null ? null : { clientIp, sender, recipient };
  return { host, timeMs, queueId: null, messageId, envelope, filter };
};

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

const hasRecipient = ({ recipients }: Transaction, wanted: string): boolean =>
  recipients.length === 0 ||
  recipients.some(({ address, originalAddress }) => isSame(address, wanted) || isSame(originalAddress ?? '', wanted));

const isOfEnvelope = (t: Transaction, { envelope, host, timeMs }: LooseFilter): boolean => {
  if (envelope?.clientIp == null || t.host !== host || t.client?.ip == null) return false;
  const { clientIp, sender, recipient } = envelope;
  return (
    isSame(t.client.ip, clientIp) &&
    Math.abs(t.arrivedAtMs - timeMs) <= NEAR_MS &&
    (sender === null || t.sender === null || isSame(sender, t.sender)) &&
    (recipient === null || hasRecipient(t, recipient))
  );
};

const isDuring = (t: Transaction, timeMs: number, toleranceMs: number): boolean =>
  timeMs >= t.firstSeenMs - toleranceMs && timeMs <= t.lastSeenMs + toleranceMs;

const isAbout = (t: Transaction, loose: LooseFilter): boolean => {
  const tolerance = t.host === loose.host ? NEAR_MS : SKEW_MS;
  if (loose.queueId !== null) return t.queueId === loose.queueId && isDuring(t, loose.timeMs, tolerance);
  if (loose.messageId !== null) return t.messageId === loose.messageId && isDuring(t, loose.timeMs, tolerance);
  return isOfEnvelope(t, loose);
};

/** On the filter's own machine before others, then the nearest arrival. */
const findTarget = (transactions: readonly Transaction[], loose: LooseFilter): Transaction | undefined => {
  const distance = (t: Transaction): number => Math.abs(t.arrivedAtMs - loose.timeMs);
  const foreign = (t: Transaction): number => (t.host === loose.host ? 0 : 1);
  return transactions
    .filter((t) => t.mta !== 'dovecot' && isAbout(t, loose))
    .sort((a, b) => foreign(a) - foreign(b) || distance(a) - distance(b) || (a.queueId < b.queueId ? -1 : 1))[0];
};

type Index = Readonly<{ find: (loose: LooseFilter) => readonly Transaction[] }>;

const indexTransactions = (transactions: readonly Transaction[]): Index => {
  const index = new Map<string, Transaction[]>();
  const add = (key: string, t: Transaction): void => {
    const list = index.get(key);
    if (list) list.push(t);
    else index.set(key, [t]);
  };
  for (const t of transactions) {
    add(`q${t.queueId}`, t);
    if (t.messageId !== null) add(`m${t.messageId}`, t);
    if (t.client?.ip != null) add(`c${t.client.ip.toLowerCase()}`, t);
  }
  const keyOf = ({ queueId, messageId, envelope }: LooseFilter): string => {
    if (queueId !== null) return `q${queueId}`;
    return messageId === null ? `c${envelope?.clientIp?.toLowerCase() ?? ''}` : `m${messageId}`;
  };
  return { find: (loose) => index.get(keyOf(loose)) ?? [] };
};

const isEqual = (a: FilterResult, b: FilterResult): boolean =>
  a.source === b.source && a.action === b.action && a.score === b.score;

/** @returns each transaction that gained results, with the one that takes its place */
export const attachFilters = (
  transactions: readonly Transaction[],
  loose: readonly LooseFilter[],
): ReadonlyMap<Transaction, Transaction> => {
  const gained = new Map<Transaction, FilterResult[]>();
  if (loose.length === 0) return new Map();
  const { find } = indexTransactions(transactions);
  for (const each of [...loose].sort((a, b) => a.timeMs - b.timeMs)) {
    const target = findTarget(find(each), each);
    if (target === undefined) continue;
    const list = gained.get(target) ?? [];
    gained.set(target, list);
    // A policy server is asked once for each recipient.
    if (![...target.filters, ...list].some((known) => isEqual(known, each.filter))) list.push(each.filter);
  }
  return new Map([...gained].map(([t, filters]) => [t, { ...t, filters: [...t.filters, ...filters] }]));
};
