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
    case 'undeliverable':
      return 'bounced';
    case 'expired':
      return 'expired';
    case 'deliverable':
      return 'sent';
    default:
      return null;
  }
};

/** local(8) and the queue manager hand a message on inside this host (local/forward.c: `forwarded as ID`). */
const forwardedId = (response: string): QueueId | null => {
  const id = /^forwarded as ([0-9A-Za-z]{6,28})$/.exec(response)?.[1];
  return id === undefined ? null : queueId(id);
};

/** Takes `to=<a>` and `orig_to=<b>` off the front. Quoted local parts may hold `>`, commas and blanks. */
const parseAddresses = (text: string): { to: string; original: string | null; rest: string } | null => {
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

const agentOf = (relayText: string, relay: Relay | null): string | null =>
  relay === null && relayText !== 'none' && relayText !== '' ? relayText : null;

const waysOf = (program: string, relayText: string, agent: string | null, isForward: boolean): DeliveryEvent['by'] => {
  if (isForward) return 'forward';
  if (agent !== null) return 'local';
  return program.endsWith('/lmtp') || relayText.includes('[private/') ? 'lmtp' : 'smtp';
};

/**
 * `to=<…>, orig_to=<…>, relay=…, conn_use=…, delay=…, delays=a/b/c/d, dsn=…, status=… (response)`.
 * @returns null when the line is not of that form; `probe` for address verification, which is not mail.
 */
export const parseDelivery = (id: QueueId, text: string, program: string): MtaEvent | null => {
  const addresses = parseAddresses(text);
  const match = addresses === null ? null : FIELDS.exec(addresses.rest);
  if (addresses === null || match === null) return null;
  const [, relayText = '', delay = '', delays, dsn, word = '', tail = ''] = match;
  const response = tail.replace(/\)$/, '');
  if (word === 'deliverable' || word === 'undeliverable') return { kind: 'probe', mta: 'postfix', queueId: id };
  const status = statusOf(word, relayText, response);
  if (status === null) return null;
  const relay = parseRelay(relayText);
  const agent = agentOf(relayText, relay);
  const forward = agent === null && relay !== null ? null : forwardedId(response);
  const reply = parseReply(response);
  const isHandOver = status === 'sent' && relay !== null;
  return {
    kind: 'delivery',
    mta: 'postfix',
    queueId: id,
    recipient: addresses.to,
    originalRecipient: addresses.original === '' ? null : addresses.original,
    status,
    dsn: dsn ?? null,
    replyCode: relay === null ? null : reply.replyCode,
    relay,
    agent,
    delayMs: Number.isFinite(Number(delay)) ? Math.round(Number(delay) * 1000) : null,
    delaysMs: parseDelays(delays),
    response: response === '' ? null : response,
    nextQueueIds: forward !== null ? [forward] : isHandOver ? reply.nextQueueIds : [],
    nextIs: forward === null ? 'relay' : 'same-host',
    by: waysOf(program, relayText, agent, forward !== null),
  };
};
