/** One file of a log, looked at for its own sake: can it be read, is it whole, what are its first and last stamp. */
import { stat } from 'node:fs/promises';
import type { HeaderParser } from '../parsers/syslog-header.js';
import { type OpenedFile, openFile } from './file-bytes.js';
import { describeFault, type FileFault } from './file-faults.js';
import { formOf, type LineForm } from './line-form.js';
import { wholeLines } from './line-scan.js';
import type { Piece } from './log-catalog.js';
import { linesOf } from './piece-times.js';

export type PieceFacts = Readonly<{
  piece: Piece;
  /** It could not be opened, or ended in damage. */
  fault: FileFault | null;
  isEmpty: boolean;
  /** There are lines and none has a stamp: this is no log. */
  isForeign: boolean;
  /** Of the lines at either end, epoch milliseconds; null when none has a stamp. */
  firstMs: number | null;
  lastMs: number | null;
  forms: readonly LineForm[];
  /** Stamps have no UTC offset. */
  isLocalTime: boolean;
  hasSeveralHosts: boolean;
  /** For a packed file: it was unpacked to its end, or until its damage. */
  isUnpacked: boolean;
  /** When the file was last written to. */
  modifiedMs: number;
}>;

/** Packed bytes that one diagnosis may still unpack. */
export type UnpackBudget = { bytesLeft: number };

const END_BYTES = 64 * 1024;
const END_LINES = 50;
/** Stamps may be out of order by a line or two. */
const END_STAMPS = 5;
/** Of each unpacked block so much is kept until it turns out to be the last one. */
const TAIL_BYTES = 16 * 1024;

type Ends = Readonly<{ head: readonly string[]; tail: readonly string[]; isUnpacked: boolean }>;

const lastLines = (bytes: Buffer, isCut: boolean): readonly string[] => {
  const from = isCut ? bytes.indexOf(0x0a) + 1 : 0;
  return linesOf(bytes.subarray(from), Number.POSITIVE_INFINITY).slice(-END_LINES);
};

const readPlainEnds = async (file: OpenedFile): Promise<Ends> => {
  const tailAt = Math.max(0, file.sizeBytes - END_BYTES);
  const [head, tail] = [await file.readAt(0, END_BYTES), await file.readAt(tailAt, END_BYTES)];
  return { head: linesOf(head, END_LINES), tail: lastLines(tail, tailAt > 0), isUnpacked: false };
};

/** `fault`: damage that showed on the way; what came before it counts. */
const unpackEnds = async (
  { piece: { path } }: Readonly<{ piece: Piece }>,
  file: OpenedFile,
  isWhole: boolean,
  signal: AbortSignal,
): Promise<Ends & Readonly<{ fault: FileFault | null }>> => {
  let head: readonly string[] = [];
  let tail: Readonly<{ bytes: Buffer; isCut: boolean }> | null = null;
  let fault: FileFault | null = null;
  try {
    for await (const { bytes, from, to } of wholeLines(file.read({ from: 0, to: file.sizeBytes }), 0)) {
      signal.throwIfAborted();
      if (head.length < END_LINES) head = [...head, ...linesOf(bytes.subarray(from, to), END_LINES - head.length)];
      const tailFrom = Math.max(from, to - TAIL_BYTES);
      tail = { bytes: Buffer.from(bytes.subarray(tailFrom, to)), isCut: tailFrom > from };
      if (!isWhole && head.length >= END_LINES) break;
    }
  } catch (error) {
    if (signal.aborted) throw error;
    fault = await describeFault(path, error);
  }
  const last = tail === null || !isWhole ? [] : lastLines(tail.bytes, tail.isCut);
  return { head, tail: last, isUnpacked: isWhole, fault };
};

/** What the first and the last lines of a file tell. */
export const factsOf = ({ head, tail }: Pick<Ends, 'head' | 'tail'>, parse: HeaderParser) => {
  const read = (lines: readonly string[]) =>
    lines.flatMap((line) => {
      const header = parse(line);
      return header === null ? [] : [{ line, header }];
    });
  const [first, last] = [read(head), read(tail)];
  const times = (lines: typeof first): readonly number[] => lines.map(({ header }) => header.timeMs);
  const [firstTimes, lastTimes] = [times(first).slice(0, END_STAMPS), times(last).slice(-END_STAMPS)];
  const all = [...first, ...last];
  return {
    isForeign: head.length > 0 && first.length === 0,
    firstMs: firstTimes.length === 0 ? null : Math.min(...firstTimes),
    lastMs: lastTimes.length === 0 ? null : Math.max(...lastTimes),
    forms: [...new Set(all.map(({ line, header }) => formOf(line, header)))],
    isLocalTime: all.some(({ header }) => header.isLocalTime),
    hasSeveralHosts: new Set(all.map(({ header }) => header.host)).size > 1,
  };
};

const UNREAD = {
  isEmpty: false,
  isForeign: false,
  firstMs: null,
  lastMs: null,
  forms: [],
  isLocalTime: false,
  hasSeveralHosts: false,
  isUnpacked: false,
  modifiedMs: 0,
} as const;

/** What the file system or the file does wrong is in `fault`; only an abort, or a bug, is thrown. */
export const examinePiece = async (
  piece: Piece,
  parse: HeaderParser,
  budget: UnpackBudget,
  signal: AbortSignal,
): Promise<PieceFacts> => {
  signal.throwIfAborted();
  try {
    const file = await openFile(piece.path);
    try {
      const { mtimeMs: modifiedMs } = await stat(piece.path);
      const common = { piece, isEmpty: file.sizeBytes === 0, modifiedMs };
      if (file.packing === 'plain') {
        const ends = await readPlainEnds(file);
        return { ...common, ...factsOf(ends, parse), isUnpacked: false, fault: null };
      }
      const isWhole = file.sizeBytes <= budget.bytesLeft;
      if (isWhole) budget.bytesLeft -= file.sizeBytes;
      const { fault, ...ends } = await unpackEnds({ piece }, file, isWhole, signal);
      return { ...common, ...factsOf(ends, parse), isUnpacked: ends.isUnpacked, fault };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (signal.aborted) throw error;
    return { piece, ...UNREAD, fault: await describeFault(piece.path, error) };
  }
};
