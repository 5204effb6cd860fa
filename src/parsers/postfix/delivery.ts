/** Postfix delivery lines (log_adhoc.c): one attempt for one recipient. */
import type { DeliveryEvent, DeliveryStatus, MtaEvent, Relay } from '../../domain/event.js';
import { type QueueId, queueId } from '../../domain/ids.js';
import { isDiscardReply, parseReply } from '../smtp-reply.js';

/** `name[address]:port`, `name[private/dovecot-lmtp]`, `[address]:port`; a trailing dot of the name is dropped. */
const parseRelay = (text: string): Relay | null => {
  const match = /^([^[\]]*)\[([^\]]*)\](?::(\d{1,5}))?$/.exec(text);
  if (match === null) return null;
  const [, name = '', address = '', port] = match;
  const isSocket = address.includes('/');
  return {
    host: name === '' ? null : name.trim().replace(/\.$/, ''),
    ip: isSocket || address === '' ? null : address.replace(/^IPv6:/i, ''),
    port: port === undefined ? null : Number(port),
  };
};

const parseDelays = (text: string | undefined): DeliveryEvent['delaysMs'] => {
  const parts = text?.split('/').map((part) => Math.round(Number(part) * 1000)) ?? [];
  const [a, b, c, d] = parts;
  if (parts.length !== 4 || a === undefined || b === undefined || c === undefined || d === undefined) return null;
  return parts.every(Number.isFinite) ? [a, b, c, d] : null;
};

const statusOf = (word: string, relayText: string, response: string): DeliveryStatus | null => {
  switch (word) {
    case 'sent':
      // discard(8) has no relay (discard.c: `relay=none`), and no other agent sends without one.
      return isDiscardReply(response) || relayText === 'none' ? 'discarded' : 'sent';
    case 'deferred':
    case 'SOFTBOUNCE':
    case 'softbounce':
      return 'deferred';
    case 'bounced':
      return 'bounced';
    case 'expired':
      return 'expired';
    default:
      return null;
  }
};

/** local(8) and the queue manager hand a message on inside this host (local/forward.c: `forwarded as ID`). */
const forwardedId = (response: string): QueueId | null => {
  const id = /^forwarded as ([0-9A-Za-z]{6,28})$/.exec(response)?.[1];
  return id === undefined ? null : queueId(id);
};

type Addresses = Readonly<{ to: string; original: string | null; rest: string }>;

/** Where a quoted local part ends (RFC 5321 §4.1.2): it may hold `>, relay=`. 0 when the address is not quoted. */
const endOfQuoted = (text: string): number => /^"(?:[^"\\]|\\.)*"/s.exec(text)?.[0].length ?? 0;

/** Takes `to=<a>` and `orig_to=<b>` off the front. Quoted local parts may hold `>`, commas and blanks. */
const parseAddresses = (text: string): Addresses | null => {
  const bare = BARE_ADDRESSES.exec(text);
  if (bare !== null) return { to: bare[1]!, original: bare[2] ?? null, rest: text.slice(bare[0].length) };
  const start = 'to=<'.length;
  const relayAt = text.indexOf('>, relay=', start + endOfQuoted(text.slice(start)));
  if (relayAt === -1) return null;
  const addresses = text.slice(start, relayAt);
  const rest = text.slice(relayAt + 3);
  const split = addresses.indexOf('>, orig_to=<', endOfQuoted(addresses));
  if (split === -1) return { to: addresses, original: null, rest };
  return { to: addresses.slice(0, split), original: addresses.slice(split + '>, orig_to=<'.length), rest };
};

/** Some patched builds write no brackets. */
const BARE_ADDRESSES = /^to=([^<>\s,]{1,320})(?:, orig_to=([^<>\s,]{1,320}))?, (?=relay=)/;

/** Between delays and DSN newer releases put further fields, such as `tls=dane/…` (log_adhoc.c of 3.11). */
const FIELDS =
  /^relay=(.*?)(?:, conn_use=\d{1,9})?, delay=([\d.]{1,20})(?:, delays=([\d./]{1,80}))?(?:, (?!dsn=|status=)[a-z_]{1,20}=[^,]{0,300}){0,5}(?:, dsn=(\d\.\d{1,3}\.\d{1,3}))?, status=([A-Za-z-]{1,40})(?: \(([\s\S]*))?$/;

/** Where the header lost the daemon, a socket, the port of LMTP (IANA: 24) or Dovecot's `Saved` tell an LMTP delivery. */
const isLmtp = (program: string, relay: Relay | null, relayText: string, response: string): boolean => {
  if (program.endsWith('/lmtp') || relayText.slice(relayText.lastIndexOf('[')).includes('/')) return true;
  return !program.includes('/') && (relay?.port === 24 || /^250 2\.\d\.\d <.*> \S+ Saved$/.test(response));
};

const wayOf = (agent: string | null, isForward: boolean, isByLmtp: boolean): DeliveryEvent['by'] => {
  if (isForward) return 'forward';
  if (agent !== null) return 'local';
  return isByLmtp ? 'lmtp' : 'smtp';
};

const millisecondsOf = (seconds: string): number | null =>
  Number.isFinite(Number(seconds)) ? Math.round(Number(seconds) * 1000) : null;

const nextIdsOf = (forward: QueueId | null, isHandOver: boolean, tail: string): readonly QueueId[] => {
  if (forward !== null) return [forward];
  if (!isHandOver) return [];
  const ids = parseReply(tail.replace(/\)$/, '')).nextQueueIds;
  // A line that was cut (no closing bracket) may have lost the end of the ID it ends in.
  return tail.endsWith(')') ? ids : ids.filter((id) => !tail.endsWith(id));
};

const buildDelivery = (
  id: QueueId,
  addresses: Addresses,
  fields: RegExpExecArray,
  status: DeliveryStatus,
  program: string,
): DeliveryEvent => {
  const [, relayText = '', delay = '', delays, dsn, , tail = ''] = fields;
  const response = tail.replace(/\)$/, '');
  const relay = parseRelay(relayText);
  const agent = relay === null && relayText !== 'none' && relayText !== '' ? relayText : null;
  const forward = relay === null ? forwardedId(response) : null;
  return {
    kind: 'delivery',
    mta: 'postfix',
    queueId: id,
    recipient: addresses.to,
    originalRecipient: addresses.original === '' ? null : addresses.original,
    status,
    dsn: dsn ?? null,
    replyCode: relay === null ? null : parseReply(response).replyCode,
    relay,
    agent,
    delayMs: millisecondsOf(delay),
    delaysMs: parseDelays(delays),
    response: response === '' ? null : response,
    nextQueueIds: nextIdsOf(forward, status === 'sent' && relay !== null, tail),
    nextIs: forward === null ? 'relay' : 'same-host',
    by: wayOf(agent, forward !== null, isLmtp(program, relay, relayText, response)),
  };
};

/**
 * `to=<…>, orig_to=<…>, relay=…, conn_use=…, delay=…, delays=a/b/c/d, dsn=…, status=… (response)`.
 * @returns null when the line is not of that form; `probe` for address verification, which is not mail.
 */
export const parseDelivery = (id: QueueId, text: string, program: string): MtaEvent | null => {
  const addresses = parseAddresses(text);
  const fields = addresses === null ? null : FIELDS.exec(addresses.rest);
  if (addresses === null || fields === null) return null;
  const [, relayText = '', , , , word = '', tail = ''] = fields;
  // Also `undeliverable-but-not-cached` (verify.c).
  if (/^(?:un)?deliverable/.test(word)) return { kind: 'probe', mta: 'postfix', queueId: id };
  const status = statusOf(word, relayText, tail.replace(/\)$/, ''));
  return status === null ? null : buildDelivery(id, addresses, fields, status, program);
};
