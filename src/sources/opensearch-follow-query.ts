/** The searches that following asks: what is new in a shard, where it ends, whether it is still what it was. */
import type { Answer, Cluster } from '../opensearch-client/client.js';
import type { Fault, FaultKind } from '../opensearch-client/faults.js';
import type { Zone } from '../zone.js';
import { openSkip, type ShardPosition } from './follow-shard.js';
import { buildTimeClause, isJson } from './opensearch-fields.js';
import type { Clause } from './opensearch-needles.js';
import { searchPath, shardFault } from './opensearch-pages.js';

/** A hit with its place. `sortMs`: the timestamp as the index has it; null: there is none. */
export type FollowHit = Readonly<{
  index: string;
  id: string;
  sequence: number;
  term: number;
  sortMs: number | null;
  source: unknown;
}>;

/**
 * `shards`: how many were asked. `fault`: what kept some of them from answering. `count`: of all that match, when asked for.
 * `isFull`: there may be more hits.
 */
export type FollowAnswer = Readonly<{
  isFull: boolean;
  hits: readonly FollowHit[];
  shards: number;
  fault: string | null;
  count: number;
}>;

export type Asked = Readonly<{ kind: 'answer'; answer: FollowAnswer }> | Readonly<{ kind: 'fault'; fault: Fault }>;

export type FollowQuery = Readonly<{
  query: Clause;
  size: number;
  order: 'asc' | 'desc';
  sourceFields: readonly string[] | false;
  isCounted: boolean;
}>;

/** Time has no end; the clause wants one (9999-12-31). */
const FOREVER_MS = 253_402_300_799_000;
/** A page that every index allows. */
const SMALL_PAGE = 200;
/** A timestamp beyond this is none: what the index says where a document has none. */
const TIME_MAX_MS = 8.64e15;

export const anyOf = (should: readonly Clause[]): Clause => ({ bool: { should, minimum_should_match: 1 } });
export const allOf = (filter: readonly Clause[]): Clause => ({ bool: { filter } });

export const inIndex = (index: string): Clause => ({ term: { _index: index } });
export const withSequences = (sequences: readonly number[]): Clause => ({ terms: { _seq_no: sequences } });
const behind = (sequence: number): Clause => ({ range: { _seq_no: { gt: sequence } } });

export const sinceClause = (timestamp: string, fromMs: number, zone: Zone): Clause =>
  buildTimeClause(timestamp, { fromMs, toMs: FOREVER_MS }, zone);

/** Documents of an index that nobody has looked at. */
export const elsewhere = (indices: readonly string[], since: Clause): Clause => ({
  bool: { filter: [since], must_not: indices.length === 0 ? [] : [{ terms: { _index: indices } }] },
});

/** All that was not seen of a shard: what came behind, and what may still turn up before. */
export const unseen = (
  index: string,
  position: ShardPosition,
  { timestamp, zone }: Readonly<{ timestamp: string; zone: Zone }>,
): Clause => {
  const { at, holes } = position;
  const skip = openSkip(position);
  const places = [behind(at), ...holes.map(({ from, to }) => ({ range: { _seq_no: { gte: from, lte: to } } }))];
  const filter = [inIndex(index), places.length === 1 ? places[0]! : anyOf(places)];
  if (skip !== null) filter.push(anyOf([behind(skip.toOffset), sinceClause(timestamp, skip.beforeMs, zone)]));
  return allOf(filter);
};

/** Leaves of a clause of `unseen`: a search may have 1,024 of them by default (`indices.query.bool.max_clause_count`). */
export const leavesOf = ({ holes }: ShardPosition): number => holes.length + 5;

const hitOf = (hit: Clause): FollowHit => {
  const sort: readonly unknown[] = Array.isArray(hit['sort']) ? hit['sort'] : [];
  const sortMs = typeof sort[1] === 'number' && Math.abs(sort[1]) < TIME_MAX_MS ? sort[1] : null;
  return {
    index: String(hit['_index']),
    id: String(hit['_id']),
    sequence: Number(hit['_seq_no']),
    term: Number(hit['_primary_term']),
    sortMs,
    source: hit['_source'],
  };
};

const readAnswer = (body: unknown, size: number): FollowAnswer => {
  const found = isJson(body) && isJson(body['hits']) ? body['hits'] : {};
  const hits: readonly unknown[] = Array.isArray(found['hits']) ? found['hits'] : [];
  const shards = isJson(body) && isJson(body['_shards']) ? Number(body['_shards']['total']) : 0;
  // Of a search that ended early documents are missing anywhere: none of them counts.
  const isPartial = isJson(body) && body['timed_out'] === true;
  return {
    isFull: hits.length >= size,
    hits: isPartial ? [] : hits.filter(isJson).map(hitOf),
    shards,
    fault: shardFault(body),
    count: isJson(found['total']) ? Number(found['total']['value']) : 0,
  };
};

/** Copies of one shard show documents at different times: the primary first, always. */
const preferenceOf = (shard: number, isPrimary: boolean): string => `_shards:${shard}${isPrimary ? '|_primary' : ''}`;

export type AskShard = (path: string, shard: number, query: FollowQuery, signal: AbortSignal) => Promise<Asked>;

/** The same of several shards; the answers are expected to be small. */
export type AskShards = (
  path: string,
  parts: readonly Readonly<{ shard: number; query: FollowQuery }>[],
  signal: AbortSignal,
) => Promise<readonly Asked[]>;

/** A cluster, or what stands before it, that allows no search by shard and sequence number. */
const isRefusal = (asked: Asked): boolean =>
  asked.kind === 'fault' &&
  asked.fault.kind === 'refused' &&
  /_seq_no|_shards|_index|preference/.test(asked.fault.detail);

const bodyOf = ({ query, order, sourceFields, isCounted }: FollowQuery, size: number, timestamp: string) => ({
  size,
  query: { bool: { filter: [query] } },
  _source: sourceFields,
  seq_no_primary_term: true,
  sort: [
    // As the first key: the cluster then looks at no more documents than it returns.
    // An index that never had a document has no fields at all.
    { _seq_no: { order, unmapped_type: 'long' } },
    { [timestamp]: { order, unmapped_type: 'date', numeric_type: 'date' } },
  ],
  track_total_hits: isCounted,
});

/** What an index allows in one page (`index.max_result_window`), from its complaint; null when this is none. */
const windowOf = (complaint: string): number | null => {
  if (!complaint.includes('Result window is too large')) return null;
  const size = Number(/less than or equal to: \[(\d+)\]/.exec(complaint)?.[1] ?? SMALL_PAGE);
  return size > 0 ? size : SMALL_PAGE;
};

const isFaulty = (asked: Asked): boolean => asked.kind === 'fault' || asked.answer.fault !== null;

const complaintOf = (asked: Asked): string =>
  asked.kind === 'fault' ? asked.fault.detail : (asked.answer.fault ?? '');

const toAsked = (answer: Answer, size: number): Asked =>
  answer.kind === 'fault' ? answer : { kind: 'answer', answer: readAnswer(answer.body, size) };

const partsOf = (answer: Answer): readonly unknown[] => {
  const parts = answer.kind === 'answer' && isJson(answer.body) ? answer.body['responses'] : null;
  return Array.isArray(parts) ? parts : [];
};

/** Faults of the cluster or the way to it: asking shard by shard would not help. */
const IN_GENERAL: ReadonlySet<FaultKind> = new Set(['unreachable', 'lost', 'unauthorized', 'overloaded']);

/** All shards in one request (`_msearch`). Who may not send one, and what fails in it, asks for each shard alone. */
const createAskShards = (cluster: Cluster, timestamp: string, ask: AskShard, isPrimary: () => boolean): AskShards => {
  let isAllowed = true;
  return async (path, parts, signal) => {
    const askAlone = ({ shard, query }: (typeof parts)[number]): Promise<Asked> => ask(path, shard, query, signal);
    if (!isAllowed || parts.length < 2) return Promise.all(parts.map(askAlone));
    const lines = parts.flatMap(({ shard, query }) => [
      { preference: preferenceOf(shard, isPrimary()) },
      bodyOf(query, query.size, timestamp),
    ]);
    const request = { method: 'POST', path: searchPath(path, '_msearch'), lines, isSmall: true } as const;
    const answer = await cluster.ask(request, signal);
    if (answer.kind === 'fault' && IN_GENERAL.has(answer.fault.kind)) return parts.map(() => answer);
    const answers = partsOf(answer);
    isAllowed = answers.length === parts.length;
    return Promise.all(
      parts.map(async (part, at) => {
        const asked = isAllowed ? toAsked(cluster.readPart(answers[at]), part.query.size) : null;
        return asked === null || isFaulty(asked) ? askAlone(part) : asked;
      }),
    );
  };
};

/** Asks shard number `shard` of every index of `path`. */
export const createAskShard = (
  cluster: Cluster,
  timestamp: string,
): Readonly<{ ask: AskShard; askAll: AskShards; isRefused: () => boolean }> => {
  let [isPrimary, isRefused, sizeMax] = [true, false, Number.POSITIVE_INFINITY];
  const send: AskShard = async (path, shard, query, signal) => {
    const size = Math.min(query.size, sizeMax);
    const at = `${searchPath(path, '_search')}?preference=${encodeURIComponent(preferenceOf(shard, isPrimary))}`;
    const answer = await cluster.ask({ method: 'POST', path: at, body: bodyOf(query, size, timestamp) }, signal);
    return toAsked(answer, size);
  };
  const ask: AskShard = async (path, shard, query, signal) => {
    const asked = await send(path, shard, query, signal);
    const complaint = complaintOf(asked);
    const window = windowOf(complaint);
    if (window !== null && window < Math.min(query.size, sizeMax)) sizeMax = window;
    else if (isPrimary && isRefusal(asked) && complaint.includes('_primary')) isPrimary = false;
    else {
      isRefused ||= isRefusal(asked);
      return asked;
    }
    return send(path, shard, query, signal);
  };
  const askAll = createAskShards(cluster, timestamp, ask, () => isPrimary);
  return { ask, askAll, isRefused: () => isRefused };
};
