/**
 * One message under the names of several queue files of one host (Sendmail's `clone: owner=` and `split:`, dma's copies) is one
 * transaction, the whole: it never left the machine in between, and its `Received` header names only the whole.
 */
import type { Recipient, Transaction } from '../domain/transaction.js';
import { isFinal } from '../domain/transaction.js';
import { createFinder } from './find-next.js';
import type { LinkInput } from './link.js';

type Wholes = ReadonlyMap<Transaction, Transaction>;

/** Each part with what it is directly a part of, where that is at hand. */
const findWholes = ({ transactions, machines }: Pick<LinkInput, 'transactions' | 'machines'>): Wholes => {
  if (!transactions.some(({ splitFrom }) => splitFrom)) return new Map();
  const finder = createFinder(transactions, machines);
  return new Map(
    transactions.flatMap((part) => {
      const whole = part.splitFrom ? finder.whole(part, part.splitFrom) : undefined;
      return whole === undefined ? [] : [[part, whole] as const];
    }),
  );
};

/** The whole that is no part itself; null where forged lines make a circle. */
const createOutermost = (wholes: Wholes): ((part: Transaction) => Transaction | null) => {
  const known = new Map<Transaction, Transaction | null>();
  return (part) => {
    const way = new Set<Transaction>();
    let at: Transaction | null = part;
    while (at !== null && !known.has(at) && wholes.has(at)) {
      way.add(at);
      const next: Transaction = wholes.get(at)!;
      at = way.has(next) ? null : next;
    }
    const outermost = at === null ? null : (known.get(at) ?? (wholes.has(at) ? null : at));
    for (const passed of way) known.set(passed, outermost);
    return outermost;
  };
};

const namesOf = ({ address, originalAddress }: Recipient): readonly string[] =>
  [address, originalAddress ?? address].map((name) => name.toLowerCase());

/** What this queue file names, without those that are only named and have gone on in a part of it. */
const remaining = (file: Transaction, itsParts: readonly Transaction[]): readonly Recipient[] => {
  if (itsParts.length === 0) return file.recipients;
  const goneOn = new Set(itsParts.flatMap(({ recipients }) => recipients.flatMap(namesOf)));
  return file.recipients.filter(
    ({ address, status, attempts }) => attempts.length > 0 || isFinal(status) || !goneOn.has(address.toLowerCase()),
  );
};

/** What no recipient shows is so only when it is so of every file that still has something. */
const stateOf = (files: readonly Transaction[]): Transaction['state'] => {
  const states = new Set(files.map(({ state }) => state));
  return states.size === 1 ? files[0]!.state : 'active';
};

const unite = (
  whole: Transaction,
  parts: readonly Transaction[],
  partsOf: ReadonlyMap<Transaction, readonly Transaction[]>,
): Transaction => {
  const files = [whole, ...parts];
  const own = remaining(whole, partsOf.get(whole) ?? []);
  const further = parts.flatMap((part) =>
    remaining(part, partsOf.get(part) ?? []).map((recipient) => ({ ...recipient, partQueueId: part.queueId })),
  );
  return {
    ...whole,
    messageId: files.find(({ messageId }) => messageId !== null)?.messageId ?? null,
    sizeBytes: files.find(({ sizeBytes }) => sizeBytes !== null)?.sizeBytes ?? null,
    firstSeenMs: files.reduce((first, { firstSeenMs }) => Math.min(first, firstSeenMs), whole.firstSeenMs),
    lastSeenMs: files.reduce((last, { lastSeenMs }) => Math.max(last, lastSeenMs), whole.lastSeenMs),
    removed: files.every(({ removed }) => removed),
    state: stateOf(own.length > 0 ? files : parts),
    recipients: [...own, ...further],
    filters: files.flatMap(({ filters }) => filters),
    notices: files.flatMap(({ notices }) => notices),
    parts,
  };
};

const byTime = (a: Transaction, b: Transaction): number =>
  a.firstSeenMs - b.firstSeenMs || (a.queueId < b.queueId ? -1 : 1);

const gather = (pairs: readonly (readonly [part: Transaction, whole: Transaction])[]) => {
  const groups = new Map<Transaction, Transaction[]>();
  for (const [part, whole] of pairs) {
    const parts = groups.get(whole);
    if (parts) parts.push(part);
    else groups.set(whole, [part]);
  }
  return groups;
};

/** A part whose whole is not at hand stays a transaction of its own. */
export const absorbParts = (input: Pick<LinkInput, 'transactions' | 'machines'>): readonly Transaction[] => {
  const wholes = findWholes(input);
  if (wholes.size === 0) return input.transactions;
  const outermostOf = createOutermost(wholes);
  const absorbed = [...wholes.keys()].flatMap((part) => {
    const outermost = outermostOf(part);
    return outermost === null ? [] : [[part, outermost] as const];
  });
  const isAbsorbed = new Set(absorbed.map(([part]) => part));
  const direct = gather([...wholes].filter(([part]) => isAbsorbed.has(part)));
  const all = gather(absorbed);
  return input.transactions
    .filter((t) => !isAbsorbed.has(t))
    .map((t) => {
      const parts = all.get(t);
      return parts === undefined ? t : unite(t, parts.toSorted(byTime), direct);
    });
};
