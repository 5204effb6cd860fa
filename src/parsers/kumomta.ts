/**
 * KumoMTA: its JSON log records, one a line (kumo-log-types, JsonLogRecord). Its message ids are queue IDs here; each recipient has
 * one of his own, unless a batch was injected.
 */
import type {
  Client,
  DeliveryEvent,
  DeliveryStatus,
  LogRecord,
  MtaEvent,
  ParseOutcome,
  Relay,
} from '../domain/event.js';
import { type MessageId, parseMessageId, type QueueId, queueId } from '../domain/ids.js';
import { type KumoRecord, type KumoResponse, readKumoRecord } from './kumomta/record.js';
import { IGNORED, type Parser, UNKNOWN } from './parser.js';
import { parseReply } from './smtp-reply.js';

type Ids = Readonly<{ mta: 'kumomta'; queueId: QueueId }>;

/** 32 hex digits; other texts are no names to search by. */
const ID = /^[\w-]{1,64}$/;

/** Codes that KumoMTA gives what no server answered: refused, dropped, timed out (facts of smtp_dispatcher.rs). */
const OWN_CODE = 400;

const codesOf = ({ code, enhancedCode }: KumoResponse): Pick<DeliveryEvent, 'replyCode' | 'dsn'> => ({
  replyCode: code === OWN_CODE && enhancedCode === null ? null : code,
  dsn: enhancedCode,
});

/** The reply as the server gave it: code and enhanced code were taken off the text. */
const replyText = (response: KumoResponse): string => {
  const { replyCode, dsn } = codesOf(response);
  return [replyCode, dsn, response.content].filter((part) => part !== null && part !== '').join(' ');
};

/** An address literal is no name; names of MX records end in a dot. */
const nameOf = (name: string | null): string | null =>
  name === null || name.startsWith('[') ? null : name.replace(/\.$/, '');

const relayOf = ({ peer }: KumoRecord): Relay | null =>
  peer === null ? null : { host: nameOf(peer.name), ip: peer.addr, port: null };

const clientOf = ({ peer }: KumoRecord): Client | null =>
  peer === null ? null : { name: nameOf(peer.name), ip: peer.addr, sasl: null };

const isByNetwork = (protocol: string | null): boolean => protocol !== null && /^(?:E?SMTP|LMTP)/i.test(protocol);

const arrivalOf = (ids: Ids, record: KumoRecord, messageId: MessageId | null): readonly MtaEvent[] => [
  {
    kind: 'arrival',
    ...ids,
    via: record.type === 'XferIn' || isByNetwork(record.receptionProtocol) ? 'smtp' : 'pickup',
    isAccepted: true,
    client: clientOf(record),
    sender: record.sender,
    messageId,
    sizeBytes: record.size,
    recipientCount: record.recipients.length,
    reinjectedFrom: null,
    requeuedFrom: null,
  },
  ...record.recipients.map(
    (recipient): MtaEvent => ({ kind: 'recipient', ...ids, recipient, originalRecipient: null }),
  ),
];

const delayOf = ({ createdMs, eventMs }: KumoRecord): number | null =>
  createdMs === null || eventMs === null ? null : Math.max(0, eventMs - createdMs);

const attemptsOf = (ids: Ids, record: KumoRecord, status: DeliveryStatus): readonly MtaEvent[] => {
  const relay = relayOf(record);
  const response = replyText(record.response);
  const isLmtp = /^LMTP/i.test(record.deliveryProtocol ?? '');
  return record.recipients.map((recipient) => ({
    kind: 'delivery',
    ...ids,
    recipient,
    originalRecipient: null,
    status,
    ...codesOf(record.response),
    relay,
    agent: relay === null ? record.deliveryProtocol : null,
    delayMs: delayOf(record),
    delaysMs: null,
    response: response === '' ? null : response,
    nextQueueIds: status === 'sent' ? parseReply(response).nextQueueIds : [],
    nextIs: relay === null ? 'same-host' : 'relay',
    by: isLmtp ? 'lmtp' : relay === null && status === 'sent' ? 'local' : 'smtp',
  }));
};

const STAGES = [
  [/^RCPT/i, 'RCPT'],
  [/^MAIL/i, 'MAIL'],
  [/^(?:DATA|BDAT|\.)/i, 'DATA'],
  [/^(?:EHLO|HELO|LHLO)/i, 'HELO'],
  [/^AUTH/i, 'AUTH'],
] as const;

/** The listener answered 4xx or 5xx. The ID was made for a message that never came to be. */
const rejectsOf = (record: KumoRecord): readonly MtaEvent[] => {
  const { response, recipients, sender } = record;
  const command = response.command ?? '';
  const stage = STAGES.find(([pattern]) => pattern.test(command))?.[1] ?? 'UNKNOWN';
  const whom: readonly (string | null)[] = recipients.length === 0 ? [null] : recipients;
  return whom.map((recipient) => ({
    kind: 'reject',
    mta: 'kumomta',
    queueId: ID.test(record.id) ? queueId(record.id) : null,
    client: clientOf(record),
    sender,
    recipient: recipient === '' ? null : recipient,
    ...codesOf(response),
    stage,
    text: replyText(response),
    count: 1,
  }));
};

const FATE: Readonly<Record<string, DeliveryStatus>> = {
  Delivery: 'sent',
  XferOut: 'sent',
  Bounce: 'bounced',
  AdminBounce: 'bounced',
  Expiration: 'expired',
  TransientFailure: 'deferred',
  Delayed: 'deferred',
};

/** Known, and nothing that a message of ours did: reports about earlier mail, moves between queues. */
const OTHER: ReadonlySet<string> = new Set([
  'OOB',
  'Feedback',
  'AdminRebind',
  'DeferredInjectionRebind',
  'Authorization',
]);

const eventsOf = (record: KumoRecord): readonly MtaEvent[] | null => {
  if (record.type === 'Rejection') return rejectsOf(record);
  if (!ID.test(record.id)) return null;
  const ids: Ids = { mta: 'kumomta', queueId: queueId(record.id) };
  // Only when the configuration lists the header.
  const messageId = record.messageId === null ? null : parseMessageId(record.messageId);
  if (record.type === 'Reception' || record.type === 'XferIn') return arrivalOf(ids, record, messageId);
  const status = FATE[record.type];
  if (status === undefined) return null;
  const isOver = status !== 'deferred' && !record.isBatch;
  return [
    ...(messageId === null ? [] : [{ kind: 'message-id', ...ids, messageId } as const]),
    { kind: 'queued', ...ids, sender: record.sender, sizeBytes: record.size, recipientCount: null },
    ...attemptsOf(ids, record, status),
    ...(isOver ? [{ kind: 'removed', ...ids, byOperator: false } as const] : []),
  ];
};

const parse = ({ text }: LogRecord): ParseOutcome => {
  const record = readKumoRecord(text);
  if (record === null) return text.startsWith('{') ? UNKNOWN : IGNORED;
  if (OTHER.has(record.type)) return IGNORED;
  const events = eventsOf(record);
  return events === null ? UNKNOWN : { kind: 'events', events };
};

export const kumomta: Parser = {
  mta: 'kumomta',
  ownsProgram: (program) => program === 'kumod' || program === 'kumomta',
  recognises: (text) => /^\{"type": ?"[A-Z][A-Za-z]{2,30}", ?"id": ?"/.test(text),
  parse,
};
