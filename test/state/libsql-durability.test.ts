import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStateStore } from '../../src/state/open-state-store.ts';
import { buildWriter, type WriterProgram } from './writer-process.ts';

/** Commit n: the position is n, alerts `n-0` … `n-199` were counted, incident `i` counts n, outbox entry n waits and n - 3 is done. */
const PROGRAM = `
import { openStateStore } from './src/state/open-state-store.js';
const [, , dataDir, from] = process.argv;
const store = await openStateStore({ dataDir });
for (let n = Number(from); ; n++) {
  await store.commit({
    positions: [{ source: 's', partition: 'p', position: String(n) }],
    alertIds: Array.from({ length: 200 }, (_, k) => ({ id: n + '-' + k, incidentId: 'i', timeMs: n })),
    incidents: [{ id: 'i', state: 'open', firstMs: 1, closedAtMs: null, count: n }],
    outbox: [{ id: 'o' + n, channel: 'C', incidentId: 'i', kind: 'detail', content: 'x'.repeat(3000), createdAtMs: n, dueAtMs: n, tries: 0 }],
    done: ['o' + (n - 3)],
  });
  process.stdout.write(n + '\\n');
}
`;

const KILLS = 5;
/** Commits of one life: enough for the WAL to be written back into the file, too. */
const COMMITS_MAX = 60;

describe('the state after kill -9', () => {
  let program: WriterProgram;
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'mailtrace-state-'));
    program = await buildWriter(PROGRAM);
  });

  afterAll(async () => {
    await program.remove();
    await rm(dataDir, { recursive: true });
  });

  it('has every acknowledged commit whole, and the next one whole or not at all', async () => {
    let next = 0;
    for (let life = 0; life < KILLS; life++) {
      const writer = program.start([dataDir, String(next)]);
      await writer.acknowledged(1 + Math.floor(Math.random() * COMMITS_MAX));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      const acknowledged = await writer.kill();

      const store = await openStateStore({ dataDir });
      const last = Number((await store.positions('s')).get('p'));
      expect([acknowledged, acknowledged + 1]).toContain(last);
      expect((await store.findIncident('i'))?.count).toBe(last);
      const idsOf = (n: number): string[] => Array.from({ length: 200 }, (_, k) => `${n}-${k}`);
      for (const n of [0, next, last - 1, last].filter((it) => it >= 0)) {
        expect((await store.knownAlerts(idsOf(n))).size).toBe(200);
      }
      expect((await store.knownAlerts(idsOf(last + 1))).size).toBe(0);
      const waiting = [last - 2, last - 1, last].filter((n) => n >= 0).map((n) => `o${n}`);
      expect((await store.outbox(10)).map(({ id }) => id)).toEqual(waiting);
      await store.close();
      next = last + 1;
    }
    expect(next).toBeGreaterThan(KILLS);
  });

  it('belongs to one process: the second is told so', async () => {
    const writer = program.start([dataDir, '100000']);
    await writer.acknowledged(1);
    await expect(openStateStore({ dataDir })).rejects.toMatchObject({
      code: 'config',
      message: `The database ${join(dataDir, 'state.db')} is in use by another mailtrace.`,
      hint: expect.stringContaining('MAILTRACE_DATA_DIR'),
    });
    // The first goes on, and its death gives the file free.
    await writer.acknowledged(10);
    await writer.kill();
    await (await openStateStore({ dataDir })).close();
  });
});
