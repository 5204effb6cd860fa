import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeLine,
  forEachHitLine,
  forEachLine,
  LINE_SCAN_MAX,
  LINE_TEXT_MAX,
  wholeLines,
} from '../../src/sources/line-scan.ts';
import { buildNeedleSearch } from '../../src/sources/needle-search.ts';

type Seen = Readonly<{ offset: number; text: string }>;

async function* inChunks(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  // One piece of memory for all chunks, as a reader has it.
  const memory = Buffer.alloc(Math.max(1, ...sizes));
  for (let place = 0, turn = 0; place < bytes.length; turn++) {
    const length = bytes.copy(memory, 0, place, Math.min(bytes.length, place + sizes[turn % sizes.length]!));
    yield memory.subarray(0, length);
    place += length;
  }
}

const readLines = async (
  bytes: Buffer,
  sizes: readonly number[],
  needle: string | null = null,
): Promise<readonly Seen[]> => {
  const seen: Seen[] = [];
  const search =
    needle === null ? null : buildNeedleSearch([{ bytes: Buffer.from(needle), ignoreCase: false, isWhole: false }]);
  for await (const block of wholeLines(inChunks(bytes, sizes), 0)) {
    const add = (line: Parameters<typeof decodeLine>[0]): void => {
      seen.push({ offset: line.offset, text: decodeLine(line) });
    };
    if (search === null) forEachLine(block, add);
    else forEachHitLine(block, search, add);
  }
  return seen;
};

/** The definition. */
const splitLines = (text: string): readonly Seen[] => {
  let offset = 0;
  const lines = text.split('\n').map((line) => {
    const seen = { offset, text: line };
    offset += line.length + 1;
    return seen;
  });
  return lines.filter((line) => line.text !== '');
};

describe('lines out of chunks', { timeout: 60_000 }, () => {
  const text = fc.array(fc.constantFrom('a', 'b', '\n', 'ab'), { maxLength: 60 }).map((parts) => parts.join(''));
  const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 });

  it('are the same for any size of chunk', async () => {
    await fc.assert(
      fc.asyncProperty(text, sizes, async (given, chunks) => {
        expect(await readLines(Buffer.from(given), chunks)).toEqual(splitLines(given));
      }),
    );
  });

  it('with a needle are those that hold it, once each', async () => {
    await fc.assert(
      fc.asyncProperty(text, sizes, async (given, chunks) => {
        expect(await readLines(Buffer.from(given), chunks, 'ab')).toEqual(
          splitLines(given).filter((line) => line.text.includes('ab')),
        );
      }),
    );
  });

  it('are cut when they are too long, and the next one is whole', async () => {
    const giant = Buffer.alloc(3 * LINE_SCAN_MAX, 'x');
    const lines = await readLines(
      Buffer.concat([Buffer.from('first\n'), giant, Buffer.from('needle\nlast')]),
      [100_000],
    );
    expect(lines.map(({ text: each }) => each.length)).toEqual([5, LINE_TEXT_MAX, 4]);
    expect(lines[2]).toEqual({ offset: 6 + giant.length + 7, text: 'last' });
  });

  it('begin behind a hole of NUL bytes, however large', async () => {
    const hole = Buffer.alloc(2 * LINE_SCAN_MAX + 7);
    const lines = await readLines(Buffer.concat([hole, Buffer.from('line one\nline two\n')]), [100_000]);
    expect(lines.map(({ text: each }) => each)).toEqual(['line one', 'line two']);
  });
});

describe('the text of a line', () => {
  const decode = (bytes: Buffer): string => decodeLine({ bytes, from: 0, to: bytes.length, offset: 0 });

  it('leaves out carriage returns at the end and NUL bytes at the start', () => {
    expect(decode(Buffer.from('\0\0\0text\r'))).toBe('text');
  });

  it('shows bytes that are not UTF-8 as replacement characters', () => {
    expect(decode(Buffer.from([0x61, 0xff, 0xfe, 0x62, 0xc3]))).toBe('a\uFFFD\uFFFDb\uFFFD');
    expect(decode(Buffer.from('grüße'))).toBe('grüße');
  });
});
