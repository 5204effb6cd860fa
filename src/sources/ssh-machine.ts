/** One machine: its connection, its shells, and the searches that are put to it. Searches that come together are one request. */
import { MailtraceError } from '../errors.js';
import { type Answer, createAnswerReader } from './ssh-answer.js';
import { type ConnectDeps, keepConnection } from './ssh-connection.js';
import { connectFault, lostFault } from './ssh-faults.js';
import type { Connection } from './ssh-handshake.js';
import { judgeHostKey } from './ssh-host-keys.js';
import type { RequestText } from './ssh-request.js';
import type { Route } from './ssh-route.js';
import {
  ChannelLost,
  isChannelRefusal,
  openShell,
  type RemoteShell,
  type ShellInfo,
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
}>;

export type Talk = (text: string, onLine: (line: Buffer) => boolean, silenceFactor: number) => Promise<void>;

export type Machine = Readonly<{
  /** @throws MailtraceError; the reason of the signal */
  visit: <Result>(work: (visit: Visit) => Promise<Result>, signal: AbortSignal) => Promise<Result>;
}>;

type Kept = Readonly<{
  connection: Connection;
  shells: Shells;
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

const openVisit = (shell: RemoteShell, keyFault: Visit['keyFault'], signal: AbortSignal): Visit => ({
  info: shell.info,
  keyFault,
  ask: askShell(shell, signal),
  talk: talkTo(shell, signal),
});

export const createMachine = ({ routes, deps, scripts, sudo }: MachineOptions): Machine => {
  const route = routes[0]!;
  let kept: Kept | null = null;
  const reach = async (): Promise<Kept> => {
    if (kept?.connection.isOpen()) return kept;
    const connection = await keepConnection(route, routes, deps);
    if (kept?.connection === connection) return kept;
    const shells = createShells(() => openShell({ connection, route, scripts, sudo }));
    kept = { connection, shells, faults: new Map() };
    return kept;
  };
  const keyFault =
    ({ connection, faults }: Kept): Visit['keyFault'] =>
    async (named) => {
      const known = faults.get(named.name);
      if (known !== undefined) return known;
      const fault = await judgeHostKey(named, connection.hostKey, deps.trusted);
      faults.set(named.name, fault);
      return fault;
    };
  const visitOnce = async <Result>(
    work: (visit: Visit) => Promise<Result>,
    signal: AbortSignal,
    place: Kept,
  ): Promise<Result> => {
    const shell = await place.shells.take();
    try {
      return await work(openVisit(shell, keyFault(place), signal));
    } finally {
      place.shells.giveBack(shell);
    }
  };
  const visitAgain = async <Result>(
    work: (visit: Visit) => Promise<Result>,
    signal: AbortSignal,
    isLast: boolean,
  ): Promise<Result | Lost> => {
    const place = await reach();
    try {
      return await visitOnce(work, signal, place);
    } catch (error) {
      signal.throwIfAborted();
      if (!isLost(error, place)) throw isChannelRefusal(error) ? connectFault(route, error) : error;
      place.connection.close();
      if (isLast) throw lostFault(route);
      return LOST;
    }
  };
  return {
    visit: async (work, signal) => {
      // A kept connection may have died unseen.
      const result = await visitAgain(work, signal, false);
      if (result !== LOST) return result;
      const again = await visitAgain(work, signal, true);
      if (again === LOST) throw lostFault(route);
      return again;
    },
  };
};
