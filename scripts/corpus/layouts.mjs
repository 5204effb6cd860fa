// @ts-nocheck Plain JSON in, plain JSON out: the shapes are those of truth.json.
// The ways in which the logs of one fleet lie about, as configurations of mailtrace.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { piecesOf } from './logs.mjs';

export const FORMATS = ['rfc3164', 'rfc3339', 'rfc5424', 'json'];
/** `hosts`: each host's own files. `loghost`: a file for each on one. `merged`: one file. `own`: what Exim and postlogd write. */
export const LAYOUTS = ['hosts', 'loghost', 'merged', 'own'];

const LIVE = { rfc3164: 'mail.log', rfc3339: 'mail.iso.log', rfc5424: 'mail.5424.log', json: 'mail.json' };
const MERGED = 'loghost/_all/all-hosts.log';

const isNewest = (name) => !/\.\d+(?:\.gz)?$|\.\d{8}-\d{6}(?:\.gz)?$/.test(name);

/** Only the newest piece is named: the rotated ones are found by the program. */
const newestOf = (truth, host, format) => piecesOf(truth, host, format).filter(isNewest);

/** Files that a program writes itself, without syslog; null when this host has none. */
const ownOf = (truth, host) => {
  const folder = join(truth.directory, 'hosts', host.log_hostname);
  if (existsSync(join(folder, 'exim-files'))) return [join(folder, 'exim-files/mainlog')];
  if (!existsSync(join(folder, 'postlogd'))) return null;
  return readdirSync(join(folder, 'postlogd'))
    .filter(isNewest)
    .map((name) => join(folder, 'postlogd', name));
};

/** @returns {Readonly<{ files: readonly string[], isLocal: boolean }>} `isLocal`: stamps without an offset */
const filesOf = (truth, host, format, layout) => {
  const own = layout === 'own' ? ownOf(truth, host) : null;
  if (own !== null) return { files: own, isLocal: true };
  switch (layout) {
    case 'loghost':
      return {
        files: [join(truth.directory, 'loghost', host.log_hostname, LIVE[format])],
        isLocal: format === 'rfc3164',
      };
    case 'merged':
      return { files: [join(truth.directory, MERGED)], isLocal: true };
    default:
      return { files: newestOf(truth, host, format), isLocal: format === 'rfc3164' };
  }
};

/** Has the corpus these files? */
export const hasLayout = (truth, layout) => {
  if (layout === 'loghost') return existsSync(join(truth.directory, 'loghost'));
  if (layout === 'merged') return existsSync(join(truth.directory, MERGED));
  return layout !== 'own' || [...truth.hosts.values()].some((host) => ownOf(truth, host) !== null);
};

/** JSON is YAML. */
export const configFor = (truth, format, layout = 'hosts') => {
  const hosts = {};
  for (const host of truth.hosts.values()) {
    if (newestOf(truth, host, format).length === 0) continue;
    const { files, isLocal } = filesOf(truth, host, format, layout);
    hosts[host.host] = { log_files: files, ...(isLocal ? { time_zone: host.tz } : {}) };
  }
  return JSON.stringify({
    method: 'file',
    time_zone: 'UTC',
    domain: truth.domain,
    clusters: truth.clusters,
    file_config: { hosts },
  });
};
