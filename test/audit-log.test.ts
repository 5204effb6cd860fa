import { mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAuditLog } from '../src/audit-log.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailtrace-audit-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const entry = (query: string) => ({
  time: '2026-11-20T09:00:00.000Z',
  user: 'U1',
  channel: 'C1',
  query,
  outcome: 'not-found',
});
const linesOf = async (path: string): Promise<unknown[]> =>
  (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));

describe('openAuditLog', () => {
  it('appends one JSON object a line, whatever the query holds', async () => {
    const path = join(folder, 'data', 'audit.jsonl');
    const hostile = 'a\n{"time":"forged"}\u2028"x"\r\u0000';
    await (await openAuditLog(path)).write(entry('one'));
    await (await openAuditLog(path)).write(entry(hostile));
    expect(await linesOf(path)).toEqual([entry('one'), entry(hostile)]);
    expect(await readFile(path, 'utf8')).not.toContain('\u2028');
  });

  it('is for its owner only', async () => {
    const path = join(folder, 'data', 'audit.jsonl');
    await openAuditLog(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
  });

  it('goes on after the file was rotated away', async () => {
    const path = join(folder, 'audit.jsonl');
    const audit = await openAuditLog(path);
    await audit.write(entry('one'));
    await rename(path, `${path}.1`);
    await audit.write(entry('two'));
    expect(await linesOf(path)).toEqual([entry('two')]);
  });

  it('keeps lines of many writers whole', async () => {
    const path = join(folder, 'audit.jsonl');
    const audit = await openAuditLog(path);
    await Promise.all(Array.from({ length: 50 }, (_, index) => audit.write(entry(`${index} ${'x'.repeat(1500)}`))));
    expect(await linesOf(path)).toHaveLength(50);
  });

  it('says at the start that the folder cannot be used, and how to choose another', async () => {
    const file = join(folder, 'file');
    await (await openAuditLog(file)).write(entry('one'));
    await expect(openAuditLog(join(file, 'audit.jsonl'))).rejects.toMatchObject({
      code: 'config',
      hint: expect.stringContaining('MAILTRACE_DATA_DIR'),
    });
  });

  it('fails for a line that cannot be written', async () => {
    const path = join(folder, 'data', 'audit.jsonl');
    const audit = await openAuditLog(path);
    await rm(join(folder, 'data'), { recursive: true });
    await expect(audit.write(entry('lost'))).rejects.toMatchObject({ code: 'config' });
  });
});
