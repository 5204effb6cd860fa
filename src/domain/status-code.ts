/** Enhanced status codes (RFC 3463) and SMTP reply codes (RFC 5321), and what they mean for a person. */
import { addressingCodes } from './status-codes/addressing.js';
import { authenticationResultCodes } from './status-codes/authentication-results.js';
import { replyPairs } from './status-codes/code-pairs.js';
import type { StatusEntries, StatusEntry } from './status-codes/entry.js';
import { mailboxAndSystemCodes } from './status-codes/mailbox-and-system.js';
import { protocolAndMediaCodes } from './status-codes/protocol-and-media.js';
import { providerCodes } from './status-codes/provider-codes.js';
import { positiveAndTransientReplies } from './status-codes/reply-codes.js';
import { permanentReplies } from './status-codes/reply-codes-permanent.js';
import { policyTexts } from './status-codes/response-texts.js';
import { technicalTexts } from './status-codes/response-texts-technical.js';
import { routingCodes } from './status-codes/routing.js';
import { securityCodes } from './status-codes/security.js';
import { classEffects, replyKinds, subjectEntries } from './status-codes/structure.js';
import { successCodes } from './status-codes/success.js';

/** RFC 3463 §2. `subject` and `detail`: 0 to 999. */
export type EnhancedStatus = Readonly<{ class: 2 | 4 | 5; subject: number; detail: number }>;

export type Explanation = StatusEntry &
  Readonly<{
    /** As read: `550 5.1.1`, `5.1.1` or `550`. */
    code: string;
    /** What the class means for the message: delivered, tried again, or returned. */
    effect: string;
    /** False when no RFC and no registry names the code; it is then explained by its parts. */
    isRegistered: boolean;
  }>;

/** Every registered enhanced status code (`X.y.z`, IANA "Enumerated Status Codes") and every class-specific entry. */
export const enhancedStatusEntries: StatusEntries = {
  ...addressingCodes,
  ...mailboxAndSystemCodes,
  ...routingCodes,
  ...protocolAndMediaCodes,
  ...securityCodes,
  ...authenticationResultCodes,
  ...successCodes,
};

/** Every reply code that an RFC or the IANA registry names. */
export const replyCodeEntries: StatusEntries = { ...positiveAndTransientReplies, ...permanentReplies };

const NUMBER = '(?:0|[1-9][0-9]{0,2})';
const STATUS = `([245])\\.(${NUMBER})\\.(${NUMBER})`;
const AT_START = new RegExp(`^${STATUS}(?![0-9.])`);
const ANYWHERE = new RegExp(`(?<![0-9.])${STATUS}(?![0-9]|\\.[0-9])`);
/** Reply code, status code and response text, in any of the forms people write: `550`, `550 5.1.1`, `454/4.7.1`, `550-5.1.1 text`. */
const CODE = new RegExp(
  `^(?:([2-5][0-9]{2})(?:[\\s/,-]+|$))?(?:#?(${NUMBER}\\.${NUMBER}\\.${NUMBER})(?![0-9.]))?(.*)$`,
  's',
);
/** Longest response that is looked at: Postfix cuts its own at 2,048 (var_line_limit). */
const RESPONSE_MAX = 2048;

const statusOf = (match: RegExpExecArray | null): EnhancedStatus | undefined => {
  if (match === null) return undefined;
  const [, first, subject, detail] = match;
  return { class: first === '2' ? 2 : first === '4' ? 4 : 5, subject: Number(subject), detail: Number(detail) };
};

/**
 * Reads the status code at the start of `text` (RFC 3463 §2: no leading zeros, at most three digits each).
 * @returns `undefined` when there is none; leading blanks are not skipped.
 * @example parseEnhancedStatus('5.1.1 User unknown') // { class: 5, subject: 1, detail: 1 }
 */
export const parseEnhancedStatus = (text: string): EnhancedStatus | undefined => statusOf(AT_START.exec(text));

/**
 * Finds the first status code in `text`, e.g. in a remote response; parts of version numbers and IP addresses are none.
 * @example findEnhancedStatus('host mx[192.0.2.1] said: 550 5.1.1 <a@b.example>: User unknown')
 */
export const findEnhancedStatus = (text: string): EnhancedStatus | undefined =>
  statusOf(ANYWHERE.exec(text.slice(0, RESPONSE_MAX)));

const formatEnhancedStatus = ({ class: first, subject, detail }: EnhancedStatus): string =>
  `${first}.${subject}.${detail}`;

type Entry = StatusEntry & Readonly<{ isRegistered: boolean }>;

/** Class 2 with a detail made for failures, e.g. `2.2.2`. */
const acceptedEntry = ({ title, source }: StatusEntry): Entry => ({
  title: `Accepted: ${title}`,
  meaning: `The server accepted; the detail it gives stands for “${title}”.`,
  cause: 'Success with a remark. The detail is mostly seen with failures; here it does not stop the message.',
  lookNext: 'Read the response text, then follow the queue ID it names on the next host.',
  source,
  isRegistered: true,
});

const unregisteredEntry = (status: EnhancedStatus): Entry => {
  const code = formatEnhancedStatus(status);
  const base = { source: 'RFC 3463 (structure only)', isRegistered: false };
  const provider = providerCodes.find(
    ({ classes, subject, from, to }) =>
      classes.includes(String(status.class)) &&
      subject === status.subject &&
      from <= status.detail &&
      status.detail <= to,
  );
  if (provider !== undefined) {
    const { title, cause, lookNext } = provider;
    return {
      ...base,
      title,
      meaning: `${code} is not registered with IANA; it is a number of ${provider.provider}.`,
      cause,
      lookNext,
    };
  }
  const subject = subjectEntries[String(status.subject)];
  const about = subject === undefined ? 'RFC 3463 does not define its subject' : `its subject is “${subject.title}”`;
  return {
    ...base,
    title: subject === undefined ? 'Unregistered status code' : `Unregistered detail: ${subject.title}`,
    meaning: `${code} is not registered with IANA: ${about}, and the detail ${status.detail} is the server's own.`,
    cause:
      subject?.cause ?? 'Only the software or provider that answered knows; large providers use numbers of their own.',
    lookNext: subject?.lookNext ?? 'Go by the text of the response and the first digit of the code.',
  };
};

const statusEntry = (status: EnhancedStatus): Entry => {
  const registered = enhancedStatusEntries[`X.${status.subject}.${status.detail}`];
  const exact = enhancedStatusEntries[formatEnhancedStatus(status)];
  if (exact !== undefined) return { ...exact, isRegistered: true };
  if (registered === undefined) return unregisteredEntry(status);
  return status.class === 2 ? acceptedEntry(registered) : { ...registered, isRegistered: true };
};

const replyEntry = (reply: string): Entry => {
  const entry = replyCodeEntries[reply];
  if (entry !== undefined) return { ...entry, isRegistered: true };
  return {
    title: 'Unregistered reply code',
    meaning: `${reply} is not defined by any RFC: only its first digit is sure, and its second ${replyKinds[reply.charAt(1)] ?? 'has no meaning in RFC 5321'}.`,
    cause: 'The software or provider that answered uses a reply code of its own.',
    lookNext: 'Go by the text of the response and the enhanced status code in it.',
    source: 'RFC 5321 §4.2.1 (structure only)',
    isRegistered: false,
  };
};

/** Details of X.7 that servers give for many reasons, or that Gmail gives another meaning than IANA (23, 27 to 30). */
const MANY_REASONS: ReadonlySet<number> = new Set([0, 1, 23, 27, 28, 29, 30]);

/** True when the words of the response say more than the code: vague, unregistered or overloaded codes. */
const isAmbiguous = (status: EnhancedStatus | undefined, entry: Entry | undefined): boolean => {
  if (status === undefined || status.detail === 0 || entry?.isRegistered !== true) return true;
  return status.subject === 7 && MANY_REASONS.has(status.detail);
};

/** Addresses and host names are not the server's words: `<spam@x.example>: User unknown` is no spam. */
const wordsOf = (response: string): string =>
  response
    .slice(0, RESPONSE_MAX)
    .replace(/^host \S{1,300} (?:said|refused to talk to me):/, ' ')
    .replace(/<[^<>]*>/g, ' ')
    .replace(/[^\s@]{1,300}@\S{1,300}/g, ' ');

const ruleFor = (classDigit: string, response: string): Omit<StatusEntry, 'source'> | undefined => {
  const words = wordsOf(response);
  return [...policyTexts, ...technicalTexts].find(
    ({ classes, pattern }) => classes.includes(classDigit) && pattern.test(words),
  )?.entry;
};

const effectOf = (classDigit: string, status: EnhancedStatus | undefined): string => {
  const effect = classEffects[classDigit] ?? '';
  if (status === undefined || String(status.class) === classDigit) return effect;
  // RFC 2034 §4 wants both to have the same class; clients act on the reply code.
  return `${effect} The two codes contradict each other here: servers act on the reply code.`;
};

type CodeParts = Readonly<{ reply: string | undefined; status: EnhancedStatus | undefined; text: string }>;

const readCode = (code: string): CodeParts | null => {
  const [, reply, dotted, text = ''] = CODE.exec(code.trim().slice(0, RESPONSE_MAX)) ?? [];
  const status = dotted === undefined ? undefined : parseEnhancedStatus(dotted);
  if (dotted !== undefined ? status === undefined : reply === undefined) return null;
  // `5.1.1x` is no code: text after one begins with a separator.
  return text === '' || /^[\s:;,)\]>-]/.test(text) || dotted === undefined ? { reply, status, text } : null;
};

/**
 * Explains a reply code, an enhanced status code or both. The text after the code, or `response`, tells apart what one code
 * does not: `5.7.1` is relay denied, spam, or a sender that is not permitted.
 * @returns null when `code` does not begin with either.
 * @example explainCode('454/4.7.1', 'Relay access denied')?.title // 'Relay access denied'
 */
export const explainCode = (code: string, response = ''): Explanation | null => {
  const parts = readCode(code);
  if (parts === null) return null;
  const { reply, status } = parts;
  const fromReply = reply === undefined ? undefined : replyEntry(reply);
  const fromStatus = status === undefined ? undefined : statusEntry(status);
  // X.0.0 says nothing but its class: there the reply code says more.
  const isBare = status?.subject === 0 && status.detail === 0 && status.class !== 2;
  const base = isBare ? (fromReply ?? fromStatus) : (fromStatus ?? fromReply);
  if (base === undefined) return null;
  const dotted = status === undefined ? undefined : formatEnhancedStatus(status);
  const full = [reply, dotted].filter((part) => part !== undefined).join(' ');
  const classDigit = full.charAt(0);
  const byText = isAmbiguous(status, fromStatus) ? ruleFor(classDigit, `${response} ${parts.text}`) : undefined;
  return {
    ...base,
    ...replyPairs[full],
    ...byText,
    code: full,
    effect: effectOf(classDigit, status),
    isRegistered: base.isRegistered,
  };
};
