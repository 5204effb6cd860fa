/** One accepted attempt for one recipient, and when the far side must have logged it. */
import type { DeliveryAttempt, Transaction } from '../domain/transaction.js';

export type Handover = Readonly<{ from: Transaction; attempt: DeliveryAttempt; recipient: string }>;

/** Two hosts' clocks may be wrong by 3 minutes each, in opposite ways, and logging takes time. */
const SKEW_MS = 10 * 60_000;
/** On one host only the shippers' order of lines is in doubt. */
const SAME_HOST_MS = 60_000;

/** Time spent connecting and sending, which lies before the line that reports it. */
const sendingMs = (attempt: DeliveryAttempt): number =>
  attempt.delaysMs === null ? (attempt.delayMs ?? 0) : attempt.delaysMs[2] + attempt.delaysMs[3];

/** Did `to` arrive while the hand-over went on, as far as clocks can tell? */
export const isSameTime = ({ from, attempt }: Handover, to: Transaction): boolean => {
  const tolerance = from.host === to.host ? SAME_HOST_MS : SKEW_MS;
  const earliest = attempt.timeMs - sendingMs(attempt) - tolerance;
  const latest = attempt.timeMs + tolerance;
  return to.hasArrival
    ? to.arrivedAtMs >= earliest && to.arrivedAtMs <= latest
    : to.firstSeenMs <= latest && to.lastSeenMs >= earliest;
};

/** How far apart the hand-over's line and the arrival are: the nearest of several candidates is the right one. */
export const distanceMs = ({ attempt }: Handover, to: Transaction): number => Math.abs(to.arrivedAtMs - attempt.timeMs);

/** A pipe or command that hands a message back does so while it runs; pickup may look a little later (pickup.c polls). */
const PICKUP_MS = 10_000;

/** Came `to` into the queue of the same host while this local delivery ran? */
export const isDuringPipe = ({ attempt }: Handover, to: Transaction): boolean => {
  const began = attempt.timeMs - (attempt.delaysMs?.[3] ?? attempt.delayMs ?? 0) - 2000;
  return to.arrivedAtMs >= began && to.arrivedAtMs <= attempt.timeMs + PICKUP_MS;
};

/** Is the recipient of the hand-over one of `to`'s, before or after its aliases? */
export const isForRecipient = ({ recipient }: Handover, to: Transaction): boolean => {
  const wanted = recipient.toLowerCase();
  return to.recipients.some(
    ({ address, originalAddress }) =>
      address.toLowerCase() === wanted || (originalAddress !== null && originalAddress.toLowerCase() === wanted),
  );
};
