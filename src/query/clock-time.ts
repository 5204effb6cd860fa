/** A time of day as people write it: `10am`, `14:30`, `9:05:07`, `noon`. */
import { DAY_MS, HOUR_MS } from './duration.js';

/** `ofDayMs`: milliseconds on the clock since 00:00, 24 hours for `24:00`. */
export type ClockTime = Readonly<{ ofDayMs: number; hasSeconds: boolean; isMidnight: boolean }>;

const HALF = '[ap]\\.?m\\b\\.?';
/** Source of a regular expression, for lower-case text. Has no capturing group; a 24-hour time needs its minutes. */
export const CLOCK_PATTERN = `(?:\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d{1,9})?)?(?: ?${HALF})?|\\d{1,2} ?${HALF}|noon\\b|midday\\b|midnight\\b)`;

const FIGURES = new RegExp(`^(\\d{1,2})(?::(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?)?(?: ?(${HALF}))?$`);

const hourOf = (hour: number, half: string | undefined): number | null => {
  if (half === undefined) return hour <= 24 ? hour : null;
  if (hour < 1 || hour > 12) return null;
  return (hour % 12) + (half.startsWith('p') ? 12 : 0);
};

/**
 * @param text what `CLOCK_PATTERN` found.
 * @returns null for a time that no clock shows: `25:00`, `9:60`, `13pm`, `24:01`.
 */
export const readClockTime = (text: string): ClockTime | null => {
  if (text === 'midnight') return { ofDayMs: 0, hasSeconds: false, isMidnight: true };
  if (text === 'noon' || text === 'midday') return { ofDayMs: 12 * HOUR_MS, hasSeconds: false, isMidnight: false };
  const match = FIGURES.exec(text);
  if (match === null) return null;
  const [, hours = '', minutes = '0', seconds = '0', fraction = '', half] = match;
  const hour = hourOf(Number(hours), half);
  if (hour === null || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const ofDayMs = hour * HOUR_MS + Number(minutes) * 60_000 + Number(seconds) * 1000 + milliseconds;
  return ofDayMs > DAY_MS ? null : { ofDayMs, hasSeconds: match[3] !== undefined, isMidnight: false };
};
