/** Which pieces of a log are read: those whose time overlaps a window. The first stamps decide, never the files' times. */
import type { TimeWindow } from '../domain/time-window.js';
import type { HeaderParser } from '../parsers/syslog-header.js';
import { openFile } from './file-bytes.js';
import { describeFault, type FileFault } from './file-faults.js';
import type { Log, Piece } from './log-catalog.js';
import { DISORDER_MS, type Head, type HeadCache, MIXED_DISORDER_MS, readHead } from './piece-times.js';
import { compareAge, unpackedName } from './rotated-files.js';

/** `head` null: it could not be opened, for `fault`. */
type Looked = Readonly<{ piece: Piece; head: Head | null; fault: FileFault | null }>;

/** `startMs`: its first stamp; what has none comes first. `isMixed`: its order is not to be trusted. */
export type ChosenPiece = Readonly<{ piece: Piece; startMs: number; isMixed: boolean }>;

export type Choice = Readonly<{
  /** Oldest first. */
  chosen: readonly ChosenPiece[];
  /** Of pieces that may hold lines of the windows. */
  faults: readonly FileFault[];
  /** Pieces with lines of which none has a stamp. */
  foreign: readonly Piece[];
  /** How many pieces could be opened and are empty or logs. */
  readable: number;
}>;

const look = async (piece: Piece, parse: HeaderParser, cache: HeadCache): Promise<Looked> => {
  try {
    const file = await openFile(piece.path);
    try {
      return { piece, head: await readHead(file, parse, cache), fault: null };
    } finally {
      await file.close();
    }
  } catch (error) {
    return { piece, head: null, fault: await describeFault(piece.path, error) };
  }
};

/** While logrotate packs a piece, both files exist. The same first line shows that they are the same. */
const isPackedCopy = ({ piece, head }: Looked, all: readonly Looked[]): boolean =>
  piece.isPacked &&
  all.some(
    (other) =>
      !other.piece.isPacked &&
      unpackedName(piece.path) === other.piece.path &&
      (head === null || head.firstLine === (other.head?.firstLine ?? null)),
  );

const isNewer = (a: Piece, b: Piece): boolean => {
  const age = compareAge(a.rotation, b.rotation);
  return age !== null && age < 0;
};

const firstMsOf = ({ head }: Looked): number | null => head?.firstMs ?? null;

/** True when no piece that is newer by its name begins before an older one. */
const isInOrder = (all: readonly Looked[], disorderMs: number): boolean =>
  all.every((older) =>
    all.every((newer) => {
      const [olderMs, newerMs] = [firstMsOf(older), firstMsOf(newer)];
      return (
        olderMs === null || newerMs === null || !isNewer(newer.piece, older.piece) || newerMs >= olderMs - disorderMs
      );
    }),
  );

/** The lines of a piece are older than the first line of any newer piece. */
const endMs = (looked: Looked, all: readonly Looked[]): number =>
  all.reduce((least, other) => {
    const firstMs = firstMsOf(other);
    return firstMs !== null && isNewer(other.piece, looked.piece) ? Math.min(least, firstMs) : least;
  }, Number.POSITIVE_INFINITY);

const overlaps = (startMs: number, stopMs: number, windows: readonly TimeWindow[], disorderMs: number): boolean =>
  windows.some(({ fromMs, toMs }) => startMs < toMs + disorderMs && stopMs >= fromMs - disorderMs);

/** Opens every piece for its first lines, and keeps those that may hold lines of a window, oldest first. */
export const choosePieces = async (
  log: Log,
  windows: readonly TimeWindow[],
  parse: HeaderParser,
  cache: HeadCache,
): Promise<Choice> => {
  const looked: Looked[] = [];
  for (const piece of log.pieces) looked.push(await look(piece, parse, cache));
  const all = looked.filter((each) => !isPackedCopy(each, looked));
  const isMixed = all.some(({ head }) => head?.isLocalTime && (head.hasSeveralHosts || log.owners.length > 1));
  const disorderMs = isMixed ? MIXED_DISORDER_MS : DISORDER_MS;
  const isOrdered = isInOrder(all, disorderMs);
  const near = all.filter((each) => {
    const stopMs = isOrdered ? endMs(each, all) : Number.POSITIVE_INFINITY;
    return overlaps(firstMsOf(each) ?? Number.NEGATIVE_INFINITY, stopMs, windows, disorderMs);
  });
  const startMs = (each: Looked): number => firstMsOf(each) ?? Number.NEGATIVE_INFINITY;
  return {
    chosen: near
      .filter(({ head }) => head !== null && !head.isEmpty)
      .map((each) => ({ piece: each.piece, startMs: startMs(each), isMixed }))
      .sort((a, b) => (a.startMs === b.startMs ? 0 : a.startMs - b.startMs)),
    faults: near.map((each) => each.fault).filter((each) => each !== null),
    foreign: all.filter(({ head }) => head?.isForeign).map(({ piece }) => piece),
    readable: all.filter(({ head }) => head !== null && !head.isForeign).length,
  };
};
