/** One machine: its connection, its shells, and the searches that are put to it. Searches that come together are one request. */
import { MailtraceError } from '../errors.js';
import { type Answer, createAnswerReader } from './ssh-answer.js';
import { type ConnectDeps, type Connection, judgeHostKey, keepConnection } from './ssh-connection.js';
import { connectFault, lostFault } from './ssh-faults.js';
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
}>;

export type Machine = Readonly<{
  /** @throws MailtraceError; the reason of the signal */
  visit: <Result>(work: (visit: Visit) => Promise<Result>, signal: AbortSignal) => Promise<Result>;
  close: () => void;
}>;

/** Fewer than MaxSessions (10): somebody else may use the connection's machine with the same limits. */
const SHELLS_MAX = 4;
const ATTEMPTS = 4;
const RETRY_MS = 200;

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** The shells of one connection. A shell serves one visit at a time. */
const createShells = (open: () => Promise<RemoteShell>) => {
  const free: RemoteShell[] = [];
  const waiting: ((shell: RemoteShell | null) => void)[] = [];
  let [count, most] = [0, SHELLS_MAX];
  const start = async (): Promise<RemoteShell | null> => {
    count++;
    for (let attempt = 1; ; attempt++) {
      try {
        return await open();
      } catch (error) {
        if (isChannelRefusal(error) && count > 1) {
          // MaxSessions is lower than we thought: share those that are open.
          count--;
          most = Math.max(1, count);
          return null;
        }
        if (!isChannelRefusal(error) || attempt >= ATTEMPTS) {
          count--;
          waiting.shift()?.(null);
          throw error;
        }
        await pause(RETRY_MS * attempt * (0.5 + Math.random()));
      }
    }
  };
  const take = async (): Promise<RemoteShell> => {
    for (;;) {
      const shell = free.pop();
      if (shell?.isOpen()) return shell;
      if (shell !== undefined) {
        count--;
        continue;
      }
      const started =
        count < most ? await start() : await new Promise<RemoteShell | null>((next) => waiting.push(next));
      if (started?.isOpen()) return started;
      if (started !== null) count--;
    }
  };
  const giveBack = (shell: RemoteShell): void => {
    const next = waiting.shift();
    if (!shell.isOpen()) count--;
    if (next) next(shell.isOpen() ? shell : null);
    else if (shell.isOpen()) free.push(shell);
  };
  return { take, giveBack };
};

type Kept = Readonly<{
  connection: Connection;
  shells: ReturnType<typeof createShells>;
  faults: Map<string, MailtraceError | null>;
}>;

const isLost = (error: unknown, { connection }: Kept): boolean =>
  error instanceof ChannelLost || (!connection.isOpen() && !(error instanceof MailtraceError));

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
      return await work({ info: shell.info, keyFault: keyFault(place), ask: askShell(shell, signal) });
    } finally {
      place.shells.giveBack(shell);
    }
  };
  return {
    visit: async (work, signal) => {
      for (let attempt = 1; ; attempt++) {
        const place = await reach();
        try {
          return await visitOnce(work, signal, place);
        } catch (error) {
          signal.throwIfAborted();
          if (!isLost(error, place)) throw isChannelRefusal(error) ? connectFault(route, error) : error;
          // A kept connection may have died unseen; one that was new is not given a third chance.
          place.connection.close();
          if (attempt >= 2) throw lostFault(route);
        }
      }
    },
    close: () => kept?.connection.close(),
  };
};
