/** A configuration → its machines and the sources of their logs. */
import type { LogSource } from '../app/ports.js';
import type { OpenOptions } from '../app/tracer.js';
import { configuredFleet } from '../config/configured-hosts.js';
import type { Config } from '../config/schema.js';
import { resolveSecrets, type Secrets } from '../config/secrets.js';
import type { HostName } from '../domain/ids.js';
import type { Fleet } from '../sources/configured-hosts.js';
import { openSource, type SourceSpec } from '../sources/registry.js';
import { systemZone } from '../zone.js';

/** Whence the sources of a configuration get what they need besides it. */
export type Surroundings = Readonly<{ secrets: Secrets; env: OpenOptions['env'] }>;

export type OpenedSources = Readonly<{
  fleet: Fleet;
  sources: readonly LogSource[];
  /** Configured hosts that a source serves, in the order of the configuration. */
  hosts: readonly HostName[];
  /** IANA name. */
  timeZone: string;
  close: () => Promise<void>;
}>;

const specOf = (config: Config, fleet: Fleet, { secrets, env }: Surroundings): SourceSpec => {
  const hosts = fleet.hosts.flatMap(({ host, options }) => (options === null ? [] : [{ host, options }]));
  switch (config.method) {
    case 'file':
      return { kind: 'file', hosts };
    case 'ssh': {
      const { sshPassword: password, sshPassphrase: passphrase, sudoPassword } = secrets;
      return { kind: 'ssh', hosts, options: config.ssh_config, secrets: { password, passphrase, sudoPassword }, env };
    }
    case 'opensearch':
      return {
        kind: 'opensearch',
        hosts: fleet.hosts.map(({ host }) => host),
        options: config.opensearch_config,
        password: secrets.opensearchPassword,
      };
  }
};

/** @param startHost a machine to be read where the configuration names none */
export const openSources = async (
  config: Config,
  surroundings: Surroundings,
  startHost: string | null = null,
): Promise<OpenedSources> => {
  const fleet = configuredFleet(config, startHost);
  const timeZone = config.time_zone ?? systemZone();
  const spec = specOf(config, fleet, surroundings);
  const sources: readonly LogSource[] = [await openSource(spec, { canonical: fleet.directory.canonical, timeZone })];
  const served = new Set(sources.flatMap(({ hosts }) => hosts));
  return {
    fleet,
    sources,
    hosts: fleet.directory.hosts.filter((host) => served.has(host)),
    timeZone,
    close: async () => {
      await Promise.all(sources.map((source) => source.close()));
    },
  };
};

export const secretsOf = (config: Config, { passwords, env }: Pick<OpenOptions, 'passwords' | 'env'>): Secrets => {
  const flags = {
    loginPass: passwords.login ?? undefined,
    sudoPass: passwords.sudo ?? undefined,
    opensearchPass: passwords.opensearch ?? undefined,
  };
  return resolveSecrets({ config, env, flags, prompts: {} });
};
