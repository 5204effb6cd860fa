/** What is committed of an index: for each shard how far it was read, and when following began. */
import { z } from 'zod';
import type { Position } from '../app/ports.js';
import { openSkip, type ShardPosition } from './follow-shard.js';

export type ShardName = Readonly<{ index: string; shard: number }>;

/** `gone`: the index was deleted; nobody has to be told again. */
export type StoredShard = Readonly<{ name: ShardName; position: ShardPosition | 'gone' }>;

/** `shards`: by the name of their partition. `fromMs`: null when it was never followed. */
export type StoredIndex = Readonly<{
  fromMs: number | null;
  shards: ReadonlyMap<string, StoredShard>;
  /** Where reading by time stands; null: it was read by sequence numbers. */
  timed: TimedPosition | null;
}>;

/** Reading by time: documents from `atMs - overlap` on are asked for. */
export type TimedPosition = Readonly<{ atMs: number }>;

const whole = z.int();

const shardText = z.strictObject({
  v: z.literal(1),
  a: whole.min(-1),
  p: whole,
  i: z.string().nullable(),
  b: z.tuple([whole, z.string()]).nullable(),
  h: z.array(z.tuple([whole, whole])).optional(),
  s: z.tuple([z.number(), whole]).optional(),
  t: z.number().nullable(),
  e: z.literal(1).optional(),
});
const goneText = z.strictObject({ v: z.literal(1), gone: z.literal(1) });
const beginText = z.strictObject({ v: z.literal(1), from: z.number() });
const timedText = z.strictObject({ v: z.literal(1), at: z.number() });

/** No index name has brackets. */
export const shardPartition = ({ index, shard }: ShardName): string => `${index}[${shard}]`;
export const beginPartition = (index: string): string => `since ${index}`;
export const timedPartition = (index: string): string => `by time ${index}`;

export const renderShard = (position: ShardPosition): Position => {
  const { at, term, lastId, first, holes, lastMs, isAtEnd } = position;
  const skip = openSkip(position);
  return JSON.stringify({
    v: 1,
    a: at,
    p: term,
    i: lastId,
    b: first === null ? null : [first.at, first.id],
    ...(holes.length === 0 ? {} : { h: holes.map(({ from, to }) => [from, to]) }),
    ...(skip === null ? {} : { s: [skip.beforeMs, skip.toOffset] }),
    t: lastMs,
    ...(isAtEnd ? { e: 1 } : {}),
  });
};

export const GONE: Position = JSON.stringify({ v: 1, gone: 1 });
export const renderBegin = (fromMs: number): Position => JSON.stringify({ v: 1, from: fromMs });
export const renderTimed = ({ atMs }: TimedPosition): Position => JSON.stringify({ v: 1, at: atMs });

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const parseShard = (text: unknown): ShardPosition | 'gone' | null => {
  if (goneText.safeParse(text).success) return 'gone';
  const { data } = shardText.safeParse(text);
  if (data === undefined) return null;
  const { a, p, i, b, h = [], s, t, e } = data;
  return {
    at: a,
    term: p,
    lastId: i,
    first: b === null ? null : { at: b[0], id: b[1] },
    holes: h.map(([from, to]) => ({ from, to })),
    skip: s === undefined ? null : { beforeMs: s[0], toOffset: s[1] },
    lastMs: t,
    isAtEnd: e !== undefined,
  };
};

/** What is not understood is left out. @param index as configured */
export const readStored = (positions: ReadonlyMap<string, Position>, index: string): StoredIndex => {
  const jsonOf = (partition: string): unknown => parseJson(positions.get(partition) ?? '');
  const begin = beginText.safeParse(jsonOf(beginPartition(index)));
  const timed = timedText.safeParse(jsonOf(timedPartition(index)));
  const shards = new Map<string, StoredShard>();
  for (const [partition, text] of positions) {
    const name = /^(.+)\[(\d{1,4})\]$/.exec(partition);
    const position = name === null ? null : parseShard(parseJson(text));
    if (name !== null && position !== null)
      shards.set(partition, { name: { index: name[1]!, shard: Number(name[2]) }, position });
  }
  return {
    fromMs: begin.success ? begin.data.from : null,
    shards,
    timed: timed.success ? { atMs: timed.data.at } : null,
  };
};
