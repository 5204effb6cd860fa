/** Groups linked transactions into messages and puts them in the order of their hops. */
import type { Transaction } from '../domain/transaction.js';
import { overloadedMessageIds } from './find-next.js';
import type { Link, Links, OpenEnd } from './link.js';

/** Transactions, links and open ends of one message. */
export type Component = Readonly<{
  /** Every transaction after those it came from; the first is where the message was first seen. */
  transactions: readonly Transaction[];
  links: readonly Link[];
  openEnds: readonly OpenEnd[];
}>;

type Sets = Readonly<{ find: (t: Transaction) => Transaction; unite: (a: Transaction, b: Transaction) => void }>;

const createSets = (transactions: readonly Transaction[]): Sets => {
  const parent = new Map(transactions.map((t) => [t, t]));
  const find = (t: Transaction): Transaction => {
    let root = t;
    for (let next = parent.get(root)!; next !== root; next = parent.get(root)!) root = next;
    for (let step = t; step !== root; ) {
      const next = parent.get(step)!;
      parent.set(step, root);
      step = next;
    }
    return root;
  };
  return { find, unite: (a, b) => void parent.set(find(b), find(a)) };
};

/** Mail may wait this long on a machine whose log is not at hand (`maximal_queue_lifetime` is 5 days by default). */
const WAIT_MAX_MS = 6 * 24 * 3_600_000;
const SKEW_MS = 10 * 60_000;

/**
 * Joins the two sides of a machine without a log: one part of the message went there, another came from there, and both bear
 * one message-id. Only when there is exactly one part it can have come from; the queue ID in between is filled in when just
 * one hop leads there.
 */
const bridgeGaps = (transactions: readonly Transaction[], links: Links, sets: Sets): readonly OpenEnd[] => {
  const overloaded = overloadedMessageIds(transactions);
  const outward = links.openEnds.filter(({ direction }) => direction === 'out');
  return links.openEnds.map((end) => {
    const { messageId } = end.transaction;
    if (end.direction === 'out' || messageId === null || overloaded.has(messageId)) return end;
    const sources = outward.filter(
      (out) =>
        out.other.host === end.other.host &&
        out.transaction.messageId === messageId &&
        sets.find(out.transaction) !== sets.find(end.transaction) &&
        out.timeMs <= end.timeMs + SKEW_MS &&
        end.timeMs - out.timeMs <= WAIT_MAX_MS,
    );
    const parts = new Set(sources.map((out) => sets.find(out.transaction)));
    if (parts.size !== 1) return end;
    sets.unite(sources[0]!.transaction, end.transaction);
    return sources.length === 1 ? { ...end, other: sources[0]!.other } : end;
  });
};

/** Kahn's order; ties and what a cycle leaves over by arrival. */
const inHopOrder = (transactions: readonly Transaction[], links: readonly Link[]): Transaction[] => {
  const waitsFor = new Map(transactions.map((t) => [t, 0]));
  const outgoing = new Map<Transaction, Transaction[]>();
  for (const { from, to } of links) {
    waitsFor.set(to, waitsFor.get(to)! + 1);
    outgoing.set(from, [...(outgoing.get(from) ?? []), to]);
  }
  const byArrival = (a: Transaction, b: Transaction): number =>
    a.arrivedAtMs - b.arrivedAtMs || (`${a.host}/${a.queueId}` < `${b.host}/${b.queueId}` ? -1 : 1);
  const ordered: Transaction[] = [];
  const left = new Set(transactions);
  let ready = transactions.filter((t) => waitsFor.get(t) === 0).sort(byArrival);
  while (left.size > 0) {
    const next = ready.shift() ?? [...left].sort(byArrival)[0]!;
    if (!left.delete(next)) continue;
    ordered.push(next);
    const freed = (outgoing.get(next) ?? []).filter((to) => {
      const rest = waitsFor.get(to)! - 1;
      waitsFor.set(to, rest);
      return rest === 0 && left.has(to);
    });
    if (freed.length > 0) ready = [...ready, ...freed].sort(byArrival);
  }
  return ordered;
};

const bucket = <Item>(items: readonly Item[], keyOf: (item: Item) => Transaction): Map<Transaction, Item[]> => {
  const buckets = new Map<Transaction, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const list = buckets.get(key);
    if (list) list.push(item);
    else buckets.set(key, [item]);
  }
  return buckets;
};

/** One component for each message. A transaction that nothing joins is a component of its own. */
export const groupIntoMessages = (transactions: readonly Transaction[], links: Links): readonly Component[] => {
  const sets = createSets(transactions);
  for (const { from, to } of links.links) sets.unite(from, to);
  const openEnds = bridgeGaps(transactions, links, sets);
  const linksOf = bucket(links.links, ({ from }) => sets.find(from));
  const endsOf = bucket(openEnds, ({ transaction }) => sets.find(transaction));
  return [...bucket(transactions, (t) => sets.find(t))].map(([root, members]) => {
    const own = linksOf.get(root) ?? [];
    return { transactions: inHopOrder(members, own), links: own, openEnds: endsOf.get(root) ?? [] };
  });
};
