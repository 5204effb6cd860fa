/**
 * Files that were being read, found again whatever rotation made of them: by device and inode as long as they begin as they
 * did; else by their first bytes, under any name and packed too.
 * BUG: a file of a few lines that was read, then copied, truncated, renamed and packed, all while nobody read, may be taken for
 * another one after a restart: its lines come twice (about one in a thousand stories of `file-follow-property.test.ts`).
 */
import { fingerprintOf, HEAD_BYTES, hasFingerprint, isTelling, type Place } from './follow-position.js';
import type { FollowedLog, FollowedPiece, Held, PieceFacts } from './follow-types.js';
import { compareAge, type Rotation, unpackedName } from './rotated-files.js';

/** `rotation`: where the file stands among the others; null where that is not known, of one that was deleted. */
export type Standing = Held & Readonly<{ rotation: Rotation | null }>;

export type FoundAgain = Readonly<{
  /** Oldest first. */
  held: readonly Standing[];
  /** Listed files that are these, or copies of them. */
  taken: ReadonlySet<FollowedPiece>;
  /** Places whose files are not there any more, or not whole, in words. */
  losses: readonly string[];
}>;

type Match = Held | 'changed' | null;

const isBigEnough = ({ isPacked, isGone, sizeBytes }: FollowedPiece, { at }: Place): boolean =>
  isPacked || isGone || sizeBytes >= at;

/** A short file has more first bytes each time. */
const withHead = (place: Place, head: Buffer): Place =>
  place.head.bytes >= Math.min(HEAD_BYTES, head.length) ? place : { ...place, head: fingerprintOf(head) };

const findById = async (place: Place, pieces: readonly FollowedPiece[], facts: PieceFacts): Promise<Match> => {
  const piece = pieces.find(({ id }) => id === place.id);
  if (piece === undefined) return null;
  if (!isBigEnough(piece, place)) return 'changed';
  if (facts.isKnown(piece)) return { place, piece };
  const head = await facts.head(piece);
  return hasFingerprint(head, place.head) ? { place: withHead(place, head), piece } : 'changed';
};

/** A file that cannot be read is not the one. */
export const headOrNone = (piece: FollowedPiece, facts: PieceFacts): Promise<Buffer> =>
  facts.head(piece).catch(() => Buffer.alloc(0));

/** Looks for the file under another inode: packed, copied before it was truncated, or moved from another disk. */
const findByHead = async (place: Place, pieces: readonly FollowedPiece[], facts: PieceFacts): Promise<Held | null> => {
  if (place.head.bytes === 0) return null;
  const alike: Held[] = [];
  for (const piece of [...pieces].sort((a, b) => Number(a.isPacked) - Number(b.isPacked))) {
    if (!isBigEnough(piece, place)) continue;
    const head = await headOrNone(piece, facts);
    if (hasFingerprint(head, place.head))
      alike.push({ place: withHead({ ...place, id: piece.id, isDone: false }, head), piece });
  }
  const names = new Set(alike.map(({ piece }) => unpackedName(piece.path)));
  return isTelling(place.head) || names.size === 1 ? (alike[0] ?? null) : null;
};

const lossOf = (place: Place, match: Match, log: FollowedLog): readonly string[] => {
  if (place.isDone || place.head.bytes === 0) return [];
  const { path } = log.pieces.find(({ id }) => id === place.id) ?? { path: log.partition };
  const what = match === 'changed' ? 'it was truncated or replaced' : 'one of its files was deleted';
  return [`${path}: ${what}, and no copy was found; lines behind byte ${place.at}, if there were any, are lost`];
};

const isFound = (match: Match): match is Held => match !== null && match !== 'changed';

/** A file that was empty may be gone and its inode be that of another: then it does not stand where it stood. */
const isMistaken = (place: Place, match: Held, next: Match | undefined): boolean => {
  const isEmpty = place.isDone ? place.head.bytes === 0 : match.place.head.bytes === 0;
  if (!isEmpty || match.piece.isGone || next === undefined || !isFound(next)) return false;
  return match.piece.isPacked || (compareAge(match.piece.rotation, next.piece.rotation) ?? 1) <= 0;
};

/** What was deleted is read from memory first; then it is what was packed of it, which shows where it stands. */
const standOf = (known: Held, copy: Held | null): Standing => {
  if (!known.piece.isGone) return { ...known, rotation: known.piece.rotation };
  if (copy === null) return { ...known, rotation: null };
  return { ...(known.place.isDone ? copy : known), rotation: copy.piece.rotation };
};

/** @throws errors of the file system: then nothing is known */
export const findAgain = async (log: FollowedLog, places: readonly Place[], facts: PieceFacts): Promise<FoundAgain> => {
  const byId: Match[] = [];
  for (const place of places) byId.push(await findById(place, log.pieces, facts));
  const matches = byId.map((match, index) =>
    isFound(match) && isMistaken(places[index]!, match, byId[index + 1]) ? null : match,
  );
  const taken = new Set(matches.filter(isFound).map(({ piece }) => piece));
  const held: Standing[] = [];
  const losses: string[] = [];
  for (const [index, match] of matches.entries()) {
    const known = isFound(match) ? match : null;
    const free = log.pieces.filter((piece) => !taken.has(piece));
    const isWhole = known !== null && !known.piece.isGone;
    const copy = isWhole ? null : await findByHead(known?.place ?? places[index]!, free, facts);
    if (copy !== null) taken.add(copy.piece);
    const found = known ?? copy;
    if (found === null) losses.push(...lossOf(places[index]!, match, log));
    else held.push(standOf(found, copy));
  }
  return { held, taken, losses };
};
