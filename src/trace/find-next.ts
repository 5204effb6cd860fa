/** Finds the transaction that a hand-over led to, or the one that a transaction came from. */
import type { HostName, MessageId, QueueId } from '../domain/ids.js';
import type { Transaction } from '../domain/transaction.js';
import { distanceMs, type Handover, isDuringPipe, isSameTime } from './handover.js';
import type { Machines } from './machines.js';

/**
 * A message-id that so many transactions bear, from unrelated senders, says nothing: a broken mailer writes one constant id.
 * Then only queue IDs join (issue bound: 200).
 */
export const SHARED_MESSAGE_ID_MAX = 200;

export type Finder = Readonly<{
  byQueueId: (handover: Handover, id: QueueId) => Transaction | undefined;
  /** For replies that name nothing. `isTaken`: transactions that are known to come from elsewhere. */
  byMessageId: (
    handover: Handover,
    isTaken: (to: Transaction) => boolean,
    chosen: ReadonlyMap<string, Transaction | undefined>,
  ) => Transaction | undefined;
  /** The transaction `id` on `host` that `to` says it came from. */
  origin: (to: Transaction, host: HostName, id: QueueId) => Transaction | undefined;
  /** The machine that handed `to` in; null when none is named. Loopback is the host itself. */
  clientHost: (to: Transaction) => HostName | null;
  /** The machine a hand-over went to. */
  hostOf: (handover: Handover) => HostName;
}>;

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost(?:\.localdomain)?|ip6-localhost)$/i;

/** `localhost`, 127.0.0.0/8, ::1: the machine that says it. */
const isLoopback = (name: string | null): boolean => name !== null && LOOPBACK.test(name);

const isPresent = (text: string | null): text is string => text !== null && text !== '';

const resolve = (
  machines: Machines,
  self: HostName,
  peer: Readonly<{ host: string | null; ip: string | null }>,
): HostName | null => {
  if (isLoopback(peer.ip) || (peer.ip === null && isLoopback(peer.host))) return self;
  const names = [peer.host, peer.ip].filter(isPresent).map((name) => machines.canonical(name));
  return names.find((name) => machines.isConfigured(name)) ?? names[0] ?? null;
};

const nearest = (handover: Handover, candidates: readonly Transaction[]): Transaction | undefined => {
  const { messageId } = handover.from;
  const isSame = (to: Transaction): number => (messageId !== null && to.messageId === messageId ? 0 : 1);
  return [...candidates].sort((a, b) => isSame(a) - isSame(b) || distanceMs(handover, a) - distanceMs(handover, b))[0];
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

export const createFinder = (transactions: readonly Transaction[], machines: Machines): Finder => {
  const byId = group(transactions, (t) => t.queueId);
  const byMessageId = group(transactions, (t) => t.messageId);
  const overloaded = overloadedMessageIds(transactions);

  const clientHost: Finder['clientHost'] = (to) =>
    to.client === null ? null : resolve(machines, to.host, { host: to.client.name, ip: to.client.ip });

  const hostOf: Finder['hostOf'] = ({ from, attempt }) =>
    attempt.nextIs === 'same-host' || attempt.relay === null
      ? from.host
      : (resolve(machines, from.host, attempt.relay) ?? from.host);

  const isSameMessage = (a: Transaction, b: Transaction): boolean =>
    a.messageId !== null && a.messageId === b.messageId && !overloaded.has(a.messageId);

  return {
    clientHost,
    hostOf,
    byQueueId: (handover, id) => {
      const { from } = handover;
      const candidates = (byId.get(id) ?? []).filter((to) => to !== from && isSameTime(handover, to));
      const host = hostOf(handover);
      const there = candidates.filter((to) => to.host === host);
      if (there.length > 0) return nearest(handover, there);
      // Behind a shared address, or behind a filter on another machine: the ID alone would be a guess.
      const attested = candidates.filter(
        (to) => isSameMessage(from, to) || (!machines.isConfigured(host) && clientHost(to) === from.host),
      );
      return nearest(handover, attested);
    },
    byMessageId: (handover, isTaken, chosen) => {
      const { from, attempt } = handover;
      if (from.messageId === null || overloaded.has(from.messageId) || attempt.by === 'lmtp') return undefined;
      const taken = new Set(chosen.values());
      const free = (byMessageId.get(from.messageId) ?? []).filter(
        (to) => to !== from && !taken.has(to) && !isTaken(to),
      );
      if (attempt.relay === null) {
        // A pipe filter has no line with both IDs: `delivered via NAME service`, then pickup or a loopback client.
        if (attempt.agent === null || !/^delivered (?:via|to command)/.test(attempt.response ?? '')) return undefined;
        const back = free.filter(
          (to) =>
            to.host === from.host &&
            isDuringPipe(handover, to) &&
            (to.via === 'pickup' || clientHost(to) === to.host) &&
            sameSender(from, to),
        );
        return nearest(handover, back);
      }
      const host = hostOf(handover);
      return nearest(
        handover,
        free.filter((to) => to.host === host && isSameTime(handover, to) && [null, from.host].includes(clientHost(to))),
      );
    },
    origin: (to, host, id) => {
      const before = (byId.get(id) ?? []).filter(
        (from) => from !== to && from.host === host && from.firstSeenMs <= to.arrivedAtMs + 60_000,
      );
      return before.sort((a, b) => b.firstSeenMs - a.firstSeenMs)[0];
    },
  };
};
