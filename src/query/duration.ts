/** Durations: `4h`, `90m`, `1h30m`, `half an hour`. */
import { MailtraceError } from '../errors.js';
import { excerpt, plainBlanks } from './plain-text.js';

/** `isWholeDays`: said in days or weeks only, so that `2 days ago` can mean the day. A day is 24 hours. */
export type Duration = Readonly<{ ms: number; isWholeDays: boolean }>;

/**
 * What a text says about durations. `several` is `4h 2h`, or a unit that comes twice or out of order. `bad` is `0h`, or
 * longer than `MAX_DURATION_MS`.
 */
export type DurationReading =
  | Readonly<{ kind: 'duration'; duration: Duration }>
  | Readonly<{ kind: 'several' }>
  | Readonly<{ kind: 'bad' }>
  | Readonly<{ kind: 'none' }>;

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** A year of logs; more is a slip of the keyboard. */
const MAX_DURATION_MS = 366 * DAY_MS;

const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^w/, 7 * DAY_MS],
  [/^d/, DAY_MS],
  [/^h/, HOUR_MS],
  [/^m/, MINUTE_MS],
  [/^s/, SECOND_MS],
];

const UNIT = '(?:weeks?|wks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)(?![a-z])';
const AMOUNT = `\\d{1,9}(?:\\.\\d{1,3})? ?${UNIT}`;
const IN_WORDS = '(?:half an hour|half hour|an hour|an? (?:minute|day|week))(?![a-z])';

/** Source of a regular expression, for lower-case text with single blanks. Has no capturing group. */
export const DURATION_PATTERN = `(?:${AMOUNT}(?: ?${AMOUNT})*|${IN_WORDS})`;

const WHOLE = new RegExp(`^${DURATION_PATTERN}$`);
const AMOUNTS = /(\d+(?:\.\d+)?) ?([a-z]+)/g;
const WORDS: Readonly<Record<string, string>> = {
  'half an hour': '30m',
  'half hour': '30m',
  'an hour': '1h',
};

const unitOf = (word: string): number => UNITS.find(([pattern]) => pattern.test(word))![1];

/** @param text lower case, single blanks, nothing around it. */
export const readDuration = (text: string): DurationReading => {
  if (!WHOLE.test(text)) return { kind: 'none' };
  const inFigures = WORDS[text] ?? text.replace(/^an? /, '1 ');
  let ms = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (const [, amount = '', word = ''] of inFigures.matchAll(AMOUNTS)) {
    const unit = unitOf(word);
    if (unit >= smallest) return { kind: 'several' };
    smallest = unit;
    ms += Math.round(Number(amount) * unit);
  }
  if (ms < 1 || ms > MAX_DURATION_MS) return { kind: 'bad' };
  return { kind: 'duration', duration: { ms, isWholeDays: smallest >= DAY_MS && ms % DAY_MS === 0 } };
};

export const DURATION_HINT = 'Write 30m, 4h, 2d, 1w or 1h30m; at most 366d';

/**
 * Reads the value of `--time-range`; the sign `±` may stand before it.
 * @returns milliseconds, 1 to 366 days.
 * @throws MailtraceError `time-phrase` for anything else.
 */
export const parseDuration = (text: string): number => {
  const plain = plainBlanks(text).trim().replace(/ +/g, ' ').toLowerCase();
  const reading = readDuration(plain.replace(/^(?:±|\+\/?-) ?/, ''));
  if (reading.kind === 'duration') return reading.duration.ms;
  const problem = reading.kind === 'bad' ? 'is out of range' : 'is no duration';
  throw new MailtraceError('time-phrase', `"${excerpt(text)}" ${problem}.`, `${DURATION_HINT}.`);
};

const SHORT_UNITS: readonly (readonly [string, number])[] = [
  ['d', DAY_MS],
  ['h', HOUR_MS],
  ['m', MINUTE_MS],
  ['s', SECOND_MS],
];

/** As `parseDuration` reads it again; whole seconds. @example formatDuration(5_400_000) // 1h30m */
export const formatDuration = (ms: number): string => {
  let rest = Math.max(1, Math.round(ms / SECOND_MS)) * SECOND_MS;
  let text = '';
  for (const [unit, unitMs] of SHORT_UNITS) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
};
