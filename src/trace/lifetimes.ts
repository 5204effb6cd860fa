/** One queue ID on one host names several messages over time: its events are cut into lifetimes, one for each message. */
import type { MtaEvent } from '../domain/event.js';
import { isFinal } from '../domain/transaction.js';
import type { Occurrence } from './fold.js';

export type Lifetime = Readonly<{
  /** Sorted by time; never empty; each event once. */
  occurrences: readonly Occurrence[];
}>;

/** Order of events that bear the same stamp: the order in which an MTA must log them. */
const RANK: Readonly<Record<MtaEvent['kind'], number>> = {
  session: 0,
  'session-action': 0,
  'loose-filter': 0,
  arrival: 1,
  reject: 2,
  'message-id': 3,
  filter: 4,
  held: 5,
  recipient: 5,
  aborted: 6,
  discarded: 6,
  released: 7,
  queued: 8,
  probe: 9,
  try: 8,
  delivery: 9,
  tried: 9,
  expired: 10,
  notice: 11,
  requeued: 12,
  deleted: 12,
  removed: 13,
};

/** Lines of one message written this far before its arrival line are out of order, not of an earlier message. */
const DISORDER_MS = 5000;
/** After its removal a queue ID names nobody; filters and shippers may still log within this time. */
const AFTERMATH_MS = 60_000;

/** Of several deliveries in one stamp those that settle a recipient come last. */
const rankOf = ({ event }: Occurrence): number =>
  (event.kind === 'delivery' || event.kind === 'tried') && isFinal(event.status)
    ? RANK.delivery + 0.5
    : RANK[event.kind];

const sortKey = (occurrence: Occurrence): string => JSON.stringify(occurrence.event);

const ENDING: ReadonlySet<MtaEvent['kind']> = new Set(['removed', 'deleted', 'requeued']);

/**
 * Sorted by time; within one stamp by rank, so that the order in which a shipper wrote lines of one stamp cannot matter.
 * The same line read twice is kept once.
 */
const arrange = (occurrences: readonly Occurrence[]): Occurrence[] => {
  // Asked for where stamps are alike, which they seldom are; a stamp of whole seconds asks often.
  const keys = new Map<Occurrence, string>();
  const keyOf = (occurrence: Occurrence): string => {
    const known = keys.get(occurrence);
    if (known !== undefined) return known;
    const key = sortKey(occurrence);
    keys.set(occurrence, key);
    return key;
  };
  const byKey = (a: Occurrence, b: Occurrence): number => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0);
  const sorted = occurrences.toSorted((a, b) => a.timeMs - b.timeMs || rankOf(a) - rankOf(b) || byKey(a, b));
  return sorted.filter((occurrence, index) => {
    const before = sorted[index - 1];
    return (
      before === undefined ||
      before.timeMs !== occurrence.timeMs ||
      before.event.kind !== occurrence.event.kind ||
      keyOf(before) !== keyOf(occurrence)
    );
  });
};

/**
 * Nobody gives an ID to a second message in the second in which the first one left (Postfix counts microseconds in it): a line
 * that bears a later stamp by less is only out of order, as where some stamps have a fraction and others have not.
 */
const REUSE_MS = 1000;

/** What the current lifetime has shown so far. */
type State = {
  arrivalMs: number | null;
  /** The words of the arrival. */
  arrival: string | null;
  endMs: number | null;
  messageId: string | null | undefined;
  sender: string | null;
};

const isRetold = ({ arrivalMs }: State, timeMs: number): boolean =>
  arrivalMs !== null && timeMs - arrivalMs <= AFTERMATH_MS;

/** Did the lifetime end long enough before this line for its ID to be another message's? */
const isReused = ({ endMs }: State, timeMs: number): boolean => endMs !== null && timeMs - endMs >= REUSE_MS;

const isNewArrival = (state: State, first: Occurrence, { event, timeMs }: Occurrence): boolean => {
  // A filter tells of the same message once for each group of its recipients.
  if (state.endMs === null && state.arrival === JSON.stringify(event) && isRetold(state, timeMs)) return false;
  if (state.arrivalMs !== null || isReused(state, timeMs)) return true;
  return timeMs - first.timeMs > DISORDER_MS;
};

const startsAnew = (state: State, first: Occurrence, occurrence: Occurrence): boolean => {
  const { event, timeMs } = occurrence;
  if (event.kind === 'arrival') return isNewArrival(state, first, occurrence);
  if (state.endMs !== null && timeMs - state.endMs > AFTERMATH_MS) return true;
  if (event.kind === 'message-id') {
    const isOther = state.messageId !== undefined && state.messageId !== event.messageId;
    return isOther || isReused(state, timeMs);
  }
  if (event.kind === 'queued') {
    const isOther = state.sender !== null && state.sender !== event.sender;
    return isOther || isReused(state, timeMs);
  }
  return false;
};

const note = (state: State, { event, timeMs }: Occurrence): void => {
  if (event.kind === 'arrival') {
    state.arrivalMs = timeMs;
    state.arrival = JSON.stringify(event);
  }
  if (event.kind === 'message-id') state.messageId = event.messageId;
  if (event.kind === 'queued') state.sender = event.sender;
  if (ENDING.has(event.kind)) state.endMs = timeMs;
};

/** @param occurrences all events of one queue ID on one host, in any order */
export const splitLifetimes = (occurrences: readonly Occurrence[]): readonly Lifetime[] => {
  const lifetimes: Occurrence[][] = [];
  let state: State = { arrivalMs: null, arrival: null, endMs: null, messageId: undefined, sender: null };
  for (const occurrence of arrange(occurrences)) {
    const current = lifetimes.at(-1);
    if (current === undefined || startsAnew(state, current[0]!, occurrence)) {
      lifetimes.push([occurrence]);
      state = { arrivalMs: null, arrival: null, endMs: null, messageId: undefined, sender: null };
    } else current.push(occurrence);
    note(state, occurrence);
  }
  return lifetimes.map((list) => ({ occurrences: list }));
};
