import { describe, expect, it } from 'vitest';
import type { OpenedFile } from '../../src/sources/file-bytes.ts';
import { createUnpackedCache } from '../../src/sources/unpacked-cache.ts';

const RANGE = { from: 0, to: 1 };
const MIB = 1024 * 1024;

/** A packed file of chunks; counts how often it was unpacked. */
const createFile = (version: string, chunks: readonly Buffer[], fault: Error | null = null) => {
  let readings = 0;
  const file: OpenedFile = {
    packing: 'gzip',
    sizeBytes: 1,
    version,
    readAt: () => Promise.resolve(Buffer.alloc(0)),
    read: async function* () {
      readings++;
      yield* chunks;
      if (fault !== null) throw fault;
    },
    close: () => Promise.resolve(),
  };
  return { file, readings: () => readings };
};

const readAll = async (chunks: AsyncIterable<Buffer>): Promise<string> => {
  let text = '';
  for await (const chunk of chunks) text += chunk.length > 100 ? `${chunk.length} ` : chunk.toString();
  return text;
};

describe('what was unpacked', () => {
  it('is not unpacked again', async () => {
    const cache = createUnpackedCache();
    const { file, readings } = createFile('a', [Buffer.from('one '), Buffer.from('two')]);
    expect(await readAll(cache.read(file, RANGE))).toBe('one two');
    expect(await readAll(cache.read(file, RANGE))).toBe('one two');
    expect(readings()).toBe(1);
  });

  it('is unpacked again when the file has changed', async () => {
    const cache = createUnpackedCache();
    await readAll(cache.read(createFile('a', [Buffer.from('old')]).file, RANGE));
    expect(await readAll(cache.read(createFile('b', [Buffer.from('new')]).file, RANGE))).toBe('new');
  });

  it('is not kept when it is damaged: the damage is told each time', async () => {
    const cache = createUnpackedCache();
    const { file } = createFile('a', [Buffer.from('one')], new Error('damaged'));
    await expect(readAll(cache.read(file, RANGE))).rejects.toThrow('damaged');
    await expect(readAll(cache.read(file, RANGE))).rejects.toThrow('damaged');
  });

  it('is not kept when only its beginning was read', async () => {
    const cache = createUnpackedCache();
    const { file } = createFile('a', [Buffer.from('one '), Buffer.from('two')]);
    for await (const chunk of cache.read(file, RANGE)) {
      expect(chunk.toString()).toBe('one ');
      break;
    }
    expect(await readAll(cache.read(file, RANGE))).toBe('one two');
  });

  it('has a bound, and what it does not keep it leaves to others', async () => {
    const cache = createUnpackedCache();
    const large = createFile(
      'large',
      Array.from({ length: 70 }, () => Buffer.alloc(MIB)),
    );
    const small = createFile(
      'small',
      Array.from({ length: 60 }, () => Buffer.alloc(MIB)),
    );
    const other = createFile(
      'other',
      Array.from({ length: 10 }, () => Buffer.alloc(MIB)),
    );
    for (const { file } of [large, small, other, large, small, other]) await readAll(cache.read(file, RANGE));
    expect([large.readings(), small.readings(), other.readings()]).toEqual([2, 1, 2]);
  });
});
