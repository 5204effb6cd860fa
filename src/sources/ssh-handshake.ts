/** From a wire to a connection: is it the right machine, and does it let us in? */
import type { Duplex } from 'node:stream';
import type { Client, ConnectConfig } from 'ssh2';
import { MailtraceError } from '../errors.js';
import { type Credentials, gatherCredentials, type SshSecrets } from './ssh-auth.js';
import { loginFault, timeoutFault } from './ssh-faults.js';
import { judgeForAll, preferredKeys, type TrustedKeys } from './ssh-host-keys.js';
import type { Route } from './ssh-route.js';

export type Connection = Readonly<{
  client: Client;
  /** As the server showed it. */
  hostKey: Buffer;
  isOpen: () => boolean;
  close: () => void;
}>;

export type Handshake = Readonly<{
  route: Route;
  /** All names of the machine: its key must be right for one of them. */
  names: readonly Route[];
  wire: Duplex;
  ssh2: typeof import('ssh2');
  secrets: SshSecrets;
  trusted: TrustedKeys;
}>;

const KEEPALIVE_MS = 5000;
const KEEPALIVES_MISSED = 3;

/** Offers one way after the other; `onEnd` when all were refused, with those that were tried. */
const offerMethods = (
  { methods }: Credentials,
  onEnd: (tried: readonly string[]) => void,
): NonNullable<ConnectConfig['authHandler']> => {
  const tried: string[] = [];
  let next = 0;
  return (left: readonly string[] | null, _isPartial, proceed) => {
    const isTaken = (type: string): boolean => left === null || left.includes(type === 'agent' ? 'publickey' : type);
    while (next < methods.length && !isTaken(methods[next]!.method.type)) next++;
    const choice = methods[next++];
    if (choice === undefined) onEnd(tried);
    else tried.push(choice.name);
    // ssh2 ends the login when it is given false; its types do not say so.
    proceed(choice?.method ?? (false as never));
  };
};

type Steps = Readonly<{ ready: (connection: Connection) => void; failed: (error: Error) => void }>;

/** Calls one of the steps, once. Afterwards only `isOpen` changes. */
const watch = (client: Client, wire: Duplex, hostKey: () => Buffer, { ready, failed }: Steps) => {
  let isOpen = false;
  const close = (): void => {
    isOpen = false;
    client.end();
    wire.destroy();
  };
  const fail = (error: Error): void => {
    close();
    failed(error);
  };
  client.on('ready', () => {
    isOpen = true;
    ready({ client, hostKey: hostKey(), isOpen: () => isOpen, close });
  });
  client.on('error', (error: Error & { level?: string }) => {
    // An agent that does not answer leaves the other ways open.
    if (error.level !== 'agent') fail(error);
  });
  client.on('close', () => fail(new Error('the server closed the connection')));
  return fail;
};

const expiredFault = ({ user, host }: Route): MailtraceError =>
  new MailtraceError(
    'source',
    `the password of ${user} on ${host} has expired`,
    'log in there by hand and set a new one',
  );

/** A wire may break before ssh2 listens to it. */
const watchWire = (wire: Duplex): (() => Error | null) => {
  let broken: Error | null = null;
  wire.on('error', (error) => {
    broken ??= error;
  });
  wire.on('close', () => {
    broken ??= new Error('the server closed the connection');
  });
  return () => broken;
};

/** @throws MailtraceError for a wrong key or a refused login; errors of ssh2 and the network */
export const shakeHands = async ({ route, names, wire, ssh2, secrets, trusted }: Handshake): Promise<Connection> => {
  const breakOf = watchWire(wire);
  const credentials = await gatherCredentials(route, secrets, ssh2);
  const serverHostKey = await preferredKeys(names);
  const early = breakOf();
  if (early !== null) throw early;
  const client = new ssh2.Client();
  let hostKey: Buffer = Buffer.alloc(0);
  let refusal: MailtraceError | null = null;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(timeoutFault(route, 'no login')), route.timeoutMs);
    const fail = watch(client, wire, () => hostKey, {
      ready: (connection) => {
        clearTimeout(timer);
        resolve(connection);
      },
      failed: (error) => {
        clearTimeout(timer);
        // What we know is more than what ssh2 says.
        reject(refusal ?? error);
      },
    });
    client.on('change password', () => fail(expiredFault(route)));
    client.connect({
      sock: wire,
      username: route.user,
      readyTimeout: 0,
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVES_MISSED,
      algorithms: { serverHostKey },
      authHandler: offerMethods(credentials, (tried) => {
        refusal = loginFault(route, tried, credentials.notes);
      }),
      hostVerifier: (key: Buffer, verify: (isGood: boolean) => void) => {
        hostKey = Buffer.from(key);
        judgeForAll(names, hostKey, trusted).then(
          (fault) => {
            refusal = fault;
            verify(fault === null);
          },
          (error: Error) => fail(error),
        );
      },
    });
  });
};
