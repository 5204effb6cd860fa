/**
 * Postfix, all daemons. Dispatches on the text, not on the daemon: forwarding as RFC 5424 loses it (`postfix` only).
 * Formats: smtpd.c, cleanup_message.c, qmgr_active.c, log_adhoc.c, bounce_notify_service.c, pickup.c, postsuper.c.
 */
import type { Client, LogRecord, MtaEvent, ParseOutcome, RejectStage } from '../domain/event.js';
import { parseMessageId, type QueueId, queueId } from '../domain/ids.js';
import { IGNORED, type Parser, UNKNOWN } from './parser.js';
import { parseDelivery } from './postfix/delivery.js';
import { parseClient, parseSmtpdAction } from './postfix/smtpd-action.js';

/** Short IDs: upper-case hex (mail_queue.h: 5 digits of microseconds, then the inode). Long ones: base 52 with `z` between. */
const QUEUE_ID = /^([0-9A-F]{6,24}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,28}): /;
const REPEATED = /^message repeated (\d{1,9}) times: \[ ?([\s\S]*?)\]?$/;
const DAEMONS =
  /(?:^|\/)(?:smtpd|cleanup|n?qmgr|smtp|lmtp|local|virtual|pipe|error|retry|discard|bounce|defer|trace|pickup|postsuper|postscreen|verify|anvil|scache|master|tlsproxy|tlsmgr|dnsblog|proxymap|trivial-rewrite|flush|showq|spawn|postlogd|postqueue|sendmail|postdrop|postmap|postalias|postmulti|postfix-script|address_verify|qmqpd|oqmgr)$/;

const events = (...list: readonly MtaEvent[]): ParseOutcome => ({ kind: 'events', events: list });

/** The value of `name=` in comma-separated attributes: `client=a[b], sasl_username=c`. */
const attribute = (text: string, name: string): string | null => {
  const at = text.startsWith(`${name}=`) ? 0 : text.indexOf(`, ${name}=`) + 2;
  if (at === 1) return null;
  const start = at + name.length + 1;
  const end = text.indexOf(', ', start);
  return text.slice(start, end === -1 ? undefined : end).trimEnd();
};

const parseArrival = (id: QueueId, text: string): MtaEvent | null => {
  const client = parseClient(attribute(text, 'client') ?? '');
  if (client === null) return null;
  const original = attribute(text, 'orig_queue_id');
  return {
    kind: 'arrival',
    mta: 'postfix',
    queueId: id,
    via: 'smtp',
    isAccepted: false,
    client: { ...client, sasl: attribute(text, 'sasl_username') },
    sender: null,
    reinjectedFrom: original === null || original === '' ? null : queueId(original),
    requeuedFrom: null,
  };
};

/** pickup.c: `uid=100 from=<cat@sender.example> orig_id=4jWkGN0kQRznl34`. */
const parsePickup = (id: QueueId, text: string): MtaEvent | null => {
  const match = /^uid=\d{1,10} from=<(.*?)>(?: orig_id=(\S+))?\s*$/.exec(text);
  if (match === null) return null;
  return {
    kind: 'arrival',
    mta: 'postfix',
    queueId: id,
    via: 'pickup',
    isAccepted: true,
    client: null,
    sender: match[1]!,
    reinjectedFrom: null,
    requeuedFrom: match[2] === undefined ? null : queueId(match[2]),
  };
};

/** qmgr_active.c: `from=<a>, size=1, nrcpt=2 (queue active)`; qmgr_deliver/qmgr_active.c: `from=<a>, status=expired, returned to sender`. */
const parseSender = (id: QueueId, text: string): MtaEvent | null => {
  const end = text.lastIndexOf('>, ');
  if (end === -1) return null;
  const sender = text.slice('from=<'.length, end);
  const rest = text.slice(end + 3);
  if (/^status=(?:force-)?expired\b/.test(rest)) return { kind: 'expired', mta: 'postfix', queueId: id, sender };
  const match = /^size=(\d{1,15}), nrcpt=(\d{1,9}) /.exec(rest);
  if (match === null) return null;
  const [sizeBytes, recipientCount] = [Number(match[1]), Number(match[2])];
  return { kind: 'queued', mta: 'postfix', queueId: id, sender, sizeBytes, recipientCount };
};

const NOTICES: readonly (readonly [string, 'failure' | 'delay' | 'success' | 'postmaster'])[] = [
  ['sender non-delivery notification: ', 'failure'],
  ['sender delay notification: ', 'delay'],
  ['sender delivery status notification: ', 'success'],
  ['postmaster non-delivery notification: ', 'postmaster'],
  ['postmaster delay notification: ', 'postmaster'],
];

const parseNotice = (id: QueueId, text: string): MtaEvent | null => {
  for (const [prefix, notice] of NOTICES) {
    if (!text.startsWith(prefix)) continue;
    const noticeId = /^[0-9A-Za-z]{6,28}/.exec(text.slice(prefix.length))?.[0];
    return noticeId === undefined
      ? null
      : { kind: 'notice', mta: 'postfix', queueId: id, noticeQueueId: queueId(noticeId), notice };
  }
  return null;
};

const isPostsuper = (program: string): boolean | null =>
  /(?:^|\/)postsuper$/.test(program) ? true : program.includes('/') ? false : null;

/** cleanup.c and smtpd.c refuse a message after it got an ID: too large, too many hops, disk full, and so on. */
const parseAborted = (id: QueueId, text: string): ParseOutcome => {
  const stage: RejectStage = 'DATA';
  const aborted = (replyCode: number | null, dsn: string | null): ParseOutcome =>
    events({ kind: 'aborted', mta: 'postfix', queueId: id, stage, text, replyCode, dsn });
  if (/^(?:queue file size limit exceeded|message rejected: )/.test(text)) return aborted(null, null);
  return IGNORED;
};

const KNOWN_QUEUE_LINES =
  /^(?:host |conversation with |lost connection with |enabling PIX|disabling PIX|breaking line|skipped, |warning: |info: |replace: |prepend: |strip: |pass: |dunno|filter: |bcc: |redirect: |renamed |sender |Sender|Failed|to=<|uid=|removed|TLS |Untrusted TLS|Trusted TLS|Verified TLS|Anonymous TLS|Cannot start TLS|SASL |resent-|milter-|enabling|Passed |server |whitelisted|allowlisted|message |recipient |delivery )/;

const parseQueued = (id: QueueId, text: string, record: LogRecord): ParseOutcome => {
  const mta = 'postfix';
  const of = (event: MtaEvent | null): ParseOutcome => (event === null ? UNKNOWN : events(event));
  if (text.startsWith('to=<')) return of(parseDelivery(id, text, record.program));
  if (text.startsWith('message-id=')) {
    return events({
      kind: 'message-id',
      mta,
      queueId: id,
      messageId: parseMessageId(text.slice('message-id='.length)),
    });
  }
  if (text.startsWith('from=<')) return of(parseSender(id, text));
  if (text.startsWith('client=')) return of(parseArrival(id, text));
  if (text.startsWith('uid=')) return of(parsePickup(id, text));
  if (text === 'removed') return events({ kind: 'removed', mta, queueId: id, byOperator: isPostsuper(record.program) });
  if (text === 'requeued') return events({ kind: 'requeued', mta, queueId: id });
  if (text === 'released from hold') return events({ kind: 'released', mta, queueId: id });
  if (text === 'placed on hold')
    return events({ kind: 'held', mta, queueId: id, reason: 'postsuper -h', sender: null, recipient: null });
  const notice = parseNotice(id, text);
  if (notice !== null) return events(notice);
  const action = parseSmtpdAction(text, id);
  if (action !== null) return events(action);
  return KNOWN_QUEUE_LINES.test(text) ? IGNORED : UNKNOWN;
};

const session = (
  step: 'connect' | 'disconnect' | 'lost',
  client: Client | null,
  detail: string | null,
): ParseOutcome => (client === null ? UNKNOWN : events({ kind: 'session', mta: 'postfix', step, client, detail }));

/** smtpd.c: `connect from H[IP]`, `lost connection after DATA (200 bytes) from H[IP]`, `timeout after END-OF-MESSAGE from H[IP]`. */
const parseSession = (text: string): ParseOutcome | null => {
  if (text.startsWith('connect from ')) return session('connect', parseClient(text.slice(13)), null);
  if (text.startsWith('disconnect from ')) {
    const [peer = '', ...counts] = text.slice(16).split(' ');
    return session('disconnect', parseClient(peer), counts.join(' ').slice(0, 200));
  }
  const lost =
    /^(?:lost connection|timeout|too many errors|SSL_accept error|improper command pipelining) after (\S+)(?: \(.{0,80}?\))? from (\S+)/.exec(
      text,
    );
  return lost === null ? null : session('lost', parseClient(lost[2]!.replace(/:$/, '')), lost[1]!);
};

const AUTH_FAILED = /^warning: (\S+\[[^\]\s]*\](?::\d+)?): SASL (\S+) authentication failed: ?(.*)$/;

/** smtpd_sasl_glue.c: `warning: H[IP]: SASL PLAIN authentication failed: (reason), sasl_username=alice@campus.example`. */
const parseAuthFailure = (text: string): MtaEvent | null => {
  const match = AUTH_FAILED.exec(text);
  const client = match === null ? null : parseClient(match[1]!);
  if (match === null || client === null) return null;
  const sasl = attribute(match[3]!, 'sasl_username');
  return {
    kind: 'reject',
    mta: 'postfix',
    queueId: null,
    client: { ...client, sasl: sasl === '(unavailable)' ? null : sasl },
    sender: null,
    recipient: null,
    // The line names no reply; smtpd answers 535 5.7.8 but does not log it.
    replyCode: null,
    dsn: null,
    stage: 'AUTH',
    text: text.slice('warning: '.length),
    count: 1,
  };
};

const KNOWN_LINES =
  /^(?:warning: |fatal: |error: |panic: |statistics: |daemon started|reload|starting the|stopping the|refreshing the|terminating|cache |connect to |(?:Anonymous|Untrusted|Trusted|Verified|Verified\(.*\)) TLS connection|setting up TLS|SSL_|TLS |certificate |Peer |using backwards|table |Deleted: |Requeued: |Released |Placed |CONNECT |PASS |WHITELISTED|ALLOWLISTED|BLACKLISTED|DENYLISTED|PREGREET|HANGUP|DNSBL |COMMAND |BARE |NON-SMTP|DISCONNECT|NOQUEUE: (?:warn|info|filter|client)|compatibility|mynetworks|improper|addr |[^ ]+: warning|postfix-script|using |disabling |enabling |close |open |max |Reusing |initializing|running|proxy-accept|set[_ ]|watchdog|unused parameter|name_mask|rewrite|host )/;

const withCount = (outcome: ParseOutcome, count: number): ParseOutcome =>
  outcome.kind === 'events'
    ? events(...outcome.events.map((event) => (event.kind === 'reject' ? { ...event, count } : event)))
    : outcome;

const parseText = (record: LogRecord, text: string): ParseOutcome => {
  const repeated = REPEATED.exec(text);
  // A repeated line is never nested; rsyslog writes it once for n further times (rsyslog action.c).
  if (repeated !== null) {
    return REPEATED.test(repeated[2]!) ? UNKNOWN : withCount(parseText(record, repeated[2]!), Number(repeated[1]));
  }
  const id = QUEUE_ID.exec(text);
  if (id !== null) return parseQueued(queueId(id[1]!), text.slice(id[0].length).trimEnd(), record);
  if (text.startsWith('warning: ')) {
    const warned = QUEUE_ID.exec(text.slice('warning: '.length));
    if (warned !== null) return parseAborted(queueId(warned[1]!), text.slice('warning: '.length + warned[0].length));
    const failure = parseAuthFailure(text);
    return failure === null ? IGNORED : events(failure);
  }
  const action = parseSmtpdAction(text, null);
  if (action !== null) return events(action);
  return parseSession(text) ?? (KNOWN_LINES.test(text) ? IGNORED : UNKNOWN);
};

export const postfix: Parser = {
  mta: 'postfix',
  ownsProgram: (program) => program.startsWith('postfix') || (program.includes('/') && DAEMONS.test(program)),
  recognises: (text) =>
    /^(?:[0-9A-F]{6,24}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,28}): (?:client=|uid=\d|message-id=|from=<|to=<|removed$)/.test(
      text,
    ) || /^NOQUEUE: (?:milter-)?(?:reject|hold|discard)/.test(text),
  parse: (record) => parseText(record, record.text),
};
