/**
 * The DragonFly Mail Agent, 0.13 and 0.14 (spool.c, dma.c, net.c, local.c, mail.c, crypto.c; util.c setlogident). The ID stands in
 * the tag: `dma[998162]` for the message, `dma[998162.558f3342f9a0]` for the copy of each recipient. A line about a delivery names
 * recipient, relay or outcome, seldom two of them. It logs no message-id, no size, and no reply to what was accepted.
 * The text forms of journalctl show the process in the place of the ID; `-o json` keeps it (SYSLOG_PID).
 *
 * BUG: the ID of a message is the inode of its file, which is free again when the copies are made. Where stamps have whole seconds,
 * messages of one sender that had the same inode in the same second are taken for one, and of several senders none is joined to its
 * copies. Stamps with a fraction tell them apart.
 */
import type { DeliveryStatus, LogRecord, MtaEvent, ParseOutcome, Relay, TriedEvent } from '../domain/event.js';
import { type QueueId, queueId } from '../domain/ids.js';
import { IGNORED, type Parser, UNKNOWN } from './parser.js';
import { parseReply } from './smtp-reply.js';

const PROGRAM = /^dma(?:\[([0-9a-f]{1,16}(?:\.[0-9a-f]{1,16})?)\])?$/;

const ADDRESS = '<([^\\n]{0,1000})>';
const NEW_MAIL = new RegExp(`^new mail from user=\\S{1,64} uid=-?\\d{1,10} envelope_from=${ADDRESS}$`);
const QUEUED = new RegExp(`^mail to=${ADDRESS} queued as ([0-9a-f]{1,16}\\.[0-9a-f]{1,16})$`);
const COPY = new RegExp(`^${ADDRESS} (trying delivery|delivery successful)$`);
const BOUNCED = /^delivery failed, bouncing as ([0-9a-f]{1,16})$/;
const HOST = '([^\\s[\\]]{1,255}) \\[([0-9A-Fa-f.:%a-z]{2,64})\\]';
const RELAY = new RegExp(`^trying remote delivery to ${HOST} pref -?\\d{1,10}$`);
const UNREACHED = new RegExp(`^(?:connect to|socket for) ${HOST} failed: `);
const REFUSED = new RegExp(`^remote delivery (?:to|(deferred):) ${HOST} failed after ([A-Za-z ]{1,20}): `);
const GREETING = new RegExp(`^Could not perform server greeting at ${HOST}: `);
const INVALID_RECIPIENT = /^invalid recipient `([^\n]{0,1000})'$/;

type Id = Readonly<{ mta: 'dma'; queueId: QueueId }>;
const idOf = (id: string): Id => ({ mta: 'dma', queueId: queueId(id) });
const relayOf = (host: string, ip: string): Relay => ({ host: host === ip ? null : host, ip, port: null });

type Fate = Readonly<{
  status: DeliveryStatus;
  /** null: nothing was said. */
  response: string | null;
  relay?: Relay;
  recipient?: string;
  isRemote: boolean | null;
}>;

/** A reply of several lines stands there with its line ends, in whatever way the syslog daemon writes them (`#015#012`). */
const triedOf = (id: Id, { status, response, relay, recipient, isRemote }: Fate): TriedEvent => {
  const { replyCode, dsn } = parseReply(response ?? '');
  return {
    kind: 'tried',
    ...id,
    recipient: recipient ?? null,
    isRemote,
    status,
    dsn,
    replyCode,
    relay: relay ?? null,
    response,
  };
};

const arrivalOf = (id: Id, sender: string | null, splitFrom: QueueId | null): MtaEvent => ({
  kind: 'arrival',
  ...id,
  // Only a bounce has the null sender: `-f ''` is the user's own address (dma.c set_from).
  via: sender === '' || splitFrom !== null ? 'internal' : 'pickup',
  isAccepted: true,
  client: null,
  sender,
  messageId: null,
  reinjectedFrom: null,
  requeuedFrom: null,
  splitFrom,
});

const removed = (id: Id): MtaEvent => ({ kind: 'removed', ...id, byOperator: false });

/** Each recipient has a copy with a name of its own; with them the file of the message goes, and its name is free (spool.c linkspool). */
const parseArrival = (id: Id, text: string): readonly MtaEvent[] | null => {
  const mail = NEW_MAIL.exec(text);
  if (mail !== null) return [arrivalOf(id, mail[1]!, null)];
  const queued = QUEUED.exec(text);
  // The number of a process is not the name of the message.
  if (queued === null || !queued[2]!.startsWith(`${id.queueId}.`)) return null;
  const copy = idOf(queued[2]!);
  return [
    arrivalOf(copy, null, id.queueId),
    { kind: 'recipient', ...copy, recipient: queued[1]!, originalRecipient: null },
    removed(id),
  ];
};

const parseCopy = (id: Id, text: string): readonly MtaEvent[] | null => {
  const copy = COPY.exec(text);
  if (copy !== null) {
    const recipient = copy[1]!;
    if (copy[2] === 'trying delivery') return [{ kind: 'try', ...id, recipient, relay: null }];
    // An address of this host has lost its `@`; with NULLCLIENT it goes to the smarthost all the same (dma.c add_recp).
    const isRemote = recipient.includes('@') ? true : null;
    return [triedOf(id, { status: 'sent', response: null, recipient, isRemote }), removed(id)];
  }
  const bounce = BOUNCED.exec(text);
  if (bounce === null) return null;
  return [
    // Of a try that failed for good; after one that did not, its time was up (dma.c deliver).
    { kind: 'expired', ...id, sender: null },
    { kind: 'notice', ...id, noticeQueueId: queueId(bounce[1]!), notice: 'failure' },
    removed(id),
  ];
};

const parseRelay = (id: Id, text: string): readonly MtaEvent[] | null => {
  const begun = RELAY.exec(text);
  if (begun !== null) return [{ kind: 'try', ...id, recipient: null, relay: relayOf(begun[1]!, begun[2]!) }];
  const unreached = UNREACHED.exec(text);
  if (unreached !== null) {
    const relay = relayOf(unreached[1]!, unreached[2]!);
    return [triedOf(id, { status: 'deferred', response: text, relay, isRemote: true })];
  }
  const refused = REFUSED.exec(text);
  if (refused !== null) {
    const [said, deferred, host = '', ip = ''] = refused;
    const status = deferred === undefined ? 'bounced' : 'deferred';
    return [triedOf(id, { status, response: text.slice(said.length), relay: relayOf(host, ip), isRemote: true })];
  }
  const greeting = GREETING.exec(text);
  if (greeting === null) return null;
  const relay = relayOf(greeting[1]!, greeting[2]!);
  // Whatever the reply was, it is not tried again (net.c deliver_to_host).
  return [triedOf(id, { status: 'bounced', response: text.slice(greeting[0].length), relay, isRemote: true })];
};

/** Says what went wrong without a login; the delivery goes on without one, or a second line tells its end (net.c smtp_login). */
const LOGIN = /^remote delivery (?:deferred: (?:AUTH|Authentication) |failed: SMTP login failed: )/;
const REMOTE =
  /^remote delivery (deferred|failed)(?:: (?:(?:AUTH login|Authentication) failed: |STARTTLS not available: |could not perform server greeting: )?|$)/;
/** A write error is said to have failed, and is tried again (local.c deliver_local). */
const LOCAL = /^local delivery (?:(deferred)|failed(?:(: write error))?): /;
/** A server that is not the one it should be (crypto.c verify_server_fingerprint). */
const UNTRUSTED = /^(?:fingerprints do not match|sha256 fingerprint has unexpected length|failed to load fingerprint)/;

const parseEnd = (id: Id, text: string): readonly MtaEvent[] | null => {
  if (LOGIN.test(text)) return [];
  const remote = REMOTE.exec(text);
  if (remote !== null) {
    const status = remote[1] === 'failed' ? 'bounced' : 'deferred';
    return [triedOf(id, { status, response: text.slice(remote[0].length) || null, isRemote: true })];
  }
  const local = LOCAL.exec(text);
  if (local !== null) {
    const status = (local[1] ?? local[2]) === undefined ? 'bounced' : 'deferred';
    return [triedOf(id, { status, response: text, isRemote: false })];
  }
  if (UNTRUSTED.test(text)) return [triedOf(id, { status: 'deferred', response: text, isRemote: true })];
  // Up to 0.14 it stays in the queue all the same, and is tried again.
  if (text === 'can not bounce a bounce message, discarding') return [{ kind: 'expired', ...id, sender: '' }];
  if (text.startsWith('error creating bounce: ')) return [{ kind: 'expired', ...id, sender: null }, removed(id)];
  return text.startsWith('lost queue file `') ? [{ kind: 'deleted', ...id }] : null;
};

/** Mail that the sendmail command did not take; its file is gone with it. */
const NOT_TAKEN =
  /^(?:no recipients from |bad mail input format: |invalid address in header|can not (?:read mail|create spools): )/;

const parseRefusal = (text: string): readonly MtaEvent[] | null => {
  const recipient = INVALID_RECIPIENT.exec(text)?.[1] ?? null;
  if (recipient === null && !NOT_TAKEN.test(text)) return null;
  const stage = recipient === null ? 'DATA' : 'RCPT';
  const unknown = { client: null, sender: null, replyCode: null, dsn: null };
  return [{ kind: 'reject', mta: 'dma', queueId: null, ...unknown, recipient, stage, text, count: 1 }];
};

const KNOWN =
  /^(?:Server greeting successfully|Server (?:supports|does not support) |SSL initialization successful|SSL: |using (?:smarthost|SMTP authentication) |SMTP login not available|non-encrypted SMTP login |remote delivery succeeded but QUIT failed|in opportunistic TLS mode, |successfully verified server |smarthost authentication: |Invalid line: |could not |can not |error |hung child |child disappeared |cannot execute |Cannot escape |ignoring unknown queue info |malformed queue file |reached dead code|syntax error |invalid sha256 fingerprint|fingerprint allocation|failed to read fingerprint|Unknown error)|: NULLCLIENT requires SMARTHOST$/;
const MBOX_CREATE = /^(?:creating mbox |successfully created |cannot |path separator in |no arguments|unknown error)/;

const eventsOf = (id: string, text: string): readonly MtaEvent[] | null => {
  const of = idOf(id);
  if (!id.includes('.')) return parseArrival(of, text) ?? parseRefusal(text);
  return parseCopy(of, text) ?? parseRelay(of, text) ?? parseEnd(of, text);
};

const parse = ({ program, pid, text }: LogRecord): ParseOutcome => {
  if (program === 'dma-mbox-create') return MBOX_CREATE.test(text) ? IGNORED : UNKNOWN;
  // A name of digits alone looks like a process number; dma logs none of those.
  const id = PROGRAM.exec(program)?.[1] ?? (pid === null ? null : String(pid));
  const events = id === null ? parseRefusal(text) : eventsOf(id, text);
  if (events === null) return KNOWN.test(text) ? IGNORED : UNKNOWN;
  return events.length === 0 ? IGNORED : { kind: 'events', events };
};

export const dma: Parser = {
  mta: 'dma',
  ownsProgram: (program) => PROGRAM.test(program) || program === 'dma-mbox-create',
  // Without its tag a line is nobody's.
  recognises: () => false,
  parse,
};
