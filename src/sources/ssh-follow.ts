/**
 * LogFollower over SSH. Each machine is asked once in a poll, by a shell that stays open; one that does not answer is asked again
 * by itself, more and more rarely, and keeps nobody waiting.
 */
import type { FollowFault, FollowOptions, LogFollower } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { MailtraceError } from '../errors.js';
import type { FollowStore, FollowView, LookRequest } from './follow-store.js';
import type { FollowedLog, FollowedPiece } from './follow-types.js';
import { createLogFollower } from './log-follower.js';
import { createRemoteBytes, type RemoteMemory } from './ssh-follow-bytes.js';
import { type AskMachine, createAskMachine, type FollowPlace, lookAtMachine } from './ssh-follow-machine.js';

type Grouped = Readonly<{
  places: readonly Readonly<{ place: FollowPlace; hosts: readonly HostName[] }>[];
  lost: readonly Readonly<{ host: HostName; error: MailtraceError | null }>[];
}>;

export type SshFollowOptions = Readonly<{
  groupHosts: (asked: readonly HostName[]) => Promise<Grouped>;
  /** Text of remote-follow.sh. */
  script: string;
  timeoutMs: number;
  isConfigured: (host: HostName) => boolean;
  now: () => number;
}>;

/** After a failure a machine is asked again when so much time has passed, twice as much after each further one. */
const RETRY_MS = 2000;
const RETRY_MAX_MS = 60_000;
const NOT_HERE = 'this host has no log_files; add it to ssh_config.hosts of the configuration';

type PartView = Pick<FollowView, 'logs' | 'faults' | 'origins' | 'head' | 'read' | 'start'>;

/** `retry` null: it is reached. */
type Site = {
  readonly ask: AskMachine;
  readonly memory: RemoteMemory;
  retry: Readonly<{ error: string; failures: number; atMs: number }> | null;
  trying: boolean;
};

const textOf = ({ message, hint }: MailtraceError): string => `${message}; ${hint}`;

const unreachable = (hosts: readonly HostName[], error: string): readonly FollowFault[] =>
  hosts.map((host) => ({ host, status: 'unreachable', error }));

/** Rejects with the reason of `signal` also where `work` does not heed it. */
const orAbort = <Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> =>
  new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
  });

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError';

type Asking = Readonly<{ options: SshFollowOptions; place: FollowPlace; hosts: readonly HostName[]; site: Site }>;

/** Words for what a machine did; null: it is a bug, or an abort. */
const describe = (error: unknown, { options, hosts }: Asking): string | null => {
  if (error instanceof MailtraceError) return textOf(error);
  return isTimeout(error)
    ? `${hosts[0]} does not answer within ${options.timeoutMs / 1000} s; see how busy it is, or raise ssh_config.timeout`
    : null;
};

const noteFailure = (error: string, { site, options }: Asking): void => {
  const failures = (site.retry?.failures ?? 0) + 1;
  const waitMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (failures - 1));
  site.retry = { error, failures, atMs: options.now() + waitMs };
};

/** Tries in the background whether a machine that failed answers again. */
const tryAgain = (asking: Asking): void => {
  const { site, options } = asking;
  if (site.trying || site.retry === null || options.now() < site.retry.atMs) return;
  site.trying = true;
  const limit = AbortSignal.timeout(options.timeoutMs);
  orAbort(
    site.ask(async () => ({ lines: [], calls: [] }), limit),
    limit,
  )
    .then(
      () => {
        site.retry = null;
      },
      (error: unknown) => noteFailure(describe(error, asking) ?? String(error), asking),
    )
    .finally(() => {
      site.trying = false;
    });
};

const NO_LOGS: PartView = {
  logs: [],
  faults: [],
  origins: [],
  head: () => Promise.reject(new Error('there is no such file')),
  read: () => Promise.reject(new Error('there is no such file')),
  start: () => Promise.reject(new Error('there is no such log')),
};

const lookOnce = async (asking: Asking, request: LookRequest, signal: AbortSignal): Promise<PartView> => {
  const { options, place, hosts, site } = asking;
  const { ask, memory } = site;
  const { positions, maxBytes } = request;
  const packed = new Set(memory.packed.keys());
  // One machine that hangs must not keep the lines of the others.
  const limit = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]);
  const look = await orAbort(lookAtMachine({ place, hosts, positions, maxBytes, packed, ask, signal: limit }), limit);
  const bytes = createRemoteBytes({ look, memory, ask, now: options.now, signal });
  return { logs: look.logs, faults: look.faults, origins: look.origins, ...bytes };
};

/** A machine that cannot be reached is a fault of its hosts. */
const lookAt = async (asking: Asking, request: LookRequest, signal: AbortSignal): Promise<PartView> => {
  const { site, hosts } = asking;
  if (site.retry !== null) {
    tryAgain(asking);
    return { ...NO_LOGS, faults: unreachable(hosts, site.retry.error) };
  }
  try {
    return await lookOnce(asking, request, signal);
  } catch (error) {
    signal.throwIfAborted();
    const text = describe(error, asking);
    if (text === null) throw error;
    noteFailure(text, asking);
    return { ...NO_LOGS, faults: unreachable(hosts, text) };
  }
};

const join = (parts: readonly PartView[], faults: readonly FollowFault[]): FollowView => {
  const ofPiece = new Map<FollowedPiece, PartView>();
  const ofLog = new Map<string, PartView>();
  for (const part of parts) {
    for (const { partition, pieces } of part.logs) {
      ofLog.set(partition, part);
      for (const piece of pieces) ofPiece.set(piece, part);
    }
  }
  const partOf = (piece: FollowedPiece): PartView => ofPiece.get(piece) ?? NO_LOGS;
  return {
    logs: parts.flatMap(({ logs }): readonly FollowedLog[] => logs),
    faults: [...faults, ...parts.flatMap((part) => part.faults)],
    origins: parts.flatMap(({ origins }) => origins),
    head: (piece) => partOf(piece).head(piece),
    read: (piece, place, maxBytes) => partOf(piece).read(piece, place, maxBytes),
    start: (log, fromMs, parse) => (ofLog.get(log.partition) ?? NO_LOGS).start(log, fromMs, parse),
    isFull: true,
  };
};

const createSshStore = (options: SshFollowOptions, hosts: readonly HostName[]): FollowStore => {
  const sites = new Map<FollowPlace, Site>();
  const siteOf = (place: FollowPlace): Site => {
    const site = sites.get(place) ?? {
      ask: createAskMachine(place.machine, options.script, options.now),
      memory: { packed: new Map(), heads: new Map() },
      retry: null,
      trying: false,
    };
    sites.set(place, site);
    return site;
  };
  return {
    look: async (request, signal) => {
      const { places, lost } = await options.groupHosts(hosts);
      const maxBytes = Math.ceil(request.maxBytes / Math.max(1, places.length));
      const parts = await Promise.all(
        places.map(({ place, hosts: own }) =>
          lookAt({ options, place, hosts: own, site: siteOf(place) }, { ...request, maxBytes }, signal),
        ),
      );
      const faults = lost.flatMap(({ host, error }) => unreachable([host], error === null ? NOT_HERE : textOf(error)));
      return join(parts, faults);
    },
    // The connections are the source's.
    close: async () => {},
  };
};

export const followSsh = (options: SshFollowOptions, follow: FollowOptions): LogFollower =>
  createLogFollower({
    store: createSshStore(options, follow.hosts),
    follow,
    isConfigured: options.isConfigured,
    now: options.now,
  });
