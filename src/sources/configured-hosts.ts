/** The machines that a configuration names, each with what is known about its log. */
import { buildHostDirectory, type HostDirectory, isLoopback } from '../domain/host-names.js';
import type { HostName } from '../domain/ids.js';
import { type HostEntry, type HostOptions, inheritOptions } from './host-options.js';

export type FleetSpec = Readonly<{
  hostConfig: HostEntry;
  /** Name as configured → what differs from `hostConfig`. */
  hosts: Readonly<Record<string, HostEntry>>;
  clusters: Readonly<Record<string, readonly string[]>>;
  domain: string;
}>;

/** `options` is null where neither the host's entry nor `host_config` names a log file. */
export type FleetHost = Readonly<{ host: HostName; options: HostOptions | null }>;

export type Fleet = Readonly<{ directory: HostDirectory; hosts: readonly FleetHost[] }>;

/** Machines of `hosts` first, then those that only a cluster names; they have what `host_config` says. */
export const buildFleet = ({ hostConfig, hosts, clusters, domain }: FleetSpec): Fleet => {
  const directory = buildHostDirectory({ hosts: Object.keys(hosts), clusters, domain });
  const entries = new Map(Object.entries(hosts).map(([name, entry]) => [directory.canonical(name), entry]));
  const optionsOf = (name: HostName): HostOptions | null => inheritOptions(entries.get(name) ?? NO_ENTRY, hostConfig);
  return { directory, hosts: directory.hosts.map((host) => ({ host, options: optionsOf(host) })) };
};

const NO_ENTRY: HostEntry = {};

export type FleetFault = Readonly<{ path: readonly (string | number)[]; text: string }>;

/** Names that cannot be meant. Paths begin at `hosts` or `clusters`. */
export const findNameFaults = ({ hosts, clusters, domain }: FleetSpec): readonly FleetFault[] => {
  const { directory } = buildFleet({ hostConfig: {}, hosts, clusters: {}, domain });
  const spelled = Object.keys(hosts);
  const doubles = spelled.flatMap((name, index) => {
    const first = spelled.findIndex((other) => directory.canonical(other) === directory.canonical(name));
    return first === index ? [] : [{ path: ['hosts', name], text: `is the same machine as ${spelled[first]}` }];
  });
  const members = Object.entries(clusters).flatMap(([cluster, names]) =>
    names.flatMap((name, index) => nameFaults(name, ['clusters', cluster, index])),
  );
  return [...spelled.flatMap((name) => nameFaults(name, ['hosts', name])), ...members, ...doubles];
};

const nameFaults = (name: string, path: FleetFault['path']): readonly FleetFault[] => {
  const text = nameFault(name);
  return text === null ? [] : [{ path, text }];
};

const nameFault = (name: string): string | null => {
  if (/^mx:/i.test(name)) return 'looking machines up by MX record is not supported; name them';
  if (isLoopback(name)) return 'is every machine’s name for itself; use the name that its log lines carry';
  return /^[^\s@/\\]+$/.test(name) ? null : 'is no host name';
};

/** Machines whose log nobody said where to find. */
export const findLoglessHosts = (spec: FleetSpec): readonly FleetFault[] => {
  const fleet = buildFleet(spec);
  const logless = new Set(fleet.hosts.filter(({ options }) => options === null).map(({ host }) => host));
  const pathOf = (name: HostName): FleetFault['path'] => {
    const entry = Object.keys(spec.hosts).find((host) => fleet.directory.canonical(host) === name);
    if (entry !== undefined) return ['hosts', entry];
    for (const [cluster, names] of Object.entries(spec.clusters)) {
      const index = names.findIndex((member) => fleet.directory.canonical(member) === name);
      if (index >= 0) return ['clusters', cluster, index];
    }
    return ['hosts'];
  };
  return [...logless].map((name) => ({ path: pathOf(name), text: `no log_files for ${name}` }));
};
