import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostName } from '../../src/domain/ids.ts';
import { openFiles } from '../../src/sources/files.ts';
import { type SourceMaker, testLogSource, toLine } from './source-contract.ts';

const perHost = (): SourceMaker => {
  let folder = '';
  return {
    open: async (logs) => {
      folder = await mkdtemp(join(tmpdir(), 'files-'));
      for (const { host, lines } of logs) {
        if (lines !== null)
          await writeFile(join(folder, `${host}.log`), lines.map((each) => `${toLine(host, each)}\n`).join(''));
      }
      return openFiles({
        hosts: logs.map(({ host }) => ({
          host: hostName(host),
          logFiles: [join(folder, `${host}.log`)],
          timeZone: null,
        })),
        timeZone: 'UTC',
        canonical: hostName,
      });
    },
    remove: () => rm(folder, { recursive: true }),
  };
};

testLogSource('A file per host', perHost());
