/** Why a machine could not be reached or asked over SSH, in words for an administrator. No text here holds a secret. */
import { MailtraceError } from '../errors.js';
import { fingerprintOf, type HostKeyCheck, keyTypeOf } from './ssh-known-hosts.js';
import type { Route } from './ssh-route.js';

/** `root@loghost:2222`; jump hosts in front. */
export const describeRoute = ({ user, host, port, proxy }: Route): string => {
  const end = `${user}@${host.includes(':') ? `[${host}]` : host}:${port}`;
  return proxy.kind === 'jump' ? `${end} through ${describeRoute(proxy.hop)}` : end;
};

const sshFault = (message: string, hint: string, cause?: unknown): MailtraceError =>
  new MailtraceError('source', message, hint, cause === undefined ? undefined : { cause });

/** How ssh-keygen names the host in the file. */
const nameOnFile = ({ hostKeyName: { name, port } }: Route): string => (port === 22 ? name : `[${name}]:${port}`);

const filesOf = ({ knownHostsFiles }: Route): string => knownHostsFiles[0] ?? 'known_hosts';

/** The machine showed a key that is not good under the name of `route`. */
export class HostKeyFault extends MailtraceError {
  readonly key: Buffer;
  readonly route: Route;
  constructor(message: string, hint: string, { key, route }: Readonly<{ key: Buffer; route: Route }>) {
    super('source', message, hint);
    this.key = key;
    this.route = route;
  }
}

/** Adds the key to the file, as it is now. */
export const scanCommand = (route: Route): string => `ssh-keyscan -p ${route.port} ${route.host} >> ${filesOf(route)}`;

/** @returns null when the key is good */
export const hostKeyFault = (check: HostKeyCheck, key: Buffer, route: Route): HostKeyFault | null => {
  const name = nameOnFile(route);
  const shown = `${keyTypeOf(key)} ${fingerprintOf(key)}`;
  const scan = scanCommand(route);
  const keyFault = (message: string, hint: string): HostKeyFault => new HostKeyFault(message, hint, { key, route });
  switch (check.kind) {
    case 'known':
      return null;
    case 'changed':
      return keyFault(
        `the host key of ${name} has changed: it shows ${shown}, but ${check.place} has another. Somebody may be in between`,
        `if the key was changed on purpose: ssh-keygen -R '${name}' -f ${check.place.replace(/:\d+$/, '')}, then ${scan}`,
      );
    case 'revoked':
      return keyFault(
        `the host key of ${name} (${shown}) is revoked by ${check.place}`,
        'do not connect before the administrator of that host has given it a new key',
      );
    case 'certificate':
      return keyFault(
        `${name} is known only by a certificate authority (${check.place}); host certificates are not supported`,
        `add its plain key, after comparing the fingerprint ${shown}: ${scan}`,
      );
    case 'unknown':
      return keyFault(
        `the host key of ${name} is unknown (${shown}${check.others.length > 0 ? `; on file: ${check.others.join(', ')}` : ''})`,
        `compare the fingerprint and add it: ${scan}; or, to trust any key, StrictHostKeyChecking no in ssh_config_file`,
      );
  }
};

export const loginFault = (route: Route, tried: readonly string[], notes: readonly string[]): MailtraceError => {
  // A key may have been offered in several forms.
  const offered = tried.length === 0 ? 'nothing to log in with' : `refused: ${[...new Set(tried)].join(', ')}`;
  const remedy =
    tried.length === 0
      ? 'set private_key or password in ssh_config, or start an agent'
      : 'check username, key (authorized_keys) and password (--ask-login-pass) for that machine';
  return sshFault(`login as ${describeRoute(route)} failed (${offered})`, [...notes, remedy].join('; '));
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const REMEDIES: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['ENOTFOUND', ['the name does not resolve', 'correct the host name, or give HostName in ssh_config_file']],
  ['EAI_AGAIN', ['the name server does not answer', 'check DNS, or give an address by HostName in ssh_config_file']],
  ['ECONNREFUSED', ['connection refused', 'check that sshd runs there, and the port']],
  ['EHOSTUNREACH', ['no route to the host', 'check the network, or set ProxyJump in ssh_config_file']],
  ['ENETUNREACH', ['no route to the network', 'check the network, or set ProxyJump in ssh_config_file']],
  ['ETIMEDOUT', ['no answer', 'check the network and firewalls, or raise timeout in ssh_config']],
  ['ECONNRESET', ['the connection was cut', 'check the log of sshd there (MaxStartups, TCP wrappers, fail2ban)']],
]);

/** What a failed connection means. Errors of our own pass. */
export const connectFault = (route: Route, error: unknown): MailtraceError => {
  if (error instanceof MailtraceError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const where = describeRoute(route);
  const [words, remedy] = REMEDIES.get(codeOf(error)) ?? [null, null];
  if (words !== null) return sshFault(`${where}: ${words}`, remedy, error);
  if (/channel open failure|unable to exec/i.test(message)) {
    return sshFault(
      `${where}: no session is opened (${message})`,
      'check MaxSessions in its sshd_config: 1 is enough',
      error,
    );
  }
  if (/no matching|handshake failed/i.test(message)) {
    return sshFault(`${where}: ${message}`, 'this server offers only algorithms that are too old or too new', error);
  }
  return sshFault(`${where}: ${message}`, 'check that an SSH server answers there: its log says more', error);
};

export const timeoutFault = (route: Route, what: string): MailtraceError =>
  sshFault(
    `${describeRoute(route)}: ${what} within ${route.timeoutMs / 1000} s`,
    'check the network and firewalls, or raise timeout in ssh_config',
  );

export const lostFault = (route: Route): MailtraceError =>
  sshFault(
    `${describeRoute(route)}: the connection was lost in the middle of the answer, twice`,
    'check the network and the log of sshd there, then ask again',
  );

export const shellFault = (route: Route, said: string): MailtraceError =>
  sshFault(
    `${describeRoute(route)}: no shell answers${said === '' ? '' : ` (${said})`}`,
    'the login must be allowed to run "sh -s" there: see its login shell, ForceCommand, and command= in authorized_keys',
  );
