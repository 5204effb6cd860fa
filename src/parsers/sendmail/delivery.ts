/** Sendmail's `to=` lines: one attempt for one or more recipients (deliver.c logdelivery). */
import type { DeliveryEvent, DeliveryStatus, MtaEvent, Relay } from '../../domain/event.js';
import type { QueueId } from '../../domain/ids.js';
import { parseReply } from '../smtp-reply.js';
import { bareAddress, parseRelay } from './peer.js';

const FIELDS =
  /^, delay=([\d:+]{1,20})(?:, xdelay=[\d:+]{1,20})?(?:, mailer=([^,\s]{1,40}))?(?:, (?!relay=|quarantine=|dsn=|reply=|stat=)[a-z_]{1,20}=[^,]{0,80}){0,6}(?:, (relay|quarantine)=([^,]{0,300}))?(?:, dsn=(\d\.\d{1,3}\.\d{1,3}))?(?:, (?:ntries|stage)=[^,]{0,40}){0,2}(?=, (?:reply|stat)=)/;

/** More recipients than this do not fit into a syslog line. */
const LIST_MAX = 5000;

/**
 * Splits `<a@x>,"b,c"@x,|prog` at commas; quoted ones stay. `[more]` says that further lines follow, and is no address.
 */
const splitList = (text: string): readonly string[] => {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length && parts.length < LIST_MAX; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === ',' && !isQuoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  if (parts.length < LIST_MAX) parts.push(text.slice(start));
  return parts
    .map((part) => part.replace(/ ?\[more\]$/, '').trim())
    .filter((part) => part !== '' && part !== 'NO-TO-LIST')
    .map(unescaped);
};

/** A backslash says that no alias applies (`.forward` with `\ann`); syslog doubles it (util.c str2prt). */
const unescaped = (text: string): string => bareAddress(text).replace(/^\\+/, '');

type Head = Readonly<{ recipients: readonly string[]; original: string | null; rest: string }>;

/** `to=…[, ctladdr=… (uid/gid)]`; what the aliases or the user whose rights count were told. */
const parseHead = (text: string): Head | null => {
  const end = text.indexOf(', delay=');
  if (!text.startsWith('to=') || end === -1) return null;
  const head = text.slice('to='.length, end);
  const at = head.lastIndexOf(', ctladdr=');
  const control = at === -1 ? null : head.slice(at + ', ctladdr='.length).replace(/ \(-?\d{1,10}\/-?\d{1,10}\)$/, '');
  return {
    recipients: splitList(at === -1 ? head : head.slice(0, at)),
    original: control === null ? null : bareAddress(control),
    rest: text.slice(end),
  };
};

/** `[days+]hh:mm:ss` (convtime.c pintvl). */
const parseDelay = (text: string): number | null => {
  const match = /^(?:(\d{1,6})\+)?(\d\d):(\d\d):(\d\d)$/.exec(text);
  if (match === null) return null;
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return (((days! * 24 + hours!) * 60 + minutes!) * 60 + seconds!) * 1000;
};

type Saying = Readonly<{ reply: string | null; stat: string }>;

/**
 * `, reply=550 5.1.1 …, stat=User unknown`. Only what failed has a reply, so a text in it that looks like a state cannot be one:
 * the last `stat=` counts.
 */
const parseSaying = (text: string): Saying | null => {
  if (text.startsWith(', stat=')) return { reply: null, stat: text.slice(', stat='.length) };
  const at = text.lastIndexOf(', stat=');
  if (!text.startsWith(', reply=') || at === -1) return null;
  return { reply: text.slice(', reply='.length, at), stat: text.slice(at + ', stat='.length) };
};

const failure = (dsn: string | null, replyCode: number | null): DeliveryStatus =>
  dsn?.startsWith('4.') || (dsn === null && replyCode !== null && replyCode < 500) ? 'deferred' : 'bounced';

/** sysexits.c: everything that is not one of these words failed for good. */
const statusOf = ({ reply, stat }: Saying, dsn: string | null, replyCode: number | null): DeliveryStatus => {
  if (reply === null && /^Sent(?: \(|$)/.test(stat)) return 'sent';
  if (/^Deferred(?:: |$)/.test(stat)) return 'deferred';
  if (stat === 'quarantined') return 'held';
  if (stat === 'discarded') return 'discarded';
  return failure(dsn, replyCode);
};

/** Mailers that end on this machine (cf/mailer): their `relay=` is no machine. */
const LOCAL_MAILERS: ReadonlySet<string> = new Set(['local', 'prog', '*file*', '*include*', 'discard', 'error']);
const LMTP_MAILER = /lmtp|cyrus/i;

/** What the far side answered, or why it did not. */
const replyOf = ({ reply, stat }: Saying): string =>
  reply ?? /^Sent \(([\s\S]*?)\)?$/.exec(stat)?.[1] ?? /^Deferred: ([\s\S]*)$/.exec(stat)?.[1] ?? stat;

/** The text of an acceptance lacks the codes; one that was shortened has lost its middle (shortenstring in shortstring.c). */
const nextIdsOf = (status: DeliveryStatus, said: string): readonly QueueId[] =>
  status === 'sent' ? parseReply(`250 ${said}`).nextQueueIds.filter((id) => !id.includes('..')) : [];

const wayOf = (mailer: string | undefined, relay: Relay | null): DeliveryEvent['by'] => {
  if (mailer !== undefined && LMTP_MAILER.test(mailer)) return 'lmtp';
  return relay === null ? 'local' : 'smtp';
};

type Attempt = Omit<DeliveryEvent, 'recipient' | 'originalRecipient'>;

const buildAttempt = (queueId: QueueId, fields: RegExpExecArray, saying: Saying): Attempt => {
  const [, delay = '', mailer, peerKind, peer = '', dsn = null] = fields;
  const said = replyOf(saying);
  const { replyCode } = parseReply(said);
  const status = statusOf(saying, dsn, replyCode);
  const isLocal = mailer === undefined || LOCAL_MAILERS.has(mailer);
  const relay = isLocal || peerKind !== 'relay' ? null : parseRelay(peer);
  return {
    kind: 'delivery',
    mta: 'sendmail',
    queueId,
    status,
    dsn,
    replyCode,
    relay,
    agent: relay === null ? (mailer ?? null) : null,
    delayMs: parseDelay(delay),
    delaysMs: null,
    response: saying.reply ?? saying.stat,
    nextQueueIds: relay === null && !LMTP_MAILER.test(mailer ?? '') ? [] : nextIdsOf(status, said),
    nextIs: relay === null ? 'same-host' : 'relay',
    by: wayOf(mailer, relay),
  };
};

const eventsFor = (attempt: Attempt, { recipients, original }: Head, isRefused: boolean): readonly MtaEvent[] =>
  recipients.map((recipient): MtaEvent => {
    const { mta, queueId, status, dsn, replyCode, response } = attempt;
    if (isRefused) {
      const [client, sender, text] = [null, null, response ?? ''];
      return { kind: 'reject', mta, queueId, client, sender, recipient, replyCode, dsn, stage: 'DATA', text, count: 1 };
    }
    const originalRecipient = original === recipient ? null : original;
    if (response === 'queued') return { kind: 'recipient', mta, queueId, recipient, originalRecipient };
    if (status === 'held' || status === 'discarded') {
      return { kind: status, mta, queueId, reason: response ?? '', sender: null, recipient };
    }
    return { ...attempt, recipient, originalRecipient };
  });

/**
 * `to=…, ctladdr=…, delay=…, xdelay=…, mailer=…, pri=…, relay=…, dsn=…, reply=…, stat=…`. Without a mailer nothing was tried: the
 * message was refused or thrown away at the end of DATA, and the line says who would have got it (srvrsmtp.c logundelrcpts).
 * @returns null when the line is not of that form.
 */
export const parseDelivery = (queueId: QueueId, text: string): readonly MtaEvent[] | null => {
  const head = parseHead(text);
  const fields = head === null ? null : FIELDS.exec(head.rest);
  if (head === null || fields === null) return null;
  const saying = parseSaying(head.rest.slice(fields[0].length));
  if (saying === null) return null;
  const attempt = buildAttempt(queueId, fields, saying);
  const isUntried = fields[2] === undefined && !['queued', 'quarantined', 'discarded'].includes(saying.stat);
  return eventsFor(attempt, head, isUntried && attempt.status !== 'sent');
};

/** deliver.c sendall: an accepted message goes round; the line names the first of its recipients, and no code. */
const TOO_MANY_HOPS =
  /^SYSERR\(.{1,80}?\): (Too many hops \d{1,6} \(\d{1,6} max\): from [\s\S]* via \S{1,300}, to ([\s\S]*))$/;

export const parseTooManyHops = (queueId: QueueId, text: string): readonly MtaEvent[] | null => {
  const match = TOO_MANY_HOPS.exec(text);
  if (match === null) return null;
  const recipient = bareAddress(match[2]!);
  if (recipient === '(nobody)') return [];
  return [
    {
      kind: 'delivery',
      mta: 'sendmail',
      queueId,
      recipient,
      originalRecipient: null,
      status: 'bounced',
      dsn: null,
      replyCode: null,
      relay: null,
      agent: null,
      delayMs: null,
      delaysMs: null,
      response: match[1]!,
      nextQueueIds: [],
      nextIs: 'same-host',
      by: 'local',
    },
  ];
};
