/** Servers that stop answering without a word: `timeout` ends the wait, and the other machines have answered. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LogSource } from '../../src/app/ports.ts';
import { createSshdLab, type Sshd, type SshdLab } from '../services/sshd.ts';
import { startTcpProxy, type TcpProxy } from '../services/tcp-proxy.ts';
import { searchIn } from './log-folder.ts';
import { openLab } from './ssh-lab.ts';

const DAY = { from: '2026-11-21T00:00:00Z', to: '2026-11-22T00:00:00Z' };
const TIMEOUT_MS = 1000;
/** Nothing is heard for one timeout; then the machine is tried once more. */
const MOST_MS = 2 * TIMEOUT_MS + 1500;

const FULL_SERVER = `
const server = require('node:net').createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));`;

const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

describe('SSH', () => {
  let lab: SshdLab;
  let well: Sshd;
  beforeAll(async () => {
    lab = await createSshdLab();
    well = await lab.start();
    for (const host of ['mx1', 'mx2', 'jump']) {
      const line = `2026-11-21T07:00:00+00:00 ${host} postfix/qmgr[1]: 4jWkFk: ${'x'.repeat(200)}\n`;
      await writeFile(logOf(host), line.repeat(5000));
    }
  });
  const logOf = (host: string): string => lab.path(`${host}.log`);
  afterAll(() => lab.remove());

  /** mx1 is the one that will fall silent. */
  const openPair = (server: Sshd, settings: readonly string[] = []): Promise<LogSource> =>
    openLab(
      lab,
      [
        { host: 'mx1', server, logFiles: [logOf('mx1')], settings },
        { host: 'mx2', server: well, logFiles: [logOf('mx2')] },
      ],
      { timeoutMs: TIMEOUT_MS },
    );
  const timed = async (source: LogSource) => {
    const begin = performance.now();
    const outcome = await searchIn(source, DAY);
    return { ...outcome, ms: performance.now() - begin };
  };

  it('waits no longer than the timeout for a network that lets nothing through any more', async () => {
    const server = await lab.start();
    const proxy = await startTcpProxy(server.port);
    const source = await openPair(server, [`Port ${proxy.port}`, 'StrictHostKeyChecking no']);
    await searchIn(source, { ...DAY, find: ['nowhere'] });
    proxy.freeze(true);
    const { hosts, records, ms } = await timed(source);
    expect(hosts.map(({ host, status, linesRead }) => [host, status, linesRead])).toEqual([
      ['mx1', 'unreachable', 0],
      ['mx2', 'ok', 5000],
    ]);
    expect(hosts[0]!.error).toMatch(/no login within 1 s; check the network and firewalls, or raise timeout/);
    expect(records).toHaveLength(5000);
    expect(ms).toBeLessThan(MOST_MS);
    proxy.freeze(false);
    await source.close();
    await proxy.stop();
  });

  it('asks again when only the process that served us is frozen', async () => {
    const server = await lab.start();
    const source = await openPair(server);
    await searchIn(source, { ...DAY, find: ['nowhere'] });
    const stopped = childrenOf(server.pid);
    expect(stopped.length).toBeGreaterThan(0);
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    const { hosts, ms } = await timed(source);
    for (const pid of stopped) process.kill(pid, 'SIGCONT');
    expect(hosts.map(({ status, linesRead }) => [status, linesRead])).toEqual([
      ['ok', 5000],
      ['ok', 5000],
    ]);
    expect(ms).toBeLessThan(MOST_MS);
    await source.close();
  });

  it('names a server that is frozen altogether', async () => {
    const server = await lab.start();
    const source = await openPair(server);
    await searchIn(source, { ...DAY, find: ['nowhere'] });
    const stopped = [server.pid, ...childrenOf(server.pid)];
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    const { hosts, ms } = await timed(source);
    for (const pid of stopped) process.kill(pid, 'SIGCONT');
    expect(hosts.map(({ status }) => status)).toEqual(['unreachable', 'ok']);
    expect(hosts[0]!.error).toMatch(/within 1 s/);
    expect(ms).toBeLessThan(MOST_MS);
    await source.close();
  });

  it('waits for a jump host that does not get through no longer than the timeout', async () => {
    const server = await lab.start();
    const jump = await lab.start();
    const source = await openLab(
      lab,
      [
        { host: 'mx1', server, logFiles: [logOf('mx1')], settings: ['ProxyJump jump'] },
        { host: 'jump', server: jump, logFiles: [logOf('jump')] },
      ],
      { timeoutMs: TIMEOUT_MS },
    );
    await searchIn(source, { ...DAY, find: ['nowhere'] });
    const stopped = childrenOf(jump.pid);
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    const { hosts, ms } = await timed(source);
    for (const pid of stopped) process.kill(pid, 'SIGCONT');
    // Both had to begin anew, one through the other.
    expect(hosts.map(({ status, linesRead }) => [status, linesRead])).toEqual([
      ['ok', 5000],
      ['ok', 5000],
    ]);
    expect(ms).toBeLessThan(MOST_MS);
    await source.close();
  });

  it('waits no longer wherever it is in the login, the shell or the answer', async () => {
    const server = await lab.start();
    const openAt = async (proxy: TcpProxy): Promise<LogSource> =>
      openLab(
        lab,
        [
          {
            host: 'mx1',
            server,
            logFiles: [logOf('mx1')],
            settings: [`Port ${proxy.port}`, 'StrictHostKeyChecking no'],
          },
        ],
        { timeoutMs: TIMEOUT_MS },
      );
    const whole = await startTcpProxy(server.port);
    const first = await openAt(whole);
    await searchIn(first, { ...DAY, find: ['nowhere'] });
    await first.close();
    const bytes = whole.passed();
    await whole.stop();
    expect(bytes).toBeGreaterThan(2000);
    const stages = Array.from({ length: 12 }, (_, index) => Math.floor((bytes * index) / 12));
    const ends = await Promise.all(
      stages.map(async (stage) => {
        const proxy = await startTcpProxy(server.port);
        proxy.freezeAfter(stage);
        const source = await openAt(proxy);
        const { hosts, ms } = await timed(source);
        await source.close();
        await proxy.stop();
        return { stage, status: hosts[0]!.status, error: hosts[0]!.error, isInTime: ms < MOST_MS };
      }),
    );
    for (const { error, ...end } of ends) {
      expect(end).toEqual({ stage: end.stage, status: 'unreachable', isInTime: true });
      expect(error).toMatch(/within 1 s; check the network and firewalls, or raise timeout/);
    }
  });

  it('waits no longer for an address where nobody answers, also behind a jump host', async () => {
    // Its queue is full and nobody takes from it: the kernel leaves further callers without an answer.
    const full = spawn(process.execPath, ['-e', FULL_SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [chunk] = (await once(full.stdout, 'data')) as [Buffer];
    const port = Number(chunk.toString());
    full.kill('SIGSTOP');
    const callers = Array.from({ length: 8 }, () => connect(port, '127.0.0.1'));
    for (const caller of callers) caller.on('error', () => {});
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    const jump = await lab.start();
    const anybody = ['StrictHostKeyChecking no', `Port ${port}`];
    const source = await openLab(
      lab,
      [
        { host: 'mx1', server: jump, logFiles: [logOf('mx1')], settings: anybody },
        { host: 'mx2', server: jump, logFiles: [logOf('mx2')], settings: [...anybody, 'ProxyJump jump'] },
        { host: 'jump', server: jump, logFiles: [logOf('jump')] },
      ],
      { timeoutMs: TIMEOUT_MS },
    );
    const { hosts, ms } = await timed(source);
    expect(hosts.map(({ status }) => status)).toEqual(['unreachable', 'unreachable', 'ok']);
    for (const { error } of hosts.slice(0, 2)) expect(error).toMatch(/no connection within 1 s/);
    expect(hosts[1]!.error).toContain(`through root@127.0.0.1:${jump.port}`);
    expect(ms).toBeLessThan(MOST_MS);
    await source.close();
    for (const caller of callers) caller.destroy();
    full.kill('SIGKILL');
  });

  it('begins anew when the jump host dies in the middle, and says so when it stays away', async () => {
    const server = await lab.start();
    const jump = await lab.start();
    // A second for the answer.
    const slow = await startTcpProxy(server.port, { bytesPerS: 1_300_000 });
    const settings = [`Port ${slow.port}`, 'StrictHostKeyChecking no', `ProxyJump 127.0.0.1:${jump.port}`];
    const source = await openLab(lab, [{ host: 'mx1', server, logFiles: [logOf('mx1')], settings }], {
      timeoutMs: TIMEOUT_MS,
      common: [`UserKnownHostsFile ${await lab.writeKnownHosts([jump])}`],
    });
    await searchIn(source, { ...DAY, find: ['nowhere'] });
    const before = slow.passed();
    const dying = timed(source);
    await vi.waitFor(() => expect(slow.passed()).toBeGreaterThan(before + 300_000), { interval: 5 });
    for (const pid of childrenOf(jump.pid)) process.kill(pid, 'SIGKILL');
    expect((await dying).hosts[0]).toMatchObject({ status: 'ok', linesRead: 5000 });
    expect(await jump.countConnections()).toBe(2);
    const children = childrenOf(jump.pid);
    await jump.stop();
    for (const pid of children) process.kill(pid, 'SIGKILL');
    const { hosts, records } = await timed(source);
    expect(hosts[0]).toMatchObject({ status: 'unreachable', linesRead: 0 });
    expect(hosts[0]!.error).toMatch(
      new RegExp(`root@127.0.0.1:${jump.port}: connection refused; check that sshd runs`),
    );
    expect(records).toEqual([]);
    await source.close();
    await slow.stop();
  });

  it('does not take an answer that trickles in for silence', async () => {
    const server = await lab.start();
    const proxy = await startTcpProxy(server.port, { bytesPerS: 400_000 });
    const source = await openLab(
      lab,
      [
        {
          host: 'mx1',
          server,
          logFiles: [logOf('mx1')],
          settings: [`Port ${proxy.port}`, 'StrictHostKeyChecking no'],
        },
      ],
      { timeoutMs: 1000 },
    );
    const { hosts, ms } = await timed(source);
    expect(hosts[0]).toMatchObject({ status: 'ok', linesRead: 5000 });
    expect(ms).toBeGreaterThan(2500);
    expect(proxy.connections()).toBe(1);
    await source.close();
    await proxy.stop();
  });
});
