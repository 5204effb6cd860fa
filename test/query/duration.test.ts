import { describe, expect, it } from 'vitest';
import { MailtraceError } from '../../src/errors.ts';
import { parseDuration } from '../../src/query/duration.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('durations', () => {
  it.each<readonly [string, number]>([
    ['30s', 30],
    ['1 sec', 1],
    ['45 seconds', 45],
    ['90m', 90 * MINUTE],
    ['5min', 5 * MINUTE],
    ['5 minutes', 5 * MINUTE],
    ['4h', 4 * HOUR],
    ['4H', 4 * HOUR],
    [' 4 hours ', 4 * HOUR],
    ['4\u00a0hrs', 4 * HOUR],
    ['1.5h', 1.5 * HOUR],
    ['0.5s', 0.5],
    ['2d', 2 * DAY],
    ['1 day', DAY],
    ['1w', 7 * DAY],
    ['2 weeks', 14 * DAY],
    ['1h30m', 1.5 * HOUR],
    ['1h 30m 15s', 1.5 * HOUR + 15],
    ['1d12h', 36 * HOUR],
    ['1w2d', 9 * DAY],
    ['an hour', HOUR],
    ['a day', DAY],
    ['half an hour', 30 * MINUTE],
    ['half hour', 30 * MINUTE],
    ['±2h', 2 * HOUR],
    ['+-2h', 2 * HOUR],
    ['+/- 2h', 2 * HOUR],
    ['366d', 366 * DAY],
  ])('%j is %d s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds * 1000);
  });

  it.each([
    ['', 'is no duration'],
    ['4', 'is no duration'],
    ['h', 'is no duration'],
    ['4x', 'is no duration'],
    ['4 months', 'is no duration'],
    ['1y', 'is no duration'],
    ['-4h', 'is no duration'],
    ['+4h', 'is no duration'],
    ['4h2', 'is no duration'],
    ['1h30', 'is no duration'],
    ['1,5h', 'is no duration'],
    ['4hm', 'is no duration'],
    ['PT4H', 'is no duration'],
    ['yesterday', 'is no duration'],
    // Twice, or the smaller unit first: who means that?
    ['4h 2h', 'is no duration'],
    ['30m 1h', 'is no duration'],
    ['0h', 'out of range'],
    ['0m0s', 'out of range'],
    ['367d', 'out of range'],
    ['53w', 'out of range'],
    ['999999999h', 'out of range'],
    ['9999999999h', 'is no duration'],
  ])('%j is refused', (text, piece) => {
    const read = (): number => parseDuration(text);
    expect(read).toThrow(MailtraceError);
    expect(read).toThrow(expect.objectContaining({ code: 'time-phrase', message: expect.stringContaining(piece) }));
  });
});
