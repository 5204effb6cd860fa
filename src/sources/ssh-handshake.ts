/** From a wire to a connection: is it the right machine, and does it let us in? */
import type { Duplex } from 'node:stream';
import type { Client, ConnectConfig } from 'ssh2';
import { MailtraceError } from '../errors.js';
import { type Credentials, gatherCredentials, type OpenedKeys, type SshSecrets } from './ssh-auth.js';
import { loginFault, timeoutFault } from './ssh-faults.js';
import { judgeForAll, preferredKeys, type TrustedKeys } from './ssh-host-keys.js';
import type { Route } from './ssh-route.js';

export type Connection = Readonly<{
  client: Client;
  /** As the server showed it. */
  hostKey: Buffer;
  /** What the server took, e.g. `key /root/.ssh/id_ed25519`; several where it wanted more than one. */
  login: string;
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
  opened: OpenedKeys;
  trusted: TrustedKeys;
}>;

/** A server that is asked so many times within `timeout` and says nothing is gone. */
const KEEPALIVES = 4;

/** Offers one way after the other; `onEnd` when all were refused, with those that were tried. */
const createOffers = ({ methods }: Credentials, onEnd: (tried: readonly string[]) => void) => {
  const tried: string[] = [];
  const accepted: string[] = [];
  let next = 0;
  const offer: NonNullable<ConnectConfig['authHandler']> = (left: readonly string[] | null, isPartial, proceed) => {
    if (isPartial) accepted.push(tried.at(-1) ?? '');
    const isTaken = (type: string): boolean => left === null || left.includes(type === 'agent' ? 'publickey' : type);
    while (next < methods.length && !isTaken(methods[next]!.method.type)) next++;
    const choice = methods[next++];
    if (choice === undefined) onEnd(tried);
    else tried.push(choice.name);
    // ssh2 ends the login when it is given false; its types do not say so.
    proceed(choice?.method ?? (false as never));
  };
  return { offer, taken: (): string => [...accepted, ...tried.slice(-1)].join(' and ') };
};

/**
 * Calls `onSilence` when nothing came for `ms`. A server that lives answers our questions (keepalives) in between, even while
 * its shell has nothing to say, and while its answer is stuck behind much else.
 */
const watchSilence = (wire: Duplex, ms: number, onSilence: () => void): (() => void) => {
  let isHeard = true;
  const timer = setTimeout(() => {
    isHeard = false;
    // We may have been too busy to listen: what has arrived is read before this.
    setImmediate(() => {
      if (!isHeard) onSilence();
    });
  }, ms);
  const listen = (): void => {
    isHeard = true;
    timer.refresh();
  };
  wire.on('data', listen);
  return () => {
    clearTimeout(timer);
    wire.off('data', listen);
  };
};

type Steps = Readonly<{ ready: (connection: Connection) => void; failed: (error: Error) => void }>;
type Facts = () => Pick<Connection, 'hostKey' | 'login'>;

/** Calls one of the steps, once. Afterwards only `isOpen` changes. */
const watch = (client: Client, { wire, route }: Handshake, facts: Facts, { ready, failed }: Steps) => {
  let isOpen = false;
  let stopWatching = (): void => {};
  const close = (): void => {
    isOpen = false;
    stopWatching();
    client.end();
    wire.destroy();
  };
  const fail = (error: Error): void => {
    close();
    failed(error);
  };
  client.on('ready', () => {
    isOpen = true;
    stopWatching = watchSilence(wire, route.timeoutMs, () => fail(new Error('the server fell silent')));
    ready({ client, ...facts(), isOpen: () => isOpen, close });
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
export const shakeHands = async (handshake: Handshake): Promise<Connection> => {
  const { route, names, wire, ssh2, secrets, opened, trusted } = handshake;
  const breakOf = watchWire(wire);
  const credentials = await gatherCredentials(route, secrets, ssh2, opened);
  const serverHostKey = await preferredKeys(names);
  const early = breakOf();
  if (early !== null) throw early;
  const client = new ssh2.Client();
  let hostKey: Buffer = Buffer.alloc(0);
  let refusal: MailtraceError | null = null;
  const { offer, taken } = createOffers(credentials, (tried) => {
    refusal = loginFault(route, tried, credentials.notes);
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(timeoutFault(route, 'no login')), route.timeoutMs);
    const fail = watch(client, handshake, () => ({ hostKey, login: taken() }), {
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
      keepaliveInterval: Math.ceil(route.timeoutMs / KEEPALIVES),
      // It counts unanswered questions, however much else arrives; we listen for anything.
      keepaliveCountMax: Number.POSITIVE_INFINITY,
      algorithms: { serverHostKey },
      authHandler: offer,
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
