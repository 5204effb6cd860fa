/**
 * Following by time, where a cluster refuses sequence numbers. Documents come late, so the last 45 seconds are read again with
 * each poll, and what was given out is known by its id. What comes later than that is missed: there is no better way.
 */
import type { FollowFault, FollowOptions, FollowPoll, LogFollower, Position } from '../app/ports.js';
import type { LogRecord } from '../domain/event.js';
import { createDocumentReader, type DocumentReader, type Hit, sourceFields } from './opensearch-documents.js';
import { isJson } from './opensearch-fields.js';
import type { OpensearchFollowOptions } from './opensearch-follow.js';
import { renderTimed, timedPartition } from './opensearch-follow-position.js';
import type { Clause } from './opensearch-needles.js';
import { searchPath, shardFault } from './opensearch-pages.js';
import { toTrouble } from './opensearch-trouble.js';

/** Half of the documents of a busy pipeline were up to 30 s late when it was measured; with 45 s none was missed. */
const OVERLAP_MS = 45_000;
const PAGE = 5000;
/** Of a stamp without an offset the first instant may be so much later than the index says (-12:00). */
const ZONE_MS = 12 * 3_600_000;
/** Ids kept; beyond them documents may come twice. */
const IDS_MAX = 500_000;

type Memory = {
  /** Newest time that was read; what is newer by our clock does not count. */
  atMs: number;
  isBegun: boolean;
  /** Id → time. */
  ids: Map<string, number>;
  text: Position | null;
  sequence: number;
};

type Page = Readonly<{ hits: readonly Hit[]; fault: FollowFault | null }>;

type Round = Readonly<{
  options: OpensearchFollowOptions;
  follow: FollowOptions;
  readDocument: DocumentReader;
  /** Lines before are not wanted. */
  beginMs: number;
  signal: AbortSignal;
}>;

const hitsOf = (body: unknown): readonly Hit[] => {
  const found = isJson(body) && isJson(body['hits']) ? body['hits']['hits'] : [];
  return (Array.isArray(found) ? found : []).filter(isJson).map((hit) => {
    const sort: readonly unknown[] = Array.isArray(hit['sort']) ? hit['sort'] : [];
    return {
      id: `${String(hit['_index'])}/${String(hit['_id'])}`,
      sortMs: Number(sort[0]),
      sequence: 0,
      source: hit['_source'],
    };
  });
};

const idOf = ({ id }: Hit): string => id.slice(id.indexOf('/') + 1);

/** Documents from `fromMs` on, but those of that very instant that came already. */
const readPage = async (fromMs: number, known: readonly Hit[], round: Round): Promise<Page> => {
  const { options, signal } = round;
  const { cluster, index, fields } = options;
  const since: Clause = { range: { [fields.timestamp]: { gte: fromMs, format: 'epoch_millis' } } };
  const seen: readonly Clause[] = known.length === 0 ? [] : [{ ids: { values: known.map(idOf) } }];
  const body = {
    size: PAGE,
    query: { bool: { filter: [since], must_not: seen } },
    _source: sourceFields(fields),
    sort: [{ [fields.timestamp]: { order: 'asc', unmapped_type: 'date', numeric_type: 'date' } }],
    track_total_hits: false,
  };
  const answer = await cluster.ask({ method: 'POST', path: searchPath(index, '_search'), body }, signal);
  if (answer.kind === 'fault') return { hits: [], fault: { host: null, ...toTrouble(answer.fault, index) } };
  const error = shardFault(answer.body);
  return { hits: hitsOf(answer.body), fault: error === null ? null : { host: null, status: 'incomplete', error } };
};

/** @param seen ids of this poll; added to @returns the record of a document that is new and wanted */
const take = (
  hit: Hit,
  seen: Map<string, number>,
  { follow, readDocument, beginMs }: Round,
): Omit<LogRecord, 'sequence'> | null => {
  if (seen.has(hit.id)) return null;
  seen.set(hit.id, hit.sortMs);
  const document = readDocument(hit);
  if (document === null || !follow.hosts.includes(document.host) || document.timeMs < beginMs) return null;
  const { host, timeMs, program, pid, text, raw } = document;
  return { host, timeMs, program, pid, text, raw };
};

/** What is older than the overlap cannot come again. */
const forget = (ids: ReadonlyMap<string, number>, atMs: number): Map<string, number> => {
  const kept = [...ids].filter(([, timeMs]) => timeMs >= atMs - OVERLAP_MS);
  return new Map(kept.slice(-IDS_MAX));
};

type Walk = {
  fromMs: number;
  /** Documents of that very instant that came already. */
  known: readonly Hit[];
  isAtEnd: boolean;
  fault: FollowFault | null;
  readonly seen: Map<string, number>;
  readonly records: Omit<LogRecord, 'sequence'>[];
};

/** @returns the last hit that was looked at; undefined: there was none */
const takePage = ({ hits }: Page, walk: Walk, round: Round): Hit | undefined => {
  let count = 0;
  for (; count < hits.length && walk.records.length < round.follow.maxRecords; count++) {
    const record = take(hits[count]!, walk.seen, round);
    if (record !== null) walk.records.push(record);
  }
  const taken = hits.slice(0, count);
  const last = taken.at(-1);
  walk.isAtEnd = count === hits.length && hits.length < PAGE;
  if (last === undefined) return undefined;
  const here = taken.filter(({ sortMs }) => sortMs === last.sortMs);
  walk.known = last.sortMs === walk.fromMs ? [...walk.known, ...here] : here;
  walk.fromMs = last.sortMs;
  return last;
};

const pollOnce = async (memory: Memory, round: Round): Promise<FollowPoll> => {
  const { options, follow } = round;
  // Stamps without an offset were indexed as if they were UTC.
  const nowMs = options.now() + Math.max(0, options.zone.offsetMsAt(options.now()));
  const fromMs = memory.isBegun ? memory.atMs - OVERLAP_MS : memory.atMs - ZONE_MS;
  const walk: Walk = { fromMs, known: [], isAtEnd: false, fault: null, seen: new Map(memory.ids), records: [] };
  let { atMs } = memory;
  while (!walk.isAtEnd && walk.fault === null && walk.records.length < follow.maxRecords) {
    const page = await readPage(walk.fromMs, walk.known, round);
    walk.fault = page.fault;
    const last = takePage(page, walk, round);
    if (last !== undefined && page.fault === null) atMs = Math.max(atMs, Math.min(last.sortMs, nowMs));
  }
  memory.ids = forget(walk.seen, atMs);
  memory.atMs = atMs;
  memory.isBegun = true;
  const text = renderTimed({ atMs });
  const positions = new Map(memory.text === text ? [] : [[timedPartition(options.index), text]]);
  memory.text = text;
  const isCaughtUp = walk.isAtEnd || walk.fault !== null;
  return {
    records: walk.records.map((record) => ({ ...record, sequence: memory.sequence++ })),
    positions,
    isCaughtUp,
    waitingLines: isCaughtUp ? 0 : null,
    faults: walk.fault === null ? [] : [walk.fault],
    losses: [],
  };
};

/** @param atMs where it stood; null: it begins */
export const followByTime = (
  options: OpensearchFollowOptions,
  follow: FollowOptions,
  atMs: number | null,
): LogFollower => {
  const memory: Memory = {
    atMs: atMs ?? follow.startAtMs,
    isBegun: atMs !== null,
    ids: new Map(),
    text: null,
    sequence: 0,
  };
  return {
    poll: async (signal) => {
      signal.throwIfAborted();
      const readDocument = createDocumentReader({ ...options, nearMs: options.now() });
      const beginMs = atMs === null ? follow.startAtMs : Number.NEGATIVE_INFINITY;
      return pollOnce(memory, { options, follow, readDocument, beginMs, signal });
    },
    close: async () => {},
  };
};
