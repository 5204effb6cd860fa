/** The real logs of test/fixtures/mailbed as records: of every host, in one form of header, all lines. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { LogRecord } from '../../src/domain/event.ts';
import { buildHostDirectory, type HostDirectory } from '../../src/domain/host-names.ts';
import { openFiles } from '../../src/sources/files.ts';
import { searchIn } from '../sources/log-folder.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/mailbed/', import.meta.url));
const LIVE = { rfc3164: 'mail.log', rfc3339: 'mail.iso.log', rfc5424: 'mail.5424.log', json: 'mail.json' } as const;

type Host = Readonly<{ host: string; log_hostname: string; tz: string }>;

/** In order of time. */
export const readMailbed = async (
  form: keyof typeof LIVE,
): Promise<Readonly<{ records: readonly LogRecord[]; directory: HostDirectory }>> => {
  const { hosts } = JSON.parse(readFileSync(`${FOLDER}truth.json`, 'utf8')) as { hosts: readonly Host[] };
  const fleet = hosts.filter(({ log_hostname: name }) => existsSync(`${FOLDER}hosts/${name}`));
  const directory = buildHostDirectory({ hosts: fleet.map(({ host }) => host), clusters: {}, domain: '' });
  const source = openFiles({
    hosts: fleet.map(({ host, log_hostname: name, tz }) => ({
      host: directory.canonical(host),
      logFiles: [`${FOLDER}hosts/${name}/${form}/${LIVE[form]}`],
      timeZone: tz,
    })),
    timeZone: 'UTC',
    canonical: directory.canonical,
  });
  const { records } = await searchIn(source, { from: '2026-11-21T05:00:00Z', to: '2026-11-21T10:00:00Z' });
  return { records: records.toSorted((a, b) => a.timeMs - b.timeMs || a.sequence - b.sequence), directory };
};
