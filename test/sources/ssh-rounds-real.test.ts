/** What a trace over many machines costs, counted by the servers themselves. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSshdLab, type Sshd, type SshdLab } from '../services/sshd.ts';
import { openFromText } from '../support/open-tracer.ts';
import { writeSshConfig } from './ssh-lab.ts';

const HOPS = 6;
const names = Array.from({ length: HOPS }, (_, n) => `mx${n + 1}.campus.example`);
const idOf = (n: number): string => `4b1f${n}A09C7${n}`.toUpperCase();

/** Host n takes the message from the one before and gives it to the next. */
const linesOf = (n: number): readonly string[] => {
  const at = (ms: number): string => new Date(Date.parse('2026-11-21T07:00:00Z') + n * 1000 + ms).toISOString();
  const id = idOf(n);
  const client = n === 0 ? 'c.sender.example[198.51.100.1]' : `${names[n - 1]}[192.0.2.${n}]`;
  const next =
    n === HOPS - 1
      ? 'to=<bob@campus.example>, relay=local, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (delivered to mailbox)'
      : `to=<bob@campus.example>, relay=${names[n + 1]}[192.0.2.${n + 2}]:25, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ${idOf(n + 1)})`;
  const line = (ms: number, program: string, text: string): string =>
    `${at(ms)} ${names[n]!.split('.')[0]} postfix/${program}[7]: ${id}: ${text}`;
  return [
    line(0, 'smtpd', `client=${client}`),
    line(1, 'cleanup', 'message-id=<six@sender.example>'),
    line(2, 'qmgr', 'from=<ann@sender.example>, size=500, nrcpt=1 (queue active)'),
    line(100, n === HOPS - 1 ? 'local' : 'smtp', next),
    line(101, 'qmgr', 'removed'),
  ];
};

describe('a trace of six hops over SSH', () => {
  let lab: SshdLab;
  let servers: readonly Sshd[];
  let tracer: Awaited<ReturnType<typeof openFromText>>;
  beforeAll(async () => {
    lab = await createSshdLab();
    servers = await Promise.all(names.map(() => lab.start()));
    const places = names.map((host, n) => ({ host, server: servers[n]!, logFiles: [lab.path(`mail-${n}.log`)] }));
    for (const [n, { logFiles }] of places.entries()) await writeFile(logFiles[0]!, `${linesOf(n).join('\n')}\n`);
    const hosts = Object.fromEntries(places.map(({ host, logFiles }) => [host, { log_files: logFiles }]));
    const configFile = await writeSshConfig(lab, places);
    tracer = await openFromText(
      JSON.stringify({
        method: 'ssh',
        domain: 'campus.example',
        ssh_config: { username: lab.user, sudo: false, ssh_config_file: configFile, hosts },
      }),
    );
  });
  afterAll(async () => {
    await tracer.close();
    await lab.remove();
  });

  it('finds every hop, with one connection and at most four requests for each machine', async () => {
    const report = (await tracer.trace(['ann@sender.example'], '2026-11-21T07:00:00Z')) as {
      chains: readonly { verdict: string; transactions: readonly unknown[]; hops: readonly { gap: unknown }[] }[];
      complete: boolean;
    };
    expect(report.complete).toBe(true);
    expect(report.chains).toHaveLength(1);
    expect(report.chains[0]).toMatchObject({ verdict: 'delivered' });
    expect(report.chains[0]!.transactions).toHaveLength(HOPS);
    expect(report.chains[0]!.hops.filter(({ gap }) => gap === null)).toHaveLength(HOPS - 1);
    for (const server of servers) {
      expect(await server.countConnections()).toBe(1);
      expect(await server.countCommands()).toBe(1);
      expect(await server.countRequests()).toBeLessThanOrEqual(4);
      expect(await server.countRequests()).toBeGreaterThan(0);
    }
  });
});
