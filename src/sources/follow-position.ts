/**
 * How far one log was read, through its rotation: the text that is committed. A log is its live file and the pieces before it;
 * a place is one of these files, known by device and inode and by its first bytes, and a byte in it.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Position } from '../app/ports.js';

/** The first `bytes` bytes of a file, unpacked, as a hash. None: bytes 0. */
export type Fingerprint = Readonly<{ bytes: number; hash: string }>;

/** Lines before `beforeMs` are left out up to the byte `toOffset`: they were there before following began. */
export type Skip = Readonly<{ beforeMs: number; toOffset: number }>;

export type Place = Readonly<{
  /** Device and inode, as text. */
  id: string;
  /** The next byte to read, of the unpacked file. */
  at: number;
  head: Fingerprint;
  /** `at` lies in a line that was too long: what is left of it is not wanted. */
  isInLine: boolean;
  /** It was read to its end when there was a newer file already: if it vanishes, nothing is missed. */
  isDone: boolean;
  skip: Skip | null;
}>;

export type LogPosition = Readonly<{
  /** Where following began; files that appear later are read from there. */
  fromMs: number;
  /** Time of the last line read; null: none yet. */
  lastMs: number | null;
  /** Oldest file first. Null: not begun, the log could not be read yet. */
  places: readonly Place[] | null;
}>;

/** Enough for the first lines, whose stamps tell one piece from another. */
export const HEAD_BYTES = 1024;
/** Fewer first bytes may be the same in several pieces: JSON lines begin with their names. */
const TELLING_BYTES = 256;

export const NO_HEAD: Fingerprint = { bytes: 0, hash: '' };

export const fingerprintOf = (head: Buffer): Fingerprint => {
  const bytes = Math.min(head.length, HEAD_BYTES);
  if (bytes === 0) return NO_HEAD;
  const hash = createHash('sha256').update(head.subarray(0, bytes)).digest('hex').slice(0, 16);
  return { bytes, hash };
};

/** True when a file that begins with `head` may be the one with this fingerprint. */
export const hasFingerprint = (head: Buffer, { bytes, hash }: Fingerprint): boolean =>
  head.length >= bytes && (bytes === 0 || fingerprintOf(head.subarray(0, bytes)).hash === hash);

/** True when a file with this fingerprint cannot be mistaken for another. */
export const isTelling = ({ bytes }: Fingerprint): boolean => bytes >= TELLING_BYTES;

const offset = z.int().min(0);

const placeText = z.strictObject({
  i: z.string(),
  a: offset,
  n: offset,
  h: z.string(),
  l: z.literal(1).optional(),
  d: z.literal(1).optional(),
  s: z.tuple([z.number(), offset]).optional(),
});

const positionText = z.strictObject({
  v: z.literal(1),
  from: z.number(),
  t: z.number().nullable(),
  p: z.array(placeText).nullable(),
});

export const renderPosition = ({ fromMs, lastMs, places }: LogPosition): Position =>
  JSON.stringify({
    v: 1,
    from: fromMs,
    t: lastMs,
    p:
      places?.map(({ id, at, head, isInLine, isDone, skip }) => ({
        i: id,
        a: at,
        n: head.bytes,
        h: head.hash,
        ...(isInLine ? { l: 1 } : {}),
        ...(isDone ? { d: 1 } : {}),
        ...(skip === null || skip.toOffset <= at ? {} : { s: [skip.beforeMs, skip.toOffset] }),
      })) ?? null,
  });

const isSamePlace = (a: Place, b: Place): boolean =>
  a.id === b.id &&
  a.at === b.at &&
  a.head.bytes === b.head.bytes &&
  a.head.hash === b.head.hash &&
  a.isInLine === b.isInLine &&
  a.isDone === b.isDone;

/** True when both are the same text; cheaper than to compare the texts of thousands of logs with each poll. */
export const isSamePosition = (a: LogPosition, b: LogPosition): boolean =>
  a.fromMs === b.fromMs &&
  a.lastMs === b.lastMs &&
  a.places?.length === b.places?.length &&
  (a.places ?? []).every((place, index) => isSamePlace(place, b.places![index]!));

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** @returns null for a text that is not understood */
export const parsePosition = (text: Position): LogPosition | null => {
  const read = positionText.safeParse(parseJson(text));
  if (!read.success) return null;
  const { from, t, p } = read.data;
  return {
    fromMs: from,
    lastMs: t,
    places:
      p?.map(({ i, a, n, h, l, d, s }) => ({
        id: i,
        at: a,
        head: { bytes: n, hash: h },
        isInLine: l !== undefined,
        isDone: d !== undefined,
        skip: s === undefined ? null : { beforeMs: s[0], toOffset: s[1] },
      })) ?? null,
  };
};
