/** Reads what is new in all shards, page by page, no more than is wanted. */
import type { HostName } from '../domain/ids.js';
import type { Settle } from './follow-clock.js';
import type { DocumentReader } from './opensearch-documents.js';
import type { Draft } from './opensearch-follow-draft.js';
import { type ShardName, shardPartition } from './opensearch-follow-position.js';
import {
  type Asked,
  type AskShards,
  allOf,
  anyOf,
  elsewhere,
  type FollowAnswer,
  type FollowHit,
  type FollowQuery,
  leavesOf,
  sinceClause,
  unseen,
} from './opensearch-follow-query.js';
import { addIndex, type SurveyContext } from './opensearch-follow-survey.js';
import type { Clause } from './opensearch-needles.js';
import { toTrouble } from './opensearch-trouble.js';

export type PagesContext = SurveyContext &
  Readonly<{
    askAll: AskShards;
    sourceFields: readonly string[];
    /** Null: documents of other hosts are few, and are left out here. */
    hosts: Clause | null;
    readDocument: DocumentReader;
    isWanted: (host: HostName) => boolean;
    settle: Settle;
    /** Shard numbers whose indices may be asked at once: they were read to their end. */
    together: Set<number>;
  }>;

/** `done`: read to its end. `more`: there may be more. `fault`: some of it did not answer. */
type ShardState = 'done' | 'more' | 'fault';

/** `index.max_result_window` is 10,000 by default; half of it costs the cluster less memory and is as fast. */
const PAGE = 5000;
/** Documents of other hosts are no records; reading them must end, too. */
const HITS_FACTOR = 5;

/** Hands a document on, unless it was given out before, or is not wanted. */
const takeHit = (hit: FollowHit, name: ShardName, context: PagesContext): void => {
  const { draft, readDocument, isWanted, settle } = context;
  const cursor = draft.cursor(name);
  const { skip } = cursor.position();
  const { id, sequence, sortMs, source } = hit;
  if (!cursor.take(hit) || sortMs === null) return;
  const document = readDocument({ id, sequence, sortMs, source });
  if (document === null || !isWanted(document.host)) return;
  const { host, program, pid, text, raw, alternativeMs } = document;
  const timeMs = settle(host, { timeMs: document.timeMs, alternativeMs, isLocalTime: true });
  if (skip !== null && sequence <= skip.toOffset && timeMs < skip.beforeMs) return;
  const partition = shardPartition(name);
  const records = draft.records.get(partition) ?? [];
  draft.records.set(partition, records);
  records.push({ host, timeMs, program, pid, text, raw });
};

/** @returns indices that nobody has looked at */
const takeHits = (shard: number, { hits }: FollowAnswer, context: PagesContext): readonly string[] => {
  const fresh = new Set<string>();
  for (const hit of hits) {
    const name = { index: hit.index, shard };
    if (context.draft.isTracked(name)) takeHit(hit, name, context);
    else fresh.add(hit.index);
  }
  return [...fresh];
};

/** With those of the hosts' clause they are fewer than any search may have. */
const LEAVES_MAX = 500;

/** Clauses that fit in one search. */
const batchByLeaves = (
  tracked: ReturnType<Draft['tracked']>,
  context: PagesContext,
): readonly (readonly Clause[])[] => {
  const batches: Clause[][] = [];
  let leaves = LEAVES_MAX;
  for (const { name, position } of tracked) {
    leaves += leavesOf(position);
    if (leaves > LEAVES_MAX) {
      batches.push([]);
      leaves = leavesOf(position);
    }
    batches.at(-1)!.push(unseen(name.index, position, context));
  }
  return batches;
};

const ofHosts = (query: Clause, { hosts }: PagesContext): Clause => (hosts === null ? query : allOf([hosts, query]));

const elsewhereOf = ({ draft, timestamp, zone, fromMs }: PagesContext): Clause =>
  elsewhere(draft.indices(), sinceClause(timestamp, fromMs, zone));

/** All indices at once; for an idle poll. Several with much to read would come in no order of time. */
const queriesTogether = (shard: number, context: PagesContext): readonly Clause[] => {
  const [first = [], ...rest] = batchByLeaves(context.draft.tracked(shard), context);
  return [[elsewhereOf(context), ...first], ...rest].map((clauses) => ofHosts(anyOf(clauses), context));
};

/** One index after another, the one that lags most first. */
const queriesApart = (shard: number, context: PagesContext): readonly Clause[] => {
  const { draft, fromMs } = context;
  const lagOf = (lastMs: number | null): number => Math.max(lastMs ?? fromMs, fromMs);
  const clauses = [...draft.tracked(shard)]
    .sort((a, b) => lagOf(a.position.lastMs) - lagOf(b.position.lastMs))
    .map(({ name, position }) => unseen(name.index, position, context));
  return [...clauses, elsewhereOf(context)].map((clause) => ofHosts(clause, context));
};

/** @returns indices that were taken in; they are read next */
const addFresh = async (indices: readonly string[], context: PagesContext): Promise<number> => {
  let added = 0;
  for (const index of indices) if (await addIndex(index, context)) added++;
  return added;
};

type Batch = Readonly<{ state: ShardState; hits: number }>;

const MORE: Batch = { state: 'more', hits: 0 };

const pageOf = (query: Clause, size: number, { sourceFields }: PagesContext): FollowQuery => ({
  query,
  size,
  order: 'asc',
  sourceFields,
  isCounted: false,
});

/** Takes in what was answered for a shard. */
const takePage = async (shard: number, asked: Asked, context: PagesContext): Promise<Batch> => {
  const { index, draft } = context;
  if (asked.kind === 'fault') {
    draft.faults.push({ host: null, ...toTrouble(asked.fault, index) });
    return { state: 'fault', hits: 0 };
  }
  const { hits, isFull, fault } = asked.answer;
  const fresh = takeHits(shard, asked.answer, context);
  const added = await addFresh(fresh, context);
  if (fault !== null) {
    draft.faults.push({ host: null, status: 'incomplete', error: fault });
    // Those that answer are read on.
    return { state: isFull ? 'more' : 'fault', hits: hits.length };
  }
  // A page of an index that cannot be taken in would come again and again.
  const hasMore = added > 0 || (isFull && fresh.length < hits.length);
  return { state: hasMore ? 'more' : 'done', hits: hits.length };
};

/** One shard, and how to ask for what is new in it. */
type ShardPlan = Readonly<{ shard: number; queries: readonly Clause[] }>;

/** @param limit of hits @param early the answer to its first query, when that was asked already */
const readShard = async (
  { shard, queries }: ShardPlan,
  limit: number,
  early: Asked | undefined,
  context: PagesContext,
): Promise<ShardState> => {
  const { index, ask, together, signal } = context;
  let left = limit;
  let isFaulty = false;
  for (const [at, query] of queries.entries()) {
    const known = at === 0 ? early : undefined;
    const asked = known ?? (left > 0 ? await ask(index, shard, pageOf(query, left, context), signal) : null);
    const { state, hits } = asked === null ? MORE : await takePage(shard, asked, context);
    if (state === 'more') {
      together.delete(shard);
      return 'more';
    }
    isFaulty ||= state === 'fault';
    left -= hits;
  }
  together.add(shard);
  return isFaulty ? 'fault' : 'done';
};

/** Of a shard that was read to its end; where there is more, larger pages follow. */
const PROBE = 500;

/** The first pages of shards that were read to their end, in one request. An idle poll asks for no more. */
const probe = async (
  plans: readonly ShardPlan[],
  limit: number,
  context: PagesContext,
): Promise<ReadonlyMap<number, Asked>> => {
  const { index, askAll, together, signal } = context;
  const parts = plans.flatMap(({ shard, queries: [first] }) =>
    together.has(shard) && first !== undefined
      ? [{ shard, query: pageOf(first, Math.min(limit, PROBE), context) }]
      : [],
  );
  const answers = await askAll(index, parts, signal);
  return new Map(parts.map(({ shard }, at) => [shard, answers[at]!]));
};

const planOf = (shard: number, context: PagesContext): ShardPlan => ({
  shard,
  queries: context.together.has(shard) ? queriesTogether(shard, context) : queriesApart(shard, context),
});

const countRecords = ({ records }: Draft): number => [...records.values()].reduce((sum, { length }) => sum + length, 0);

/** `ended`: shard numbers that were read to their end. `open`: those that have more. */
export type PagesRead = Readonly<{ ended: ReadonlySet<number>; open: readonly number[] }>;

export const readNew = async (shards: number, maxRecords: number, context: PagesContext): Promise<PagesRead> => {
  let open: readonly number[] = Array.from({ length: shards }, (_, shard) => shard);
  const ended = new Set<number>();
  let hits = maxRecords * HITS_FACTOR;
  for (;;) {
    const left = Math.min(hits, maxRecords - countRecords(context.draft));
    if (open.length === 0 || left <= 0) return { ended, open };
    const limit = Math.max(1, Math.min(PAGE, Math.floor(left / open.length)));
    const asked = open.slice(0, left);
    const plans = asked.map((shard) => planOf(shard, context));
    const early = await probe(plans, limit, context);
    const states = await Promise.all(plans.map((plan) => readShard(plan, limit, early.get(plan.shard), context)));
    hits -= limit * asked.length;
    for (const [index, shard] of asked.entries()) if (states[index] === 'done') ended.add(shard);
    open = [...open.slice(left), ...asked.filter((_, index) => states[index] === 'more')];
  }
};

/** Documents that wait, by the same queries. Null when the cluster does not say. */
export const countWaiting = async (open: readonly number[], context: PagesContext): Promise<number | null> => {
  const { index, ask, signal } = context;
  let count = 0;
  for (const shard of open) {
    for (const query of queriesTogether(shard, context)) {
      const asked = await ask(
        index,
        shard,
        { query, size: 0, order: 'asc', sourceFields: false, isCounted: true },
        signal,
      );
      if (asked.kind === 'fault') return null;
      count += asked.answer.count;
    }
  }
  return count;
};
