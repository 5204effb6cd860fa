/** LogSource over files of this machine: its own logs, or those that a loghost collects. */
import { stat } from 'node:fs/promises';
import type { LogSource, SearchOutcome, SearchRequest } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { type TimeWindow, unite } from '../domain/time-window.js';
import { createHeaderParser } from '../parsers/syslog-header.js';
import { createZone, type Zone } from '../zone.js';
import { diagnoseFiles } from './file-diagnosis.js';
import { followFiles } from './file-follow.js';
import { buildOutcome, type Reading } from './file-outcome.js';
import { createNaming } from './host-naming.js';
import { type Catalog, type HostLogs, type Log, listLogs, pieceId } from './log-catalog.js';
import { type LogTask, readLog } from './log-reading.js';
import type { HeadCache } from './piece-times.js';
import { findRelated, wishesOf } from './related-wishes.js';
import { createTicket, type Ticket, type TicketWish } from './search-ticket.js';
import { createUnpackedCache, type UnpackedCache } from './unpacked-cache.js';

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

type Context = Readonly<{
  options: FilesOptions;
  /** Of every host of this source. */
  zones: ReadonlyMap<HostName, Zone>;
  zone: Zone;
  heads: HeadCache;
  /** A trace has one signal: what it unpacked goes with it. */
  unpacked: WeakMap<AbortSignal, UnpackedCache>;
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

/** United with anything, it is that. */
const NOWHERE: TimeWindow = { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY };

const middleOf = ({ fromMs, toMs }: TimeWindow): number => fromMs + (toMs - fromMs) / 2;

/** Everything a reading of one log needs but the wishes. */
type Base = Readonly<{ context: Context; nearMs: number; unpacked: UnpackedCache; signal: AbortSignal }>;

const buildTask = ({ context, nearMs, unpacked, signal }: Base, log: Log, wishes: readonly TicketWish[]): LogTask => {
  const hostOf = createNaming(log, context.options.canonical, (host) => context.zones.has(host));
  const zoneOf = (name: string | null): Zone => context.zones.get(hostOf(name)) ?? context.zone;
  return { log, wishes, parse: createHeaderParser({ zoneOf, nearMs }), hostOf, heads: context.heads, unpacked, signal };
};

/** Logs that may hold lines of `host`: its own, shared ones, and those where it was seen. */
const mayHold = ({ log, reading }: Reading, host: HostName): boolean =>
  log.owners.length > 1 || log.owners.includes(host) || reading.lines.some((line) => line.host === host);

/** The lookups in all logs of the hosts that are asked, then the queue IDs they led to. Each log is read at most twice. */
const readAll = async (base: Base, logs: readonly Log[], tickets: readonly Ticket[]): Promise<readonly Reading[]> => {
  const first = await runParallel(logs, async (log): Promise<Reading> => {
    const owned = tickets.filter(({ request }) => log.owners.some((owner) => request.hosts.includes(owner)));
    return { log, reading: await readLog(buildTask(base, log, owned.flatMap(wishesOf))) };
  });
  const related = findRelated(first);
  const second = await runParallel(first, async (each): Promise<Reading | null> => {
    const wishes = related.filter(({ host }) => host !== null && mayHold(each, host));
    if (wishes.length === 0) return null;
    return { log: each.log, reading: await readLog(buildTask(base, each.log, wishes)) };
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

/** Requests whose windows lie further apart are not read together: they may need another year. */
const TOGETHER_MS = 30 * 86_400_000;

type Batch = Readonly<{ nearMs: number; requests: SearchRequest[]; outcomes: Promise<readonly SearchOutcome[]> }>;

const nearOf = ({ lookups }: SearchRequest): number =>
  middleOf(lookups.map(({ window }) => window).reduce(unite, NOWHERE));

const readBatch = async (
  context: Context,
  requests: readonly SearchRequest[],
  catalog: Catalog,
  signal: AbortSignal,
): Promise<Readonly<{ outcomes: readonly SearchOutcome[]; isStale: boolean }>> => {
  const asked = new Set(requests.flatMap(({ hosts }) => hosts));
  const logs = catalog.logs.filter(({ owners }) => owners.some((owner) => asked.has(owner)));
  const tickets = requests.map((request) => createTicket(request, context.zones));
  const unpacked = context.unpacked.get(signal) ?? createUnpackedCache();
  context.unpacked.set(signal, unpacked);
  const base = { context, nearMs: nearOf(requests[0]!), unpacked, signal };
  const readings = await readAll(base, logs, tickets);
  const outcomes = tickets.map((ticket) => buildOutcome({ ticket, configured: context.zones, catalog, readings }));
  return { outcomes, isStale: await hasRotated(logs) };
};

/**
 * Opens the logs of `options.hosts`. Nothing is read before a search; files may come and go in between. Requests that are
 * made at once, with one signal, are answered together: a log that hosts share is read once for all of them.
 * @throws RangeError for a zone that is none.
 */
export const openFiles = (options: FilesOptions): LogSource => {
  const context: Context = { options, ...createZones(options), heads: new Map(), unpacked: new WeakMap() };
  const list = createCatalog(options.hosts);
  const batches = new Map<AbortSignal, Batch>();
  const run = async (requests: readonly SearchRequest[], signal: AbortSignal): Promise<readonly SearchOutcome[]> => {
    // Who comes while the folders are listed still gets on.
    const catalog = await list().finally(() => batches.delete(signal));
    const { outcomes, isStale } = await readBatch(context, requests, catalog, signal);
    // A rotation came in between. Two in a row are not ours to chase.
    return isStale ? (await readBatch(context, requests, await list(), signal)).outcomes : outcomes;
  };
  return {
    kind: 'file',
    hosts: options.hosts.map(({ host }) => host),
    search: async (request, signal) => {
      signal.throwIfAborted();
      const nearMs = nearOf(request);
      let batch = batches.get(signal);
      if (batch === undefined || Math.abs(batch.nearMs - nearMs) > TOGETHER_MS) {
        const requests: SearchRequest[] = [];
        batch = { nearMs, requests, outcomes: run(requests, signal) };
        batches.set(signal, batch);
      }
      const place = batch.requests.push(request) - 1;
      return (await batch.outcomes)[place]!;
    },
    diagnose: ({ nowMs, hosts }, signal) =>
      diagnoseFiles({
        hosts: options.hosts.filter(({ host }) => hosts.includes(host)),
        zoneOf: (host) => context.zones.get(host) ?? context.zone,
        canonical: options.canonical,
        nowMs,
        signal,
      }),
    follow: (follow) =>
      followFiles(
        {
          hosts: options.hosts,
          zoneOf: (host) => context.zones.get(host) ?? context.zone,
          canonical: options.canonical,
          isConfigured: (host) => context.zones.has(host),
          now: Date.now,
        },
        follow,
      ),
    close: async () => {},
  };
};
