/** The spool on disk: nothing that was stored is lost, whatever happens to the process; nothing beyond the bound is stored. */
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Span } from '../../src/domain/span.ts';
import { openSpool, type Spool } from '../../src/telemetry/spool.ts';
import { createMemoryLog, idsOf, sampleSpans } from './span-samples.ts';

const MIB = 1_048_576;
const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'mailtrace-spool-'));
  folders.push(folder);
  return folder;
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const open = async (folder: string, maxBytes = 64 * MIB) => {
  const { log, said } = createMemoryLog();
  return { spool: await openSpool({ folder, maxBytes, log }), said };
};

/** Takes all there is. */
const drain = async (spool: Spool, maxSpans = 2000): Promise<Readonly<{ spans: Span[]; unreadable: number }>> => {
  const spans: Span[] = [];
  let unreadable = 0;
  for (let batch = await spool.peek(maxSpans); batch !== null; batch = await spool.peek(maxSpans)) {
    spans.push(...batch.spans);
    unreadable += batch.unreadable;
    await spool.release();
  }
  return { spans, unreadable };
};

const filesIn = (folder: string): readonly string[] => readdirSync(folder).sort();
const newestFile = (folder: string): string => join(folder, filesIn(folder).at(-1)!);

describe('the spool', () => {
  it('gives back what was stored, whole and oldest first, and leaves nothing behind', async () => {
    const folder = newFolder();
    const { spool } = await open(folder);
    await spool.append([sampleSpans(0, 10), sampleSpans(10, 25)]);
    await spool.append([sampleSpans(25, 26)]);
    expect(spool.state().spans).toBe(26);
    expect((await drain(spool)).spans).toEqual(sampleSpans(0, 26));
    expect(spool.state()).toEqual({ spans: 0, bytes: 0 });
    expect(filesIn(folder)).toEqual([]);
  });

  it('keeps what was taken until it is released', async () => {
    const { spool } = await open(newFolder());
    await spool.append([sampleSpans(0, 5), sampleSpans(5, 10)]);
    expect((await spool.peek(5))?.spans).toEqual(sampleSpans(0, 5));
    expect((await spool.peek(5))?.spans).toEqual(sampleSpans(0, 5));
    expect(spool.state().spans).toBe(10);
    await spool.release();
    expect(spool.state().spans).toBe(5);
    expect((await spool.peek(5))?.spans).toEqual(sampleSpans(5, 10));
  });

  it('gives at most so many spans at a time, but never less than one record', async () => {
    const { spool } = await open(newFolder());
    await spool.append([sampleSpans(0, 3), sampleSpans(3, 6), sampleSpans(6, 30)]);
    const sizes: number[] = [];
    for (let batch = await spool.peek(7); batch !== null; batch = await spool.peek(7)) {
      sizes.push(batch.spans.length);
      await spool.release();
    }
    expect(sizes).toEqual([6, 24]);
  });

  it('is read while it is written to', async () => {
    const { spool } = await open(newFolder(), 8 * MIB);
    const received: Span[] = [];
    const writing = (async () => {
      for (let index = 0; index < 60; index++) await spool.append([sampleSpans(index * 50, index * 50 + 50)]);
    })();
    while (received.length < 3000) {
      const batch = await spool.peek(120);
      received.push(...(batch?.spans ?? []));
      await spool.release();
    }
    await writing;
    expect(idsOf(received)).toEqual(idsOf(sampleSpans(0, 3000)));
  });

  it('goes on after a restart, and what comes new stands behind what waited', async () => {
    const folder = newFolder();
    const first = await open(folder);
    await first.spool.append([sampleSpans(0, 10)]);
    await first.spool.append([sampleSpans(10, 20)]);
    // No close: the process was killed.
    const second = await open(folder);
    expect(second.spool.state().spans).toBe(20);
    await second.spool.append([sampleSpans(20, 30)]);
    await second.spool.close();
    const third = await open(folder);
    expect(idsOf((await drain(third.spool)).spans)).toEqual(idsOf(sampleSpans(0, 30)));
    expect(third.said).toEqual([]);
  });

  it('is for its owner only', async () => {
    const folder = join(newFolder(), 'spool');
    const { spool } = await open(folder);
    await spool.append([sampleSpans(0, 1)]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(newestFile(folder)).mode & 0o777).toBe(0o600);
  });

  it('leaves files alone that are not its own', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'notes.txt'), 'x');
    const { spool } = await open(folder);
    await spool.append([sampleSpans(0, 1)]);
    await drain(spool);
    expect(filesIn(folder)).toEqual(['notes.txt']);
  });

  it('says what is wrong with a folder that cannot be used', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    await expect(open(join(file, 'spool'))).rejects.toMatchObject({ name: 'MailtraceError', code: 'config' });
  });
});

describe('the bound of the spool', () => {
  it('is never passed, and every span is either stored or counted', async () => {
    const folder = newFolder();
    const maxBytes = 40_000;
    const { spool } = await open(folder, maxBytes);
    const stored: Span[] = [];
    let full = 0;
    for (let index = 0; index < 100; index++) {
      const spans = sampleSpans(index * 20, index * 20 + 20);
      const outcome = await spool.append([spans]);
      expect(outcome.stored + outcome.full + outcome.failed).toBe(20);
      if (outcome.stored > 0) stored.push(...spans);
      full += outcome.full;
      const used = filesIn(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
      expect(used).toBeLessThanOrEqual(maxBytes);
      expect(spool.state().bytes).toBe(used);
    }
    expect(full).toBeGreaterThan(500);
    expect(stored.length).toBe(2000 - full);
    expect(idsOf((await drain(spool)).spans)).toEqual(idsOf(stored));
  });

  it('has room again for what was released', async () => {
    const { spool } = await open(newFolder(), 40_000);
    const fill = async (): Promise<number> => {
      let stored = 0;
      for (let index = 0; index < 60; index++) stored += (await spool.append([sampleSpans(0, 20)])).stored;
      return stored;
    };
    const first = await fill();
    expect(await fill()).toBe(0);
    await drain(spool);
    expect(await fill()).toBe(first);
  });

  it('of 0 keeps nothing', async () => {
    const { spool } = await open(newFolder(), 0);
    expect(await spool.append([sampleSpans(0, 7)])).toMatchObject({ stored: 0, full: 7 });
    expect(await spool.peek(10)).toBeNull();
  });
});

describe('damage to the spool', () => {
  /** Two records of ten spans each. */
  const written = async (): Promise<Readonly<{ folder: string; path: string; firstEnd: number; end: number }>> => {
    const folder = newFolder();
    const { spool } = await open(folder);
    await spool.append([sampleSpans(0, 10)]);
    const firstEnd = spool.state().bytes;
    await spool.append([sampleSpans(10, 20)]);
    return { folder, path: newestFile(folder), firstEnd, end: spool.state().bytes };
  };

  it('a torn last record, at whatever byte, takes nothing else along', async () => {
    const { folder, path, firstEnd, end } = await written();
    const whole = readFileSync(path);
    for (let cut = firstEnd + 1; cut < end; cut += 7) {
      writeFileSync(path, whole.subarray(0, cut));
      const { spool, said } = await open(folder);
      expect(spool.state().spans).toBe(10);
      expect(said.map(({ level }) => level)).toEqual(['warn']);
      expect((await spool.peek(2000))?.spans).toEqual(sampleSpans(0, 10));
      await spool.close();
    }
  });

  it('a torn record is not written behind: what is stored next is found', async () => {
    const { folder, path, end } = await written();
    truncateSync(path, end - 3);
    const second = await open(folder);
    await second.spool.append([sampleSpans(20, 30)]);
    const third = await open(folder);
    expect((await drain(third.spool)).spans).toEqual([...sampleSpans(0, 10), ...sampleSpans(20, 30)]);
    expect(filesIn(folder)).toEqual([]);
  });

  it('zeros behind the last record, as a power failure leaves them, are no record', async () => {
    const { folder, path } = await written();
    appendFileSync(path, Buffer.alloc(4096));
    const { spool } = await open(folder);
    expect(spool.state().spans).toBe(20);
    expect(await drain(spool)).toEqual({ spans: sampleSpans(0, 20), unreadable: 0 });
  });

  it('a damaged record is counted, and the next one is read', async () => {
    const { folder, path, firstEnd } = await written();
    const bytes = readFileSync(path);
    bytes[firstEnd - 5]! ^= 1;
    writeFileSync(path, bytes);
    const { spool, said } = await open(folder);
    expect(await drain(spool)).toEqual({ spans: sampleSpans(10, 20), unreadable: 10 });
    expect(said.map(({ level }) => level)).toEqual(['error']);
  });

  it('what is lost with a head that was damaged later is counted', async () => {
    const { folder, path, firstEnd } = await written();
    const { spool } = await open(folder);
    const bytes = readFileSync(path);
    bytes[firstEnd]! ^= 1;
    writeFileSync(path, bytes);
    expect(await drain(spool)).toEqual({ spans: sampleSpans(0, 10), unreadable: 10 });
    expect(spool.state()).toEqual({ spans: 0, bytes: 0 });
  });

  it('a file that somebody removed is counted, and the next one is read', async () => {
    const { folder, path } = await written();
    const { spool } = await open(folder);
    await spool.append([sampleSpans(20, 25)]);
    rmSync(path);
    expect(await drain(spool)).toEqual({ spans: sampleSpans(20, 25), unreadable: 20 });
  });

  it('a folder that vanished is a failure of the store, and no end of it', async () => {
    const folder = newFolder();
    const { spool } = await open(folder);
    rmSync(folder, { recursive: true });
    const outcome = await spool.append([sampleSpans(0, 5)]);
    expect(outcome).toMatchObject({ stored: 0, failed: 5 });
    expect(outcome.error).toBeInstanceOf(Error);
    expect(await spool.peek(10)).toBeNull();
  });
});
