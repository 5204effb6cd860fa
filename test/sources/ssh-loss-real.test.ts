/** Connections that are lost, slow, or too many: over real servers and a proxy in between. */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogSource } from '../../src/app/ports.ts';
import { createSshdLab, type Sshd, type SshdLab } from '../services/sshd.ts';
import { startTcpProxy, type TcpProxy } from '../services/tcp-proxy.ts';
import { askFor, searchIn, textsOf } from './log-folder.ts';
import { type LabOptions, openLab } from './ssh-lab.ts';

const DAY = { from: '2026-11-21T00:00:00Z', to: '2026-11-22T00:00:00Z' };
const ANY_KEY = 'StrictHostKeyChecking no';

describe('SSH', () => {
  let lab: SshdLab;
  let server: Sshd;
  let log: string;
  let big: string;
  beforeAll(async () => {
    lab = await createSshdLab();
    server = await lab.start();
    log = lab.path('mail.log');
    await writeFile(log, '2026-11-21T07:00:00+00:00 mx1 postfix/qmgr[1]: 4jWkFk: removed\n');
    big = lab.path('big.log');
    const line = `2026-11-21T07:00:00+00:00 mx1 postfix/qmgr[1]: 4jWkFk: ${'x'.repeat(200)}\n`;
    await writeFile(big, line.repeat(5000));
  });
  afterAll(() => lab.remove());

  const openThrough = (proxy: TcpProxy, file: string, options: LabOptions = {}): Promise<LogSource> =>
    openLab(lab, [{ host: 'mx1', server, logFiles: [file], settings: [`Port ${proxy.port}`, ANY_KEY] }], options);

  it('begins anew when the connection was lost between two searches', async () => {
    const proxy = await startTcpProxy(server.port);
    const source = await openThrough(proxy, log);
    expect(textsOf(await searchIn(source, DAY))).toHaveLength(1);
    proxy.cut();
    expect(textsOf(await searchIn(source, DAY))).toHaveLength(1);
    expect(proxy.connections()).toBe(2);
    await source.close();
    await proxy.stop();
  });

  it('begins once anew when the connection is lost in the middle of an answer', async () => {
    const proxy = await startTcpProxy(server.port);
    const source = await openThrough(proxy, big);
    await searchIn(source, { ...DAY, find: ['nowhere'] });
    proxy.cutAfter(300_000);
    const asked = searchIn(source, DAY);
    while (proxy.connections() < 2) {
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    }
    proxy.cutAfter(null);
    const outcome = await asked;
    expect(outcome.hosts[0]).toMatchObject({ status: 'ok', error: null, linesRead: 5000 });
    await source.close();
    await proxy.stop();
  });

  it('says so when it is lost again, and returns no part of an answer as the whole', async () => {
    const proxy = await startTcpProxy(server.port);
    const source = await openThrough(proxy, big);
    await searchIn(source, { ...DAY, find: ['nowhere'] });
    proxy.cutAfter(100_000);
    const asked = searchIn(source, DAY);
    while (proxy.connections() < 2) {
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    }
    proxy.cutAfter(100_000);
    const outcome = await asked;
    expect(outcome.hosts[0]).toMatchObject({ status: 'unreachable', linesRead: 0 });
    expect(outcome.hosts[0]!.error).toMatch(/lost in the middle of the answer, twice; check the network/);
    expect(outcome.records).toEqual([]);
    await source.close();
    await proxy.stop();
  });

  it('answers for other machines while one is down', async () => {
    const gone = await lab.start();
    await gone.stop();
    const source = await openLab(lab, [
      { host: 'mx1', server, logFiles: [log] },
      { host: 'mx2', server: gone, logFiles: [log] },
    ]);
    const outcome = await searchIn(source, DAY);
    expect(outcome.hosts.map(({ status }) => status)).toEqual(['ok', 'unreachable']);
    expect(outcome.records).toHaveLength(1);
    await source.close();
  });

  it('stops at once when it is told to', async () => {
    const proxy = await startTcpProxy(server.port);
    const source = await openThrough(proxy, log);
    await searchIn(source, DAY);
    proxy.freeze(true);
    const controller = new AbortController();
    const reason = new Error('enough');
    const asked = source.search(askFor(source, DAY), controller.signal);
    controller.abort(reason);
    await expect(asked).rejects.toBe(reason);
    proxy.freeze(false);
    await source.close();
    await proxy.stop();
  });

  it('needs one round trip for a search on an open connection', async () => {
    const proxy = await startTcpProxy(server.port, { delayMs: 400 });
    const source = await openThrough(proxy, log);
    await searchIn(source, DAY);
    const begin = performance.now();
    await searchIn(source, DAY);
    // A command of its own would need two: one to open the channel.
    expect(performance.now() - begin).toBeLessThan(2 * 800);
    await source.close();
    await proxy.stop();
  });

  it('shares what a server with few sessions gives', async () => {
    const small = await lab.start({ config: ['MaxSessions 1'] });
    const source = await openLab(lab, [{ host: 'mx1', server: small, logFiles: [log] }]);
    const asked: Promise<unknown>[] = [];
    for (let count = 0; count < 6; count++) {
      asked.push(searchIn(source, DAY));
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
    for (const outcome of await Promise.all(asked)) expect(outcome).toMatchObject({ hosts: [{ status: 'ok' }] });
    expect(await small.countConnections()).toBe(1);
    await source.close();
  });

  it('does not overrun a server that drops connections which are not logged in', async () => {
    const strict = await lab.start({ config: ['MaxStartups 3:80:10'] });
    const sources = await Promise.all(
      Array.from({ length: 10 }, (_, index) => openLab(lab, [{ host: `mx${index}`, server: strict, logFiles: [log] }])),
    );
    const outcomes = await Promise.all(sources.map((source) => searchIn(source, DAY)));
    const lost = outcomes.filter(({ hosts }) => hosts[0]!.status !== 'ok');
    // Each source is a program of its own here; one in ten may be unlucky four times in a row.
    expect(lost.length).toBeLessThanOrEqual(1);
    await Promise.all(sources.map((source) => source.close()));
  });

  it('names what a forced command does instead of a shell', async () => {
    const forced = await lab.start({ config: ['ForceCommand echo only this'] });
    const source = await openLab(lab, [{ host: 'mx1', server: forced, logFiles: [log] }]);
    const [reading] = (await searchIn(source, DAY)).hosts;
    expect(reading).toMatchObject({ status: 'unreachable' });
    expect(reading!.error).toMatch(/no shell answers.*"sh -s"/);
    await source.close();
  });

  it('is not confused by what the login prints', async () => {
    const noisy = await lab.start({ config: ['ForceCommand echo Welcome; echo; exec $SSH_ORIGINAL_COMMAND'] });
    const source = await openLab(lab, [{ host: 'mx1', server: noisy, logFiles: [log] }]);
    expect((await searchIn(source, DAY)).hosts[0]).toMatchObject({ status: 'ok', linesRead: 1 });
    await source.close();
  });

  it('shows no text of a search to other users of the machine', async () => {
    const seen = lab.path('processes');
    const watched = await lab.start({ env: { SEEN: seen } });
    const source = await openLab(lab, [{ host: 'mx1', server: watched, logFiles: [big] }]);
    await searchIn(source, { ...DAY, find: ['removed'] });
    const commands = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    // What lives on between searches is the constant command.
    expect(commands).not.toContain('mt_begin');
    expect(await readFile(lab.path(`seen-${watched.port}`), 'utf8')).toContain('mt_begin');
    await source.close();
  });
});
