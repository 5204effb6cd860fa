/** LogSource over SSH: logs are searched where they lie, by a script that the machine's own shell runs. */
import { readFile } from 'node:fs/promises';
import { hostname as machineName, userInfo } from 'node:os';
import type { Check, DiagnoseContext, LogSource, SearchOutcome, SearchRequest } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { MailtraceError } from '../errors.js';
import { createZone, type Zone } from '../zone.js';
import type { SshSecrets } from './ssh-auth.js';
import { loadSshConfig, type SshConfig } from './ssh-config.js';
import type { ConnectDeps } from './ssh-connection.js';
import { followSsh } from './ssh-follow.js';
import type { GroundOptions } from './ssh-ground.js';
import type { Connection } from './ssh-handshake.js';
import type { TrustedKeys } from './ssh-host-keys.js';
import { createLimiter, type Limiter } from './ssh-limiter.js';
import { createMachine, type Machine } from './ssh-machine.js';
import { mergeOutcomes, unreachable } from './ssh-outcome.js';
import { machineKey, type Route, routeTo, type SshDefaults } from './ssh-route.js';
import { createMachineSearch, type MachineSearch } from './ssh-search.js';
import type { LocalUser } from './ssh-tokens.js';

/** `timeZone`: IANA name for stamps without an offset; null: that of the machine. */
export type SshHost = Readonly<{ host: HostName; logFiles: readonly string[]; timeZone: string | null }>;

export type SshOptions = Readonly<{
  hosts: readonly SshHost[];
  /** For machines that do not say theirs. */
  timeZone: string;
  canonical: (name: string) => HostName;
  username: string;
  privateKey: string;
  /** '' = none. */
  configFile: string;
  isHostKeyChecked: boolean;
  timeoutMs: number;
  secrets: SshSecrets;
  sudo: Readonly<{ isWanted: boolean; password: string | null }>;
  env: Readonly<Record<string, string | undefined>>;
  /** Instead of `REFUSAL_MS`. */
  refusalMs?: number;
}>;

/**
 * The rounds of one trace follow each other: a machine that is down is waited for once, and a wrong password is tried once, or
 * accounts would be locked. Whoever asks later has perhaps mended it.
 */
const REFUSAL_MS = 20_000;

/** sshd's MaxStartups begins to drop connections at ten that are not logged in. */
const HANDSHAKES_MAX = 8;

const readScript = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), 'utf8');

const findLocalUser = (env: SshOptions['env']): LocalUser => {
  const { username, homedir, uid } = userInfo();
  return { name: username, home: env['HOME'] || homedir, uid, machine: machineName(), env };
};

const createHandshakes = (): ((address: string) => Limiter) => {
  const limiters = new Map<string, Limiter>();
  return (address) => {
    const limiter = limiters.get(address) ?? createLimiter(HANDSHAKES_MAX);
    limiters.set(address, limiter);
    return limiter;
  };
};

type Place = Readonly<{
  machine: Machine;
  search: MachineSearch;
  ground: GroundOptions;
  routeOf: (host: HostName) => Route;
}>;

type Found = Readonly<{ key: string; route: Route }>;

/** Addresses change, and people edit their ssh_config: a bot runs for months. */
const ROUTE_MS = 5 * 60_000;

/** Finds out which machine each host is, once for a while; what fails is tried again by the next search. */
const createFinder = (options: SshOptions, defaults: () => Promise<SshDefaults>) => {
  const known = new Map<HostName, Promise<Found>>();
  let knownSinceMs = Number.NEGATIVE_INFINITY;
  const find = async (host: HostName): Promise<Found> => {
    const route = await routeTo(host, await defaults());
    return { key: machineKey(route), route };
  };
  const once = (host: HostName): Promise<Found> => {
    const found = known.get(host) ?? find(host);
    known.set(host, found);
    found.catch(() => known.delete(host));
    return found;
  };
  /** Every host of the source, since all names of a machine share its connection. */
  return async (): Promise<ReadonlyMap<HostName, Found | MailtraceError>> => {
    if (performance.now() - knownSinceMs > ROUTE_MS) {
      known.clear();
      knownSinceMs = performance.now();
    }
    const all = await Promise.all(
      options.hosts.map(async ({ host }) => {
        const found = await once(host).catch((error: unknown) => {
          if (error instanceof MailtraceError) return error;
          throw error;
        });
        return [host, found] as const;
      }),
    );
    return new Map(all);
  };
};

type Parts = Readonly<{ options: SshOptions; deps: ConnectDeps; scripts: Readonly<{ login: string; search: string }> }>;

const createPlaces = ({ options, deps, scripts }: Parts) => {
  const places = new Map<string, Place>();
  const zones = new Map<string, Zone>();
  const zoneNamed = (name: string): Zone => {
    const zone = zones.get(name) ?? createZone(name);
    zones.set(name, zone);
    return zone;
  };
  const build = (members: readonly Readonly<{ host: HostName; route: Route }>[]): Place => {
    const routes = new Map(members.map(({ host, route }) => [host, route]));
    const routeOf = (host: HostName): Route => routes.get(host)!;
    const machine = createMachine({ routes: members.map(({ route }) => route), deps, scripts, sudo: options.sudo });
    const ground: GroundOptions = {
      hosts: options.hosts.filter(({ host }) => routes.has(host)),
      isConfigured: (host) => options.hosts.some((each) => each.host === host),
      ownZoneOf: new Map(options.hosts.map(({ host, timeZone }) => [host, timeZone])),
      zoneNamed,
      fallbackZone: options.timeZone,
      canonical: options.canonical,
    };
    return { machine, ground, routeOf, search: createMachineSearch({ ...ground, machine, routeOf }) };
  };
  return {
    /** `found`: where every host of the source is. */
    placeOf: (key: string, found: ReadonlyMap<HostName, Found | MailtraceError>): Place => {
      const members = [...found].flatMap(([host, each]) =>
        !(each instanceof MailtraceError) && each.key === key ? [{ host, route: each.route }] : [],
      );
      const known = JSON.stringify([key, members.map(({ host }) => host)]);
      const place = places.get(known) ?? build(members);
      places.set(known, place);
      return place;
    },
  };
};

/** `error` null: nobody configured this host. */
type Lost = Readonly<{ host: HostName; error: MailtraceError | null }>;
type Grouped = Readonly<{
  places: readonly Readonly<{ place: Place; hosts: readonly HostName[] }>[];
  lost: readonly Lost[];
}>;
type GroupHosts = (asked: readonly HostName[]) => Promise<Grouped>;

/** Hosts by the machine that they lead to. */
const createGrouper =
  (findAll: ReturnType<typeof createFinder>, placeOf: ReturnType<typeof createPlaces>['placeOf']): GroupHosts =>
  async (asked) => {
    const found = await findAll();
    const groups = new Map<string, HostName[]>();
    const lost: Lost[] = [];
    for (const host of asked) {
      const at = found.get(host);
      if (at === undefined || at instanceof MailtraceError) lost.push({ host, error: at ?? null });
      else groups.set(at.key, [...(groups.get(at.key) ?? []), host]);
    }
    return { places: [...groups].map(([key, hosts]) => ({ place: placeOf(key, found), hosts })), lost };
  };

type Diagnosis = DiagnoseContext & Readonly<{ groupHosts: GroupHosts; trusted: TrustedKeys; signal: AbortSignal }>;

const diagnoseAll = async ({
  hosts: asked,
  nowMs,
  groupHosts,
  trusted,
  signal,
}: Diagnosis): Promise<readonly Check[]> => {
  const begunMs = performance.now();
  const now = (): number => nowMs + performance.now() - begunMs;
  const [{ diagnosePlaces }, script, { places, lost }] = await Promise.all([
    import('./ssh-diagnosis.js'),
    readScript('remote-diagnosis.sh'),
    groupHosts(asked),
  ]);
  return diagnosePlaces(
    places.map(({ place, hosts }) => ({ ...place, hosts, trusted, script, now, signal })),
    lost.flatMap(({ host, error }) => (error === null ? [] : [{ host, error }])),
  );
};

/** Whoever aborts does not wait for a machine that does not answer. */
const orAbort = <Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> =>
  new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
  });

const loadConfig = async (options: SshOptions, localUser: LocalUser): Promise<SshConfig> =>
  options.configFile === '' ? [] : loadSshConfig(options.configFile, localUser);

/**
 * Opens the logs of `options.hosts`. Nobody is connected to before a search.
 * @throws RangeError for a zone that is none
 */
export const openSsh = async (options: SshOptions): Promise<LogSource> => {
  const ssh2 = (await import('ssh2')).default;
  const localUser = findLocalUser(options.env);
  const kept = new Map<string, Promise<Connection>>();
  const deps: ConnectDeps = {
    ssh2,
    secrets: options.secrets,
    opened: new Map(),
    localUser,
    handshakes: createHandshakes(),
    trusted: new Map(),
    kept,
    refusalMs: options.refusalMs ?? REFUSAL_MS,
  };
  const [login, search, followScript] = await Promise.all(
    ['remote-login.sh', 'remote-search.sh', 'remote-follow.sh'].map(readScript),
  );
  const { placeOf } = createPlaces({ options, deps, scripts: { login: login!, search: search! } });
  const { username, privateKey, timeoutMs, isHostKeyChecked } = options;
  const settings = { username, privateKey, timeoutMs, isHostKeyChecked, localUser };
  const findAll = createFinder(options, async () => ({ config: await loadConfig(options, localUser), ...settings }));
  const groupHosts = createGrouper(findAll, placeOf);
  const searchAll = async (request: SearchRequest, signal: AbortSignal): Promise<SearchOutcome> => {
    const { places, lost } = await groupHosts(request.hosts);
    const used = { lines: 0, bytes: 0 };
    const answers = await Promise.all(
      places.map(({ place, hosts }) => place.search({ ...request, hosts }, used, signal)),
    );
    return mergeOutcomes(request, [...lost.map(({ host, error }) => unreachable([host], error)), ...answers]);
  };
  return {
    kind: 'ssh',
    hosts: options.hosts.map(({ host }) => host),
    search: async (request, signal) => {
      signal.throwIfAborted();
      return searchAll(request, signal);
    },
    diagnose: (context, signal) =>
      orAbort(diagnoseAll({ ...context, groupHosts, trusted: deps.trusted, signal }), signal),
    follow: (follow) =>
      followSsh(
        {
          groupHosts,
          script: followScript!,
          timeoutMs,
          isConfigured: (host) => options.hosts.some((each) => each.host === host),
          now: Date.now,
        },
        follow,
      ),
    close: async () => {
      const open = await Promise.all([...kept.values()].map((each) => each.catch(() => null)));
      for (const connection of open) connection?.close();
    },
  };
};
