/**
 * One canonical name per machine, whatever a log calls it: short name, full name, address, in brackets. The configured name
 * where there is one. Names merge only when no second machine could be meant.
 */
import { type HostName, hostName } from './ids.js';
import { parseNetwork } from './keyword.js';

export type HostDirectorySpec = Readonly<{
  /** Configured names. Each is a machine of its own unless it is the same in full; the first spelling is its name. */
  hosts: readonly string[];
  /** Cluster → names of its machines. A member that no entry of `hosts` means is a machine too. */
  clusters: Readonly<Record<string, readonly string[]>>;
  /** Completes short names; `''` when there is none. */
  domain: string;
  /** Further names and addresses of configured machines. One that several machines have means none of them. */
  aliases?: readonly AddressSighting[];
}>;

/** A machine's name seen together with its address (or another name of it). */
export type AddressSighting = Readonly<{ host: string; ip: string }>;

export type HostDirectory = Readonly<{
  /**
   * The configured name of the machine that is meant, else `name` itself: lower case, bare, completed by the domain. Ask
   * `isLoopback` first: a loopback name is nobody's and comes back as it is.
   */
  canonical: (name: string) => HostName;
  /** True for a canonical name of the configuration. */
  isConfigured: (host: HostName) => boolean;
  /** Every configured machine, in the order of the configuration. */
  hosts: readonly HostName[];
  /** Cluster → canonical names, each once. */
  clusters: ReadonlyMap<string, readonly HostName[]>;
  /** null when there is no such cluster. Case counts only where two clusters differ in nothing else. */
  clusterHosts: (name: string) => readonly HostName[] | null;
  /** The machines that the name of a cluster or of a host stands for; null when it is neither. */
  resolveStart: (name: string) => readonly HostName[] | null;
  /** What `learnAddresses` builds upon. */
  names: MachineNames;
}>;

/** Keys are bare names (`bareName`). */
type MachineNames = Readonly<{
  domain: string;
  hosts: readonly HostName[];
  clusters: ReadonlyMap<string, readonly HostName[]>;
  byName: ReadonlyMap<string, HostName>;
  /** First label → machines that are configured by a name with it. */
  byLabel: ReadonlyMap<string, readonly HostName[]>;
  /** First label → full names in the configuration that begin with it. */
  fullNames: ReadonlyMap<string, ReadonlySet<string>>;
  /** Domains of the configured full names. */
  domains: ReadonlySet<string>;
  /** Alias or address → machines that were said or seen to have it. */
  claims: ReadonlyMap<string, ReadonlySet<HostName>>;
}>;

/** No machine has more addresses; log lines must not fill the memory. */
const MAX_CLAIMS_PER_MACHINE = 64;

export const buildHostDirectory = ({ hosts, clusters, domain, aliases = [] }: HostDirectorySpec): HostDirectory => {
  const names = startNames([...hosts, ...Object.values(clusters).flat()], bareName(domain).replace(/^\./, ''));
  for (const name of hosts) {
    if (findExact(names, bareName(name)) === null) addMachine(names, name);
  }
  for (const [cluster, members] of Object.entries(clusters)) {
    const machines = members
      .filter((name) => !isLoopback(name))
      .map((name) => {
        const known = findMachine(names, bareName(name));
        if (known === null) return addMachine(names, name);
        names.byName.set(bareName(name), known);
        return known;
      });
    names.clusters.set(cluster, [...new Set(machines)]);
  }
  return learnAddresses(directoryOf(names), aliases);
};

/**
 * A directory that also knows machines by the addresses they were seen with. An address that two configured machines claim
 * means neither; loopback addresses and machines that are not configured teach nothing.
 */
export const learnAddresses = (directory: HostDirectory, sightings: readonly AddressSighting[]): HostDirectory => {
  const { names } = directory;
  const claims = new Map(names.claims);
  const counts = countClaims(names.claims);
  for (const { host, ip } of sightings) {
    const machine = isLoopback(host) ? null : findMachine(names, bareName(host));
    const key = bareName(ip);
    if (machine === null || !isWorthLearning(names, key) || claims.get(key)?.has(machine)) continue;
    const count = counts.get(machine) ?? 0;
    if (count >= MAX_CLAIMS_PER_MACHINE) continue;
    counts.set(machine, count + 1);
    claims.set(key, new Set([...(claims.get(key) ?? []), machine]));
  }
  return claims.size === 0 ? directory : directoryOf({ ...names, claims });
};

/** True for what names "this machine" on every machine: 127.0.0.0/8, ::1, `localhost` and its kin, Postfix's `local`. */
export const isLoopback = (name: string): boolean => {
  const key = bareName(name);
  return (
    key === 'local' ||
    key === '::1' ||
    /^127\.\d+\.\d+\.\d+$/.test(key) ||
    /^(?:ip6-)?(?:localhost[46]?|loopback)(?:\.localdomain[46]?)?$/.test(key) ||
    key.endsWith('.localhost')
  );
};

const isWorthLearning = (names: MachineNames, key: string): boolean =>
  key !== '' && !isLoopback(key) && !names.byName.has(key);

const countClaims = (claims: MachineNames['claims']): Map<HostName, number> => {
  const counts = new Map<HostName, number>();
  for (const host of [...claims.values()].flatMap((claimants) => [...claimants])) {
    counts.set(host, (counts.get(host) ?? 0) + 1);
  }
  return counts;
};

/** Lower case; without brackets, `IPv6:`, trailing dot; an address in its one canonical form. */
const bareName = (name: string): string => {
  const bare = name
    .trim()
    .replace(/^\[(.*)\]$/s, '$1')
    .replace(/^IPv6:/i, '')
    .replace(/\.$/, '')
    .toLowerCase();
  const bytes = bare.includes('/') ? undefined : parseNetwork(bare)?.bytes;
  return bytes === undefined ? bare : formatAddress(bytes);
};

/** RFC 5952; an IPv4-mapped address as IPv4. */
const formatAddress = (bytes: readonly number[]): string => {
  if (bytes.length === 4) return bytes.join('.');
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (isMapped) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((bytes[index * 2]! << 8) | bytes[index * 2 + 1]!).toString(16),
  );
  const zeros = [...groups.join(':').matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g)];
  // The longest run of zero groups, the first of equals (RFC 5952 §4.2).
  const longest = zeros.reduce((best, { 0: run }) => (run.length > best.length ? run : best), '');
  return longest === '' ? groups.join(':') : shorten(groups.join(':'), longest);
};

const shorten = (address: string, run: string): string => {
  const at = `:${address}:`.indexOf(`:${run}:`);
  return `${address.slice(0, Math.max(at - 1, 0))}::${address.slice(at + run.length + 1)}`;
};

const isAddress = (key: string): boolean => key.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(key);
const labelOf = (key: string): string => key.split('.', 1)[0]!;
const domainOf = (key: string): string => key.slice(labelOf(key).length + 1);
const only = (machines: Iterable<HostName> = []): HostName | null => {
  const [first, second] = machines;
  return first !== undefined && second === undefined ? first : null;
};

type GrowingNames = MachineNames &
  Readonly<{
    hosts: HostName[];
    clusters: Map<string, readonly HostName[]>;
    byName: Map<string, HostName>;
    byLabel: Map<string, readonly HostName[]>;
  }>;

const startNames = (configured: readonly string[], domain: string): GrowingNames => {
  const full = configured.map(bareName).filter((key) => key.includes('.') && !isAddress(key));
  const fullNames = new Map<string, Set<string>>();
  for (const key of full) fullNames.set(labelOf(key), (fullNames.get(labelOf(key)) ?? new Set()).add(key));
  const domains = new Set(full.map(domainOf));
  return {
    domain,
    hosts: [],
    clusters: new Map(),
    byName: new Map(),
    byLabel: new Map(),
    fullNames,
    domains,
    claims: new Map(),
  };
};

const addMachine = (names: GrowingNames, name: string): HostName => {
  const key = bareName(name);
  const machine = hostName(isAddress(key) ? key : name.trim().replace(/\.$/, ''));
  names.hosts.push(machine);
  names.byName.set(key, machine);
  if (isAddress(key)) return machine;
  names.byLabel.set(labelOf(key), [...(names.byLabel.get(labelOf(key)) ?? []), machine]);
  if (names.domain !== '' && !key.includes('.')) names.byName.set(`${key}.${names.domain}`, machine);
  return machine;
};

/** The machine of exactly this name, in full or completed by the domain. */
const findExact = (names: MachineNames, key: string): HostName | null =>
  names.byName.get(key) ?? (names.domain === '' ? undefined : names.byName.get(`${key}.${names.domain}`)) ?? null;

const findMachine = (names: MachineNames, key: string): HostName | null => {
  const exact = findExact(names, key) ?? only(names.claims.get(key));
  if (exact !== null || isAddress(key)) return exact;
  const namesake = only(names.byLabel.get(labelOf(key)));
  if (namesake === null || !key.includes('.')) return namesake;
  return mayBeFullName(names, bareName(namesake), key) ? namesake : null;
};

/**
 * `mx1` is configured, the log says `mx1.corp.example`. With a domain the full name is settled. Without, it is the one the
 * configuration mentions, else any in a domain of the other machines, else any: nothing speaks against it.
 */
const mayBeFullName = ({ domain, domains, fullNames }: MachineNames, short: string, key: string): boolean => {
  if (short.includes('.') || domain !== '') return false;
  const mentioned = fullNames.get(short);
  if (mentioned !== undefined) return mentioned.size === 1 && mentioned.has(key);
  return domains.size === 0 || domains.has(domainOf(key));
};

/** What stands in a log where a name is missing. */
const NOT_A_NAME: ReadonlySet<string> = new Set(['', 'unknown', 'none']);

const directoryOf = (names: MachineNames): HostDirectory => {
  const { hosts, clusters, domain } = names;
  const configured: ReadonlySet<HostName> = new Set(hosts);
  const canonical = (name: string): HostName => {
    const key = bareName(name);
    if (isLoopback(key)) return hostName(key);
    const machine = findMachine(names, key);
    if (machine !== null) return machine;
    const isShort = !key.includes('.') && !isAddress(key) && !NOT_A_NAME.has(key);
    return hostName(isShort && domain !== '' ? `${key}.${domain}` : key);
  };
  const clusterHosts = (name: string): readonly HostName[] | null => {
    const alike = [...clusters.keys()].filter((cluster) => cluster.toLowerCase() === name.trim().toLowerCase());
    return clusters.get(name.trim()) ?? (alike.length === 1 ? clusters.get(alike[0]!)! : null);
  };
  const resolveStart = (name: string): readonly HostName[] | null => {
    const host = canonical(name);
    return clusterHosts(name) ?? (configured.has(host) ? [host] : null);
  };
  return {
    canonical,
    isConfigured: (host) => configured.has(host),
    hosts,
    clusters,
    clusterHosts,
    resolveStart,
    names,
  };
};
