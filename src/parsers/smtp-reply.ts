/** Remote reply text → code, enhanced status, next queue ID, in every MTA's dialect. */
import type { Reply } from '../domain/event.js';
import { type QueueId, queueId } from '../domain/ids.js';

/** A reply longer than this is read only so far: RFC 5321 §4.5.3.1.5 allows 512 octets a line. */
const REPLY_MAX = 4096;

/**
 * Ways in which an accepting server names its queue ID; the first that fits decides. Each is tried on text from which
 * `<…>` is removed: Exchange repeats the message-id, and a message-id may be forged to say `queued as`.
 */
const NEXT_ID: readonly RegExp[] = [
  // Postfix smtpd.c:3943, with `N bytes` when BDAT was used; also amavis and Halon in front of one.
  /\bqueued as:? ([A-Za-z0-9][\w.-]{3,63})/g,
  // Exim smtp_in.c: `OK id=1xUfSb-000013-1T`; amavis' own `id=00334-03` has no `OK ` right before it.
  /(?:^|\s)\d{3}[ -](?:2\.\d{1,3}\.\d{1,3} )?OK id=([A-Za-z0-9]{6}-[A-Za-z0-9]{6,11}-[A-Za-z0-9]{2,4})\b/gi,
  // Sendmail srvrsmtp.c and OpenSMTPD smtp_session.c: `2.0.0 6AL7NKfP000100 Message accepted for delivery`.
  /(?:^|\s)\d{3}[ -](?:2\.\d{1,3}\.\d{1,3}:? )?([A-Za-z0-9]{6,32}) Message accepted for delivery/gi,
  // KumoMTA: `250 OK ids=32 hex digits,…`.
  /(?:^|\s)\d{3}[ -](?:2\.\d{1,3}\.\d{1,3} )?OK ids?=([0-9a-f]{32}(?:,[0-9a-f]{32}){0,99})/gi,
  // Dovecot lmtp: `250 2.0.0 <user@x> r2Y3BpZkH2kBAAAA5Dfk8Q Saved`; recipient numbers follow as `:2` when there are several.
  /(?:^|\s)\d{3}[ -]2\.\d\.\d +([A-Za-z0-9+/]{20,26}(?::\d{1,4})?) Saved/g,
  // Proxmox Mail Gateway: `250 2.5.0 OK (4A1B2C5F3E0D1A2B3C)`.
  /(?:^|\s)\d{3}[ -]2\.5\.0 OK \(([0-9A-F]{10,32})\)/g,
  // Haraka: `250 Message Queued (8D2C4F36-…-….1)`.
  /(?:^|\s)\d{3}[ -](?:2\.\d{1,3}\.\d{1,3} )?Message Queued \(([0-9A-F-]{36}(?:\.\d{1,4})?)\)/gi,
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
