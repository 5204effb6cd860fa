/** The mailbed corpus as different sites keep it: configurations over the same logs, for any copy of the corpus. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

type Host = Readonly<{ host: string; log_hostname: string; tz: string }>;
/** What `readTruth` gives, as far as it is needed here. */
export type Fleet = Readonly<{
  directory: string;
  domain: string;
  clusters: Readonly<Record<string, readonly string[]>>;
  hosts: ReadonlyMap<string, Host>;
}>;

const LIVE = { rfc3164: 'mail.log', rfc3339: 'mail.iso.log', rfc5424: 'mail.5424.log', json: 'mail.json' } as const;
type Format = keyof typeof LIVE;

export const LAYOUTS = [
  'own rfc3164',
  'own rfc3339',
  'own rfc5424',
  'own json',
  'loghost rfc3164',
  'loghost rfc3339',
  'loghost rfc5424',
  'loghost json',
  'merged rfc3339',
  'merged rfc3164',
  'daemons',
] as const;
export type Layout = (typeof LAYOUTS)[number];

const read = (path: string): string => {
  const bytes = readFileSync(path);
  // Latin-1 keeps every byte.
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
};

/** RFC 3164 of all hosts in one file, as a loghost writes it: in order of arrival, each line in local time of its host. */
const writeMerged = (directory: string, hosts: readonly Host[]): string => {
  const path = join(directory, 'loghost', '_all', 'merged.log');
  if (existsSync(path)) return path;
  const lines = hosts.flatMap(({ log_hostname: name }) => {
    const folder = join(directory, 'loghost', name);
    const linesIn = (live: string): string[] =>
      readdirSync(folder)
        .filter((piece) => piece.startsWith(live))
        .sort((a, b) => b.localeCompare(a))
        .flatMap((piece) => read(join(folder, piece)).split('\n').filter(Boolean));
    // Both files were written by one rsyslog, line by line: the second tells when each line came.
    const stamps = linesIn('mail.json').map((line) => Date.parse(/"event\.ingested":"([^"]+)"/.exec(line)?.[1] ?? ''));
    return linesIn('mail.log').map((line, index) => ({ line, at: stamps[index] ?? 0 }));
  });
  lines.sort((a, b) => a.at - b.at);
  mkdirSync(join(directory, 'loghost', '_all'), { recursive: true });
  writeFileSync(path, Buffer.from(lines.map(({ line }) => `${line}\n`).join(''), 'latin1'));
  return path;
};

/** Files of the daemons' own where there are some: Exim's and Postfix's (postlogd). */
const daemonFiles = (directory: string, name: string): readonly string[] => {
  const folder = join(directory, 'hosts', name);
  const own = ['exim-files/mainlog', 'exim-files/rejectlog', 'postlogd/postfix.log'].map((path) => join(folder, path));
  const there = own.filter((path) => existsSync(path) || existsSync(`${path}.1`) || existsSync(`${path}.2.gz`));
  return there.length > 0 ? there : [join(folder, 'rfc3164', LIVE.rfc3164)];
};

const filesOf = (layout: Layout, directory: string, name: string, hosts: readonly Host[]): readonly string[] => {
  const [place, format = 'rfc3164'] = layout.split(' ') as [string, Format?];
  switch (place) {
    case 'own':
      return [join(directory, 'hosts', name, format, LIVE[format])];
    case 'loghost':
      return [join(directory, 'loghost', name, LIVE[format])];
    case 'merged':
      return [
        format === 'rfc3164' ? writeMerged(directory, hosts) : join(directory, 'loghost', '_all', 'all-hosts.log'),
      ];
    default:
      return daemonFiles(directory, name);
  }
};

/** JSON, which is YAML. Only the newest pieces are named. */
export const configOf = ({ directory, domain, clusters, hosts }: Fleet, layout: Layout): string => {
  const fleet = [...hosts.values()].filter(({ log_hostname: name }) => existsSync(join(directory, 'hosts', name)));
  const section = Object.fromEntries(
    fleet.map(({ host, log_hostname: name, tz }) => [
      host,
      { log_files: filesOf(layout, directory, name, fleet), time_zone: tz },
    ]),
  );
  return JSON.stringify({ method: 'file', time_zone: 'UTC', domain, clusters, file_config: { hosts: section } });
};
