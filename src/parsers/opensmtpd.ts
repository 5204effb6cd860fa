/**
 * OpenSMTPD since 6.4: `SESSION smtp|mta|mda event key=value …` (smtp_session.c, mta.c mta_log, mda.c mda_log, queue.c queue_log). The
 * queue ID is the message's 8 hex digits; an envelope's has 8 more. It logs no message-id.
 */
import type { DeliveryEvent, DeliveryStatus, LogRecord, MtaEvent, ParseOutcome, Relay } from '../domain/event.js';
import { type QueueId, queueId } from '../domain/ids.js';
import { IGNORED, type Parser, UNKNOWN } from './parser.js';
import { parseReply } from './smtp-reply.js';

const LINE = /^[0-9a-f]{16} (smtp|mta|mda) ([\s\S]*)$/;
/** The server takes no address with brackets (util.c valid_localpart, valid_domainpart); longer ones than this neither. */
const ADDRESS = '<([^<>\\n]{0,400})>';
const MESSAGE =
  /^message (?:address=\S+ host=\S+ )?msgid=([0-9a-f]{8}) (?:from=<[^<>\n]{0,400}> to=<[^<>\n]{0,400}> )?size=(\d{1,15}) (?:n(?:dest|rcpt)=(\d{1,9}) )?proto=/;
const ENVELOPE = new RegExp(`^envelope evpid=([0-9a-f]{8})[0-9a-f]{8} from=${ADDRESS} to=${ADDRESS}$`);
const DELIVERY = new RegExp(
  `^delivery evpid=([0-9a-f]{8})[0-9a-f]{8} from=${ADDRESS} to=${ADDRESS} (?:rcpt=${ADDRESS} )?(?:source="[^"]*" relay="([^"]*)" |user=(\\S{1,80}) )delay=(\\S{1,40}) result="?(Ok|TempFail|PermFail)"? stat=([\\s\\S]*)$`,
);
const QUEUE = new RegExp(
  `^(Remove|Expire): (?:delivery|relay) for ([0-9a-f]{8})[0-9a-f]{8}: from=${ADDRESS}, to=${ADDRESS}, rcpt=${ADDRESS}, delay=(\\S{1,40}), stat=([\\s\\S]*)$`,
);
const FAILED = /^failed-command (?:address=\S+ host=\S+ )?command="/;
const FAILED_RESULT = '" result="';

const idsOf = (id: string): { mta: 'opensmtpd'; queueId: QueueId } => ({ mta: 'opensmtpd', queueId: queueId(id) });

/** `1d2h3m4s` (to.c duration_to_text). */
const parseDelay = (text: string): number | null => {
  const match = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?$/.exec(text);
  if (match === null || text === '') return null;
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return (((days! * 24 + hours!) * 60 + minutes!) * 60 + seconds!) * 1000;
};

/** `192.0.2.1 (mx.far.example)`; an address without a name is in brackets twice. */
const parseRelay = (text: string | undefined): Relay | null => {
  const match = /^\[?([0-9A-Fa-f.:]{2,45})\]?(?: \(\[?([^()[\]]*)\]?\))?$/.exec(text ?? '');
  if (match === null) return null;
  const [, ip = '', name = ''] = match;
  return { host: name === '' || name === ip ? null : name, ip, port: null };
};

const FATE: Readonly<Record<string, DeliveryStatus>> = {
  Ok: 'sent',
  TempFail: 'deferred',
  PermFail: 'bounced',
  Remove: 'deleted',
  Expire: 'expired',
};

type Attempt = Readonly<{
  id: string;
  to: string;
  original: string | undefined;
  word: string;
  delay: string;
  stat: string;
  relay: Relay | null;
  agent: string | null;
}>;

const deliveryOf = ({ id, to, original, word, delay, stat, relay, agent }: Attempt): DeliveryEvent => {
  const status = FATE[word] ?? 'unknown';
  const response = /^"([\s\S]*)"$/.exec(stat)?.[1] ?? stat;
  const { replyCode, dsn, nextQueueIds } = parseReply(response);
  return {
    kind: 'delivery',
    ...idsOf(id),
    recipient: to,
    originalRecipient: original === undefined || original === '-' || original === to ? null : original,
    status,
    dsn,
    replyCode,
    relay,
    agent,
    delayMs: parseDelay(delay),
    delaysMs: null,
    response,
    nextQueueIds: status === 'sent' && relay !== null ? nextQueueIds : [],
    nextIs: relay === null ? 'same-host' : 'relay',
    by: relay === null ? 'local' : 'smtp',
  };
};

const parseDelivery = (text: string): readonly MtaEvent[] | null => {
  const match = DELIVERY.exec(text);
  if (match === null) return null;
  const [, id = '', sender = '', to = '', original, relay, user, delay = '', word = '', stat = ''] = match;
  const attempt = {
    id,
    to,
    original,
    word,
    delay,
    stat,
    relay: parseRelay(relay),
    agent: user === undefined ? null : 'mda',
  };
  return [{ kind: 'queued', ...idsOf(id), sender, sizeBytes: null, recipientCount: null }, deliveryOf(attempt)];
};

const parseQueue = (text: string): readonly MtaEvent[] | null => {
  const match = QUEUE.exec(text);
  if (match === null) return null;
  const [, word = '', id = '', , to = '', original, delay = '', stat = ''] = match;
  return [deliveryOf({ id, to, original, word, delay, stat, relay: null, agent: null })];
};

const parseMessage = (text: string): readonly MtaEvent[] | null => {
  const match = MESSAGE.exec(text);
  if (match === null) return null;
  const [, id = '', size, count] = match;
  return [
    {
      kind: 'arrival',
      ...idsOf(id),
      via: 'smtp',
      isAccepted: true,
      // The client stands on another line of the session, without a queue ID.
      client: null,
      sender: null,
      sizeBytes: Number(size),
      recipientCount: count === undefined ? null : Number(count),
      reinjectedFrom: null,
      requeuedFrom: null,
    },
  ];
};

/** Senders are `user@domain`; the null sender is `@`. */
const parseEnvelope = (text: string): readonly MtaEvent[] | null => {
  const match = ENVELOPE.exec(text);
  if (match === null) return null;
  const [, id = '', from = '', recipient = ''] = match;
  return [
    { kind: 'queued', ...idsOf(id), sender: from === '@' ? '' : from, sizeBytes: null, recipientCount: null },
    { kind: 'recipient', ...idsOf(id), recipient, originalRecipient: null },
  ];
};

const parseFailed = (text: string): readonly MtaEvent[] | null => {
  const start = FAILED.exec(text)?.[0].length;
  const end = text.lastIndexOf(FAILED_RESULT);
  if (start === undefined || end < start || !text.endsWith('"')) return null;
  const command = text.slice(start, end);
  const result = text.slice(end + FAILED_RESULT.length, -1);
  if (!/^[45]\d\d/.test(result)) return null;
  const verb = /^[A-Za-z]+/.exec(command)?.[0].toUpperCase() ?? '';
  const stages = { RCPT: 'RCPT', MAIL: 'MAIL', DATA: 'DATA', EHLO: 'HELO', HELO: 'HELO', AUTH: 'AUTH' } as const;
  const stage = verb in stages ? stages[verb as keyof typeof stages] : command === '.' ? 'DATA' : 'UNKNOWN';
  const address = /^\S+ (?:TO|FROM): ?<([^\n>]{0,400})>/i.exec(command)?.[1] ?? null;
  const { replyCode, dsn } = parseReply(result);
  return [
    {
      kind: 'reject',
      mta: 'opensmtpd',
      queueId: null,
      client: null,
      sender: stage === 'MAIL' ? address : null,
      recipient: stage === 'RCPT' ? address : null,
      replyCode,
      dsn,
      stage,
      text: result,
      count: 1,
    },
  ];
};

const ABOUT_A_SESSION =
  /^(?:connected|tls|authentication|disconnected|bad-input|cert-check|connecting|error|closing|host-rejects-all-mails|starttls|report)\b/;

const parse = ({ text }: LogRecord): ParseOutcome => {
  const line = LINE.exec(text);
  const list =
    line === null
      ? parseQueue(text)
      : (parseDelivery(line[2]!) ?? parseMessage(line[2]!) ?? parseEnvelope(line[2]!) ?? parseFailed(line[2]!));
  if (list !== null) return { kind: 'events', events: list };
  if (line !== null) return ABOUT_A_SESSION.test(line[2]!) ? IGNORED : UNKNOWN;
  return /^(?:info|warn|debug|smtp-out|smtp-in|queue|scheduler|control|lookup|pony): /.test(text) ? IGNORED : UNKNOWN;
};

export const opensmtpd: Parser = {
  mta: 'opensmtpd',
  ownsProgram: (program) => program === 'smtpd' || program === 'opensmtpd',
  recognises: (text) => LINE.test(text),
  parse,
  // The session joins a message's envelopes; an envelope's ID joins its own lines.
  namesOf: ({ text }) => [
    ...new Set(text.match(/(?:^|evpid=| for )(?!0{16})[0-9a-f]{16}(?=[ :])/g)?.map((name) => name.slice(-16))),
  ],
  isIdPrefix: true,
};
