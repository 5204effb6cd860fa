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

/** Lists have thousands of recipients: each is looked up, never searched for. Lower-case address → the first that bears it. */
const createLookup = <Item>(addressOf: (item: Item) => string) => {
  const known = new Map<readonly Item[], ReadonlyMap<string, Item>>();
  return (items: readonly Item[], address: string): Item | undefined => {
    let byAddress = known.get(items);
    if (byAddress === undefined) {
      byAddress = new Map(items.toReversed().map((item) => [addressOf(item).toLowerCase(), item]));
      known.set(items, byAddress);
    }
    return byAddress.get(address.toLowerCase());
  };
};

const createRecipientFinder = () => {
  const find = createLookup<Recipient>(({ address }) => address);
  return ({ recipients }: Transaction, address: string | null): Recipient | undefined =>
    (address === null ? undefined : find(recipients, address)) ?? (recipients.length === 1 ? recipients[0] : undefined);
};

/** Of the hops that lead to a transaction, the one that brought this recipient; of several that may have, the first. */
const createHopFinder = () => {
  const find = createLookup<string>((address) => address);
  const addressIn = (addresses: readonly string[], recipient: Recipient | null | undefined): string | undefined => {
    if (recipient == null) return undefined;
    return find(addresses, recipient.originalAddress ?? recipient.address) ?? find(addresses, recipient.address);
  };
  return <Hop extends Pick<Link, 'recipients'>>(
    hops: readonly Hop[],
    recipient: Recipient | null | undefined,
  ): Readonly<{ hop: Hop; address: string | null }> | null => {
    for (const hop of hops) {
      const address = addressIn(hop.recipients, recipient);
      if (address !== undefined) return { hop, address };
    }
    const [hop] = hops;
    return hop === undefined ? null : { hop, address: hop.recipients.length === 1 ? hop.recipients[0]! : null };
  };
};

type Place = Readonly<{ at: Transaction; recipient: Recipient | null | undefined }>;
/** `gap`: a machine without a log between this place and the one before it. */
type Step = Readonly<{ before: Place | null; gap: HostName | null }>;

/** One step back towards where the message came in; `before` is null when there is none. */
const createStepBack = ({ links, openEnds }: Component) => {
  const into = new Map<Transaction, Link[]>();
  for (const link of links) into.set(link.to, [...(into.get(link.to) ?? []), link]);
  const gapBefore = new Map(
    openEnds.filter(({ direction }) => direction === 'in').map(({ transaction, other }) => [transaction, other.host]),
  );
  const recipientAt = createRecipientFinder();
  const hopFor = createHopFinder();
  return ({ at, recipient }: Place, seen: ReadonlySet<Transaction>): Step => {
    const hops = (into.get(at) ?? []).filter(({ from }) => !seen.has(from));
    const step = hopFor(hops, recipient);
    if (step !== null) {
      const { from } = step.hop;
      return { before: { at: from, recipient: recipientAt(from, step.address) }, gap: null };
    }
    const gap = gapBefore.get(at) ?? null;
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
