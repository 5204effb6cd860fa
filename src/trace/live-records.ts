/** What the index must learn from a round about one queue ID, and when it must be looked at again. */
import { type RecordRef, transactionRecordKey } from '../domain/ids.js';
import type { Transaction } from '../domain/transaction.js';
import {
  type EventTime,
  type Memory,
  placeKey,
  releasePlace,
  scheduleClosing,
  scheduleWake,
  unregisterArrivals,
} from './live-memory.js';
import { arrivalsOf, keyOf, type LiveTransaction, type Place, type RecordState, resumeOf } from './live-place.js';
import type { SentSpans } from './live-resume.js';

/** What follows for a transaction from what was sent of it. */
export type Decision = Readonly<{
  sent: SentSpans | null;
  /** Event time at which it must be looked at again even if nothing is logged; null: then nothing is to be done. */
  wakeAtMs: number | null;
}>;

/** One transaction as the index has it. */
export type LiveRecord = Readonly<{
  key: string;
  transaction: Transaction;
  state: RecordState;
  resume: string | null;
}>;

/** A record is in one of them only. */
export type RecordChanges = { put: LiveRecord[]; remove: RecordRef[]; close: RecordRef[] };

export type Round = Readonly<{
  decisions: ReadonlyMap<LiveTransaction, Decision>;
  eventTime: EventTime;
  changes: RecordChanges;
}>;

/** Lines of this round are about it, or may be: another transaction of the queue ID may begin before the end of this one. */
const isTouched = ({ touched }: Memory, place: Place, { transaction }: LiveTransaction): boolean =>
  transaction.lastSeenMs >= (touched.get(place) ?? Number.POSITIVE_INFINITY);

/** Nothing can come any more. What was touched in this round stays: it may be read again after a crash. */
const isOver = (memory: Memory, place: Place, live: LiveTransaction, round: Round): boolean => {
  if (isTouched(memory, place, live)) return false;
  return round.eventTime(place.host) >= live.transaction.lastSeenMs + patienceMs(live, memory);
};

const patienceMs = ({ phase }: LiveTransaction, { settings }: Memory): number => {
  switch (phase) {
    case 'ended':
      return settings.closeMs;
    case 'refused':
      return settings.lateMs;
    case 'arriving':
    case 'open':
      return settings.giveUpMs;
  }
};

const isMail = ({ phase }: LiveTransaction): boolean => phase === 'open' || phase === 'ended';

const closeRecord = (place: Place, live: LiveTransaction, isChanged: boolean, { changes }: Round): void => {
  const key = keyOf(live);
  const { transaction, phase } = live;
  const ref = { key, host: place.host, queueId: place.queueId };
  if (phase === 'ended' && !isChanged) changes.close.push(ref);
  else if (isMail(live)) changes.put.push({ key, transaction, state: 'ended', resume: null });
  // Given up although it was never known to be mail.
  else if (place.records.has(key)) changes.remove.push(ref);
};

const decide = (place: Place, { decisions }: Round): boolean => {
  let isNews = false;
  place.lives = place.lives.map((live) => {
    const decision = decisions.get(live);
    if (decision === undefined || decision.sent === live.sent) return live;
    isNews = true;
    return { ...live, sent: decision.sent };
  });
  place.sent = place.lives.flatMap(({ sent }) => (sent === null ? [] : [sent]));
  return isNews;
};

/** What was refused is looked at once more, when no late line can say otherwise. */
const refusalDueMs = (memory: Memory, place: Place, live: LiveTransaction, round: Round): number | null => {
  const dueMs = live.transaction.lastSeenMs + memory.settings.lateMs;
  return isTouched(memory, place, live) || dueMs > round.eventTime(place.host) ? dueMs : null;
};

const wakeOf = (memory: Memory, place: Place, live: LiveTransaction, round: Round): number | null => {
  const decidedMs = round.decisions.get(live)?.wakeAtMs ?? null;
  return live.phase === 'refused' ? (refusalDueMs(memory, place, live, round) ?? decidedMs) : decidedMs;
};

/** @returns those that must be looked at again: they are not over */
const scheduleWakes = (memory: Memory, place: Place, round: Round): ReadonlySet<Transaction> => {
  const isDecided = place.lives.some((live) => round.decisions.has(live));
  // An earlier round decided; of which one the wake is, nobody knows.
  if (!isDecided) return new Set(place.wake === null ? [] : place.lives.map(({ transaction }) => transaction));
  const wakes = new Map<Transaction, number>();
  for (const live of place.lives) {
    const atMs = wakeOf(memory, place, live, round);
    if (atMs !== null) wakes.set(live.transaction, atMs);
  }
  scheduleWake(memory, place, wakes.size === 0 ? null : Math.min(...wakes.values()));
  return new Set(wakes.keys());
};

/** Takes what is over out of the place, and puts what changed into the index. */
export const recordPlace = (memory: Memory, place: Place, round: Round): void => {
  const { changes } = round;
  const { host, queueId } = place;
  const awaited = scheduleWakes(memory, place, round);
  const isSentMore = decide(place, round);
  const isChanged = isSentMore || place.recordedEvents !== place.occurrences.length;
  const isAwaited = ({ transaction }: LiveTransaction): boolean => awaited.has(transaction);
  const over = new Set(place.lives.filter((live) => !isAwaited(live) && isOver(memory, place, live, round)));
  for (const live of over) closeRecord(place, live, isChanged, round);
  const records = new Map<string, RecordState>();
  for (const live of place.lives.filter((each) => !over.has(each))) {
    const key = keyOf(live);
    const { transaction } = live;
    const state = live.phase === 'ended' ? 'ended' : 'open';
    records.set(key, state);
    if (isChanged || place.records.get(key) !== state) {
      changes.put.push({ key, transaction, state, resume: resumeOf(live, memory.sessions) });
    }
    if (state === 'ended') {
      scheduleClosing(memory, place, transaction.lastSeenMs + memory.settings.closeMs, transaction.arrivedAtMs);
    }
  }
  const gone = new Set([...over].map(keyOf));
  for (const key of place.records.keys()) {
    if (!records.has(key) && !gone.has(key)) changes.remove.push({ key, host, queueId });
  }
  place.records = records;
  forgetOver(memory, place, over);
};

const forgetOver = (memory: Memory, place: Place, over: ReadonlySet<LiveTransaction>): void => {
  if (over.size > 0) {
    const occurrences = new Set([...over].flatMap((live) => live.occurrences));
    unregisterArrivals(memory, place, arrivalsOf({ occurrences: [...occurrences] }));
    place.occurrences = place.occurrences.filter((occurrence) => !occurrences.has(occurrence));
    place.lives = place.lives.filter((live) => !over.has(live));
    place.sent = place.lives.flatMap(({ sent }) => (sent === null ? [] : [sent]));
    if (place.lives.length === 0) releasePlace(memory, place);
  }
  place.recordedEvents = place.occurrences.length;
};

/** Closes what ended long enough ago; of what is in memory, `reviewed` has to decide. */
export const closeEnded = (memory: Memory, { eventTime, changes }: Round): void => {
  for (const [host, queue] of memory.closings) {
    for (const { queueId, arrivedAtMs } of queue.takeDue(eventTime(host))) {
      const place = memory.places.get(placeKey(host, queueId));
      if (place === undefined) {
        changes.close.push({ key: transactionRecordKey({ host, queueId, arrivedAtMs }), host, queueId });
      } else {
        place.closings.delete(arrivedAtMs);
        memory.reviewed.add(place);
      }
    }
  }
};
