/**
 * Transactions → hops. A hop needs evidence: the accepting reply named the next queue ID, the next host logged where the
 * message came from, or, where a reply names nothing, one message-id on the host that was spoken to. Strangers are never joined.
 */
import type { Evidence, Gap, Hop, HopEnd } from '../domain/chain.js';
import type { HostName, MessageId, QueueId } from '../domain/ids.js';
import { type DeliveryAttempt, isFinal, type Recipient, type Transaction } from '../domain/transaction.js';
import { assignByMessageId } from './assign.js';
import { createFinder, type Finder } from './find-next.js';
import type { Handover } from './handover.js';
import type { Machines } from './machines.js';

export type LinkInput = Readonly<{
  transactions: readonly Transaction[];
  machines: Machines;
  /** Why a host that was spoken to at this time shows no transaction. */
  gapReason: (host: HostName, timeMs: number) => Gap;
}>;

/** A hop between two transactions at hand. */
export type Link = Readonly<{ from: Transaction; to: Transaction; recipients: readonly string[]; evidence: Evidence }>;

/** A hop of which only one side is at hand. */
export type OpenEnd = Readonly<{
  transaction: Transaction;
  direction: 'out' | 'in';
  other: HopEnd;
  gap: Gap;
  recipients: readonly string[];
  timeMs: number;
}>;

export type Links = Readonly<{ links: readonly Link[]; openEnds: readonly OpenEnd[] }>;

type MutableLink = { from: Transaction; to: Transaction; recipients: Set<string>; evidence: Evidence };
type MutableEnd = Omit<OpenEnd, 'recipients'> & { recipients: Set<string> };

const evidenceOf = (handover: Handover, to: Transaction): Evidence => {
  if (handover.attempt.by === 'forward') return 'forward';
  if (handover.from.host === to.host) return 'reinjection';
  return handover.attempt.by === 'lmtp' ? 'lmtp' : 'queued-as';
};

/** Collects hops, at most one for each pair of transactions. */
const createCollector = () => {
  const links = new Map<Transaction, Map<Transaction, MutableLink>>();
  const incoming = new Map<Transaction, MutableLink[]>();
  const ends = new Map<string, MutableEnd>();
  return {
    link: (from: Transaction, to: Transaction, recipients: readonly string[], evidence: Evidence): void => {
      const outgoing = links.get(from) ?? new Map<Transaction, MutableLink>();
      links.set(from, outgoing);
      const known = outgoing.get(to);
      if (known) {
        for (const recipient of recipients) known.recipients.add(recipient);
        return;
      }
      const link = { from, to, recipients: new Set(recipients), evidence };
      outgoing.set(to, link);
      incoming.set(to, [...(incoming.get(to) ?? []), link]);
    },
    openEnd: (key: string, end: Omit<OpenEnd, 'recipients'>, recipients: readonly string[]): void => {
      const known = ends.get(key) ?? { ...end, recipients: new Set<string>() };
      for (const recipient of recipients) known.recipients.add(recipient);
      ends.set(key, known);
    },
    /** Was this message handed to this host, and is what it did there not at hand? */
    isGoneTo: (host: HostName, messageId: MessageId | null): boolean =>
      messageId !== null &&
      [...ends.values()].some(
        ({ direction, other, transaction }) =>
          direction === 'out' && other.host === host && transaction.messageId === messageId,
      ),
    hasIncoming: (to: Transaction): boolean => incoming.has(to),
    isCarriedOn: (from: Transaction, recipient: string): boolean =>
      [...(links.get(from)?.values() ?? [])].some(({ recipients }) => recipients.has(recipient)),
    result: (): Links => ({
      links: [...links.values()].flatMap((outgoing) =>
        [...outgoing.values()].map((link) => ({ ...link, recipients: [...link.recipients] })),
      ),
      openEnds: [...ends.values()].map((end) => ({ ...end, recipients: [...end.recipients] })),
    }),
  };
};

type Collector = ReturnType<typeof createCollector>;

const handoversOf = (
  transactions: readonly Transaction[],
  isHandover: (attempt: DeliveryAttempt) => boolean,
): Handover[] =>
  transactions
    .flatMap((from) =>
      from.recipients.flatMap((recipient) =>
        recipient.attempts.filter(isHandover).map((attempt) => ({ from, attempt, recipient: recipient.address })),
      ),
    )
    .sort((a, b) => a.attempt.timeMs - b.attempt.timeMs);

const isAccepted = (attempt: DeliveryAttempt): boolean => attempt.status === 'sent';

/**
 * The connection broke after the whole message was sent: the far side may have it and a second copy follows (Postfix
 * smtp_proto.c: `-- message may be sent more than once`).
 */
const isInDoubt = (attempt: DeliveryAttempt): boolean =>
  attempt.status === 'deferred' && (attempt.response ?? '').includes('message may be sent more than once');

/** Hand-overs whose reply named the next queue ID. Returns those whose far side is not at hand, and the unnamed ones. */
const linkByQueueId = (handovers: readonly Handover[], finder: Finder, collector: Collector): Handover[] =>
  handovers.filter((handover) => {
    const { attempt, from, recipient } = handover;
    let isFound = false;
    for (const id of attempt.nextQueueIds) {
      const to = finder.byQueueId(handover, id);
      if (to === undefined) continue;
      isFound = true;
      collector.link(from, to, [recipient], evidenceOf(handover, to));
    }
    return !isFound;
  });

const linkAssigned = (handovers: readonly Handover[], finder: Finder, collector: Collector): Handover[] => {
  const assigned = assignByMessageId(handovers, finder, collector.hasIncoming);
  return handovers.filter((handover) => {
    const to = assigned.get(handover);
    if (to === undefined) return true;
    const evidence = to.host === handover.from.host ? 'reinjection' : 'message-id';
    collector.link(handover.from, to, [handover.recipient], evidence);
    return false;
  });
};

/** First where the relay is a machine of ours; a name that may stand for one gets what is left over. */
const linkByMessageId = (
  handovers: readonly Handover[],
  { isConfigured }: Machines,
  finder: Finder,
  collector: Collector,
): Handover[] => {
  const isOurs = (handover: Handover): boolean => isConfigured(finder.hostOf(handover));
  const open = linkAssigned(handovers.filter(isOurs), finder, collector);
  return [
    ...open,
    ...linkAssigned(
      handovers.filter((handover) => !isOurs(handover)),
      finder,
      collector,
    ),
  ];
};

/** Which of `from`'s recipients `to` carries on; what was rewritten in between cannot be told apart. */
const carriedOn = (
  from: Transaction,
  to: Transaction,
  isCarried: (recipient: Recipient) => boolean,
): readonly string[] => {
  const arrived = new Set(
    to.recipients.flatMap(({ address, originalAddress }) =>
      [address, originalAddress ?? address].map((name) => name.toLowerCase()),
    ),
  );
  const shared = from.recipients.filter(({ address }) => arrived.has(address.toLowerCase()));
  if (shared.length > 0) return shared.map(({ address }) => address);
  const carried = from.recipients.filter(isCarried);
  return (carried.length > 0 ? carried : to.recipients).map(({ address }) => address);
};

/** The next transaction itself says where it came from: `orig_id=` after a requeue, `orig_queue_id=` behind a content filter. */
const linkByOrigin = (transactions: readonly Transaction[], finder: Finder, collector: Collector): void => {
  for (const to of transactions) {
    const requeued = to.requeuedFrom === null ? undefined : finder.origin(to, to.host, to.requeuedFrom);
    if (requeued) {
      const recipients = carriedOn(requeued, to, ({ status }) => !isFinal(status));
      collector.link(requeued, to, recipients, 'requeue');
    }
    const whole = to.splitFrom ? finder.whole(to, to.splitFrom) : undefined;
    // Chains have no parts left (absorb-parts.ts); rounds and alerts keep them apart. The recipients stand only in the part.
    if (whole)
      collector.link(
        whole,
        to,
        to.recipients.map(({ address }) => address),
        'forward',
      );
    if (to.reinjectedFrom === null || collector.hasIncoming(to)) continue;
    const filtered = finder.origin(to, finder.clientHost(to) ?? to.host, to.reinjectedFrom);
    if (filtered) {
      const recipients = carriedOn(filtered, to, ({ status }) => status === 'sent');
      collector.link(filtered, to, recipients, 'reinjection');
    }
  }
};

const idOf = (attempt: DeliveryAttempt): QueueId | null => attempt.nextQueueId;

/** A hand-over by LMTP is the final delivery when the mailbox server's own log is not at hand; so is one without a relay. */
const isFinalDelivery = ({ attempt }: Handover): boolean => attempt.relay === null || attempt.by === 'lmtp';

const noteGapsAfter = (
  handovers: readonly Handover[],
  input: LinkInput,
  finder: Finder,
  collector: Collector,
): void => {
  for (const handover of handovers) {
    const { from, attempt, recipient } = handover;
    if (isFinalDelivery(handover) && attempt.by !== 'forward') continue;
    const host = finder.hostOf(handover);
    // What a filter on this host took has come back, and says so itself.
    if (host === from.host && collector.isCarriedOn(from, recipient)) continue;
    const other: HopEnd = { host, queueId: idOf(attempt) };
    const end = { transaction: from, direction: 'out' as const, other, timeMs: attempt.timeMs };
    const key = JSON.stringify(['out', from.host, from.queueId, from.arrivedAtMs, other]);
    collector.openEnd(key, { ...end, gap: input.gapReason(host, attempt.timeMs) }, [recipient]);
  }
};

/**
 * A configured machine handed the message in, but none of its transactions at hand did. A machine of ours whose log is not read
 * is shown when the message is known to have gone there; else it may be anybody's desk.
 */
const noteGapsBefore = (input: LinkInput, finder: Finder, collector: Collector): void => {
  for (const transaction of input.transactions) {
    const host = finder.clientHost(transaction);
    if (host === null || collector.hasIncoming(transaction) || host === transaction.host) continue;
    const gap = input.gapReason(host, transaction.arrivedAtMs);
    const isBetween = gap === 'unread' && collector.isGoneTo(host, transaction.messageId);
    if (!input.machines.isConfigured(host) && !isBetween) continue;
    const key = JSON.stringify(['in', transaction.host, transaction.queueId, transaction.arrivedAtMs]);
    const recipients = transaction.recipients.map(({ address }) => address);
    const end = { transaction, direction: 'in' as const, other: { host, queueId: null }, gap };
    collector.openEnd(key, { ...end, timeMs: transaction.arrivedAtMs }, recipients);
  }
};

/** A content filter whose own transaction is at hand: the MTA's next queue ID was made behind it. */
const isInnerFilter = ({ mta }: Transaction): boolean => mta === 'amavis';

/** The filter does not say where its mail came from: then it was the one that got the same answer. */
const linkToFilters = (transactions: readonly Transaction[], links: Links, collector: Collector): void => {
  for (const filter of transactions) {
    if (!isInnerFilter(filter) || collector.hasIncoming(filter)) continue;
    const behind = new Set(links.links.filter(({ from }) => from === filter).map(({ to }) => to));
    for (const { from, to, recipients } of links.links) {
      const isSame = from.messageId === filter.messageId && from.host === to.host && !isInnerFilter(from);
      if (isSame && behind.has(to)) collector.link(from, filter, recipients, 'reinjection');
    }
  }
};

/** CONTRACT §2: where a filter's own transaction is shown, hops run through it and none passes beside it. */
const withoutShortcuts = (links: readonly Link[]): readonly Link[] => {
  const into = new Map<Transaction, Set<Transaction>>();
  for (const { from, to } of links) {
    if (isInnerFilter(to)) into.set(from, (into.get(from) ?? new Set<Transaction>()).add(to));
  }
  if (into.size === 0) return links;
  const behind = new Map<Transaction, Set<Transaction>>();
  for (const { from, to } of links) {
    if (isInnerFilter(from)) behind.set(from, (behind.get(from) ?? new Set<Transaction>()).add(to));
  }
  return links.filter(({ from, to }) => ![...(into.get(from) ?? [])].some((filter) => behind.get(filter)?.has(to)));
};

/** Finds every hop that the transactions at hand attest, and says where one side is missing. */
export const linkTransactions = (input: LinkInput): Links => {
  const finder = createFinder(input.transactions, input.machines);
  const collector = createCollector();
  const unnamed = linkByQueueId(handoversOf(input.transactions, isAccepted), finder, collector);
  linkByOrigin(input.transactions, finder, collector);
  const open = linkByMessageId(unnamed, input.machines, finder, collector);
  linkByMessageId(handoversOf(input.transactions, isInDoubt), input.machines, finder, collector);
  noteGapsAfter(open, input, finder, collector);
  noteGapsBefore(input, finder, collector);
  linkToFilters(input.transactions, collector.result(), collector);
  const { links, openEnds } = collector.result();
  return { links: withoutShortcuts(links), openEnds };
};

/** The hop of CONTRACT §2. */
export const hopOfLink = ({ from, to, recipients, evidence }: Link): Hop => ({
  from: { host: from.host, queueId: from.queueId },
  to: { host: to.host, queueId: to.queueId },
  gap: null,
  recipients,
  evidence,
});

export const hopOfOpenEnd = ({ transaction, direction, other, gap, recipients }: OpenEnd): Hop => {
  const here = { host: transaction.host, queueId: transaction.queueId };
  const [from, to] = direction === 'out' ? [here, other] : [other, here];
  return { from, to, gap, recipients, evidence: 'none' };
};
