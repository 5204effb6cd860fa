/** Was the message of this lifetime ever accepted? If not, it is a reject, not a transaction. */
import type { MtaEvent } from '../domain/event.js';
import type { Reject, Transaction } from '../domain/transaction.js';
import { buildTransaction } from './build-transaction.js';
import type { Occurrence } from './fold.js';
import type { Lifetime } from './lifetimes.js';
import { actionsOfSession, endOfSession, type SessionEnd, type Sessions, tlsOfSession } from './sessions.js';

/** What a lifetime turned out to be. */
export type Outcome = Readonly<
  | {
      kind: 'transaction';
      transaction: Transaction;
      isSettled: boolean;
      /** The server took the message over; false while nothing says so, nor that it did not. */
      isAccepted: boolean;
    }
  | {
      kind: 'aborted';
      /** What it would be if a line that was not read yet said that it was accepted. */
      transaction: Transaction;
      rejects: readonly Reject[];
      /** False: concluded from the end of the session alone. */
      isStated: boolean;
    }
>;

const ACCEPTED: ReadonlySet<MtaEvent['kind']> = new Set([
  'queued',
  'delivery',
  'try',
  'tried',
  'removed',
  'expired',
  'held',
  'released',
  'deleted',
  'requeued',
  'discarded',
  'notice',
  'probe',
  'recipient',
]);

const isRefusal = ({ event }: Occurrence): boolean =>
  event.kind === 'aborted' || (event.kind === 'reject' && event.stage === 'DATA');

/** Sendmail logs the arrival when the content is in; a filter may refuse it then. */
const wasAccepted = ({ occurrences }: Lifetime): boolean =>
  occurrences.some(({ event }) =>
    event.kind === 'arrival' ? event.isAccepted && !occurrences.some(isRefusal) : ACCEPTED.has(event.kind),
  );

const isEmptySession = ({ event }: Occurrence): boolean => event.kind === 'arrival' && event.recipientCount === 0;

type Ending = Readonly<{ timeMs: number; text: string; replyCode: number | null; dsn: string | null }>;

/**
 * Content that came in and was not refused by a line of its own was accepted; the queue manager may take it up much later when
 * the queue is full. smtpd counts the commands that succeeded: `data=1`, `data=0/1` (smtpd.c, since 3.0).
 */
const mayBeAccepted = ({ occurrences }: Lifetime, { lost, disconnect }: SessionEnd): boolean => {
  if (!occurrences.some(({ event }) => event.kind === 'message-id')) return false;
  if (/^(?:DATA|BDAT)$/.test(lost?.event.detail ?? '')) return false;
  const counts = disconnect?.event.detail ?? '';
  return counts === '' || /\b(?:data|bdat)=[1-9]/.test(counts);
};

/**
 * How the server says it refused the message, or how the session ended. `accepted`: it ended after the message had come in.
 * undefined: nothing of it was read.
 */
const endingOf = (
  lifetime: Lifetime,
  arrival: Occurrence | undefined,
  sessions: Sessions,
): Ending | 'accepted' | undefined => {
  for (const { event, timeMs } of lifetime.occurrences) {
    if (event.kind === 'aborted') return { timeMs, text: event.text, replyCode: event.replyCode, dsn: event.dsn };
  }
  if (arrival === undefined) return undefined;
  const end = endOfSession(sessions, arrival);
  const last = end.lost ?? end.disconnect;
  if (last === null) return undefined;
  if (mayBeAccepted(lifetime, end)) return 'accepted';
  const { step, detail, client } = last.event;
  const peer = `${client.name ?? 'unknown'}[${client.ip ?? 'unknown'}]`;
  const text =
    step === 'lost'
      ? `lost connection after ${detail} from ${peer}`
      : `session ended by ${peer} before the message was accepted`;
  return { timeMs: last.timeMs, text, replyCode: null, dsn: null };
};

export const settle = (lifetime: Lifetime, sessions: Sessions): Outcome => {
  const { occurrences } = lifetime;
  const arrival = occurrences.find(({ event }) => event.kind === 'arrival');
  const actions = arrival === undefined ? [] : actionsOfSession(sessions, arrival);
  const tls = arrival === undefined ? undefined : tlsOfSession(sessions, arrival);
  const built = buildTransaction(lifetime, actions);
  const transaction = tls === undefined ? built : { ...built, tls };
  if (wasAccepted(lifetime) || actions.length > 0) {
    // Held or thrown away by a rule that named no recipient: the session's `NOQUEUE: hold` or `discard` line does.
    const isTaken = transaction.state === 'held' || transaction.state === 'discarded';
    const isNameless = isTaken && transaction.recipients.length === 0;
    return { kind: 'transaction', transaction, isSettled: !isNameless, isAccepted: true };
  }
  // A reject line is a row of its own; nothing more to say.
  const isOnlyRefused = occurrences.every(({ event }) => event.kind === 'reject' || event.kind === 'filter');
  const isSaid = occurrences.some((each) => each.event.kind === 'reject' && isRefusal(each));
  if (isOnlyRefused || isSaid || occurrences.some(isEmptySession)) {
    // Of a message of which only filters spoke so far, the arrival may not have been read yet.
    const isStated = occurrences.some(({ event }) => event.kind !== 'filter');
    return { kind: 'aborted', transaction, rejects: [], isStated };
  }
  const ending = endingOf(lifetime, arrival, sessions);
  if (ending === undefined || ending === 'accepted') {
    const isAccepted = ending === 'accepted';
    return { kind: 'transaction', transaction, isSettled: arrival === undefined, isAccepted };
  }
  const { host, queueId, client, sender } = transaction;
  return {
    kind: 'aborted',
    transaction,
    rejects: [{ host, queueId, client, sender, recipient: null, stage: 'DATA', ...ending }],
    isStated: occurrences.some(({ event }) => event.kind === 'aborted'),
  };
};
