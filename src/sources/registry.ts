/** Every kind of log source. A new kind is a member of the union and a case of the switch. */

import type { z } from 'zod';
import type { LogSource } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import type { HostOptions } from './host-options.js';
import { type OpensearchOptions, toSourceOptions } from './opensearch-options.js';
import type { sshOptions } from './ssh-options.js';

type SshConfigOptions = z.output<typeof sshOptions>;

/** One host with what is configured for it; nothing is left to inherit. */
export type ConfiguredHost = Readonly<{ host: HostName; options: HostOptions }>;

/** null = there is no password. */
export type SshSpec = Readonly<{
  kind: 'ssh';
  hosts: readonly ConfiguredHost[];
  options: Pick<
    SshConfigOptions,
    'username' | 'private_key' | 'ssh_config_file' | 'timeout' | 'sudo' | 'strict_host_key_checking'
  >;
  secrets: Readonly<{ password: string | null; passphrase: string | null; sudoPassword: string | null }>;
  env: Readonly<Record<string, string | undefined>>;
}>;

/** `password`: from wherever it was given; null for none. */
export type OpensearchSpec = Readonly<{
  kind: 'opensearch';
  hosts: readonly HostName[];
  options: OpensearchOptions;
  password: string | null;
}>;

export type SourceSpec = Readonly<{ kind: 'file'; hosts: readonly ConfiguredHost[] }> | SshSpec | OpensearchSpec;

export type SourceContext = Readonly<{
  /** The one name of the machine that a log calls `name`. */
  canonical: (name: string) => HostName;
  /** IANA name for stamps without an offset where the host has no zone of its own. */
  timeZone: string;
}>;

const SECOND_MS = 1000;

const hostsOf = (hosts: readonly ConfiguredHost[]) =>
  hosts.map(({ host, options }) => ({ host, logFiles: options.log_files, timeZone: options.time_zone ?? null }));

/** An adapter is loaded when its source is opened: what nobody configured costs nothing. */
export const openSource = async (spec: SourceSpec, context: SourceContext): Promise<LogSource> => {
  switch (spec.kind) {
    case 'file': {
      const { openFiles } = await import('./files.js');
      return openFiles({ hosts: hostsOf(spec.hosts), ...context });
    }
    case 'ssh': {
      const { openSsh } = await import('./ssh.js');
      const { options, secrets, env } = spec;
      return openSsh({
        hosts: hostsOf(spec.hosts),
        ...context,
        username: options.username,
        privateKey: options.private_key,
        configFile: options.ssh_config_file,
        isHostKeyChecked: options.strict_host_key_checking,
        timeoutMs: options.timeout * SECOND_MS,
        secrets: { password: secrets.password, passphrase: secrets.passphrase },
        sudo: { isWanted: options.sudo, password: secrets.sudoPassword },
        env,
      });
    }
    case 'opensearch': {
      const { openOpensearch } = await import('./opensearch.js');
      const { hosts, options, password } = spec;
      return openOpensearch({ ...toSourceOptions(options, password), hosts, canonical: context.canonical });
    }
  }
};
