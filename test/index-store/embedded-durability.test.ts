import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TransactionIndex } from '../../src/app/ports.ts';
import { openEmbeddedIndex } from '../../src/index-store/embedded.ts';
import { buildWriter, type WriterProgram } from '../state/writer-process.ts';
import { record, refOf, transaction } from './index-contract.ts';

/** Write n: 150 records that are always the same, with `resume` n; 150 new ones; those of write n - 1 are closed. */
const PROGRAM = `
import { transactionRecordKey } from './src/domain/ids.js';
import { openEmbeddedIndex } from './src/index-store/embedded.js';
const [, , dataDir, from, prefix] = process.argv;
const index = await openEmbeddedIndex({ dataDir });
const record = (queueId, n) => {
  const transaction = {
    host: 'mx1', queueId, messageId: queueId + '@x.example', sender: 'ann@x.example', client: null, arrivedAtMs: 1000,
    firstSeenMs: 1000, lastSeenMs: 1000 + n, filters: ['x'.repeat(500)],
    recipients: [{ address: 'bob@' + n + '.example', originalAddress: null, status: 'deferred', attempts: [] }],
  };
  return { key: transactionRecordKey(transaction), transaction, state: 'ended', resume: String(n) };
};
const refOf = ({ key, transaction: { host, queueId } }) => ({ key, host, queueId });
const some = (name, n) => Array.from({ length: 150 }, (_, k) => record(prefix + name + '-' + k, n));
for (let n = Number(from); ; n++) {
  const before = some('new' + (n - 1), n - 1);
  await index.write({ put: [...some('same', n), ...some('new' + n, n)], remove: [], close: before.map(refOf) });
  process.stdout.write(n + '\\n');
}
`;

const KILLS = 5;
const WRITES_MAX = 25;

describe('the embedded index and other processes', () => {
  let program: WriterProgram;
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'mailtrace-index-'));
    program = await buildWriter(PROGRAM);
  });

  afterAll(async () => {
    await program.remove();
    await rm(dataDir, { recursive: true });
  });

  const resumes = async (index: TransactionIndex): Promise<(string | null)[]> =>
    (await index.listOpen({ arrivedBeforeMs: Number.MAX_SAFE_INTEGER, after: null, limit: 10_000 })).map(
      ({ resume }) => resume,
    );

  it('has every acknowledged write whole after kill -9, and the next one whole or not at all', async () => {
    let next = 0;
    for (let life = 0; life < KILLS; life++) {
      const writer = program.start([dataDir, String(next), 'Q']);
      await writer.acknowledged(1 + Math.floor(Math.random() * WRITES_MAX));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 50));
      const acknowledged = await writer.kill();

      const index = await openEmbeddedIndex({ dataDir });
      const found = await resumes(index);
      const last = Number(found[0]);
      expect([acknowledged, acknowledged + 1]).toContain(last);
      // The 150 that are always written, and the 150 of the last write; all of one and the same write.
      expect(found).toEqual(Array<string>(300).fill(String(last)));
      const byId = await index.findByMessageIds([record(transaction(`Qnew${last}-7`)).transaction.messageId!], 5);
      expect(byId.map(({ lastSeenMs }) => lastSeenMs)).toEqual([1000 + last]);
      await index.close();
      next = last + 1;
    }
    expect(next).toBeGreaterThan(KILLS);
  });

  it('takes writes of two processes, while a third reads', async () => {
    const writers = ['A', 'B'].map((prefix) => program.start([dataDir, '0', prefix]));
    const index = await openEmbeddedIndex({ dataDir });
    for (const count of [1, 4, 8]) {
      await Promise.all(writers.map((writer) => writer.acknowledged(count)));
      expect((await index.countOpen()) % 150).toBe(0);
      const own = record(transaction(`own${count}`));
      await index.write({ put: [own], remove: [], close: [] });
      expect(await index.findOpen([{ host: own.transaction.host, queueId: own.transaction.queueId }])).toEqual([own]);
      await index.write({ put: [], remove: [refOf(own)], close: [] });
    }
    const last = await Promise.all(writers.map((writer) => writer.kill()));
    expect(Math.min(...last)).toBeGreaterThanOrEqual(7);
    expect((await index.countOpen()) % 150).toBe(0);
    await index.close();
  });
});
