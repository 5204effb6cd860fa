import { describe, expect, it } from 'vitest';
import { formatDay, readDay } from '../../src/query/calendar-day.ts';

const DAY_MS = 86_400_000;
const day = (text: string): number => Date.parse(`${text}T00:00Z`);
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

const read = (text: string, todayMs: number): string => {
  const reading = readDay(text, todayMs);
  return reading.kind === 'day' ? formatDay(reading.dayMs) : reading.problem;
};

/** chrono-node stands behind these words; plain arithmetic must agree on every day of four years, a leap year among them. */
describe('words for a day, on every day', () => {
  const days = Array.from({ length: 1461 }, (_, index) => day('2023-01-01') + index * DAY_MS);

  it('yesterday is the day before', () => {
    for (const today of days) expect(read('yesterday', today)).toBe(formatDay(today - DAY_MS));
  });

  it('a weekday is the latest one, today included; with "last" today is not', () => {
    for (const [index, today] of days.entries()) {
      const back = index % 7;
      const then = new Date(today - back * DAY_MS);
      const name = WEEKDAYS[then.getUTCDay()]!;
      expect(read(name, today)).toBe(formatDay(then.getTime()));
      expect(read(`last ${name.slice(0, 3)}`, today)).toBe(formatDay(then.getTime() - (back === 0 ? 7 * DAY_MS : 0)));
    }
  });

  it('a date with its year is that date', () => {
    const month = new Intl.DateTimeFormat('en-US', { month: 'long', timeZone: 'UTC' });
    const today = day('2026-11-21');
    for (const then of days) {
      const [name, year, date] = [
        month.format(then).toLowerCase(),
        formatDay(then).slice(0, 4),
        new Date(then).getUTCDate(),
      ];
      expect(read(`${date} ${name.slice(0, 3)} ${year}`, today)).toBe(formatDay(then));
      expect(read(`${name} ${date}, ${year}`, today)).toBe(formatDay(then));
    }
  });
});

describe('a date without a year', () => {
  it.each([
    ['2026-11-21', '21 nov', '2026-11-21'],
    ['2026-11-21', '20 nov', '2026-11-20'],
    ['2026-01-05', '20 dec', '2025-12-20'],
    ['2026-01-05', '5 jan', '2026-01-05'],
    ['2026-11-21', '22 dec', '2025-12-22'],
    // So near ahead that the zone or the finger slipped: asked, not guessed.
    ['2026-11-21', '22 nov', '2026-11-22 lies in the future'],
    ['2026-11-21', '21 dec', '2026-12-21 lies in the future'],
    ['2024-03-01', '29 feb', '2024-02-29'],
    ['2026-03-01', '29 feb', 'There is no day "29 feb"'],
    ['2026-11-21', 'sat 21 nov', '2026-11-21'],
    ['2026-11-21', 'saturday, nov 21', '2026-11-21'],
    ['2026-11-21', 'sun 21 nov', '2026-11-21 is a saturday, no sunday'],
  ])('on %s: %s', (today, text, expected) => {
    expect(read(text, day(today))).toBe(expected);
  });
});
