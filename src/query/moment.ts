/** One point of a time phrase: `yesterday 10am`, `2 hours ago`, `2026-11-20T10:00+08:00`, or a day without a time. */
import { formatInstant, parseOffset, type Zone } from '../zone.js';
import { DAY_PATTERN, formatDay, readDay } from './calendar-day.js';
import { CLOCK_PATTERN, type ClockTime, readClockTime } from './clock-time.js';
import { DAY_MS, DURATION_HINT, DURATION_PATTERN, type Duration, readDuration } from './duration.js';
import { refuse, refuseUnknown } from './phrase-refusal.js';

/** Where and when the phrase is said. `todayMs` is the local day, as the wall clock of its midnight. */
export type Here = Readonly<{ phrase: string; nowMs: number; zone: Zone; todayMs: number }>;

export type When =
  /** `now`, `2 hours ago`. */
  | Readonly<{ kind: 'instant'; ms: number }>
  /** A bare time of day; which day it is, depends on where it stands. */
  | Readonly<{ kind: 'time'; ofDayMs: number }>
  | Readonly<{ kind: 'day'; dayMs: number }>
  /** `3 days ago`: the day, or with a duration the same time on that day. */
  | Readonly<{ kind: 'days-ago'; dayMs: number; ofDayMs: number }>
  /** `offsetMs`: what to subtract from the wall clock; null = the zone decides. */
  | Readonly<{ kind: 'day-time'; dayMs: number; ofDayMs: number; offsetMs: number | null }>;

/** One instant, or the two at which a repeated hour shows the time. */
export type Moment = Readonly<{ firstMs: number; lastMs: number }>;

type Part = 'now' | 'ago' | 'iso' | 'day' | 'time' | 'offset';

const OFFSET = '(?:z|utc|gmt|[+-]\\d{2}(?::?\\d{2})?)(?![\\w:])';
/** A time may be followed by blanks, punctuation, or `z`. */
const TIME = `${CLOCK_PATTERN}(?![a-y\\d_:])`;
const PARTS: readonly (readonly [Part, RegExp])[] = [
  ['now', /^((?:right )?now)(?!\w)/],
  ['ago', new RegExp(`^(${DURATION_PATTERN}) ago(?!\\w)`)],
  ['iso', new RegExp(`^(\\d{4}-\\d{2}-\\d{2}t${TIME})`)],
  ['day', new RegExp(`^(?:on )?(?:the )?(${DAY_PATTERN})`)],
  ['time', new RegExp(`^(?:at )?(${TIME})`)],
  // `(CET)` stands after the offset in the Date: field of a mail (RFC 5322 §3.3, §4.3).
  ['offset', new RegExp(`^(${OFFSET})(?: ?\\([a-z]{1,5}\\))?`)],
];
const NAMES: Readonly<Record<Part, string>> = {
  now: 'now',
  ago: 'a time ago',
  iso: 'a date and time',
  day: 'a day',
  time: 'a time of day',
  offset: 'an offset',
};

type Parts = Readonly<Partial<Record<Part, string>>>;

/** Cuts the text into parts; each may come once, in any order, and nothing may be left. */
const split = (text: string, here: Here): Parts => {
  const parts: Partial<Record<Part, string>> = {};
  let rest = text.replace(/^(?:around|about) /, '');
  while (rest !== '') {
    const hit = PARTS.map(([part, pattern]) => ({ part, match: pattern.exec(rest) })).find(
      ({ match }) => match !== null,
    );
    if (hit?.match == null) return refuseUnknown(here.phrase, rest, new Date(here.todayMs).getUTCFullYear());
    if (parts[hit.part] !== undefined) {
      return refuse(`The time "${text}" names ${NAMES[hit.part]} twice: "${parts[hit.part]}" and "${hit.match[1]}"`);
    }
    parts[hit.part] = hit.match[1]!;
    rest = rest.slice(hit.match[0].length).replace(/^[ ,]+/, '');
  }
  return parts;
};

const readTime = (text: string): ClockTime => readClockTime(text) ?? refuse(`"${text}" is no time of day`);

const dayOf = (text: string, todayMs: number): number => {
  const reading = readDay(text, todayMs);
  return reading.kind === 'day' ? reading.dayMs : refuse(reading.problem, reading.hint);
};

const readAgo = (text: string, here: Here): When => {
  const reading = readDuration(text);
  if (reading.kind === 'several') return refuse(`"${text} ago" holds two durations`);
  if (reading.kind !== 'duration') return refuse(`"${text} ago" is out of range`, DURATION_HINT);
  const { ms, isWholeDays }: Duration = reading.duration;
  if (!isWholeDays) return { kind: 'instant', ms: here.nowMs - ms };
  return { kind: 'days-ago', dayMs: here.todayMs - ms, ofDayMs: here.zone.wallAt(here.nowMs) - here.todayMs };
};

/** `midnight` of a named day is its beginning to some and its end to others. */
const refuseMidnight = (dayMs: number): never => {
  const day = formatDay(dayMs);
  return refuse(`"midnight" of ${day} has two readings`, `Write ${day} 00:00 or ${day} 24:00`);
};

/** `10:00-05:00` is an offset after a date of ISO 8601, and a range of hours everywhere else. */
const readOffset = (offset: string, day: string, time: ClockTime, isIso: boolean): number => {
  if (!/\d/.test(day))
    refuse(`The offset "${offset}" needs a full date`, 'Write 2026-11-20 10:00 +08:00 or 2026-11-20T10:00Z');
  if (/^-(?:\d\d|\d\d:\d\d)$/.test(offset) && !isIso && !time.hasSeconds) {
    refuse(
      `"${offset}" can be an offset or the end of a range`,
      `Write 2026-11-20T10:00${offset}, or: from 2026-11-20 10:00 to 12:00`,
    );
  }
  return parseOffset(offset) ?? refuse(`"${offset}" is no offset`);
};

const combine = (day: string, time: ClockTime, parts: Parts, here: Here): When => {
  const dayMs = dayOf(day, here.todayMs);
  if (time.isMidnight) return refuseMidnight(dayMs);
  const isIso = parts.iso !== undefined;
  const offsetMs = parts.offset === undefined ? null : readOffset(parts.offset, day, time, isIso);
  return { kind: 'day-time', dayMs, ofDayMs: time.ofDayMs, offsetMs };
};

const allows = (parts: Parts, ...allowed: readonly Part[]): boolean =>
  Object.keys(parts).every((part) => allowed.some((name) => name === part));

/**
 * Reads one point. Every character of `text` must have a meaning.
 * @param text lower case, single blanks, without a duration.
 * @throws MailtraceError `time-phrase`.
 */
export const readWhen = (text: string, here: Here): When => {
  const parts = split(text, here);
  const { now, ago, iso, day, time, offset } = parts;
  if (now !== undefined && allows(parts, 'now')) return { kind: 'instant', ms: here.nowMs };
  if (ago !== undefined && allows(parts, 'ago', 'time')) return agoAt(readAgo(ago, here), time, text);
  if (iso !== undefined && allows(parts, 'iso', 'offset')) {
    return combine(iso.slice(0, 10), readTime(iso.slice(11)), parts, here);
  }
  if (day !== undefined && allows(parts, 'day', 'time', 'offset')) {
    if (time !== undefined) return combine(day, readTime(time), parts, here);
    if (offset === undefined) return { kind: 'day', dayMs: dayOf(day, here.todayMs) };
  }
  if (time !== undefined && allows(parts, 'time')) return { kind: 'time', ofDayMs: readTime(time).ofDayMs };
  if (offset !== undefined)
    return refuse(`The offset "${offset}" needs a date and a time`, 'Write 2026-11-20 10:00 +08:00');
  return refuse(`The time "${text}" names two points: ${Object.values(parts).join(', ')}`);
};

const agoAt = (ago: When, time: string | undefined, text: string): When => {
  if (time === undefined) return ago;
  if (ago.kind !== 'days-ago') return refuse(`The time "${text}" names two points`);
  const { ofDayMs, isMidnight } = readTime(time);
  return isMidnight ? refuseMidnight(ago.dayMs) : { kind: 'day-time', dayMs: ago.dayMs, ofDayMs, offsetMs: null };
};

/**
 * The instants of a wall time.
 * @throws MailtraceError `time-phrase` when the clocks jumped over it.
 */
export const findMoment = (dayMs: number, ofDayMs: number, offsetMs: number | null, { zone }: Here): Moment => {
  const wallMs = dayMs + ofDayMs;
  if (offsetMs !== null) return { firstMs: wallMs - offsetMs, lastMs: wallMs - offsetMs };
  const instants = zone.instantsOf(wallMs);
  switch (instants.kind) {
    case 'one':
      return { firstMs: instants.ms, lastMs: instants.ms };
    case 'repeated':
      return { firstMs: instants.firstMs, lastMs: instants.secondMs };
    case 'gap': {
      const shown = new Date(wallMs).toISOString().slice(11, 16);
      return refuse(
        `${shown} did not exist on ${formatDay(wallMs)} in ${zone.name}: the clocks were set forward`,
        `They went from ${formatInstant(instants.jumpMs - 1000, zone)} to ${formatInstant(instants.jumpMs, zone)}. Take a time before or after`,
      );
    }
  }
};

/** First instant of a local day; where midnight was jumped over, the instant of the jump. */
export const findDayStart = (dayMs: number, { zone }: Here): number => {
  const instants = zone.instantsOf(dayMs);
  switch (instants.kind) {
    case 'one':
      return instants.ms;
    case 'repeated':
      return instants.firstMs;
    case 'gap':
      return instants.jumpMs;
  }
};

/** Midnight to midnight: 23 or 25 hours where the clocks changed. */
export const findDay = (dayMs: number, here: Here): Readonly<{ fromMs: number; toMs: number }> => ({
  fromMs: findDayStart(dayMs, here),
  toMs: findDayStart(dayMs + DAY_MS, here),
});
