/** What linking needs to know about names: which machine a relay or client is. */
import type { HostName } from '../domain/ids.js';

export type Machines = Readonly<{
  /** One name per machine, from a short name, FQDN or IP address; an unknown name only in normal form. */
  canonical: (name: string) => HostName;
  /** A machine of ours: it stands in the configuration. */
  isConfigured: (host: HostName) => boolean;
}>;
