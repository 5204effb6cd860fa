/** What became of a message: each final recipient once, then one word (CONTRACT §2). */
import type { Gap, Verdict } from '../domain/chain.js';
import type { DeliveryStatus } from '../domain/event.js';
import type { HostName, QueueId } from '../domain/ids.js';
import {
  type DeliveryAttempt,
  isFinal,
  namelessParts,
  type Recipient,
  type Transaction,
} from '../domain/transaction.js';
import type { Component } from './components.js';
import type { Link } from './link.js';

/** The end of one recipient's way, as far as it is known. */
export type FinalOutcome = Readonly<{
  transaction: Transaction;
  /** null where the log names no recipient (held or deleted before any delivery). */
  recipient: Recipient | null;
  status: DeliveryStatus;
  /** Host behind a gap that took the message over; null when this transaction's own host ended it. */
  takenBy: HostName | null;
  /** Why nothing is known of what `takenBy` did. */
  gap: Gap | null;
  /** Set for a part of the transaction that names no recipient. */
  partQueueId?: QueueId;
}>;

/** The name in the queue of what this outcome is about: that of a part, where one carries the recipient. */
export const queueIdOf = ({ transaction, recipient, partQueueId }: FinalOutcome): QueueId =>
  recipient?.partQueueId ?? partQueueId ?? transaction.queueId;

const localPartOf = (address: string): string => address.toLowerCase().replace(/@[^@]*$/, '');

/** A mailbox server logs each user it stored for. Of a line that was lost, the hand-over is all that is known. */
const isCounted = ({ to, recipients }: Link, address: string): boolean =>
  to.mta !== 'dovecot' ||
  to.recipients.length >= recipients.length ||
  to.recipients.some((user) =>
    [user.address, user.originalAddress ?? user.address].some((name) => localPartOf(name) === localPartOf(address)),
  );

const handedOn = (links: readonly Link[]): Map<Transaction, Set<string>> => {
  const map = new Map<Transaction, Set<string>>();
  for (const link of links) {
    const { from, recipients } = link;
    const set = map.get(from) ?? new Set<string>();
    for (const address of recipients) if (isCounted(link, address)) set.add(address);
    map.set(from, set);
  }
  return map;
};

const nameless = (transaction: Transaction, status: DeliveryStatus): FinalOutcome => ({
  transaction,
  recipient: null,
  status,
  takenBy: null,
  gap: null,
});

const stateWithoutRecipients = (transaction: Transaction): DeliveryStatus => {
  switch (transaction.state) {
    case 'held':
    case 'deleted':
    case 'discarded':
      return transaction.state;
    case 'requeued':
      return 'in-progress';
    case 'active':
      // Sendmail may give a recipient up before it names him; the sender is told.
      if (transaction.notices.some(({ kind }) => kind === 'failure')) return 'bounced';
      return transaction.removed ? 'unknown' : 'in-progress';
  }
};

/**
 * Behind a gap the status is not known. A host that takes mail over and whose log nobody reads is different: that it accepted
 * is all that can ever be known, as with a mailbox server.
 */
const statusBehind = (component: Component, transaction: Transaction, recipient: Recipient): FinalOutcome => {
  const end = component.openEnds.find(
    (candidate) =>
      candidate.direction === 'out' &&
      candidate.transaction === transaction &&
      candidate.recipients.includes(recipient.address),
  );
  const { status } = recipient;
  const outcome = { transaction, recipient, status, takenBy: end?.other.host ?? null, gap: end?.gap ?? null };
  if (end === undefined || recipient.status !== 'sent') return outcome;
  switch (end.gap) {
    case 'external':
    case 'unread':
      return outcome;
    case 'not-yet-logged':
      return { ...outcome, status: 'in-progress' };
    case 'unreachable':
    case 'unknown':
      return { ...outcome, status: 'unknown' };
  }
};

/** Recipients of the parts that came from this host, in lower case; one entry for a part whose recipients are not known. */
const arrivedFrom = ({ openEnds }: Component, host: string): string[][] =>
  openEnds
    .filter(({ direction, other }) => direction === 'in' && other.host === host)
    .flatMap(({ transaction: { recipients } }) =>
      recipients.length === 0
        ? [[]]
        : recipients.map(({ address, originalAddress }) =>
            [address, originalAddress ?? address].map((name) => name.toLowerCase()),
          ),
    );

/** Of those who went into a gap, the ones who came out of it again on the other side are counted there. */
const withoutResumed = (component: Component, outcomes: readonly FinalOutcome[]): readonly FinalOutcome[] => {
  const hosts = new Set(
    component.openEnds.filter(({ direction }) => direction === 'in').map(({ other }) => other.host),
  );
  const resumed = new Set<FinalOutcome>();
  for (const host of hosts) {
    const arrived = arrivedFrom(component, host);
    const gone = outcomes.filter(({ takenBy }) => takenBy === host);
    const take = (outcome: FinalOutcome, at: number): void => {
      if (at === -1) return;
      arrived.splice(at, 1);
      resumed.add(outcome);
    };
    for (const outcome of gone) {
      const address = outcome.recipient?.address.toLowerCase() ?? '';
      take(
        outcome,
        arrived.findIndex((names) => names.includes(address)),
      );
    }
    // The host in between may have rewritten the others: as many as came out.
    for (const outcome of gone) if (!resumed.has(outcome)) take(outcome, arrived.length - 1);
  }
  const left = outcomes.filter((outcome) => !resumed.has(outcome));
  return left.length > 0 ? left : outcomes;
};

/**
 * Recipients that the queue manager counted and no line has named yet. Only Postfix counts after aliases, and logs the removal:
 * elsewhere two addresses may have become one, and nothing would ever tell.
 */
const namelessOf = (transaction: Transaction): readonly FinalOutcome[] => {
  if (transaction.parts !== undefined && transaction.parts.length > 0) {
    return namelessParts(transaction).map((part) => ({
      ...nameless(transaction, stateWithoutRecipients(part)),
      partQueueId: part.queueId,
    }));
  }
  if (transaction.recipients.length === 0) return [nameless(transaction, stateWithoutRecipients(transaction))];
  if (transaction.mta !== 'postfix') return [];
  const open = transaction.removed ? 0 : (transaction.recipientCount ?? 0) - transaction.recipients.length;
  return open > 0 && transaction.state === 'active' ? [nameless(transaction, 'in-progress')] : [];
};

/** Of an alias with several targets, that of this entry ended here, or failed, while another one went on (local(8)). */
const isTargetOfItsOwn = ({ recipients }: Transaction, recipient: Recipient): boolean => {
  const { address, originalAddress, attempts } = recipient;
  const isSibling = (other: Recipient): boolean =>
    other !== recipient && other.address === address && other.originalAddress === originalAddress;
  return recipients.some(isSibling) && !attempts.some(({ status, by }) => status === 'sent' && by !== 'local');
};

/** Each final recipient once, after aliases, lists and forwards; recipients handed on to a further transaction are not final. */
export const findOutcomes = (component: Component): readonly FinalOutcome[] => {
  const onward = handedOn(component.links);
  const requeued = new Set(component.links.filter(({ evidence }) => evidence === 'requeue').map(({ from }) => from));
  const outcomes = component.transactions.flatMap((transaction): readonly FinalOutcome[] => {
    const own = transaction.recipients.filter(
      (recipient) => !onward.get(transaction)?.has(recipient.address) || isTargetOfItsOwn(transaction, recipient),
    );
    // What was still open when it was queued anew is counted under the new queue ID.
    const isRequeued = requeued.has(transaction);
    return [
      ...own
        .filter(({ status }) => !isRequeued || isFinal(status))
        .map((recipient) => statusBehind(component, transaction, recipient)),
      // What came of it further on shows that it was handed on, though its lines name no recipient.
      ...(isRequeued || (onward.has(transaction) && transaction.recipients.length === 0)
        ? []
        : namelessOf(transaction)),
    ];
  });
  return withoutResumed(component, outcomes);
};

const LOOP_TEXT =
  /\btoo many hops\b|\bhop ?count exceeded\b|\bmail forwarding loop\b|\bmail loop\b|loops back to myself/i;

export const saysLoop = (attempt: DeliveryAttempt): boolean =>
  (attempt.status === 'bounced' || attempt.status === 'deferred') &&
  (attempt.dsn === '5.4.6' || LOOP_TEXT.test(attempt.response ?? ''));

/** A recipient that came to one host with one address so often goes round. */
const PASSES_MAX = 3;

/** How often the way that ends in `transaction` entered its host, from another one, for this address. */
const passesOf = (transaction: Transaction, address: string, incoming: ReadonlyMap<Transaction, Link[]>): number => {
  let passes = 0;
  const seen = new Set<Transaction>();
  for (let at: Transaction | undefined = transaction; at !== undefined && !seen.has(at); ) {
    seen.add(at);
    const link: Link | undefined = incoming
      .get(at)
      ?.find(({ recipients }) => recipients.some((r) => r.toLowerCase() === address));
    const isHere = at.host === transaction.host;
    if (isHere && link?.from.host !== at.host) passes++;
    at = link?.from;
  }
  return passes;
};

/** Recipients who, with this transaction, come to its host with one address for the third time or more. */
export const createFindCircling = ({ transactions, links }: Component): ((t: Transaction) => readonly Recipient[]) => {
  if (transactions.length < PASSES_MAX) return () => [];
  const incoming = new Map<Transaction, Link[]>();
  for (const link of links) incoming.set(link.to, [...(incoming.get(link.to) ?? []), link]);
  const perHost = new Map<string, number>();
  for (const { host } of transactions) perHost.set(host, (perHost.get(host) ?? 0) + 1);
  return (t) =>
    (perHost.get(t.host) ?? 0) < PASSES_MAX
      ? []
      : t.recipients.filter(({ address }) => passesOf(t, address.toLowerCase(), incoming) >= PASSES_MAX);
};

export const isLoop = (component: Component): boolean => {
  if (component.transactions.some((t) => t.recipients.some((r) => r.attempts.some(saysLoop)))) return true;
  const findCircling = createFindCircling(component);
  return component.transactions.some((t) => findCircling(t).length > 0);
};

const OPEN: readonly DeliveryStatus[] = ['held', 'deferred', 'in-progress'];

const wordOf = (status: DeliveryStatus): Verdict => (status === 'sent' ? 'delivered' : status);

/** The first rule of CONTRACT §2 that applies. */
export const decideVerdict = (component: Component, outcomes: readonly FinalOutcome[]): Verdict => {
  if (isLoop(component)) return 'loop';
  const statuses = new Set(outcomes.map(({ status }) => status));
  if (statuses.size === 0) return 'unknown';
  for (const open of OPEN) if (statuses.has(open)) return wordOf(open);
  if (statuses.size === 1) return wordOf([...statuses][0]!);
  if (statuses.has('unknown')) return 'unknown';
  return statuses.has('sent') ? 'partly-delivered' : 'bounced';
};
