/** What smtpd, cleanup, milters and postscreen did to a client's command or message: reject, hold, discard. */
import type { Client, MtaEvent, RejectStage } from '../../domain/event.js';
import type { QueueId } from '../../domain/ids.js';

/**
 * `name[address]`, `name[address]:port`, `[address]:port` (postscreen); `unknown` is no name (smtpd_peer.c).
 * @returns null when there is no address in brackets.
 */
export const parseClient = (text: string): Client | null => {
  const match = /^([^[\]\s]*)\[([^\]\s]*)\](?::\d{1,5})?$/.exec(text.trim());
  if (match === null) return null;
  const [, name = '', address = ''] = match;
  return {
    name: name === '' || name === 'unknown' ? null : name.replace(/\.$/, ''),
    ip: address === '' || address === 'unknown' ? null : address.replace(/^IPv6:/i, ''),
    sasl: null,
  };
};

const STAGES: Readonly<Record<string, RejectStage>> = {
  CONNECT: 'CONNECT',
  HELO: 'HELO',
  EHLO: 'HELO',
  AUTH: 'AUTH',
  MAIL: 'MAIL',
  RCPT: 'RCPT',
  DATA: 'DATA',
  BDAT: 'DATA',
  // CONTRACT §2: whatever refuses the message after its content was sent has stage DATA.
  'END-OF-MESSAGE': 'DATA',
  'END-OF-DATA': 'DATA',
  VRFY: 'VRFY',
  ETRN: 'ETRN',
};

/** What follows the reply is at most two addresses, a HELO name and a SASL name; the rest of a longer text is not looked at. */
const ENVELOPE_MAX = 4096;
/** Names of fields that follow an address: smtpd_whatsup(), log_whatsup(); postscreen puts commas between. */
const NEXT_FIELD = '(?=,? (?:to|proto|helo|sasl_method|sasl_username|sasl_sender)=|:|,?$)';
const SENDER = new RegExp(`^from=<(.*?)>${NEXT_FIELD}`);
const RECIPIENT = new RegExp(`(?:^|[ ;>])to=<(.*?)>${NEXT_FIELD}`);
/** In brackets after a milter's or proxy's verdict, bare after an access rule's. */
const SASL_NAME = / sasl_username=(?:<([^<>]*)>|(\S+))/;

/** `from=<a> to=<b> proto=ESMTP helo=<c> sasl_username=<d>`. Quoted local parts may hold `>` and blanks. */
const parseEnvelope = (text: string): { sender: string | null; recipient: string | null; sasl: string | null } => {
  const envelope = text.slice(0, ENVELOPE_MAX);
  const sender = SENDER.exec(envelope);
  const rest = sender === null ? envelope : envelope.slice(sender[0].length);
  const recipient = RECIPIENT.exec(rest);
  const sasl = SASL_NAME.exec(rest);
  return { sender: sender?.[1] ?? null, recipient: recipient?.[1] ?? null, sasl: sasl?.[1] ?? sasl?.[2] ?? null };
};

/** Position of `; from=<`, the last one: the text before it is the server's, and may hold anything. */
const envelopeStart = (text: string): number => {
  const at = text.lastIndexOf('; from=<');
  return at === -1 ? text.search(/; (?:to=<|proto=|helo=<)/) : at;
};

type Action = 'reject' | 'hold' | 'discard';
const ACTIONS: Readonly<Record<string, Action>> = {
  reject: 'reject',
  'milter-reject': 'reject',
  'proxy-reject': 'reject',
  // The server hangs up without a reply (access(5) HANGUP).
  hangup: 'reject',
  hold: 'hold',
  'milter-hold': 'hold',
  quarantine: 'hold',
  discard: 'discard',
  'milter-discard': 'discard',
};

/** `milter-header-reject`: header checks on what a milter added (cleanup_milter.c). */
const actionOf = (word: string): Action | undefined =>
  ACTIONS[/^milter-[a-z-]{2,20}-(reject|hold|discard)$/.exec(word)?.[1] ?? word];

type Parts = Readonly<{
  stage: RejectStage;
  client: Client | null;
  sender: string | null;
  recipient: string | null;
  replyCode: number | null;
  dsn: string | null;
  text: string;
}>;

const codesOf = (text: string): Pick<Parts, 'replyCode' | 'dsn'> => {
  const match = /^(?:([1-5]\d\d) )?([1-5]\.\d{1,3}\.\d{1,3})?(?![.\d])/.exec(text);
  return { replyCode: match?.[1] === undefined ? null : Number(match[1]), dsn: match?.[2] ?? null };
};

/** `STAGE from client: reply; from=<> to=<> …` (smtpd_check.c log_whatsup, milter8.c, smtpd_proxy.c). */
const parseCommandForm = (text: string): Parts | null => {
  const match = /^([A-Z][A-Z-]{2,20}) from (\S{1,600}?): /.exec(text);
  const bare = match === null ? /^([A-Z][A-Z-]{2,20}): /.exec(text) : null;
  const head = match ?? bare;
  if (head === null) return null;
  const rest = text.slice(head[0].length);
  const at = envelopeStart(rest);
  const said = at === -1 ? rest : rest.slice(0, at);
  const envelope = parseEnvelope(at === -1 ? '' : rest.slice(at + 2));
  const client = match === null ? null : parseClient(match[2]!);
  return {
    stage: STAGES[head[1]!] ?? 'UNKNOWN',
    client: client === null ? null : { ...client, sasl: envelope.sasl },
    sender: envelope.sender,
    recipient: envelope.recipient,
    ...codesOf(said),
    text: said,
  };
};

/** `header Subject: … from client; from=<> to=<> proto= helo=<>: 5.7.1 text` (cleanup_message.c cleanup_act). */
const parseContentForm = (text: string): Parts | null => {
  if (!/^(?:header|body|mime-header|nested-header|mime-error|content) /.test(text)) return null;
  const at = text.lastIndexOf('; from=<');
  const head = at === -1 ? text : text.slice(0, at);
  const tail = at === -1 ? '' : text.slice(at + 2);
  const said = /(?:helo=<[^<>]*>|proto=\S{1,40}|from=<[^<>]*>|to=<[^<>]*>): ([\s\S]*)$/.exec(tail)?.[1] ?? '';
  const envelope = parseEnvelope(tail.slice(0, tail.length - said.length).replace(/: $/, ''));
  const client = / from (\S{1,600})$/.exec(head)?.[1];
  const parsed = client === undefined ? null : parseClient(client);
  return {
    stage: 'DATA',
    client: parsed === null ? null : { ...parsed, sasl: envelope.sasl },
    sender: envelope.sender,
    recipient: envelope.recipient,
    ...codesOf(said),
    text: said === '' ? head.slice(0, 300) : `${head.slice(0, 300)}: ${said}`,
  };
};

const eventsOf = (action: Action, id: QueueId | null, parts: Parts): MtaEvent | null => {
  const { stage, client, sender, recipient, replyCode, dsn, text } = parts;
  const mta = 'postfix';
  if (action === 'reject') {
    return { kind: 'reject', mta, queueId: id, client, sender, recipient, replyCode, dsn, stage, text, count: 1 };
  }
  if (id === null) {
    return client === null ? null : { kind: 'session-action', mta, action, client, sender, recipient, reason: text };
  }
  return action === 'hold'
    ? { kind: 'held', mta, queueId: id, reason: text, sender, recipient }
    : { kind: 'discarded', mta, queueId: id, reason: text, sender, recipient };
};

/**
 * `[NOQUEUE: ]ACTION: …`, where ACTION is reject, milter-reject, proxy-reject, hold, milter-hold, discard or milter-discard.
 * @param id the queue ID in front of the text, already taken off; null when there was none
 * @returns null when the text is no such action.
 */
export const parseSmtpdAction = (text: string, id: QueueId | null): MtaEvent | null => {
  const plain = text.startsWith('NOQUEUE: ') ? text.slice('NOQUEUE: '.length) : text;
  const word = /^([a-z][a-z_-]{3,40}): /.exec(plain)?.[1];
  const action = word === undefined ? undefined : actionOf(word);
  if (word === undefined || action === undefined) return null;
  const rest = plain.slice(word.length + 2);
  const parts = parseCommandForm(rest) ?? parseContentForm(rest);
  return parts === null ? null : eventsOf(action, id, parts);
};
