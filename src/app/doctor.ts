/** `mailtrace doctor`: one check for each thing that a trace relies on, of all sources side by side. */
import type { HostDirectory } from '../domain/host-names.js';
import type { HostName } from '../domain/ids.js';
import { MailtraceError } from '../errors.js';
import { checkHost, type HostContext } from './host-checks.js';
import type { Check, CheckName, LogSource } from './ports.js';
import { type RecentLines, readRecentLines } from './recent-lines.js';
import { checkSkew } from './skew-checks.js';
import { resolveStartHosts } from './start-hosts.js';
import type { OpenOptions } from './tracer.js';

/** `startHost`: a host or cluster; null: all that are configured. */
export type Examination = Readonly<{ startHost: string | null; nowMs: number; signal: AbortSignal }>;

/** An opened configuration. */
export type Doctor = Readonly<{
  /**
   * What a host, a file or an index does wrong is a check. In order: of the fleet, then host by host.
   * @throws MailtraceError `usage` when `startHost` is no configured host or cluster; the signal's reason when it aborts.
   */
  examine: (examination: Examination) => Promise<readonly Check[]>;
  close(): Promise<void>;
}>;

/** @throws MailtraceError `config` for a configuration that is missing or wrong. */
export type OpenDoctor = (options: OpenOptions) => Promise<Doctor>;

export type DoctorDeps = Readonly<{
  sources: readonly LogSource[];
  directory: HostDirectory;
  /** Every configured host that has a source, in the order of the configuration. */
  hosts: readonly HostName[];
  clusters: Readonly<Record<string, readonly string[]>>;
  /** What needs no log: of the configuration and the environment. */
  general: readonly Check[];
}> &
  Pick<HostContext, 'timeZone' | 'zoneOf'>;

/** Hosts whose lines are held at one time. */
const PARALLEL = 16;

const NAMES: readonly CheckName[] = [
  'configuration',
  'access',
  'reachability',
  'host-key',
  'sudo',
  'readability',
  'mapping',
  'format',
  'zone',
  'freshness',
  'clock-skew',
];

const inOrder = (checks: readonly Check[], hosts: readonly HostName[]): readonly Check[] => {
  const places = new Map<string, number>(hosts.map((host, index) => [host, index]));
  const placeOf = ({ host }: Check): number => (host === null ? -1 : (places.get(host) ?? hosts.length));
  return [...checks].sort((a, b) => placeOf(a) - placeOf(b) || NAMES.indexOf(a.name) - NAMES.indexOf(b.name));
};

type Told = Readonly<{ lines: readonly Check[]; adapters: readonly Check[]; skew: readonly Check[] }>;

const isFault = ({ status }: Check): boolean => status === 'failed' || status === 'warning';

const hostsOf = (checks: readonly Check[], name: CheckName): ReadonlySet<string | null> =>
  new Set(checks.filter((check) => check.name === name).map(({ host }) => host));

/** Of a wrong zone mail tells best, then what the adapter saw, then what the lines of the host alone suggest. One is shown. */
const chooseZones = ({ lines, adapters, skew }: Told): Told => {
  const byMail = hostsOf(skew.filter(isFault), 'zone');
  const [wrongByAdapter, wrongByLines] = [
    hostsOf(adapters.filter(isFault), 'zone'),
    hostsOf(lines.filter(isFault), 'zone'),
  ];
  const known = hostsOf(adapters, 'zone');
  const isOtherThanZone = ({ name }: Check): boolean => name !== 'zone';
  return {
    skew,
    adapters: adapters.filter(
      (check) =>
        isOtherThanZone(check) || !(byMail.has(check.host) || (!isFault(check) && wrongByLines.has(check.host))),
    ),
    lines: lines.filter(
      (check) =>
        isOtherThanZone(check) ||
        !(byMail.has(check.host) || wrongByAdapter.has(check.host) || (!isFault(check) && known.has(check.host))),
    ),
  };
};

/** An adapter that asked the machine for the time knows better than mail how its clock goes. */
const chooseClocks = ({ lines, adapters, skew }: Told): Told => {
  const wrong = hostsOf(adapters.filter(isFault), 'clock-skew');
  const isCompared = adapters.some(({ name }) => name === 'clock-skew');
  const isTold = ({ name, host }: Check): boolean => name === 'clock-skew' && host !== null && wrong.has(host);
  return {
    adapters,
    lines: lines.filter((check) => !isTold(check)),
    skew: skew.filter((check) => !isTold(check) && !(isCompared && check.status === 'unknown')),
  };
};

const runParallel = async <Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> => {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += PARALLEL) {
    results.push(...(await Promise.all(items.slice(from, from + PARALLEL).map(work))));
  }
  return results;
};

const diagnoseSource = async (
  source: LogSource,
  { hosts, nowMs, signal }: Examination & Readonly<{ hosts: readonly HostName[] }>,
): Promise<readonly Check[]> => {
  const own = source.hosts.filter((host) => hosts.includes(host));
  if (own.length === 0) return [];
  try {
    return (await source.diagnose?.({ nowMs, hosts: own }, signal)) ?? [];
  } catch (error) {
    if (signal.aborted || !(error instanceof MailtraceError)) throw error;
    return [{ name: 'reachability', host: null, status: 'failed', text: error.message, remedy: error.hint }];
  }
};

/** What else fails says nothing about reading: a clock, a zone. */
const EXPLAINING: readonly CheckName[] = [
  'configuration',
  'reachability',
  'host-key',
  'sudo',
  'readability',
  'mapping',
  'format',
  'freshness',
];

/** The adapter's word on a host, or on the source as a whole, explains why nothing could be read. */
const isExplained = (host: HostName, checks: readonly Check[]): boolean =>
  checks.some(
    (check) =>
      check.status === 'failed' && EXPLAINING.includes(check.name) && (check.host === host || check.host === null),
  );

export const createDoctor = (deps: DoctorDeps): Doctor => ({
  examine: async (examination) => {
    const hosts = resolveStartHosts(examination.startHost, deps);
    const { nowMs, signal } = examination;
    const { sources, directory, timeZone, zoneOf } = deps;
    const diagnosed = Promise.all(sources.map((source) => diagnoseSource(source, { ...examination, hosts })));
    const sourceOf = (host: HostName): LogSource | undefined => sources.find((source) => source.hosts.includes(host));
    const reading = runParallel(hosts, async (host): Promise<RecentLines> => {
      const source = sourceOf(host);
      return source === undefined
        ? { host, records: [], fault: { status: 'unreadable', error: 'no log of this host is configured' } }
        : readRecentLines(source, host, nowMs, signal);
    });
    const [own, recent] = await Promise.all([diagnosed, reading]);
    const adapters = own.flat();
    const lines = recent.flatMap((each) =>
      checkHost(each, isExplained(each.host, adapters), { nowMs, timeZone, zoneOf }),
    );
    const skew = await checkSkew(recent, { directory, sourceOf }, signal);
    const told = chooseClocks(chooseZones({ lines, adapters, skew }));
    return inOrder([...deps.general, ...told.lines, ...told.adapters, ...told.skew], hosts);
  },
  close: async () => {
    await Promise.all(deps.sources.map((source) => source.close()));
  },
});
