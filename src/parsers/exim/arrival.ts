/** Exim's `<=` lines: a message was accepted (receive.c receive_msg). */
import type { ArrivalEvent, MtaEvent } from '../../domain/event.js';
import { parseMessageId, type QueueId, queueId } from '../../domain/ids.js';
import { parseClient } from './peer.js';

/** Where a quoted local part ends (RFC 5321 §4.1.2); 0 when the address is not quoted. */
export const endOfQuoted = (text: string): number => /^"(?:[^"\\]|\\.)*"/s.exec(text)?.[0].length ?? 0;

/** What Exim itself writes directly behind the sender. */
const NEXT_FIELD = / (?:R=\S|H=\S|U=\S|P=\S)/;

const splitSender = (text: string): { sender: string; fields: string } => {
  const start = endOfQuoted(text);
  const at = text.slice(start).search(NEXT_FIELD);
  const end = at === -1 ? text.length : start + at;
  return { sender: text.slice(0, end).trim(), fields: text.slice(end) };
};

/** In front of `S=` stands only what Exim wrote; behind it the message-id and the subject, which come from outside. */
const SIZE = / S=(\d{1,15})(?= |$)/;
/** What may follow the message-id: subject, DKIM, envelope sender, recipients (log selectors). */
const BEHIND_ID = / (?:T="|DKIM=|from <|for )/;

/** A star says that Exim made the message-id itself (`+msg_id_created`). */
const MESSAGE_ID = /(?:^| )id\*?=/;

const messageIdOf = (text: string): string | null => {
  const name = MESSAGE_ID.exec(text);
  if (name === null) return null;
  const rest = text.slice(name.index + name[0].length);
  const end = rest.search(BEHIND_ID);
  return end === -1 ? rest : rest.slice(0, end);
};

/** `T="…"` with its escapes, so that a subject cannot name recipients. */
const SUBJECT = / T="(?:[^"\\]|\\.)*"/s;

/** A quoted local part may hold blanks; one that is never closed goes to the end, so that it is looked for once. */
const RECIPIENT = /(?:"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)|[^\s"])+/g;

/** `+received_recipients`: ` for a@x b@y`, last of all. */
const recipientsOf = (text: string): readonly string[] => {
  const rest = text.replace(SUBJECT, '');
  const at = rest.lastIndexOf(' for ');
  if (at === -1) return [];
  const list = rest.slice(at + ' for '.length).match(RECIPIENT) ?? [];
  return list.every((address) => address.includes('@')) ? list : [];
};

const CAUSE = / R=(\w{6}-\w{6,11}-\w{2,4})(?= |$)/;

const viaOf = (sender: string, isRemote: boolean, isCaused: boolean): ArrivalEvent['via'] => {
  if (isRemote) return 'smtp';
  return sender === '' && isCaused ? 'internal' : 'pickup';
};

/** @param text what follows `<= ` */
export const parseArrival = (id: QueueId, text: string): readonly MtaEvent[] => {
  const { sender: written, fields } = splitSender(text);
  const size = SIZE.exec(fields);
  const [own, foreign] =
    size === null ? [fields, fields] : [fields.slice(0, size.index), fields.slice(size.index + size[0].length)];
  const sender = written === '<>' ? '' : written;
  const client = parseClient(own);
  const cause = CAUSE.exec(own)?.[1];
  const messageId = messageIdOf(foreign);
  const ids = { mta: 'exim', queueId: id } as const;
  const arrival: MtaEvent = {
    kind: 'arrival',
    ...ids,
    via: viaOf(sender, client !== null, cause !== undefined),
    isAccepted: true,
    client,
    sender,
    messageId: messageId === null ? null : parseMessageId(messageId),
    sizeBytes: size === null ? null : Number(size[1]),
    reinjectedFrom: null,
    requeuedFrom: null,
    // An answer of a filter (vacation) bears the mark too, and a sender; it is no notice.
    causedBy: cause === undefined || sender !== '' ? null : queueId(cause),
  };
  const named = recipientsOf(foreign).map(
    (recipient): MtaEvent => ({ kind: 'recipient', ...ids, recipient, originalRecipient: null }),
  );
  return [arrival, ...named];
};
