/** One round: every source is asked at once; what comes back is counted once, however often it is read. */
import type { SourceReport, SourceStatus } from '../domain/chain.js';
import type { LogRecord } from '../domain/event.js';
import type { HostName } from '../domain/ids.js';
import { localQueueIds } from '../parsers/registry.js';
import type { Plan, PlannedLookup } from '../trace/next-lookups.js';
import type { HostReading, LogSource, Lookup, SearchOutcome } from './ports.js';
import type { TraceDeps } from './trace-deps.js';

export type Reader = Readonly<{
  read: (plan: Plan, onAnswer: (hostsAnswered: number, hostsAsked: number) => void) => Promise<readonly LogRecord[]>;
  countUnknown: (host: HostName) => void;
  reports: () => readonly SourceReport[];
  /** Lines in the hour that the clocks repeated, per host: both instants were searched. */
  ambiguousTimes: () => ReadonlyMap<HostName, number>;
  /** The budget of lines or bytes is used up. */
  isCut: () => boolean;
}>;

type Tally = {
  kind: string;
  status: SourceStatus;
  error: string | null;
  linesRead: number;
  unknownLines: number;
  rounds: number;
};

const WORST: readonly SourceStatus[] = ['ok', 'incomplete', 'unreadable', 'unreachable'];

const worse = (a: SourceStatus, b: SourceStatus): SourceStatus => (WORST.indexOf(a) >= WORST.indexOf(b) ? a : b);

const toLookup = ({ window, needles, isRelated }: PlannedLookup): Lookup => ({
  window,
  needles,
  relatedWindow: window,
  related: isRelated ? localQueueIds : null,
});

/** Hosts of one source that are asked the same are asked in one request. */
const requestsOf = (
  source: LogSource,
  plan: Plan,
): readonly (readonly [readonly HostName[], readonly PlannedLookup[]])[] => {
  const groups = new Map<string, [HostName[], readonly PlannedLookup[]]>();
  for (const host of source.hosts) {
    const lookups = plan.get(host);
    if (lookups === undefined) continue;
    const key = JSON.stringify(lookups);
    const group = groups.get(key);
    if (group) group[0].push(host);
    else groups.set(key, [[host], lookups]);
  }
  return [...groups.values()];
};

/** Identical lines of one answer are different lines; the same line in a later answer is the same line. */
const createOnce = () => {
  const known = new Map<string, number>();
  return (records: readonly LogRecord[]): LogRecord[] => {
    const here = new Map<string, number>();
    const fresh = records.filter((record) => {
      const key = `${record.host}\0${record.raw}`;
      const count = (here.get(key) ?? 0) + 1;
      here.set(key, count);
      return count > (known.get(key) ?? 0);
    });
    for (const [key, count] of here) known.set(key, Math.max(count, known.get(key) ?? 0));
    return fresh;
  };
};

/** What each host's log gave so far. */
const createTallies = (deps: Pick<TraceDeps, 'hosts' | 'sources'>) => {
  const tallies = new Map<HostName, Tally>();
  const emptyTally = (kind: string): Tally => ({
    kind,
    status: 'ok',
    error: null,
    linesRead: 0,
    unknownLines: 0,
    rounds: 0,
  });
  // A later round may read a line again: the largest count of one round is not too large.
  const most = (map: Map<HostName, number>, host: HostName, count: number): void => {
    if (count > (map.get(host) ?? 0)) map.set(host, count);
  };
  const headless = new Map<HostName, number>();
  const ambiguous = new Map<HostName, number>();
  return {
    note: (kind: string, { host, status, error, headlessLines = 0, ambiguousTimes }: HostReading): void => {
      most(headless, host, headlessLines);
      most(ambiguous, host, ambiguousTimes);
      const tally = tallies.get(host) ?? emptyTally(kind);
      tallies.set(host, tally);
      tally.status = worse(tally.status, status);
      tally.error ??= error;
      tally.rounds++;
    },
    countLine: (host: HostName): void => {
      const tally = tallies.get(host);
      if (tally) tally.linesRead++;
    },
    countUnknown: (host: HostName): void => {
      const tally = tallies.get(host);
      if (tally) tally.unknownLines++;
    },
    reports: (): readonly SourceReport[] =>
      deps.hosts.map((host) => {
        const kind = deps.sources.find(({ hosts }) => hosts.includes(host))?.kind ?? 'file';
        const tally = tallies.get(host) ?? emptyTally(kind);
        return { host, ...tally, unknownLines: tally.unknownLines + (headless.get(host) ?? 0) };
      }),
    ambiguousTimes: (): ReadonlyMap<HostName, number> => ambiguous,
  };
};

export const createReader = (deps: TraceDeps, signal: AbortSignal): Reader => {
  const { note, countLine, ...tallies } = createTallies(deps);
  const once = createOnce();
  let linesLeft = deps.limits.maxLines;
  let bytesLeft = deps.limits.maxBytes;
  let isCut = false;

  const take = (source: LogSource, outcome: SearchOutcome): readonly LogRecord[] => {
    for (const reading of outcome.hosts) note(source.kind, reading);
    if (outcome.isCut) isCut = true;
    // Sources are asked side by side, each with all that is left; together they may bring more.
    const taken: LogRecord[] = [];
    for (const record of once(outcome.records)) {
      if (linesLeft <= 0 || bytesLeft <= 0) {
        isCut = true;
        break;
      }
      linesLeft--;
      bytesLeft -= record.raw.length;
      countLine(record.host);
      taken.push(record);
    }
    return taken;
  };

  return {
    read: async (plan, onAnswer) => {
      let answered = 0;
      onAnswer(0, plan.size);
      const budget = { maxLines: Math.max(1, linesLeft), maxBytes: Math.max(1, bytesLeft) };
      const asked = deps.sources.flatMap((source) => requestsOf(source, plan).map((request) => ({ source, request })));
      const answers = await Promise.all(
        asked.map(async ({ source, request: [hosts, lookups] }) => {
          const outcome = await source.search({ hosts, lookups: lookups.map(toLookup), budget }, signal);
          answered += hosts.length;
          onAnswer(answered, plan.size);
          return { source, outcome };
        }),
      );
      // In the order of the sources, not of the answers: the report must not depend on who is faster.
      return answers.flatMap(({ source, outcome }) => take(source, outcome));
    },
    ...tallies,
    isCut: () => isCut,
  };
};
