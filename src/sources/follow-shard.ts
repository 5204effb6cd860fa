/**
 * How far one shard was read, by sequence number. Every document gets the next number of its shard, but numbers become visible
 * a little out of order; those that were passed over are *holes*, and are asked for until they cannot come any more.
 */
import type { Skip } from './follow-position.js';

/** Both ends belong to it. */
export type Hole = Readonly<{ from: number; to: number }>;

export type ShardPosition = Readonly<{
  /** Highest number seen; -1: none. */
  at: number;
  /** Primary term of the document at `at`; a higher one means that another copy has become the primary. */
  term: number;
  /** `_id` of the document at `at`; null: not known. */
  lastId: string | null;
  /** The shard's first document when it was found. */
  first: Readonly<{ id: string; at: number }> | null;
  /** Ascending, apart from each other. */
  holes: readonly Hole[];
  /** By sequence number: documents up to it were there before following began. */
  skip: Skip | null;
  /** Time of the last document; of the first one as long as none was read. */
  lastMs: number | null;
  /** It was read to its end. */
  isAtEnd: boolean;
}>;

/** `sortMs`: its time; null: none. */
export type ShardHit = Readonly<{ id: string; sequence: number; term: number; sortMs: number | null }>;

/** Documents behind the last one that are looked at again when another copy took over, and that holes are kept for. */
export const OVERLAP = 2000;
/** Holes are kept so long, too: a busy shard passes the overlap in a moment. */
const HOLE_MS = 30_000;
/** A shard that brings nothing keeps no ids in memory. */
const FORGET_MS = 10 * 60_000;
/** In an index where most documents are left out nearly every number is a hole; only the last ones can be of use. */
const HOLES_MAX = 64;
const HOLE_WIDTH_MAX = 20_000;

export const EMPTY_SHARD: ShardPosition = {
  at: -1,
  term: 0,
  lastId: null,
  first: null,
  holes: [],
  skip: null,
  lastMs: null,
  isAtEnd: false,
};

/** Null once nothing can come any more that was there before following began. */
export const openSkip = ({ at, holes, skip }: ShardPosition): Skip | null =>
  skip !== null && skip.toOffset > Math.min(at, holes[0]?.from ?? at) ? skip : null;

const addHole = (holes: readonly Hole[], hole: Hole): readonly Hole[] => {
  if (hole.to < hole.from) return holes;
  const apart = holes.filter(({ from, to }) => to < hole.from - 1 || from > hole.to + 1);
  const touching = holes.filter((each) => !apart.includes(each));
  const whole = {
    from: Math.min(hole.from, ...touching.map(({ from }) => from)),
    to: Math.max(hole.to, ...touching.map(({ to }) => to)),
  };
  const wide = { from: Math.max(whole.from, whole.to - HOLE_WIDTH_MAX, 0), to: whole.to };
  return [...apart, wide].sort((a, b) => a.from - b.from).slice(-HOLES_MAX);
};

const fillHole = (holes: readonly Hole[], sequence: number): readonly Hole[] =>
  holes
    .flatMap((hole) =>
      sequence < hole.from || sequence > hole.to
        ? [hole]
        : [
            { from: hole.from, to: sequence - 1 },
            { from: sequence + 1, to: hole.to },
          ].filter(({ from, to }) => from <= to),
    )
    .slice(-HOLES_MAX);

export type ShardCursor = Readonly<{
  position: () => ShardPosition;
  /** False: this document was given out before. */
  take: (hit: ShardHit) => boolean;
  /** Documents around `at` may be others by now: those that were not seen are to be found. */
  readAgain: (more: Partial<ShardPosition>) => void;
  /** Called after each poll. */
  settle: (nowMs: number, isAtEnd: boolean) => void;
  /** Ids that were given out are known as long as the cursor lives. */
  copy: () => ShardCursor;
}>;

/**
 * `ids`: of the last documents. `former`: those that were known when an overlap began to be read again. `sinceMs`: when the last
 * hole was made, `activeMs`: when the last document came; null: after the last poll.
 */
type Seen = Readonly<{
  position: ShardPosition;
  ids: ReadonlySet<string>;
  former: ReadonlySet<string>;
  sinceMs: number | null;
  activeMs: number | null;
}>;

const NONE: ReadonlySet<string> = new Set();

const createFrom = (seen: Seen): ShardCursor => {
  let { former, sinceMs, activeMs } = seen;
  // Apart, not as one object: this is done for each document.
  let { at, term, lastId, first, holes, skip, lastMs, isAtEnd } = seen.position;
  const ids = new Set(seen.ids);
  const position = (): ShardPosition => ({ at, term, lastId, first, holes, skip, lastMs, isAtEnd });
  const remember = (id: string): boolean => {
    const isNew = !ids.has(id) && !former.has(id);
    ids.add(id);
    const eldest = ids.size > OVERLAP ? ids.values().next() : null;
    if (eldest?.done === false) ids.delete(eldest.value);
    return isNew;
  };
  const beginAgain = (): void => {
    former = new Set(ids);
    sinceMs = null;
  };
  const makeHoles = (hit: ShardHit): void => {
    holes = addHole(holes, { from: at + 1, to: hit.sequence - 1 });
    sinceMs = null;
    // The new primary may have given out numbers anew that the former one had shown.
    if (at < 0 || hit.term <= term) return;
    holes = addHole(holes, { from: at - OVERLAP, to: at });
    beginAgain();
  };
  const goOn = (hit: ShardHit): void => {
    if (hit.sequence !== at + 1 || hit.term !== term) makeHoles(hit);
    if (at < 0 && skip === null) first ??= { id: hit.id, at: hit.sequence };
    at = hit.sequence;
    term = hit.term;
    lastId = hit.id;
    lastMs = hit.sortMs ?? lastMs;
  };
  return {
    position,
    take: (hit) => {
      if (hit.sequence > at) goOn(hit);
      else holes = fillHole(holes, hit.sequence);
      activeMs = null;
      return remember(hit.id);
    },
    readAgain: (more) => {
      beginAgain();
      ({ at, term, lastId, first, skip, lastMs, isAtEnd } = { ...position(), ...more });
      holes = addHole([], { from: at - OVERLAP, to: at });
    },
    settle: (nowMs, isAllRead) => {
      sinceMs ??= nowMs;
      activeMs ??= nowMs;
      isAtEnd = isAllRead;
      if (nowMs - activeMs > FORGET_MS) ids.clear();
      if (nowMs - sinceMs <= HOLE_MS) return;
      former = NONE;
      if (holes.some(({ to }) => to <= at - OVERLAP)) holes = holes.filter(({ to }) => to > at - OVERLAP);
    },
    copy: () => createFrom({ position: position(), ids, former, sinceMs, activeMs }),
  };
};

export const createShardCursor = (position: ShardPosition): ShardCursor =>
  createFrom({ position, ids: NONE, former: NONE, sinceMs: null, activeMs: null });
