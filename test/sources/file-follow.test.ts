import { appendFile, rename, writeFile } from 'node:fs/promises';
import { type GrowingLogs, testLogFollower } from './follow-contract.ts';
import { createLogFolder } from './log-folder.ts';
import { toLine } from './source-contract.ts';

const inFiles = async (): Promise<GrowingLogs> => {
  const folder = await createLogFolder();
  const rotated = new Map<string, number>();
  const live = (host: string): string => folder.path(`${host}.log`);
  return {
    append: (host, lines) => appendFile(live(host), lines.map((line) => `${toLine(host, line)}\n`).join('')),
    rotate: async (host) => {
      const count = rotated.get(host) ?? 0;
      for (let piece = count; piece > 0; piece--) await rename(`${live(host)}.${piece}`, `${live(host)}.${piece + 1}`);
      await rename(live(host), `${live(host)}.1`);
      await writeFile(live(host), '');
      rotated.set(host, count + 1);
    },
    cut: (host) => rename(live(host), `${live(host)}-away`),
    mend: (host) => rename(`${live(host)}-away`, live(host)),
    open: async (hosts) => folder.open(Object.fromEntries(hosts.map((host) => [host, `${host}.log`]))),
    remove: folder.remove,
  };
};

testLogFollower('A file for each host', inFiles);
