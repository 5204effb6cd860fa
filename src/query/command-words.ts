/** Cuts a command into words: quotes, angle brackets and prefixes hold together. */
import { MailtraceError } from '../errors.js';
import { DOUBLE_QUOTES, excerpt, plainMarks } from './plain-text.js';

export type Word = Readonly<{
  /** For `parseKeyword`, without the quotes. */
  text: string;
  /** Said to be a keyword: quoted, in angle brackets, or with a prefix such as `from:`. */
  isSure: boolean;
  /** Where it begins and ends in the line. */
  start: number;
  end: number;
}>;

export type Value = Readonly<{ text: string; isSure: boolean; end: number }>;

const PREFIX = /(?:from|to|id|qid|client|sasl|text):/iy;
const QUOTED = new RegExp(`[${DOUBLE_QUOTES}]([^${DOUBLE_QUOTES}]*)[${DOUBLE_QUOTES}](?=[\\s,;]|$)`, 'uy');
/** `'` is a letter of names like o'brien, so it quotes only where it stands on both sides. */
const QUOTED_OTHERWISE = /(?:'([^']*)'|`([^`]*)`|[\u2018\u201a]([^\u2018\u2019]*)\u2019)(?=[\s,;]|$)/y;
const BRACKETED = /<[^>]*>(?=[\s,;]|$)/y;
/** RFC 5321 §4.1.2: a local part may be a quoted string. */
const QUOTED_LOCAL_PART = /"[^"]*"@\S+/y;
const BARE = /\S+/y;

const match = (pattern: RegExp, line: string, at: number): RegExpExecArray | null => {
  const sticky = new RegExp(pattern.source, pattern.flags);
  sticky.lastIndex = at;
  return sticky.exec(line);
};

export const readValue = (line: string, at: number): Value => {
  const quoted = match(QUOTED, line, at) ?? match(QUOTED_OTHERWISE, line, at);
  if (quoted !== null) {
    const text = quoted.slice(1).find((group) => group !== undefined) ?? '';
    return { text, isSure: true, end: at + quoted[0].length };
  }
  const whole = match(BRACKETED, line, at) ?? match(QUOTED_LOCAL_PART, line, at);
  if (whole !== null) return { text: plainMarks(whole[0]), isSure: true, end: at + whole[0].length };
  if (DOUBLE_QUOTES.includes(line[at]!)) {
    throw new MailtraceError(
      'keyword',
      `The quoted text ${excerpt(line.slice(at))} does not end, or something touches its end.`,
      'Close the quote, and leave a blank after it: text:"status=deferred (host" yesterday 10am',
    );
  }
  const text = match(BARE, line, at)![0];
  return { text: plainMarks(text), isSure: false, end: at + text.length };
};

const skipBlanks = (line: string, at: number): number => {
  let next = at;
  while (next < line.length && /[\s,;]/.test(line[next]!)) next++;
  return next;
};

/**
 * The word at or after `at`; commas and semicolons between words are skipped.
 * @param line blanks are spaces.
 * @returns null at the end.
 * @throws MailtraceError `keyword` for a quote that does not end.
 */
export const readWord = (line: string, at: number): Word | null => {
  const start = skipBlanks(line, at);
  if (start === line.length) return null;
  const prefix = match(PREFIX, line, start)?.[0];
  if (prefix === undefined) {
    const value = readValue(line, start);
    return { ...value, start, text: value.isSure ? value.text : value.text.replace(/[,;]+$/, '') };
  }
  let valueAt = start + prefix.length;
  while (line[valueAt] === ' ') valueAt++;
  // An empty value is for `parseKeyword` to refuse.
  if (valueAt === line.length) return { text: prefix, isSure: true, start, end: valueAt };
  const value = readValue(line, valueAt);
  const isLiteral = value.isSure || prefix.toLowerCase() === 'text:';
  return {
    text: prefix + (isLiteral ? value.text : value.text.replace(/[,;]+$/, '')),
    isSure: true,
    start,
    end: value.end,
  };
};
