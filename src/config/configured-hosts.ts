/** Which machines a configuration means, and what is wrong about what it says of them. */
import {
  buildFleet,
  type Fleet,
  type FleetHost,
  type FleetSpec,
  findLoglessHosts,
  findNameFaults,
} from '../sources/configured-hosts.js';
import type { Config } from './schema.js';
import type { Complaint } from './schema-problems.js';

/** Every machine of `hosts` and `clusters` under its one name, with its entry completed from `host_config`. */
export const configuredHosts = (config: Config): readonly FleetHost[] => configuredFleet(config).hosts;

const hasNoMachine = ({ hosts, clusters }: FleetSpec): boolean =>
  Object.keys(hosts).length + Object.keys(clusters).length === 0;

/** The same, with the directory of their names. `startHost` is the machine of a configuration that names none. */
export const configuredFleet = (config: Config, startHost: string | null = null): Fleet => {
  const spec = specOf(config);
  const named = startHost !== null && hasNoMachine(spec) ? { ...spec, hosts: { [startHost]: {} } } : spec;
  const isSound =
    findNameFaults(named).length === 0 && (config.method === 'opensearch' || findLoglessHosts(named).length === 0);
  return buildFleet(isSound ? named : spec);
};

type HostsConfig = Pick<Config, 'method' | 'clusters' | 'domain' | 'file_config' | 'ssh_config'>;

const sectionOf = ({ method }: HostsConfig): 'file_config' | 'ssh_config' =>
  method === 'file' ? 'file_config' : 'ssh_config';

const specOf = (config: HostsConfig): FleetSpec => {
  const { host_config: hostConfig, hosts } = config[sectionOf(config)];
  return { hostConfig, hosts, clusters: config.clusters, domain: config.domain };
};

export const findHostFaults = (config: HostsConfig): readonly Complaint[] => {
  const { method } = config;
  const spec = specOf(config);
  const section = sectionOf(config);
  const names = findNameFaults(spec);
  const logless = method === 'opensearch' || names.length > 0 ? [] : findLoglessHosts(spec);
  const located = [...names, ...logless].map(({ path, text }) => ({
    path: path[0] === 'hosts' ? [section, ...path] : path,
    text: logless.length > 0 ? `${text}: name them here or in ${section}.host_config` : text,
  }));
  if (method !== 'file' || !hasNoMachine(spec)) return located;
  return [
    { path: [section, 'hosts'], text: 'names no machine; add hosts: { NAME: { log_files: [/var/log/mail.log] } }' },
  ];
};
