/**
 * Postfix, all daemons. Dispatches on the text, not on the daemon: forwarding as RFC 5424 loses it (`postfix` only).
 * Formats: smtpd.c, cleanup_message.c, qmgr_active.c, log_adhoc.c, bounce_notify_service.c, pickup.c, postsuper.c.
 */
import type { LogRecord, MtaEvent, ParseOutcome } from '../domain/event.js';
import { parseMessageId, type QueueId, queueId } from '../domain/ids.js';
import { IGNORED, type Parser, UNKNOWN } from './parser.js';
import { parseArrival, parseNotice, parsePickup, parseSender } from './postfix/arrival.js';
import { parseDelivery } from './postfix/delivery.js';
import { isKnownOfMessage, isKnownOfServer, isKnownWithoutQueue } from './postfix/known-lines.js';
import { splitQueueId } from './postfix/queue-id.js';
import { parseSession, parseWarning } from './postfix/server-session.js';
import { parseSmtpdAction } from './postfix/smtpd-action.js';

const DAEMONS =
  /(?:^|\/)(?:smtpd|cleanup|n?qmgr|oqmgr|smtp|lmtp|local|virtual|pipe|error|retry|discard|bounce|defer|trace|pickup|postsuper|postscreen|verify|anvil|scache|master|tlsproxy|tlsmgr|dnsblog|proxymap|proxywrite|trivial-rewrite|flush|showq|spawn|postlogd|postlog|postqueue|sendmail|postdrop|postmap|postalias|postmulti|postfix-script|address_verify|qmqpd)$/;
/** Programs that work beside Postfix and are called after it; their lines are not Postfix'. */
const COMPANIONS = /policyd|exporter|admin|srsd|tlspol|mta-sts|grey|logwatch|pflogsumm/;

const events = (...list: readonly MtaEvent[]): ParseOutcome => ({ kind: 'events', events: list });
const eventOr = (event: MtaEvent | null, otherwise: ParseOutcome): ParseOutcome =>
  event === null ? otherwise : events(event);

const isPostsuper = (program: string): boolean | null =>
  /(?:^|\/)postsuper$/.test(program) ? true : program.includes('/') ? false : null;

/** cleanup_api.c (3.12): a queue file that was given up, because the message was refused or thrown away. */
const parseUndone = (id: QueueId, text: string): ParseOutcome | null => {
  const mta = 'postfix';
  const ids = { mta, queueId: id } as const;
  if (text === 'removed (discarded)') {
    return events(
      { kind: 'discarded', ...ids, reason: text, sender: null, recipient: null },
      { kind: 'removed', ...ids, byOperator: false },
    );
  }
  return text === 'removed (canceled)' ? aborted(id, text) : null;
};

const aborted = (id: QueueId, text: string): ParseOutcome =>
  events({ kind: 'aborted', mta: 'postfix', queueId: id, stage: 'DATA', text, replyCode: null, dsn: null });

/** cleanup and smtpd refuse a message after it got an ID: too large, too many hops, disk full, a table out of order. */
const REFUSED =
  /^(?:queue file size limit exceeded|message rejected: |write queue file: |read timeout on |too much BDAT content|malformed BDAT|null BDAT|BDAT request .* exceeds message size limit|record type \d+ not allowed|message not accepted)|message not accepted, try again later$/;

/** 3.12 says which message was on its way when the client was lost. After the end of it, it may have been accepted. */
const parseLostInMessage = (id: QueueId, text: string): ParseOutcome | null => {
  const lost = parseSession(text);
  if (lost?.kind !== 'session' || lost.step !== 'lost') return null;
  if (lost.detail === 'END-OF-MESSAGE') return events(lost);
  const abort = { kind: 'aborted', mta: 'postfix', queueId: id, stage: 'DATA', text } as const;
  return events({ ...abort, replyCode: null, dsn: null }, lost);
};

const parseStateChange = (id: QueueId, text: string, program: string): ParseOutcome | null => {
  const ids = { mta: 'postfix', queueId: id } as const;
  switch (text) {
    case 'removed':
      return events({ kind: 'removed', ...ids, byOperator: isPostsuper(program) });
    case 'requeued':
      return events({ kind: 'requeued', ...ids });
    case 'released from hold':
      return events({ kind: 'released', ...ids });
    case 'placed on hold':
      return events({ kind: 'held', ...ids, reason: 'postsuper -h', sender: null, recipient: null });
    default:
      return parseUndone(id, text);
  }
};

/** @param text what follows the queue ID */
const parseQueued = (id: QueueId, text: string, program: string): ParseOutcome => {
  if (text.startsWith('to=')) return eventOr(parseDelivery(id, text, program), UNKNOWN);
  if (text.startsWith('message-id=')) {
    const messageId = parseMessageId(text.slice('message-id='.length));
    return events({ kind: 'message-id', mta: 'postfix', queueId: id, messageId });
  }
  if (text.startsWith('from=<')) return eventOr(parseSender(id, text), UNKNOWN);
  if (text.startsWith('client=')) return eventOr(parseArrival(id, text), UNKNOWN);
  if (text.startsWith('uid=')) return eventOr(parsePickup(id, text), UNKNOWN);
  const change = parseStateChange(id, text, program);
  if (change !== null) return change;
  const said = parseNotice(id, text) ?? parseSmtpdAction(text, id);
  if (said !== null) return events(said);
  if (REFUSED.test(text)) return aborted(id, text);
  return parseLostInMessage(id, text) ?? (isKnownOfMessage(text) ? IGNORED : UNKNOWN);
};

/** @param text what follows `NOQUEUE: ` */
const parseWithoutQueue = (text: string): ParseOutcome => {
  const event = parseSmtpdAction(text, null) ?? parseSession(text);
  return eventOr(event, isKnownWithoutQueue(text) ? IGNORED : UNKNOWN);
};

/** @param text what follows `warning: ` */
const parseWarned = (text: string): ParseOutcome => {
  const prefixed = splitQueueId(text);
  if (prefixed === null) return eventOr(parseWarning(text), IGNORED);
  return REFUSED.test(prefixed.rest) ? aborted(queueId(prefixed.id), prefixed.rest) : IGNORED;
};

const parse = ({ text, program }: LogRecord): ParseOutcome => {
  const prefixed = splitQueueId(text);
  if (prefixed !== null) return parseQueued(queueId(prefixed.id), prefixed.rest, program);
  if (text.startsWith('NOQUEUE: ')) return parseWithoutQueue(text.slice('NOQUEUE: '.length));
  if (text.startsWith('warning: ')) return parseWarned(text.slice('warning: '.length));
  // `proxy-reject: END-OF-MESSAGE: …` has neither ID nor NOQUEUE (smtpd.c:4012).
  const event = parseSession(text) ?? parseSmtpdAction(text, null);
  return eventOr(event, isKnownOfServer(text) ? IGNORED : UNKNOWN);
};

const MESSAGE_WORDS =
  /^(?:client=|uid=\d|message-id=|resent-message-id=|from=<|to=|removed|requeued$|released from hold$|placed on hold$|sender (?:non-delivery|delay|delivery status) notification: |postmaster (?:non-delivery|delay) notification: |(?:milter-)?(?:reject|hold|discard): )/;

export const postfix: Parser = {
  mta: 'postfix',
  ownsProgram: (program) =>
    (program.startsWith('postfix') && !COMPANIONS.test(program)) || (program.includes('/') && DAEMONS.test(program)),
  recognises: (text) => {
    const prefixed = splitQueueId(text);
    if (prefixed !== null) return MESSAGE_WORDS.test(prefixed.rest);
    return /^NOQUEUE: [a-z-]+: |^(?:dis)?connect from [^\s[]{1,300}\[[^\s\]]{1,80}\]/.test(text);
  },
  parse,
};
