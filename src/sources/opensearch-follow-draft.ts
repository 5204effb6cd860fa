/** What one poll changes of what is known of an index. A poll that fails changes nothing. */
import type { FollowFault } from '../app/ports.js';
import type { LogRecord } from '../domain/event.js';
import { createShardCursor, type ShardCursor, type ShardPosition } from './follow-shard.js';
import { type ShardName, shardPartition } from './opensearch-follow-position.js';

type Tracked = Readonly<{ name: ShardName; cursor: ShardCursor }>;

/** A record without its number. */
export type FoundRecord = Omit<LogRecord, 'sequence'>;

/** Partition → how far it was read. */
export type TrackedShards = ReadonlyMap<string, Tracked>;

export type Draft = Readonly<{
  /** Indices with a shard of this number, by name. */
  tracked: (shard: number) => readonly Readonly<{ name: ShardName; position: ShardPosition }>[];
  isTracked: (name: ShardName) => boolean;
  indices: () => readonly string[];
  /** To be changed. */
  cursor: (name: ShardName) => ShardCursor;
  /** Begins anew. */
  put: (name: ShardName, position: ShardPosition) => void;
  /** The index was deleted. */
  drop: (name: ShardName) => void;
  dropped: ReadonlySet<string>;
  shards: () => TrackedShards;
  /** By partition, in the order of their numbers. */
  records: Map<string, FoundRecord[]>;
  faults: FollowFault[];
  losses: string[];
}>;

export const createDraft = (former: TrackedShards): Draft => {
  const shards = new Map(former);
  const changed = new Set<string>();
  const dropped = new Set<string>();
  const put = (name: ShardName, position: ShardPosition): void => {
    const partition = shardPartition(name);
    changed.add(partition);
    dropped.delete(partition);
    shards.set(partition, { name, cursor: createShardCursor(position) });
  };
  return {
    tracked: (shard) =>
      [...shards.values()]
        .filter(({ name }) => name.shard === shard)
        .map(({ name, cursor }) => ({ name, position: cursor.position() })),
    indices: () => [...new Set([...shards.values()].map(({ name }) => name.index))],
    isTracked: (name) => shards.has(shardPartition(name)),
    cursor: (name) => {
      const partition = shardPartition(name);
      const { cursor } = shards.get(partition)!;
      if (changed.has(partition)) return cursor;
      const copy = cursor.copy();
      changed.add(partition);
      shards.set(partition, { name, cursor: copy });
      return copy;
    },
    put,
    drop: (name) => {
      shards.delete(shardPartition(name));
      dropped.add(shardPartition(name));
    },
    dropped,
    shards: () => shards,
    records: new Map(),
    faults: [],
    losses: [],
  };
};

/** Joins the records of all partitions by time and keeps the order within each. */
export const mergeRecords = ({ records }: Pick<Draft, 'records'>): readonly FoundRecord[] => {
  if (records.size <= 1) return [...records.values()].flat();
  const timed = [...records.values()].flatMap((own) => {
    let latestMs = Number.NEGATIVE_INFINITY;
    return own.map((record) => {
      latestMs = Math.max(latestMs, record.timeMs);
      return { latestMs, record };
    });
  });
  return timed.sort((a, b) => a.latestMs - b.latestMs).map(({ record }) => record);
};
