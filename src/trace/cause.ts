/** Why something failed, so that equal causes are equal texts: where, which class of status, and the reason in bare words. */
import type { Relay } from '../domain/event.js';
import { findEnhancedStatus } from '../domain/status-code.js';
import type { AlertKind, Cause } from '../domain/subscription.js';

/** What a cause is made of. */
export type Failure = Readonly<{
  host: string;
  relay: Relay | null;
  sender: string | null;
  recipient: string | null;
  originalRecipient: string | null;
  dsn: string | null;
  replyCode: number | null;
  response: string | null;
  delaysMs: readonly number[] | null;
}>;

/** Remote texts may be long (Postfix cuts at 2,048); what tells causes apart stands at their beginning. */
const TEXT_MAX = 1000;
const REASON_MAX = 160;

const MONTH = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}';
const DAY = '(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}';

/** What differs between equal failures, besides the words that `isTelling` sorts out. */
const VARYING: readonly RegExp[] = [
  // Postfix smtp_proto.c: who said it is the relay, in reply to what changes nothing.
  /^host \S{1,300} (?=refused to talk to me)/,
  /^host \S{1,300} said:/,
  /\(in reply to [^()]{1,40}\)/g,
  /\b(?:https?|ftp):\/\/\S+/gi,
  /<[^<>]*>/g,
  /[^\s<>"'(),;:]{1,320}@[^\s<>"'(),;:]{1,255}/g,
  // mx.x.example[192.0.2.1]:25
  /[\w.-]{1,255}\[[\da-f.:]{2,45}\](?::\d{1,5})?/gi,
  /\b(?:[\da-f]{0,4}:){2,7}[\da-f]{0,4}/gi,
  new RegExp(`\\b(?:${DAY},?\\s+)?\\d{1,2}[ -]${MONTH}[ -]\\d{2,4}`, 'gi'),
  new RegExp(`\\b(?:${DAY},?\\s+)?${MONTH}\\s+\\d{1,2}\\b(?:,?\\s+\\d{4})?`, 'gi'),
  /\b\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?\s?(?:[ap]m\b|utc\b|gmt\b|z\b)?/gi,
  // `in 1 minute`, `in 5 minutes`; `10 MB`, `1 byte`.
  /\b\d[\d.,]*\s?(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|hours?|days?|[kmgt]i?b|bytes?)\b/gi,
];

/** Local parts that servers also use as words of their answers. */
const WORDS: ReadonlySet<string> = new Set(
  (
    'user users mail mailbox mailboxes recipient recipients address account sender host server service domain message messages ' +
    'delivery spam abuse admin postmaster unknown invalid rejected blocked access denied policy quota full system error test ' +
    'support help contact info security virus local relay name list group client connection not the for and from does exist'
  ).split(' '),
);

/** Queue IDs and tokens without a figure: upper and lower case by chance. */
const isRandom = (word: string): boolean => {
  if (word.length < 10) return false;
  let changes = 0;
  for (let index = 1; index < word.length; index++) {
    const [a, b] = [word[index - 1]!, word[index]!];
    if ((a === a.toLowerCase()) !== (b === b.toLowerCase())) changes += 1;
  }
  return changes >= 4;
};

/** Names of the parties; a local part that is a common word would take the word out of the reason. */
const namesOf = (addresses: readonly (string | null)[]): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const address of addresses) {
    const at = address?.lastIndexOf('@') ?? -1;
    if (address == null || at < 0) continue;
    const local = address.slice(0, at).toLowerCase();
    for (const name of [local, local.split('+', 1)[0] ?? '']) if (name.length > 1 && !WORDS.has(name)) names.add(name);
    names.add(
      address
        .slice(at + 1)
        .toLowerCase()
        .replace(/\.$/, ''),
    );
  }
  return names;
};

/**
 * The response in bare words: lower case, without addresses, names of the parties, hosts with their address, ids, numbers,
 * times and links. Names alone stay: they tell block lists apart.
 * @param addresses of the parties
 */
export const normaliseReason = (response: string, addresses: readonly (string | null)[]): string => {
  const plain = VARYING.reduce((text, pattern) => text.replace(pattern, ' '), response.slice(0, TEXT_MAX));
  const names = namesOf(addresses);
  const isTelling = (word: string): boolean =>
    word.length > 1 && !/\p{N}/u.test(word) && !isRandom(word) && !names.has(word.toLowerCase());
  return plain
    .split(/[^\p{L}\p{N}._+-]+/u)
    .map((word) => word.replace(/^[._+-]+|[._+-]+$/g, ''))
    .filter(isTelling)
    .join(' ')
    .toLowerCase()
    .slice(0, REASON_MAX)
    .trim();
};

/** `5.1`; else the first digit of the reply code; `-` without. */
const dsnClassOf = ({ dsn, replyCode, response }: Failure): string => {
  const inText = dsn === null && response !== null ? findEnhancedStatus(response) : undefined;
  const code = dsn ?? (inText === undefined ? null : `${inText.class}.${inText.subject}`);
  if (code !== null) return code.split('.').slice(0, 2).join('.');
  return replyCode === null ? '-' : String(replyCode).charAt(0);
};

const domainOf = (address: string | null): string | null => {
  const at = address?.lastIndexOf('@') ?? -1;
  return address === null || at < 0 ? null : address.slice(at + 1).toLowerCase();
};

/** Postfix log_adhoc.c: before the queue manager, in the queue, setting up the connection, sending. */
const DELAY_PARTS = ['before the queue', 'in the queue', 'while connecting', 'while sending'] as const;

const slowReason = (delaysMs: readonly number[] | null): string => {
  if (delaysMs === null || delaysMs.length === 0) return 'slow delivery';
  const part = DELAY_PARTS[delaysMs.indexOf(Math.max(...delaysMs))];
  return part === undefined ? 'slow delivery' : `slow ${part}`;
};

/** A failure that names no reason is at least of its kind. */
const BARE: Readonly<Record<AlertKind, string>> = {
  bounced: 'no reason given',
  deferred: 'no reason given',
  expired: 'expired in the queue',
  rejected: 'no reason given',
  slow: 'slow delivery',
  loop: 'mail goes round',
};

export const causeOf = (failure: Failure, kind: AlertKind): Cause => {
  const { host, relay, sender, recipient, originalRecipient, response, delaysMs } = failure;
  const at = (relay?.host ?? relay?.ip)?.toLowerCase() ?? domainOf(recipient) ?? host;
  if (kind === 'slow') return { at, dsnClass: '-', reason: slowReason(delaysMs) };
  const reason = normaliseReason(response ?? '', [sender, recipient, originalRecipient]);
  return { at, dsnClass: dsnClassOf(failure), reason: reason || BARE[kind] };
};
