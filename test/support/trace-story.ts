/** Runs the whole straight line over logs in memory, and tells a report in lines that a test can name. */
import type { LogSource } from '../../src/app/ports.ts';
import type { TraceDeps, TraceLimits } from '../../src/app/trace-deps.ts';
import { createTraceMessage } from '../../src/app/trace-message.ts';
import { type Architecture, NO_ARCHITECTURE } from '../../src/domain/architecture.ts';
import type { Chain, HopEnd, TraceReport } from '../../src/domain/chain.ts';
import { buildHostDirectory } from '../../src/domain/host-names.ts';
import { hostName } from '../../src/domain/ids.ts';
import { parseKeyword, type Scope } from '../../src/query/trace-query.ts';
import { createMemorySource } from './memory-source.ts';
import { FLEET, fullName, type Logs, type RenderOptions, T0 } from './postfix-log.ts';

export type StoryOptions = RenderOptions &
  Readonly<{
    /** Seconds from T0; default: an hour before and after. */
    window?: readonly [number, number];
    onlyWindow?: boolean;
    /** Of who asks; default: UTC. */
    timeZone?: string;
    startHost?: string;
    scope?: Scope;
    /** Seconds from T0; default: a week later. */
    now?: number;
    /** Hosts that cannot be reached. */
    dead?: readonly string[];
    /** Configured hosts; default: the fleet. */
    hosts?: readonly string[];
    clusters?: Readonly<Record<string, readonly string[]>>;
    domain?: string;
    untracked?: readonly string[];
    architecture?: Partial<Architecture>;
    limits?: Partial<TraceLimits>;
  }>;

const LIMITS: TraceLimits = {
  maxRounds: 8,
  maxTransactions: 5000,
  maxLines: 2_000_000,
  maxBytes: 256 * 1_048_576,
  followLimitMs: 6 * 86_400_000,
  logLagMs: 600_000,
  manyHops: 7,
  slowHopMs: 60_000,
};

/** Everything of `source`, but the hosts in `dead` do not answer. */
const withDead = (source: LogSource, dead: ReadonlySet<string>): LogSource => ({
  ...source,
  search: async (request, signal) => {
    const outcome = await source.search(request, signal);
    return {
      ...outcome,
      records: outcome.records.filter(({ host }) => !dead.has(host)),
      hosts: outcome.hosts.map((reading) =>
        dead.has(reading.host)
          ? { ...reading, status: 'unreachable', error: 'no route to host', linesRead: 0 }
          : reading,
      ),
    };
  },
});

export type Told = Readonly<{ report: TraceReport; requests: ReturnType<typeof createMemorySource>['requests'] }>;

export const trace = async (
  logs: Logs,
  keywords: string | readonly string[],
  options: StoryOptions = {},
): Promise<Told> => {
  const names = (options.hosts ?? Object.keys(FLEET)).map(fullName);
  const lines = logs.lines(options);
  const memory = createMemorySource(Object.fromEntries(names.map((name) => [name, lines[name] ?? []])), { nearMs: T0 });
  const clusters = options.clusters ?? {};
  const domain = options.domain ?? 'campus.example';
  const directory = buildHostDirectory({ hosts: names, clusters, domain });
  const architecture: Architecture = {
    ...NO_ARCHITECTURE,
    ...options.architecture,
    untracked: new Set((options.untracked ?? []).map(directory.canonical)),
  };
  const deps: TraceDeps = {
    sources: [withDead(memory, new Set((options.dead ?? []).map(fullName)))],
    directory,
    hosts: names.map(hostName),
    architecture,
    clusters,
    domain,
    limits: { ...LIMITS, ...options.limits },
    timeZone: 'UTC',
    now: () => T0 + (options.now ?? 7 * 86_400) * 1000,
  };
  const [from, to] = options.window ?? [-3600, 3600];
  const report = await createTraceMessage(deps)(
    {
      keywords: (typeof keywords === 'string' ? [keywords] : keywords).map(parseKeyword),
      startHost: options.startHost ?? null,
      window: { fromMs: T0 + from * 1000, toMs: T0 + to * 1000 },
      timeZone: options.timeZone ?? 'UTC',
      onlyWindow: options.onlyWindow ?? false,
      scope: options.scope ?? { kind: 'all' },
    },
    { signal: new AbortController().signal },
  );
  return { report, requests: memory.requests };
};

const short = (host: string): string => host.replace(/\.campus\.example$/, '');
const end = ({ host, queueId }: HopEnd): string => `${short(host)}/${queueId ?? '?'}`;

const recipientLines = (chain: Chain): string[] =>
  chain.transactions.flatMap((t) =>
    t.recipients.map(({ address, originalAddress, status, attempts, partQueueId = t.queueId }) => {
      const alias = originalAddress === null ? '' : ` (${originalAddress})`;
      const tries = attempts.length === 1 ? '' : ` after ${attempts.length} tries`;
      return `${end({ host: t.host, queueId: partQueueId })}: ${address}${alias} ${status}${tries}`;
    }),
  );

const hopLines = (chain: Chain): string[] =>
  chain.hops.map(({ from, to, gap, evidence, recipients }) => {
    const how = gap === null ? evidence : `gap ${gap}`;
    return `${end(from)} > ${end(to)} ${how}: ${recipients.join(', ')}`;
  });

/** `verdict`, hops, recipients, relations: what a chain claims. */
export const tellChain = (chain: Chain): string[] => [
  `${chain.verdict}${chain.isMatch ? '' : ', only related'}`,
  ...hopLines(chain),
  ...recipientLines(chain),
  ...chain.relatedChains.map(({ id, relation }) => `${relation} ${id.split('/').slice(0, 2).map(short).join('/')}`),
];

/** Every chain, newest first, then rejects. */
export const tell = ({ report }: Told): string[][] => [
  ...report.chains.map(tellChain),
  ...report.rejects.map(({ host, queueId, stage, replyCode, dsn, sender, recipient, text }) => [
    `reject ${short(host)}/${queueId ?? '-'} ${stage} ${replyCode ?? '-'} ${dsn ?? '-'} ${sender ?? '-'} > ${recipient ?? '-'}`,
    text,
  ]),
];

/** The chain of a story that has just one. */
export const only = ({ report }: Told): Chain => {
  if (report.chains.length !== 1)
    throw new Error(`${report.chains.length} chains: ${report.chains.map(({ id }) => id).join(', ')}`);
  return report.chains[0]!;
};

export const findingCodes = (chain: Chain): string[] => chain.findings.map(({ code }) => code);
