/** Bytes of a growing file → its whole lines. What is not yet a line stays for the next reading. */
import type { Line } from './line-scan.js';

/** A line longer than this is cut: its beginning counts, the rest is not wanted. No MTA writes more than a few KiB. */
export const FOLLOWED_LINE_MAX = 256 * 1024;
/** Read at a time. Longer than any line, so that each reading goes on. */
export const FOLLOWED_CHUNK_BYTES = 2 * FOLLOWED_LINE_MAX;

const NEWLINE = 0x0a;

/** `offset`: place of the first byte in the file. `isWhole`: nothing will be added to the last line. */
export type Bytes = Readonly<{ bytes: Buffer; offset: number; isInLine: boolean; isWhole: boolean }>;

/** `at`: the next byte to read. */
export type LinesTaken = Readonly<{ at: number; isInLine: boolean }>;

/** A log that was truncated under its writer's hands begins with a hole, a crash leaves one: NUL bytes before a line. */
const skipHole = (bytes: Buffer, at: number): number => {
  let from = at;
  while (from < bytes.length && bytes[from] === 0) from++;
  return from;
};

/** The end of the line that begins at `from`: of its text, and where the next one begins. Null: it is not complete. */
const endOf = (bytes: Buffer, from: number, isWhole: boolean): Readonly<{ to: number; next: number }> | null => {
  const end = bytes.indexOf(NEWLINE, from);
  if (end >= 0) return { to: end, next: end + 1 };
  const isOver = isWhole || bytes.length - from >= FOLLOWED_LINE_MAX;
  return from < bytes.length && isOver ? { to: bytes.length, next: bytes.length } : null;
};

/** @param visit called for each line that is not empty; false: this was the last one that is wanted now */
export const takeLines = ({ bytes, offset, isInLine, isWhole }: Bytes, visit: (line: Line) => boolean): LinesTaken => {
  let from = isInLine ? bytes.indexOf(NEWLINE) + 1 : 0;
  if (isInLine && from === 0) return { at: offset + bytes.length, isInLine: !isWhole };
  for (;;) {
    from = skipHole(bytes, from);
    const end = endOf(bytes, from, isWhole);
    if (end === null) return { at: offset + from, isInLine: false };
    const isWanted = end.to === from || visit({ bytes, from, to: end.to, offset: offset + from });
    from = end.next;
    // Only a line that is cut has no line break.
    if (end.next === end.to) return { at: offset + from, isInLine: !isWhole };
    if (!isWanted) return { at: offset + from, isInLine: false };
  }
};
