/** What following holds in memory: the queue IDs being worked on, and when which of the others must be looked at. */
import type { HostName, QueueId } from '../domain/ids.js';
import { createDueQueue, type DueQueue } from './due-queue.js';
import type { Occurrence } from './fold.js';
import { createLiveNotices, type LiveNotices } from './live-notices.js';
import { arrivalsOf, createPlace, type Place, type Wake } from './live-place.js';
import { createLiveSessions, keyOfSession, type LiveSessions } from './live-sessions.js';

export type LiveSettings = Readonly<{
  /** An open transaction of which nothing was logged for so long is given up. */
  giveUpMs: number;
  /** After the end of a transaction its lines are still taken in for so long. */
  closeMs: number;
  /** Lines come so late in the ordinary way; until then an ended transaction stays in memory. */
  lateMs: number;
  /** What was not touched for so long leaves memory; wall clock. */
  idleMs: number;
  /** (host, queue ID) pairs in memory; beyond it the least recently touched leave. */
  placesMax: number;
}>;

/** The time in the log of a host that reading has reached: what is older was read. */
export type EventTime = (host: HostName) => number;

/** A line by which a message arrived. */
type SessionArrival = Readonly<{ timeMs: number; place: Place }>;

type Closing = Readonly<{ queueId: QueueId; arrivedAtMs: number }>;

export type Memory = Readonly<{
  settings: LiveSettings;
  /** By `placeKey`; the least recently used first. */
  places: Map<string, Place>;
  sessions: LiveSessions;
  /** Server process → messages that arrived by it, in the order of time. */
  bySession: Map<string, SessionArrival[]>;
  notices: LiveNotices;
  wakes: Map<HostName, DueQueue<Wake>>;
  closings: Map<HostName, DueQueue<Closing>>;
  /** Of this round: lines touched it, from this time in its log on; it is looked at; nothing was known of it before. */
  touched: Map<Place, number>;
  reviewed: Set<Place>;
  fresh: Set<Place>;
}>;

/** Of one host: so many open transactions wait to be sent as open. Further ones are sent when something is logged. */
const WAKES_MAX = 1_000_000;
/** A message that is still coming in waits so long for the end of its session; wall clock. */
const ARRIVING_MS = 3_600_000;

export const createMemory = (settings: LiveSettings): Memory => ({
  settings,
  places: new Map(),
  sessions: createLiveSessions(),
  bySession: new Map(),
  notices: createLiveNotices(),
  wakes: new Map(),
  closings: new Map(),
  touched: new Map(),
  reviewed: new Set(),
  fresh: new Set(),
});

export const placeKey = (host: HostName, queueId: string): string => `${host}\0${queueId}`;

/** The place in memory, or a new one; used now. */
export const usePlace = (memory: Memory, host: HostName, queueId: QueueId, nowMs: number): Place => {
  const key = placeKey(host, queueId);
  const known = memory.places.get(key);
  const place = known ?? createPlace(host, queueId);
  if (known === undefined) memory.fresh.add(place);
  else memory.places.delete(key);
  memory.places.set(key, place);
  place.usedAtMs = nowMs;
  return place;
};

export const registerArrivals = ({ bySession }: Memory, place: Place, arrivals: readonly Occurrence[]): void => {
  for (const arrival of arrivals) {
    const key = keyOfSession(arrival);
    const known = bySession.get(key) ?? [];
    bySession.set(key, known);
    let at = known.length;
    while (at > 0 && known[at - 1]!.timeMs > arrival.timeMs) at--;
    known.splice(at, 0, { timeMs: arrival.timeMs, place });
  }
};

export const unregisterArrivals = ({ bySession }: Memory, place: Place, arrivals: readonly Occurrence[]): void => {
  for (const arrival of arrivals) {
    const key = keyOfSession(arrival);
    const others =
      bySession.get(key)?.filter((other) => other.place !== place || other.timeMs !== arrival.timeMs) ?? [];
    if (others.length === 0) bySession.delete(key);
    else bySession.set(key, others);
  }
};

/** Forgets a place: the index has it. */
export const releasePlace = (memory: Memory, place: Place): void => {
  memory.places.delete(placeKey(place.host, place.queueId));
  unregisterArrivals(memory, place, arrivalsOf(place));
};

const queueOf = <Item>(queues: Map<HostName, DueQueue<Item>>, host: HostName): DueQueue<Item> => {
  const known = queues.get(host);
  if (known !== undefined) return known;
  const created = createDueQueue<Item>();
  queues.set(host, created);
  return created;
};

/** @param dueMs event time; null: nothing is to be done unless something is logged. */
export const scheduleWake = ({ wakes }: Memory, place: Place, dueMs: number | null): void => {
  if (place.wake?.dueMs === dueMs) return;
  if (place.wake !== null) place.wake.isVoid = true;
  place.wake = null;
  if (dueMs === null) return;
  const queue = queueOf(wakes, place.host);
  if (queue.size() >= WAKES_MAX) return;
  place.wake = { queueId: place.queueId, dueMs, isVoid: false };
  queue.push(dueMs, place.wake);
};

/** Notes that a line of this round is about the transaction of the place that was there at this time. */
export const touch = ({ touched }: Memory, place: Place, timeMs: number): void => {
  touched.set(place, Math.min(touched.get(place) ?? timeMs, timeMs));
};

export const scheduleClosing = ({ closings }: Memory, place: Place, dueMs: number, arrivedAtMs: number): void => {
  if (place.closings.get(arrivedAtMs) === dueMs) return;
  place.closings.set(arrivedAtMs, dueMs);
  queueOf(closings, place.host).push(dueMs, { queueId: place.queueId, arrivedAtMs });
};

const isDone = ({ lives, wake }: Place, settings: LiveSettings, nowMs: number): boolean =>
  lives.length > 0 &&
  wake === null &&
  lives.every(({ phase, transaction }) => phase === 'ended' && nowMs >= transaction.lastSeenMs + settings.lateMs);

const isIdle = ({ lives, usedAtMs }: Place, { idleMs }: LiveSettings, wallMs: number): boolean => {
  const isArriving = lives.some(({ phase }) => phase === 'arriving');
  return wallMs - usedAtMs >= (isArriving ? ARRIVING_MS : idleMs);
};

/** To be called when the index has everything: what is finished or not used leaves memory. */
export const releaseUnused = (memory: Memory, eventTime: EventTime, wallMs: number): void => {
  const { places, settings } = memory;
  for (const place of places.values()) {
    const isSurplus = places.size > settings.placesMax;
    if (isSurplus || isDone(place, settings, eventTime(place.host)) || isIdle(place, settings, wallMs)) {
      releasePlace(memory, place);
    }
  }
};
