/** What the readings of all logs mean for each host: its records, and whether its log was read. */
import type { HostReading, SearchOutcome } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { fault } from './file-faults.js';
import { mergeLogs, toRecord } from './host-records.js';
import type { Catalog, Log } from './log-catalog.js';
import type { FoundLine, LogReading } from './log-reading.js';
import type { Ticket } from './search-ticket.js';

/** A reading with the log it is of. A log may be read more than once. */
export type Reading = Readonly<{ log: Log; reading: LogReading }>;

/** One request, and all that was read for it and others. */
type Search = Readonly<{
  ticket: Ticket;
  /** Hosts that this source serves. */
  configured: Readonly<{ has: (host: HostName) => boolean }>;
  catalog: Catalog;
  readings: readonly Reading[];
}>;

const FAULTS_SHOWN = 3;
const FOREIGN = 'no line begins with a time stamp that is known; correct log_files of this host';
const NOT_HERE = 'this host has no log_files; add it to the hosts of the configuration';

/** Host → its lines that the request took, by log. A log that was read twice counts once. */
const groupByHost = ({ readings, ticket }: Search): ReadonlyMap<HostName, ReadonlyMap<Log, FoundLine[]>> => {
  const hosts = new Map<HostName, Map<Log, FoundLine[]>>();
  for (const { log, reading } of readings) {
    for (const line of reading.lines) {
      if (!line.wishes.some((wish) => wish.ticket === ticket)) continue;
      const logs = hosts.get(line.host) ?? new Map<Log, FoundLine[]>();
      const lines = logs.get(log) ?? [];
      lines.push(line);
      logs.set(log, lines);
      hosts.set(line.host, logs);
    }
  }
  return hosts;
};

/** A file that a glob matched may be anything, as long as the host has a log as well. */
const foreignFaults = (own: readonly Reading[], hasLog: boolean): readonly string[] =>
  own
    .flatMap(({ reading }) => reading.foreign)
    .filter(({ isNamed }) => isNamed || !hasLog)
    .map(({ path }) => fault(path, FOREIGN).text);

const faultsOf = (
  host: HostName,
  { configured, catalog, readings, ticket }: Search,
): Pick<HostReading, 'status' | 'error'> => {
  if (!configured.has(host)) return { status: 'unreadable', error: NOT_HERE };
  const own = readings.filter(({ log }) => log.owners.includes(host));
  const hasLog = own.some(({ reading }) => reading.readable > 0);
  const texts = new Set([
    ...catalog.faults.filter((each) => each.host === host).map((each) => each.fault.text),
    ...own.flatMap(({ reading }) => reading.faults.map(({ text }) => text)),
    ...foreignFaults(own, hasLog),
  ]);
  if (own.some(({ reading }) => reading.cut.has(ticket))) {
    const { maxLines, maxBytes } = ticket.request.budget;
    texts.add(
      `the reading ended at its limit of ${maxLines} lines or ${maxBytes} bytes; narrow the window or the keywords`,
    );
  }
  if (texts.size === 0) return { status: 'ok', error: null };
  const shown = [...texts].slice(0, FAULTS_SHOWN).join(' | ');
  const rest = texts.size > FAULTS_SHOWN ? ` | and ${texts.size - FAULTS_SHOWN} more` : '';
  return { status: hasLog ? 'incomplete' : 'unreadable', error: `${shown}${rest}` };
};

/** Lines without a header cannot tell their host: they count for the first owner of the log. */
const headlessOf = (host: HostName, readings: readonly Reading[]): number =>
  readings.reduce((sum, { log, reading }) => (log.owners[0] === host ? sum + reading.headless : sum), 0);

export const buildOutcome = (search: Search): SearchOutcome => {
  const found = groupByHost(search);
  const { ticket, configured } = search;
  const { request } = ticket;
  // A host that nobody asked for and nobody configured stands in a shared log: it was read as well.
  const others = [...found.keys()].filter((host) => !request.hosts.includes(host)).sort();
  const lines = [...request.hosts, ...others].map((host) => ({
    host,
    own: mergeLogs([...(found.get(host)?.values() ?? [])]),
  }));
  return {
    records: lines.flatMap(({ own }) => own).map(toRecord),
    hosts: lines.map(
      ({ host, own }): HostReading => ({
        host,
        ...(configured.has(host) || request.hosts.includes(host)
          ? faultsOf(host, search)
          : { status: 'ok', error: null }),
        linesRead: own.length,
        ambiguousTimes: own.filter(({ header }) => header.alternativeMs !== null).length,
        headlessLines: headlessOf(host, search.readings),
      }),
    ),
    isCut: ticket.isFull(),
  };
};
