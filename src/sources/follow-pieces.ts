/** Where the reading of a log goes on: in the files that were being read, then in those that have come since. */
import { findAgain, headOrNone, type Standing } from './follow-match.js';
import { fingerprintOf, hasFingerprint, NO_HEAD, type Place } from './follow-position.js';
import type { FollowedLog, FollowedPiece, Held, PieceFacts } from './follow-types.js';
import { compareAge, type Rotation, unpackedName } from './rotated-files.js';

/** `held`: oldest first. `losses`: places whose files are not there any more, or not whole, in words. */
export type Found = Readonly<{ held: readonly Held[]; losses: readonly string[] }>;

/** What a piece that is not read is compared with. */
type Known = Readonly<{
  held: readonly Standing[];
  /** Of those that are read. */
  oldest: Rotation | null;
  newest: Rotation | null;
  /** The only file was empty when it was last looked at: all others came since. */
  isBlank: boolean;
  lastMs: number;
  /** Of the files that were being read. */
  ids: ReadonlySet<string>;
  facts: PieceFacts;
}>;

/** Lines may be out of order by this much. */
const DISORDER_MS = 5 * 60_000;

const beginsAfter = async (piece: FollowedPiece, ms: number, facts: PieceFacts): Promise<boolean> => {
  const firstMs = await facts.firstMs(piece).catch(() => null);
  return firstMs !== null && firstMs >= ms;
};

const isCopy = async (piece: FollowedPiece, of: readonly Held[], facts: PieceFacts): Promise<boolean> => {
  const head = of.length === 0 ? null : await headOrNone(piece, facts);
  return head !== null && of.some(({ place }) => place.head.bytes > 0 && hasFingerprint(head, place.head));
};

/** A copy of what was added since to a file that is truncated by now stands between two that were read one after the other. */
const isBetween = async (piece: FollowedPiece, { held, oldest, isBlank, lastMs, facts }: Known): Promise<boolean> => {
  if (oldest === null) return false;
  if (isBlank) return !(await isCopy(piece, held, facts));
  const age = compareAge(piece.rotation, oldest);
  if (age === null || age >= 0) return false;
  // It may be a copy that is made just now, or a stray file of such a name.
  return (await beginsAfter(piece, lastMs - DISORDER_MS, facts)) && !(await isCopy(piece, held, facts));
};

/** It was truncated, then rotated: its writer may not have been told of that, and what comes into it is new. */
const isEmptied = ({ id, sizeBytes, isPacked }: FollowedPiece, { ids }: Known): boolean =>
  sizeBytes === 0 && !isPacked && ids.has(id);

const isNew = async (piece: FollowedPiece, known: Known): Promise<boolean> => {
  if (piece.rotation.kind === 'live' || isEmptied(piece, known)) return true;
  const age = known.newest === null ? null : compareAge(piece.rotation, known.newest);
  if (age === null) return beginsAfter(piece, known.lastMs, known.facts);
  return age < 0 || isBetween(piece, known);
};

/** While a piece is being packed both files exist. */
const isPackedCopy = (piece: FollowedPiece, all: readonly FollowedPiece[]): boolean =>
  piece.isPacked && all.some((other) => !other.isPacked && other.path === unpackedName(piece.path));

const sortByAge = async (pieces: readonly FollowedPiece[], facts: PieceFacts): Promise<readonly FollowedPiece[]> => {
  const timed: Readonly<{ piece: FollowedPiece; firstMs: number }>[] = [];
  for (const piece of pieces) {
    const firstMs = pieces.length === 1 ? null : await facts.firstMs(piece).catch(() => null);
    timed.push({ piece, firstMs: firstMs ?? Number.POSITIVE_INFINITY });
  }
  return timed
    .sort((a, b) => {
      const age = compareAge(b.piece.rotation, a.piece.rotation);
      return age !== null && age !== 0 ? age : a.firstMs === b.firstMs ? 0 : a.firstMs - b.firstMs;
    })
    .map(({ piece }) => piece);
};

/** Behind the end of any file. */
const END = Number.MAX_SAFE_INTEGER;

/**
 * An empty file cannot be known again by its first bytes. So the newest of the files that are not read is remembered as one
 * that was: what comes to stand behind it is new.
 */
export const findAnchor = async (
  { pieces }: FollowedLog,
  held: readonly Held[],
  facts: PieceFacts,
): Promise<Place | null> => {
  const read = new Set(held.map(({ piece }) => piece.id));
  const others = pieces.filter(({ id, rotation, isGone }) => !read.has(id) && !isGone && rotation.kind !== 'live');
  const [newest] = [...others].sort((a, b) => compareAge(a.rotation, b.rotation) ?? 0);
  const head = newest === undefined ? Buffer.alloc(0) : await headOrNone(newest, facts);
  if (newest === undefined || head.length === 0) return null;
  const at = newest.isPacked ? END : newest.sizeBytes;
  return { id: newest.id, at, head: fingerprintOf(head), isInLine: false, isDone: true, skip: null };
};

/** Its first bytes cannot be read yet: it is known by its inode until they can. */
const beginAt = async (piece: FollowedPiece, facts: PieceFacts): Promise<Held> => {
  const head = await headOrNone(piece, facts);
  const place = { id: piece.id, at: 0, head: head.length === 0 ? NO_HEAD : fingerprintOf(head) };
  return { piece, place: { ...place, isInLine: false, isDone: false, skip: null } };
};

/**
 * @param places where reading stands, oldest file first
 * @param lastMs time of the last line read
 * @throws errors of the file system: then nothing is known, and the places stay as they are
 */
export const findPlaces = async (
  log: FollowedLog,
  places: readonly Place[],
  lastMs: number,
  facts: PieceFacts,
): Promise<Found> => {
  const { held, taken, losses } = await findAgain(log, places, facts);
  const stands = held.flatMap(({ rotation }) => rotation ?? []);
  const isBlank = places.every(({ head }) => head.bytes === 0);
  const ids = new Set(places.map(({ id }) => id));
  const known: Known = { held, oldest: stands[0] ?? null, newest: stands.at(-1) ?? null, isBlank, lastMs, ids, facts };
  const fresh: FollowedPiece[] = [];
  for (const piece of log.pieces) {
    if (taken.has(piece) || piece.isGone || isPackedCopy(piece, log.pieces)) continue;
    if (await isNew(piece, known)) fresh.push(piece);
  }
  const all = [...held];
  for (const piece of await sortByAge(fresh, facts)) {
    const newer = all.findIndex(({ rotation }) => rotation !== null && (compareAge(rotation, piece.rotation) ?? 0) < 0);
    all.splice(newer < 0 ? all.length : newer, 0, { ...(await beginAt(piece, facts)), rotation: piece.rotation });
  }
  return { held: all, losses };
};
