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

/** Takes `to=<a>` and `orig_to=<b>` off the front. Quoted local parts may hold `>`, commas and blanks. */
const parseAddresses = (text: string): Addresses | null => {
  const relayAt = text.indexOf('>, relay=');
  if (relayAt === -1) return null;
  const addresses = text.slice('to=<'.length, relayAt);
  const rest = text.slice(relayAt + 3);
  const split = addresses.indexOf('>, orig_to=<');
  if (split === -1) return { to: addresses, original: null, rest };
  return { to: addresses.slice(0, split), original: addresses.slice(split + '>, orig_to=<'.length), rest };
};

const FIELDS =
  /^relay=(.*?)(?:, conn_use=\d{1,9})?, delay=([\d.]{1,20})(?:, delays=([\d./]{1,80}))?(?:, dsn=(\d\.\d{1,3}\.\d{1,3}))?, status=([A-Za-z-]{1,20})(?: \(([\s\S]*))?$/;

const wayOf = (program: string, relayText: string, agent: string | null, isForward: boolean): DeliveryEvent['by'] => {
  if (isForward) return 'forward';
  if (agent !== null) return 'local';
  return program.endsWith('/lmtp') || relayText.includes('[private/') ? 'lmtp' : 'smtp';
};

const millisecondsOf = (seconds: string): number | null =>
  Number.isFinite(Number(seconds)) ? Math.round(Number(seconds) * 1000) : null;

const nextIdsOf = (forward: QueueId | null, isHandOver: boolean, response: string): readonly QueueId[] => {
  if (forward !== null) return [forward];
  return isHandOver ? parseReply(response).nextQueueIds : [];
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
    nextQueueIds: nextIdsOf(forward, status === 'sent' && relay !== null, response),
    nextIs: forward === null ? 'relay' : 'same-host',
    by: wayOf(program, relayText, agent, forward !== null),
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
  if (word === 'deliverable' || word === 'undeliverable') return { kind: 'probe', mta: 'postfix', queueId: id };
  const status = statusOf(word, relayText, tail.replace(/\)$/, ''));
  return status === null ? null : buildDelivery(id, addresses, fields, status, program);
};
