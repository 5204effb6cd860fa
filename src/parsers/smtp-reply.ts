/** Remote reply text → code, enhanced status, next queue ID, in every MTA's dialect. */
import type { Reply } from '../domain/event.js';
import { type QueueId, queueId } from '../domain/ids.js';

/** A reply longer than this is read only so far: RFC 5321 §4.5.3.1.5 allows 512 octets a line. */
const REPLY_MAX = 4096;

/** Reply code, and enhanced code where there is one, in front of a text. */
const CODES = '(?:^|\\s)2\\d\\d[ -](?:2\\.\\d{1,3}\\.\\d{1,3}:? +)?';

/**
 * Ways in which an accepting server names its queue ID; the first that fits decides. Each is tried on text from which
 * `<…>` is removed: Exchange repeats the message-id, and a message-id may be forged to say `queued as`.
 */
const NEXT_ID: readonly RegExp[] = [
  // Postfix smtpd.c:3943, with `N bytes` when BDAT was used; also amavis in front of one, Halon, Barracuda, Stalwart.
  /\bqueued as:? (?=\S*[0-9A-Z])([A-Za-z0-9][\w.-]{3,63})/g,
  // Exim smtp_in.c: `OK id=1xUfSb-000013-1T`, since 4.97 with 11 digits in the middle; amavis' own `id=00334-03` is not its form.
  new RegExp(`${CODES}OK id=([A-Za-z0-9]{6}-[A-Za-z0-9]{6,11}-[A-Za-z0-9]{2,4})(?![\\w-])`, 'gi'),
  // Sendmail srvrsmtp.c and OpenSMTPD smtp_session.c: `2.0.0 6AL7NKfP000100 Message accepted for delivery`; Proofpoint adds `-1`.
  new RegExp(`${CODES}(?=\\w*\\d)([A-Za-z0-9]{6,32}(?:-\\d{1,4})?) Message accepted for delivery`, 'gi'),
  // KumoMTA: `250 OK ids=32 hex digits,…`.
  new RegExp(`${CODES}OK ids?=([0-9a-f]{32}(?:,[0-9a-f]{32}){0,99})(?!\\w)`, 'gi'),
  // Dovecot lmtp: `250 2.0.0 <user@x> r2Y3BpZkH2kBAAAA5Dfk8Q Saved`. `:T2` is the second message of the connection; the number
  // of the recipient that follows (`:R2`, before 2.3 `:2`) is no part of its name (lmtp-recipient.c).
  new RegExp(`${CODES} *([A-Za-z0-9+/]{20,26}(?::T\\d{1,4})?)(?::R?\\d{1,4})? Saved`, 'g'),
  // Proxmox Mail Gateway: `250 2.5.0 OK (4A1B2C5F3E0D1A2B3C)`.
  new RegExp(`${CODES}OK \\(([0-9A-F]{10,32})\\)`, 'g'),
  // Haraka: `250 Message Queued (8D2C4F36-…-….1)`.
  new RegExp(`${CODES}Message Queued \\(([0-9A-F-]{36}(?:\\.\\d{1,4}){0,2})\\)`, 'gi'),
  // Stalwart: `250 2.0.0 Message queued with id 2f1c9b7a4e60001`, `OK id=217700302698266624`.
  new RegExp(`${CODES}(?:Message queued with id |OK id=)(?=\\w*\\d)([0-9a-f]{8,32})(?![\\w-])`, 'gi'),
  // Cisco Secure Email (IronPort): `250 ok:  Message 123456 accepted`.
  new RegExp(`${CODES}ok: +Message (\\d{1,12}) accepted`, 'gi'),
];

const nextIdsOf = (text: string): readonly QueueId[] => {
  for (const pattern of NEXT_ID) {
    const ids = [...text.matchAll(pattern)].flatMap((match) => match[1]!.split(','));
    if (ids.length > 0) return [...new Set(ids)].map((id) => queueId(id.replace(/[.:-]+$/, '')));
  }
  return [];
};

/**
 * Takes a reply apart, as Postfix logs it in `status=…(reply)`: also after `host H[IP] said:` and `refused to talk to me:`.
 * @returns nulls and no ids where the text holds none; nothing is computed.
 * @example parseReply('250 2.0.0 Ok: queued as 2D6F4546A3F').nextQueueIds // ['2D6F4546A3F']
 */
export const parseReply = (input: string): Reply => {
  const text = input.slice(0, REPLY_MAX);
  const said =
    /^(?:host \S{1,512} (?:said|refused to talk to me): )?([2-5]\d\d)(?:[ -]|$)(?:([245]\.\d{1,3}\.\d{1,3})(?![.\d]))?/.exec(
      text,
    );
  const replyCode = said ? Number(said[1]) : null;
  const isAccepted = replyCode !== null && replyCode < 300;
  return {
    replyCode,
    dsn: said?.[2] ?? null,
    nextQueueIds: isAccepted ? nextIdsOf(text.replace(/<[^<>]*>/g, '')) : [],
  };
};

/** An accepted message that the server threw away: amavis `250 2.7.0 Ok, discarded, id=00334-03 - BANNED: …` (facts of its smtp.pm). */
export const isDiscardReply = (text: string): boolean =>
  /^2\d\d (?:2\.\d{1,3}\.\d{1,3} )?(?:ok, )?discarded\b/i.test(text);
