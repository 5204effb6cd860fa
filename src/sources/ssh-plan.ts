/** From searches of one machine to one request: which files, which spans of time, which texts. */
import type { Lookup, Needle } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { type TimeWindow, unite } from '../domain/time-window.js';
import type { Zone } from '../zone.js';
import type { Wish } from './line-wishes.js';
import type { RemoteFiles, RemoteRequest, RemoteSpan } from './ssh-request.js';

/** A path with the hosts whose log it is. */
export type OwnedPath = Readonly<{ path: string; owners: readonly HostName[]; zone: Zone }>;

/** What is asked by one search. `extra`: queue IDs that the machine could not know by itself. */
export type Asked = Readonly<{ paths: readonly OwnedPath[]; lookups: readonly Lookup[]; extra: readonly Wish[] }>;

export type Planned = Readonly<{
  request: RemoteRequest;
  /** By the index of a path in the request. */
  paths: readonly OwnedPath[];
  /** Of each search: number of a span → its lookups. */
  spans: readonly ReadonlyMap<number, readonly number[]>[];
  /** Of each search: the indexes of its paths. */
  pathIndexes: readonly ReadonlySet<number>[];
}>;

/** Windows nearer than this are read in one go. */
const APART_MS = 3 * 3_600_000;
const HOUR_MS = 3_600_000;
/** Steps of the search for a set-back; no zone changes twice within. */
const STEPS_MAX = 2000;
const STEP_MS = 12 * HOUR_MS;

const middleOf = ({ fromMs, toMs }: TimeWindow): number => fromMs + (toMs - fromMs) / 2;

const hullOf = ({ window, relatedWindow, related }: Lookup): TimeWindow =>
  related === null || relatedWindow.toMs <= relatedWindow.fromMs ? window : unite(window, relatedWindow);

type Group = Readonly<{ window: TimeWindow; lookups: readonly number[] }>;

/** Lookups whose windows overlap or nearly touch are one group; groups lie apart. Empty windows find nothing. */
const groupLookups = (lookups: readonly Lookup[]): readonly Group[] => {
  const groups: Group[] = [];
  const sorted = lookups
    .map((lookup, index) => ({ window: hullOf(lookup), index, isEmpty: lookup.window.toMs <= lookup.window.fromMs }))
    .filter(({ isEmpty }) => !isEmpty)
    .sort((a, b) => a.window.fromMs - b.window.fromMs);
  for (const { window, index } of sorted) {
    const last = groups.at(-1);
    if (last !== undefined && window.fromMs < last.window.toMs + APART_MS) {
      groups[groups.length - 1] = { window: unite(last.window, window), lookups: [...last.lookups, index] };
    } else groups.push({ window, lookups: [index] });
  }
  return groups;
};

/** Were clocks set back in or near the window? */
const hasSetBack = (zone: Zone, { fromMs, toMs }: TimeWindow): boolean => {
  const step = Math.max(STEP_MS, (toMs - fromMs) / STEPS_MAX);
  for (let ms = fromMs - STEP_MS; ms < toMs + STEP_MS; ms += step) {
    if (zone.offsetMsAt(ms + step) < zone.offsetMsAt(ms)) return true;
  }
  return false;
};

/** The needles of a group; [] when one of its lookups wants every line. */
const needlesOf = (group: Group, { lookups, extra }: Asked): readonly Needle[] => {
  const own = group.lookups.map((index) => lookups[index]!);
  if (own.some(({ needles }) => needles.length === 0)) return [];
  const windows = new Set(own.map(({ relatedWindow }) => relatedWindow));
  const more = extra.filter(({ window }) => windows.has(window));
  return [...own, ...more].flatMap(({ needles }) => needles);
};

const isSharedBy = (paths: readonly OwnedPath[]): boolean => paths.some(({ owners }) => owners.length > 1);

/** Paths of one offset go together: the script has one for all stamps without their own. */
const groupPaths = (paths: readonly OwnedPath[], atMs: number): readonly (readonly OwnedPath[])[] => {
  const groups = new Map<string, OwnedPath[]>();
  for (const path of paths) {
    const key = `${path.zone.offsetMsAt(atMs)} ${path.owners.length > 1}`;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(path);
  }
  return [...groups.values()];
};

export const planRequest = (asked: readonly Asked[], isEvery: boolean): Planned => {
  const groups = asked.map(({ lookups }) => groupLookups(lookups));
  const windows = groups.flat().map(({ window }) => window);
  const middleMs = windows.length === 0 ? 0 : middleOf(windows.reduce(unite));
  const paths: OwnedPath[] = [];
  const files: RemoteFiles[] = [];
  const spans: Map<number, readonly number[]>[] = [];
  const pathIndexes: Set<number>[] = [];
  let number = 0;
  for (const [index, each] of asked.entries()) {
    const own = new Map<number, readonly number[]>();
    spans.push(own);
    const indexes = new Set<number>();
    pathIndexes.push(indexes);
    for (const group of groupPaths(each.paths, middleMs)) {
      const zone = group[0]!.zone;
      const parts = groups[index]!.map((part): RemoteSpan => {
        own.set(++number, part.lookups);
        return {
          number,
          ...part.window,
          needles: needlesOf(part, each),
          isRelated: part.lookups.some((lookup) => each.lookups[lookup]!.related !== null) && each.extra.length === 0,
          hasSetBack: hasSetBack(zone, part.window),
        };
      });
      files.push({
        paths: group.map(({ path }) => path),
        firstIndex: paths.length,
        offsetMs: zone.offsetMsAt(middleMs),
        isShared: isSharedBy(group),
        spans: parts,
      });
      for (const path of group) indexes.add(paths.push(path) - 1);
    }
  }
  return { request: { files, middleMs, isEvery }, paths, spans, pathIndexes };
};
