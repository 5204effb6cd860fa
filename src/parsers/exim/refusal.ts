/** What Exim refused, without and with a queue ID (smtp_in.c smtp_handle_acl_fail, receive.c, verify.c, daemon.c). */
import type { Client, MtaEvent, RejectEvent, RejectStage } from '../../domain/event.js';
import type { QueueId } from '../../domain/ids.js';
import { endOfQuoted } from './arrival.js';
import { parseBareClient, parseClient } from './peer.js';

type Refusal = Pick<RejectEvent, 'client' | 'sender' | 'recipient' | 'stage' | 'text'>;

const NO_ONE = { client: null, sender: null, recipient: null } as const;

/** Exim logs the reason of an ACL, and seldom a code. */
const codesOf = (reason: string): Pick<RejectEvent, 'replyCode' | 'dsn'> => {
  const match = /^(?:([45]\d\d)(?: |-|$))?(?:([45]\.\d{1,3}\.\d{1,3})(?![.\d]))?/.exec(reason);
  return { replyCode: match?.[1] === undefined ? null : Number(match[1]), dsn: match?.[2] ?? null };
};

const reject = (queueId: QueueId | null, refusal: Refusal, reason: string): MtaEvent => ({
  kind: 'reject',
  mta: 'exim',
  queueId,
  ...refusal,
  ...codesOf(reason),
  count: 1,
});

/** Names of the ACLs, by the command they check (acl.c acl_wherenames). */
const STAGES: readonly (readonly [RegExp, RejectStage])[] = [
  [/^(?:connection|in "connect" ACL)/, 'CONNECT'],
  [/^(?:EHLO|HELO)/, 'HELO'],
  [/^AUTH/, 'AUTH'],
  [/^MAIL/, 'MAIL'],
  [/^RCPT/, 'RCPT'],
  [/^(?:DATA|after DATA|during MIME|DKIM|PRDR|MIME|by local_scan|by non-SMTP|from <)/, 'DATA'],
  [/^(?:VRFY|EXPN)/, 'VRFY'],
  [/^ETRN/, 'ETRN'],
];

const stageOf = (what: string): RejectStage => STAGES.find(([pattern]) => pattern.test(what))?.[1] ?? 'UNKNOWN';

/** The place behind `>` of an address whose `<` is at `at`; -1 when it is never closed. */
const endOfAddress = (text: string, at: number): number =>
  text.indexOf('>', at + 1 + endOfQuoted(text.slice(at + 1))) + 1 || -1;

/** The first `<…>` behind `mark`, which ends with `<`. */
const addressBehind = (text: string, mark: string): { address: string | null; end: number } => {
  const at = text.indexOf(mark);
  const end = at === -1 ? -1 : endOfAddress(text, at + mark.length - 1);
  return end === -1 ? { address: null, end: 0 } : { address: text.slice(at + mark.length, end - 1), end };
};

const WHAT =
  '(?:connection|in "connect"|EHLO|HELO|AUTH|MAIL|RCPT|DATA|after DATA|during MIME|DKIM|PRDR|MIME|by local_scan|by non-SMTP|VRFY|EXPN|ETRN|STARTTLS|from <)';
const VERDICT = new RegExp(`(?:^| )(?:temporarily )?rejected (?=${WHAT})`);

/**
 * `H=… X=… F=<…> A=… temporarily rejected RCPT <…>: reason`, `rejected EHLO from H=…: reason`, `rejected from <…> H=…: message too
 * big`. A sender in quotes may hold the words as well: the verdict stands behind it.
 */
const parseAcl = (queueId: QueueId | null, text: string): MtaEvent | null => {
  const { address: sender, end } = addressBehind(` ${text}`, ' F=<');
  const start = Math.max(0, end - 1);
  const match = VERDICT.exec(text.slice(start));
  if (match === null) return null;
  const at = start + match.index;
  const verdict = text.slice(at).trim();
  const what = text.slice(at + match[0].length);
  const stage = stageOf(what);
  const { address, end: behind } = addressBehind(what, '<');
  const colon = what.indexOf(': ', behind);
  const peer = / from (.*)$/s.exec(` ${what}`)?.[1];
  const client =
    parseClient(text.slice(0, at)) ?? parseClient(what) ?? (peer === undefined ? null : parseBareClient(peer));
  const isOfSender = stage === 'MAIL' || what.startsWith('from <');
  return reject(
    queueId,
    {
      client,
      sender: sender ?? (isOfSender ? address : null),
      recipient: stage === 'RCPT' ? address : null,
      stage,
      text: verdict,
    },
    colon === -1 ? '' : what.slice(colon + 2),
  );
};

/** `plain authenticator failed for (helo) [192.0.2.1]: 535 Incorrect authentication data (set_id=ann)`. */
const parseAuthFailure = (text: string): MtaEvent | null => {
  const match = /^\S{1,80} authenticator failed for (.{1,400}?): (\d{3} .*)$/s.exec(text);
  const client = match === null ? null : parseBareClient(match[1]!.replace(/^H=/, ''));
  if (match === null || client === null) return null;
  const sasl = /\(set_id=([^()]{1,320})\)\s*$/.exec(match[2]!)?.[1] ?? null;
  return reject(null, { ...NO_ONE, client: { ...client, sasl }, stage: 'AUTH', text: match[2]! }, match[2]!);
};

/** `unqualified recipient rejected: <x> H=…`, `too many recipients: message rejected: sender=<a> H=…`. */
const parseOther = (text: string): MtaEvent | null => {
  const match =
    /^(?:unqualified (sender|recipient) rejected: <|too many recipients: (?:message|excess temporarily) rejected: (sender)=<)/.exec(
      text,
    );
  if (match === null) return null;
  const { address } = addressBehind(text, '<');
  const isRecipient = match[1] === 'recipient';
  return reject(
    null,
    {
      client: parseClient(text),
      sender: isRecipient ? null : address,
      recipient: isRecipient ? address : null,
      stage: match[1] === 'sender' ? 'MAIL' : 'RCPT',
      text,
    },
    '',
  );
};

/** Before any command: `Connection from [192.0.2.1] refused: too many connections`, `SMTP protocol synchronization error (…): rejected …`. */
const parseConnection = (text: string): MtaEvent | null => {
  const refused = /^Connection from (.{1,400}?) refused: (.*)$/s.exec(text);
  const early = /^SMTP protocol synchronization error .{1,200}?: rejected (?:connection from )?(.*)$/s.exec(text);
  const dropped = /^SMTP call from (.{1,400}) dropped: (.*)$/s.exec(text);
  const rest = refused?.[1] ?? early?.[1] ?? dropped?.[1];
  const client = rest === undefined ? null : (parseClient(rest) ?? parseBareClient(rest));
  return client === null ? null : reject(null, { ...NO_ONE, client, stage: refused ? 'CONNECT' : 'UNKNOWN', text }, '');
};

/** The client went away: `H=… incomplete transaction (connection lost) from <a@x> for b@y c@y` (smtp_in.c incomplete_transaction_log). */
const parseIncomplete = (text: string): readonly MtaEvent[] | null => {
  const match = /^(.{0,1000}?) ?incomplete transaction \((.{1,100}?)\)(?: from <)?/s.exec(text);
  if (match === null) return null;
  const { address: sender, end } = addressBehind(text, ' from <');
  const list = text.slice(end).startsWith(' for ')
    ? text
        .slice(end + ' for '.length)
        .trim()
        .split(/\s+/, 1000)
    : [];
  const recipients: readonly (string | null)[] = list.length === 0 ? [null] : list;
  const client: Client | null = parseClient(match[1]!);
  return recipients.map((recipient) => reject(null, { client, sender, recipient, stage: 'DATA', text }, ''));
};

const isConnectionLost = (text: string): boolean =>
  text.startsWith('SMTP connection lost after final dot') ||
  text === 'rescind the above message-accept' ||
  /^SMTP connection .{0,600} lost while reading message data/.test(text);

/**
 * @param queueId in front of the line; null when there was none
 * @returns null when the line refuses nothing
 */
export const parseRefusal = (queueId: QueueId | null, text: string): readonly MtaEvent[] | null => {
  if (queueId !== null && isConnectionLost(text)) {
    return [{ kind: 'aborted', mta: 'exim', queueId, stage: 'DATA', text, replyCode: null, dsn: null }];
  }
  const event =
    queueId === null
      ? (parseAuthFailure(text) ?? parseOther(text) ?? parseConnection(text) ?? parseAcl(queueId, text))
      : parseAcl(queueId, text);
  return event === null ? parseIncomplete(text) : [event];
};
