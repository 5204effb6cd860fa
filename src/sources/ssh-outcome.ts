/** Puts the answers of several machines together. */
import type { SearchOutcome, SearchRequest } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import type { MailtraceError } from '../errors.js';

const NOT_HERE = 'this host has no log_files; add it to ssh_config.hosts of the configuration';

/** `error` null: nobody configured these hosts. */
export const unreachable = (hosts: readonly HostName[], error: MailtraceError | null): SearchOutcome => ({
  records: [],
  hosts: hosts.map((host) => ({
    host,
    status: error === null ? 'unreadable' : 'unreachable',
    error: error === null ? NOT_HERE : `${error.message}; ${error.hint}`,
    linesRead: 0,
    ambiguousTimes: 0,
    headlessLines: 0,
  })),
  isCut: false,
});

/** Hosts in the order of the request, then those that stood in shared logs; records likewise, numbered anew. */
export const mergeOutcomes = (request: SearchRequest, outcomes: readonly SearchOutcome[]): SearchOutcome => {
  const readings = outcomes.flatMap(({ hosts }) => hosts);
  const place = new Map(request.hosts.map((host, index) => [host, index]));
  const rank = (host: HostName): number => place.get(host) ?? request.hosts.length;
  const hosts = [...readings].sort((a, b) => rank(a.host) - rank(b.host));
  const order = new Map([...new Set(hosts.map(({ host }) => host))].map((host, index) => [host, index]));
  const records = outcomes
    .flatMap((outcome) => outcome.records)
    .sort((a, b) => order.get(a.host)! - order.get(b.host)! || a.sequence - b.sequence);
  return {
    records: records.map((record, sequence) => ({ ...record, sequence })),
    hosts,
    isCut: outcomes.some(({ isCut }) => isCut),
  };
};
