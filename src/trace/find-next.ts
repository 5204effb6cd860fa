/** Finds the transaction that a hand-over led to, or the one that a transaction came from. */
import type { HostName, MessageId, QueueId } from '../domain/ids.js';
import type { Transaction } from '../domain/transaction.js';
import { distanceMs, type Handover, isDuringPipe, isForRecipient, isSameTime } from './handover.js';
import type { Machines } from './machines.js';

/**
 * A message-id that so many transactions bear, from unrelated senders, says nothing: a broken mailer writes one constant id.
 * Then only queue IDs join (issue bound: 200).
 */
const SHARED_MESSAGE_ID_MAX = 200;

export type Finder = Readonly<{
  byQueueId: (handover: Handover, id: QueueId) => Transaction | undefined;
  /** For replies that name nothing: those on the far side that bear the same message-id. */
  byMessageId: (handover: Handover) => readonly Transaction[];
  /** The transaction `id` on `host` that `to` says it came from. */
  origin: (to: Transaction, host: HostName, id: QueueId) => Transaction | undefined;
  /** The transaction `id` on the same host of which `to` says it is a part. */
  whole: (to: Transaction, id: QueueId) => Transaction | undefined;
  /** The machine that handed `to` in; null when none is named. Loopback is the host itself. */
  clientHost: (to: Transaction) => HostName | null;
  /** The machine a hand-over went to. */
  hostOf: (handover: Handover) => HostName;
}>;

/** What came out may be logged a moment before what went in. */
const ORIGIN_LEAD_MS = 60_000;

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost(?:\.localdomain)?|ip6-localhost)$/i;

/** `localhost`, 127.0.0.0/8, ::1: the machine that says it. */
const isLoopback = (name: string | null): boolean => name !== null && LOOPBACK.test(name);

const isPresent = (text: string | null): text is string => text !== null && text !== '';

/** Of these a name of its own says little: that of the machine itself stands beside them in /etc/hosts. */
const OWN_ADDRESS = /^(?:127\.0\.[01]\.1|::1)$/;

/** 127.0.0.2 under the name of a stranger: several servers on one machine, each with a name and an address of its own. */
const isNamedApart = (
  machines: Machines,
  { host, ip }: Readonly<{ host: string | null; ip: string | null }>,
): boolean =>
  host !== null &&
  ip !== null &&
  !OWN_ADDRESS.test(ip) &&
  /[^.]\.[a-z]/i.test(host) &&
  !isLoopback(host) &&
  !machines.isConfigured(machines.canonical(host));

const resolve = (
  machines: Machines,
  self: HostName,
  peer: Readonly<{ host: string | null; ip: string | null }>,
): HostName | null => {
  if (!isNamedApart(machines, peer) && isLoopback(peer.ip ?? peer.host)) return self;
  const names = [peer.host, peer.ip].filter(isPresent).map((name) => machines.canonical(name));
  return names.find((name) => machines.isConfigured(name)) ?? names[0] ?? null;
};

/** The same message-id counts most, then the recipient, then the time. */
const nearest = (handover: Handover, candidates: readonly Transaction[]): Transaction | undefined => {
  const { from } = handover;
  const isSame = (to: Transaction): number => (from.messageId !== null && to.messageId === from.messageId ? 0 : 1);
  const isFor = (to: Transaction): number => (isForRecipient(handover, to) ? 0 : 1);
  return [...candidates].sort(
    (a, b) => isSame(a) - isSame(b) || isFor(a) - isFor(b) || distanceMs(handover, a) - distanceMs(handover, b),
  )[0];
};

const group = <Key>(
  transactions: readonly Transaction[],
  keyOf: (t: Transaction) => Key | null,
): Map<Key, Transaction[]> => {
  const groups = new Map<Key, Transaction[]>();
  for (const transaction of transactions) {
    const key = keyOf(transaction);
    if (key === null) continue;
    const list = groups.get(key);
    if (list) list.push(transaction);
    else groups.set(key, [transaction]);
  }
  return groups;
};

const hasUnrelatedSenders = (transactions: readonly Transaction[]): boolean =>
  transactions.length > SHARED_MESSAGE_ID_MAX && new Set(transactions.map(({ sender }) => sender)).size > 1;

/** Message-ids that join strangers. */
export const overloadedMessageIds = (transactions: readonly Transaction[]): ReadonlySet<MessageId> =>
  new Set(
    [...group(transactions, (t) => t.messageId)].filter(([, list]) => hasUnrelatedSenders(list)).map(([id]) => id),
  );

const sameSender = (a: Transaction, b: Transaction): boolean =>
  a.sender === null || b.sender === null || a.sender.toLowerCase() === b.sender.toLowerCase();

type Index = Readonly<{
  machines: Machines;
  byId: ReadonlyMap<QueueId, readonly Transaction[]>;
  byMessageId: ReadonlyMap<MessageId, readonly Transaction[]>;
  overloaded: ReadonlySet<MessageId>;
}>;

const clientHostOf = ({ machines }: Index, to: Transaction): HostName | null =>
  to.client === null ? null : resolve(machines, to.host, { host: to.client.name, ip: to.client.ip });

const hostOfHandover = ({ machines }: Index, { from, attempt }: Handover): HostName =>
  attempt.nextIs === 'same-host' || attempt.relay === null
    ? from.host
    : (resolve(machines, from.host, attempt.relay) ?? from.host);

const isSameMessage = ({ overloaded }: Index, a: Transaction, b: Transaction): boolean =>
  a.messageId !== null && a.messageId === b.messageId && !overloaded.has(a.messageId);

const findByQueueId = (index: Index, handover: Handover, id: QueueId): Transaction | undefined => {
  const { from } = handover;
  const candidates = (index.byId.get(id) ?? []).filter((to) => to !== from && isSameTime(handover, to));
  const host = hostOfHandover(index, handover);
  const there = candidates.filter((to) => to.host === host);
  if (there.length > 0) return nearest(handover, there);
  // Behind a shared address, or behind a filter on another machine: the ID alone would be a guess.
  const isOurs = index.machines.isConfigured(host);
  const attested = candidates.filter(
    (to) => isSameMessage(index, from, to) || (!isOurs && clientHostOf(index, to) === from.host),
  );
  return nearest(handover, attested);
};

/** Given to a program: Postfix says so in words, Sendmail by the mailer, Exim and Sendmail by the target. */
const isCommand = ({ attempt, recipient }: Handover): boolean =>
  attempt.agent !== null &&
  (/^delivered (?:via|to command)/.test(attempt.response ?? '') || attempt.agent === 'prog' || /^"?\|/.test(recipient));

const localPartOf = (address: string): string => address.toLowerCase().replace(/@[^@]*$/, '');

/** A mailbox server knows users, not always addresses. */
const isUser = (recipient: string, to: Transaction): boolean =>
  to.recipients.some(({ address, originalAddress }) =>
    [address, originalAddress ?? address].some((name) => localPartOf(name) === localPartOf(recipient)),
  );

/** A pipe filter has no line with both IDs: `delivered via NAME service`, then pickup or a loopback client, or a mailbox. */
const isBehindPipe = (index: Index, handover: Handover, to: Transaction): boolean => {
  const { from, recipient } = handover;
  if (!isCommand(handover) || to.host !== from.host || !isDuringPipe(handover, to)) return false;
  if (to.mta === 'dovecot') return isUser(recipient, to);
  // What a command hands in again may bear the sender of a list, or of the user whose filter sent it on.
  if (to.via === 'pickup') return true;
  return clientHostOf(index, to) === to.host && sameSender(from, to);
};

/** A user's filter sent the message on: it came from that machine, for the address that the filter names. */
const isBehindForward = (index: Index, handover: Handover, to: Transaction): boolean => {
  const { from } = handover;
  const isFromHere = to.via === 'pickup' ? to.host === from.host : clientHostOf(index, to) === from.host;
  return isFromHere && to.mta !== 'dovecot' && isForRecipient(handover, to) && isSameTime(handover, to);
};

/** A filter on this host that speaks LMTP is no mailbox: what it took comes back on the loopback while it is asked. */
const isFilter = ({ from, attempt }: Handover, host: HostName): boolean =>
  host === from.host && attempt.relay?.ip != null && !/\bSaved$/.test(attempt.response ?? '');

const isBehindRelay = (index: Index, handover: Handover, to: Transaction): boolean => {
  const { from, attempt, recipient } = handover;
  const host = hostOfHandover(index, handover);
  if (!isSameTime(handover, to)) return false;
  const client = clientHostOf(index, to);
  // Mailbox servers are spoken to by LMTP; filters say themselves what they got.
  if (to.mta === 'dovecot') return attempt.by === 'lmtp' && to.host === host && isUser(recipient, to);
  if (to.mta === 'amavis') return false;
  if (attempt.by === 'lmtp') return isFilter(handover, host) && to.host === host && client === host;
  if (to.host === host) return client === null || client === from.host;
  // The name of several machines: the one that says it got the message from here, for this recipient.
  const isFromHere = client === from.host && to.host !== from.host;
  return !index.machines.isConfigured(host) && isFromHere && isForRecipient(handover, to);
};

const findByMessageId = (index: Index, handover: Handover): readonly Transaction[] => {
  const { from, attempt } = handover;
  if (from.messageId === null || index.overloaded.has(from.messageId)) return [];
  // On this host the reply named another one, and its log is the same: what bears the message-id besides came on its own.
  if (attempt.relay !== null && attempt.nextQueueIds.length > 0 && hostOfHandover(index, handover) === from.host)
    return [];
  const isBehindLocal = attempt.by === 'forward' ? isBehindForward : isBehindPipe;
  const isBehind = attempt.relay === null ? isBehindLocal : isBehindRelay;
  return (index.byMessageId.get(from.messageId) ?? []).filter((to) => to !== from && isBehind(index, handover, to));
};

/** The latest transaction of this name that began before `to` did. */
const findOrigin = (index: Index, to: Transaction, host: HostName, id: QueueId): Transaction | undefined => {
  const named = (index.byId.get(id) ?? []).filter(
    (from) => from !== to && from.firstSeenMs <= to.arrivedAtMs + ORIGIN_LEAD_MS,
  );
  const there = named.filter((from) => from.host === host);
  // A filter on a machine of its own does not say whose ID it names.
  const elsewhere = to.mta === 'amavis' ? named.filter((from) => isSameMessage(index, from, to)) : [];
  return [...(there.length > 0 ? there : elsewhere)].sort((a, b) => b.firstSeenMs - a.firstSeenMs)[0];
};

/**
 * The transaction on this host of which `to` is a part. Its lines come first, and its ID may be another's a moment later (dma names
 * a message by the inode of its file). Two of one stamp cannot be told apart.
 */
const findWhole = (index: Index, to: Transaction, id: QueueId): Transaction | undefined => {
  const before = (index.byId.get(id) ?? [])
    .filter((from) => from !== to && from.host === to.host && from.firstSeenMs <= to.arrivedAtMs)
    .toSorted((a, b) => b.firstSeenMs - a.firstSeenMs);
  const [last, other] = before;
  if (last === undefined) return findOrigin(index, to, to.host, id);
  return last.firstSeenMs === other?.firstSeenMs ? undefined : last;
};

export const createFinder = (transactions: readonly Transaction[], machines: Machines): Finder => {
  const index: Index = {
    machines,
    byId: group(transactions, (t) => t.queueId),
    byMessageId: group(transactions, (t) => t.messageId),
    overloaded: overloadedMessageIds(transactions),
  };
  return {
    clientHost: (to) => clientHostOf(index, to),
    hostOf: (handover) => hostOfHandover(index, handover),
    byQueueId: (handover, id) => findByQueueId(index, handover, id),
    byMessageId: (handover) => findByMessageId(index, handover),
    origin: (to, host, id) => findOrigin(index, to, host, id),
    whole: (to, id) => findWhole(index, to, id),
  };
};
