/**
 * LogFollower over an index of OpenSearch, or all that an alias, a pattern or a data stream means: shard by shard, by sequence
 * number. Shard 0 of all indices is one search, shard 1 another, and so on; an idle poll is so many searches that find nothing.
 */
import type { FollowFault, FollowOptions, FollowPoll, LogFollower, Position } from '../app/ports.js';
import type { Cluster } from '../opensearch-client/client.js';
import type { Zone } from '../zone.js';
import { createSettle, type Settle } from './follow-clock.js';
import { createShardCursor } from './follow-shard.js';
import type { OpensearchSourceOptions } from './opensearch.js';
import { createDocumentReader, type DocumentReader, sourceFields } from './opensearch-documents.js';
import { createDraft, type Draft, mergeRecords, type TrackedShards } from './opensearch-follow-draft.js';
import { readHostsClause } from './opensearch-follow-hosts.js';
import { countWaiting, type PagesContext, type PagesRead, readNew } from './opensearch-follow-pages.js';
import { beginPartition, GONE, readStored, renderBegin, renderShard } from './opensearch-follow-position.js';
import { type AskShard, type AskShards, createAskShard } from './opensearch-follow-query.js';
import { checkAnchors, discoverAll } from './opensearch-follow-survey.js';
import { createLessons, type Lessons } from './opensearch-lessons.js';
import type { Clause } from './opensearch-needles.js';
import { followByTime } from './opensearch-timed-follow.js';
import { noIndex, unreadable } from './opensearch-trouble.js';

export type OpensearchFollowOptions = Pick<OpensearchSourceOptions, 'index' | 'fields' | 'canonical'> &
  Readonly<{ cluster: Cluster; zone: Zone; now: () => number }>;

/** New, deleted and replaced indices are looked for so often; new ones show with each poll, too. */
const SURVEY_MS = 10_000;
/** How many documents wait costs the cluster a walk over them. */
const COUNT_MS = 30_000;
/** A stamp without a year is read as the one nearest to this time ago at most. */
const READER_MS = 3_600_000;

type Memory = {
  shards: TrackedShards;
  /** Shard numbers that there are; null: nobody has answered yet. */
  count: number | null;
  /** As they were given out last. */
  texts: Map<string, Position>;
  fromMs: number;
  surveyAtMs: number;
  hosts: Clause | null | undefined;
  together: Set<number>;
  reader: Readonly<{ untilMs: number; read: DocumentReader }> | null;
  waiting: Readonly<{ count: number; atMs: number }> | null;
  sequence: number;
};

type Deps = Readonly<{
  options: OpensearchFollowOptions;
  follow: FollowOptions;
  ask: AskShard;
  askAll: AskShards;
  lessons: Lessons;
  settle: Settle;
  memory: Memory;
}>;

const createMemory = ({ index }: OpensearchFollowOptions, { positions, startAtMs }: FollowOptions): Memory => {
  const stored = readStored(positions, index);
  const shards = [...stored.shards].flatMap(([partition, { name, position }]) =>
    position === 'gone' ? [] : [[partition, { name, cursor: createShardCursor(position) }] as const],
  );
  const count = Math.max(0, ...shards.map(([, { name }]) => name.shard + 1));
  return {
    shards: new Map(shards),
    count: count === 0 ? null : count,
    texts: new Map(positions),
    fromMs: stored.fromMs ?? startAtMs,
    surveyAtMs: 0,
    hosts: undefined,
    together: new Set(),
    reader: null,
    waiting: null,
    sequence: 0,
  };
};

const readerOf = ({ options, memory }: Deps, nowMs: number): DocumentReader => {
  if (memory.reader === null || memory.reader.untilMs < nowMs) {
    memory.reader = { untilMs: nowMs + READER_MS, read: createDocumentReader({ ...options, nearMs: nowMs }) };
  }
  return memory.reader.read;
};

const contextOf = (deps: Deps, draft: Draft, nowMs: number, signal: AbortSignal): PagesContext => {
  const { options, follow, ask, askAll, settle, memory } = deps;
  const { index, fields, zone } = options;
  const hosts = new Set(follow.hosts);
  return {
    index,
    timestamp: fields.timestamp,
    zone,
    fromMs: memory.fromMs,
    ask,
    askAll,
    draft,
    nowMs,
    signal,
    sourceFields: sourceFields(fields),
    hosts: memory.hosts ?? null,
    readDocument: readerOf(deps, nowMs),
    isWanted: (host) => hosts.has(host),
    settle,
    together: memory.together,
  };
};

/** @returns the positions that moved */
const commit = ({ options, memory }: Deps, draft: Draft): ReadonlyMap<string, Position> => {
  const now = new Map([[beginPartition(options.index), renderBegin(memory.fromMs)]]);
  for (const [partition, { cursor }] of draft.shards()) now.set(partition, renderShard(cursor.position()));
  for (const partition of draft.dropped) now.set(partition, GONE);
  const moved = new Map([...now].filter(([partition, text]) => memory.texts.get(partition) !== text));
  for (const [partition, text] of moved) memory.texts.set(partition, text);
  memory.shards = draft.shards();
  return moved;
};

/** An estimate between two counts. */
const waitingAfter = async (
  { open }: PagesRead,
  records: number,
  { memory }: Deps,
  context: PagesContext,
): Promise<number | null> => {
  if (open.length === 0) {
    memory.waiting = null;
    return 0;
  }
  const { waiting } = memory;
  const isRecent = waiting !== null && context.nowMs - waiting.atMs < COUNT_MS;
  const count = isRecent ? Math.max(0, waiting.count - records) : await countWaiting(open, context);
  memory.waiting = count === null ? null : { count, atMs: isRecent ? waiting.atMs : context.nowMs };
  return count;
};

const nothing = (faults: readonly FollowFault[]): FollowPoll => ({
  records: [],
  positions: new Map(),
  isCaughtUp: true,
  waitingLines: null,
  faults,
  losses: [],
});

const survey = async (deps: Deps, context: PagesContext): Promise<void> => {
  const { memory, options } = deps;
  const { draft, nowMs } = context;
  const count = await discoverAll(memory.count ?? 0, context);
  if (count === null) return;
  if (count === 0) draft.faults.push({ host: null, ...unreadable(noIndex(options.index)) });
  else memory.count = count;
  await checkAnchors(count, context);
  if (draft.faults.length === 0) memory.surveyAtMs = nowMs + SURVEY_MS;
};

const uniqueFaults = (faults: readonly FollowFault[]): readonly FollowFault[] => [
  ...new Map(faults.map((each) => [each.error, each])).values(),
];

const pollOnce = async (deps: Deps, signal: AbortSignal): Promise<FollowPoll> => {
  const { options, follow, memory, lessons } = deps;
  const nowMs = options.now();
  const draft = createDraft(memory.shards);
  const lesson = await lessons.learn(signal);
  if (lesson.kind === 'trouble') return nothing([{ host: null, ...lesson.trouble }]);
  const first = contextOf(deps, draft, nowMs, signal);
  if (memory.hosts === undefined)
    memory.hosts = await readHostsClause(first, lesson.known, follow.hosts, options.fields);
  const context = { ...first, hosts: memory.hosts ?? null };
  if (nowMs >= memory.surveyAtMs) await survey(deps, context);
  const isReachable = !draft.faults.some(({ status }) => status === 'unreachable');
  const read = isReachable
    ? await readNew(memory.count ?? 0, follow.maxRecords, context)
    : { ended: new Set<number>(), open: [] };
  // The cluster forbids what the clause for hosts does: then all documents are read.
  if (draft.faults.some(({ error }) => error.includes('allow_expensive_queries'))) memory.hosts = null;
  // A pattern without an index has no fields yet.
  if (memory.count === null) lessons.forget();
  const records = mergeRecords(draft);
  const waitingLines = isReachable ? await waitingAfter(read, records.length, deps, context) : null;
  for (const { name, cursor } of draft.shards().values()) cursor.settle(nowMs, read.ended.has(name.shard));
  return {
    records: records.map((record) => ({ ...record, sequence: memory.sequence++ })),
    positions: commit(deps, draft),
    isCaughtUp: read.open.length === 0,
    waitingLines,
    faults: uniqueFaults(draft.faults),
    losses: draft.losses,
  };
};

export const followOpensearch = (options: OpensearchFollowOptions, follow: FollowOptions): LogFollower => {
  const { cluster, index, fields } = options;
  const { ask, askAll, isRefused } = createAskShard(cluster, fields.timestamp);
  const { timed } = readStored(follow.positions, index);
  let byTime = timed === null ? null : followByTime(options, follow, timed.atMs);
  const deps: Deps = {
    options,
    follow,
    ask,
    askAll,
    lessons: createLessons(cluster, index, fields),
    settle: createSettle(null),
    memory: createMemory(options, follow),
  };
  return {
    poll: async (signal) => {
      signal.throwIfAborted();
      if (byTime !== null) return byTime.poll(signal);
      const polled = await pollOnce(deps, signal);
      if (!isRefused() || deps.memory.shards.size > 0) return polled;
      byTime = followByTime(options, follow, null);
      return byTime.poll(signal);
    },
    // The connection is the source's.
    close: async () => {},
  };
};
