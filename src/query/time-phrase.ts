/** Time phrases (CONTRACT §4; docs/time-phrases.md): text → window. What is not understood is refused, never read as something else. */
import type { TimeWindow } from '../domain/time-window.js';
import { createZone, formatInstant, formatWindow } from '../zone.js';
import { DAY_PATTERN } from './calendar-day.js';
import { DAY_MS, DURATION_HINT, DURATION_PATTERN, HOUR_MS, readDuration } from './duration.js';
import { findDay, findDayStart, findMoment, type Here, readWhen, type When } from './moment.js';
import { refuse, refuseTwoLengths } from './phrase-refusal.js';
import { DOUBLE_QUOTES, excerpt, plainBlanks, plainMarks } from './plain-text.js';

export type TimePhraseContext = Readonly<{
  nowMs: number;
  /** A name that `isZone` accepts. */
  timeZone: string;
  /** The value of `--time-range`, when it was given. */
  rangeMs?: number;
}>;

/** `around`: said with ±, so it cannot mean a length that ends now. */
type Length = Readonly<{ ms: number; isAround: boolean }>;

const DEFAULT_RANGE_MS = HOUR_MS;
const DEFAULT_WINDOW_MS = DAY_MS;
/** The longest sensible phrase has about 80 characters. */
const MAX_LENGTH = 200;

const LAST = new RegExp(
  `^(?:(?:in|for|over|within|during) )?(?:the )?(?:last|past) (${DURATION_PATTERN}|hour|minute)$`,
);
const LENGTH = new RegExp(`^(.*?)(?:^|[ ,]+|(?=±))(±? ?)(${DURATION_PATTERN})$`);
const SINCE = /^since (?:the )?(.+)$/;
const BETWEEN = /^between (.+?) (?:and|-) (.+)$/;
const FROM_TO = /^(?:from |since )?(.+?) (?:to|until|till|-) (.+)$/;
const SHORT_CLOCK = '\\d{1,2}:\\d{2}(?::\\d{2})?(?: ?[ap]m)?|\\d{1,2} ?[ap]m';
/** `10:00-12:00`, `10am-2pm`. */
const HOURS = new RegExp(`^(?:from )?((?:.* )?(?:${SHORT_CLOCK}))-((?:${SHORT_CLOCK}).*|now)$`);
/** `friday from 9:00 to 11:30`, `yesterday between 10am and 11am`. */
const ON_DAY = new RegExp(
  `^(?:on )?(?:the )?(${DAY_PATTERN}),? (?:from (.+?) (?:to|until|till|-) (.+)|between (.+?) (?:and|-) (.+))$`,
);
/** The same, where `-12:00` can be an offset. */
const OFFSET_LIKE = /\d{4}.* \d{1,2}:\d{2}(?::\d{2})?-(?:0\d|1[0-2]):\d{2}$/;

const CURLY = new RegExp(`[${DOUBLE_QUOTES}]`, 'gu');

const simplify = (text: string): string =>
  plainMarks(plainBlanks(text))
    .replace(CURLY, '"')
    .replace(/\+ ?\/? ?-/g, '±')
    .replace(/ +/g, ' ')
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')
    .trim()
    .toLowerCase();

/**
 * Reads a time phrase. A time means one hour before and after, or `rangeMs`, or the duration after it; a day means that local
 * day; nothing means the last 24 hours. In a repeated hour the window reaches over both instants.
 * @throws MailtraceError `time-phrase` when it is not understood, is empty, or lies in the future without naming a year; `usage` for two lengths.
 * @throws RangeError when `timeZone` is no zone.
 * @example parseTimePhrase('yesterday 10am 4h', { nowMs, timeZone: 'Europe/Berlin' }) // yesterday 06:00 to 14:00
 */
export const parseTimePhrase = (text: string, { nowMs, timeZone, rangeMs }: TimePhraseContext): TimeWindow => {
  if (text.length > MAX_LENGTH) refuse(`The time "${excerpt(text)}" is too long`);
  const phrase = simplify(text);
  const zone = createZone(timeZone);
  const todayMs = Math.floor(zone.wallAt(nowMs) / DAY_MS) * DAY_MS;
  const here: Here = { phrase, nowMs, zone, todayMs };
  if (phrase === '') return until(nowMs, rangeMs ?? DEFAULT_WINDOW_MS);
  return check(readPhrase(here, rangeMs ?? null), here);
};

const until = (nowMs: number, lengthMs: number): TimeWindow => ({ fromMs: nowMs - lengthMs, toMs: nowMs });

/** A date with its year is meant, also where the clock of a machine runs ahead of ours. */
const YEAR = /\b\d{4}-\d{2}-\d{2}/;

const check = (window: TimeWindow, { phrase, nowMs, zone }: Here): TimeWindow => {
  if (window.fromMs > nowMs && !YEAR.test(phrase)) {
    return refuse(
      `The time "${phrase}" lies in the future: it begins ${formatInstant(window.fromMs, zone)}`,
      "A time without a day is today's. Name the day: yesterday 22:00, last friday 5pm",
    );
  }
  if (window.fromMs >= window.toMs) {
    return refuse(
      `The time "${phrase}" is empty: ${formatWindow(window, zone)}`,
      'Put the earlier end first, and name the day at both ends: from yesterday 22:00 to today 02:00',
    );
  }
  return window;
};

const readPhrase = (here: Here, rangeMs: number | null): TimeWindow => {
  const { phrase, nowMs } = here;
  const last = LAST.exec(phrase)?.[1];
  if (last !== undefined) {
    refuseRange(rangeMs, phrase);
    return until(nowMs, readLength(/^[a-z]+$/.test(last) ? `1 ${last}` : last));
  }
  const { body, length } = splitLength(phrase);
  if (length !== null) refuseRange(rangeMs, phrase);
  if (body === '') return length!.isAround ? around(here, length!.ms) : until(nowMs, length!.ms);
  const ends = splitEnds(body);
  const since = ends === null ? SINCE.exec(body)?.[1] : undefined;
  if (ends === null && since === undefined) return readPoint(body, length?.ms ?? rangeMs, here);
  if (length !== null) refuseLength(phrase, body);
  refuseRange(rangeMs, phrase);
  return ends === null ? { fromMs: startOf(readWhen(since!, here), here), toMs: nowMs } : readRange(ends, here);
};

const around = ({ nowMs }: Here, lengthMs: number): TimeWindow => ({
  fromMs: nowMs - lengthMs,
  toMs: nowMs + lengthMs,
});

const refuseRange = (rangeMs: number | null, phrase: string): void => {
  if (rangeMs !== null) refuseTwoLengths(`The time "${phrase}" has its own length, and --time-range gives another`);
};

const refuseLength = (phrase: string, body: string): never =>
  refuseTwoLengths(`The time "${phrase}" has a length beside that of "${body}"`);

const readLength = (text: string): number => {
  const reading = readDuration(text);
  switch (reading.kind) {
    case 'duration':
      return reading.duration.ms;
    case 'several':
      return refuseTwoLengths(`"${text}" holds two durations`);
    case 'bad':
    case 'none':
      return refuse(`The duration "${text}" is out of range`, DURATION_HINT);
  }
};

/** Takes the duration off the end. `2 hours ago` has none. */
const splitLength = (phrase: string): Readonly<{ body: string; length: Length | null }> => {
  const [, body = phrase, sign = '', duration] = LENGTH.exec(phrase) ?? [];
  if (duration === undefined) return { body, length: null };
  if (LENGTH.test(body)) refuseTwoLengths(`The time "${phrase}" holds two durations`);
  // `since 2h` and `for 4h` would lose their meaning.
  if (/(?:^|[ ,])(?:since|for|from|to|until|till|and|between|before|after|in|last|past|[+-])$/.test(body)) {
    return { body: phrase, length: null };
  }
  return { body, length: { ms: readLength(duration), isAround: sign !== '' } };
};

type Ends = Readonly<{ from: string; to: string }>;

const splitEnds = (body: string): Ends | null => {
  if (OFFSET_LIKE.test(body)) return null;
  // One of the two pairs of groups is undefined.
  const [, day, from = '', to = '', between = from, and = to] = ON_DAY.exec(body) ?? [];
  if (day !== undefined) return { from: `${day} ${between}`, to: and };
  const match = BETWEEN.exec(body) ?? FROM_TO.exec(body) ?? HOURS.exec(body);
  return match === null ? null : { from: match[1]!, to: match[2]! };
};

const readPoint = (text: string, rangeMs: number | null, here: Here): TimeWindow => {
  const when = readWhen(text, here);
  switch (when.kind) {
    case 'day':
      if (rangeMs !== null)
        refuse(`"${text}" is a whole day, and a duration needs a time`, `Write "${text} 10am 4h", or "${text}" alone`);
      return findDay(when.dayMs, here);
    case 'days-ago':
      return rangeMs === null ? findDay(when.dayMs, here) : widened(when, rangeMs, here);
    case 'instant':
    case 'time':
    case 'day-time':
      return widened(when, rangeMs ?? DEFAULT_RANGE_MS, here);
  }
};

type Point = Exclude<When, { kind: 'day' }>;

const widened = (when: Point, rangeMs: number, here: Here): TimeWindow => {
  const { firstMs, lastMs } = momentOf(when, here);
  return { fromMs: firstMs - rangeMs, toMs: lastMs + rangeMs };
};

const momentOf = (when: Point, here: Here): Readonly<{ firstMs: number; lastMs: number }> => {
  switch (when.kind) {
    case 'instant':
      return { firstMs: when.ms, lastMs: when.ms };
    case 'time':
      return findMoment(here.todayMs, when.ofDayMs, null, here);
    case 'days-ago':
      return findMoment(when.dayMs, when.ofDayMs, null, here);
    case 'day-time':
      return findMoment(when.dayMs, when.ofDayMs, when.offsetMs, here);
  }
};

const isDay = (when: When): when is Extract<When, { kind: 'day' | 'days-ago' }> =>
  when.kind === 'day' || when.kind === 'days-ago';

const startOf = (when: When, here: Here): number =>
  isDay(when) ? findDayStart(when.dayMs, here) : momentOf(when, here).firstMs;

/** Days are taken whole, both ends included. A bare time takes the day of the other end, an end at need the day after. */
const readRange = ({ from, to }: Ends, here: Here): TimeWindow => {
  const [start, end] = [readWhen(from, here), readWhen(to, here)];
  refuseMixedOffsets(start, end, here);
  if (isDay(end)) {
    if (!isDay(start))
      return refuse(`"${to}" is a whole day, and "${from}" is a time`, `Give a time at both ends: to ${to} 14:00`);
    return { fromMs: startOf(start, here), toMs: findDay(end.dayMs, here).toMs };
  }
  if (end.kind === 'time') return endAtTime(start, from, end.ofDayMs, here);
  const fromMs =
    start.kind === 'time' && end.kind === 'day-time'
      ? findMoment(end.dayMs, start.ofDayMs, null, here).firstMs
      : startOf(start, here);
  return { fromMs, toMs: momentOf(end, here).lastMs };
};

const endAtTime = (start: When, from: string, ofDayMs: number, here: Here): TimeWindow => {
  if (isDay(start))
    return refuse(
      `The end has a time but no day, and "${from}" is a whole day`,
      `Give a time at both ends: from ${from} 9:00 to 11:30`,
    );
  const fromMs = startOf(start, here);
  const dayMs = start.kind === 'day-time' ? start.dayMs : here.todayMs;
  const toMs = findMoment(dayMs, ofDayMs, null, here).lastMs;
  if (toMs >= fromMs || start.kind === 'instant') return { fromMs, toMs };
  return { fromMs, toMs: findMoment(dayMs + DAY_MS, ofDayMs, null, here).lastMs };
};

const hasOffset = (when: When): boolean => when.kind === 'day-time' && when.offsetMs !== null;

const refuseMixedOffsets = (start: When, end: When, { phrase }: Here): void => {
  if (start.kind === 'instant' || end.kind === 'instant' || hasOffset(start) === hasOffset(end)) return;
  refuse(
    `Only one end of "${phrase}" has an offset`,
    'Give it at both ends: from 2026-11-20T10:00Z to 2026-11-20T12:00Z',
  );
};
