/** Opens live mail over the sample fleet: its script from the sample logs, its lines into the files of the fleet. */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { createLiveMail, type LiveMail, type LiveMailDeps } from './live-mail.js';
import { readScript } from './live-script.js';
import type { SampleFleet } from './sample-fleet.js';

/** The hosts that the script passes. The clock of the list host is 42 s slow. */
const CAST: readonly Readonly<{ name: string; skewMs: number }>[] = [
  { name: 'smtp1', skewMs: 0 },
  { name: 'gw', skewMs: 0 },
  { name: 'out1', skewMs: 0 },
  { name: 'lists1', skewMs: -42_000 },
  { name: 'mailbox1', skewMs: 0 },
];

/** `random`: from 0 to 1, as Math.random. */
export type LiveMailOptions = Pick<SampleFleet, 'hosts' | 'domain'> & Pick<LiveMailDeps, 'now' | 'random'>;

export const openLiveMail = async ({ hosts, domain, now, random }: LiveMailOptions): Promise<LiveMail> => {
  const logs = await Promise.all(
    CAST.map(async ({ name, skewMs }) => {
      const packed = await readFile(new URL(`./sample-data/${name}.log.gz`, import.meta.url));
      return { host: `${name}.${domain}`, lines: gunzipSync(packed).toString('utf8').split('\n'), skewMs };
    }),
  );
  return createLiveMail({
    script: readScript(logs),
    fileOf: (name) => hosts.find((host) => host.name === name)?.files[0],
    now,
    random,
  });
};
