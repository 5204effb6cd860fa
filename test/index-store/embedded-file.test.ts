import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createClient } from '@libsql/client/sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TransactionRecord } from '../../src/app/ports.ts';
import { openEmbeddedIndex } from '../../src/index-store/embedded.ts';
import { openIndexFile } from '../../src/index-store/embedded-file.ts';
import { countOpen, listOpen } from '../../src/index-store/embedded-read.ts';
import { UPGRADES } from '../../src/index-store/embedded-schema.ts';
import { writeChanges } from '../../src/index-store/embedded-write.ts';
import { recipient, record, refOf, transaction } from './index-contract.ts';

const T0 = Date.parse('2026-11-21T09:00:00Z');

const many = (count: number, prefix = 'Q'): TransactionRecord[] =>
  Array.from({ length: count }, (_, number) => record(transaction(`${prefix}${number}`, { arrivedAtMs: T0 + number })));

describe('the file of the embedded index', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailtrace-index-'));
    path = join(folder, 'index.db');
  });

  afterEach(() => rm(folder, { recursive: true }));

  const sql = async (statement: string): Promise<unknown[]> => {
    const client = createClient({ url: `file:${path}` });
    const { rows } = await client.execute(statement);
    client.close();
    return rows.map((row) => row[0]);
  };

  it('is made with its folder, for the owner only', async () => {
    const dataDir = join(folder, 'a', 'b');
    const index = await openEmbeddedIndex({ dataDir });
    await index.write({ put: many(1), remove: [], close: [] });
    for (const file of ['index.db', 'index.db-wal']) {
      expect((await stat(join(dataDir, file))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    await index.close();
  });

  it('is whole in the one file after close', async () => {
    const index = await openEmbeddedIndex({ dataDir: folder });
    const put = many(300);
    await index.write({ put, remove: [], close: [] });
    await index.close();
    await mkdir(join(folder, 'copy'));
    await copyFile(path, join(folder, 'copy', 'index.db'));
    const copy = await openEmbeddedIndex({ dataDir: join(folder, 'copy') });
    expect(await copy.countOpen()).toBe(300);
    await copy.close();
  });

  it('of a newer version is left alone, and the message says what to do', async () => {
    await (await openEmbeddedIndex({ dataDir: folder })).close();
    await sql('PRAGMA user_version = 99');
    await expect(openEmbeddedIndex({ dataDir: folder })).rejects.toMatchObject({
      code: 'config',
      message: `The index ${path} was written by a newer mailtrace (version 99; this one knows ${UPGRADES.length}).`,
      hint: 'Start that version again, or give this one another folder (MAILTRACE_DATA_DIR or store.data_dir).',
    });
    expect(await sql('PRAGMA user_version')).toEqual([99]);
  });

  it('of an older version is brought up to date, all of it or nothing', async () => {
    const before = await openEmbeddedIndex({ dataDir: folder });
    const put = many(3);
    await before.write({ put, remove: [], close: [] });
    await before.close();
    const broken = [...UPGRADES, 'CREATE TABLE half (a); CREATE TABLE half (a)'];
    await expect(openIndexFile(path, broken)).rejects.toThrow('half');
    expect(await sql('PRAGMA user_version')).toEqual([UPGRADES.length]);
    expect(await sql("SELECT count(*) FROM sqlite_master WHERE name = 'half'")).toEqual([0]);

    const file = await openIndexFile(path, [...UPGRADES, 'CREATE TABLE further (a); INSERT INTO further VALUES (7)']);
    await file.close();
    expect(await sql('SELECT a FROM further')).toEqual([7]);
    expect(await sql('PRAGMA user_version')).toEqual([UPGRADES.length + 1]);
    expect(await sql('SELECT count(*) FROM transactions')).toEqual([3]);
  });

  it('that is no database, or damaged, is named with the remedy', async () => {
    await writeFile(path, 'this is not a database, but it is long enough to have a header of one '.repeat(50));
    await expect(openEmbeddedIndex({ dataDir: folder })).rejects.toMatchObject({
      code: 'config',
      message: `The index ${path} is not a database.`,
      hint: expect.stringContaining(`move it away together with ${path}-wal`),
    });

    await rm(path);
    const index = await openEmbeddedIndex({ dataDir: folder });
    await index.write({ put: many(500), remove: [], close: [] });
    await index.close();
    const bytes = await readFile(path);
    // The header stays; the pages behind it do not.
    await writeFile(path, Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096, 0xff)]));
    const damaged = async (): Promise<void> => {
      const opened = await openEmbeddedIndex({ dataDir: folder });
      try {
        await opened.write({ put: many(500), remove: [], close: [] });
      } finally {
        await opened.close();
      }
    };
    await expect(damaged()).rejects.toMatchObject({ code: 'config', message: `The index ${path} is damaged.` });
  });

  it('that cannot be made is named with the remedy', async () => {
    await writeFile(join(folder, 'file'), '');
    const dataDir = join(folder, 'file', 'data');
    await expect(openEmbeddedIndex({ dataDir })).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining(`The index ${join(dataDir, 'index.db')} cannot be written: ENOTDIR`),
      hint: expect.stringContaining('MAILTRACE_DATA_DIR'),
    });
    await mkdir(path);
    await expect(openEmbeddedIndex({ dataDir: folder })).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining(`The index ${path} cannot be written: EISDIR`),
    });
  });

  it('on a full disk keeps what it has, says so, and goes on when there is room', async () => {
    const file = await openIndexFile(path, [...UPGRADES, 'PRAGMA max_page_count = 80']);
    const [first] = many(1);
    await writeChanges(file, { put: [first!], remove: [], close: [] });
    await expect(
      writeChanges(file, { put: many(2000, 'more'), remove: [refOf(first!)], close: [] }),
    ).rejects.toMatchObject({
      code: 'config',
      message: `The index ${path} cannot grow: the disk is full.`,
    });
    const page = { arrivedBeforeMs: Number.MAX_SAFE_INTEGER, after: null, limit: 10 };
    expect(await listOpen(file, page)).toEqual([first]);
    await file.write(async (database) => {
      await database.execute('PRAGMA max_page_count = 100000');
    });
    await writeChanges(file, { put: many(2000, 'more'), remove: [refOf(first!)], close: [] });
    expect(await countOpen(file)).toBe(2000);
    await file.close();
  });

  it('lets everything else go on during a large write', async () => {
    const index = await openEmbeddedIndex({ dataDir: folder });
    let isWriting = true;
    let turns = 0;
    const put = [
      ...many(3000),
      record(
        transaction('list', {
          recipients: Array.from({ length: 5000 }, (_, number) => recipient(`u${number}@x.example`)),
        }),
      ),
    ];
    const writing = index.write({ put, remove: [], close: [] }).finally(() => {
      isWriting = false;
    });
    // Asked meanwhile, the index has none of them or all.
    const counts = new Set<number>();
    while (isWriting) {
      await nextTurn();
      turns++;
      const count = await index.countOpen();
      if (isWriting) counts.add(count);
    }
    await writing;
    expect(turns).toBeGreaterThan(30);
    expect(counts).toContain(0);
    expect([0, 3001]).toEqual(expect.arrayContaining([...counts]));
    expect(await index.countOpen()).toBe(3001);
    await index.close();
  });

  it('gives back the room of what was forgotten to what comes after', async () => {
    const index = await openEmbeddedIndex({ dataDir: folder });
    const write = async (prefix: string): Promise<void> => {
      const put = many(1000, prefix).map((it): TransactionRecord => ({ ...it, state: 'ended', resume: null }));
      await index.write({ put, remove: [], close: [] });
    };
    await write('a');
    expect(await index.prune(Number.MAX_SAFE_INTEGER)).toBe(1000);
    const pagesOf = async (): Promise<unknown> => (await sql('PRAGMA page_count'))[0];
    const pages = Number(await pagesOf());
    for (const prefix of ['b', 'c', 'd']) {
      await write(prefix);
      expect(await index.prune(Number.MAX_SAFE_INTEGER)).toBe(1000);
    }
    expect(Number(await pagesOf())).toBeLessThan(pages * 1.2);
    expect(await sql('SELECT count(*) FROM terms')).toEqual([0]);
    await index.close();
  });
});
