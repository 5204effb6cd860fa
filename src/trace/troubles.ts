/** What may concern a subscription: failed, late and slow delivery attempts, expiries, refusals. One for each recipient and line. */
import type { DeliveryStatus, LogRecord, MtaEvent, RejectEvent, RejectStage, Relay } from '../domain/event.js';
import type { HostName, QueueId } from '../domain/ids.js';
import type { AlertKind } from '../domain/subscription.js';
import type { DeliveryAttempt, Recipient, Reject, Transaction } from '../domain/transaction.js';
import { saysLoop } from './verdict.js';

export type Trouble = Readonly<{
  /** The most telling first. */
  kinds: readonly AlertKind[];
  times: number;
  timeMs: number;
  host: HostName;
  queueId: QueueId | null;
  /** null for what was refused before it became one. */
  transaction: Transaction | null;
  sender: string | null;
  recipient: string | null;
  originalRecipient: string | null;
  relay: Relay | null;
  dsn: string | null;
  replyCode: number | null;
  response: string | null;
  delayMs: number | null;
  delaysMs: readonly number[] | null;
  /** Tells apart what has host, queue ID, recipient and time in common: refusals without a queue ID. */
  mark: string;
}>;

export type Line = Readonly<{ record: LogRecord; events: readonly MtaEvent[] }>;

export type TroubleInput = Readonly<{
  lines: readonly Line[];
  /** All that the lines belong to. */
  transactions: readonly Transaction[];
  /** Refusals that were concluded from how a session ended. */
  aborted: readonly Reject[];
  /** A delivery that took longer is slow; null: none is. */
  slowMs: number | null;
}>;

type Key = Readonly<{ host: HostName; queueId: QueueId }>;
const keyOf = ({ host, queueId }: Key): string => `${host}\0${queueId}`;

const KIND_OF: Partial<Record<DeliveryStatus, AlertKind>> = {
  deferred: 'deferred',
  bounced: 'bounced',
  expired: 'expired',
  rejected: 'rejected',
};

const kindsOf = (attempt: DeliveryAttempt, slowMs: number | null): readonly AlertKind[] => {
  const own = KIND_OF[attempt.status];
  if (own !== undefined) return saysLoop(attempt) ? ['loop', own] : [own];
  const isSlow = attempt.status === 'sent' && slowMs !== null && (attempt.delayMs ?? 0) > slowMs;
  return isSlow ? ['slow'] : [];
};

type AttemptFacts = Pick<
  Trouble,
  'relay' | 'dsn' | 'replyCode' | 'response' | 'delayMs' | 'delaysMs' | 'timeMs' | 'kinds' | 'times' | 'mark'
>;

const troubleOf = (transaction: Transaction, recipient: Recipient, facts: AttemptFacts): Trouble => ({
  ...facts,
  host: transaction.host,
  queueId: transaction.queueId,
  transaction,
  sender: transaction.sender,
  recipient: recipient.address,
  originalRecipient: recipient.originalAddress,
});

const factsOf = (attempt: DeliveryAttempt, kinds: readonly AlertKind[]): AttemptFacts => {
  const { relay, dsn, replyCode, response, delayMs, delaysMs, timeMs } = attempt;
  return { relay, dsn, replyCode, response, delayMs, delaysMs, timeMs, kinds, times: 1, mark: '' };
};

/** Attempts from `sinceMs` on: a line that comes late may tell the sender of attempts that were read before it. */
const attemptTroubles = (transaction: Transaction, sinceMs: number, slowMs: number | null): Trouble[] =>
  transaction.recipients.flatMap((recipient) =>
    recipient.attempts
      .filter(({ timeMs }) => timeMs >= sinceMs)
      .flatMap((attempt) => {
        const kinds = kindsOf(attempt, slowMs);
        return kinds.length === 0 ? [] : [troubleOf(transaction, recipient, factsOf(attempt, kinds))];
      }),
  );

/** The queue manager gives up and names no recipient: it concerns those who had no end of their own. Why says their last attempt. */
const expiryTroubles = (transaction: Transaction, timeMs: number): Trouble[] =>
  transaction.recipients
    .filter(({ status, attempts }) => status === 'expired' && !attempts.some((attempt) => attempt.status === 'expired'))
    .map((recipient) => {
      const last = recipient.attempts.findLast((attempt) => attempt.timeMs <= timeMs);
      const base = { relay: null, dsn: null, replyCode: null, response: null, delayMs: null, delaysMs: null };
      const why = last === undefined ? base : factsOf(last, []);
      return troubleOf(transaction, recipient, { ...why, timeMs, kinds: ['expired'], times: 1, mark: '' });
    });

/** rsyslog's `message repeated n times` is a count from outside. */
const REPEATS_MAX = 1000;

/** A failed login and a question are no mail. */
const NO_MAIL: ReadonlySet<string> = new Set<RejectStage>(['AUTH', 'VRFY', 'ETRN']);

const rejectTrouble = (reject: Reject, transaction: Transaction | null, times: number): Trouble => {
  const { timeMs, host, queueId, client, sender, recipient, replyCode, dsn, stage, text } = reject;
  return {
    kinds: ['rejected'],
    times: Math.min(times, REPEATS_MAX),
    timeMs,
    host,
    queueId,
    transaction,
    sender: sender ?? transaction?.sender ?? null,
    recipient,
    originalRecipient: null,
    relay: null,
    dsn,
    replyCode,
    response: text,
    delayMs: null,
    delaysMs: null,
    mark: JSON.stringify([client?.ip, client?.name, sender, stage, text]),
  };
};

const rejectOf = ({ host, timeMs }: LogRecord, event: RejectEvent): Reject => {
  const { queueId, client, sender, recipient, replyCode, dsn, stage, text } = event;
  return { timeMs, host, queueId, client, sender, recipient, replyCode, dsn, stage, text };
};

/** A queue ID is used again: the lifetime that spans the line, else the nearest before it. */
const lifetimeAt = (lifetimes: readonly Transaction[], timeMs: number): Transaction | null =>
  lifetimes.find((t) => t.firstSeenMs <= timeMs && timeMs <= t.lastSeenMs) ??
  lifetimes.findLast((t) => t.firstSeenMs <= timeMs) ??
  lifetimes[0] ??
  null;

const groupByKey = (transactions: readonly Transaction[]): ReadonlyMap<string, readonly Transaction[]> => {
  const groups = new Map<string, Transaction[]>();
  for (const t of transactions) {
    const group = groups.get(keyOf(t));
    if (group) group.push(t);
    else groups.set(keyOf(t), [t]);
  }
  for (const group of groups.values()) group.sort((a, b) => a.firstSeenMs - b.firstSeenMs);
  return groups;
};

/** Refusals and expiries: what no attempt tells. */
const eventTroubles = (lines: readonly Line[], transactions: readonly Transaction[]): readonly Trouble[] => {
  const telling = lines.flatMap(({ record, events }) =>
    events.flatMap((event) => (event.kind === 'reject' || event.kind === 'expired' ? [{ record, event }] : [])),
  );
  if (telling.length === 0) return [];
  const lifetimes = groupByKey(transactions);
  return telling.flatMap(({ record, event }): readonly Trouble[] => {
    const { host, timeMs } = record;
    const { queueId } = event;
    const transaction = queueId === null ? null : lifetimeAt(lifetimes.get(keyOf({ host, queueId })) ?? [], timeMs);
    if (event.kind === 'expired') return transaction === null ? [] : expiryTroubles(transaction, timeMs);
    return NO_MAIL.has(event.stage) ? [] : [rejectTrouble(rejectOf(record, event), transaction, event.count)];
  });
};

/** (host, queue ID) → the time of its earliest line. */
const earliest = (lines: readonly Line[], keys: ReadonlySet<string>): ReadonlyMap<string, number> => {
  const times = new Map<string, number>();
  for (const { record, events } of lines) {
    for (const event of events) {
      if (!('queueId' in event) || event.queueId === null) continue;
      const key = keyOf({ host: record.host, queueId: event.queueId });
      if (keys.has(key)) times.set(key, Math.min(record.timeMs, times.get(key) ?? record.timeMs));
    }
  }
  return times;
};

/** Most mail has none: it is looked at no further. */
const isSuspect = ({ isProbe, recipients }: Transaction, slowMs: number | null): boolean =>
  !isProbe && recipients.some(({ attempts }) => attempts.some((attempt) => kindsOf(attempt, slowMs).length > 0));

/** In the order of time. Verify probes are no mail. */
export const findTroubles = ({ lines, transactions, aborted, slowMs }: TroubleInput): readonly Trouble[] => {
  const suspects = transactions.filter((t) => isSuspect(t, slowMs));
  const since = suspects.length === 0 ? null : earliest(lines, new Set(suspects.map(keyOf)));
  return [
    ...eventTroubles(lines, transactions),
    ...suspects.flatMap((t) => attemptTroubles(t, since?.get(keyOf(t)) ?? Number.POSITIVE_INFINITY, slowMs)),
    ...aborted.map((reject) => rejectTrouble(reject, null, 1)),
  ].sort((a, b) => a.timeMs - b.timeMs);
};
