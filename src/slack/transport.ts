/** How Slack's commands and buttons reach us: by a socket that we open, or by signed HTTP requests. */
import type { createServer } from 'node:http';
import { App, HTTPReceiver, type Logger, SocketModeReceiver, type webApi } from '@slack/bolt';
import type { Log } from '../app/ports.js';
import { MailtraceError } from '../errors.js';
import { createConnection } from './connection.js';
import type { Sleep } from './pace.js';

export type TransportOptions =
  /** `xapp-…` */
  | Readonly<{ kind: 'socket'; appToken: string }>
  /** Listens for `POST /slack/events`. Port 0 = any that is free. */
  | Readonly<{ kind: 'http'; signingSecret: string; host: string; port: number }>;

export type Transport = Readonly<{
  app: App;
  /** @returns the port in HTTP mode, else null. @throws MailtraceError `slack` */
  start: () => Promise<number | null>;
  /** Nothing new arrives after this. */
  stop: () => Promise<void>;
}>;

type Deps = Readonly<{
  /** Of the bot (`auth.test`). */
  botToken: string;
  botId: string;
  botUserId: string;
  apiUrl: string | null;
  boltLog: Logger;
  log: Log;
  sleep: Sleep;
  onLost: (error: MailtraceError) => void;
}>;

/** The connection loop tries again by itself. */
const OPEN_RETRIES = { retries: 1, minTimeout: 250 };
const OPEN_TIMEOUT_MS = 10_000;

/** Bolt posts to response URLs without a limit of its own; one that hangs would keep its asker's place. */
const fetchInTime: webApi.FetchFunction = (url, init) =>
  fetch(url, { ...init, signal: AbortSignal.timeout(OPEN_TIMEOUT_MS) });

/** The token is known to be good and whose it is, so Bolt need not ask for each request. */
const createApp = (receiver: HTTPReceiver | SocketModeReceiver, deps: Deps): App => {
  const { botToken, botId, botUserId, boltLog, apiUrl } = deps;
  return new App({
    receiver,
    token: botToken,
    botId,
    botUserId,
    logger: boltLog,
    tokenVerificationEnabled: false,
    convoStore: false,
    clientOptions: { fetch: fetchInTime, ...(apiUrl === null ? {} : { slackApiUrl: apiUrl }) },
  });
};

const openSocket = (appToken: string, deps: Deps): Transport => {
  const { boltLog, apiUrl, sleep, log, onLost } = deps;
  const receiver = new SocketModeReceiver({
    appToken,
    logger: boltLog,
    autoReconnectEnabled: false,
    installerOptions: {
      clientOptions: {
        retryConfig: OPEN_RETRIES,
        timeout: OPEN_TIMEOUT_MS,
        ...(apiUrl === null ? {} : { slackApiUrl: apiUrl }),
      },
    },
  });
  const connection = createConnection({ client: receiver.client, sleep, log, onLost });
  return {
    app: createApp(receiver, deps),
    start: async () => {
      await connection.open();
      return null;
    },
    stop: connection.close,
  };
};

const cannotListen = (host: string, port: number, error: unknown): MailtraceError =>
  new MailtraceError(
    'slack',
    `The bot cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}.`,
    'Set PORT or slack.port to a free port, and slack.host to an address of this machine.',
    { cause: error },
  );

const openHttp = (options: Extract<TransportOptions, { kind: 'http' }>, deps: Deps): Transport => {
  const { signingSecret, host, port } = options;
  const receiver = new HTTPReceiver({ signingSecret, endpoints: ['/slack/events'], logger: deps.boltLog });
  let server: ReturnType<typeof createServer> | null = null;
  return {
    app: createApp(receiver, deps),
    start: async () => {
      try {
        const started = await receiver.start({ host, port });
        if (!('listen' in started)) throw new Error('Bolt started no server.');
        server = started;
      } catch (error) {
        throw cannotListen(host, port, error);
      }
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },
    stop: async () => {
      const closed = receiver.stop();
      server?.closeIdleConnections();
      await closed;
    },
  };
};

export const openTransport = (options: TransportOptions, deps: Deps): Transport => {
  switch (options.kind) {
    case 'socket':
      return openSocket(options.appToken, deps);
    case 'http':
      return openHttp(options, deps);
  }
};
