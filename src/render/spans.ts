/**
 * Transaction → spans, with the ids and parents of CONTRACT §3: every host's spans link up without having seen another host's
 * log. Which of them is sent when is the caller's business; what a span looks like is decided here.
 */
import { type HostDirectory, isLoopback } from '../domain/host-names.js';
import { rootSpanId, spanId, spanMessageId, type TraceIdentity, traceId } from '../domain/ids.js';
import type { Span, SpanEvent, SpanLink } from '../domain/span.js';
import type { DeliveryAttempt, Notice, Recipient, Transaction } from '../domain/transaction.js';
import {
  attemptEvent,
  cleanText,
  deliveryAttributes,
  EVENTS_MAX,
  type RecipientAttempt,
  rootAttributes,
  stateEvent,
  transactionAttributes,
} from './span-attributes.js';

/** Which machines are ours. A `HostDirectory` is one. */
export type SpanMachines = Pick<HostDirectory, 'canonical' | 'isConfigured'>;

/** The transaction that a notice is about, and what kind of notice it is. */
export type SpanCause = Readonly<{ transaction: TraceIdentity; kind: Notice['kind'] }>;

export type TransactionSpanOptions = Readonly<{
  /** Not at its end yet: `mailtrace.open` is set. */
  isOpen: boolean;
  /** For a bounce or another notice: what it is about; null when unknown, and for ordinary mail. */
  cause: SpanCause | null;
}>;

/** No host's: the root of a further entry transaction on another host must have the same one. */
const ROOT_SERVICE = 'mailtrace';
/** Of the text of an error status. Characters. */
const ERROR_MAX = 300;

const FAILED: ReadonlySet<string> = new Set(['bounced', 'expired', 'rejected']);

/** Failed for good for at least one recipient: its transaction span has status ERROR. */
export const hasFailed = ({ recipients }: Pick<Transaction, 'recipients'>): boolean =>
  recipients.some(({ status }) => FAILED.has(status));

/**
 * False for what a content filter logged of a message that it handed back: the MTA's attempt at the filter names the same next
 * queue ID, and is that span. What the filter itself refuses for good nobody else says.
 */
export const isDrawn = (transaction: Pick<Transaction, 'mta' | 'recipients'>): boolean =>
  transaction.mta !== 'amavis' || hasFailed(transaction);

/** True when the message came from a machine of ours, or from this host itself (reinjection, forward by SMTP). */
const isFromOurs = ({ mta, client, host }: Transaction, { canonical, isConfigured }: SpanMachines): boolean => {
  // A mailbox server is given its mail by an MTA of ours, whose attempt names the session; it logs no client.
  if (mta === 'dovecot') return true;
  if (client === null) return false;
  const { name, ip } = client;
  if (ip === null ? name !== null && isLoopback(name) : isLoopback(ip)) return true;
  return [name, ip].some((peer) => {
    if (peer === null || peer === '' || isLoopback(peer)) return false;
    const machine = canonical(peer);
    return machine === host || isConfigured(machine);
  });
};

/** The message came in here from outside, or was made here: the parent of its transaction is the root, which is sent for it. */
export const isEntry = (transaction: Transaction, machines: SpanMachines): boolean =>
  transaction.via === 'pickup' || !isFromOurs(transaction, machines);

/** Span id, 16 hex digits. */
const transactionSpanId = (identity: TraceIdentity): string =>
  spanId(spanMessageId(identity), identity.host, identity.queueId);

/** Span id of a transaction's parent: the delivery that brought it here, whoever logged that, or the root. */
export const parentOf = (transaction: Transaction, machines: SpanMachines): string =>
  isEntry(transaction, machines)
    ? rootSpanId(transaction)
    : spanId(spanMessageId(transaction), '>', transaction.queueId);

const relayOf = ({ relay }: DeliveryAttempt): string => relay?.host ?? relay?.ip ?? 'local';

/** Span id of the delivery span that an attempt belongs to. */
const deliverySpanId = (transaction: Transaction, attempt: DeliveryAttempt): string => {
  const messageId = spanMessageId(transaction);
  if (attempt.nextQueueId !== null) return spanId(messageId, '>', attempt.nextQueueId);
  const time = new Date(attempt.timeMs).toISOString();
  return spanId(messageId, transaction.host, transaction.queueId, relayOf(attempt), time);
};

/** Status text: `bounced 5.1.1: host mx… said: 550 …`. */
const failureText = (status: string, attempt: DeliveryAttempt | undefined): string => {
  const code = attempt?.dsn ?? attempt?.replyCode ?? null;
  const head = code === null ? status : `${status} ${code}`;
  return cleanText(attempt?.response ? `${head}: ${attempt.response}` : head).slice(0, ERROR_MAX);
};

/** Low in number, as the convention of `error.type` asks: the enhanced status code, else the status word. */
const errorType = (status: string, attempt: DeliveryAttempt | undefined): string => attempt?.dsn ?? status;

type Failure = Readonly<{ status: string; attempt: DeliveryAttempt | undefined }>;

const errorOf = (failure: Failure | undefined): Span['error'] =>
  failure === undefined ? null : { text: failureText(failure.status, failure.attempt) };

const errorAttributes = (failure: Failure | undefined): Span['attributes'] =>
  failure === undefined ? {} : { 'error.type': cleanText(errorType(failure.status, failure.attempt)) };

/** Events in order of time; where there are too many, those of failures stay. */
const boundEvents = (events: readonly SpanEvent[]): Pick<Span, 'events' | 'droppedEvents'> => {
  const sorted = events.toSorted((a, b) => a.timeMs - b.timeMs);
  if (sorted.length <= EVENTS_MAX) return { events: sorted, droppedEvents: 0 };
  const isFailure = ({ attributes }: SpanEvent): boolean => FAILED.has(String(attributes['email.status']));
  const failures = sorted.filter(isFailure);
  const kept = new Set([...failures, ...sorted.filter((event) => !isFailure(event))].slice(0, EVENTS_MAX));
  return { events: sorted.filter((event) => kept.has(event)), droppedEvents: sorted.length - EVENTS_MAX };
};

/** Connecting and sending lie before the line; of other MTAs only the whole delay is known. Not before the arrival. */
const deliveryStartMs = ({ timeMs, delaysMs, delayMs }: DeliveryAttempt, arrivedAtMs: number): number => {
  const spentMs = delaysMs === null ? (delayMs ?? 0) : delaysMs[2] + delaysMs[3];
  return Math.min(timeMs, Math.max(timeMs - spentMs, arrivedAtMs));
};

const deliverySpan = (t: Transaction, id: string, parts: readonly RecipientAttempt[]): Span => {
  const first = parts[0]!.attempt;
  const failed = parts.find(({ attempt }) => FAILED.has(attempt.status))?.attempt;
  const failure = failed && { status: failed.status, attempt: failed };
  return {
    traceId: traceId(t),
    spanId: id,
    parentSpanId: transactionSpanId(t),
    name: 'email.attempt',
    kind: first.by === 'smtp' || first.by === 'lmtp' ? 'client' : 'internal',
    serviceName: t.host,
    // Of the earliest line: a further recipient's line does not move the start.
    startMs: deliveryStartMs(first, t.arrivedAtMs),
    endMs: parts.at(-1)!.attempt.timeMs,
    attributes: { ...deliveryAttributes(t, parts), ...errorAttributes(failure) },
    ...boundEvents(parts.map(attemptEvent)),
    links: [],
    error: errorOf(failure),
  };
};

/** `events`: recipients' lines, also those that the span leaves out. */
export type DeliverySketch = Readonly<{ spanId: string; events: number; endMs: number }>;

const sketchOf = (id: string, parts: readonly RecipientAttempt[]): DeliverySketch => ({
  spanId: id,
  events: parts.length,
  endMs: parts.at(-1)!.attempt.timeMs,
});

/** One span for each attempt at one relay, for one or more recipients; in order of time. Only those that are wanted. */
export const deliverySpans = (
  transaction: Transaction,
  isWanted: (sketch: DeliverySketch) => boolean = () => true,
): readonly Span[] => {
  const attempts = transaction.recipients
    .flatMap((recipient) => recipient.attempts.map((attempt): RecipientAttempt => ({ recipient, attempt })))
    .sort((a, b) => a.attempt.timeMs - b.attempt.timeMs);
  const groups = new Map<string, RecipientAttempt[]>();
  for (const part of attempts) {
    const id = deliverySpanId(transaction, part.attempt);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [part]);
    else group.push(part);
  }
  return [...groups]
    .filter(([id, parts]) => isWanted(sketchOf(id, parts)))
    .map(([id, parts]) => deliverySpan(transaction, id, parts));
};

/** Words of CONTRACT §2 `relatedChains`. */
const RELATIONS: Readonly<Record<Notice['kind'], string>> = {
  failure: 'bounce-of',
  postmaster: 'bounce-of',
  delay: 'delay-notice-of',
  success: 'delivery-report-of',
};

const linkTo = ({ transaction, kind }: SpanCause): SpanLink => ({
  traceId: traceId(transaction),
  spanId: transactionSpanId(transaction),
  attributes: { 'mailtrace.relation': RELATIONS[kind], 'email.queue_id': transaction.queueId },
});

const isShownByAttempt = ({ status, attempts }: Recipient): boolean =>
  attempts.some((attempt) => attempt.status === status);

const failureOf = ({ recipients }: Transaction): Failure | undefined => {
  const failed = recipients.find(({ status }) => FAILED.has(status));
  return failed && { status: failed.status, attempt: failed.attempts.at(-1) };
};

/** From arrival to the last line read. */
export const transactionSpan = (
  transaction: Transaction,
  machines: SpanMachines,
  { isOpen, cause }: TransactionSpanOptions,
): Span => {
  const { arrivedAtMs, lastSeenMs, recipients } = transaction;
  const failure = failureOf(transaction);
  const hidden = recipients.filter((recipient) => !isShownByAttempt(recipient));
  return {
    traceId: traceId(transaction),
    spanId: transactionSpanId(transaction),
    parentSpanId: parentOf(transaction, machines),
    name: 'email.transaction',
    kind: transaction.client === null ? 'internal' : 'server',
    serviceName: transaction.host,
    startMs: arrivedAtMs,
    endMs: Math.max(arrivedAtMs, lastSeenMs),
    attributes: {
      ...transactionAttributes(transaction),
      ...errorAttributes(failure),
      ...(isOpen ? { 'mailtrace.open': true } : {}),
    },
    ...boundEvents(hidden.map((recipient) => stateEvent(recipient, lastSeenMs))),
    links: cause === null ? [] : [linkTo(cause)],
    error: errorOf(failure),
  };
};

/** The root `email.delivery`, with the times of the entry transaction it is sent for. */
export const rootSpan = (transaction: Transaction): Span => ({
  traceId: traceId(transaction),
  spanId: rootSpanId(transaction),
  parentSpanId: null,
  name: 'email.delivery',
  kind: 'internal',
  serviceName: ROOT_SERVICE,
  startMs: transaction.arrivedAtMs,
  endMs: Math.max(transaction.arrivedAtMs, transaction.lastSeenMs),
  attributes: rootAttributes(transaction),
  events: [],
  droppedEvents: 0,
  links: [],
  error: null,
});

/** 52 of the 56 low bits that are a trace's randomness to W3C Trace Context 2 and OpenTelemetry's consistent samplers: exact in a number. */
const RANDOM_BITS = { from: 18, to: 31, count: 2 ** 52 } as const;

/**
 * Is this trace among the `share` (0 to 1) that is sent? By the hash of the message-id alone: every process, host and restart
 * decides alike. What failed is sent whatever this says.
 */
export const isSampled = (identity: TraceIdentity, share: number): boolean =>
  Number.parseInt(traceId(identity).slice(RANDOM_BITS.from, RANDOM_BITS.to), 16) >= (1 - share) * RANDOM_BITS.count;
