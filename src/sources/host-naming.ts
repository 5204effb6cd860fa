/** Whose line it is. */
import type { HostName } from '../domain/ids.js';
import type { Log } from './log-catalog.js';

/** Names that a hostile shared log may bring are not remembered without end. */
const NAMES_MAX = 1024;

type NamedHost = (name: string | null) => HostName;

/**
 * A log of one host is that host's, whatever its lines say (`localhost`), unless they name another configured host. A shared
 * log is split by the names in its lines. `canonical`: the one name of the machine that a log calls so.
 */
export const createNaming = (
  { owners }: Log,
  canonical: (name: string) => HostName,
  isConfigured: (host: HostName) => boolean,
): NamedHost => {
  const known = new Map<string, HostName>();
  const owner = owners[0]!;
  const find = (name: string): HostName => {
    const host = canonical(name);
    return owners.length > 1 || isConfigured(host) ? host : owner;
  };
  return (name) => {
    if (name === null) return owner;
    const host = known.get(name) ?? find(name);
    if (known.size >= NAMES_MAX) known.clear();
    known.set(name, host);
    return host;
  };
};
