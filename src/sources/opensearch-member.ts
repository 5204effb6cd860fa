/** One of the searches that are sent together: what it wishes, what of the documents it takes, and its outcome. */
import type { Budget, HostReading, Lookup, Needle, SearchOutcome, SearchRequest } from '../app/ports.js';
import type { LogRecord } from '../domain/event.js';
import type { HostName } from '../domain/ids.js';
import { isInside, type TimeWindow } from '../domain/time-window.js';
import { buildNeedleTest, type HoldsNeedle } from './line-wishes.js';
import type { Document } from './opensearch-documents.js';
import type { HostsWish } from './opensearch-query.js';
import type { Trouble } from './opensearch-trouble.js';

/** Found by the lookups of these places in the list; none for what is only related. */
type Found = Readonly<{ document: Document; lookups: readonly number[] }>;

type JudgedWish = Readonly<{ wish: HostsWish; lookup: number | null; holds: HoldsNeedle }>;

export type Member = Readonly<{
  firstWishes: readonly HostsWish[];
  /** After the first stage: the queue IDs that its documents led to. */
  relatedWishes: () => readonly HostsWish[];
  /** False when the member takes no more. */
  take: (document: Document) => boolean;
  outcome: (troubleOf: (host: HostName, linesRead: number) => Trouble | null) => SearchOutcome;
}>;

const isIn = (window: TimeWindow, { timeMs, alternativeMs }: Document): boolean =>
  isInside(window, timeMs) || (alternativeMs !== null && isInside(window, alternativeMs));

const toRecord = ({ host, timeMs, program, pid, text, raw }: Document, sequence: number): LogRecord => ({
  host,
  timeMs,
  program,
  pid,
  text,
  raw,
  sequence,
});

/** Of two instants that stay possible, one inside a window that was asked for. */
const preferInside = (document: Document, windows: readonly TimeWindow[]): Document => {
  const { timeMs, alternativeMs } = document;
  if (alternativeMs === null || windows.some((window) => isInside(window, timeMs))) return document;
  return { ...document, timeMs: alternativeMs, alternativeMs: timeMs };
};

const inOrder = (a: Document, b: Document): number =>
  a.timeMs - b.timeMs ||
  a.fraction.padEnd(9, '0').localeCompare(b.fraction.padEnd(9, '0'), 'en') ||
  a.sequence - b.sequence;

/** A lookup's own needles already say these texts in this window. */
const isCovered = (lookups: readonly Lookup[], { relatedWindow }: Lookup, text: string): boolean =>
  lookups.some(
    ({ window, needles }) =>
      window.fromMs <= relatedWindow.fromMs &&
      window.toMs >= relatedWindow.toMs &&
      (needles.length === 0 || needles.some((needle) => needle.text === text && !needle.ignoreCase)),
  );

const wholeWord = (text: string): Needle => ({ text, ignoreCase: false, isWhole: true });

const createJudge = (wishes: readonly JudgedWish[]) => {
  const byHost = new Map<HostName, JudgedWish[]>();
  for (const each of wishes) {
    for (const host of each.wish.hosts) byHost.set(host, [...(byHost.get(host) ?? []), each]);
  }
  return (document: Document): readonly JudgedWish[] => {
    const own = byHost.get(document.host);
    if (own === undefined) return [];
    const bytes = Buffer.from(document.message, 'utf8');
    const line = { bytes, from: 0, to: bytes.length, offset: 0 };
    return own.filter(({ wish, holds }) => isIn(wish.window, document) && holds(line, () => null));
  };
};

const judged = (wish: HostsWish, lookup: number | null): JudgedWish => ({
  wish,
  lookup,
  holds: buildNeedleTest(wish.needles),
});

/** Queue IDs by host for each lookup that follows them, without those that were looked for already. */
const findRelated = (found: Iterable<Found>, lookups: readonly Lookup[]): readonly HostsWish[] => {
  const wishes = new Map<string, { host: HostName; window: TimeWindow; texts: Set<string> }>();
  for (const { document, lookups: places } of found) {
    for (const place of places) {
      const lookup = lookups[place]!;
      const ids = (lookup.related?.(toRecord(document, 0)) ?? []).filter((id) => !isCovered(lookups, lookup, id));
      if (ids.length === 0) continue;
      const key = `${place} ${document.host}`;
      const wish = wishes.get(key) ?? { host: document.host, window: lookup.relatedWindow, texts: new Set() };
      for (const id of ids) wish.texts.add(id);
      wishes.set(key, wish);
    }
  }
  return [...wishes.values()].map(({ host, window, texts }) => ({
    hosts: new Set([host]),
    window,
    needles: [...texts].map(wholeWord),
  }));
};

/** Counts what was taken; full when the budget does not allow the next line. */
const createMeter = ({ maxLines, maxBytes }: Budget) => {
  let [lines, bytes, isFull] = [0, 0, false];
  return {
    take: (more: number): boolean => {
      if (isFull || lines + 1 > maxLines || bytes + more > maxBytes) isFull = true;
      else [lines, bytes] = [lines + 1, bytes + more];
      return !isFull;
    },
    isFull: (): boolean => isFull,
  };
};

export const createMember = ({ hosts, lookups, budget }: SearchRequest): Member => {
  const asked = new Set(hosts);
  const firstWishes = lookups.map(({ window, needles }): HostsWish => ({ hosts: asked, window, needles }));
  const meter = createMeter(budget);
  const found = new Map<string, Found>();
  let judge = createJudge(firstWishes.map(judged));
  const readingOf = (host: HostName, own: readonly Document[], trouble: Trouble | null): HostReading => {
    const cut = `the reading ended at its limit of ${budget.maxLines} lines or ${budget.maxBytes} bytes; narrow the window or the keywords`;
    const limit: Trouble | null = meter.isFull() ? { status: 'incomplete', error: cut } : null;
    return {
      host,
      ...(trouble ?? limit ?? { status: 'ok', error: null }),
      linesRead: own.length,
      ambiguousTimes: own.filter(({ alternativeMs }) => alternativeMs !== null).length,
    };
  };
  return {
    firstWishes,
    relatedWishes: () => {
      const wishes = findRelated(found.values(), lookups);
      judge = createJudge(wishes.map((wish) => judged(wish, null)));
      return wishes;
    },
    take: (document) => {
      if (meter.isFull()) return false;
      if (found.has(document.id)) return true;
      const fulfilled = judge(document);
      if (fulfilled.length === 0) return true;
      if (!meter.take(document.raw.length)) return false;
      found.set(document.id, {
        document: preferInside(
          document,
          fulfilled.map(({ wish }) => wish.window),
        ),
        lookups: fulfilled.flatMap(({ lookup }) => (lookup === null ? [] : [lookup])),
      });
      return true;
    },
    outcome: (troubleOf) => {
      const documents = [...found.values()].map(({ document }) => document);
      const lines = hosts.map((host) => ({ host, own: documents.filter((each) => each.host === host).sort(inOrder) }));
      return {
        records: lines.flatMap(({ own }) => own).map(toRecord),
        hosts: lines.map(({ host, own }) => readingOf(host, own, troubleOf(host, own.length))),
        isCut: meter.isFull(),
      };
    },
  };
};
