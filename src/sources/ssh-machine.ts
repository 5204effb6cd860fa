/** One machine: its connection, its shells, and the searches that are put to it. Searches that come together are one request. */
import { MailtraceError } from '../errors.js';
import { type Answer, createAnswerReader } from './ssh-answer.js';
import { type ConnectDeps, keepConnection } from './ssh-connection.js';
import { connectFault, lostFault } from './ssh-faults.js';
import type { Connection } from './ssh-handshake.js';
import { judgeHostKey, type TrustedKeys } from './ssh-host-keys.js';
import { createOpener, type Opener, openPlainShell } from './ssh-opener.js';
import type { RequestText } from './ssh-request.js';
import type { Route } from './ssh-route.js';
import {
  ChannelLost,
  isChannelRefusal,
  type RemoteShell,
  type ShellInfo,
  type ShellOptions,
  type ShellScripts,
} from './ssh-shell.js';
import { createShells, type Shells } from './ssh-shells.js';

export type MachineOptions = Readonly<{
  /** One for each name that leads here. */
  routes: readonly Route[];
  deps: ConnectDeps;
  scripts: ShellScripts;
  sudo: Readonly<{ isWanted: boolean; password: string | null }>;
}>;

/** What a visit may do. It is begun anew when the connection is lost in the middle. */
export type Visit = Readonly<{
  info: ShellInfo;
  /** What is wrong with the host key under this name; null = nothing. */
  keyFault: (route: Route) => Promise<MailtraceError | null>;
  /** `maxBytes`: beyond these the answer is cut. */
  ask: (request: RequestText, maxBytes: number) => Promise<Readonly<{ answer: Answer; isCut: boolean }>>;
  /** The same line by line, for those who do not wait as long; `onLine` says true to the last one. */
  talk: Talk;
  /** In a shell without sudo. @returns null where the server gives none besides this one. */
  talkAsLogin: <Result>(work: (talk: Talk) => Promise<Result>) => Promise<Result | null>;
}>;

export type Talk = (text: string, onLine: (line: Buffer) => boolean, silenceFactor: number) => Promise<void>;

export type Machine = Readonly<{
  /** @throws MailtraceError */
  connect: () => Promise<Connection>;
  /** @throws MailtraceError; the reason of the signal */
  visit: <Result>(work: (visit: Visit) => Promise<Result>, signal: AbortSignal) => Promise<Result>;
}>;

type Kept = Readonly<{
  connection: Connection;
  opener: Opener;
  shells: Shells;
  /** By the name of a route. */
  faults: Map<string, MailtraceError | null>;
}>;

const LOST = Symbol('lost');
type Lost = typeof LOST;

const isLost = (error: unknown, { connection }: Kept): boolean =>
  error instanceof ChannelLost || (!connection.isOpen() && !(error instanceof MailtraceError));

const talkTo =
  (shell: RemoteShell, signal: AbortSignal): Talk =>
  (text, onLine, silenceFactor) =>
    shell.ask(text, onLine, signal, { silenceFactor });

const askShell =
  (shell: RemoteShell, signal: AbortSignal): Visit['ask'] =>
  async ({ text, end }, maxBytes) => {
    const reader = createAnswerReader(end);
    let isCut = false;
    await shell.ask(
      text,
      (line) => {
        if (reader.take(line)) return true;
        isCut = reader.bytes() > maxBytes;
        return isCut;
      },
      signal,
    );
    // Nobody waits for the rest.
    if (isCut) shell.close();
    return { answer: reader.answer(), isCut };
  };

const asLogin = async <Result>(
  options: ShellOptions,
  signal: AbortSignal,
  work: (talk: Talk) => Promise<Result>,
): Promise<Result | null> => {
  try {
    const shell = await openPlainShell(options);
    try {
      return await work(talkTo(shell, signal));
    } finally {
      shell.close();
    }
  } catch (error) {
    if (isChannelRefusal(error)) return null;
    throw error;
  }
};

const keyFaultOf =
  ({ connection, faults }: Kept, trusted: TrustedKeys): Visit['keyFault'] =>
  async (named) => {
    const known = faults.get(named.name);
    if (known !== undefined) return known;
    const fault = await judgeHostKey(named, connection.hostKey, trusted);
    faults.set(named.name, fault);
    return fault;
  };

type Work<Result> = (visit: Visit) => Promise<Result>;

const visitOnce = async <Result>(
  work: Work<Result>,
  signal: AbortSignal,
  place: Kept,
  { routes, deps, scripts, sudo }: MachineOptions,
): Promise<Result> => {
  const { connection, opener, shells } = place;
  // Somebody may have mended what sudo refused.
  if (opener.forgetRefusal()) shells.closeFree();
  const shell = await shells.take();
  try {
    return await work({
      info: shell.info,
      keyFault: keyFaultOf(place, deps.trusted),
      ask: askShell(shell, signal),
      talk: talkTo(shell, signal),
      talkAsLogin: (talking) => asLogin({ connection, route: routes[0]!, scripts, sudo }, signal, talking),
    });
  } finally {
    shells.giveBack(shell);
  }
};

export const createMachine = (options: MachineOptions): Machine => {
  const { routes, deps, scripts, sudo } = options;
  const route = routes[0]!;
  let kept: Kept | null = null;
  const reach = async (): Promise<Kept> => {
    if (kept?.connection.isOpen()) return kept;
    const connection = await keepConnection(route, routes, deps);
    if (kept?.connection === connection) return kept;
    const opener = createOpener({ connection, route, scripts, sudo });
    kept = { connection, opener, shells: createShells(opener.open), faults: new Map() };
    return kept;
  };
  const visitOrLose = async <Result>(work: Work<Result>, signal: AbortSignal): Promise<Result | Lost> => {
    const place = await reach();
    try {
      return await visitOnce(work, signal, place, options);
    } catch (error) {
      signal.throwIfAborted();
      if (!isLost(error, place)) throw isChannelRefusal(error) ? connectFault(route, error) : error;
      place.connection.close();
      return LOST;
    }
  };
  return {
    connect: async () => (await reach()).connection,
    visit: async (work, signal) => {
      const result = await visitOrLose(work, signal);
      if (result !== LOST) return result;
      // A kept connection may have died unseen.
      const again = await visitOrLose(work, signal);
      if (again === LOST) throw lostFault(route);
      return again;
    },
  };
};
