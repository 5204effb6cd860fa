/** Words for a day. chrono-node reads them; what it is asked, and what of its answer counts, is decided here. */
import { en } from 'chrono-node';
import { buildWall, wallFields } from '../zone.js';
import { DAY_MS } from './duration.js';

/** A day is the wall clock of its midnight, see zone.ts. `problem` says why the words name none. */
export type DayReading =
  | Readonly<{ kind: 'day'; dayMs: number }>
  | Readonly<{ kind: 'problem'; problem: string; hint: string }>;

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const;

export const WEEKDAY_PATTERN =
  '(?:mon(?:day)?|tue(?:s|sday)?|wed(?:s|nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)\\b\\.?';
export const MONTH_PATTERN =
  '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\b\\.?';
const ORDINAL = '\\d{1,2}(?:st|nd|rd|th)?(?![\\w:.])';
const YEAR = '(?:,? \\d{4}(?![\\w:]))?';
const DATE = `(?:\\d{1,2}-${MONTH_PATTERN}-\\d{4}(?!\\w)|${ORDINAL} (?:of )?${MONTH_PATTERN}${YEAR}|${MONTH_PATTERN} ${ORDINAL}${YEAR})`;

/** Source of a regular expression, for lower-case text with single blanks. Has no capturing group. */
export const DAY_PATTERN = `(?:today\\b|yesterday\\b|\\d{4}-\\d{2}-\\d{2}(?![\\d/-])|(?:${WEEKDAY_PATTERN},? )?${DATE}|(?:last )?${WEEKDAY_PATTERN})`;

/** A date without a year that lies ahead by less than this is a slip, not last year's. */
const SLIP_MS = 31 * DAY_MS;
/** The epoch begins in 1970, and dates in logs have four digits. */
const MIN_YEAR = 1970;

const problem = (text: string, hint: string): DayReading => ({ kind: 'problem', problem: text, hint });
const full = (names: readonly string[], word: string): string =>
  names.find((name) => name.startsWith(word.slice(0, 3)))!;
const weekdayOf = (dayMs: number): string => WEEKDAYS[new Date(dayMs).getUTCDay()]!;

/** `2026-11-20` */
export const formatDay = (dayMs: number): string => new Date(dayMs).toISOString().slice(0, 10);

/**
 * Asks chrono. It gets noon of the local day as its reference, in UTC, so that neither its handling of zones (it ignores IANA
 * names) nor the machine's own matters. Its answer counts only if it used up every character and found one date without a time.
 */
const askChrono = (words: string, todayMs: number): number | null => {
  const results = en.casual.parse(words, { instant: new Date(todayMs + DAY_MS / 2), timezone: 0 });
  const [result] = results;
  if (results.length !== 1 || result === undefined || result.end || result.text.length !== words.length) return null;
  const [year, month, day] = [result.start.get('year'), result.start.get('month'), result.start.get('day')];
  if (year === null || month === null || day === null || result.start.isCertain('hour')) return null;
  return buildWall({ year, month, day });
};

const noSuchDay = (text: string): DayReading => problem(`There is no day "${text}"`, 'Write it as YYYY-MM-DD');

/** `friday` is the latest one, today included; `last friday` never is today. */
const readWeekday = (text: string, todayMs: number): DayReading => {
  const isLast = text.startsWith('last ');
  const name = full(WEEKDAYS, isLast ? text.slice(5) : text);
  if (!isLast && weekdayOf(todayMs) === name) return { kind: 'day', dayMs: todayMs };
  const dayMs = askChrono(`last ${name}`, todayMs);
  return dayMs === null ? noSuchDay(text) : { kind: 'day', dayMs };
};

const readDate = (text: string, todayMs: number): DayReading => {
  const month = full(MONTHS, new RegExp(MONTH_PATTERN).exec(text)![0]);
  const year = /\d{4}$/.exec(text)?.[0];
  const day = /\d{1,2}/.exec(text)![0];
  if (year !== undefined) return dated(text, Number(year), `${day} ${month}`, todayMs);
  const thisYear = wallFields(todayMs).year;
  const reading = dated(text, thisYear, `${day} ${month}`, todayMs);
  if (reading.kind === 'problem' || reading.dayMs <= todayMs) return reading;
  if (reading.dayMs - todayMs < SLIP_MS) {
    return problem(
      `${formatDay(reading.dayMs)} lies in the future`,
      `Give the year if you mean another: ${day} ${month} ${thisYear - 1}`,
    );
  }
  return dated(text, thisYear - 1, `${day} ${month}`, todayMs);
};

const dated = (text: string, year: number, dayAndMonth: string, todayMs: number): DayReading => {
  const dayMs = year < MIN_YEAR ? null : askChrono(`${dayAndMonth} ${year}`, todayMs);
  return dayMs === null ? noSuchDay(text) : { kind: 'day', dayMs };
};

/** `Fri 20 Nov`: the weekday must be right, or one of the two is a slip. */
const checkWeekday = (weekday: string, reading: DayReading): DayReading => {
  if (reading.kind === 'problem' || full(WEEKDAYS, weekday) === weekdayOf(reading.dayMs)) return reading;
  return problem(
    `${formatDay(reading.dayMs)} is a ${weekdayOf(reading.dayMs)}, no ${full(WEEKDAYS, weekday)}`,
    'Leave the weekday out, or correct it',
  );
};

/**
 * @param text what `DAY_PATTERN` found.
 * @param todayMs the local day.
 */
export const readDay = (text: string, todayMs: number): DayReading => {
  const iso = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (iso !== null) {
    const [year, month, day] = iso.slice(1).map(Number);
    const dayMs = year! < MIN_YEAR ? null : buildWall({ year: year!, month: month!, day: day! });
    return dayMs === null ? noSuchDay(text) : { kind: 'day', dayMs };
  }
  if (text === 'today' || text === 'yesterday') {
    const dayMs = askChrono(text, todayMs);
    return dayMs === null ? noSuchDay(text) : { kind: 'day', dayMs };
  }
  const [weekday] = new RegExp(`^${WEEKDAY_PATTERN}(?=,? .*\\d)`).exec(text) ?? [];
  if (weekday !== undefined) {
    return checkWeekday(weekday, readDate(text.slice(weekday.length).replace(/^,? /, ''), todayMs));
  }
  return /\d/.test(text) ? readDate(text, todayMs) : readWeekday(text, todayMs);
};
