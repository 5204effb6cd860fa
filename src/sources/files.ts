/** LogSource over files of this machine: its own logs, or those that a loghost collects. */
import { stat } from 'node:fs/promises';
import type { LogSource, Lookup, SearchRequest } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { type TimeWindow, unite } from '../domain/time-window.js';
import { createHeaderParser } from '../parsers/syslog-header.js';
import { createZone, type Zone } from '../zone.js';
import { buildOutcome, type Reading } from './file-outcome.js';
import { toRecord } from './host-records.js';
import type { Wish } from './line-wishes.js';
import { type Catalog, type HostLogs, type Log, listLogs, pieceId } from './log-catalog.js';
import { createMeter, type LogTask, type Meter, readLog } from './log-reading.js';
import type { HeadCache } from './piece-times.js';

/** `timeZone`: IANA name for stamps without an offset; null: that of the source. */
export type FileHost = HostLogs & Readonly<{ timeZone: string | null }>;

export type FilesOptions = Readonly<{
  hosts: readonly FileHost[];
  /** IANA name for the stamps of hosts that have no zone of their own. */
  timeZone: string;
  /** The one name of the machine that a log calls `name`. */
  canonical: (name: string) => HostName;
}>;

/** Logs read at one time. The thread pool has four threads. */
const PARALLEL = 4;
/** A rotation while we read is rare; two in a row are not ours to chase. */
const READINGS_MAX = 2;
/** Names that a hostile shared log may bring are not remembered without end. */
const NAMES_MAX = 1024;

type NamedHost = (name: string | null) => HostName;

type Context = Readonly<{
  options: FilesOptions;
  /** Of every host of this source. */
  zones: ReadonlyMap<HostName, Zone>;
  zone: Zone;
  heads: HeadCache;
}>;

const runParallel = async <Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> => {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, worker));
  return results;
};

/**
 * Whose line it is. A log of one host is that host's, whatever its lines say (`localhost`), unless they name another
 * configured host. A shared log is split by the names in its lines.
 */
const createNaming = ({ options: { canonical }, zones }: Context, { owners }: Log): NamedHost => {
  const known = new Map<string, HostName>();
  const owner = owners[0]!;
  const find = (name: string): HostName => {
    const host = canonical(name);
    return owners.length > 1 || zones.has(host) ? host : owner;
  };
  return (name) => {
    if (name === null) return owner;
    const host = known.get(name) ?? find(name);
    if (known.size >= NAMES_MAX) known.clear();
    known.set(name, host);
    return host;
  };
};

/** United with anything, it is that. */
const NOWHERE: TimeWindow = { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY };

const middleOf = ({ fromMs, toMs }: TimeWindow): number => fromMs + (toMs - fromMs) / 2;

/** Everything a reading of one log needs but the wishes. */
type Base = Readonly<{ context: Context; request: SearchRequest; nearMs: number; meter: Meter; signal: AbortSignal }>;

const buildTask = (base: Base, log: Log, wishes: readonly Wish[], isKnown: (id: string) => boolean): LogTask => {
  const { context, request, nearMs, meter, signal } = base;
  const asked = new Set(request.hosts);
  const hostOf = createNaming(context, log);
  const zoneOf = (name: string | null): Zone => context.zones.get(hostOf(name)) ?? context.zone;
  return {
    log,
    wishes,
    parse: createHeaderParser({ zoneOf, nearMs }),
    hostOf,
    // A host that nobody configured can only be found in what is shared.
    isAsked: (host) => asked.has(host) || !context.zones.has(host),
    isKnown,
    meter,
    heads: context.heads,
    signal,
  };
};

const wishOf = ({ window, needles }: Lookup): Wish => ({ window, needles, host: null });

/** Queue IDs by host, for each lookup that follows them. */
const findRelated = (readings: readonly Reading[], lookups: readonly Lookup[]): readonly Wish[] => {
  const ids = new Map<string, { lookup: Lookup; host: HostName; ids: Set<string> }>();
  for (const line of readings.flatMap(({ reading }) => reading.lines)) {
    for (const index of line.wishes) {
      const lookup = lookups[index]!;
      const related = lookup.related?.(toRecord(line, 0)) ?? [];
      if (related.length === 0) continue;
      const key = `${index} ${line.host}`;
      const entry = ids.get(key) ?? { lookup, host: line.host, ids: new Set() };
      for (const id of related) entry.ids.add(id);
      ids.set(key, entry);
    }
  }
  return [...ids.values()].map(({ lookup, host, ids: texts }) => ({
    window: lookup.relatedWindow,
    host,
    needles: [...texts].map((text) => ({ text, ignoreCase: false, isWhole: true })),
  }));
};

/** Logs that may hold lines of `host`: its own, shared ones, and those where it was seen. */
const mayHold = ({ log, reading }: Reading, host: HostName): boolean =>
  log.owners.length > 1 || log.owners.includes(host) || reading.lines.some((line) => line.host === host);

/** The lookups in all logs, then the queue IDs they led to. */
const readAll = async (base: Base, logs: readonly Log[]): Promise<readonly Reading[]> => {
  const { lookups } = base.request;
  const first = await runParallel(logs, async (log): Promise<Reading> => {
    const task = buildTask(base, log, lookups.map(wishOf), () => false);
    return { log, reading: await readLog(task) };
  });
  const related = findRelated(first, lookups);
  const seen = new Set(first.flatMap(({ reading }) => reading.lines.map(({ id }) => id)));
  const second = await runParallel(first, async (each): Promise<Reading | null> => {
    const wishes = related.filter(({ host }) => host !== null && mayHold(each, host));
    if (wishes.length === 0) return null;
    return { log: each.log, reading: await readLog(buildTask(base, each.log, wishes, (id) => seen.has(id))) };
  });
  return [...first, ...second.filter((each) => each !== null)];
};

/** The same zone is made once: each remembers what it computed. */
const createZones = ({ hosts, timeZone }: FilesOptions): Pick<Context, 'zone' | 'zones'> => {
  const byName = new Map<string, Zone>();
  const zoneNamed = (name: string): Zone => {
    const zone = byName.get(name) ?? createZone(name);
    byName.set(name, zone);
    return zone;
  };
  return {
    zone: zoneNamed(timeZone),
    zones: new Map(hosts.map((each) => [each.host, zoneNamed(each.timeZone ?? timeZone)])),
  };
};

/** True when a live file is no longer the one that was listed. */
const hasRotated = async (logs: readonly Log[]): Promise<boolean> => {
  const live = logs.flatMap(({ pieces }) => pieces.filter(({ rotation }) => rotation.kind === 'live'));
  const ids = await Promise.all(live.map(({ path }) => stat(path).then(pieceId, () => null)));
  return live.some(({ id }, index) => ids[index] !== id);
};

/** Searches that start together look at the folders once. */
const createCatalog = (hosts: readonly HostLogs[]): (() => Promise<Catalog>) => {
  let pending: Promise<Catalog> | null = null;
  return () => {
    pending ??= listLogs(hosts).finally(() => {
      pending = null;
    });
    return pending;
  };
};

/**
 * Opens the logs of `options.hosts`. Nothing is read before a search; files may come and go in between.
 * @throws RangeError for a zone that is none.
 */
export const openFiles = (options: FilesOptions): LogSource => {
  const context: Context = { options, ...createZones(options), heads: new Map() };
  const list = createCatalog(options.hosts);
  return {
    kind: 'file',
    hosts: options.hosts.map(({ host }) => host),
    search: async (request, signal) => {
      signal.throwIfAborted();
      const nearMs = middleOf(request.lookups.map(({ window }) => window).reduce(unite, NOWHERE));
      for (let attempt = 1; ; attempt++) {
        const catalog = await list();
        const logs = catalog.logs.filter(({ owners }) => owners.some((owner) => request.hosts.includes(owner)));
        const meter = createMeter(request.budget);
        const readings = await readAll({ context, request, nearMs, meter, signal }, logs);
        if (attempt >= READINGS_MAX || !(await hasRotated(logs))) {
          return buildOutcome({ request, configured: context.zones, catalog, readings, isCut: meter.isFull() });
        }
      }
    },
    close: async () => {},
  };
};
