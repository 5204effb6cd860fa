import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openIndexFile } from '../../src/index-store/embedded-file.ts';
import { countOpen } from '../../src/index-store/embedded-read.ts';
import { writeChanges } from '../../src/index-store/embedded-write.ts';
import { openWriterThread, type WriterThread } from '../../src/index-store/writer-thread.ts';
import { record, transaction } from './index-contract.ts';

describe('the thread that writes the index', () => {
  let folder: string;
  let path: string;
  const workers: Worker[] = [];
  const note = (worker: Worker): unknown => workers.push(worker);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailtrace-index-'));
    path = join(folder, 'index.db');
    workers.length = 0;
    process.on('worker', note);
  });

  afterEach(async () => {
    process.off('worker', note);
    await rm(folder, { recursive: true });
  });

  const open = (): Promise<WriterThread> =>
    openWriterThread({ url: pathToFileURL(path).href }, 'CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b BLOB)');

  it('keeps what is committed, and takes back what is not', async () => {
    const thread = await open();
    await thread.begin();
    const bytes = Buffer.from('00ff', 'hex');
    const put = { sql: 'INSERT INTO t VALUES (?, ?) RETURNING a, b', args: [7, bytes] };
    const { rows } = await thread.execute(put);
    expect(rows).toEqual([{ a: 7, b: new Uint8Array(bytes).buffer }]);
    await thread.commit();
    await thread.end();
    await thread.begin();
    expect((await thread.execute('DELETE FROM t')).rowsAffected).toBe(1);
    await thread.end();
    await thread.begin();
    expect((await thread.execute('SELECT a FROM t')).rows).toEqual([{ a: 7 }]);
    await thread.end();
    await thread.close();
  });

  it("hands SQLite's code on, and goes on", async () => {
    const thread = await open();
    await thread.begin();
    await thread.executeMultiple('INSERT INTO t VALUES (1, NULL)');
    await expect(thread.execute('INSERT INTO t VALUES (1, NULL)')).rejects.toMatchObject({
      code: 'SQLITE_CONSTRAINT',
      message: expect.stringContaining('UNIQUE constraint failed: t.a'),
    });
    expect((await thread.execute('SELECT a FROM t')).rows).toEqual([{ a: 1 }]);
    await thread.end();
    await thread.close();
  });

  it('rejects what was asked of it once it is gone', async () => {
    const thread = await open();
    const asked = thread.begin();
    const ended = workers[0]!.terminate();
    await expect(asked).rejects.toThrow('The thread that writes the index has ended.');
    await ended;
    expect(thread.isEnded()).toBe(true);
    await expect(thread.commit()).rejects.toThrow('The thread that writes the index has ended.');
    await thread.close();
  });

  it('is started anew: the write it was lost in fails, the next one does not', async () => {
    const file = await openIndexFile(path);
    const changes = { put: [record(transaction('Q1'))], remove: [], close: [] };
    const lost = file.write(async (database) => {
      await workers[0]!.terminate();
      await database.execute('SELECT 1');
    });
    await expect(lost).rejects.toThrow('The thread that writes the index has ended.');
    await writeChanges(file, changes);
    expect(workers).toHaveLength(2);
    expect(await countOpen(file)).toBe(1);
    await file.close();
  });
});
