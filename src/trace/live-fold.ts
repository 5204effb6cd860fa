/**
 * The fold of lines that come without end: the same lifetimes, settling and transactions as `fold.ts`, computed anew for what
 * the lines of a round touch. In memory is what is being worked on; the index has all of it and gives it back.
 *
 * A round: `wanted` → `load` → `add` … → `review` → (spans are sent) → `finish` → (the index is written).
 */
import type { LogRecord, MtaEvent } from '../domain/event.js';
import type { HostName, QueueId } from '../domain/ids.js';
import type { Reject, Transaction } from '../domain/transaction.js';
import type { Occurrence } from './fold.js';
import {
  createMemory,
  type EventTime,
  type LiveSettings,
  type Memory,
  placeKey,
  registerArrivals,
  releasePlace,
  releaseUnused,
  touch,
  usePlace,
} from './live-memory.js';
import { arrivalsOf, type LiveTransaction, type Place, resumePlace, reviewPlace } from './live-place.js';
import { closeEnded, type Decision, type LiveRecord, type RecordChanges, recordPlace } from './live-records.js';
import { keyOfSession } from './live-sessions.js';

export type QueuePlace = Readonly<{ host: HostName; queueId: QueueId }>;

export type ReadLine = Readonly<{ record: LogRecord; events: readonly MtaEvent[] }>;

export type Review = Readonly<{
  /** Those that lines of this round touched, and those whose time has come. */
  due: readonly LiveTransaction[];
  /** Those that lines of this round touched: every lifetime of their queue IDs. */
  touched: readonly Transaction[];
  /** Refusals that no line states: concluded from how a session ended. */
  aborted: readonly Reject[];
}>;

export type LiveFold = Readonly<{
  /** What must be loaded before these lines are added: their queue IDs, and those whose time has come. */
  wanted: (lines: readonly ReadLine[], eventTime: EventTime) => readonly QueuePlace[];
  /** @param nowMs here and below the wall clock */
  load: (records: readonly LiveRecord[], nowMs: number) => void;
  /** The same after a restart: lines of them may be on their way. */
  resume: (records: readonly LiveRecord[], nowMs: number) => void;
  add: (line: ReadLine, nowMs: number) => void;
  /** Queue IDs of which nothing is known but lines from the middle: perhaps of transactions that are closed. */
  strays: () => readonly QueuePlace[];
  /** Leaves out a stray whose lines lie in this closed transaction. @returns how many lines that were */
  dropLate: (closed: Transaction) => number;
  review: () => Review;
  /** What the index must learn; `decisions` for every transaction of `review().due`. */
  finish: (decisions: ReadonlyMap<LiveTransaction, Decision>, eventTime: EventTime, nowMs: number) => RecordChanges;
  /** Queue IDs in memory. */
  size: () => number;
}>;

/** Of one queue ID: a list of a hundred thousand members has as many deliveries. Further lines are left out. */
const OCCURRENCES_MAX = 100_000;

/** Can a step of the session in which this message arrived say something new about it? */
const concerns = ({ sessions }: Memory, { lives }: Place, arrivedAtMs: number, step: Occurrence): boolean => {
  const isDecided = lives.length > 0 && lives.every(({ phase }) => phase === 'open' || phase === 'ended');
  if (!isDecided || step.timeMs <= arrivedAtMs) return true;
  return step.event.kind === 'session-action' || sessions.hasActions(keyOfSession(step));
};

const addStep = (memory: Memory, step: Occurrence): void => {
  const span = memory.sessions.add(step);
  if (span === null) return;
  const arrivals = memory.bySession.get(keyOfSession(step)) ?? [];
  for (let at = arrivals.length - 1; at >= 0 && arrivals[at]!.timeMs >= span.fromMs; at--) {
    const { timeMs, place } = arrivals[at]!;
    if (timeMs > span.toMs || !concerns(memory, place, timeMs, step)) continue;
    touch(memory, place, timeMs);
    place.recordedEvents = -1;
  }
};

const addLine = (memory: Memory, { record, events }: ReadLine, nowMs: number): void => {
  const { host, timeMs, program, pid, sequence } = record;
  for (const event of events) {
    const occurrence = { event, host, timeMs, program, pid, sequence };
    if (event.kind === 'session' || event.kind === 'session-action') {
      addStep(memory, occurrence);
      continue;
    }
    // Which message it is about only the whole day's log tells: a trace on demand says it, following does not.
    if (event.kind === 'loose-filter' || event.queueId === null) continue;
    const place = usePlace(memory, host, event.queueId, nowMs);
    touch(memory, place, timeMs);
    place.readAtMs = nowMs;
    if (place.occurrences.length >= OCCURRENCES_MAX) continue;
    place.occurrences.push(occurrence);
    if (event.kind === 'arrival') registerArrivals(memory, place, [occurrence]);
  }
};

/** Those in memory are noted to be reviewed. @returns the others */
const wakeDue = (memory: Memory, eventTime: EventTime): readonly QueuePlace[] => {
  const absent: QueuePlace[] = [];
  for (const [host, queue] of memory.wakes) {
    for (const wake of queue.takeDue(eventTime(host))) {
      if (wake.isVoid) continue;
      const place = memory.places.get(placeKey(host, wake.queueId));
      if (place === undefined) absent.push({ host, queueId: wake.queueId });
      else {
        place.wake = null;
        memory.reviewed.add(place);
      }
    }
  }
  return absent;
};

const findWanted = (memory: Memory, lines: readonly ReadLine[], eventTime: EventTime): readonly QueuePlace[] => {
  const wanted = new Map<string, QueuePlace>();
  for (const { record, events } of lines) {
    for (const event of events) {
      if (event.kind === 'session' || event.kind === 'session-action' || event.kind === 'loose-filter') continue;
      if (event.queueId === null) continue;
      const key = placeKey(record.host, event.queueId);
      if (!memory.places.has(key)) wanted.set(key, { host: record.host, queueId: event.queueId });
    }
  }
  for (const place of wakeDue(memory, eventTime)) wanted.set(placeKey(place.host, place.queueId), place);
  return [...wanted.values()];
};

/** @param readAtMs when their lines were read, as far as that matters */
const loadRecords = (memory: Memory, records: readonly LiveRecord[], nowMs: number, readAtMs: number): void => {
  const loaded = new Set<Place>();
  for (const { key, transaction, state, resume } of records) {
    const { host, queueId } = transaction;
    const known = memory.places.get(placeKey(host, queueId));
    // What is in memory is newer than what is in the index.
    if (resume === null || (known !== undefined && !loaded.has(known))) continue;
    const place = usePlace(memory, host, queueId, nowMs);
    const resumed = resumePlace(place, key, state, resume);
    for (const step of resumed?.session ?? []) memory.sessions.add(step);
    place.readAtMs = readAtMs;
    loaded.add(place);
  }
  for (const place of loaded) {
    registerArrivals(memory, place, arrivalsOf(place));
    memory.fresh.delete(place);
    memory.reviewed.add(place);
  }
};

const BEGINNINGS: ReadonlySet<MtaEvent['kind']> = new Set(['arrival', 'message-id', 'queued', 'reject']);

const findStrays = ({ fresh }: Memory): readonly QueuePlace[] =>
  [...fresh].filter(({ occurrences }) => !occurrences.some(({ event }) => BEGINNINGS.has(event.kind)));

const dropStray = (memory: Memory, { host, queueId, firstSeenMs, lastSeenMs }: Transaction): number => {
  const place = memory.places.get(placeKey(host, queueId));
  if (place === undefined || !memory.fresh.has(place)) return 0;
  const endMs = lastSeenMs + memory.settings.closeMs;
  if (!place.occurrences.every(({ timeMs }) => timeMs >= firstSeenMs && timeMs <= endMs)) return 0;
  memory.touched.delete(place);
  releasePlace(memory, place);
  return place.occurrences.length;
};

const reviewRound = (memory: Memory): Review => {
  const { touched, reviewed, sessions, notices, places } = memory;
  for (const place of touched.keys()) reviewed.add(place);
  const aborted: Reject[] = [];
  for (const place of reviewed) {
    const refusals = reviewPlace(place, sessions);
    if (touched.has(place)) aborted.push(...refusals);
  }
  // A notice and the line that says what it is about may come in any order.
  for (const place of reviewed) {
    for (const queueId of notices.learn(place)) {
      const made = places.get(placeKey(place.host, queueId));
      if (made !== undefined) reviewed.add(made);
    }
  }
  for (const place of reviewed) {
    if (!notices.attach(place)) continue;
    place.recordedEvents = -1;
    reviewPlace(place, sessions);
  }
  return {
    due: [...reviewed].flatMap(({ lives }) => lives),
    touched: [...touched.keys()].flatMap(({ lives }) =>
      lives.filter(({ phase }) => phase !== 'refused').map(({ transaction }) => transaction),
    ),
    aborted,
  };
};

export const createLiveFold = (settings: LiveSettings): LiveFold => {
  const memory = createMemory(settings);
  return {
    wanted: (lines, eventTime) => findWanted(memory, lines, eventTime),
    load: (records, nowMs) => loadRecords(memory, records, nowMs, Number.NEGATIVE_INFINITY),
    resume: (records, nowMs) => loadRecords(memory, records, nowMs, nowMs),
    add: (line, nowMs) => addLine(memory, line, nowMs),
    strays: () => findStrays(memory),
    dropLate: (closed) => dropStray(memory, closed),
    review: () => reviewRound(memory),
    finish: (decisions, eventTime, nowMs) => {
      const changes: RecordChanges = { put: [], remove: [], close: [] };
      const round = { decisions, eventTime, changes };
      closeEnded(memory, round);
      for (const place of memory.reviewed) recordPlace(memory, place, round);
      releaseUnused(memory, eventTime, nowMs);
      memory.sessions.prune();
      for (const all of [memory.touched, memory.reviewed, memory.fresh]) all.clear();
      return changes;
    },
    size: () => memory.places.size,
  };
};
