/**
 * Which files of a log are the ones that were being read, whatever rotation made of them, and which have come since. A file is
 * known by device and inode as long as it begins as it did; else by its first bytes, under any name and packed too.
 */
import type { HostName } from '../domain/ids.js';
import type { Zone } from '../zone.js';
import { fingerprintOf, HEAD_BYTES, hasFingerprint, isTelling, NO_HEAD, type Place } from './follow-position.js';
import type { Piece } from './log-catalog.js';
import { compareAge, unpackedName } from './rotated-files.js';

/** `isGone`: deleted, but still open here. */
export type FollowedPiece = Piece & Readonly<{ isGone: boolean }>;

export type FollowedLog = Readonly<{
  /** Names the log among those of its source. */
  partition: string;
  /** What the configuration says that led to it: keys of positions too. */
  origins: readonly string[];
  owners: readonly HostName[];
  pieces: readonly FollowedPiece[];
  /** The machine that a header's host means in this log. */
  hostOf: (name: string | null) => HostName;
  zoneOf: (host: HostName) => Zone;
}>;

/** A place with the file it is in. */
export type Held = Readonly<{ place: Place; piece: FollowedPiece }>;

export type PieceFacts = Readonly<{
  /** The first bytes, unpacked; as many as `HEAD_BYTES`, fewer in a short file. */
  head: (piece: FollowedPiece) => Promise<Buffer>;
  /** Stamp of its first line; null when there is none. */
  firstMs: (piece: FollowedPiece) => Promise<number | null>;
  /** True when it has the size it had when it was last compared: it need not be looked into. */
  isKnown: (piece: FollowedPiece) => boolean;
}>;

export type Found = Readonly<{
  /** Oldest first. */
  held: readonly Held[];
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
const headOrNone = (piece: FollowedPiece, facts: PieceFacts): Promise<Buffer> =>
  facts.head(piece).catch(() => Buffer.alloc(0));

/** Looks for the file under another inode: packed, copied before it was truncated, or moved from another disk. */
const findByHead = async (place: Place, pieces: readonly FollowedPiece[], facts: PieceFacts): Promise<Held | null> => {
  if (place.head.bytes === 0) return null;
  const alike: Held[] = [];
  for (const piece of [...pieces].sort((a, b) => Number(a.isPacked) - Number(b.isPacked))) {
    if (!isBigEnough(piece, place)) continue;
    const head = await headOrNone(piece, facts);
    if (hasFingerprint(head, place.head)) alike.push({ place: withHead({ ...place, id: piece.id }, head), piece });
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

/** Files that are surely newer than the last one read, or that began when it ended. */
const isNewer = async (
  piece: FollowedPiece,
  newest: FollowedPiece | null,
  lastMs: number,
  facts: PieceFacts,
): Promise<boolean> => {
  if (piece.rotation.kind === 'live') return true;
  const age = newest === null ? null : compareAge(piece.rotation, newest.rotation);
  if (age !== null) return age < 0;
  const firstMs = await facts.firstMs(piece).catch(() => null);
  return firstMs !== null && firstMs >= lastMs;
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

/** Its first bytes cannot be read yet: it is known by its inode until they can. */
const beginAt = async (piece: FollowedPiece, facts: PieceFacts): Promise<Held> => {
  const head = await headOrNone(piece, facts);
  const place = { id: piece.id, at: 0, head: head.length === 0 ? NO_HEAD : fingerprintOf(head) };
  return { piece, place: { ...place, isInLine: false, isDone: false, skip: null } };
};

const isFound = (match: Match): match is Held => match !== null && match !== 'changed';

/** The places whose files are still there, under whatever name. */
const findOld = async (log: FollowedLog, places: readonly Place[], facts: PieceFacts): Promise<Found> => {
  const matches: Match[] = [];
  for (const place of places) matches.push(await findById(place, log.pieces, facts));
  const taken = new Set(matches.filter(isFound).map(({ piece }) => piece));
  const held: Held[] = [];
  const losses: string[] = [];
  for (const [index, match] of matches.entries()) {
    const place = places[index]!;
    const free = log.pieces.filter((piece) => !taken.has(piece));
    const found = isFound(match) ? match : await findByHead(place, free, facts);
    if (found === null) losses.push(...lossOf(place, match, log));
    else {
      taken.add(found.piece);
      held.push(found);
    }
  }
  return { held, losses };
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
  const old = await findOld(log, places, facts);
  const newest = old.held.findLast(({ piece }) => !piece.isGone)?.piece ?? null;
  const taken = new Set(old.held.map(({ piece }) => piece));
  const fresh: FollowedPiece[] = [];
  for (const piece of log.pieces) {
    if (taken.has(piece) || isPackedCopy(piece, log.pieces)) continue;
    if (await isNewer(piece, newest, lastMs, facts)) fresh.push(piece);
  }
  const begun: Held[] = [];
  for (const piece of await sortByAge(fresh, facts)) begun.push(await beginAt(piece, facts));
  return { held: [...old.held, ...begun], losses: old.losses };
};
