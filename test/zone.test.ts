import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildWall,
  createZone,
  formatInstant,
  formatWindow,
  type Instants,
  isZone,
  parseOffset,
  systemZone,
  wallFields,
} from '../src/zone.ts';

const wall = (text: string): number => Date.parse(`${text}Z`);
const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 19);

const show = (instants: Instants): string => {
  switch (instants.kind) {
    case 'one':
      return iso(instants.ms);
    case 'gap':
      return `gap at ${iso(instants.jumpMs)}: ${iso(instants.beforeMs)} or ${iso(instants.afterMs)}`;
    case 'repeated':
      return `${iso(instants.firstMs)} and ${iso(instants.secondMs)}`;
  }
};

/** Zone, wall clock, its instants in UTC. */
const WALLS: readonly (readonly [string, string, string])[] = [
  ['UTC', '2026-11-20T10:00:00', '2026-11-20T10:00:00'],
  ['Z', '2026-11-20T10:00:00', '2026-11-20T10:00:00'],
  ['+08:00', '2026-11-20T10:00:00', '2026-11-20T02:00:00'],
  ['-0330', '2026-11-20T10:00:00', '2026-11-20T13:30:00'],
  ['UTC+5', '2026-11-20T10:00:00', '2026-11-20T05:00:00'],
  ['Asia/Taipei', '2026-11-20T10:00:00', '2026-11-20T02:00:00'],
  ['Asia/Kathmandu', '2026-11-20T10:00:00', '2026-11-20T04:15:00'],
  ['Europe/Berlin', '2026-11-20T10:00:00', '2026-11-20T09:00:00'],
  ['europe/berlin', '2026-07-20T10:00:00', '2026-07-20T08:00:00'],
  ['Pacific/Kiritimati', '2026-11-20T10:00:00', '2026-11-19T20:00:00'],
  ['Pacific/Niue', '2026-11-20T10:00:00', '2026-11-20T21:00:00'],
  // Spring forward.
  ['Europe/Berlin', '2026-03-29T01:59:59', '2026-03-29T00:59:59'],
  ['Europe/Berlin', '2026-03-29T02:00:00', 'gap at 2026-03-29T01:00:00: 2026-03-29T01:00:00 or 2026-03-29T00:00:00'],
  ['Europe/Berlin', '2026-03-29T02:59:59', 'gap at 2026-03-29T01:00:00: 2026-03-29T01:59:59 or 2026-03-29T00:59:59'],
  ['Europe/Berlin', '2026-03-29T03:00:00', '2026-03-29T01:00:00'],
  ['America/New_York', '2026-03-08T02:30:00', 'gap at 2026-03-08T07:00:00: 2026-03-08T07:30:00 or 2026-03-08T06:30:00'],
  // Half an hour only.
  ['Australia/Lord_Howe', '2026-10-04T01:59:00', '2026-10-03T15:29:00'],
  [
    'Australia/Lord_Howe',
    '2026-10-04T02:15:00',
    'gap at 2026-10-03T15:30:00: 2026-10-03T15:45:00 or 2026-10-03T15:15:00',
  ],
  ['Australia/Lord_Howe', '2026-10-04T02:30:00', '2026-10-03T15:30:00'],
  ['Australia/Lord_Howe', '2026-04-05T01:45:00', '2026-04-04T14:45:00 and 2026-04-04T15:15:00'],
  // Fall back.
  ['Europe/Berlin', '2026-10-25T01:59:59', '2026-10-24T23:59:59'],
  ['Europe/Berlin', '2026-10-25T02:00:00', '2026-10-25T00:00:00 and 2026-10-25T01:00:00'],
  ['Europe/Berlin', '2026-10-25T02:59:59', '2026-10-25T00:59:59 and 2026-10-25T01:59:59'],
  ['Europe/Berlin', '2026-10-25T03:00:00', '2026-10-25T02:00:00'],
  ['America/New_York', '2026-11-01T01:30:00', '2026-11-01T05:30:00 and 2026-11-01T06:30:00'],
  // Midnight itself is skipped, or comes twice.
  ['Africa/Cairo', '2026-04-24T00:00:00', 'gap at 2026-04-23T22:00:00: 2026-04-23T22:00:00 or 2026-04-23T21:00:00'],
  ['America/Havana', '2026-11-01T00:00:00', '2026-11-01T04:00:00 and 2026-11-01T05:00:00'],
  // Samoa had no 30 December 2011 at all.
  ['Pacific/Apia', '2011-12-30T12:00:00', 'gap at 2011-12-30T10:00:00: 2011-12-30T22:00:00 or 2011-12-29T22:00:00'],
  ['Pacific/Apia', '2011-12-31T00:00:00', '2011-12-30T10:00:00'],
  // Local mean time, with seconds.
  ['Europe/Berlin', '1880-01-01T00:00:00', '1879-12-31T23:06:32'],
  ['Asia/Manila', '1840-01-01T00:00:00', '1840-01-01T15:56:08'],
];

describe('instants of a wall time', () => {
  it.each(WALLS)('%s %s is %s', (zone, text, expected) => {
    expect(show(createZone(zone).instantsOf(wall(text)))).toBe(expected);
  });

  it('come back to the same wall time, in every kind of zone', () => {
    const names = [
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'Africa/Casablanca',
      '-03:30',
    ];
    const zones = names.map(createZone);
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: at('1970-01-01'), max: at('2040-01-01') }),
        (zone, ms) => {
          const found = zone.instantsOf(zone.wallAt(ms));
          expect(found.kind).not.toBe('gap');
          if (found.kind === 'one') expect(found.ms).toBe(ms);
          if (found.kind === 'repeated') expect([found.firstMs, found.secondMs]).toContain(ms);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('offset', () => {
  it('is what Intl says, on the days around every kind of change', () => {
    for (const name of [
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
      'Pacific/Apia',
    ]) {
      const zone = createZone(name);
      const format = new Intl.DateTimeFormat('en-US', { timeZone: name, dateStyle: 'short', timeStyle: 'medium' });
      const plain = new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'medium' });
      for (const year of [2011, 2026]) {
        for (let ms = Date.UTC(year, 0); ms < Date.UTC(year + 1, 0); ms += 1_800_000) {
          if (plain.format(zone.wallAt(ms)) !== format.format(ms)) expect.fail(`${name} ${iso(ms)}`);
        }
      }
    }
  });

  it('survives more dates than it keeps, in any order', () => {
    const zone = createZone('Europe/Berlin');
    for (let year = 1600; year < 2400; year++) zone.offsetMsAt(Date.UTC(year, year % 12, 3));
    expect(zone.offsetMsAt(at('2026-07-01T00:00Z'))).toBe(7_200_000);
    expect(zone.offsetMsAt(at('2026-12-01T00:00Z'))).toBe(3_600_000);
  });

  it.each<readonly [string, number | null]>([
    ['Z', 0],
    ['utc', 0],
    ['+00:00', 0],
    ['-00:00', 0],
    ['+08:00', 28_800_000],
    ['-0330', -12_600_000],
    ['+14', 50_400_000],
    ['GMT+2', 7_200_000],
    ['+8:60', null],
    ['+24:00', null],
    ['08:00', null],
    ['CET', null],
    ['', null],
  ])('%j reads as %s', (text, expected) => {
    expect(parseOffset(text)).toBe(expected);
  });
});

describe('zone names', () => {
  it.each(['Europe/Berlin', 'UTC', 'Z', '+08:00', 'Asia/Calcutta', 'Etc/GMT-14', systemZone()])('%s is one', (name) => {
    expect(isZone(name)).toBe(true);
    expect(createZone(name).name).toBe(name);
  });

  it.each(['', 'Europe/Bonn', '+99:00', 'Mars/Olympus', 'Europe/Berlin\n', '../etc/passwd'])('%j is none', (name) => {
    expect(isZone(name)).toBe(false);
    expect(() => createZone(name)).toThrow(RangeError);
  });
});

describe('wall clock fields', () => {
  it.each<readonly [readonly [number, number, number, number, number], boolean]>([
    [[2026, 2, 28, 0, 0], true],
    [[2026, 2, 29, 0, 0], false],
    [[2024, 2, 29, 23, 59], true],
    [[2026, 13, 1, 0, 0], false],
    [[2026, 0, 1, 0, 0], false],
    [[2026, 1, 1, 24, 0], false],
    [[2026, 1, 1, 0, 60], false],
    [[99, 1, 1, 0, 0], true],
  ])('%j is a date: %s', ([year, month, day, hour, minute], expected) => {
    const built = buildWall({ year, month, day, hour, minute });
    expect(built !== null).toBe(expected);
    if (built !== null) expect(wallFields(built)).toMatchObject({ year, month, day, hour, minute, second: 0 });
  });
});

describe('for people', () => {
  it.each([
    ['Europe/Berlin', '2026-11-20T09:00:00Z', '2026-11-20 10:00 CET (UTC+01:00)'],
    ['Europe/Berlin', '2026-07-20T09:00:07.900Z', '2026-07-20 11:00:07 CEST (UTC+02:00)'],
    ['America/New_York', '2026-11-20T09:00:00Z', '2026-11-20 04:00 EST (UTC-05:00)'],
    ['Asia/Taipei', '2026-11-20T09:00:00Z', '2026-11-20 17:00 UTC+08:00'],
    ['Asia/Kathmandu', '2026-11-20T09:00:00Z', '2026-11-20 14:45 UTC+05:45'],
    ['Europe/London', '2026-11-20T09:00:00Z', '2026-11-20 09:00 UTC'],
    ['UTC', '2026-11-20T09:00:00Z', '2026-11-20 09:00 UTC'],
    ['-03:30', '2026-11-20T09:00:00Z', '2026-11-20 05:30 UTC-03:30'],
    // The repeated hour reads apart.
    ['Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25 02:30 CEST (UTC+02:00)'],
    ['Europe/Berlin', '2026-10-25T01:30:00Z', '2026-10-25 02:30 CET (UTC+01:00)'],
  ])('in %s, %s is %s', (zone, instant, expected) => {
    expect(formatInstant(at(instant), zone)).toBe(expected);
    expect(formatInstant(at(instant), createZone(zone))).toBe(expected);
  });

  it.each([
    [
      'Europe/Berlin',
      '2026-11-20T05:00Z',
      '2026-11-20T13:00Z',
      '2026-11-20 06:00 CET to 2026-11-20 14:00 CET (Europe/Berlin, UTC+01:00)',
    ],
    [
      'Europe/Berlin',
      '2026-10-24T22:00Z',
      '2026-10-25T23:00Z',
      '2026-10-25 00:00 CEST to 2026-10-26 00:00 CET (Europe/Berlin, UTC+02:00 to UTC+01:00)',
    ],
    [
      'Asia/Taipei',
      '2026-11-20T02:00Z',
      '2026-11-20T03:00Z',
      '2026-11-20 10:00 to 2026-11-20 11:00 (Asia/Taipei, UTC+08:00)',
    ],
    ['UTC', '2026-11-20T02:00Z', '2026-11-20T03:00Z', '2026-11-20 02:00 to 2026-11-20 03:00 (UTC)'],
    ['+08:00', '2026-11-20T02:00Z', '2026-11-20T03:00Z', '2026-11-20 10:00 to 2026-11-20 11:00 (UTC+08:00)'],
  ])('a window in %s shows both ends', (zone, from, to, expected) => {
    expect(formatWindow({ fromMs: at(from), toMs: at(to) }, zone)).toBe(expected);
  });
});
