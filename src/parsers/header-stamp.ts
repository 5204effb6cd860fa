/** Time stamps as log lines begin with them. Read by character codes: this runs once for every line. */

/**
 * `wallMs`: what `Date.UTC` gives for the fields as written. `offsetMs`: the UTC offset as written; null = local time of the
 * host. `end`: place of the first character behind the stamp.
 */
export type Stamp = Readonly<{ wallMs: number; offsetMs: number | null; end: number }>;

/** The year of a stamp that has none. Months count from 1. */
export type YearOf = (month: number, day: number) => number;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

const BLANK = 0x20;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;

export const isDigitAt = (line: string, at: number): boolean => {
  const code = line.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
};

/** `count` digits as a number; -1 when there are fewer. */
const readDigits = (line: string, at: number, count: number): number => {
  let value = 0;
  for (let place = at; place < at + count; place++) {
    if (!isDigitAt(line, place)) return -1;
    value = value * 10 + line.charCodeAt(place) - 0x30;
  }
  return value;
};

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
const MONTH_DAYS: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const dayMs = (year: number, month: number, day: number): number | null => {
  const days = month === 2 && isLeap(year) ? 29 : MONTH_DAYS[month - 1];
  return days === undefined || day < 1 || day > days ? null : Date.UTC(year, month - 1, day);
};

/** First character behind the digits of a fraction; `at` itself when there is none. */
const skipFraction = (line: string, at: number): number => {
  const point = line.charCodeAt(at);
  if ((point !== DOT && point !== COMMA) || !isDigitAt(line, at + 1)) return at;
  let end = at + 1;
  while (isDigitAt(line, end)) end++;
  return end;
};

/** Milliseconds of the fraction between `at` and `end`; finer digits are dropped, never rounded up into the next second. */
const fractionMs = (line: string, at: number, end: number): number => {
  const digits = Math.min(3, end - at - 1);
  return digits < 1 ? 0 : readDigits(line, at + 1, digits) * 10 ** (3 - digits);
};

/** `hh:mm:ss` with or without a fraction; -1 when it is none. A leap second counts as the second after it. */
const readClockMs = (line: string, at: number): number => {
  const hour = readDigits(line, at, 2);
  const minute = readDigits(line, at + 3, 2);
  const second = readDigits(line, at + 6, 2);
  if (hour < 0 || minute < 0 || second < 0 || hour > 23 || minute > 59 || second > 60) return -1;
  if (line.charCodeAt(at + 2) !== COLON || line.charCodeAt(at + 5) !== COLON) return -1;
  return ((hour * 60 + minute) * 60 + second) * 1000;
};

/** `+00:00`, `+0000`, `-05`. NaN when there is none at `at`. */
const readOffsetMs = (line: string, at: number): number => {
  const sign = line.charCodeAt(at);
  const hours = readDigits(line, at + 1, 2);
  if ((sign !== PLUS && sign !== MINUS) || hours < 0 || hours > 23) return Number.NaN;
  const minutes = readDigits(line, line.charCodeAt(at + 3) === COLON ? at + 4 : at + 3, 2);
  const ms = (hours * 60 + Math.max(minutes, 0)) * MINUTE_MS;
  return sign === MINUS ? 0 - ms : ms;
};

const offsetEnd = (line: string, at: number): number => {
  if (line.charCodeAt(at + 3) === COLON) return at + 6;
  return isDigitAt(line, at + 3) ? at + 5 : at + 3;
};

const withOffset = (line: string, wallMs: number, at: number): Stamp => {
  if ((line.charCodeAt(at) & ~0x20) === LETTER_Z) return { wallMs, offsetMs: 0, end: at + 1 };
  // Exim writes its zone behind a blank: `2026-11-21 07:23:22 +0000 1xUf…` (log_timezone). A lone `-` there is no zone.
  const isApart = line.charCodeAt(at) === BLANK && readDigits(line, at + 2, 4) >= 0;
  const place = isApart ? at + 1 : at;
  const offsetMs = readOffsetMs(line, place);
  return Number.isNaN(offsetMs)
    ? { wallMs, offsetMs: null, end: at }
    : { wallMs, offsetMs, end: offsetEnd(line, place) };
};

/** RFC 3339, ISO 8601 with a blank instead of `T`, a comma fraction, no or a short offset. Null when there is none at `at`. */
export const readIsoStamp = (line: string, at: number): Stamp | null => {
  const year = readDigits(line, at, 4);
  if (year < 0 || line.charCodeAt(at + 4) !== MINUS || line.charCodeAt(at + 7) !== MINUS) return null;
  const between = line.charCodeAt(at + 10);
  if (between !== BLANK && (between & ~0x20) !== LETTER_T) return null;
  const date = dayMs(year, readDigits(line, at + 5, 2), readDigits(line, at + 8, 2));
  const clock = readClockMs(line, at + 11);
  if (date === null || clock < 0) return null;
  const end = skipFraction(line, at + 19);
  return withOffset(line, date + clock + fractionMs(line, at + 19, end), end);
};

const MONTHS: ReadonlyMap<string, number> = new Map(
  ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].map((name, index) => [
    name,
    index + 1,
  ]),
);

/** ` 2026 ` at `at`; -1 when there is none: a host may be called by a number. */
const readYearBehind = (line: string, at: number): number => {
  const year = line.charCodeAt(at) === BLANK && line.charCodeAt(at + 5) === BLANK ? readDigits(line, at + 1, 4) : -1;
  return year >= 1970 && year < 2200 ? year : -1;
};

/** `Nov 21 07:24:23`, `Nov  1 …`, also with a fraction or a year before the clock (RFC 3164 §4.1.2 and its variants). */
export const readBsdStamp = (line: string, at: number, yearOf: YearOf): Stamp | null => {
  const month = MONTHS.get(line.slice(at, at + 3));
  if (month === undefined || line.charCodeAt(at + 3) !== BLANK) return null;
  let place = line.charCodeAt(at + 4) === BLANK ? at + 5 : at + 4;
  const dayDigits = isDigitAt(line, place + 1) ? 2 : 1;
  const day = readDigits(line, place, dayDigits);
  place += dayDigits + 1;
  const written = line.charCodeAt(place + 4) === BLANK ? readDigits(line, place, 4) : -1;
  if (written >= 0) place += 5;
  const clock = readClockMs(line, place);
  if (day < 1 || clock < 0 || line.charCodeAt(place - 1) !== BLANK) return null;
  const end = skipFraction(line, place + 8);
  // asctime(3) writes the year behind the clock.
  const behind = written < 0 && end === place + 8 ? readYearBehind(line, end) : -1;
  const year = Math.max(written, behind);
  const date = dayMs(year >= 0 ? year : yearOf(month, day), month, day);
  if (date === null) return null;
  return {
    wallMs: date + clock + fractionMs(line, place + 8, end),
    offsetMs: null,
    end: behind >= 0 ? end + 5 : end,
  };
};

/** `2026 Nov 21 07:24:23` (syslog-ng, ts-format(full)). */
export const readYearFirst = (line: string, at: number): Stamp | null => {
  const year = readDigits(line, at, 4);
  return year < 0 || line.charCodeAt(at + 4) !== BLANK ? null : readBsdStamp(line, at + 5, () => year);
};

/** Seconds since the epoch with or without a fraction, or milliseconds, micro- or nanoseconds: told by the number of digits. */
export const readUnixStamp = (line: string, at: number): Stamp | null => {
  let end = at;
  while (isDigitAt(line, end) && end - at < 20) end++;
  const unit = [10, 13, 16, 19].indexOf(end - at);
  if (unit < 0) return null;
  const behind = unit === 0 ? skipFraction(line, end) : end;
  if (line.charCodeAt(behind) !== BLANK) return null;
  const wallMs =
    readDigits(line, at, 10) * 1000 + (unit === 0 ? fractionMs(line, end, behind) : readDigits(line, at + 10, 3));
  return { wallMs, offsetMs: 0, end: behind };
};

const WEEKDAYS: ReadonlySet<string> = new Set(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']);

/** `Sat Nov 21 …`, `Sat 2026-11-21 …`, `Sat, …`: first character behind the day and its blank; `at` when there is none. */
export const skipWeekday = (line: string, at: number): number => {
  if (!WEEKDAYS.has(line.slice(at, at + 3))) return at;
  const end = line.charCodeAt(at + 3) === COMMA ? at + 4 : at + 3;
  return line.charCodeAt(end) === BLANK ? end + 1 : at;
};

/** `2026-11-21 07:24:23 UTC gw …` (journalctl -o short-full): first character behind the zone's name; `at` when there is none. */
export const skipZoneName = (line: string, at: number): number =>
  /^ (?:UTC|GMT|[A-Z]{1,3}[DS]?T)(?= )/.test(line.slice(at, at + 8)) ? line.indexOf(' ', at + 1) : at;

/**
 * The year that puts a day nearest to `nearMs` (CONTRACT §2): a line of `Dec 31` searched on 2 January is last year's, and
 * 29 February is in the nearest leap year.
 */
export const nearestYear = (nearMs: number): YearOf => {
  const nearYear = new Date(nearMs).getUTCFullYear();
  const known = new Map<number, number>();
  const find = (month: number, day: number): number => {
    // Eight years lie between leap years around a century such as 2100.
    const span = month === 2 && day === 29 ? 8 : 1;
    let [best, bestMs] = [nearYear, Number.POSITIVE_INFINITY];
    for (let year = nearYear - span; year <= nearYear + span; year++) {
      const date = dayMs(year, month, day);
      const distanceMs = date === null ? Number.POSITIVE_INFINITY : Math.abs(date + DAY_MS / 2 - nearMs);
      if (distanceMs < bestMs) [best, bestMs] = [year, distanceMs];
    }
    return best;
  };
  return (month, day) => {
    const key = month * 32 + day;
    const year = known.get(key) ?? find(month, day);
    known.set(key, year);
    return year;
  };
};

/** The year of a line that was written before `atMs`, or a day later where clocks differ. */
export const pastYear = (atMs: number): YearOf => nearestYear(atMs - (365 / 2 - 1) * DAY_MS);
