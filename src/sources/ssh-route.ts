/** Which machine a host name leads to over SSH, by which way, and as whom. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { MailtraceError } from '../errors.js';
import { type HostSettings, isAlias, type SshConfig, settingsFor } from './ssh-config.js';
import type { HostKeyName } from './ssh-known-hosts.js';
import { expandHome, expandPath, expandTokens, type LocalUser, type TokenValues } from './ssh-tokens.js';

/** What the configuration says for every host; a host's settings in `config` win. */
export type SshDefaults = Readonly<{
  config: SshConfig;
  /** '' = that of the person who runs us. */
  username: string;
  /** '' = the usual files in ~/.ssh. */
  privateKey: string;
  timeoutMs: number;
  isHostKeyChecked: boolean;
  localUser: LocalUser;
}>;

export type Strictness = 'strict' | 'accept-new' | 'off';

export type Proxy =
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'jump'; hop: Route }>
  | Readonly<{ kind: 'command'; command: string }>;

export type Route = Readonly<{
  /** As asked for. */
  name: string;
  host: string;
  /** IP address; null where another machine looks the name up, or nobody could. */
  address: string | null;
  port: number;
  user: string;
  proxy: Proxy;
  hostKeyName: HostKeyName;
  knownHostsFiles: readonly string[];
  strictness: Strictness;
  /** Private keys; those that nobody named need not exist. */
  identityFiles: readonly Readonly<{ path: string; isNamed: boolean }>[];
  /** Socket of the agent; null = none. */
  agent: string | null;
  /** Only keys of `identityFiles` may be taken from the agent. */
  identitiesOnly: boolean;
  timeoutMs: number;
}>;

const SSH_PORT = 22;
const JUMPS_MAX = 8;
const DEFAULT_KEYS: readonly string[] = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
const GLOBAL_KNOWN_HOSTS: readonly string[] = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

type Target = Readonly<{ name: string; user: string | null; port: number | null; depth: number }>;

const isYes = (value: string | null): boolean => /^(?:yes|true)$/i.test(value ?? '');
const isNone = (value: string): boolean => value.toLowerCase() === 'none';

/** Null: nobody knows it, or the name server does not answer in time; whoever connects will hear what is wrong. */
const resolveAddress = async (host: string, timeoutMs: number): Promise<string | null> => {
  if (isIP(host) > 0) return host;
  const found = lookup(host).then(
    ({ address }) => address,
    () => null,
  );
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), timeoutMs);
    void found.then((address) => {
      clearTimeout(timer);
      resolve(address);
    });
  });
};

/** `[user@]host[:port]` or `ssh://…`. */
const parseJump = (text: string): Pick<Target, 'name' | 'user' | 'port'> => {
  const match = /^(?:ssh:\/\/)?(?:([^@]*)@)?(?:\[([^\]]+)\]|([^:/]+))(?::(\d{1,5}))?\/?$/.exec(text.trim());
  if (match === null) {
    throw new MailtraceError('config', `ProxyJump "${text}" is no [user@]host[:port]`, 'correct it in ssh_config_file');
  }
  const [, user, inBrackets, plain, port] = match;
  return { user: user ?? null, name: inBrackets ?? plain!, port: port === undefined ? null : Number(port) };
};

const proxyOf = async (
  settings: HostSettings,
  values: TokenValues,
  depth: number,
  defaults: SshDefaults,
): Promise<Proxy> => {
  const jump = settings.get('proxyjump');
  const command = settings.get('proxycommand');
  if (jump !== null && !isNone(jump)) {
    const names = expandTokens(jump, values, defaults.localUser).split(',');
    let hop: Route | null = null;
    for (const name of names) {
      const target = { ...parseJump(name), depth: depth + 1 };
      const route = await findRoute(target, defaults);
      // Each further machine of the list is reached through the one before it.
      hop = hop === null ? route : { ...route, proxy: { kind: 'jump', hop } };
    }
    return hop === null ? { kind: 'none' } : { kind: 'jump', hop };
  }
  if (command === null || isNone(command)) return { kind: 'none' };
  return { kind: 'command', command: expandTokens(command, values, defaults.localUser) };
};

const agentOf = (settings: HostSettings, values: TokenValues, localUser: LocalUser): string | null => {
  const named = settings.get('identityagent');
  const usual = localUser.env['SSH_AUTH_SOCK'] || null;
  if (named === null || named === 'SSH_AUTH_SOCK') return usual;
  if (isNone(named)) return null;
  if (/^\$\w+$/.test(named)) return localUser.env[named.slice(1)] || null;
  return expandPath(named, values, localUser);
};

const identityFilesOf = (settings: HostSettings, values: TokenValues, defaults: SshDefaults) => {
  const { localUser, privateKey } = defaults;
  const named = settings.all('identityfile');
  if (named.length > 0) {
    return named
      .filter((path) => !isNone(path))
      .map((path) => ({ path: expandPath(path, values, localUser), isNamed: true }));
  }
  if (privateKey !== '') return [{ path: expandHome(privateKey, localUser), isNamed: true }];
  return DEFAULT_KEYS.map((name) => ({ path: join(localUser.home, '.ssh', name), isNamed: false }));
};

const strictnessOf = (settings: HostSettings, isHostKeyChecked: boolean): Strictness => {
  const value = settings.get('stricthostkeychecking')?.toLowerCase();
  if (!isHostKeyChecked || value === 'no' || value === 'off' || value === 'false') return 'off';
  return value === 'accept-new' ? 'accept-new' : 'strict';
};

const knownHostsOf = (settings: HostSettings, values: TokenValues, localUser: LocalUser): readonly string[] => {
  const own = settings.all('userknownhostsfile');
  const paths = own.length > 0 ? own : ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'];
  const shared = settings.all('globalknownhostsfile');
  return [...paths, ...(shared.length > 0 ? shared : GLOBAL_KNOWN_HOSTS)]
    .filter((path) => !isNone(path))
    .map((path) => expandPath(path, values, localUser));
};

const refuseCertificates = (settings: HostSettings, name: string): void => {
  const [file] = settings.all('certificatefile').filter((path) => !isNone(path));
  if (file === undefined) return;
  throw new MailtraceError(
    'source',
    `${name}: user certificates are not supported (CertificateFile ${file})`,
    'add the plain public key to authorized_keys on that host, and take CertificateFile out of ssh_config_file',
  );
};

/**
 * Settings for `name`. Its HostName may be a Host of the file as well (one entry for a loghost, and many names that point
 * to it): if it does not resolve, it is looked up once more, and fills in what the first entry leaves open.
 */
const settingsOf = async (name: string, { config, username, localUser, timeoutMs }: SshDefaults) => {
  const settings = await settingsFor(config, { host: name, user: username, localUser });
  const host = settings.get('hostname')?.replaceAll('%h', name).replaceAll('%n', name) ?? name;
  const isOther = host.toLowerCase() !== name.toLowerCase();
  if (!isOther || !isAlias(config, host)) return { settings, host };
  const further = await settingsFor(config, { host, user: settings.get('user') ?? username, localUser });
  const furtherHost = further.get('hostname')?.replaceAll('%h', host) ?? host;
  if (furtherHost === host || (await resolveAddress(host, timeoutMs)) !== null) return { settings, host };
  const joined: HostSettings = {
    get: (key) => settings.get(key) ?? further.get(key),
    all: (key) => (settings.all(key).length > 0 ? settings.all(key) : further.all(key)),
  };
  return { settings: joined, host: furtherHost };
};

const portOf = (settings: HostSettings, name: string): number => {
  const text = settings.get('port');
  const port = text === null ? SSH_PORT : Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new MailtraceError('config', `${name}: Port ${text} is no port number`, 'correct it in ssh_config_file');
};

/** Settings that cannot be meant are thrown as MailtraceError. */
const findRoute = async (target: Target, defaults: SshDefaults): Promise<Route> => {
  const { name, depth } = target;
  const { localUser } = defaults;
  if (depth > JUMPS_MAX) {
    throw new MailtraceError('config', `${name}: more than ${JUMPS_MAX} jump hosts`, 'remove the circle of ProxyJump');
  }
  const { settings, host } = await settingsOf(name, defaults);
  refuseCertificates(settings, name);
  const port = target.port ?? portOf(settings, name);
  const user = target.user ?? settings.get('user') ?? (defaults.username || localUser.name);
  const alias = settings.get('hostkeyalias');
  const values = { host, originalHost: name, port, user, hostKeyAlias: alias };
  const proxy = await proxyOf(settings, values, depth, defaults);
  const timeout = Number(settings.get('connecttimeout') ?? Number.NaN);
  const timeoutMs = timeout > 0 ? timeout * 1000 : defaults.timeoutMs;
  return {
    name,
    host,
    address: proxy.kind === 'none' ? await resolveAddress(host, timeoutMs) : null,
    port,
    user,
    proxy,
    hostKeyName: alias === null ? { name: host, port } : { name: alias, port: SSH_PORT },
    knownHostsFiles: knownHostsOf(settings, values, localUser),
    strictness: strictnessOf(settings, defaults.isHostKeyChecked),
    identityFiles: identityFilesOf(settings, values, defaults),
    agent: agentOf(settings, values, localUser),
    identitiesOnly: isYes(settings.get('identitiesonly')),
    timeoutMs,
  };
};

/** @throws MailtraceError for settings that cannot be meant, or are not supported */
export const routeTo = (name: string, defaults: SshDefaults): Promise<Route> =>
  findRoute({ name, user: null, port: null, depth: 0 }, defaults);

/** The same for all names that lead to one machine as one user by one way. */
export const machineKey = ({ address, host, port, user, proxy }: Route): string => {
  const way = proxy.kind === 'jump' ? machineKey(proxy.hop) : proxy.kind === 'command' ? proxy.command : '';
  return JSON.stringify([address ?? host.toLowerCase(), port, user, way]);
};
