/**
 * Bytes → lines. Chunks of any size become blocks of whole lines; a search then looks only at the lines that hold a needle.
 * The hot loop is `needle-search.ts`; nothing here touches a line without a hit.
 */
import type { SearchNeedles } from './needle-search.js';

/** Whole lines: `bytes` from `from` to `to`. `offset`: place of `bytes[from]` in the file. Valid until the next block. */
export type LineBlock = Readonly<{ bytes: Buffer; from: number; to: number; offset: number }>;

/** One line without its line break. `offset`: its place in the file, which is its identity. */
export type Line = Readonly<{ bytes: Buffer; from: number; to: number; offset: number }>;

/** Where a hit lies, for the reader that was told of it. */
export type LineHit = Readonly<{ pattern: number; isSure: boolean }>;

/** A line longer than this is cut: the rest is neither kept nor searched. No MTA writes more than a few KiB. */
export const LINE_SCAN_MAX = 1024 * 1024;
/** Of a line this much is decoded. Postfix cuts at 2 KiB, syslog daemons at 8 to 64 KiB. */
export const LINE_TEXT_MAX = 64 * 1024;

const NEWLINE = 0x0a;
const RETURN = 0x0d;

const asBlock = (bytes: Buffer, offset: number): LineBlock => ({ bytes, from: 0, to: bytes.length, offset });

const skipNul = (bytes: Buffer): number => {
  let from = 0;
  while (from < bytes.length && bytes[from] === 0) from++;
  return from;
};

/** The part of a line that ran over the end of a chunk, and where it began. */
const createCarry = () => {
  let parts: Buffer[] = [];
  let [length, begin] = [0, 0];
  return {
    isEmpty: (): boolean => length === 0,
    add: (bytes: Buffer, offset: number): void => {
      // A log truncated under its writer's hands begins with a hole: gigabytes of NUL, and then a line.
      const from = length === 0 ? skipNul(bytes) : 0;
      if (length === 0) begin = offset + from;
      const kept = Math.min(bytes.length - from, LINE_SCAN_MAX - length);
      // A copy: the chunk's memory is used again for the next one.
      if (kept > 0) parts.push(Buffer.from(bytes.subarray(from, from + kept)));
      length += Math.max(kept, 0);
    },
    take: (): LineBlock => {
      const joined = Buffer.concat(parts, length);
      parts = [];
      length = 0;
      return asBlock(joined, begin);
    },
  };
};

type Carry = ReturnType<typeof createCarry>;

/** The lines that end in `chunk`, whose place in the file is `offset`; what is left goes into `carry`. */
const cut = (chunk: Buffer, offset: number, carry: Carry): readonly LineBlock[] => {
  const blocks: LineBlock[] = [];
  let from = 0;
  if (!carry.isEmpty()) {
    const end = chunk.indexOf(NEWLINE);
    carry.add(end < 0 ? chunk : chunk.subarray(0, end), offset);
    if (end < 0) return [];
    from = end + 1;
    blocks.push(carry.take());
  }
  const to = Math.max(from, chunk.lastIndexOf(NEWLINE) + 1);
  if (to > from) blocks.push({ bytes: chunk, from, to, offset: offset + from });
  if (to < chunk.length) carry.add(chunk.subarray(to), offset + to);
  return blocks;
};

/**
 * Cuts chunks into blocks of whole lines. The last line needs no line break. Memory: one chunk and one line.
 * @param offset place of the first chunk in the file; it must be the start of a line.
 */
export async function* wholeLines(chunks: AsyncIterable<Buffer>, offset: number): AsyncGenerator<LineBlock> {
  const carry = createCarry();
  let place = offset;
  for await (const chunk of chunks) {
    yield* cut(chunk, place, carry);
    place += chunk.length;
  }
  if (!carry.isEmpty()) yield carry.take();
}

const lineEnd = (bytes: Buffer, at: number, to: number): number => {
  const end = bytes.indexOf(NEWLINE, at);
  return end < 0 || end > to ? to : end;
};

/** Calls `visit` for every line that is not empty. */
export const forEachLine = ({ bytes, from, to, offset }: LineBlock, visit: (line: Line) => void): void => {
  for (let start = from; start < to; ) {
    const end = lineEnd(bytes, start, to);
    if (end > start)
      visit({ bytes, from: start, to: Math.min(end, start + LINE_SCAN_MAX), offset: offset + start - from });
    start = end + 1;
  }
};

/** Calls `visit` once for every line with a hit, and tells the first one. */
export const forEachHitLine = (
  { bytes, from, to, offset }: LineBlock,
  search: SearchNeedles,
  visit: (line: Line, hit: LineHit) => void,
): void => {
  search(bytes, from, to, (hit) => {
    const start = Math.max(from, bytes.lastIndexOf(NEWLINE, hit.start) + 1);
    const end = lineEnd(bytes, hit.start, to);
    visit({ bytes, from: start, to: Math.min(end, start + LINE_SCAN_MAX), offset: offset + start - from }, hit);
    return end + 1;
  });
};

/**
 * The text of a line. A crash leaves NUL bytes at the start of the first line after it; they are left out, as is `\r`.
 * Bytes that are not UTF-8 become U+FFFD.
 */
export const decodeLine = ({ bytes, from, to }: Line): string => {
  let [start, end] = [from, to];
  while (start < end && bytes[start] === 0) start++;
  while (end > start && bytes[end - 1] === RETURN) end--;
  return bytes.toString('utf8', start, Math.min(end, start + LINE_TEXT_MAX));
};
