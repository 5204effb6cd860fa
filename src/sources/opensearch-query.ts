/** Wishes → as few queries as may be. */
import type { Needle } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { type TimeWindow, unite } from '../domain/time-window.js';
import type { Zone } from '../zone.js';
import type { Analysis } from './opensearch-analysis.js';
import {
  buildHostClause,
  buildTimeClause,
  type FieldNames,
  type FieldTypes,
  HOST_CLAUSES,
} from './opensearch-fields.js';
import { buildPieces, type Clause, joinPieces, type Piece } from './opensearch-needles.js';

/** Lines of `hosts` in `window` that hold one of `needles` (none: every line). */
export type HostsWish = Readonly<{ hosts: ReadonlySet<HostName>; window: TimeWindow; needles: readonly Needle[] }>;

export type QueryContext = Readonly<{
  fields: FieldNames;
  types: FieldTypes;
  analysis: Analysis;
  isFrugal: boolean;
  zone: Zone;
}>;

/** `indices.query.bool.max_clause_count` is 1,024 by default, and counts the leaves of the whole query. */
const CLAUSES_MAX = 800;
/** Each walks through all terms of the field: tens of milliseconds for a million lines. */
const SCANS_MAX = 12;
/** Of a range over two zones, and of what `joinPieces` adds. */
const OVERHEAD = 4;

/** A wish, or a part of one. `pieces` null: every line. */
type Part = Readonly<{ wish: HostsWish; pieces: readonly Piece[] | null; clauses: number; scans: number }>;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const hostsKey = ({ hosts, window }: HostsWish): string =>
  `${window.fromMs} ${window.toMs} ${[...hosts].sort().join(' ')}`;

/** Wishes of the same hosts and window become one. */
const join = (wishes: readonly HostsWish[]): readonly HostsWish[] => {
  const groups = new Map<string, HostsWish[]>();
  for (const wish of wishes) {
    const key = hostsKey(wish);
    groups.set(key, [...(groups.get(key) ?? []), wish]);
  }
  return [...groups.values()].map((group) => ({
    ...group[0]!,
    needles: group.some(({ needles }) => needles.length === 0) ? [] : group.flatMap(({ needles }) => needles),
  }));
};

/** Whole words that keep their case: queue IDs and message-ids. Hardly a line more holds them elsewhere, or at another time. */
const isOfIds = ({ needles }: HostsWish): boolean =>
  needles.length > 0 && needles.every(({ isWhole, ignoreCase }) => isWhole && !ignoreCase);

/**
 * The same with all ids looked for on all their hosts in all their time. A message that is followed beyond the window leads to a
 * span of its own for each id and host, and every span would take its clauses.
 */
const coarsen = (wishes: readonly HostsWish[]): readonly HostsWish[] => {
  const ofIds = wishes.filter(isOfIds);
  if (ofIds.length < 2) return wishes;
  const windows = ofIds.map(({ window }) => window);
  const needles = new Map(ofIds.flatMap((wish) => wish.needles.map((needle) => [needle.text, needle] as const)));
  return [
    ...wishes.filter((wish) => !isOfIds(wish)),
    {
      hosts: new Set(ofIds.flatMap(({ hosts }) => [...hosts])),
      window: windows.reduce(unite),
      needles: [...needles.values()],
    },
  ];
};

const splitPieces = (pieces: readonly Piece[], room: number): readonly (readonly Piece[])[] => {
  const groups: Piece[][] = [];
  let [clauses, scans] = [0, 0];
  for (const piece of pieces) {
    clauses += piece.clauses;
    scans += piece.scans;
    if (groups.length === 0 || clauses > room || scans > SCANS_MAX) {
      groups.push([]);
      [clauses, scans] = [piece.clauses, piece.scans];
    }
    groups.at(-1)!.push(piece);
  }
  return groups;
};

const toParts = (wish: HostsWish, { fields, analysis }: QueryContext): readonly Part[] => {
  const fixed = wish.hosts.size * HOST_CLAUSES + OVERHEAD;
  const pieces = buildPieces(fields.message, wish.needles, analysis);
  if (pieces === null) return [{ wish, pieces: null, clauses: fixed, scans: 0 }];
  return splitPieces(pieces, Math.max(CLAUSES_MAX - fixed, CLAUSES_MAX / 4)).map((group) => ({
    wish,
    pieces: group,
    clauses: fixed + sum(group.map(({ clauses }) => clauses)),
    scans: sum(group.map(({ scans }) => scans)),
  }));
};

const pack = (parts: readonly Part[]): readonly (readonly Part[])[] => {
  const packs: Part[][] = [];
  let [clauses, scans] = [0, 0];
  for (const part of parts) {
    clauses += part.clauses;
    scans += part.scans;
    if (packs.length === 0 || clauses > CLAUSES_MAX || scans > SCANS_MAX) {
      packs.push([]);
      [clauses, scans] = [part.clauses, part.scans];
    }
    packs.at(-1)!.push(part);
  }
  return packs;
};

const toClause = ({ wish, pieces }: Part, { fields, types, analysis, isFrugal, zone }: QueryContext): Clause => {
  const hosts = isFrugal ? null : buildHostClause(fields.hostname, wish.hosts, types);
  const filter = [buildTimeClause(fields.timestamp, wish.window, zone)];
  if (hosts !== null) filter.push(hosts);
  if (pieces !== null) filter.push(joinPieces(fields.message, pieces, analysis));
  return { bool: { filter } };
};

/** Each finds all lines of some of the wishes, and perhaps others; together, of all. Empty windows ask nothing. */
export const buildQueries = (wishes: readonly HostsWish[], context: QueryContext): readonly Clause[] => {
  const possible = wishes.filter(({ window, hosts }) => window.fromMs < window.toMs && hosts.size > 0);
  const packsOf = (asked: readonly HostsWish[]) => pack(join(asked).flatMap((wish) => toParts(wish, context)));
  const exact = packsOf(possible);
  const coarse = exact.length > 1 ? packsOf(coarsen(possible)) : exact;
  const packs = coarse.length < exact.length ? coarse : exact;
  return packs.map((group) => ({
    bool: { should: group.map((part) => toClause(part, context)), minimum_should_match: 1 },
  }));
};
