/** All that is known of one queue ID on one host while its log is followed, and the transactions that it makes. */
import type { Mta } from '../domain/event.js';
import { type HostName, type QueueId, transactionRecordKey } from '../domain/ids.js';
import { isFinal, type Reject, type Transaction } from '../domain/transaction.js';
import type { Occurrence } from './fold.js';
import { type Lifetime, splitLifetimes } from './lifetimes.js';
import { type NoticeCause, type Resumed, readResume, type SentSpans, writeResume } from './live-resume.js';
import type { LiveSessions } from './live-sessions.js';
import { type Outcome, settle } from './settle.js';

/** One transaction as it is known after a round. */
export type LiveTransaction = Readonly<{
  transaction: Transaction;
  /**
   * `arriving`: nothing says yet that the server took the message over. `refused`: it did not, as far as the end of the session
   * shows; a late line may say otherwise. `ended`: removed, or final for every recipient.
   */
  phase: 'arriving' | 'refused' | 'open' | 'ended';
  /** Ended, and every line is there that one can tell is missing: it need not wait for late ones. */
  isComplete: boolean;
  /** Its trace and its begin are known: the message-id was read (or that there is none), and its arrival, where one is logged. */
  isIdentityKnown: boolean;
  /** For a bounce or another notice: what it is about. */
  cause: NoticeCause | null;
  sent: SentSpans | null;
  /** When a line of it was last read, wall clock: others may be on their way. -Infinity: before it came from the index. */
  readAtMs: number;
  occurrences: readonly Occurrence[];
}>;

export type RecordState = 'open' | 'ended';

/** Void: nobody waits for it any more. Event time. */
export type Wake = { readonly queueId: QueueId; readonly dueMs: number; isVoid: boolean };

export type Place = {
  readonly host: HostName;
  readonly queueId: QueueId;
  occurrences: Occurrence[];
  /** Of each transaction, found again by the time in it. */
  sent: SentSpans[];
  causes: Readonly<{ atMs: number; cause: NoticeCause }>[];
  lives: readonly LiveTransaction[];
  /** Key in the index → state that stands there. */
  records: ReadonlyMap<string, RecordState>;
  /** Events that stand in the index; -1: not even those are known to be all. */
  recordedEvents: number;
  /** When a line of it was read, or it came back from the index; wall clock. */
  usedAtMs: number;
  readAtMs: number;
  /** When it must be looked at even if nothing is logged. */
  wake: Wake | null;
  /** When each transaction arrived → for when its closing is scheduled; event time. */
  closings: Map<number, number>;
};

export const createPlace = (host: HostName, queueId: QueueId): Place => ({
  host,
  queueId,
  occurrences: [],
  sent: [],
  causes: [],
  lives: [],
  records: new Map(),
  recordedEvents: 0,
  usedAtMs: 0,
  readAtMs: Number.NEGATIVE_INFINITY,
  wake: null,
  closings: new Map(),
});

/** MTAs that log the end of a message as a line of its own. */
const LOGS_REMOVAL: ReadonlySet<Mta> = new Set(['postfix', 'exim']);
const OVER: ReadonlySet<Transaction['state']> = new Set(['deleted', 'discarded', 'requeued']);

const countFinal = ({ recipients }: Transaction): number => recipients.filter(({ status }) => isFinal(status)).length;

const hasEnded = (t: Transaction): boolean => {
  if (t.removed || OVER.has(t.state)) return true;
  const final = countFinal(t);
  return final > 0 && final === t.recipients.length && final >= (t.recipientCount ?? 1);
};

const isMessageIdRead = ({ occurrences }: Lifetime): boolean =>
  occurrences.some(
    ({ event }) => event.kind === 'message-id' || (event.kind === 'arrival' && event.messageId !== undefined),
  );

/** As many recipients are final as the queue manager counted; other MTAs do not count. */
const isEveryRecipientFinal = (t: Transaction): boolean =>
  t.recipientCount === null ? t.mta !== 'postfix' : countFinal(t) >= t.recipientCount;

const arrivalOf = ({ occurrences }: Pick<Lifetime, 'occurrences'>): Occurrence | undefined =>
  occurrences.find(({ event }) => event.kind === 'arrival');

const isInside = ({ firstSeenMs, lastSeenMs }: Transaction, timeMs: number): boolean =>
  timeMs >= firstSeenMs && timeMs <= lastSeenMs;

const phaseOf = (outcome: Outcome): LiveTransaction['phase'] => {
  if (outcome.kind === 'aborted') return 'refused';
  if (!outcome.isAccepted) return 'arriving';
  return hasEnded(outcome.transaction) ? 'ended' : 'open';
};

const liveOf = (place: Place, lifetime: Lifetime, outcome: Outcome): LiveTransaction => {
  const { transaction } = outcome;
  const phase = phaseOf(outcome);
  const isKnown = isMessageIdRead(lifetime);
  const cause = place.causes.find(({ atMs }) => isInside(transaction, atMs))?.cause ?? null;
  // A notice has no arrival line; what it is about stands in a line of its own.
  const hasOrigin = transaction.hasArrival || cause !== null;
  const isNotice = cause !== null || transaction.sender === '';
  const hasRemoval = !LOGS_REMOVAL.has(transaction.mta) || transaction.removed;
  return {
    transaction,
    phase,
    isComplete: phase === 'ended' && hasRemoval && isKnown && hasOrigin && isEveryRecipientFinal(transaction),
    isIdentityKnown: isKnown && (transaction.hasArrival || (isNotice && transaction.messageId !== null)),
    cause,
    sent: place.sent.find(({ atMs }) => isInside(transaction, atMs)) ?? null,
    readAtMs: place.readAtMs,
    occurrences: lifetime.occurrences,
  };
};

/**
 * Computes the transactions anew. Lines read twice are dropped.
 * @returns refusals that no line states
 */
export const reviewPlace = (place: Place, sessions: LiveSessions): readonly Reject[] => {
  const lifetimes = splitLifetimes(place.occurrences);
  place.occurrences = lifetimes.flatMap(({ occurrences }) => occurrences);
  const aborted: Reject[] = [];
  const lives: LiveTransaction[] = [];
  for (const lifetime of lifetimes) {
    const arrival = arrivalOf(lifetime);
    const outcome = settle(lifetime, arrival === undefined ? new Map() : sessions.around(arrival));
    if (outcome.kind === 'aborted') aborted.push(...outcome.rejects);
    const isMail = outcome.kind === 'aborted' ? !outcome.isStated : !outcome.transaction.isProbe;
    if (isMail) lives.push(liveOf(place, lifetime, outcome));
  }
  place.lives = lives;
  return aborted;
};

/** The lines by which its messages arrived. */
export const arrivalsOf = ({ occurrences }: Pick<Place, 'occurrences'>): readonly Occurrence[] =>
  occurrences.filter(({ event }) => event.kind === 'arrival');

export const keyOf = ({ transaction }: LiveTransaction): string => transactionRecordKey(transaction);

export const resumeOf = ({ occurrences, sent, cause }: LiveTransaction, sessions: LiveSessions): string => {
  const arrival = arrivalOf({ occurrences });
  return writeResume({ occurrences, sent, cause, session: arrival === undefined ? [] : sessions.carried(arrival) });
};

/** Takes back what `resumeOf` wrote. */
export const resumePlace = (place: Place, key: string, state: RecordState, text: string): Resumed | null => {
  const resumed = readResume(place.host, text);
  place.records = new Map([...place.records, [key, state]]);
  if (resumed === null) {
    place.recordedEvents = -1;
    return null;
  }
  place.occurrences.push(...resumed.occurrences);
  if (place.recordedEvents >= 0) place.recordedEvents += resumed.occurrences.length;
  if (resumed.sent !== null) place.sent.push(resumed.sent);
  const atMs = resumed.occurrences[0]?.timeMs;
  if (resumed.cause !== null && atMs !== undefined) place.causes.push({ atMs, cause: resumed.cause });
  return resumed;
};
