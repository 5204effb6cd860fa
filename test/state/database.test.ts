import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createClient } from '@libsql/client/sqlite3';
import { type Migration, sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StateChanges } from '../../src/app/ports.ts';
import { openDatabase } from '../../src/state/database.ts';
import { databaseFault } from '../../src/state/database-faults.ts';
import { MIGRATIONS } from '../../src/state/migrations.ts';
import { openStateStore } from '../../src/state/open-state-store.ts';
import { stateStoreOver } from '../../src/state/state-queries.ts';
import { outboxEntry } from './state-contract.ts';

const at = (position: string): Partial<StateChanges> => ({ positions: [{ source: 's', partition: 'p', position }] });

const outbox = (count: number): Partial<StateChanges> => ({
  outbox: Array.from({ length: count }, (_, number) => outboxEntry(`o${number}`, { content: 'x'.repeat(2000) })),
});

describe('the file of the state', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailtrace-state-'));
    path = join(folder, 'state.db');
  });

  afterEach(() => rm(folder, { recursive: true }));

  const ask = async (statement: string): Promise<unknown[]> => {
    const client = createClient({ url: `file:${path}` });
    const { rows } = await client.execute(statement);
    client.close();
    return rows.map((row) => row[0]);
  };

  it('is made with its folder, for the owner only', async () => {
    const dataDir = join(folder, 'a', 'b');
    const store = await openStateStore({ dataDir });
    await store.commit(at('1'));
    for (const file of ['state.db', 'state.db-wal']) expect((await stat(join(dataDir, file))).mode & 0o777).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    await store.close();
  });

  it('is the only one after close, and whole', async () => {
    const store = await openStateStore({ dataDir: folder });
    await store.commit(at('1'));
    await store.close();
    await store.close();
    expect(await readdir(folder)).toEqual(['state.db']);
    await mkdir(join(folder, 'copy'));
    await copyFile(path, join(folder, 'copy', 'state.db'));
    const copy = await openStateStore({ dataDir: join(folder, 'copy') });
    expect(await copy.positions('s')).toEqual(new Map([['p', '1']]));
    await copy.close();
  });

  it('is opened once at a time', async () => {
    const store = await openStateStore({ dataDir: folder });
    await expect(openStateStore({ dataDir: folder })).rejects.toMatchObject({
      code: 'config',
      message: `The database ${path} is in use by another mailtrace.`,
    });
    await store.commit(at('1'));
    await store.close();
    await (await openStateStore({ dataDir: folder })).close();
  });

  it('of a newer version is left alone, and the message says what to do', async () => {
    await (await openStateStore({ dataDir: folder })).close();
    await ask("INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-later', '2030-01-01')");
    await expect(openStateStore({ dataDir: folder })).rejects.toMatchObject({
      code: 'config',
      message: `The database ${path} was written by a newer mailtrace (9999-later).`,
      hint: 'Start that version again, or give this one another folder (MAILTRACE_DATA_DIR or store.data_dir).',
    });
    expect(await ask('SELECT name FROM kysely_migration')).toEqual([...Object.keys(MIGRATIONS), '9999-later']);
  });

  it('of an older version is brought up to date, all of it or nothing', async () => {
    const store = await openStateStore({ dataDir: folder });
    await store.commit(at('1'));
    await store.close();
    const broken: Migration = {
      up: async (db) => {
        await db.schema.createTable('half').addColumn('a', 'text').execute();
        await sql`INSERT INTO nowhere VALUES (1)`.execute(db);
      },
    };
    await expect(openDatabase(path, { ...MIGRATIONS, '9000-broken': broken })).rejects.toThrow('nowhere');
    const tables = await ask("SELECT name FROM sqlite_master WHERE type = 'table'");
    expect(tables).not.toContain('half');
    expect(tables).toContain('outbox');

    const further: Migration = {
      up: async (db) => db.schema.createTable('further').addColumn('a', 'text').execute(),
    };
    await (await openDatabase(path, { ...MIGRATIONS, '9000-further': further })).destroy();
    expect(await ask('SELECT count(*) FROM further')).toEqual([0]);
    expect(await ask('SELECT position FROM positions')).toEqual(['1']);
  });

  it('that is no database, or damaged, is named with the remedy', async () => {
    await writeFile(path, 'this is not a database, but it is long enough to have a header of one '.repeat(50));
    await expect(openStateStore({ dataDir: folder })).rejects.toMatchObject({
      code: 'config',
      message: `The database ${path} is not a database.`,
      hint: expect.stringContaining(`move it away together with ${path}-wal`),
    });

    await rm(path);
    const store = await openStateStore({ dataDir: folder });
    await store.commit(outbox(300));
    await store.close();
    const bytes = await readFile(path);
    await writeFile(path, Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096, 0xff)]));
    const damaged = async (): Promise<void> => {
      const opened = await openStateStore({ dataDir: folder });
      try {
        await opened.outbox(1000);
      } finally {
        await opened.close();
      }
    };
    await expect(damaged()).rejects.toMatchObject({ code: 'config', message: `The database ${path} is damaged.` });
  });

  it('that cannot be made is named with the remedy', async () => {
    await writeFile(join(folder, 'file'), '');
    const dataDir = join(folder, 'file', 'data');
    await expect(openStateStore({ dataDir })).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining(`The database ${join(dataDir, 'state.db')} cannot be written: ENOTDIR`),
      hint: expect.stringContaining('MAILTRACE_DATA_DIR'),
    });
  });

  it('on a full disk keeps what it has, says so, and goes on when there is room', async () => {
    const small: Migration = {
      up: async (db) => {
        await sql`PRAGMA max_page_count = 60`.execute(db);
      },
    };
    const db = await openDatabase(path, { ...MIGRATIONS, '9000-small': small });
    const store = stateStoreOver(db, (error) => databaseFault(path, error));
    await store.commit(at('1'));
    await expect(store.commit({ ...at('2'), ...outbox(300) })).rejects.toMatchObject({
      code: 'config',
      message: `The database ${path} cannot grow: the disk is full.`,
    });
    expect(await store.positions('s')).toEqual(new Map([['p', '1']]));
    expect(await store.outbox(5)).toEqual([]);
    await sql`PRAGMA max_page_count = 10000`.execute(db);
    await store.commit({ ...at('2'), ...outbox(300) });
    expect(await store.outbox(500)).toHaveLength(300);
    await store.close();
  });

  it('lets everything else go on during a large commit', async () => {
    const store = await openStateStore({ dataDir: folder });
    let isWriting = true;
    let turns = 0;
    const alertIds = Array.from({ length: 90_000 }, (_, number) => ({
      id: `a${number}`,
      incidentId: 'i',
      timeMs: number,
    }));
    const writing = store.commit({ alertIds }).finally(() => {
      isWriting = false;
    });
    while (isWriting) {
      await nextTurn();
      turns++;
    }
    await writing;
    expect(turns).toBeGreaterThan(5);
    await store.close();
  });
});
