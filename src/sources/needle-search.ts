/**
 * Finds many literal texts in bytes at once: the next place where any of them stands.
 *
 * Wu and Manber, "A fast algorithm for multi-pattern searching" (1994): the last four bytes of a window as long as the
 * shortest pattern say how far the window may slide; only where that is nowhere the patterns are compared. A hash of the whole
 * window picks the few patterns worth comparing, because queue IDs share their first characters and their inode digits.
 */

/** `bytes` are UTF-8. `isWhole`: no letter, digit, `_` or `-` may touch it; bytes from 0x80 on are no letters here. */
export type Pattern = Readonly<{ bytes: Uint8Array; ignoreCase: boolean; isWhole: boolean }>;

/**
 * Where a pattern stands: `start` ≤ byte < `end`. `isSure` is false when a letter touches a whole word but that letter ends a
 * JSON escape (`\n4jWk…`, `\u003c4jWk…`): only the decoded text can tell.
 */
type Hit = { pattern: number; start: number; end: number; isSure: boolean };

/**
 * Calls `onHit` for the hits between `from` and `to`, first to last; it returns where to go on, at least one byte further.
 * The hit given to it changes with the next call.
 */
export type SearchNeedles = (bytes: Buffer, from: number, to: number, onHit: (hit: Readonly<Hit>) => number) => void;

/** Writes the first hit at or after `from` that ends by `to` into `hit`. False when there is none. */
type FindNext = (bytes: Buffer, from: number, to: number, hit: Hit) => boolean;

const newHit = (): Hit => ({ pattern: -1, start: -1, end: -1, isSure: true });

/** Bytes that the shift table looks at. */
const BLOCK = 4;
/** Longer windows slide no faster on log text, and their hash costs more. */
const WINDOW_MAX = 32;
/** Up to here one pass with the shortest window beats several passes. */
const FEW = 64;
/** Window lengths of the passes for more patterns than that. */
const CLASSES: readonly number[] = [32, 16, 8, BLOCK];
const GOLDEN = 0x9e3779b1;

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

const isWordByte = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x5f ||
  byte === 0x2d;

const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);

const endsJsonEscape = (bytes: Buffer, end: number): boolean =>
  bytes[end - 2] === BACKSLASH || (bytes[end - 6] === BACKSLASH && bytes[end - 5] === LETTER_U);

const equals = (pattern: Pattern, folded: Uint8Array, bytes: Buffer, start: number): boolean => {
  if (pattern.ignoreCase) {
    for (let index = 0; index < folded.length; index++) {
      if (lower(bytes[start + index]!) !== folded[index]) return false;
    }
    return true;
  }
  for (let index = 0; index < folded.length; index++) {
    if (bytes[start + index] !== folded[index]) return false;
  }
  return true;
};

/** Takes the hit if its neighbours allow it. */
const take = (pattern: Pattern, number: number, bytes: Buffer, start: number, to: number, hit: Hit): boolean => {
  const end = start + pattern.bytes.length;
  hit.isSure = true;
  if (pattern.isWhole) {
    if (end < to && isWordByte(bytes[end]!)) return false;
    if (start > 0 && isWordByte(bytes[start - 1]!)) {
      if (!endsJsonEscape(bytes, start)) return false;
      hit.isSure = false;
    }
  }
  hit.pattern = number;
  hit.start = start;
  hit.end = end;
  return true;
};

type Numbered = Readonly<{ pattern: Pattern; number: number; folded: Uint8Array }>;

/** Takes the first of `candidates` that stands at `start`. */
const takeFirst = (candidates: readonly Numbered[], bytes: Buffer, start: number, to: number, hit: Hit): boolean => {
  for (const { pattern, number, folded } of candidates) {
    if (start + folded.length > to || !equals(pattern, folded, bytes, start)) continue;
    if (take(pattern, number, bytes, start, to, hit)) return true;
  }
  return false;
};

/** One text, its case kept: the native search is twice as fast. */
const findOne =
  ({ pattern, number, folded }: Numbered): FindNext =>
  (bytes, from, to, hit) => {
    const searched = bytes.subarray(0, to);
    for (let start = searched.indexOf(folded, from); start >= 0; start = searched.indexOf(folded, start + 1)) {
      if (take(pattern, number, bytes, start, to, hit)) return true;
    }
    return false;
  };

/** Patterns too short for a block: looks at every byte. */
const findShort = (group: readonly Numbered[]): FindNext => {
  const byFirstByte: Numbered[][] = Array.from({ length: 256 }, () => []);
  for (const each of group) {
    const first = each.folded[0]!;
    byFirstByte[first]!.push(each);
    if (each.pattern.ignoreCase && first >= 0x61 && first <= 0x7a) byFirstByte[first ^ 0x20]!.push(each);
  }
  const isFirst = Uint8Array.from(byFirstByte, (list) => Math.min(list.length, 1));
  return (bytes, from, to, hit) => {
    for (let start = from; start < to; start++) {
      const byte = bytes[start]!;
      if (isFirst[byte] === 1 && takeFirst(byFirstByte[byte]!, bytes, start, to, hit)) return true;
    }
    return false;
  };
};

/** Case is folded in every hash (`| 0x20`): a collision only costs a comparison. */
const hashWindow = (bytes: Uint8Array, start: number, length: number): number => {
  let hash = 0;
  for (let index = start; index < start + length; index++) hash = Math.imul(hash ^ (bytes[index]! | 0x20), GOLDEN);
  return (hash ^ (hash >>> 15)) >>> 0;
};

const hashBlock = (bytes: Uint8Array, last: number, drop: number): number =>
  Math.imul(
    bytes[last]! | (bytes[last - 1]! << 8) | (bytes[last - 2]! << 16) | (bytes[last - 3]! << 24) | 0x20202020,
    GOLDEN,
  ) >>> drop;

const tableBits = (entries: number): number => Math.min(20, Math.max(12, Math.ceil(Math.log2(entries * 8))));

/** `shifts[hash of a block]`: how far the window may slide. `buckets`: patterns by the hash of their window. */
const buildTables = (group: readonly Numbered[], width: number) => {
  const drop = 32 - tableBits(group.length * (width - BLOCK + 1));
  const shifts = new Uint8Array(2 ** (32 - drop)).fill(width - BLOCK + 1);
  const buckets: (Numbered[] | undefined)[] = Array.from({ length: 2 ** tableBits(group.length) });
  for (const each of group) {
    for (let last = BLOCK - 1; last < width; last++) {
      const hash = hashBlock(each.folded, last, drop);
      shifts[hash] = Math.min(shifts[hash]!, width - 1 - last);
    }
    const place = hashWindow(each.folded, 0, width) & (buckets.length - 1);
    const bucket = buckets[place];
    if (bucket) bucket.push(each);
    else buckets[place] = [each];
  }
  return { drop, shifts, buckets };
};

const findByShift = (group: readonly Numbered[]): FindNext => {
  const width = Math.min(WINDOW_MAX, ...group.map(({ folded }) => folded.length));
  const { drop, shifts, buckets } = buildTables(group, width);
  const mask = buckets.length - 1;
  const findAt = (bytes: Buffer, start: number, to: number, hit: Hit): boolean => {
    const bucket = buckets[hashWindow(bytes, start, width) & mask];
    return bucket !== undefined && takeFirst(bucket, bytes, start, to, hit);
  };
  return (bytes, from, to, hit) => {
    let last = from + width - 1;
    while (last < to) {
      const shift = shifts[hashBlock(bytes, last, drop)]!;
      if (shift > 0) last += shift;
      else if (findAt(bytes, last - width + 1, to, hit)) return true;
      else last++;
    }
    return false;
  };
};

const groupByWidth = (patterns: readonly Numbered[]): readonly FindNext[] => {
  const long = patterns.filter(({ folded }) => folded.length >= BLOCK);
  const short = patterns.filter(({ folded }) => folded.length < BLOCK);
  const limits = long.length <= FEW ? [BLOCK] : CLASSES;
  const groups = limits.map((limit, index) =>
    long.filter(({ folded }) => folded.length >= limit && (index === 0 || folded.length < limits[index - 1]!)),
  );
  const finders = groups.filter((group) => group.length > 0).map(findByShift);
  return short.length === 0 ? finders : [...finders, findShort(short)];
};

/** The nearest hit from `place` on. A finder whose last hit still lies ahead need not look again. */
const findNearest = (
  finders: readonly FindNext[],
  pending: readonly Hit[],
  bytes: Buffer,
  place: number,
  to: number,
): Hit => {
  let best = pending[0]!;
  for (let index = 0; index < finders.length; index++) {
    const next = pending[index]!;
    if (next.start < place && !finders[index]!(bytes, place, to, next)) next.start = Number.POSITIVE_INFINITY;
    if (next.start < best.start) best = next;
  }
  return best;
};

const visitAll =
  (finders: readonly FindNext[]): SearchNeedles =>
  (bytes, from, to, onHit) => {
    if (finders.length === 0) return;
    const pending = finders.map(newHit);
    for (let place = from; place < to; ) {
      const hit = findNearest(finders, pending, bytes, place, to);
      if (hit.start >= to) return;
      place = Math.max(onHit(hit), hit.start + 1);
    }
  };

/** Builds the search for `patterns`; a hit names its pattern by the place in that list. Empty patterns are never found. */
export const buildNeedleSearch = (patterns: readonly Pattern[]): SearchNeedles => {
  const numbered = patterns
    .map(
      (pattern, number): Numbered => ({
        pattern,
        number,
        folded: pattern.ignoreCase ? pattern.bytes.map(lower) : pattern.bytes,
      }),
    )
    .filter(({ folded }) => folded.length > 0);
  const [only] = numbered;
  if (numbered.length === 1 && only !== undefined && !only.pattern.ignoreCase) return visitAll([findOne(only)]);
  return visitAll(groupByWidth(numbered));
};
