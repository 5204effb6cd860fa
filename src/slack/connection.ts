/** Keeps the Socket Mode connection: the SDK's own loop waits 5 s and more, and ends the process on some failures. */
import type { SocketModeReceiver } from '@slack/bolt';
import type { Log } from '../app/ports.js';
import type { Sleep } from './pace.js';
import { isBadToken, SlackCallError, toSlackError } from './slack-call.js';

type Client = Pick<SocketModeReceiver['client'], 'start' | 'disconnect' | 'on'>;

export type Connection = Readonly<{
  /** Resolves when Slack has said hello. @throws SlackCallError */
  open: () => Promise<void>;
  /** Nothing arrives after this. */
  close: () => Promise<void>;
}>;

/** Slack asks for a new connection every few hours: the first try comes at once. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;
/** No hello after so long: the address answers, but not as Slack does. */
const HELLO_TIMEOUT_MS = 20_000;
const CLOSE_TIMEOUT_MS = 1000;

const slackFailure = (error: unknown): SlackCallError => {
  const known = toSlackError('apps.connections.open', error);
  if (known instanceof SlackCallError) return known;
  // The socket closed before hello: the SDK rejects with nothing.
  return new SlackCallError(
    'apps.connections.open',
    'unreachable',
    'Slack closed the connection before it was ready.',
    {
      cause: error,
    },
  );
};

/** One try. @throws SlackCallError */
const connect = async (client: Client, sleep: Sleep): Promise<void> => {
  const started = new AbortController();
  const late = sleep(HELLO_TIMEOUT_MS, started.signal).then(() => {
    if (!started.signal.aborted) throw new Error('Slack did not say hello in time.');
  });
  const start = client.start();
  for (const loser of [late, start]) loser.catch(() => {});
  try {
    await Promise.race([start, late]);
  } catch (error) {
    throw slackFailure(error);
  } finally {
    started.abort();
  }
};

/** `onLost`: the connection cannot be had again by waiting, because the token is no longer good. */
export const createConnection = (deps: {
  client: Client;
  sleep: Sleep;
  log: Log;
  onLost: (error: SlackCallError) => void;
}): Connection => {
  const { client, sleep, log, onLost } = deps;
  const closing = new AbortController();
  /** While somebody waits for a new connection, what happens to the old one is no news. */
  let isConnecting = false;

  /** @returns true when there is nothing more to try */
  const tryAgain = async (): Promise<boolean> => {
    try {
      await connect(client, sleep);
      log.info({}, 'connected to Slack again');
      return true;
    } catch (error) {
      if (!(error instanceof SlackCallError)) throw error;
      if (isBadToken(error)) onLost(error);
      else log.warn({ error: error.message, hint: error.hint }, 'Slack cannot be reached; trying again');
      return isBadToken(error);
    }
  };

  const reopen = async (): Promise<void> => {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      await sleep(waitMs, closing.signal);
      if (closing.signal.aborted || (await tryAgain())) return;
    }
  };

  const whileConnecting = async (work: () => Promise<void>): Promise<void> => {
    isConnecting = true;
    try {
      await work();
    } finally {
      isConnecting = false;
    }
  };

  client.on('disconnected', () => {
    if (closing.signal.aborted || isConnecting) return;
    log.info({}, 'the connection to Slack ended; connecting again');
    void whileConnecting(reopen);
  });

  return {
    open: () => whileConnecting(() => connect(client, sleep)),
    close: async () => {
      closing.abort();
      const over = new AbortController();
      await Promise.race([client.disconnect(), sleep(CLOSE_TIMEOUT_MS, over.signal)]);
      over.abort();
    },
  };
};
