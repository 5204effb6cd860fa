/**
 * One query → all of its hits, page by page, oldest first. No snapshot is kept in the cluster: the next page begins at the last
 * document of this one, and what comes twice is known by its id. So it needs no right but to search, and no `_shard_doc`,
 * which 2.x does not have.
 */
import type { Cluster } from '../opensearch-client/client.js';
import type { Fault } from '../opensearch-client/faults.js';
import type { Token } from './opensearch-analysis.js';
import type { Hit } from './opensearch-documents.js';
import { isJson } from './opensearch-fields.js';
import type { Clause } from './opensearch-needles.js';

export type PageRequest = Readonly<{
  index: string;
  timestamp: string;
  sourceFields: readonly string[];
  query: Clause;
  /** Further parts of the first request: `suggest`, `aggs`. */
  extra: Clause;
  /** Called for each hit once; false ends the paging. */
  onHit: (hit: Hit) => boolean;
  /** Called with the whole first answer before its hits; false ends the paging. */
  onFirst: (body: Clause) => boolean;
}>;

/** `shards`: what kept some of them from answering; null when all did. */
export type PagesOutcome = Readonly<{ fault: Fault | null; shards: string | null; isEmptyIndex: boolean }>;

/** `index.max_result_window` is 10,000 by default. */
const PAGE = 5000;
const SMALL_PAGE = 200;
const isWindowFault = ({ detail }: Fault): boolean => detail.includes('Result window is too large');

const hitsOf = (body: unknown): readonly Hit[] => {
  const hits = isJson(body) && isJson(body['hits']) ? body['hits']['hits'] : [];
  return (Array.isArray(hits) ? hits : []).filter(isJson).map((hit) => {
    const sort: readonly unknown[] = Array.isArray(hit['sort']) ? hit['sort'] : [];
    return {
      id: `${String(hit['_index'])}/${String(hit['_id'])}`,
      sortMs: Number(sort[0]),
      sequence: Number(sort[1]),
      source: hit['_source'],
    };
  });
};

const reasonOf = (failure: unknown): string => {
  const reason = isJson(failure) ? failure['reason'] : undefined;
  const text = isJson(reason) ? `${String(reason['type'])}: ${String(reason['reason'])}` : '';
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 120);
};

/** Shards that did not answer, in words; null when all did. */
export const shardFault = (body: unknown): string | null => {
  if (!isJson(body)) return null;
  const shards = isJson(body['_shards']) ? body['_shards'] : {};
  const [total, successful] = [Number(shards['total'] ?? 0), Number(shards['successful'] ?? 0)];
  if (body['timed_out'] === true)
    return 'the cluster gave up in the middle (timed_out); raise opensearch_config.timeout';
  if (successful >= total) return null;
  const failures: readonly unknown[] = Array.isArray(shards['failures']) ? shards['failures'] : [];
  const reason = failures.length === 0 ? '' : ` (${reasonOf(failures[0])})`;
  return `${total - successful} of ${total} shards did not answer${reason}; check the health of the cluster`;
};

/** Tokens of the suggester named `probe`; null when the answer has none. */
export const tokensOf = (body: unknown): readonly Token[] | null => {
  const suggest = isJson(body) && isJson(body['suggest']) ? body['suggest']['probe'] : undefined;
  if (!Array.isArray(suggest)) return null;
  return suggest
    .filter(isJson)
    .map(({ text, offset, length }) => ({ text: String(text), offset: Number(offset), length: Number(length) }));
};

type Cursor = readonly [number, number] | null;

const bodyOf = (request: PageRequest, after: Cursor, size: number): Readonly<Record<string, unknown>> => ({
  size,
  query: { bool: { filter: [request.query] } },
  _source: request.sourceFields,
  sort: [
    { [request.timestamp]: { order: 'asc', unmapped_type: 'date', numeric_type: 'date' } },
    { _seq_no: { order: 'asc' } },
  ],
  track_total_hits: false,
  ...(after === null ? request.extra : { search_after: after }),
});

/** The path of a search in an index, an alias, a pattern or several of them. */
export const searchPath = (index: string, api: string): string =>
  `/${encodeURIComponent(index).replaceAll('%2C', ',')}/${api}`;

type Page = Readonly<{ body: Clause; hits: readonly Hit[]; size: number }>;

/** Asks for a page, and once more for a smaller one where the index allows no such. */
const readPage = async (
  cluster: Cluster,
  request: PageRequest,
  { after, size }: Readonly<{ after: Cursor; size: number }>,
  signal: AbortSignal,
): Promise<Page | Fault> => {
  const path = searchPath(request.index, '_search');
  const answer = await cluster.ask({ method: 'POST', path, body: bodyOf(request, after, size) }, signal);
  if (answer.kind === 'answer') {
    return { body: isJson(answer.body) ? answer.body : {}, hits: hitsOf(answer.body), size };
  }
  if (!isWindowFault(answer.fault) || size <= SMALL_PAGE) return answer.fault;
  return readPage(cluster, request, { after, size: SMALL_PAGE }, signal);
};

const isFault = (page: Page | Fault): page is Fault => 'kind' in page;

const totalShards = ({ _shards: shards }: Clause): number => Number(isJson(shards) ? shards['total'] : 0);

export const readPages = async (cluster: Cluster, request: PageRequest, signal: AbortSignal): Promise<PagesOutcome> => {
  let known: ReadonlySet<string> = new Set();
  let shards: string | null = null;
  let [after, size]: [Cursor, number] = [null, PAGE];
  for (;;) {
    const page = await readPage(cluster, request, { after, size }, signal);
    if (isFault(page)) return { fault: page, shards, isEmptyIndex: false };
    const { body, hits } = page;
    shards ??= shardFault(body);
    const isFirst = after === null;
    const outcome = { fault: null, shards, isEmptyIndex: isFirst && totalShards(body) === 0 };
    if (isFirst && !request.onFirst(body)) return outcome;
    const fresh = hits.filter(({ id }) => !known.has(id));
    // Only the last page's documents can come again.
    known = new Set(hits.map(({ id }) => id));
    const isWanted = fresh.every(request.onHit);
    const last = hits.at(-1);
    // A full page that brings nothing new would come for ever.
    if (!isWanted || last === undefined || hits.length < page.size || fresh.length === 0) return outcome;
    after = [last.sortMs, last.sequence - 1];
    size = page.size;
  }
};
