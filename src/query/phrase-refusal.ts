/** Why a time phrase is refused, and what to write instead. */
import { MailtraceError } from '../errors.js';
import { buildWall } from '../zone.js';
import { formatDay } from './calendar-day.js';
import { CLOCK_PATTERN } from './clock-time.js';
import { DURATION_PATTERN } from './duration.js';
import { excerpt } from './plain-text.js';

/** Shown with every refusal and in the help. */
export const TIME_EXAMPLES: readonly string[] = [
  'yesterday 10am 4h',
  'last friday 5pm ±2h',
  '2026-11-20 10:00',
  '2 hours ago',
  'last 30m',
  'since 9am',
  'from yesterday 22:00 to today 02:00',
];

const EXAMPLES = `For example: ${TIME_EXAMPLES.join(' · ')}`;

/** The phrase is quoted in what people read; it may hold anything. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Co}\p{Cs}]/gu, '');

/**
 * @param problem, advice without the full stop; examples follow the advice.
 * @throws always: MailtraceError `time-phrase`.
 */
export const refuse = (problem: string, advice = ''): never => {
  const hint = advice === '' ? EXAMPLES : `${printable(advice)}. ${EXAMPLES}`;
  throw new MailtraceError('time-phrase', `${printable(problem)}.`, hint);
};

/** @throws always: MailtraceError `usage`: two lengths were given for one window. */
export const refuseTwoLengths = (problem: string): never => {
  throw new MailtraceError(
    'usage',
    `${printable(problem)}.`,
    'Give one length: in the phrase (yesterday 10am 4h), or by --time-range.',
  );
};

const ZONE_WORD =
  /\b(?:[a-z]+\/[a-z_/]+|(?:ce|we|ee)s?t|cest|west|eest|bst|ist|[ecmp][sd]t|msk|sgt|hkt|jst|kst|ae[sd]t|nz[sd]t|utc|gmt|z)\b/;

/** `5.1.1` is no date. */
const STATUS_CODE = /^[245]\.\d{1,3}\.\d{1,3}$/;

/** What people write that has no single meaning here, with what does. Tried in order. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:tonight|(?:this|last|in the|yesterday|today) (?:early )?(?:morning|afternoon|evening|night)|morning|evening)\b/,
    'Name the hours: from 6:00 to 12:00, or: from yesterday 22:00 to today 06:00',
  ],
  [
    /\b(?:last|past) (?:(?:day|week|fortnight|month|year|weekend)\b|\d+$)/,
    'Say how long: last 24h, last 7d; or name a day: yesterday, last friday',
  ],
  [/\bthis (?:week|month|year|weekend)\b/, 'Say from when: since monday, since 2026-11-01; or how long: last 7d'],
  [STATUS_CODE, 'A status code is explained by: explain 5.1.1, and found by: text:dsn=5.1.1'],
  [/ (?:and|or) /, 'Write several days as: from thursday to friday, since yesterday; hours as: between 9:00 and 11:30'],
  [/\bday before yesterday\b/, 'Write 2 days ago, or the date: 2026-11-20'],
  [new RegExp(`^since ${DURATION_PATTERN}$`), 'Write "last 2h" for the two hours up to now, or "since 9am"'],
  [/^from (?!.* (?:to|until|till) )/, 'Write "since 9am" for the time up to now, or "from 9:00 to 11:30"'],
  [/\b(?:tomorrow|next|in \d)/, 'Logs hold only what was. Name a time in the past: yesterday 10am, last friday'],
  [/\bthis [a-z]+day\b/, 'Write the weekday alone for the latest one: friday; the one before today: last friday'],
  [
    /\b(?:months?|years?)\b/,
    'Months differ in length: count in days or weeks (last 30d, 4 weeks ago), or give a date: 2026-11-20',
  ],
  [
    new RegExp(`\\bfor ${DURATION_PATTERN}`),
    'Write "yesterday 10am 4h" for 4 hours before and after, or "from 10am to 2pm" for the hours from then',
  ],
  [
    new RegExp(`${CLOCK_PATTERN} ?[+-] ?\\d`),
    'Write "10am ±2h" for two hours before and after, or "from 10am to 12:00"',
  ],
  [/\b(?:before|after|by|until|till)\b/, 'Give both ends, from 9:00 to 11:30; or the beginning only, since 9am'],
  [/^@?\d{10,13}$/, 'Seconds since 1970 are not read. Write 2026-11-20 10:00 or 2026-11-20T10:00Z'],
  [
    /\b\d{1,2}(?:h\d{0,2}|\.\d{2}|[.:]?\d{2})? ?(?:uhr|h|o'clock)\b|\b\d{1,2}[h.]\d{2}\b/,
    'Write a time of day as 10am, 14:30 or 14:30:05',
  ],
  [/(?:^|[a-z] )\d{1,4}$/, 'Write a time of day as 10am or 10:00, and a date as 2026-11-20 or 20 Nov'],
  [
    ZONE_WORD,
    'Times are read in your own time zone. For another give date, time and offset: 2026-11-20 10:00 +08:00, 2026-11-20T10:00Z',
  ],
];

const NUMERIC_DATE = /(?<![\d:./-])(\d{4}|\d{1,2})([./-])(\d{1,2})(?:\2(\d{4}|\d{1,2}))?(?![\d:]|[./-]\d)/;

const isoOf = (year: number, month: number, day: number): string[] => {
  const dayMs = buildWall({ year, month, day });
  return dayMs === null ? [] : [formatDay(dayMs)];
};

/** `03/04` → what it could mean, in full. */
const readingsOf = (match: RegExpExecArray, thisYear: number): readonly string[] => {
  const [first, second] = [Number(match[1]), Number(match[3])];
  if (match[1]!.length === 4) return isoOf(first, second, Number(match[4] ?? 0));
  const written = match[4];
  const year = written === undefined ? thisYear : Number(written) + (written.length <= 2 ? 2000 : 0);
  return [...new Set([...isoOf(year, second, first), ...isoOf(year, first, second)])];
};

/**
 * @param part what was not understood, of the whole `phrase`.
 * @throws always.
 */
export const refuseUnknown = (phrase: string, part: string, thisYear: number): never => {
  const numeric = NUMERIC_DATE.exec(part);
  const readings = numeric === null || STATUS_CODE.test(part) ? [] : readingsOf(numeric, thisYear);
  if (numeric !== null && readings.length > 0) {
    const problem =
      readings.length > 1 ? `The date "${numeric[0]}" has two readings` : `The date "${numeric[0]}" is not taken`;
    return refuse(problem, `Write it as ${readings.join(' or ')}`);
  }
  const where = part === phrase ? '' : ` at "${excerpt(part)}"`;
  const advice = ADVICE.find(([pattern]) => pattern.test(part) || pattern.test(phrase));
  return refuse(`The time "${excerpt(phrase)}" is not understood${where}`, advice?.[1]);
};
