/** One connection to one machine: opened when first needed, kept, opened again when it was lost. */
import { spawn } from 'node:child_process';
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { MailtraceError } from '../errors.js';
import type { OpenedKeys, SshSecrets } from './ssh-auth.js';
import { connectFault, timeoutFault } from './ssh-faults.js';
import { type Connection, shakeHands } from './ssh-handshake.js';
import type { TrustedKeys } from './ssh-host-keys.js';
import type { Limiter } from './ssh-limiter.js';
import { machineKey, type Route } from './ssh-route.js';
import { childEnvironment, type LocalUser } from './ssh-tokens.js';

export type ConnectDeps = Readonly<{
  ssh2: typeof import('ssh2');
  secrets: SshSecrets;
  opened: OpenedKeys;
  localUser: LocalUser;
  /** By address: sshd drops connections when too many are half open (MaxStartups 10:30:100). */
  handshakes: (address: string) => Limiter;
  trusted: TrustedKeys;
  /** Connections that are kept, by `machineKey`; refusals for a while, too. */
  kept: Map<string, Promise<Connection>>;
  /** So long a machine that refused us is not tried again. */
  refusalMs: number;
}>;

const ATTEMPTS = 4;
const RETRY_MS = 250;
const STDERR_MAX = 500;

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
    // The jump host waits for its own network: minutes, when nobody answers there.
    const timer = setTimeout(() => reject(timeoutFault(route, 'no connection')), route.timeoutMs);
    through.client.forwardOut('127.0.0.1', 0, route.host, route.port, (error, channel) => {
      clearTimeout(timer);
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
      return await limiter(async () => shakeHands({ route, names, wire: await openWire(route, deps), ...deps }));
    } catch (error) {
      if (attempt >= ATTEMPTS || !isWorthRetrying(error)) throw connectFault(route, error);
      await pause(RETRY_MS * attempt * (0.5 + Math.random()));
    }
  }
};

/**
 * The connection to a machine: the one that is kept, or a new one. `names`: all names of the machine; the key that it shows
 * must be right for one of them.
 * @throws MailtraceError that names the fault and its remedy; the same one again for a while
 */
export const keepConnection = async (route: Route, names: readonly Route[], deps: ConnectDeps): Promise<Connection> => {
  const key = machineKey(route);
  const before = deps.kept.get(key);
  const known = await before;
  if (known?.isOpen()) return known;
  // Somebody else may have begun anew while we looked.
  const current = deps.kept.get(key);
  if (current !== undefined && current !== before) return current;
  const opened = openConnection(route, names, deps);
  deps.kept.set(key, opened);
  const forget = (): void => {
    if (deps.kept.get(key) === opened) deps.kept.delete(key);
  };
  opened.catch(() => setTimeout(forget, deps.refusalMs).unref());
  return opened;
};
