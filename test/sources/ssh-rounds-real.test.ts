/** What a trace over many machines costs, counted by the servers themselves. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSshdLab, type Sshd, type SshdLab } from '../services/sshd.ts';
import { openFromText } from '../support/open-tracer.ts';
import { RELAYED_AT, RELAYED_FROM, relayHosts, relayLogs, toFile } from '../support/relay-chain.ts';
import { writeSshConfig } from './ssh-lab.ts';

const HOPS = 6;
const names = relayHosts(HOPS);

describe('a trace of six hops over SSH', () => {
  let lab: SshdLab;
  let servers: readonly Sshd[];
  let tracer: Awaited<ReturnType<typeof openFromText>>;
  beforeAll(async () => {
    lab = await createSshdLab();
    servers = await Promise.all(names.map(() => lab.start()));
    const places = names.map((host, n) => ({ host, server: servers[n]!, logFiles: [lab.path(`mail-${n}.log`)] }));
    const logs = relayLogs(HOPS);
    for (const [n, { logFiles }] of places.entries()) await writeFile(logFiles[0]!, toFile(logs[n]!));
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
    const report = (await tracer.trace([RELAYED_FROM], RELAYED_AT)) as {
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
