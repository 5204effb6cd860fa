/** The promises of a LogSource, kept over real SSH servers with each shell. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createSshdLab, type Shell, type SshdLab, type SshdOptions } from '../services/sshd.ts';
import { type ContractLog, type SourceMaker, testLogSource, toLine } from './source-contract.ts';
import { openLab } from './ssh-lab.ts';

type Layout = (logs: readonly ContractLog[], folder: string) => Promise<Readonly<Record<string, readonly string[]>>>;

const inOwnFiles: Layout = async (logs, folder) => {
  for (const { host, lines } of logs) {
    if (lines !== null) {
      await writeFile(join(folder, `${host}.log`), lines.map((line) => `${toLine(host, line)}\n`).join(''));
    }
  }
  return Object.fromEntries(logs.map(({ host }) => [host, [join(folder, `${host}.log`)]]));
};

const inPieces: Layout = async (logs, folder) => {
  for (const { host, lines } of logs) {
    if (lines === null) continue;
    const written = lines.map((line) => `${toLine(host, line)}\n`);
    const middle = Math.floor(written.length / 2);
    await mkdir(join(folder, host));
    await writeFile(join(folder, host, 'mail.log.1.gz'), gzipSync(written.slice(0, middle).join('')));
    await writeFile(join(folder, host, 'mail.log'), written.slice(middle).join(''));
  }
  return Object.fromEntries(logs.map(({ host }) => [host, [join(folder, host, 'mail.l*')]]));
};

const inOneFile: Layout = async (logs, folder) => {
  const all = logs.flatMap(({ host, lines }) => (lines ?? []).map((line) => ({ host, line })));
  all.sort((a, b) => Date.parse(a.line.time) - Date.parse(b.line.time));
  await writeFile(join(folder, 'all.log'), all.map(({ host, line }) => `${toLine(host, line)}\n`).join(''));
  return Object.fromEntries(
    logs.map(({ host, lines }) => [host, [join(folder, lines === null ? 'missing.log' : 'all.log')]]),
  );
};

const makerOf = (layout: Layout, options: SshdOptions): SourceMaker => {
  let lab: SshdLab;
  return {
    open: async (logs) => {
      lab = await createSshdLab();
      const server = await lab.start(options);
      await mkdir(lab.path('logs'));
      const files = await layout(logs, lab.path('logs'));
      return openLab(
        lab,
        Object.entries(files).map(([host, logFiles]) => ({ host, server, logFiles })),
      );
    },
    remove: () => lab.remove(),
  };
};

const SHELLS: readonly Shell[] = ['dash', 'bash', 'mksh', 'busybox'];
for (const shell of SHELLS) testLogSource(`SSH with ${shell}`, makerOf(inOwnFiles, { shell }));
testLogSource('SSH, rotated and packed', makerOf(inPieces, {}));
testLogSource('SSH, one file for all hosts', makerOf(inOneFile, {}));
