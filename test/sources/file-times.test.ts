import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askFor, createLogFolder, type LogFolder, searchIn, textsOf } from './log-folder.ts';

let folder: LogFolder;
beforeEach(async () => {
  folder = await createLogFolder();
});
afterEach(() => folder.remove());

const old = (stamp: string, text: string, host = 'gw'): string => `${stamp} ${host} postfix/smtpd[1]: ${text}`;
const BERLIN = { zones: { gw: 'Europe/Berlin' } };

describe('a window means instants', () => {
  it('whatever the offset of the log', async () => {
    await folder.write({
      'utc.log': ['2026-11-20T12:00:00+00:00 utc postfix/smtpd[1]: utc'],
      'taipei.log': [
        '2026-11-20T20:00:00.000+08:00 taipei postfix/smtpd[1]: taipei',
        '2026-11-20T12:00:00+08:00 taipei postfix/smtpd[1]: eight hours before',
      ],
      'york.log': [old('Nov 20 07:00:00', 'york', 'york'), old('Nov 20 12:00:00', 'five hours later', 'york')],
      'machine.log': [old('Nov 20 13:00:00', 'machine', 'machine')],
    });
    const source = folder.open(
      { utc: 'utc.log', taipei: 'taipei.log', york: 'york.log', machine: 'machine.log' },
      { timeZone: 'Europe/Berlin', zones: { york: 'America/New_York' } },
    );
    const outcome = await searchIn(source, { from: '2026-11-20T12:00:00Z', to: '2026-11-20T12:00:01Z' });
    expect(textsOf(outcome)).toEqual(['utc', 'taipei', 'york', 'machine']);
    expect(new Set(outcome.records.map(({ timeMs }) => timeMs))).toEqual(new Set([Date.parse('2026-11-20T12:00:00Z')]));
  });
});

describe('a shared log without offsets, where the zone of a host is not configured', () => {
  const york = (stamp: string, text: string): string => old(stamp, text, 'york');
  const WINDOW = { from: '2026-11-20T08:00:00Z', to: '2026-11-20T08:00:01Z' };

  it('loses none of its lines to the choice of pieces', async () => {
    await folder.write({
      'all.log.1': [old('Nov 20 12:00:00', 'one'), york('Nov 20 07:30:00', 'two')],
      // More lines at the start than are looked at for the first stamp.
      'all.log': [...Array.from({ length: 9 }, () => old('Nov 20 13:00:00', 'three')), york('Nov 20 08:00:00', 'four')],
    });
    const source = folder.open({ gw: 'all.log', york: 'all.log' });
    expect(textsOf(await searchIn(source, WINDOW))).toEqual(['four']);
  });

  it('nor to the bisection of a large one', async () => {
    const minute = (index: number): string =>
      `${String(Math.floor(index / 60) % 24).padStart(2, '0')}:${String(index % 60).padStart(2, '0')}:00`;
    const lines = Array.from({ length: 6000 }, (_, index) =>
      old(`Nov 20 ${minute(Math.floor(index / 5))}`, 'x'.repeat(300)),
    );
    lines.splice(3900, 0, york('Nov 20 08:00:00', 'york'));
    await folder.write({ 'all.log': lines });
    const found = await searchIn(folder.open({ gw: 'all.log', york: 'all.log' }), { ...WINDOW, hosts: ['york'] });
    expect(textsOf(found)).toEqual(['york']);
  });
});

describe('a log without years', () => {
  it('is read in the year of the window', async () => {
    await folder.write({ 'mail.log': [old('Nov 20 12:00:00', 'found')] });
    for (const year of [2019, 2026, 2031]) {
      const outcome = await searchIn(folder.open({ gw: 'mail.log' }), {
        from: `${year}-11-20T00:00:00Z`,
        to: `${year}-11-21T00:00:00Z`,
      });
      expect(outcome.records.map(({ timeMs }) => new Date(timeMs).toISOString())).toEqual([
        `${year}-11-20T12:00:00.000Z`,
      ]);
    }
  });

  it('is read in the year of each window when several are searched at once', async () => {
    await folder.write({ 'mail.log': [old('Nov 20 12:00:00', 'found')] });
    const source = folder.open({ gw: 'mail.log' });
    const { signal } = new AbortController();
    const outcomes = await Promise.all(
      [2019, 2026, 2031].map((year) =>
        source.search(askFor(source, { from: `${year}-11-20T00:00:00Z`, to: `${year}-11-21T00:00:00Z` }), signal),
      ),
    );
    expect(outcomes.map(({ records }) => records.map(({ timeMs }) => new Date(timeMs).getUTCFullYear()))).toEqual([
      [2019],
      [2026],
      [2031],
    ]);
  });

  it('goes over New Year, also from piece to piece', async () => {
    await folder.write({
      'mail.log.2.gz': [old('Dec 30 12:00:00', 'old')],
      'mail.log.1': [old('Dec 31 22:00:00', 'one'), old('Dec 31 23:59:59', 'two')],
      'mail.log': [old('Jan  1 00:00:00', 'three'), old('Jan  1 02:00:00', 'four')],
    });
    const source = folder.open({ gw: 'mail.log' });
    const night = { from: '2026-12-31T20:00:00Z', to: '2027-01-01T01:00:00Z' };
    expect(textsOf(await searchIn(source, night))).toEqual(['one', 'two', 'three']);
    const before = { from: '2026-12-31T20:00:00Z', to: '2027-01-01T00:00:00Z' };
    expect(textsOf(await searchIn(source, before))).toEqual(['one', 'two']);
  });

  it('knows the leap day', async () => {
    await folder.write({
      'mail.log': [old('Feb 28 12:00:00', 'one'), old('Feb 29 12:00:00', 'two'), old('Mar  1 12:00:00', 'three')],
    });
    const outcome = await searchIn(folder.open({ gw: 'mail.log' }), {
      from: '2028-02-29T00:00:00Z',
      to: '2028-03-01T00:00:00Z',
    });
    expect(textsOf(outcome)).toEqual(['two']);
  });
});

// On 25 October 2026 Berlin's clocks go from 03:00 back to 02:00: 02:30 is 00:30Z and again 01:30Z.
describe('the repeated hour', () => {
  const FIRST = { from: '2026-10-25T00:00:00Z', to: '2026-10-25T01:00:00Z' };
  const SECOND = { from: '2026-10-25T01:00:00Z', to: '2026-10-25T02:00:00Z' };
  const night = [
    old('Oct 25 01:59:00', 'before'),
    old('Oct 25 02:10:00', 'first a'),
    old('Oct 25 02:50:00', 'first b'),
    old('Oct 25 02:10:01', 'second a'),
    old('Oct 25 02:50:01', 'second b'),
    old('Oct 25 03:10:00', 'after'),
  ];

  it.each([
    ['plain', 'mail.log'],
    ['packed', 'mail.log.1.gz'],
  ])('is decided by the order of the lines: %s', async (_, name) => {
    await folder.write({ [name]: night });
    const source = folder.open({ gw: name }, BERLIN);
    const [first, second] = [await searchIn(source, FIRST), await searchIn(source, SECOND)];
    expect(textsOf(first)).toEqual(['first a', 'first b']);
    expect(textsOf(second)).toEqual(['second a', 'second b']);
    expect(first.hosts[0]).toMatchObject({ ambiguousTimes: 0 });
    expect(second.records.map(({ timeMs }) => new Date(timeMs).toISOString())).toEqual([
      '2026-10-25T01:10:01.000Z',
      '2026-10-25T01:50:01.000Z',
    ]);
  });

  it('is decided also where only one line is looked for', async () => {
    await folder.write({ 'mail.log': night });
    const source = folder.open({ gw: 'mail.log' }, BERLIN);
    expect(textsOf(await searchIn(source, { ...SECOND, find: ['second b'] }))).toEqual(['second b']);
    expect(textsOf(await searchIn(source, { ...FIRST, find: ['second b'] }))).toEqual([]);
  });

  it('stays open where the order does not tell: both instants count, and the reading says so', async () => {
    await folder.write({
      'mail.log': [old('Oct 25 01:00:00', 'before'), old('Oct 25 02:30:00', 'open'), old('Oct 25 03:30:00', 'after')],
    });
    const source = folder.open({ gw: 'mail.log' }, BERLIN);
    for (const [window, time] of [
      [FIRST, '2026-10-25T00:30:00.000Z'],
      [SECOND, '2026-10-25T01:30:00.000Z'],
    ] as const) {
      const { records, hosts } = await searchIn(source, window);
      expect(records.map(({ timeMs, text }) => `${new Date(timeMs).toISOString()} ${text}`)).toEqual([`${time} open`]);
      expect(hosts[0]).toMatchObject({ ambiguousTimes: 1, linesRead: 1 });
    }
  });

  it('is not decided by lines that are merely out of order', async () => {
    await folder.write({
      'mail.log': [old('Oct 25 02:30:00', 'one'), old('Oct 25 02:27:00', 'two'), old('Oct 25 02:31:00', 'three')],
    });
    const { hosts } = await searchIn(folder.open({ gw: 'mail.log' }, BERLIN), { from: FIRST.from, to: SECOND.to });
    expect(hosts[0]).toMatchObject({ ambiguousTimes: 3 });
  });

  it('is decided for each host of a shared log by its own lines', async () => {
    const york = (stamp: string, text: string): string => old(stamp, text, 'york');
    await folder.write({ 'all.log': [...night.slice(0, 4), york('Oct 24 20:10:00', 'york'), ...night.slice(4)] });
    const source = folder.open(
      { gw: 'all.log', york: 'all.log' },
      { zones: { gw: 'Europe/Berlin', york: 'America/New_York' } },
    );
    expect(textsOf(await searchIn(source, SECOND))).toEqual(['second a', 'second b']);
    expect(textsOf(await searchIn(source, FIRST))).toEqual(['first a', 'first b', 'york']);
  });

  it('means nothing to stamps with an offset', async () => {
    await folder.write({
      'mail.log': ['2026-10-25T02:30:00+02:00 gw a[1]: first', '2026-10-25T02:30:00+01:00 gw a[1]: second'],
    });
    const outcome = await searchIn(folder.open({ gw: 'mail.log' }, BERLIN), SECOND);
    expect(textsOf(outcome)).toEqual(['second']);
    expect(outcome.hosts[0]).toMatchObject({ ambiguousTimes: 0 });
  });
});

describe('the hour that is left out', () => {
  it('is read with the offset before the jump', async () => {
    await folder.write({
      'mail.log': [old('Mar 29 01:59:59', 'before'), old('Mar 29 02:30:00', 'lost'), old('Mar 29 03:30:01', 'after')],
    });
    const outcome = await searchIn(folder.open({ gw: 'mail.log' }, BERLIN), {
      from: '2026-03-29T00:00:00Z',
      to: '2026-03-29T02:00:00Z',
    });
    expect(outcome.records.map(({ timeMs, text }) => `${new Date(timeMs).toISOString()} ${text}`)).toEqual([
      '2026-03-29T00:59:59.000Z before',
      '2026-03-29T01:30:00.000Z lost',
      '2026-03-29T01:30:01.000Z after',
    ]);
  });
});
