/** Exim's `=>`, `->`, `>>`, `*>`, `**` and `==` lines: one attempt for one recipient (deliver.c delivery_log, failure_log, deferral_log). */
import type { DeliveryEvent, DeliveryStatus, MtaEvent, Relay } from '../../domain/event.js';
import type { QueueId } from '../../domain/ids.js';
import { isDiscardReply, parseReply } from '../smtp-reply.js';
import { endOfQuoted } from './arrival.js';
import { parseRelay } from './peer.js';

/** What may follow the addresses. Two blanks or a colon end those of a failure. */
const END = / (?:F=<|P=<|Q=\S|R=\S|T=\S|H=\S|routing |defer \(|mua_wrapper |: )|: /;

/** redirect.c: what an alias file says to throw mail away. */
const BLACKHOLE = ':blackhole:';

type Head = Readonly<{ recipient: string; original: string | null; rest: string }>;

/** `bob@x <team@y>`, `kim <kim@y>`, `|/bin/cmd arg (parent@y) <team@y>`, `bob@x (a@y, b@y) <team@y>` (string_log_address). */
const parseHead = (text: string): Head => {
  const quoted = text.startsWith(BLACKHOLE) ? BLACKHOLE.length : endOfQuoted(text);
  const at = text.slice(quoted).search(END);
  const end = at === -1 ? text.length : quoted + at;
  const addresses = text.slice(0, end);
  const top = addresses.endsWith('>') ? addresses.indexOf(' <', quoted) : -1;
  const first = top === -1 ? addresses : addresses.slice(0, top);
  const parents = first.endsWith(')') ? first.lastIndexOf(' (') : -1;
  const recipient = parents === -1 ? first : first.slice(0, parents);
  const original = top === -1 ? null : addresses.slice(top + 2, -1);
  return { recipient: recipient.trim(), original: original === recipient ? null : original, rest: text.slice(end) };
};

/** `C="250 OK id=…"`: quotes and backslashes of the reply are escaped; a cut line lacks the end. */
const CONFIRMATION = / C="((?:[^"\\]|\\.)*)("?)/s;

type Fields = Readonly<{ transport: string | null; relay: Relay | null; reply: string | null; isWhole: boolean }>;

const fieldsOf = (rest: string): Fields => {
  const confirmation = CONFIRMATION.exec(rest);
  const before = confirmation === null ? rest : rest.slice(0, confirmation.index);
  const host = before.indexOf(' H=');
  return {
    transport: / T=(\S{1,80})/.exec(before)?.[1]?.replace(/:$/, '') ?? null,
    relay: host === -1 ? null : parseRelay(before.slice(host + 3)),
    reply: confirmation === null ? null : confirmation[1]!.replace(/\\(.)/gs, '$1'),
    isWhole: confirmation?.[2] === '"',
  };
};

/** `1h2m3s`, `2d`, `0.123s` (string_timesince, readconf_printtime). */
const parseDuration = (text: string | undefined): number | null => {
  const match = /^(?:(\d{1,5})w)?(?:(\d{1,5})d)?(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,9}(?:\.\d{1,9})?)s)?$/.exec(
    text ?? '',
  );
  if (match === null || text === undefined || text === '') return null;
  const [weeks, days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return Math.round(((((weeks! * 7 + days!) * 24 + hours!) * 60 + minutes!) * 60 + seconds!) * 1000);
};

const queueTimeOf = (rest: string): number | null => parseDuration(/ QT=([\dwdhms.]{1,40})(?= |$)/.exec(rest)?.[1]);

/** `SMTP error from remote mail server after RCPT TO:<x>: 550 5.1.1 …`, also of LMTP; since 4.97 without the command (`:: 550`). */
const REMOTE_REPLY = /(?:^|: |")([45]\d\d[ -].*)$/s;

const remoteReply = (message: string): string | null =>
  /\b(?:SMTP|LMTP) error from remote|\bLMTP error|\b(?:SMTP|LMTP) timeout/.test(message)
    ? (REMOTE_REPLY.exec(message)?.[1] ?? null)
    : null;

/** `+deliver_time`, `+queue_time` put these behind a reason. */
const TIMES = /(?: [QD]T=[\d.wdhms]{1,40}){1,2}$/;

/** The reason stands behind the first colon and blank that follow the fields; in `X=TLS1.3:…` and `[::1]:25` no blank follows. */
const messageOf = (text: string): string => {
  const rest = text.replace(TIMES, '');
  const defer = / defer \(-?\w{1,6}\)/.exec(rest);
  const behind = defer === null ? rest : rest.slice(defer.index + defer[0].length);
  const at = behind.indexOf(': ');
  if (at !== -1) return behind.slice(at + 2).trim();
  return / [A-Z]=\S/.test(behind) ? '' : behind.trim();
};

/** retry.c, deliver.c, smtp.c: the lifetime of the message or of its host is over. */
const EXPIRED = /^retry timeout exceeded|\bhave been failing for a long time\b|\bmessage timed out$/;

/** receive.c, deliver.c: the whole message; no recipient is named. */
const ALL_DISCARDED = /^(?:blackhole \(|discarded \(system filter\))/;

/** Before 4.83 the host stands in the message: `… after RCPT TO:<x>: host mx [192.0.2.1]: 550 …`. */
const HOST_IN_MESSAGE = /: host (\S{1,255} \[[0-9A-Fa-f.:]{2,45}\]): [45]\d\d/;

const wayOf = ({ relay, reply }: Fields): DeliveryEvent['by'] => {
  // A confirmation without a host comes from the lmtp transport (LOGGING(smtp_confirmation)).
  if (reply !== null && (relay === null || reply.endsWith(' Saved'))) return 'lmtp';
  return relay === null ? 'local' : 'smtp';
};

const deliveryOf = (
  queueId: QueueId,
  head: Head,
  fields: Fields,
  status: DeliveryStatus,
  text: string,
): DeliveryEvent => {
  const said = parseReply(text);
  const ids = status === 'sent' && fields.reply !== null ? parseReply(fields.reply).nextQueueIds : [];
  return {
    kind: 'delivery',
    mta: 'exim',
    queueId,
    recipient: head.recipient,
    originalRecipient: head.original,
    status,
    dsn: said.dsn,
    replyCode: said.replyCode,
    relay: fields.relay,
    agent: fields.relay === null ? fields.transport : null,
    delayMs: queueTimeOf(head.rest),
    delaysMs: null,
    response: text === '' ? null : text,
    // A confirmation that was cut may have lost the end of the ID it ends in.
    nextQueueIds: fields.isWhole ? ids : ids.filter((id) => !text.endsWith(id)),
    nextIs: fields.relay === null ? 'same-host' : 'relay',
    by: wayOf(fields),
  };
};

const parseSuccess = (queueId: QueueId, text: string, isSuppressed: boolean): MtaEvent => {
  if (ALL_DISCARDED.test(text)) {
    return { kind: 'discarded', mta: 'exim', queueId, reason: text, sender: null, recipient: null };
  }
  const head = parseHead(text);
  if (head.recipient === BLACKHOLE && head.original !== null) {
    // The target is no address: what was thrown away is the one before it.
    const lost = { ...head, recipient: head.original, original: null };
    return deliveryOf(queueId, lost, { ...fieldsOf(head.rest), reply: null }, 'discarded', head.recipient);
  }
  const fields = fieldsOf(head.rest);
  const isLost = isSuppressed || (fields.reply !== null && isDiscardReply(fields.reply));
  return deliveryOf(queueId, head, fields, isLost ? 'discarded' : 'sent', fields.reply ?? '');
};

const parseFailure = (queueId: QueueId, text: string, isFinal: boolean): MtaEvent => {
  const head = parseHead(text);
  const message = messageOf(head.rest);
  const reply = remoteReply(message);
  const status = !isFinal ? 'deferred' : EXPIRED.test(message) ? 'expired' : 'bounced';
  const fields = { ...fieldsOf(head.rest), reply: null };
  const host = HOST_IN_MESSAGE.exec(message)?.[1];
  const relay = fields.relay ?? (host === undefined ? null : parseRelay(host));
  const event = deliveryOf(queueId, head, { ...fields, relay }, status, reply ?? '');
  return { ...event, response: message === '' ? null : message };
};

/** Marks of log_write in deliver.c; `>>` is a delivery that was made while the message came in. */
export const parseDelivery = (queueId: QueueId, mark: string, text: string): MtaEvent | null => {
  switch (mark) {
    case '=>':
    case '->':
    case '>>':
      return parseSuccess(queueId, text, false);
    case '*>':
      return parseSuccess(queueId, text, true);
    case '**':
      return parseFailure(queueId, text, true);
    case '==':
      return parseFailure(queueId, text, false);
    default:
      return null;
  }
};
