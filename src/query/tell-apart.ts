/** Is a word of a command something to find, or does the time begin there? Where both could be, neither is assumed. */
import { parseNetwork } from '../domain/keyword.js';
import { MONTH_PATTERN, WEEKDAY_PATTERN } from './calendar-day.js';
import { DURATION_PATTERN } from './duration.js';

const TIME_WORDS = new RegExp(
  `^(?:${[
    'now|right|today|yesterday|tomorrow|tonight|ago|last|past|since|from|between|until|till|to|and|around|about|at|on',
    'in|within|during|over|for|before|after|by|this|next|the|an?|half|noon|midday|midnight|morning|afternoon|evening|night',
    '(?:sec(?:ond)?|min(?:ute)?|hour|hr|day|week|month|year)s?',
    WEEKDAY_PATTERN,
    MONTH_PATTERN,
  ].join('|')})$`,
);

/** Shapes of times, also of those that are refused; no address, queue ID or host name looks like them. */
const TIME_FIGURES: readonly RegExp[] = [
  /^[±+-]/,
  /^\d{1,4}$/,
  // 10:00, 10:00-12:00
  /^\d{1,2}(?::\d\d)+/,
  // 10am, 10am-2pm
  /^\d{1,2}[ap]\.?m\.?(?:-|±|$)/,
  // 2026-11-20, 2026-11-20T10:00, 2026-W47
  /^\d{4}-(?:\d\d(?:-\d\d(?:t|$)|$)|w\d)/,
  // 03/04, 20.11.2026
  /^\d{1,4}([./-])\d{1,2}(?:\1\d{1,4})?\.?$/,
  /^\d{1,2}(?:st|nd|rd|th)$/,
  /^\d{1,2}(?:h\d{0,2}|uhr)$/,
  /^\d{1,2}-[a-z]{3,9}-\d{4}$/,
  new RegExp(`^${DURATION_PATTERN}$`),
];

/** True when a word after the first is the beginning of the time. */
export const beginsTime = (text: string): boolean => {
  const lower = text.toLowerCase();
  if (parseNetwork(text) !== null) return false;
  return TIME_WORDS.test(lower) || TIME_FIGURES.some((pattern) => pattern.test(lower));
};

const HOST = /^[\w-]+(?:\.[\w-]+)*\.[a-z][\w-]+\.?$/i;
/** Queue IDs of all MTAs but the shortest of Postfix: long, with a figure. */
const ID = /^(?=.*\d)(?=.*[a-z])[\w-]{6,}$/i;
/** `10minuten`, `20Nov2026`, `gestern10`, `20261120T1000`: words and dates of some language. IDs mix case and figures. */
const WORD_AND_FIGURES =
  /^(?:\d{1,4}(?:[A-Z]?[a-z]{2,}|[A-Z]{3,})\d{0,4}|(?:[A-Z]?[a-z]{2,}|[A-Z]{3,})\d+[a-zA-Z]{0,2}|\d{8}[Tt]\d+[Zz]?|\d{4}-.*)$/;

/** True when a word after the first can only be something to find. */
export const isClear = (text: string): boolean =>
  text.includes('@') ||
  parseNetwork(text) !== null ||
  HOST.test(text) ||
  (ID.test(text) && !WORD_AND_FIGURES.test(text)) ||
  /^https?:/i.test(text);

const SURE_TIME =
  /^(?:now|today|yesterday|tomorrow|tonight|last|past|since|from|between|until|till|around|at|on|\d{1,2}(?::\d\d)+|\d{1,2}[ap]m|\d{4}-\d\d-\d\d(?:t\d.*)?|±.*)$/;

/** True when a command that begins with this word names nothing to find. Other words that can begin a time (`may`, `sun`, `10`) can be names. */
export const canOnlyBeTime = (text: string): boolean =>
  parseNetwork(text) === null && SURE_TIME.test(text.toLowerCase());
