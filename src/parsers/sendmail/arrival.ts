/** Sendmail's `from=` lines: how a message came in (headers.c logsender). */
import type { MtaEvent } from '../../domain/event.js';
import { type MessageId, parseMessageId, type QueueId } from '../../domain/ids.js';
import { bareAddress, parseClient } from './peer.js';

const HEAD = /^from=([\s\S]*?), size=(\d{1,15}), class=-?\d{1,9}(?:, pri=-?\d{1,12})?, nrcpts=(\d{1,9})(?=,|$)/;
/** Fields between the message-id and the relay. Their values are words, so that a message-id cannot pass for one. */
const FURTHER = /^, (?:bodytype|proto|daemon|auth|[a-z_]{2,30})=[\w.:+/-]{0,80}$/;
/** headers.c cuts a longer message-id (MSGIDLOGLEN). */
const MESSAGE_ID_MAX = 100;
const FURTHER_MAX = 8;

type Tail = Readonly<{ messageId: string | null; proto: string | null; relay: string }>;

/** The relay is last; the message-id comes from outside and may hold anything, also `, relay=`. */
const parseTail = (text: string): Tail => {
  const at = text.lastIndexOf(', relay=');
  const relay = at === -1 ? '' : text.slice(at + ', relay='.length);
  let rest = at === -1 ? text : text.slice(0, at);
  let proto: string | null = null;
  for (let count = 0; count < FURTHER_MAX; count++) {
    const comma = rest.lastIndexOf(', ');
    const field = comma === -1 ? '' : rest.slice(comma);
    if (field.startsWith(', msgid=') || !FURTHER.test(field)) break;
    if (field.startsWith(', proto=')) proto = field.slice(', proto='.length);
    rest = rest.slice(0, comma);
  }
  return { messageId: rest.startsWith(', msgid=') ? rest.slice(', msgid='.length) : null, proto, relay };
};

/** A message-id that was cut is not known. */
const readMessageId = (text: string): MessageId | null =>
  text.length >= MESSAGE_ID_MAX && text.startsWith('<') && !text.includes('>') ? null : parseMessageId(text);

/** Handed in on this machine: `relay=pat@localhost` without an address; by the network there is a protocol. */
const isLocal = ({ proto, relay }: Tail): boolean => proto === null && /^(?:[^\s@]{1,100}@)?localhost$/.test(relay);

/**
 * `from=<a>, size=1, class=0, nrcpts=1, msgid=<b>, bodytype=7BIT, proto=ESMTP, daemon=MTA, relay=host [address]`. Logged when the
 * content is in, or, without a message-id, when the client ended before that.
 */
export const parseArrival = (queueId: QueueId, text: string): readonly MtaEvent[] | null => {
  const head = HEAD.exec(text);
  if (head === null) return null;
  const [whole, from = '', size = '', recipients = ''] = head;
  const tail = parseTail(text.slice(whole.length));
  const ids = { mta: 'sendmail', queueId } as const;
  const client = isLocal(tail) ? null : parseClient(tail.relay);
  const sizeBytes = Number(size);
  const recipientCount = Number(recipients);
  const arrival: MtaEvent = {
    kind: 'arrival',
    ...ids,
    via: tail.relay === '[RESPONSE]' ? 'internal' : isLocal(tail) ? 'pickup' : 'smtp',
    isAccepted: recipientCount > 0 && (tail.messageId !== null || sizeBytes > 0),
    client,
    sender: from === '<NONE>' ? null : bareAddress(from),
    messageId: tail.messageId === null ? null : readMessageId(tail.messageId),
    sizeBytes,
    recipientCount,
    reinjectedFrom: null,
    requeuedFrom: null,
  };
  if (recipientCount === 0 || sizeBytes > 0 || tail.messageId !== null) return [arrival];
  const ended = 'the client ended the session before it sent a message';
  return [arrival, { kind: 'aborted', ...ids, stage: 'DATA', text: ended, replyCode: null, dsn: null }];
};
