/** Is it the right machine? Its host key under each of its names. */
import type { ServerHostKeyAlgorithm } from 'ssh2';
import type { MailtraceError } from '../errors.js';
import { hostKeyFault } from './ssh-faults.js';
import { checkHostKey, knownTypes, loadKnownHosts } from './ssh-known-hosts.js';
import type { Route } from './ssh-route.js';

/** Keys taken on trust (`accept-new`) while we run, by name. */
export type TrustedKeys = Map<string, Buffer>;

/** The order in which ssh2 prefers them. */
const HOST_KEYS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
];

/** Types on file first; RSA has three names on the wire. */
const hostKeyOrder = (types: readonly string[]): ServerHostKeyAlgorithm[] => {
  const isOnFile = (name: string): boolean => types.includes(name.startsWith('rsa-') ? 'ssh-rsa' : name);
  return [...HOST_KEYS.filter(isOnFile), ...HOST_KEYS.filter((name) => !isOnFile(name))];
};

/** What one name of the machine says about the key it showed. @returns null when it is good */
export const judgeHostKey = async (route: Route, key: Buffer, trusted: TrustedKeys): Promise<MailtraceError | null> => {
  if (route.strictness === 'off') return null;
  const { hostKeyName } = route;
  const check = checkHostKey(await loadKnownHosts(route.knownHostsFiles), hostKeyName, key);
  if (check.kind === 'unknown' && route.strictness === 'accept-new') {
    const name = `${hostKeyName.name}:${hostKeyName.port}`;
    const before = trusted.get(name) ?? key;
    trusted.set(name, before);
    if (before.equals(key)) return null;
    return hostKeyFault({ kind: 'changed', place: 'the first connection' }, key, route);
  }
  return hostKeyFault(check, key, route);
};

/** Right under one of the names: then the connection may be used, for those it is right for. */
export const judgeForAll = async (
  routes: readonly Route[],
  key: Buffer,
  trusted: TrustedKeys,
): Promise<MailtraceError | null> => {
  const faults = await Promise.all(routes.map((route) => judgeHostKey(route, key, trusted)));
  return faults.some((fault) => fault === null) ? null : (faults[0] ?? null);
};

/** Kinds of keys to ask for: those on file first, or a machine with several would seem to have changed its key. */
export const preferredKeys = async (names: readonly Route[]): Promise<ServerHostKeyAlgorithm[]> => {
  const types = await Promise.all(
    names.map(async ({ knownHostsFiles, hostKeyName }) => {
      const known = await loadKnownHosts(knownHostsFiles);
      return knownTypes(known, hostKeyName);
    }),
  );
  return hostKeyOrder(types.flat());
};
