/** Every kind of log source. A new kind is a member of the union and a case of the switch. */
import type { LogSource } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import type { HostOptions } from './host-options.js';
import { type OpensearchOptions, toSourceOptions } from './opensearch-options.js';

/** One host with what is configured for it; nothing is left to inherit. */
export type ConfiguredHost = Readonly<{ host: HostName; options: HostOptions }>;

export type SourceSpec =
  | Readonly<{ kind: 'file'; hosts: readonly ConfiguredHost[] }>
  /** `password`: from wherever it was given; null for none. */
  | Readonly<{ kind: 'opensearch'; hosts: readonly HostName[]; options: OpensearchOptions; password: string | null }>;

export type SourceContext = Readonly<{
  /** The one name of the machine that a log calls `name`. */
  canonical: (name: string) => HostName;
  /** IANA name for stamps without an offset where the host has no zone of its own. */
  timeZone: string;
}>;

/** An adapter is loaded when its source is opened: what nobody configured costs nothing. */
export const openSource = async (spec: SourceSpec, context: SourceContext): Promise<LogSource> => {
  switch (spec.kind) {
    case 'file': {
      const { openFiles } = await import('./files.js');
      const hosts = spec.hosts.map(({ host, options }) => ({
        host,
        logFiles: options.log_files,
        timeZone: options.time_zone ?? null,
      }));
      return openFiles({ hosts, ...context });
    }
    case 'opensearch': {
      const { openOpensearch } = await import('./opensearch.js');
      const { hosts, options, password } = spec;
      return openOpensearch({ ...toSourceOptions(options, password), hosts, canonical: context.canonical });
    }
  }
};
