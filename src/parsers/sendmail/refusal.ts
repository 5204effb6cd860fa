/** How Sendmail refuses, holds or throws away: rulesets (parseaddr.c rscheck), milters (srvrsmtp.c), errors of the client (err.c). */
import type { Client, MtaEvent, RejectEvent, RejectStage } from '../../domain/event.js';
import type { QueueId } from '../../domain/ids.js';
import { bareAddress, parseClient } from './peer.js';

type Refusal = Omit<RejectEvent, 'kind' | 'mta' | 'queueId' | 'count' | 'replyCode' | 'dsn'>;

const NO_ONE = { client: null, sender: null, recipient: null } as const;

const codesOf = (text: string): Pick<RejectEvent, 'replyCode' | 'dsn'> => {
  const match = /^(?:([245]\d\d)(?: |-|$))?(?:([245]\.\d{1,3}\.\d{1,3})(?![.\d]))?/.exec(text);
  return { replyCode: match?.[1] === undefined ? null : Number(match[1]), dsn: match?.[2] ?? null };
};

const reject = (queueId: QueueId | null, refusal: Refusal): MtaEvent => ({
  kind: 'reject',
  mta: 'sendmail',
  queueId,
  ...refusal,
  ...codesOf(refusal.text),
  count: 1,
});

/** A filter or rule that took the whole message away. Without a queue ID there is no message yet. */
const takeAway = (queueId: QueueId | null, kind: 'held' | 'discarded', reason: string): MtaEvent | null =>
  queueId === null ? null : { kind, mta: 'sendmail', queueId, reason, sender: null, recipient: null };

/** Rulesets of the server, by the command they check (cf/README). Those of the client side say nothing about a client. */
const RULESET_STAGE: Readonly<Record<string, RejectStage>> = {
  check_relay: 'CONNECT',
  tls_client: 'MAIL',
  check_mail: 'MAIL',
  check_rcpt: 'RCPT',
  check_data: 'DATA',
  check_eoh: 'DATA',
  check_eom: 'DATA',
  check_vrfy: 'VRFY',
  check_expn: 'VRFY',
  check_etrn: 'ETRN',
};
const OF_THE_CLIENT_SIDE = /^(?:check_compat|tls_(?:server|rcpt)|try_tls|authinfo|clt_features|queuegroup)$/;

/** Header checks have names of their own, and look at content. */
const stageOf = (ruleset: string): RejectStage => RULESET_STAGE[ruleset] ?? 'DATA';

const RULESET = /^ruleset=([A-Za-z][\w-]{0,60}), arg1=/;
const VERDICT = /, (?:(reject|quarantine)=|discard$)/g;

/** The argument comes from the client and may hold a verdict of its own: an address ends at its bracket, the relay stands behind it. */
const verdictOf = (text: string): { at: number; word: string; reason: string } | null => {
  const end = text.startsWith('<') ? text.indexOf('>, ') : -1;
  const found = [...text.matchAll(VERDICT)].filter(({ index }) => index >= end).slice(0, 50);
  const isBehindRelay = (at: number): boolean => /, relay=[^,]*$/.test(text.slice(Math.max(0, at - 400), at));
  const match = found.find(({ index }) => isBehindRelay(index)) ?? found[0];
  if (match === undefined) return null;
  return { at: match.index, word: match[1] ?? 'discard', reason: text.slice(match.index + match[0].length) };
};

const argumentsOf = (text: string): { first: string; relay: Client | null } => {
  const relayAt = text.lastIndexOf(', relay=');
  const relay = relayAt === -1 ? null : parseClient(text.slice(relayAt + ', relay='.length));
  const before = relayAt === -1 ? text : text.slice(0, relayAt);
  const secondAt = before.lastIndexOf(', arg2=');
  return { first: secondAt === -1 ? before : before.slice(0, secondAt), relay };
};

/**
 * `ruleset=check_rcpt, arg1=<x@y>, relay=host [address], reject=550 5.7.1 …`; also `quarantine=…` and `discard`.
 * @returns undefined when the line is none; null when it is one that refuses nothing.
 */
export const parseRuleset = (queueId: QueueId | null, text: string): MtaEvent | null | undefined => {
  const match = RULESET.exec(text);
  if (match === null) return undefined;
  const ruleset = match[1]!;
  const rest = text.slice(match[0].length);
  const verdict = verdictOf(rest);
  if (verdict === null || OF_THE_CLIENT_SIDE.test(ruleset)) return null;
  if (verdict.word !== 'reject') {
    return takeAway(queueId, verdict.word === 'discard' ? 'discarded' : 'held', verdict.reason || `ruleset ${ruleset}`);
  }
  const { first, relay: client } = argumentsOf(rest.slice(0, verdict.at));
  const stage = stageOf(ruleset);
  return reject(queueId, {
    client,
    sender: stage === 'MAIL' ? bareAddress(first) : null,
    recipient: stage === 'RCPT' ? bareAddress(first) : null,
    stage,
    text: verdict.reason,
  });
};

/** srvrsmtp.c MILTER_REPLY and its kin: `Milter: to=<x>, reject=550 …`, `Milter: data, discard`, `Milter: connect: host=…, addr=…, reject=…`. */
const MILTER =
  /^Milter: (?:(to|from|helo)=([\s\S]*?)|(data|cmd=data)|connect: host=(.*?), addr=(\S{1,80}?)), (?:(?:reject|shutdown|temp failing commands)=([\s\S]*)|(discard|rejecting commands|temp failing commands|shutdown))$/;

const milterClient = (host: string | undefined, address: string | undefined): Client | null =>
  address === undefined ? null : { name: host === undefined || host === '' ? null : host, ip: address, sasl: null };

const MILTER_STAGE: Readonly<Record<string, RejectStage>> = { to: 'RCPT', from: 'MAIL', helo: 'HELO' };

export const parseMilter = (queueId: QueueId | null, text: string): MtaEvent | null => {
  const quarantine = /^milter=\S{1,80}, quarantine=([\s\S]*)$/.exec(text);
  if (quarantine !== null) return takeAway(queueId, 'held', quarantine[1]!);
  const match = MILTER.exec(text);
  if (match === null) return null;
  const [, command = '', argument = '', data, host, address, reply, verb = ''] = match;
  if (verb === 'discard') return takeAway(queueId, 'discarded', text);
  const stage = data === undefined ? (MILTER_STAGE[command] ?? 'CONNECT') : 'DATA';
  return reject(queueId, {
    client: milterClient(host, address),
    sender: command === 'from' ? bareAddress(argument) : null,
    recipient: command === 'to' ? bareAddress(argument) : null,
    stage,
    text: reply ?? verb,
  });
};

/** conf.c, parseaddr.c, srvrsmtp.c: what is said of a sender, not of a recipient. */
const ABOUT_SENDER =
  /^(?:Domain of sender |Domain name required for sender |Real domain name required |Sender |sender )/;

/** `<nosuch@x>... User unknown`: an error that the client of an open session was told (err.c usrerr; MAIL and RCPT only). */
export const parseUserError = (queueId: QueueId, text: string): MtaEvent | null => {
  // The words may be an administrator's own (`error:5.1.1:550 no such user here`).
  const match = /^(<[^<>]{0,400}>|[^\s<>,=]{1,400}(?=\.{3} [A-Z]))\.\.\. (\S[\s\S]*)$/.exec(text);
  if (match === null) return null;
  const address = bareAddress(match[1]!);
  const isSender = ABOUT_SENDER.test(match[2]!);
  const whom = isSender ? { sender: address } : { recipient: address };
  return reject(queueId, { ...NO_ONE, ...whom, stage: isSender ? 'MAIL' : 'RCPT', text });
};

/** srvrsmtp.c, collect.c, util.c: the session ended, or the message was refused, while it came in. */
const ENDED =
  /^(?:lost input channel from (.{1,400}) to \S{1,80} after \S+|timeout waiting for input from (.{1,400}) during (?:server cmd read|message collect)|collect: (?:premature EOM|relay=.{0,300}, status=(?:tempfail|reject)|.{1,100} on connection from)\b|message size \(\d{1,15}\) exceeds maximum|headers? (?:overflow|too large)\b.* during message collect|SYSERR\(.{1,80}?\): collect: )/;

export const parseEnded = (queueId: QueueId | null, text: string): MtaEvent | null => {
  if (queueId === null || !ENDED.test(text)) return null;
  return { kind: 'aborted', mta: 'sendmail', queueId, stage: 'DATA', text, replyCode: null, dsn: null };
};

/** `AUTH failure (LOGIN): authentication failure (-13) SASL(-13): …, user=x, relay=host [address]`. */
export const parseAuthFailure = (text: string): MtaEvent | null => {
  const match = /^AUTH failure \(([\w-]{1,40})\): [\s\S]*, relay=(.{1,400})$/.exec(text);
  const client = match === null ? null : parseClient(match[2]!);
  if (client === null) return null;
  const user = /, user=(.{1,128}?), relay=/.exec(text)?.[1] ?? null;
  return reject(null, { ...NO_ONE, client: { ...client, sasl: user }, stage: 'AUTH', text });
};
