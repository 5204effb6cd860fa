/** Which transactions are worth following: those of the messages found, and of the notices made about them. */
import type { HostName } from '../domain/ids.js';
import type { Transaction } from '../domain/transaction.js';
import type { TraceQuery } from '../query/trace-query.js';
import type { BuildInput } from '../trace/build-chains.js';
import { type Component, groupIntoMessages } from '../trace/components.js';
import { overloadedMessageIds } from '../trace/find-next.js';
import type { FoldResult } from '../trace/fold.js';
import { linkTransactions } from '../trace/link.js';
import { isWanted, matchesTransaction } from '../trace/match-keyword.js';
import type { Knowledge } from '../trace/next-lookups.js';
import type { FoundLines } from './found-lines.js';

const placeKey = (host: HostName, queueId: string): string => `${host}\0${queueId}`;

const isSeed = (t: Transaction, query: TraceQuery, lines: FoundLines): boolean =>
  lines.isFound(t) &&
  (query.wanted === undefined
    ? query.keywords.some((keyword) => matchesTransaction(keyword, t, lines.hasText))
    : isWanted(query.wanted, t));

const indexBy = (
  components: readonly Component[],
  keyOf: (t: Transaction) => string | null,
): ReadonlyMap<string, readonly Component[]> => {
  const index = new Map<string, Component[]>();
  for (const component of components) {
    for (const key of new Set(component.transactions.map(keyOf))) {
      if (key === null) continue;
      const list = index.get(key);
      if (list) list.push(component);
      else index.set(key, [component]);
    }
  }
  return index;
};

/** Components that hold a seed, share its message-id (their hops may not be known yet), or are a notice about one; transitive. */
const relevantComponents = (components: readonly Component[], seeds: ReadonlySet<Transaction>, folded: FoldResult) => {
  const overloaded = overloadedMessageIds(folded.transactions);
  const byMessageId = indexBy(components, ({ messageId }) =>
    messageId === null || overloaded.has(messageId) ? null : messageId,
  );
  const byPlace = indexBy(components, (t) => placeKey(t.host, t.queueId));
  const byCause = indexBy(components, (t) => (t.causedBy === null ? null : placeKey(t.host, t.causedBy)));
  const neighbours = (t: Transaction): readonly Component[] => [
    ...(t.messageId === null ? [] : (byMessageId.get(t.messageId) ?? [])),
    ...t.notices.flatMap(({ queueId }) => byPlace.get(placeKey(t.host, queueId)) ?? []),
    ...(byCause.get(placeKey(t.host, t.queueId)) ?? []),
    // The notice may be what was found: its cause belongs to the answer as well.
    ...(t.causedBy === null ? [] : (byPlace.get(placeKey(t.host, t.causedBy)) ?? [])),
  ];
  const relevant = new Set<Component>();
  const todo = components.filter(({ transactions }) => transactions.some((t) => seeds.has(t)));
  for (let component = todo.pop(); component !== undefined; component = todo.pop()) {
    if (relevant.has(component)) continue;
    relevant.add(component);
    todo.push(...component.transactions.flatMap(neighbours));
  }
  return [...relevant];
};

/** What the planner must know to decide the next round. */
export const createFollowed = (
  query: TraceQuery,
  folded: FoldResult,
  input: BuildInput,
  lines: FoundLines,
): Knowledge => {
  const seeds = new Set(folded.transactions.filter((t) => isSeed(t, query, lines)));
  const components = relevantComponents(groupIntoMessages(folded.transactions, linkTransactions(input)), seeds, folded);
  const transactions = components.flatMap((component) => component.transactions);
  const known = new Set(folded.transactions.map((t) => placeKey(t.host, t.queueId)));
  const isFollowed = new Set(transactions);
  return {
    transactions,
    openEnds: components.flatMap(({ openEnds }) => openEnds),
    unsettled: folded.unsettled.filter((t) => isFollowed.has(t)),
    missingNotices: transactions.flatMap((cause) =>
      cause.notices
        .filter(({ queueId }) => !known.has(placeKey(cause.host, queueId)))
        .map(({ queueId }) => ({ cause, queueId })),
    ),
  };
};
