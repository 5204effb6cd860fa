/** One connection to one machine: opened when first needed, kept, opened again when it was lost. */
import { spawn } from 'node:child_process';
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Client, ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2';
import { MailtraceError } from '../errors.js';
import { gatherCredentials, type SshSecrets } from './ssh-auth.js';
import { connectFault, hostKeyFault, loginFault, timeoutFault } from './ssh-faults.js';
import { checkHostKey, type KnownHosts, knownTypes, loadKnownHosts } from './ssh-known-hosts.js';
import type { Limiter } from './ssh-limiter.js';
import { machineKey, type Route } from './ssh-route.js';
import { childEnvironment, type LocalUser } from './ssh-tokens.js';

export type ConnectDeps = Readonly<{
  ssh2: typeof import('ssh2');
  secrets: SshSecrets;
  localUser: LocalUser;
  /** By address: sshd drops connections when too many are half open (MaxStartups 10:30:100). */
  handshakes: (address: string) => Limiter;
  /** Keys taken on trust (`accept-new`) while we run. */
  trusted: Map<string, Buffer>;
  /** Connections that are kept, by `machineKey`. */
  kept: Map<string, Promise<Connection>>;
}>;

export type Connection = Readonly<{
  client: Client;
  /** As the server showed it. */
  hostKey: Buffer;
  isOpen: () => boolean;
  close: () => void;
}>;

const KEEPALIVE_MS = 5000;
const KEEPALIVES_MISSED = 3;
const ATTEMPTS = 4;
const RETRY_MS = 250;
const STDERR_MAX = 500;

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

const openSocket = (route: Route): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connectTcp({ host: route.address ?? route.host, port: route.port, noDelay: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(timeoutFault(route, 'no connection'));
    }, route.timeoutMs);
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      finish();
    };
    socket.once('connect', () => settle(() => resolve(socket)));
    socket.once('error', (error) => settle(() => reject(error)));
  });

/** A command that leads to the server: its standard input and output are the wire. */
const openCommand = (command: string, route: Route, localUser: LocalUser): Duplex => {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { env: childEnvironment(localUser) });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(0, STDERR_MAX);
  });
  const wire = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.on('error', (error) => wire.destroy(error));
  child.on('exit', (code) => {
    if (code === 0) return;
    const why = said.trim().split('\n').at(-1) ?? '';
    wire.destroy(
      new MailtraceError(
        'source',
        `${route.host}: ProxyCommand ended with ${code}${why === '' ? '' : ` (${why})`}`,
        'run it by hand, and correct ProxyCommand in ssh_config_file',
      ),
    );
  });
  wire.on('close', () => child.kill());
  return wire;
};

const openJump = async (hop: Route, route: Route, deps: ConnectDeps): Promise<Duplex> => {
  const through = await keepConnection(hop, [hop], deps);
  return new Promise((resolve, reject) => {
    through.client.forwardOut('127.0.0.1', 0, route.host, route.port, (error, channel) => {
      if (error) {
        reject(
          new MailtraceError(
            'source',
            `${hop.host} does not lead on to ${route.host}:${route.port} (${error.message})`,
            'check that this name and port can be reached from there, and AllowTcpForwarding in its sshd_config',
            { cause: error },
          ),
        );
        return;
      }
      resolve(channel);
    });
  });
};

const openWire = async (route: Route, deps: ConnectDeps): Promise<Duplex> => {
  switch (route.proxy.kind) {
    case 'none':
      return openSocket(route);
    case 'command':
      return openCommand(route.proxy.command, route, deps.localUser);
    case 'jump':
      return openJump(route.proxy.hop, route, deps);
  }
};

/** What one name of the machine says about the key it showed. @returns null when it is good */
export const judgeHostKey = async (
  route: Route,
  key: Buffer,
  trusted: Map<string, Buffer>,
): Promise<MailtraceError | null> => {
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

const judgeForAll = async (
  routes: readonly Route[],
  key: Buffer,
  trusted: Map<string, Buffer>,
): Promise<MailtraceError | null> => {
  const faults = await Promise.all(routes.map((route) => judgeHostKey(route, key, trusted)));
  return faults.some((fault) => fault === null) ? null : (faults[0] ?? null);
};

type Handshake = Readonly<{ route: Route; names: readonly Route[]; wire: Duplex; deps: ConnectDeps }>;

const preferredKeys = async (names: readonly Route[]): Promise<ServerHostKeyAlgorithm[]> => {
  const types = await Promise.all(
    names.map(async ({ knownHostsFiles, hostKeyName }) => {
      const known: KnownHosts = await loadKnownHosts(knownHostsFiles);
      return knownTypes(known, hostKeyName);
    }),
  );
  return hostKeyOrder(types.flat());
};

const shakeHands = async ({ route, names, wire, deps }: Handshake): Promise<Connection> => {
  const { methods, notes } = await gatherCredentials(route, deps.secrets, deps.ssh2);
  const serverHostKey = await preferredKeys(names);
  const client = new deps.ssh2.Client();
  const tried: string[] = [];
  let hostKey: Buffer = Buffer.alloc(0);
  let refusal: MailtraceError | null = null;
  let isOpen = false;
  const nextMethod: ConnectConfig['authHandler'] = (left: readonly string[] | null, _isPartial, next) => {
    const offered = (type: string): boolean => left === null || left.includes(type === 'agent' ? 'publickey' : type);
    let choice = methods[tried.length];
    const skipped: string[] = [];
    while (choice !== undefined && !offered(choice.method.type)) {
      skipped.push(choice.name);
      choice = methods[tried.length + skipped.length];
    }
    tried.push(...skipped, ...(choice === undefined ? [] : [choice.name]));
    if (choice === undefined)
      refusal ??= loginFault(
        route,
        tried.filter((name) => !skipped.includes(name)),
        notes,
      );
    // ssh2 ends the login when it is given false; its types do not say so.
    next(choice?.method ?? (false as never));
  };
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(timeoutFault(route, 'no login')), route.timeoutMs);
    const close = (): void => {
      isOpen = false;
      client.end();
      wire.destroy();
    };
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      close();
      reject(refusal ?? (error instanceof Error ? error : new Error(String(error))));
    };
    client.on('ready', () => {
      clearTimeout(timer);
      isOpen = true;
      resolve({ client, hostKey, isOpen: () => isOpen, close });
    });
    client.on('error', (error: Error & { level?: string }) => {
      // An agent that does not answer leaves the other ways open.
      if (error.level === 'agent') return;
      fail(error);
    });
    client.on('close', () => fail(new Error('the server closed the connection')));
    client.on('change password', () => {
      refusal = new MailtraceError(
        'source',
        `the password of ${route.user} on ${route.host} has expired`,
        'set a new one',
      );
      fail(refusal);
    });
    client.connect({
      sock: wire,
      username: route.user,
      readyTimeout: 0,
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVES_MISSED,
      algorithms: { serverHostKey },
      authHandler: nextMethod,
      hostVerifier: (key: Buffer, verify: (isGood: boolean) => void) => {
        hostKey = Buffer.from(key);
        judgeForAll(names, hostKey, deps.trusted).then(
          (fault) => {
            refusal = fault;
            verify(fault === null);
          },
          (error: unknown) => fail(error),
        );
      },
    });
  });
};

/** sshd drops half-open connections at random when there are many. */
const isWorthRetrying = (error: unknown): boolean =>
  error instanceof Error &&
  (/lost before handshake|closed the connection|ECONNRESET/i.test(error.message) ||
    ('code' in error && error.code === 'ECONNRESET'));

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

const openConnection = async (route: Route, names: readonly Route[], deps: ConnectDeps): Promise<Connection> => {
  const limiter = deps.handshakes(`${route.address ?? route.host}:${route.port}`);
  for (let attempt = 1; ; attempt++) {
    try {
      return await limiter(async () => shakeHands({ route, names, wire: await openWire(route, deps), deps }));
    } catch (error) {
      if (attempt >= ATTEMPTS || !isWorthRetrying(error)) throw connectFault(route, error);
      await pause(RETRY_MS * attempt * (0.5 + Math.random()));
    }
  }
};

/**
 * The connection to a machine: the one that is kept, or a new one. `names`: all names of the machine; the key that it shows
 * must be right for one of them.
 * @throws MailtraceError that names the fault and its remedy
 */
export const keepConnection = async (route: Route, names: readonly Route[], deps: ConnectDeps): Promise<Connection> => {
  const key = machineKey(route);
  const before = deps.kept.get(key);
  const known = await before?.catch(() => null);
  if (known?.isOpen()) return known;
  // Somebody else may have begun anew while we looked.
  const current = deps.kept.get(key);
  if (current !== undefined && current !== before) return current;
  const opened = openConnection(route, names, deps);
  deps.kept.set(key, opened);
  return opened;
};
