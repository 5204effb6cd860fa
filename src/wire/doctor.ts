/** What `mailtrace doctor` is made of. */
import { createDoctor, type OpenDoctor } from '../app/doctor.js';
import { checkAccess, soundConfiguration } from '../app/general-checks.js';
import type { HostZone } from '../app/host-checks.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import type { Fleet } from '../sources/configured-hosts.js';
import { openSources, secretsOf } from './sources.js';

/** Whence the zone of stamps without an offset comes, of each host. */
const zonesOf = (config: Config, { hosts }: Fleet, timeZone: string): ReadonlyMap<string, HostZone> => {
  const isMachineAsked = config.method === 'ssh';
  const rest: HostZone = isMachineAsked
    ? { name: null, origin: 'the machine’s own' }
    : { name: timeZone, origin: config.time_zone === undefined ? 'zone of this machine' : 'top-level time_zone' };
  const own = (name: string): HostZone => ({ name, origin: 'time_zone of the host' });
  return new Map(
    hosts.map(({ host, options }) => [host, options?.time_zone === undefined ? rest : own(options.time_zone)]),
  );
};

export const openDoctor: OpenDoctor = async ({ configPath, passwords, env }) => {
  const config = await loadConfig(configPath, env);
  const tokens = secretsOf(config, { passwords, env });
  const { fleet, sources, timeZone } = await openSources(config, { secrets: tokens, env });
  const { hosts, clusters } = fleet.directory;
  const zones = zonesOf(config, fleet, timeZone);
  return createDoctor({
    sources,
    directory: fleet.directory,
    hosts,
    clusters: Object.fromEntries(clusters),
    timeZone,
    zoneOf: (host) => zones.get(host) ?? { name: timeZone, origin: 'default' },
    general: [
      soundConfiguration({ path: configPath, method: config.method, hosts: hosts.length, clusters: clusters.size }),
      checkAccess({
        rules: config.access.filter(({ who }) => who !== undefined).length,
        hasBotToken: tokens.slackBotToken !== null,
        hasTransport: tokens.slackAppToken !== null || tokens.slackSigningSecret !== null,
      }),
    ],
  });
};
