/**
 * What the spans say about the mail: attributes and per-recipient events. Names are those of OpenTelemetry's semantic
 * conventions where there is one, else `email.*` for facts of the mail and `mailtrace.*` for our own; docs/otlp.md lists them.
 */
import type { Relay } from '../domain/event.js';
import type { SpanAttributes, SpanEvent, SpanValue } from '../domain/span.js';
import type { DeliveryAttempt, Recipient, Transaction } from '../domain/transaction.js';

/** Of any text from a log. Longer ones say nothing more, and a span has hundreds of them. Characters. */
const TEXT_MAX = 1000;
/** Of `email.recipients`: a list has thousands of members. */
const RECIPIENTS_MAX = 100;
/** Of one span: OpenTelemetry's own default (`EventCountLimit`). */
export const EVENTS_MAX = 128;

/** What could not be UTF-8 (one bad text makes a receiver refuse a whole batch), and what no log line should hold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const UNPRINTABLE = /[\u0000-\u0008\u000a-\u001f\u007f]|\p{Surrogate}/gu;

/** Nearly every text of a log is this, and needs no look at each character. */
const PLAIN = /^[ -~]*$/;

export const cleanText = (text: string): string => {
  const short = text.length > TEXT_MAX ? text.slice(0, TEXT_MAX) : text;
  return PLAIN.test(short) ? short : short.replace(UNPRINTABLE, '\ufffd');
};

type Facts = Readonly<Record<string, SpanValue | null>>;

/** Attributes without the facts that are absent; of two facts of one name the later counts. */
const present = (...parts: readonly Facts[]): SpanAttributes => {
  const attributes: Record<string, SpanValue> = {};
  for (const facts of parts) {
    for (const name in facts) {
      const value = facts[name]!;
      if (value !== null) attributes[name] = typeof value === 'string' ? cleanText(value) : value;
    }
  }
  return attributes;
};

type Addressed = Readonly<{ address: string }>;

/** Each address once, at most `RECIPIENTS_MAX`; how many more there are. */
const recipientFacts = (recipients: readonly Addressed[]): Facts => {
  const addresses = [...new Set(recipients.map(({ address }) => address))];
  const leftOut = addresses.length - RECIPIENTS_MAX;
  return {
    'email.recipients': addresses.length === 0 ? null : addresses.slice(0, RECIPIENTS_MAX).map(cleanText),
    'mailtrace.recipients_left_out': leftOut > 0 ? leftOut : null,
  };
};

/** What every span of a transaction says, the root included. */
const messageFacts = (t: Transaction, recipients: readonly Addressed[]): Facts => ({
  'messaging.message.id': t.messageId,
  'email.sender': t.sender,
  ...recipientFacts(recipients),
});

export const rootAttributes = (t: Transaction): SpanAttributes =>
  present(messageFacts(t, t.recipients), {
    'email.recipient_count': t.recipientCount,
    'messaging.message.envelope.size': t.sizeBytes,
  });

/** Each status word once, in order of first appearance: `sent`, or `sent` and `bounced`. */
const statusWords = (items: readonly Readonly<{ status: string }>[]): readonly string[] => [
  ...new Set(items.map(({ status }) => status)),
];

export const transactionAttributes = (t: Transaction): SpanAttributes =>
  present(messageFacts(t, t.recipients), tlsFacts(t), {
    'server.address': t.host,
    // OpenTelemetry wants no name here that comes from a reverse look-up, which is what MTAs log.
    'client.address': t.client?.ip ?? t.client?.name ?? null,
    'network.peer.address': t.client?.ip ?? null,
    'user.name': t.client?.sasl ?? null,
    'messaging.message.envelope.size': t.sizeBytes,
    'email.recipient_count': t.recipientCount,
    'email.queue_id': t.queueId,
    'email.client.name': t.client?.name ?? null,
    'email.status': t.recipients.length === 0 ? null : statusWords(t.recipients),
    'email.filters': t.filters.length === 0 ? null : t.filters.slice(0, RECIPIENTS_MAX).map(filterText),
    'mailtrace.mta': t.mta,
    'mailtrace.via': t.via,
    'mailtrace.state': t.state,
    'mailtrace.removed': t.removed,
  });

/** The convention wants `tls` and `1.3` where the log has `TLSv1.3`. */
const tlsFacts = ({ tls }: Transaction): Facts => {
  if (tls === undefined) return {};
  const [, name, version] = /^(TLS|SSL)v?(\d[\d.]*)$/i.exec(tls.protocol) ?? [];
  return {
    'tls.protocol.name': name?.toLowerCase() ?? null,
    'tls.protocol.version': version ?? null,
    'tls.cipher': tls.cipher,
  };
};

const filterText = ({ source, action, score }: Transaction['filters'][number]): string =>
  cleanText(`${source}: ${action}${score === null ? '' : ` (${score})`}`);

/** One recipient's part in an attempt. */
export type RecipientAttempt = Readonly<{ recipient: Recipient; attempt: DeliveryAttempt }>;

const relayFacts = (relay: Relay | null): Facts => ({
  'server.address': relay?.host ?? relay?.ip ?? null,
  'server.port': relay?.port ?? null,
  'network.peer.address': relay?.ip ?? null,
  'network.peer.port': relay?.ip === null ? null : (relay?.port ?? null),
});

/** `parts`: at least one, oldest first. All have the same relay, or the same next queue ID. */
export const deliveryAttributes = (t: Transaction, parts: readonly RecipientAttempt[]): SpanAttributes => {
  const { attempt } = parts[0]!;
  const recipients = parts.map(({ recipient }) => recipient);
  return present(messageFacts(t, recipients), relayFacts(attempt.relay), {
    'network.protocol.name': attempt.by === 'smtp' || attempt.by === 'lmtp' ? attempt.by : null,
    'email.queue_id': t.queueId,
    'email.next_queue_id': attempt.nextQueueId,
    'email.status': statusWords(parts.map((part) => part.attempt)),
    'email.agent': attempt.agent,
    'mailtrace.mta': t.mta,
  });
};

const attemptFacts = ({ status, dsn, replyCode, response, delayMs, delaysMs }: DeliveryAttempt): Facts => ({
  'email.status': status,
  'email.enhanced_status_code': dsn,
  'email.reply_code': replyCode,
  'email.response': response,
  'email.delay.total_ms': delayMs,
  'email.delay.before_qmgr_ms': delaysMs?.[0] ?? null,
  'email.delay.in_qmgr_ms': delaysMs?.[1] ?? null,
  'email.delay.conn_setup_ms': delaysMs?.[2] ?? null,
  'email.delay.transmission_ms': delaysMs?.[3] ?? null,
});

const EVENT_NAME = 'email.recipient';

const recipientEventFacts = ({ address, originalAddress }: Recipient): Facts => ({
  'email.recipient': address,
  'email.recipient.original': originalAddress,
});

/** What became of one recipient in one attempt. */
export const attemptEvent = ({ recipient, attempt }: RecipientAttempt): SpanEvent => ({
  name: EVENT_NAME,
  timeMs: attempt.timeMs,
  attributes: present(recipientEventFacts(recipient), attemptFacts(attempt)),
});

/** The state of a recipient that no attempt shows: expired, held, deleted by the operator. */
export const stateEvent = (recipient: Recipient, timeMs: number): SpanEvent => ({
  name: EVENT_NAME,
  timeMs,
  attributes: present(recipientEventFacts(recipient), { 'email.status': recipient.status }),
});
