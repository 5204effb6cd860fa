/** Files of other machines as they are found. The same files followed here and there give the same lines. */
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FollowOptions } from '../../src/app/ports.ts';
import { hostName } from '../../src/domain/ids.ts';
import { openFiles } from '../../src/sources/files.ts';
import { createSshdLab, type Shell, type Sshd, type SshdLab } from '../services/sshd.ts';
import { createConsumer, START_MS, textsOf } from './follow-contract.ts';
import { openLab } from './ssh-lab.ts';

const SHELLS: readonly Shell[] = ['dash', 'bash', 'mksh', 'busybox'];

let lab: SshdLab;
const servers = new Map<Shell, Sshd>();
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  lab = await createSshdLab();
  for (const shell of SHELLS) servers.set(shell, await lab.start({ shell }));
});
afterAll(async () => {
  for (const close of closing) await close();
  await lab.remove();
});

let folders = 0;
const makeFolder = async (): Promise<string> => {
  const folder = lab.path(`followed ${folders++}`);
  await mkdir(folder);
  return folder;
};

const line = (n: number): string =>
  `${new Date(START_MS + n * 1000).toISOString()} mx1 postfix/qmgr[7]: ${n.toString(16).toUpperCase()}F: removed`;
const body = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => `${line(from + index)}\n`).join('');
const texts = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => `${(from + index).toString(16).toUpperCase()}F: removed`);

const there = async (shell: Shell, logFiles: readonly string[], follow: Partial<FollowOptions> = {}) => {
  const source = await openLab(lab, [{ host: 'mx1', server: servers.get(shell)!, logFiles }]);
  closing.push(() => source.close());
  return createConsumer(source, follow);
};

const here = (logFiles: readonly string[]) =>
  createConsumer(
    openFiles({ hosts: [{ host: hostName('mx1'), logFiles, timeZone: null }], timeZone: 'UTC', canonical: hostName }),
  );

describe.each(SHELLS)('files followed over SSH with %s', (shell) => {
  it('begins in the middle of a large file, and in the pieces before it', async () => {
    const folder = await makeFolder();
    const log = `${folder}/mail.log`;
    await writeFile(`${log}.2.gz`, gzipSync(body(-50_000, -40_000)));
    await writeFile(`${log}.1`, body(-40_000, -5000));
    await writeFile(log, body(-5000, 10_000));
    const consumer = await there(shell, [log]);
    expect(textsOf(await consumer.drain())).toEqual(texts(0, 10_000));
    const early = await there(shell, [log], { startAtMs: START_MS - 49_000_000 });
    expect(textsOf(await early.drain())).toEqual(texts(-49_000, 10_000));
  });

  it('brings every byte as it is', async () => {
    const folder = await makeFolder();
    const log = `${folder}/it's $(touch x) "odd" \\ %s äö.log`;
    const stamp = new Date(START_MS).toISOString();
    const odd = Buffer.concat([
      Buffer.from(`${stamp} mx1 a[1]: \ttab \x01E x \r\n\n\n${stamp} mx1 b[1]: `),
      Buffer.from([0xff, 0x80, 0x00, 0x41, 0x0a]),
      Buffer.alloc(5000),
      Buffer.from(`${stamp} mx1 c[1]: ${'long '.repeat(60_000)}\n\x01Z MT_0\n${stamp} mx1 d[1]: grüße\n`),
      Buffer.from(`${stamp} mx1 e[1]: ${'x'.repeat(600_000)}\n${stamp} mx1 f[1]: end\n${stamp} mx1 g[1]: ha`),
    ]);
    await writeFile(log, odd);
    const [far, near] = [await there(shell, [`${folder}/*.log`]), here([`${folder}/*.log`])];
    const show = (records: Awaited<ReturnType<typeof near.drain>>) =>
      records.map(({ host, timeMs, program, text, raw }) => [
        host,
        timeMs,
        program,
        text.length,
        raw.slice(0, 300),
        raw.length,
      ]);
    expect(show(await far.drain())).toEqual(show(await near.drain()));
    await appendFile(log, `lf\n${stamp} mx1 h[1]: last\n`);
    const [later, same] = [await far.drain(), await near.drain()];
    expect(textsOf(later)).toEqual(['half', 'last']);
    expect(show(later)).toEqual(show(same));
    await near.abandon();
  });

  it('asks once a poll, over one connection', async () => {
    const folder = await makeFolder();
    const log = `${folder}/mail.log`;
    await writeFile(log, body(0, 10));
    const consumer = await there(shell, [log, `${folder}/more*.log`, log]);
    await consumer.drain();
    const server = servers.get(shell)!;
    const [requests, connections] = [await server.countRequests(), await server.countConnections()];
    for (let poll = 0; poll < 4; poll++) await consumer.drain();
    await appendFile(log, body(10, 20));
    expect(textsOf(await consumer.drain())).toEqual(texts(10, 20));
    expect((await server.countRequests()) - requests).toBe(5);
    expect((await server.countConnections()) - connections).toBe(0);
  });

  it('finds a piece that was packed while nobody looked, and says where one is damaged', async () => {
    const folder = await makeFolder();
    const log = `${folder}/mail.log`;
    await writeFile(log, body(0, 3000));
    const consumer = await there(shell, [log], { maxRecords: 100 });
    consumer.commit(await consumer.poll());
    await consumer.abandon();
    await rename(log, `${log}-20261121`);
    const packed = gzipSync(body(0, 3010));
    await writeFile(`${log}-20261121.gz`, packed);
    await rm(`${log}-20261121`);
    await writeFile(log, body(3010, 3020));
    expect(textsOf(await consumer.drain())).toEqual(texts(100, 3020));
    await consumer.abandon();

    await appendFile(log, body(3020, 6000));
    const second = await there(shell, [log], { maxRecords: 100, positions: consumer.positions() });
    second.commit(await second.poll());
    await second.abandon();
    const damaged = gzipSync(body(3010, 6000));
    await writeFile(`${log}-20261122.gz`, damaged.subarray(0, damaged.length - 3000));
    await rm(log);
    await writeFile(log, body(6000, 6010));
    const third = await there(shell, [log], { positions: second.positions() });
    const polled = await third.poll();
    expect(polled.losses.map((loss) => loss.includes('damaged'))).toEqual([true]);
    const found = textsOf(polled.records);
    expect(found.slice(0, 500)).toEqual(texts(3120, 3620));
    expect(found.slice(-10)).toEqual(texts(6000, 6010));
  });

  it('names what is missing or no file', async () => {
    const folder = await makeFolder();
    await mkdir(`${folder}/dir`);
    const consumer = await there(shell, [`${folder}/none.log`, `${folder}/dir`, `${folder}/*.none`]);
    const { faults, isCaughtUp } = await consumer.poll();
    expect(isCaughtUp).toBe(true);
    expect(
      new Set(faults.map(({ host, status, error }) => `${host} ${status} ${error.replace(folder, '').split(';')[0]}`)),
    ).toEqual(
      new Set([
        'mx1 unreadable /*.none: no file matches',
        'mx1 unreadable /dir: is a directory',
        'mx1 unreadable /none.log: no such file',
      ]),
    );
  });
});
