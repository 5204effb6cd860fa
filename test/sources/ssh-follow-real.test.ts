/** Following logs of other machines: the promises of a LogFollower over every shell. */
import { appendFile, mkdir, rename, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { createSshdLab, type Shell, type SshdLab } from '../services/sshd.ts';
import { startTcpProxy } from '../services/tcp-proxy.ts';
import { type GrowingLogs, testLogFollower } from './follow-contract.ts';
import { type OpenLog, runStory, step } from './follow-story.ts';
import { toLine } from './source-contract.ts';
import { openLab } from './ssh-lab.ts';

const SHELLS: readonly Shell[] = ['dash', 'bash', 'mksh', 'busybox'];

let lab: SshdLab;
const servers = new Map<Shell, Awaited<ReturnType<SshdLab['start']>>>();
beforeAll(async () => {
  lab = await createSshdLab();
  for (const shell of SHELLS) servers.set(shell, await lab.start({ shell }));
});
afterAll(() => lab.remove());

let folders = 0;

/** Both hosts are machines of their own: one server, two ways to it. */
const onMachines = (shell: Shell) => async (): Promise<GrowingLogs> => {
  const server = servers.get(shell)!;
  const folder = lab.path(`logs ${folders++}`);
  await mkdir(folder);
  const live = (host: string): string => `${folder}/${host}.log`;
  const proxies = new Map([
    ['mx1', await startTcpProxy(server.port)],
    ['mx2', await startTcpProxy(server.port)],
  ]);
  const rotated = new Map<string, number>();
  return {
    append: (host, lines) => appendFile(live(host), lines.map((line) => `${toLine(host, line)}\n`).join('')),
    rotate: async (host) => {
      const count = rotated.get(host) ?? 0;
      for (let piece = count; piece > 0; piece--) await rename(`${live(host)}.${piece}`, `${live(host)}.${piece + 1}`);
      await rename(live(host), `${live(host)}.1`);
      await writeFile(live(host), '');
      rotated.set(host, count + 1);
    },
    cut: async (host) => proxies.get(host)!.cutAfter(0),
    mend: async (host) => proxies.get(host)!.cutAfter(null),
    open: (hosts) =>
      openLab(
        lab,
        hosts.map((host) => ({
          host,
          server: { ...server, port: proxies.get(host)!.port },
          logFiles: [live(host)],
        })),
        { refusalMs: 500 },
      ),
    remove: async () => {
      for (const proxy of proxies.values()) await proxy.stop();
    },
  };
};

for (const shell of SHELLS) testLogFollower(`A machine with ${shell}`, onMachines(shell));

describe('a log that is followed over SSH', () => {
  it('loses no line and doubles none, whatever happens to it', async () => {
    const open: OpenLog = (path) => openLab(lab, [{ host: 'mx1', server: servers.get('dash')!, logFiles: [path] }]);
    const story = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => runStory(steps, open));
    await fc.assert(story, { numRuns: Number(process.env['FOLLOW_RUNS'] ?? 15) });
  }, 600_000);
});
