/** The way of one recipient, followed back from its end to where the message came in. One way for each: ways that part are as many. */
import type { HostName } from '../domain/ids.js';
import type { Recipient, Transaction } from '../domain/transaction.js';
import type { Component } from './components.js';
import type { Link } from './link.js';
import type { FinalOutcome } from './verdict.js';

/** `cameFrom`: a machine before the entry whose part is not at hand. `addressedTo`: the recipient as he was named at the entry. */
export type Way = Readonly<{
  hosts: readonly HostName[];
  entry: Transaction;
  cameFrom: HostName | null;
  addressedTo: string | null;
}>;

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

const recipientAt = (t: Transaction, address: string | null): Recipient | undefined =>
  (address === null ? undefined : t.recipients.find((to) => same(to.address, address))) ??
  (t.recipients.length === 1 ? t.recipients[0] : undefined);

/** Of the hops that lead to a transaction, the one that brought this recipient; of several that may have, the first. */
const hopFor = <Hop extends Pick<Link, 'recipients'>>(
  hops: readonly Hop[],
  recipient: Recipient | null | undefined,
): Readonly<{ hop: Hop; address: string | null }> | null => {
  const names = recipient == null ? [] : [recipient.originalAddress ?? recipient.address, recipient.address];
  for (const hop of hops) {
    const address = hop.recipients.find((each) => names.some((name) => same(name, each)));
    if (address !== undefined) return { hop, address };
  }
  const [hop] = hops;
  return hop === undefined ? null : { hop, address: hop.recipients.length === 1 ? hop.recipients[0]! : null };
};

type Place = Readonly<{ at: Transaction; recipient: Recipient | null | undefined }>;
/** `gap`: a machine without a log between this place and the one before it. */
type Step = Readonly<{ before: Place | null; gap: HostName | null }>;

/** One step back towards where the message came in; `before` is null when there is none. */
const createStepBack = ({ links, openEnds }: Component) => {
  const into = new Map<Transaction, Link[]>();
  for (const link of links) into.set(link.to, [...(into.get(link.to) ?? []), link]);
  return ({ at, recipient }: Place, seen: ReadonlySet<Transaction>): Step => {
    const hops = (into.get(at) ?? []).filter(({ from }) => !seen.has(from));
    const step = hopFor(hops, recipient);
    if (step !== null) {
      const { from } = step.hop;
      return { before: { at: from, recipient: recipientAt(from, step.address) }, gap: null };
    }
    const gap =
      openEnds.find(({ direction, transaction }) => direction === 'in' && transaction === at)?.other.host ?? null;
    if (gap === null) return { before: null, gap };
    // The message may be at hand on the other side of the machine as well.
    const bridge = hopFor(
      openEnds.filter(
        ({ direction, other, transaction }) => direction === 'out' && other.host === gap && !seen.has(transaction),
      ),
      recipient,
    );
    if (bridge === null) return { before: null, gap };
    const { transaction } = bridge.hop;
    return { before: { at: transaction, recipient: recipientAt(transaction, bridge.address) }, gap };
  };
};

export const createWalkBack = (component: Component): ((outcome: FinalOutcome) => Way) => {
  const stepBack = createStepBack(component);
  return ({ transaction, recipient: last }) => {
    const hosts: HostName[] = [];
    const enter = (host: HostName): void => {
      if (hosts.at(-1) !== host) hosts.push(host);
    };
    const seen = new Set<Transaction>();
    // Every step is to a transaction that was not seen: the walk ends.
    for (let place: Place = { at: transaction, recipient: last }; ; ) {
      const { at, recipient } = place;
      enter(at.host);
      seen.add(at);
      const { before, gap } = stepBack(place, seen);
      if (gap !== null) enter(gap);
      if (before === null) {
        const addressedTo = recipient == null ? null : (recipient.originalAddress ?? recipient.address);
        return { hosts: hosts.toReversed(), entry: at, cameFrom: gap, addressedTo };
      }
      place = before;
    }
  };
};
