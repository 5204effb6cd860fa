/**
 * `/mailtrace <what> [when] [duration]`, `explain <code>`, `subscribe …`, `help` (CONTRACT §7): text of a person → command, or
 * what is wrong with it.
 */
import type { Keyword } from '../domain/keyword.js';
import type { TimeWindow } from '../domain/time-window.js';
import { MailtraceError } from '../errors.js';
import { isZone } from '../zone.js';
import { readWord, type Word } from './command-words.js';
import { DAY_MS, parseDuration } from './duration.js';
import {
  parseSubscription,
  parseUnsubscription,
  type SubscriptionRule,
  type Unsubscription,
} from './parse-subscription.js';
import { TIME_EXAMPLES } from './phrase-refusal.js';
import { excerpt, plainBlanks } from './plain-text.js';
import { unwrapSlackText } from './slack-text.js';
import { beginsTime, canOnlyBeTime, isClear } from './tell-apart.js';
import { parseTimePhrase } from './time-phrase.js';
import { parseKeyword } from './trace-query.js';

export type Command = Readonly<
  | { kind: 'trace'; keywords: readonly Keyword[]; window: TimeWindow; timeZone: string }
  /** `code` as typed: a reply code, an enhanced status code, both, or neither. */
  | { kind: 'explain'; code: string }
  | { kind: 'help' }
  | { kind: 'subscribe'; rule: SubscriptionRule }
  | { kind: 'unsubscribe'; what: Unsubscription }
  | { kind: 'subscriptions' }
  | { kind: 'mute'; forMs: number }
  | { kind: 'unmute' }
  | { kind: 'problem'; error: MailtraceError }
>;

/** `timeZone`: the asker's own. */
export type CommandContext = Readonly<{ nowMs: number; timeZone: string }>;

/** Slack cuts messages at 4,000 characters; no command needs as many. */
const MAX_LENGTH = 3000;
/** All must hold for one message; nobody knows that much about it. */
const MAX_KEYWORDS = 16;
const WHAT_HINT = 'Say what to find, then when: /mailtrace ann@x.example yesterday 10am 4h';

/** @throws always: MailtraceError. */
const refuse = (code: 'usage' | 'keyword' | 'config', problem: string, hint: string): never => {
  throw new MailtraceError(code, `${problem}.`, `${hint}.`);
};

/** Words that are no keyword at the beginning of a command. Quoted they are. */
const readSubcommand = (word: string, rest: string): Command | null => {
  switch (word) {
    case 'help':
      return rest === '' ? { kind: 'help' } : refuseRest(word, rest);
    case 'explain':
      if (rest === '') return refuse('usage', 'There is no code to explain', 'Write for example: explain 5.1.1');
      return { kind: 'explain', code: rest };
    case 'subscribe':
      // As GitHub's app has it.
      return rest.toLowerCase() === 'list' ? { kind: 'subscriptions' } : { kind: word, rule: parseSubscription(rest) };
    case 'unsubscribe':
      return { kind: word, what: parseUnsubscription(rest) };
    case 'subscriptions':
    case 'unmute':
      return rest === '' ? { kind: word } : refuseRest(word, rest);
    case 'mute':
      return { kind: word, forMs: readMute(rest) };
    default:
      return null;
  }
};

const MUTE_LEAST_MS = 60_000;
const MUTE_MOST_MS = 7 * DAY_MS;

const readMute = (rest: string): number => {
  const hint = 'Write how long, from 1m to 7d: /mailtrace mute 1h';
  if (rest === '') refuse('usage', 'A mute ends by itself, so it needs a time', hint);
  const ms = parseDuration(rest.replace(/^for /i, ''));
  return ms < MUTE_LEAST_MS || ms > MUTE_MOST_MS ? refuse('usage', `"${excerpt(rest)}" is out of range`, hint) : ms;
};

const refuseRest = (word: string, rest: string): never =>
  refuse(
    'usage',
    `"${excerpt(rest)}" after ${word} is not understood`,
    `Write /mailtrace ${word} alone. To find the word itself, quote it: "${word}"`,
  );

/**
 * Reads the text after `/mailtrace`, as Slack sends it. Nothing is skipped: what is neither a keyword nor a time is a problem.
 * Every failure comes back as `problem`; nothing is thrown.
 */
export const parseCommand = (text: string, context: CommandContext): Command => {
  try {
    return readCommand(text, context);
  } catch (error) {
    if (!(error instanceof MailtraceError)) throw error;
    return { kind: 'problem', error };
  }
};

const readCommand = (text: string, context: CommandContext): Command => {
  if (text.length > MAX_LENGTH) {
    refuse('usage', `The command has ${text.length} characters`, `Use at most ${MAX_LENGTH}`);
  }
  const line = plainBlanks(unwrapSlackText(text)).trim();
  if (line === '' || /^(?:-h|--help|\?)$/.test(line)) return { kind: 'help' };
  const [first = ''] = line.split(' ', 1);
  return readSubcommand(first.toLowerCase(), line.slice(first.length).trim()) ?? readTrace(line, context);
};

const readTrace = (line: string, context: CommandContext): Command => {
  const { timeZone } = context;
  if (!isZone(timeZone)) {
    refuse(
      'config',
      `The time zone "${excerpt(timeZone)}" is not known here`,
      'Set another one in your Slack profile, or time_zone in the configuration',
    );
  }
  const keywords: Keyword[] = [];
  let at = 0;
  for (let word = readWord(line, at); word !== null; word = readWord(line, at)) {
    if (keywords.length === 0) refuseTimeFirst(word, line, context);
    else if (!word.isSure && beginsTime(word.text)) break;
    else if (!word.isSure && !isClear(word.text)) refuseUnclear(line.slice(word.start));
    keywords.push(readKeyword(word));
    at = word.end;
    if (keywords.length > MAX_KEYWORDS) {
      refuse(
        'keyword',
        `There are more than ${MAX_KEYWORDS} keywords`,
        'All of them must hold for one message: use fewer',
      );
    }
  }
  if (keywords.length === 0) refuse('keyword', `"${excerpt(line)}" names nothing to find`, WHAT_HINT);
  const phrase = line.slice(at).replace(/^[\s,;]+/, '');
  return { kind: 'trace', keywords, window: readWindow(phrase, context), timeZone };
};

const readKeyword = ({ text, isSure }: Word): Keyword => {
  if (!isSure && /^(?:https?|ftp):\/\//i.test(text)) {
    refuse(
      'keyword',
      `"${excerpt(text)}" is a link, and nothing that logs hold`,
      'Write the host name alone, or text:"…" to find the link in a line',
    );
  }
  const keyword = parseKeyword(text);
  if ((keyword.kind === 'word' || keyword.kind === 'domain-or-host') && keyword.text.includes(' ')) {
    refuse(
      'keyword',
      `"${excerpt(keyword.text)}" holds blanks, so it is no address, name or ID`,
      'To find it in a line write text:"…"; a time stands without quotes',
    );
  }
  return keyword;
};

const refuseUnclear = (rest: string): never =>
  refuse(
    'keyword',
    `"${excerpt(rest)}" is not understood: it is no time, and not clearly something to find`,
    `For a time write ${TIME_EXAMPLES.slice(0, 4).join(' · ')}. To find the word itself, quote it: "${excerpt(rest).split(' ')[0]}"`,
  );

/** The first word is what to find, unless it can only be a time. */
const refuseTimeFirst = (word: Word, line: string, context: CommandContext): void => {
  if (word.isSure) return;
  if (!canOnlyBeTime(word.text) && !isPhrase(line, context)) return;
  const parties = partiesOf(line);
  if (parties !== null) refuse('keyword', 'A sender or recipient takes a colon', `Write ${parties}`);
  refuse(
    'keyword',
    `"${excerpt(line)}" begins with a time and names nothing to find before it`,
    `${WHAT_HINT}. To find the word itself, quote it: "${excerpt(word.text)}"`,
  );
};

const isPhrase = (line: string, context: CommandContext): boolean => {
  try {
    parseTimePhrase(line, context);
    return true;
  } catch (error) {
    if (error instanceof MailtraceError) return false;
    throw error;
  }
};

/** `from ann@x.example to bob@y.example` → the same with colons; null when it is something else. */
const partiesOf = (phrase: string): string | null => {
  const parties = [...phrase.matchAll(/(?<!\S)(from|to) <?([^\s<>]+@[^\s<>]+)>?/gi)];
  return parties.length === 0
    ? null
    : parties.map(([, side = '', address = '']) => `${side.toLowerCase()}:${excerpt(address)}`).join(' ');
};

const readWindow = (phrase: string, context: CommandContext): TimeWindow => {
  try {
    return parseTimePhrase(phrase, context);
  } catch (error) {
    if (!(error instanceof MailtraceError)) throw error;
    throw advise(error, phrase);
  }
};

/** A time with something to find in it: says which of the two is out of place. */
const advise = (error: MailtraceError, phrase: string): MailtraceError => {
  const parties = partiesOf(phrase);
  const hint = parties === null ? `What to find comes first, the time last. ${error.hint}` : `Write ${parties}.`;
  const isTimeAlone = !/@|(?<!\S)(?:from|to|id|qid|client|sasl|text):/i.test(phrase);
  return isTimeAlone ? error : new MailtraceError(error.code, error.message, hint, { cause: error });
};
