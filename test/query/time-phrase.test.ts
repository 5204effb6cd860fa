import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MailtraceError } from '../../src/errors.ts';
import { parseTimePhrase } from '../../src/query/time-phrase.ts';

const at = (text: string): number => {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new Error(`The test names no instant: ${text}`);
  return ms;
};

/** Phrase, both ends as ISO 8601 with offset (`now` = when it is said). */
type Row = readonly [phrase: string, from: string, to: string];
type Place = Readonly<{ timeZone: string; now: string }>;

const window = (phrase: string, { timeZone, now }: Place, rangeMs?: number): string => {
  const context = { nowMs: at(now), timeZone };
  const { fromMs, toMs } = parseTimePhrase(phrase, rangeMs === undefined ? context : { ...context, rangeMs });
  return `${new Date(fromMs).toISOString()} ${new Date(toMs).toISOString()}`;
};

const expected = (from: string, to: string, now: string): string =>
  [from, to].map((text) => new Date(at(text === 'now' ? now : text)).toISOString()).join(' ');

const reads = (place: Place, rows: readonly Row[]): void => {
  it.each(rows)('%s', (phrase, from, to) => {
    expect(window(phrase, place)).toBe(expected(from, to, place.now));
  });
};

const errorOf = (phrase: string, place: Place, rangeMs?: number): MailtraceError => {
  try {
    window(phrase, place, rangeMs);
  } catch (error) {
    if (error instanceof MailtraceError) return error;
    throw error;
  }
  return expect.fail(`"${phrase}" was read as ${window(phrase, place, rangeMs)}`);
};

/** Saturday 21 November 2026, 14:47:23 in Berlin. */
const BERLIN: Place = { timeZone: 'Europe/Berlin', now: '2026-11-21T14:47:23+01:00' };
const HOUR_MS = 3_600_000;

describe('the phrases of the contract', () => {
  reads(BERLIN, [
    ['', '2026-11-20T14:47:23+01:00', 'now'],
    ['now', '2026-11-21T13:47:23+01:00', '2026-11-21T15:47:23+01:00'],
    ['today 14:30', '2026-11-21T13:30+01:00', '2026-11-21T15:30+01:00'],
    ['yesterday 10am 4h', '2026-11-20T06:00+01:00', '2026-11-20T14:00+01:00'],
    ['yesterday 10am ±2h', '2026-11-20T08:00+01:00', '2026-11-20T12:00+01:00'],
    ['yesterday 10am +-2h', '2026-11-20T08:00+01:00', '2026-11-20T12:00+01:00'],
    ['last friday 5pm', '2026-11-20T16:00+01:00', '2026-11-20T18:00+01:00'],
    ['2 hours ago', '2026-11-21T11:47:23+01:00', '2026-11-21T13:47:23+01:00'],
    ['last 30m', '2026-11-21T14:17:23+01:00', 'now'],
    ['since 9am', '2026-11-21T09:00+01:00', 'now'],
    ['2026-11-20 10:00 4h', '2026-11-20T06:00+01:00', '2026-11-20T14:00+01:00'],
    ['2026-11-20T10:00+08:00', '2026-11-20T02:00+01:00', '2026-11-20T04:00+01:00'],
    ['from 9:00 to 11:30', '2026-11-21T09:00+01:00', '2026-11-21T11:30+01:00'],
    ['between yesterday 22:00 and today 02:00', '2026-11-20T22:00+01:00', '2026-11-21T02:00+01:00'],
    // --time "YYYY-MM-DD HH:MM:SS" of the Python tool.
    ['2026-11-20 10:00:05', '2026-11-20T09:00:05+01:00', '2026-11-20T11:00:05+01:00'],
  ]);
});

describe('times of day', () => {
  reads(BERLIN, [
    ['10am', '2026-11-21T09:00+01:00', '2026-11-21T11:00+01:00'],
    ['10 am', '2026-11-21T09:00+01:00', '2026-11-21T11:00+01:00'],
    ['10AM', '2026-11-21T09:00+01:00', '2026-11-21T11:00+01:00'],
    ['10 a.m.', '2026-11-21T09:00+01:00', '2026-11-21T11:00+01:00'],
    ['2 p.m. 30m', '2026-11-21T13:30+01:00', '2026-11-21T14:30+01:00'],
    ['at 10am', '2026-11-21T09:00+01:00', '2026-11-21T11:00+01:00'],
    ['around 10am', '2026-11-21T09:00+01:00', '2026-11-21T11:00+01:00'],
    ['about 10am yesterday', '2026-11-20T09:00+01:00', '2026-11-20T11:00+01:00'],
    ['9:05', '2026-11-21T08:05+01:00', '2026-11-21T10:05+01:00'],
    ['09:05:07', '2026-11-21T08:05:07+01:00', '2026-11-21T10:05:07+01:00'],
    ['9:05am', '2026-11-21T08:05+01:00', '2026-11-21T10:05+01:00'],
    ['12am 30m', '2026-11-20T23:30+01:00', '2026-11-21T00:30+01:00'],
    ['12pm 30m', '2026-11-21T11:30+01:00', '2026-11-21T12:30+01:00'],
    ['12:30am 5m', '2026-11-21T00:25+01:00', '2026-11-21T00:35+01:00'],
    ['noon', '2026-11-21T11:00+01:00', '2026-11-21T13:00+01:00'],
    ['yesterday noon 2h', '2026-11-20T10:00+01:00', '2026-11-20T14:00+01:00'],
    ['yesterday midday', '2026-11-20T11:00+01:00', '2026-11-20T13:00+01:00'],
    ['midnight', '2026-11-20T23:00+01:00', '2026-11-21T01:00+01:00'],
    ['0:00', '2026-11-20T23:00+01:00', '2026-11-21T01:00+01:00'],
    ['yesterday 24:00 1h', '2026-11-20T23:00+01:00', '2026-11-21T01:00+01:00'],
    // The window reaches into the future, but begins before it.
    ['15:30', '2026-11-21T14:30+01:00', '2026-11-21T16:30+01:00'],
    ['right now', '2026-11-21T13:47:23+01:00', '2026-11-21T15:47:23+01:00'],
    ['now 15m', '2026-11-21T14:32:23+01:00', '2026-11-21T15:02:23+01:00'],
  ]);
});

describe('days', () => {
  reads(BERLIN, [
    ['today', '2026-11-21T00:00+01:00', '2026-11-22T00:00+01:00'],
    ['yesterday', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00'],
    ['2026-11-20', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00'],
    ['friday', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00'],
    ['on friday', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00'],
    ['last friday', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00'],
    ['Fri', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00'],
    ['fri.', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00'],
    ['sunday', '2026-11-15T00:00+01:00', '2026-11-16T00:00+01:00'],
    ['tues', '2026-11-17T00:00+01:00', '2026-11-18T00:00+01:00'],
    ['thurs 8am', '2026-11-19T07:00+01:00', '2026-11-19T09:00+01:00'],
    ['last wednesday', '2026-11-18T00:00+01:00', '2026-11-19T00:00+01:00'],
    // It is Saturday.
    ['saturday', '2026-11-21T00:00+01:00', '2026-11-22T00:00+01:00'],
    ['saturday 9am', '2026-11-21T08:00+01:00', '2026-11-21T10:00+01:00'],
    ['last saturday', '2026-11-14T00:00+01:00', '2026-11-15T00:00+01:00'],
    ['last saturday 9am', '2026-11-14T08:00+01:00', '2026-11-14T10:00+01:00'],
    ['20 Nov', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00'],
    ['Nov 20', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00'],
    ['20th November', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00'],
    ['the 20th of November', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00'],
    ['1st sept', '2026-09-01T00:00+02:00', '2026-09-02T00:00+02:00'],
    ['Nov 20, 2025', '2025-11-20T00:00+01:00', '2025-11-21T00:00+01:00'],
    ['20-Nov-2026', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00'],
    ['29 Feb 2024', '2024-02-29T00:00+01:00', '2024-03-01T00:00+01:00'],
    ['5 may', '2026-05-05T00:00+02:00', '2026-05-06T00:00+02:00'],
    // Past midsummer chrono would take the next January.
    ['3 jan', '2026-01-03T00:00+01:00', '2026-01-04T00:00+01:00'],
    // Not come yet this year.
    ['24 dec', '2025-12-24T00:00+01:00', '2025-12-25T00:00+01:00'],
    ['Friday, 20 November', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00'],
    ['3 days ago', '2026-11-18T00:00+01:00', '2026-11-19T00:00+01:00'],
    ['a week ago', '2026-11-14T00:00+01:00', '2026-11-15T00:00+01:00'],
    ['1 day ago', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00'],
  ]);
});

describe('a day with a time', () => {
  reads(BERLIN, [
    ['10am yesterday', '2026-11-20T09:00+01:00', '2026-11-20T11:00+01:00'],
    ['10am, yesterday', '2026-11-20T09:00+01:00', '2026-11-20T11:00+01:00'],
    ['yesterday at 10am', '2026-11-20T09:00+01:00', '2026-11-20T11:00+01:00'],
    ['at 5pm on friday', '2026-11-20T16:00+01:00', '2026-11-20T18:00+01:00'],
    ['5pm last friday 30m', '2026-11-20T16:30+01:00', '2026-11-20T17:30+01:00'],
    ['20 Nov 10am', '2026-11-20T09:00+01:00', '2026-11-20T11:00+01:00'],
    ['Nov 20 2026 14:00', '2026-11-20T13:00+01:00', '2026-11-20T15:00+01:00'],
    ['Nov 20, 2026, 2pm', '2026-11-20T13:00+01:00', '2026-11-20T15:00+01:00'],
    // As syslog prints it.
    ['Nov  5 06:25:01', '2026-11-05T05:25:01+01:00', '2026-11-05T07:25:01+01:00'],
    ['3 days ago 10am', '2026-11-18T09:00+01:00', '2026-11-18T11:00+01:00'],
    ['2d ago 4h', '2026-11-19T10:47:23+01:00', '2026-11-19T18:47:23+01:00'],
  ]);
});

describe('ISO 8601 and the stamps of logs and mails', () => {
  reads(BERLIN, [
    ['2026-11-20T10:00', '2026-11-20T09:00+01:00', '2026-11-20T11:00+01:00'],
    ['2026-11-20t10:00:00', '2026-11-20T09:00+01:00', '2026-11-20T11:00+01:00'],
    ['2026-11-20T10:00Z', '2026-11-20T09:00Z', '2026-11-20T11:00Z'],
    ['2026-11-20T10:00:00.123456+01:00 1s', '2026-11-20T09:59:59.123+01:00', '2026-11-20T10:00:01.123+01:00'],
    ['2026-11-20T10:00:00,5Z 1s', '2026-11-20T09:59:59.500Z', '2026-11-20T10:00:01.500Z'],
    ['2026-11-20T10:00-05:00', '2026-11-20T09:00-05:00', '2026-11-20T11:00-05:00'],
    ['2026-11-20T10:00-12:00', '2026-11-20T09:00-12:00', '2026-11-20T11:00-12:00'],
    ['2026-11-20 10:00+08:00', '2026-11-20T09:00+08:00', '2026-11-20T11:00+08:00'],
    ['2026-11-20 10:00 +0545', '2026-11-20T09:00+05:45', '2026-11-20T11:00+05:45'],
    ['2026-11-20 10:00:00-05:00', '2026-11-20T09:00-05:00', '2026-11-20T11:00-05:00'],
    ['2026-11-20 10:00:00+08 4h', '2026-11-20T06:00+08:00', '2026-11-20T14:00+08:00'],
    ['2026-11-20 10:00 UTC', '2026-11-20T09:00Z', '2026-11-20T11:00Z'],
    ['2026-11-20 10am GMT', '2026-11-20T09:00Z', '2026-11-20T11:00Z'],
    ['2026-11-20T10:00\u221205:00', '2026-11-20T09:00-05:00', '2026-11-20T11:00-05:00'],
    // The Date: field of a mail.
    ['Fri, 20 Nov 2026 10:00:00 +0800', '2026-11-20T09:00+08:00', '2026-11-20T11:00+08:00'],
    ['Fri, 20 Nov 2026 10:00:00 -0500 (EST)', '2026-11-20T09:00-05:00', '2026-11-20T11:00-05:00'],
    // With an offset, the hour that Berlin shows twice is one.
    ['2026-10-25T02:30+01:00', '2026-10-25T01:30+01:00', '2026-10-25T03:30+01:00'],
  ]);
});

describe('durations', () => {
  reads(BERLIN, [
    ['4h', '2026-11-21T10:47:23+01:00', 'now'],
    ['4 hours', '2026-11-21T10:47:23+01:00', 'now'],
    ['±4h', '2026-11-21T10:47:23+01:00', '2026-11-21T18:47:23+01:00'],
    ['last 4h', '2026-11-21T10:47:23+01:00', 'now'],
    ['the last 4 hours', '2026-11-21T10:47:23+01:00', 'now'],
    ['in the past 4h', '2026-11-21T10:47:23+01:00', 'now'],
    ['last hour', '2026-11-21T13:47:23+01:00', 'now'],
    ['last half hour', '2026-11-21T14:17:23+01:00', 'now'],
    ['last 90s', '2026-11-21T14:45:53+01:00', 'now'],
    ['last 90 mins', '2026-11-21T13:17:23+01:00', 'now'],
    ['last 1h30m', '2026-11-21T13:17:23+01:00', 'now'],
    ['last 1 hour 30 minutes', '2026-11-21T13:17:23+01:00', 'now'],
    ['last 1.5h', '2026-11-21T13:17:23+01:00', 'now'],
    ['last 2 days', '2026-11-19T14:47:23+01:00', 'now'],
    ['last 7d', '2026-11-14T14:47:23+01:00', 'now'],
    ['last 2w', '2026-11-07T14:47:23+01:00', 'now'],
    ['LAST 2 WEEKS', '2026-11-07T14:47:23+01:00', 'now'],
    ['an hour ago', '2026-11-21T12:47:23+01:00', '2026-11-21T14:47:23+01:00'],
    ['half an hour ago', '2026-11-21T13:17:23+01:00', '2026-11-21T15:17:23+01:00'],
    ['90m ago 15m', '2026-11-21T13:02:23+01:00', '2026-11-21T13:32:23+01:00'],
    ['1h30m ago ±15 min', '2026-11-21T13:02:23+01:00', '2026-11-21T13:32:23+01:00'],
    ['48h ago', '2026-11-19T13:47:23+01:00', '2026-11-19T15:47:23+01:00'],
    ['1d12h ago', '2026-11-20T01:47:23+01:00', '2026-11-20T03:47:23+01:00'],
    ['yesterday 10am ± 2 hours', '2026-11-20T08:00+01:00', '2026-11-20T12:00+01:00'],
    ['yesterday 10am±2h', '2026-11-20T08:00+01:00', '2026-11-20T12:00+01:00'],
    ['yesterday 10am +/- 2h', '2026-11-20T08:00+01:00', '2026-11-20T12:00+01:00'],
    ['yesterday 10am, 4h', '2026-11-20T06:00+01:00', '2026-11-20T14:00+01:00'],
    ['yesterday 10am half an hour', '2026-11-20T09:30+01:00', '2026-11-20T10:30+01:00'],
    ['yesterday 10am 1d', '2026-11-19T10:00+01:00', '2026-11-21T10:00+01:00'],
    ['2026-11-20 10:00 4 h', '2026-11-20T06:00+01:00', '2026-11-20T14:00+01:00'],
  ]);
});

describe('since', () => {
  reads(BERLIN, [
    ['since yesterday', '2026-11-20T00:00+01:00', 'now'],
    ['since today', '2026-11-21T00:00+01:00', 'now'],
    ['since midnight', '2026-11-21T00:00+01:00', 'now'],
    ['since noon', '2026-11-21T12:00+01:00', 'now'],
    ['since friday', '2026-11-20T00:00+01:00', 'now'],
    ['since last saturday', '2026-11-14T00:00+01:00', 'now'],
    ['since last friday 5pm', '2026-11-20T17:00+01:00', 'now'],
    ['since the 20th of november', '2026-11-20T00:00+01:00', 'now'],
    ['since yesterday at 22:00', '2026-11-20T22:00+01:00', 'now'],
    ['since 2 hours ago', '2026-11-21T12:47:23+01:00', 'now'],
    ['since 3 days ago', '2026-11-18T00:00+01:00', 'now'],
    ['since 2026-11-20T10:00Z', '2026-11-20T10:00Z', 'now'],
    ['since 9am until 11am', '2026-11-21T09:00+01:00', '2026-11-21T11:00+01:00'],
  ]);
});

describe('ranges', () => {
  reads(BERLIN, [
    ['9:00 to 11:30', '2026-11-21T09:00+01:00', '2026-11-21T11:30+01:00'],
    ['from 9am until 11am', '2026-11-21T09:00+01:00', '2026-11-21T11:00+01:00'],
    ['between 9am and 11am', '2026-11-21T09:00+01:00', '2026-11-21T11:00+01:00'],
    ['from 9am to now', '2026-11-21T09:00+01:00', 'now'],
    ['yesterday 10:00-12:00', '2026-11-20T10:00+01:00', '2026-11-20T12:00+01:00'],
    ['yesterday 10:00\u201312:00', '2026-11-20T10:00+01:00', '2026-11-20T12:00+01:00'],
    ['yesterday 10am - 2pm', '2026-11-20T10:00+01:00', '2026-11-20T14:00+01:00'],
    ['10am-2pm', '2026-11-21T10:00+01:00', '2026-11-21T14:00+01:00'],
    ['2026-11-20 10:00 - 12:00', '2026-11-20T10:00+01:00', '2026-11-20T12:00+01:00'],
    ['2026-11-20 10:00-14:30', '2026-11-20T10:00+01:00', '2026-11-20T14:30+01:00'],
    ['2026-11-20 10:00:00-12:00:00', '2026-11-20T10:00+01:00', '2026-11-20T12:00+01:00'],
    ['from yesterday 9:00 to 11:30', '2026-11-20T09:00+01:00', '2026-11-20T11:30+01:00'],
    ['from 9:00 to 11:30 yesterday', '2026-11-20T09:00+01:00', '2026-11-20T11:30+01:00'],
    ['yesterday from 9:00 to 11:30', '2026-11-20T09:00+01:00', '2026-11-20T11:30+01:00'],
    ['on friday, between 9am and 11am', '2026-11-20T09:00+01:00', '2026-11-20T11:00+01:00'],
    ['2026-11-20 from 10:00 to 12:00', '2026-11-20T10:00+01:00', '2026-11-20T12:00+01:00'],
    ['thursday from 22:00 to friday 02:00', '2026-11-19T22:00+01:00', '2026-11-20T02:00+01:00'],
    ['today 10am-now', '2026-11-21T10:00+01:00', 'now'],
    ['from friday 9:00 to friday 11:30', '2026-11-20T09:00+01:00', '2026-11-20T11:30+01:00'],
    // The end takes the day of the start, or the day after.
    ['from yesterday 22:00 to 02:00', '2026-11-20T22:00+01:00', '2026-11-21T02:00+01:00'],
    ['between thursday 22:00 and 02:00', '2026-11-19T22:00+01:00', '2026-11-20T02:00+01:00'],
    ['from yesterday 22:00 to midnight', '2026-11-20T22:00+01:00', '2026-11-21T00:00+01:00'],
    ['from yesterday 22:00 to 24:00', '2026-11-20T22:00+01:00', '2026-11-21T00:00+01:00'],
    ['from midnight to 2am', '2026-11-21T00:00+01:00', '2026-11-21T02:00+01:00'],
    ['from 14:00 to 02:00', '2026-11-21T14:00+01:00', '2026-11-22T02:00+01:00'],
    // Days are whole, at both ends.
    ['from thursday to friday', '2026-11-19T00:00+01:00', '2026-11-21T00:00+01:00'],
    ['2026-11-01 to 2026-11-05', '2026-11-01T00:00+01:00', '2026-11-06T00:00+01:00'],
    ['from 2026-11-05 to 2026-11-05', '2026-11-05T00:00+01:00', '2026-11-06T00:00+01:00'],
    ['from yesterday to now', '2026-11-20T00:00+01:00', 'now'],
    ['from yesterday to today 02:00', '2026-11-20T00:00+01:00', '2026-11-21T02:00+01:00'],
    ['from 3 hours ago to 1 hour ago', '2026-11-21T11:47:23+01:00', '2026-11-21T13:47:23+01:00'],
    ['from 3 hours ago to 13:00', '2026-11-21T11:47:23+01:00', '2026-11-21T13:00+01:00'],
    ['from 2026-11-20T10:00Z to 2026-11-20T12:00Z', '2026-11-20T10:00Z', '2026-11-20T12:00Z'],
    ['from 2026-11-20T10:00+01:00 to now', '2026-11-20T10:00+01:00', 'now'],
    ['from Nov 19 22:00 to Nov 20 06:00', '2026-11-19T22:00+01:00', '2026-11-20T06:00+01:00'],
  ]);
});

describe('what phones and chats make of plain text', () => {
  reads(BERLIN, [
    ['  Yesterday\u00a010AM\u202f4H ', '2026-11-20T06:00+01:00', '2026-11-20T14:00+01:00'],
    ['yesterday\t10am\n4h', '2026-11-20T06:00+01:00', '2026-11-20T14:00+01:00'],
    ['"yesterday 10am 4h"', '2026-11-20T06:00+01:00', '2026-11-20T14:00+01:00'],
    ['\u201cyesterday 10am 4h\u201d', '2026-11-20T06:00+01:00', '2026-11-20T14:00+01:00'],
    ['\u2018yesterday 10am\u2019', '2026-11-20T09:00+01:00', '2026-11-20T11:00+01:00'],
    ['yesterday 10am +\u20132h', '2026-11-20T08:00+01:00', '2026-11-20T12:00+01:00'],
    ['2026\u201111\u201120 10:00', '2026-11-20T09:00+01:00', '2026-11-20T11:00+01:00'],
    ['\u202ayesterday\u200b 10am\u202c', '2026-11-20T09:00+01:00', '2026-11-20T11:00+01:00'],
  ]);
});

describe('the days on which the clocks change', () => {
  describe('Berlin, spring: 29 March 2026 has 23 hours', () => {
    reads({ timeZone: 'Europe/Berlin', now: '2026-03-29T12:00+02:00' }, [
      ['today', '2026-03-29T00:00+01:00', '2026-03-30T00:00+02:00'],
      ['yesterday', '2026-03-28T00:00+01:00', '2026-03-29T00:00+01:00'],
      ['today 10am 4h', '2026-03-29T06:00+02:00', '2026-03-29T14:00+02:00'],
      ['today 01:59', '2026-03-29T00:59+01:00', '2026-03-29T03:59+02:00'],
      ['today 3am', '2026-03-29T01:00+01:00', '2026-03-29T04:00+02:00'],
      ['yesterday 10am 1d', '2026-03-27T10:00+01:00', '2026-03-29T11:00+02:00'],
      ['since midnight', '2026-03-29T00:00+01:00', 'now'],
      ['last 24h', '2026-03-28T11:00+01:00', 'now'],
      ['10 hours ago', '2026-03-29T00:00+01:00', '2026-03-29T03:00+02:00'],
      ['1 day ago 1h', '2026-03-28T11:00+01:00', '2026-03-28T13:00+01:00'],
      ['from 1:00 to 4:00', '2026-03-29T01:00+01:00', '2026-03-29T04:00+02:00'],
      ['', '2026-03-28T11:00+01:00', 'now'],
    ]);
  });

  describe('Berlin, autumn: 25 October 2026 has 25 hours, 02:00 to 03:00 comes twice', () => {
    reads({ timeZone: 'Europe/Berlin', now: '2026-10-25T12:00+01:00' }, [
      ['today', '2026-10-25T00:00+02:00', '2026-10-26T00:00+01:00'],
      ['2:30 10m', '2026-10-25T02:20+02:00', '2026-10-25T02:40+01:00'],
      ['2:30', '2026-10-25T01:30+02:00', '2026-10-25T03:30+01:00'],
      ['since 2:30', '2026-10-25T02:30+02:00', 'now'],
      ['from 2:15 to 2:45', '2026-10-25T02:15+02:00', '2026-10-25T02:45+01:00'],
      ['from 1:00 to 2:30', '2026-10-25T01:00+02:00', '2026-10-25T02:30+01:00'],
      ['3:00 10m', '2026-10-25T02:50+01:00', '2026-10-25T03:10+01:00'],
      ['2026-10-25T02:30+02:00 10m', '2026-10-25T02:20+02:00', '2026-10-25T02:40+02:00'],
      ['yesterday 11pm 4h', '2026-10-24T19:00+02:00', '2026-10-25T02:00+01:00'],
    ]);
  });

  describe('New York', () => {
    reads({ timeZone: 'America/New_York', now: '2026-11-01T20:00-05:00' }, [
      ['today', '2026-11-01T00:00-04:00', '2026-11-02T00:00-05:00'],
      ['1:30am 10m', '2026-11-01T01:20-04:00', '2026-11-01T01:40-05:00'],
      ['2026-03-08', '2026-03-08T00:00-05:00', '2026-03-09T00:00-04:00'],
      ['2026-03-08 3am 30m', '2026-03-08T01:30-05:00', '2026-03-08T03:30-04:00'],
      ['yesterday 9pm', '2026-10-31T20:00-04:00', '2026-10-31T22:00-04:00'],
      ['from yesterday 22:00 to today 02:00', '2026-10-31T22:00-04:00', '2026-11-01T02:00-05:00'],
    ]);
  });

  describe('Lord Howe, where the clocks move half an hour', () => {
    reads({ timeZone: 'Australia/Lord_Howe', now: '2026-10-04T12:00+11:00' }, [
      ['today', '2026-10-04T00:00+10:30', '2026-10-05T00:00+11:00'],
      ['today 2:30 10m', '2026-10-04T01:50+10:30', '2026-10-04T02:40+11:00'],
      ['2026-04-05', '2026-04-05T00:00+11:00', '2026-04-06T00:00+10:30'],
      ['2026-04-05 1:45 5m', '2026-04-05T01:40+11:00', '2026-04-05T01:50+10:30'],
    ]);
  });

  describe('zones without daylight saving', () => {
    reads({ timeZone: 'Asia/Kathmandu', now: '2026-11-21T00:10+05:45' }, [
      ['today', '2026-11-21T00:00+05:45', '2026-11-22T00:00+05:45'],
      ['yesterday 10am 4h', '2026-11-20T06:00+05:45', '2026-11-20T14:00+05:45'],
      ['last friday 5pm', '2026-11-20T16:00+05:45', '2026-11-20T18:00+05:45'],
    ]);
    reads({ timeZone: 'Asia/Taipei', now: '2026-11-21T01:00+08:00' }, [
      ['today 0:30', '2026-11-20T23:30+08:00', '2026-11-21T01:30+08:00'],
      ['yesterday', '2026-11-20T00:00+08:00', '2026-11-21T00:00+08:00'],
      ['friday', '2026-11-20T00:00+08:00', '2026-11-21T00:00+08:00'],
    ]);
    reads({ timeZone: 'UTC', now: '2026-01-01T00:00Z' }, [
      ['yesterday', '2025-12-31T00:00Z', '2026-01-01T00:00Z'],
      ['31 dec 11pm', '2025-12-31T22:00Z', '2026-01-01T00:00Z'],
      ['today', '2026-01-01T00:00Z', '2026-01-02T00:00Z'],
    ]);
    reads({ timeZone: '-03:30', now: '2026-11-21T12:00-03:30' }, [
      ['today 10am', '2026-11-21T09:00-03:30', '2026-11-21T11:00-03:30'],
    ]);
  });

  describe('midnight that is jumped over, or comes twice', () => {
    reads({ timeZone: 'Africa/Cairo', now: '2026-04-24T12:00+03:00' }, [
      ['today', '2026-04-24T01:00+03:00', '2026-04-25T00:00+03:00'],
      ['yesterday', '2026-04-23T00:00+02:00', '2026-04-24T01:00+03:00'],
    ]);
    reads({ timeZone: 'America/Havana', now: '2026-11-01T12:00-05:00' }, [
      ['today', '2026-11-01T00:00-04:00', '2026-11-02T00:00-05:00'],
      ['yesterday', '2026-10-31T00:00-04:00', '2026-11-01T00:00-04:00'],
    ]);
  });

  it.each<readonly [string, string, string, string]>([
    ['Europe/Berlin', '2026-03-29T12:00+02:00', '2:30', '02:30 did not exist on 2026-03-29 in Europe/Berlin'],
    ['Europe/Berlin', '2026-03-30T12:00+02:00', 'yesterday 2am 4h', '02:00 did not exist on 2026-03-29'],
    ['Europe/Berlin', '2026-03-29T12:00+02:00', 'since 2:59', '02:59 did not exist'],
    ['Europe/Berlin', '2026-03-29T12:00+02:00', 'from 1:00 to 2:30', '02:30 did not exist'],
    ['America/New_York', '2026-03-09T12:00-04:00', 'yesterday 2:15am', '02:15 did not exist on 2026-03-08'],
    ['Australia/Lord_Howe', '2026-10-04T12:00+11:00', '2:15', '02:15 did not exist on 2026-10-04'],
    ['Pacific/Apia', '2012-01-01T12:00+14:00', '2011-12-30', 'is empty'],
  ])('%s at %s: %s is refused', (timeZone, now, phrase, message) => {
    expect(errorOf(phrase, { timeZone, now }).message).toContain(message);
  });

  it('names both sides of the gap', () => {
    const { hint } = errorOf('2:30', { timeZone: 'Europe/Berlin', now: '2026-03-29T12:00+02:00' });
    expect(hint).toContain('from 2026-03-29 01:59:59 CET (UTC+01:00) to 2026-03-29 03:00 CEST (UTC+02:00)');
  });
});

/** Phrase, a piece of the message or hint. */
const REFUSED: readonly (readonly [string, string])[] = [
  // No English.
  ['gestern', '"gestern" is not understood'],
  ['gestern 10 Uhr', 'is not understood'],
  ['hier 10h', 'is not understood'],
  ['昨天 10:00', 'is not understood'],
  // Misspelt, or more than is understood.
  ['yestrday 10am', 'is not understood'],
  ['yesterday 10am please', 'at "please"'],
  ['yesterday 10am ann@x.example', 'at "ann@x.example"'],
  ['10am yesterday to:bob@x.example', 'at "to:bob@x.example"'],
  ['foo', 'is not understood'],
  ['yesterday 10amm', 'is not understood'],
  ['10:00foo', 'is not understood'],
  ['2026-11-20x', 'is not understood'],
  ['2026-11-20 10:00 ; rm -rf /', 'is not understood'],
  ['.*', 'is not understood'],
  ['<@U123>', 'is not understood'],
  ['-', 'is not understood'],
  ['at', 'is not understood'],
  ['since', 'is not understood'],
  ['last', 'is not understood'],
  ['ago', 'is not understood'],
  ['from to', 'is not understood'],
  ['between and', 'is not understood'],
  // All-numeric dates: both readings.
  ['03/04', '2026-04-03 or 2026-03-04'],
  ['03/04/2026', '2026-04-03 or 2026-03-04'],
  ['3/4/26 10am', '2026-04-03 or 2026-03-04'],
  ['03-04', '2026-04-03 or 2026-03-04'],
  ['03-04-2026 10:00', '2026-04-03 or 2026-03-04'],
  ['3.4.', '2026-04-03 or 2026-03-04'],
  ['20.11.2026', '2026-11-20'],
  ['20.11.2026 10:00', '2026-11-20'],
  ['11/20/2026', '2026-11-20'],
  ['2026/11/20', '2026-11-20'],
  ['2026-11', 'is not understood'],
  ['2026-1-5', '2026-01-05'],
  ['since 03/04', '2026-04-03 or 2026-03-04'],
  ['from 03/04 to 05/04', '2026-04-03 or 2026-03-04'],
  ['20261120', 'is not understood'],
  ['20261120T100000Z', 'is not understood'],
  ['2026-W47', 'is not understood'],
  // No such date or time.
  ['2026-02-30', 'no day "2026-02-30"'],
  ['2026-13-01', 'no day "2026-13-01"'],
  ['1969-12-31', 'no day "1969-12-31"'],
  ['31 june', 'no day "31 june"'],
  ['29 feb', 'no day "29 feb"'],
  ['0 nov', 'no day "0 nov"'],
  ['20 nov 1400', 'no day "20 nov 1400"'],
  ['nov 2026', 'is not understood'],
  ['Thu 20 Nov', '2026-11-20 is a friday, no thursday'],
  ['25:00', '"25:00" is no time of day'],
  ['9:60', '"9:60" is no time of day'],
  ['24:01', '"24:01" is no time of day'],
  ['13pm', '"13pm" is no time of day'],
  ['0am', '"0am" is no time of day'],
  ['14:30pm', '"14:30pm" is no time of day'],
  ['9:5', 'is not understood'],
  ['100:00', 'is not understood'],
  // A time of day in other clothes.
  ['10', 'is not understood'],
  ['yesterday 10', '10am or 10:00'],
  ['1430', '10am or 10:00'],
  ['14.30', '14:30'],
  ['10h30', '14:30'],
  ["10 o'clock", '14:30'],
  ['from 9 to 11', 'is not understood'],
  ['from 9 to 11am', 'is not understood'],
  ['1700000000', 'Seconds since 1970'],
  // More than one meaning.
  ['yesterday midnight', '2026-11-20 00:00 or 2026-11-20 24:00'],
  ['this morning', 'Name the hours'],
  ['last night', 'Name the hours'],
  ['yesterday evening', 'Name the hours'],
  ['tonight', 'Name the hours'],
  ['last week', 'last 7d'],
  ['last day', 'last 24h'],
  ['last month', 'last 7d'],
  ['this week', 'since monday'],
  ['this friday', 'last friday'],
  ['2 months ago', '4 weeks ago'],
  ['last year', 'last 7d'],
  ['the day before yesterday', '2 days ago'],
  ['from yesterday', 'since 9am'],
  ['before 10am', 'from 9:00 to 11:30'],
  ['after 10am', 'since 9am'],
  ['until 10am', 'since 9am'],
  ['since 2h', 'last 2h'],
  ['10am +2h', '±2h'],
  ['10am -2h', '±2h'],
  ['10am - 2h', '±2h'],
  ['yesterday 10am for 4 hours', 'before and after'],
  ['2026-11-20 10:00-12:00', 'an offset or the end of a range'],
  ['20 Nov 2026 10:00-05:00', 'an offset or the end of a range'],
  ['from yesterday 22:00 to today', 'is a whole day'],
  ['from yesterday to 10:00', 'is a whole day'],
  ['from 2026-11-20T10:00Z to 2026-11-20 12:00', 'Only one end'],
  ['from 2026-11-20T10:00Z to 12:00', 'Only one end'],
  ['yesterday and today', 'from thursday to friday'],
  ['yesterday or today', 'from thursday to friday'],
  ['friday from thursday 9:00 to 11:30', 'names a day twice'],
  ['5.1.1', 'explain 5.1.1'],
  // Zones.
  ['yesterday 10:00 UTC', 'needs a full date'],
  ['10:00Z', 'needs a date'],
  ['2026-11-20 Z', 'needs a date'],
  ['2026-11-20 10:00 CET', 'Times are read in your own time zone'],
  ['2026-11-20 10:00 Europe/Berlin', 'Times are read in your own time zone'],
  ['2026-11-20T10:00+25:00', '"+25:00" is no offset'],
  ['2026-11-20T10:00+08:60', '"+08:60" is no offset'],
  // A day cannot be widened.
  ['yesterday 4h', 'is a whole day'],
  ['2026-11-20 ±4h', 'is a whole day'],
  // Twice the same.
  ['yesterday today', 'names a day twice'],
  ['10am 11am', 'names a time of day twice'],
  ['yesterday 10am friday', 'names a day twice'],
  ['2026-11-20T10:00 11:00', 'names two points'],
  ['2 hours ago 10am', 'names two points'],
  ['yesterday 2 hours ago', 'names two points'],
  ['now 10am', 'names two points'],
  // The future.
  ['tomorrow', 'Logs hold only what was'],
  ['next friday 5pm', 'Logs hold only what was'],
  ['in 2 hours', 'Logs hold only what was'],
  ['today 18:00', 'lies in the future'],
  ['11pm', 'lies in the future'],
  ['22 nov', 'lies in the future'],
  ['since 15:00', 'lies in the future'],
  ['from 22:00 to 02:00', 'from yesterday 22:00 to today 02:00'],
  // Nothing in between.
  ['between today 02:00 and yesterday 22:00', 'is empty'],
  ['from friday to thursday', 'is empty'],
  ['from 9:00 to 9:00', 'is empty'],
  ['from now to now', 'is empty'],
  ['since now', 'is empty'],
  ['from 1 hour ago to 3 hours ago', 'is empty'],
  // Durations.
  ['last 0h', 'out of range'],
  ['last 367d', 'out of range'],
  ['yesterday 10am 0m', 'out of range'],
  ['400d ago', 'out of range'],
  ['last 30', 'last 24h'],
  ['last 1h30', 'is not understood'],
  ['last -2h', 'is not understood'],
  ['last 2 fortnights', 'is not understood'],
  ['yesterday 10am 4', 'is not understood'],
  ['yesterday 10am 4x', 'is not understood'],
  [`yesterday ${'10am '.repeat(100)}`, 'too long'],
];

describe('refuses with examples', () => {
  it.each(REFUSED)('%s', (phrase, piece) => {
    const error = errorOf(phrase, BERLIN);
    expect(error.code).toBe('time-phrase');
    expect(`${error.message} ${error.hint}`).toContain(piece);
    expect(error.hint).toContain('yesterday 10am 4h');
  });

  it('without control characters in what people read', () => {
    const error = errorOf('yest\u0000er\u0007day \u001b[31m10am', BERLIN);
    expect(`${error.message}${error.hint}`).not.toMatch(/\p{Cc}/u);
  });
});

describe('two lengths are a usage error', () => {
  it.each([
    '4h 2h',
    '30m 4h',
    'yesterday 10am 4h 2h',
    'yesterday 10am 4h ±2h',
    'from 9:00 to 11:30 2h',
    'since 9am 2h',
    'last 2h 4h',
  ])('%s', (phrase) => {
    expect(errorOf(phrase, BERLIN).code).toBe('usage');
  });

  it.each(['yesterday 10am 4h', 'last 30m', '4h', 'since 9am', 'from 9:00 to 11:30', '2d ago 4h'])(
    '%s with --time-range',
    (phrase) => {
      const error = errorOf(phrase, BERLIN, 2 * HOUR_MS);
      expect(error.code).toBe('usage');
      expect(error.message).toContain('--time-range');
    },
  );
});

describe('--time-range', () => {
  it.each<Row>([
    ['', '2026-11-21T12:47:23+01:00', 'now'],
    ['now', '2026-11-21T12:47:23+01:00', '2026-11-21T16:47:23+01:00'],
    ['yesterday 10am', '2026-11-20T08:00+01:00', '2026-11-20T12:00+01:00'],
    ['2026-11-20 10:00:00', '2026-11-20T08:00+01:00', '2026-11-20T12:00+01:00'],
    ['2 hours ago', '2026-11-21T10:47:23+01:00', '2026-11-21T14:47:23+01:00'],
    ['3 days ago', '2026-11-18T12:47:23+01:00', '2026-11-18T16:47:23+01:00'],
  ])('2h around "%s"', (phrase, from, to) => {
    expect(window(phrase, BERLIN, 2 * HOUR_MS)).toBe(expected(from, to, BERLIN.now));
  });

  it('cannot widen a day', () => {
    expect(errorOf('yesterday', BERLIN, 2 * HOUR_MS).message).toContain('is a whole day');
  });
});

describe('whatever is typed', () => {
  const PIECES = [
    ...'yesterday today now last friday since from to between and 10am 14:30 4h ±2h 2 hours ago 20 nov 2026 2026-11-20 T Z'.split(
      ' ',
    ),
    '+08:00',
    '-',
    ',',
    'noon',
    'midnight',
    '24:00',
    '3 days ago',
    'until',
    '03/04',
    'a',
    '"',
    '\u2013',
    '\u00a0',
    'the',
    'on',
  ];
  const places = fc.record({
    timeZone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC'),
    nowMs: fc.integer({ min: at('2000-01-01'), max: at('2035-01-01') }),
  });

  it('takes a date with its year as it is: the clock of a machine may run ahead', () => {
    const now = { nowMs: at('2026-11-21T12:00Z'), timeZone: 'UTC' };
    expect(parseTimePhrase('2027-01-01 10:00 1h', now)).toEqual({
      fromMs: at('2027-01-01T09:00Z'),
      toMs: at('2027-01-01T11:00Z'),
    });
    expect(parseTimePhrase('2026-11-22', now)).toEqual({
      fromMs: at('2026-11-22T00:00Z'),
      toMs: at('2026-11-23T00:00Z'),
    });
  });

  it('gives a window that begins before it ends, in the future only by a date with its year, or is refused', () => {
    const phrases = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join(' ')),
    );
    let windows = 0;
    fc.assert(
      fc.property(phrases, places, (phrase, place) => {
        try {
          const { fromMs, toMs } = parseTimePhrase(phrase, place);
          windows++;
          expect(fromMs).toBeLessThan(toMs);
          if (!/\d{4}-\d{2}-\d{2}/.test(phrase)) expect(fromMs).toBeLessThanOrEqual(place.nowMs);
        } catch (error) {
          if (!(error instanceof MailtraceError)) throw error;
          expect(['time-phrase', 'usage']).toContain(error.code);
        }
      }),
      { numRuns: 1500, seed: 20261121 },
    );
    expect(windows).toBeGreaterThan(100);
  });

  it('reads the same under every zone of the machine', () => {
    const before = process.env['TZ'];
    try {
      for (const zone of ['America/New_York', 'Pacific/Kiritimati', 'Australia/Lord_Howe', 'Pacific/Niue']) {
        process.env['TZ'] = zone;
        expect(new Intl.DateTimeFormat().resolvedOptions().timeZone).toBe(zone);
        expect(window('last friday 5pm', BERLIN)).toBe(
          expected('2026-11-20T16:00+01:00', '2026-11-20T18:00+01:00', ''),
        );
        expect(window('29 mar 3am', BERLIN)).toBe(expected('2026-03-29T01:00+01:00', '2026-03-29T04:00+02:00', ''));
        expect(window('8 mar 2:30', BERLIN)).toBe(expected('2026-03-08T01:30+01:00', '2026-03-08T03:30+01:00', ''));
      }
    } finally {
      process.env['TZ'] = before;
    }
  });
});
