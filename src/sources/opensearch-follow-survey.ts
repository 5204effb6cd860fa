/**
 * What has become of the indices: how many shards they have, which are new, which were deleted or made anew, and whether another
 * copy of a shard took over. Asked when following begins and then from time to time.
 */
import type { Fault } from '../opensearch-client/faults.js';
import type { Zone } from '../zone.js';
import { EMPTY_SHARD, type ShardPosition } from './follow-shard.js';
import type { Draft } from './opensearch-follow-draft.js';
import type { ShardName } from './opensearch-follow-position.js';
import {
  type AskShard,
  allOf,
  anyOf,
  elsewhere,
  type FollowHit,
  inIndex,
  sinceClause,
  withSequences,
} from './opensearch-follow-query.js';
import { toTrouble } from './opensearch-trouble.js';

export type SurveyContext = Readonly<{
  /** As configured. */
  index: string;
  timestamp: string;
  zone: Zone;
  fromMs: number;
  ask: AskShard;
  draft: Draft;
  nowMs: number;
  signal: AbortSignal;
}>;

/** OpenSearch's own limit for the shards of an index. */
const SHARDS_MAX = 1024;
/** Indices of one survey: a pattern may match anything. */
const INDICES_MAX = 10_000;
/** Clauses that one search may have are 1,024 by default. */
const CLAUSES_BATCH = 150;
/** An index that was written to within this time may have had more. */
const ACTIVE_MS = 10 * 60_000;

const inBatches = <Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));

const NO_SOURCE = { sourceFields: false, isCounted: false } as const;

/** `none`: the index has no such shard. `silent`: the shard does not answer. `failed`: nothing does. */
type NotFound = Readonly<{ kind: 'none' | 'silent' | 'failed' }>;
type One = Readonly<{ kind: 'found'; hit: FollowHit | null }> | NotFound;

/** Who may only read a pattern or an alias asks for its part of it. */
const findOne = async (
  { index: pattern, ask, signal }: SurveyContext,
  { index, shard }: ShardName,
  order: 'asc' | 'desc',
): Promise<One> => {
  const query = { query: inIndex(index), size: 1, order, ...NO_SOURCE };
  const own = await ask(index, shard, query, signal);
  const asked = own.kind === 'fault' && own.fault.kind === 'forbidden' ? await ask(pattern, shard, query, signal) : own;
  if (asked.kind === 'fault') return { kind: asked.fault.kind === 'overloaded' ? 'silent' : 'failed' };
  const { hits, shards, fault } = asked.answer;
  if (fault !== null) return { kind: 'silent' };
  return shards === 0 ? { kind: 'none' } : { kind: 'found', hit: hits[0] ?? null };
};

type Ends = Readonly<{ kind: 'found'; first: FollowHit | null; last: FollowHit | null }> | NotFound;

const findEnds = async (context: SurveyContext, name: ShardName): Promise<Ends> => {
  const [first, last] = await Promise.all([findOne(context, name, 'asc'), findOne(context, name, 'desc')]);
  if (first.kind !== 'found') return first;
  return last.kind === 'found' ? { kind: 'found', first: first.hit, last: last.hit } : last;
};

/** From its first document since following began; what comes behind its end counts whatever its time is. */
const freshPosition = (first: FollowHit | null, last: FollowHit | null, fromMs: number): ShardPosition => ({
  ...EMPTY_SHARD,
  first: first === null ? null : { id: first.id, at: first.sequence },
  lastMs: first?.sortMs ?? null,
  skip: last === null ? null : { beforeMs: fromMs, toOffset: last.sequence },
});

/** Of a shard that does not answer nobody knows where its end was. */
const silentPosition = (fromMs: number): ShardPosition => ({
  ...EMPTY_SHARD,
  skip: { beforeMs: fromMs, toOffset: Number.MAX_SAFE_INTEGER },
});

/** Takes in all shards of an index. False: it does not answer, or is gone again. */
export const addIndex = async (index: string, context: SurveyContext): Promise<boolean> => {
  const { draft, fromMs } = context;
  const found: Readonly<{ name: ShardName; position: ShardPosition }>[] = [];
  for (let shard = 0; shard < SHARDS_MAX; shard++) {
    const name = { index, shard };
    const ends = await findEnds(context, name);
    if (ends.kind === 'failed') return false;
    if (ends.kind === 'none') break;
    const position = ends.kind === 'found' ? freshPosition(ends.first, ends.last, fromMs) : silentPosition(fromMs);
    found.push({ name, position });
  }
  for (const { name, position } of found) draft.put(name, position);
  return found.length > 0;
};

/** Finds every index that has documents in this shard. `none`: no index has such a shard. `fault`: it does not answer. */
const discover = async (shard: number, context: SurveyContext): Promise<'some' | 'none' | Fault['kind']> => {
  const { index, timestamp, zone, fromMs, ask, draft, signal } = context;
  const since = sinceClause(timestamp, fromMs, zone);
  for (let count = 0; count < INDICES_MAX; count++) {
    const query = { query: elsewhere(draft.indices(), since), size: 1, order: 'asc', ...NO_SOURCE } as const;
    const asked = await ask(index, shard, query, signal);
    if (asked.kind === 'fault') {
      draft.faults.push({ host: null, ...toTrouble(asked.fault, index) });
      return asked.fault.kind;
    }
    const { hits, shards } = asked.answer;
    if (hits[0] === undefined) return shards > 0 ? 'some' : 'none';
    if (!(await addIndex(hits[0].index, context))) return 'some';
  }
  return 'some';
};

/** @param known shard numbers that there were @returns how many there are; null when nobody answers */
export const discoverAll = async (known: number, context: SurveyContext): Promise<number | null> => {
  for (let shard = 0; shard < SHARDS_MAX; shard++) {
    const found = await discover(shard, context);
    if (found === 'none') return Math.max(shard, known);
    if (found === 'some') continue;
    if (found !== 'overloaded' || shard >= known) return found === 'overloaded' ? known : null;
  }
  return SHARDS_MAX;
};

const isDeleted = async ({ index, shard }: ShardName, { ask, signal }: SurveyContext): Promise<boolean> => {
  const query = { query: inIndex(index), size: 0, order: 'asc', ...NO_SOURCE } as const;
  const asked = await ask(index, shard, query, signal);
  return asked.kind === 'fault' && asked.fault.kind === 'missing';
};

const lose = (text: string, { draft }: SurveyContext): void => {
  if (!draft.losses.includes(text)) draft.losses.push(text);
};

const mayHaveMore = ({ isAtEnd, lastMs }: ShardPosition, { nowMs }: SurveyContext): boolean =>
  !isAtEnd || lastMs === null || nowMs - lastMs < ACTIVE_MS;

/** The first document has a number that was another one's, or was free: this is another index. */
const isAnew = (first: FollowHit | null, { first: known }: ShardPosition): boolean =>
  known !== null &&
  first !== null &&
  (first.sequence < known.at || (first.sequence === known.at && first.id !== known.id));

const endAt = (last: FollowHit | null): Partial<ShardPosition> =>
  last === null ? EMPTY_SHARD : { at: last.sequence, term: last.term, lastId: last.id };

/** A document at either end of what was read is not there, or is another one. */
const repair = async (name: ShardName, position: ShardPosition, context: SurveyContext): Promise<void> => {
  const { draft, fromMs } = context;
  const ends = await findEnds(context, name);
  if (ends.kind === 'failed' && (await isDeleted(name, context))) {
    draft.drop(name);
    if (mayHaveMore(position, context))
      lose(`the index ${name.index} was deleted; documents in it that had not been read are lost`, context);
  }
  if (ends.kind !== 'found') return;
  const { first, last } = ends;
  if (isAnew(first, position)) {
    draft.put(name, freshPosition(first, last, fromMs));
    lose(`the index ${name.index} was made anew; documents in the former one that had not been read are lost`, context);
    return;
  }
  // The first documents may have been deleted.
  const now = freshPosition(first, last, fromMs).first;
  const isShorter = last === null || last.sequence < position.at;
  draft.cursor(name).readAgain({ first: now, ...(isShorter ? endAt(last) : { lastId: null }) });
};

type TrackedShard = ReturnType<Draft['tracked']>[number];

/** The numbers whose documents have to be what they were. */
const marksOf = ({ position: { at, lastId, first } }: TrackedShard): readonly (readonly [number, string])[] => [
  ...(lastId === null ? [] : [[at, lastId] as const]),
  ...(first === null ? [] : [[first.at, first.id] as const]),
];

const checkBatch = async (shard: number, batch: readonly TrackedShard[], context: SurveyContext): Promise<void> => {
  const clauses = batch.map((each) =>
    allOf([inIndex(each.name.index), withSequences(marksOf(each).map(([sequence]) => sequence))]),
  );
  const query = { query: anyOf(clauses), size: batch.length * 2, order: 'asc', ...NO_SOURCE } as const;
  const asked = await context.ask(context.index, shard, query, context.signal);
  if (asked.kind === 'fault' || asked.answer.fault !== null) return;
  const ids = new Map(asked.answer.hits.map(({ index, sequence, id }) => [`${index} ${sequence}`, id]));
  for (const each of batch) {
    const isSame = marksOf(each).every(([sequence, id]) => ids.get(`${each.name.index} ${sequence}`) === id);
    if (!isSame) await repair(each.name, each.position, context);
  }
};

/** Looks whether each shard still has, at both ends of what was read, the documents that stood there. */
export const checkAnchors = async (shards: number, context: SurveyContext): Promise<void> => {
  for (let shard = 0; shard < shards; shard++) {
    const own = context.draft.tracked(shard).filter((each) => marksOf(each).length > 0);
    for (const batch of inBatches(own, CLAUSES_BATCH)) await checkBatch(shard, batch, context);
  }
};
