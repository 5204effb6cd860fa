/** Starts the double and hands out its controls. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ApiCall, type Core, Journal, type Settings } from './core.js';
import type { Unacked } from './delivery/delivery.js';
import { PostOffice } from './delivery/post-office.js';
import { openSignedHttp } from './delivery/signed-http.js';
import { type DisconnectReason, SocketModeHub } from './delivery/socket-mode.js';
import { Faults } from './faults.js';
import { ACK_TIMEOUT_MS, EVENT_RETRY_DELAYS_MS } from './limits.js';
import { openPageServer } from './page-server.js';
import type { PageFleet, Proposal } from './page-view.js';
import { Person } from './people.js';
import { RateLimiter } from './rate-limit.js';
import { listen } from './server.js';
import { Tickets } from './tickets.js';
import { type Message, type SlackFile, Workspace } from './workspace.js';
import { defaultWorld, type World } from './world.js';

export type SlackDoubleOptions = Readonly<
  {
    /** A loopback address. */
    host?: string;
    /** 0 (the default) = any free one. */
    port?: number;
    /** Epoch milliseconds. */
    now?: () => number;
    world?: World;
    /** Offered on the page; a function is asked with the zone of the person who looks. */
    proposals?: readonly Proposal[] | ((timeZone: string) => readonly Proposal[]);
    /** Name of the channel the page opens with. */
    homeChannel?: string;
    /** Lets the page send mail through the fleet and break its relay. */
    fleet?: PageFleet;
  } & Partial<Settings>
>;

export type SlackDouble = Readonly<{
  /** `http://127.0.0.1:PORT`, where the page is. */
  url: string;
  /** For `SLACK_API_URL`. */
  apiUrl: string;
  botToken: string;
  appToken: string;
  signingSecret: string;
  world: World;
  /** By user name or id. @throws Error when there is nobody. */
  person: (nameOrId: string) => Person;
  /** Channel id by name. @throws Error when there is none. */
  channel: (name: string) => string;
  /** All messages of a channel, whispers and replies included, oldest first. */
  messages: (channelId: string) => readonly Message[];
  replies: (message: Message) => readonly Message[];
  /** Completed uploads, oldest first. */
  files: () => readonly SlackFile[];
  /** What the app called, oldest first. */
  calls: () => readonly ApiCall[];
  clearCalls: () => void;
  /** Plant faults here. */
  faults: Faults;
  /** Deliveries without an acknowledgement in time. */
  unacked: () => readonly Unacked[];
  sockets: Readonly<{
    count: () => number;
    lateAcks: () => number;
    disconnect: (reason: DisconnectReason) => void;
    cut: () => void;
  }>;
  /** From now on the app is reached by signed requests to this address (`…/slack/events`). */
  useHttp: (eventsUrl: string) => void;
  /** Waits until `look` returns something; asks again after every change. @throws Error when the time is over. */
  waitFor: <Found>(what: string, look: () => Found | null | undefined | false, timeoutMs?: number) => Promise<Found>;
  close: () => Promise<void>;
}>;

const WAIT_MS = 10_000;
const LOOPBACK_ADDRESS = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

/** Timers that end with the double. */
class Timers {
  readonly #open = new Set<NodeJS.Timeout>();

  later(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#open.delete(timer);
      run();
    }, delayMs);
    this.#open.add(timer);
  }

  close(): void {
    for (const timer of this.#open) clearTimeout(timer);
  }
}

const settingsOf = (options: SlackDoubleOptions): Settings => ({
  botToken: options.botToken ?? 'xoxb-playground',
  appToken: options.appToken ?? 'xapp-playground',
  signingSecret: options.signingSecret ?? 'playground-signing-secret',
  scopes: options.scopes ?? 'all',
  rateLimits: options.rateLimits ?? 'slack',
  shareDelayMs: options.shareDelayMs ?? 150,
  scanDelayMs: options.scanDelayMs ?? 300,
  ackTimeoutMs: options.ackTimeoutMs ?? ACK_TIMEOUT_MS,
  eventRetryDelaysMs: options.eventRetryDelaysMs ?? EVENT_RETRY_DELAYS_MS,
});

const makeWaiter =
  ({ workspace, journal }: Core): SlackDouble['waitFor'] =>
  (what, look, timeoutMs = WAIT_MS) =>
    new Promise((resolve, reject) => {
      const stops: (() => void)[] = [];
      const done = (): void => {
        for (const stop of stops) stop();
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`Waited ${timeoutMs} ms in vain for ${what}.`));
      }, timeoutMs);
      const check = (): void => {
        try {
          const found = look();
          if (found === null || found === undefined || found === false) return;
          done();
          resolve(found);
        } catch (error) {
          done();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      stops.push(() => clearTimeout(timer), workspace.onChange(check), journal.onWrite(check));
      check();
    });

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

const byNameOrId = (workspace: Workspace, nameOrId: string) => {
  const user = [...workspace.users.values()].find(({ id, name }) => id === nameOrId || name === nameOrId);
  if (user === undefined) throw new Error(`There is no user ${nameOrId} in the playground.`);
  return user;
};

const channelId = (workspace: Workspace, name: string): string => {
  const found = [...workspace.conversations.values()].find((conversation) => conversation.name === name);
  if (found === undefined) throw new Error(`There is no channel ${name} in the playground.`);
  return found.id;
};

type Parts = Readonly<{ core: Core; hub: SocketModeHub; post: PostOffice }>;

const controls = ({ core, hub, post }: Parts): Omit<SlackDouble, 'close'> => {
  const { workspace, settings, journal, now } = core;
  return {
    url: core.url(),
    apiUrl: `${core.url()}/api/`,
    botToken: settings.botToken,
    appToken: settings.appToken,
    signingSecret: settings.signingSecret,
    world: workspace.world,
    person: (nameOrId) => new Person(byNameOrId(workspace, nameOrId), core, post),
    channel: (name) => channelId(workspace, name),
    messages: (id) => workspace.messages(id),
    replies: (message) => workspace.replies(message),
    files: () => [...workspace.files.values()].filter(({ isCompleted }) => isCompleted),
    calls: () => [...journal.calls],
    clearCalls: () => journal.clear(),
    faults: core.faults,
    unacked: () => post.unacked,
    sockets: {
      count: () => hub.connections,
      lateAcks: () => hub.lateAcks,
      disconnect: (reason) => hub.disconnect(reason),
      cut: () => hub.cut(),
    },
    useHttp: (url) => {
      const { signingSecret, ackTimeoutMs } = settings;
      post.useHttp(openSignedHttp({ url, signingSecret, now, ackTimeoutMs }));
      workspace.announce({ kind: 'app', isConnected: true });
    },
    waitFor: makeWaiter(core),
  };
};

/**
 * Starts a Slack on loopback. The app needs `SLACK_API_URL`, the tokens and nothing else.
 * @throws Error when `host` is no loopback address or the port is taken.
 */
export const startSlackDouble = async (options: SlackDoubleOptions = {}): Promise<SlackDouble> => {
  const host = options.host ?? '127.0.0.1';
  if (!LOOPBACK_ADDRESS.test(host)) throw new Error(`The Slack double listens on loopback only, not on ${host}.`);
  const now = options.now ?? Date.now;
  const settings = settingsOf(options);
  const timers = new Timers();
  const address = { authority: '' };
  const workspace = new Workspace(options.world ?? defaultWorld, now);
  const core: Core = {
    workspace,
    settings,
    now,
    url: () => `http://${address.authority}`,
    tickets: new Tickets(now),
    faults: new Faults(),
    limiter: new RateLimiter(now),
    journal: new Journal(),
    later: (delayMs, run) => timers.later(delayMs, run),
  };
  const hub = new SocketModeHub({
    now,
    url: () => `ws://${address.authority}`,
    appId: workspace.world.appId,
    ackTimeoutMs: settings.ackTimeoutMs,
    onConnections: (count) => workspace.announce({ kind: 'app', isConnected: count > 0 }),
  });
  const post = new PostOffice(core, hub);
  const { proposals = [], homeChannel = 'mail-ops', fleet = null } = options;
  const stopFleet = fleet?.onChange(() => workspace.announce({ kind: 'fleet', fleet: fleet.state() }));
  const page = openPageServer({
    core,
    options: { proposals: typeof proposals === 'function' ? proposals : () => proposals, homeChannel, fleet },
    person: (id) => new Person(byNameOrId(workspace, id), core, post),
    isAppConnected: () => post.usesHttp || hub.connections > 0,
  });
  const server = await listen(host, options.port ?? 0, { core, hub, page });
  const { port } = server.address() as AddressInfo;
  address.authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const close = async (): Promise<void> => {
    timers.close();
    stopFleet?.();
    page.close();
    await hub.close();
    await closeServer(server);
  };
  return { ...controls({ core, hub, post }), close };
};
