/** Which transaction a notice is about: the MTA says so in a line of the one that caused it. */
import type { QueueId } from '../domain/ids.js';
import type { LiveTransaction, Place } from './live-place.js';
import type { NoticeCause } from './live-resume.js';

/** Between the notice's own lines and the one that names it. */
const NEAR_MS = 300_000;
/** Notices whose own lines are yet to be read. The oldest are forgotten: such a notice then has no link to its cause. */
const NOTICES_MAX = 50_000;

export type LiveNotices = Readonly<{
  /** Keeps which notices were made about the transactions of this place. @returns their queue IDs, on the same host */
  learn: (place: Place) => readonly QueueId[];
  /** Gives the transactions of this place what they are about. @returns whether anything was new */
  attach: (place: Place) => boolean;
}>;

const causeOf = ({ transaction, sent, isIdentityKnown }: LiveTransaction): NoticeCause['transaction'] | null => {
  if (sent === null && !isIdentityKnown) return null;
  const { host, queueId, messageId, arrivedAtMs } = transaction;
  return {
    host,
    queueId,
    messageId: sent === null ? messageId : sent.messageId,
    arrivedAtMs: sent?.arrivedAtMs ?? arrivedAtMs,
  };
};

export const createLiveNotices = (): LiveNotices => {
  const known = new Map<string, Readonly<{ atMs: number; cause: NoticeCause }>>();
  const keyOf = ({ host }: Place, queueId: QueueId): string => `${host}\0${queueId}`;
  return {
    learn: (place) =>
      place.lives.flatMap((live) => {
        if (live.transaction.notices.length === 0) return [];
        const transaction = causeOf(live);
        if (transaction === null) return [];
        return live.occurrences.flatMap(({ event, timeMs }) => {
          if (event.kind !== 'notice') return [];
          known.set(keyOf(place, event.noticeQueueId), { atMs: timeMs, cause: { transaction, kind: event.notice } });
          if (known.size > NOTICES_MAX) known.delete(known.keys().next().value!);
          return [event.noticeQueueId];
        });
      }),
    attach: (place) => {
      const notice = known.get(keyOf(place, place.queueId));
      const live = notice && place.lives.find(({ transaction }) => isNear(transaction.firstSeenMs, notice.atMs));
      if (notice === undefined || live === undefined || live.cause !== null) return false;
      place.causes.push({ atMs: live.transaction.firstSeenMs, cause: notice.cause });
      return true;
    },
  };
};

const isNear = (aMs: number, bMs: number): boolean => Math.abs(aMs - bMs) <= NEAR_MS;
