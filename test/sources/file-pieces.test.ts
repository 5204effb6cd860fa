import { spawnSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { link, symlink } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askFor, createLogFolder, type Files, type LogFolder, searchIn, textsOf } from './log-folder.ts';

let folder: LogFolder;
beforeEach(async () => {
  folder = await createLogFolder();
});
afterEach(() => folder.remove());

const at = (time: string, text: string): string => `${time}+00:00 gw postfix/smtpd[1]: ${text}`;
const ALL = { from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' };
const DAYS = ['18', '19', '20', '21'] as const;
const day = (number: string): string => at(`2026-11-${number}T12:00:00`, `day ${number}`);

const search = async (files: Files, logFiles: string | readonly string[], question = ALL) => {
  await folder.write(files);
  const outcome = await searchIn(folder.open({ gw: logFiles }), question);
  return { texts: textsOf(outcome), reading: outcome.hosts[0]! };
};

describe('a path covers its rotated pieces', () => {
  it.each([
    ['counted', ['mail.log.3.gz', 'mail.log.2.gz', 'mail.log.1', 'mail.log']],
    ['dated', ['mail.log-20261119.gz', 'mail.log-20261120', 'mail.log-20261121', 'mail.log']],
    [
      'dated by postlogd',
      ['mail.log.20261119-000000.gz', 'mail.log.20261120-000000.gz', 'mail.log.20261121-000000', 'mail.log'],
    ],
    ['dated before the ending', ['mail-20261119.log.gz', 'mail-20261120.log', 'mail-20261121.log', 'mail.log']],
    ['without a live file', ['mail.log.4', 'mail.log.3', 'mail.log.2', 'mail.log.1']],
  ])('%s', async (_, names) => {
    const files = Object.fromEntries(DAYS.map((number, index) => [names[index]!, [day(number)]]));
    const { texts, reading } = await search(
      { ...files, 'mail.log.bak': [day('17')], 'mail.err': [day('16')] },
      'mail.log',
    );
    expect(texts).toEqual(['day 18', 'day 19', 'day 20', 'day 21']);
    expect(reading).toMatchObject({ status: 'ok', error: null });
  });

  it('whatever their names say about their age', async () => {
    const files = {
      'mail.log.1': [day('18')],
      'mail.log.2': [day('20')],
      'mail.log.3': [day('19')],
      'mail.log': [day('21')],
    };
    const early = { from: '2026-11-18T00:00:00Z', to: '2026-11-19T00:00:00Z' };
    expect((await search(files, 'mail.log')).texts).toEqual(['day 18', 'day 19', 'day 20', 'day 21']);
    expect((await search(files, 'mail.log', early)).texts).toEqual(['day 18']);
    const late = { from: '2026-11-19T00:00:00Z', to: '2026-11-21T00:00:00Z' };
    expect((await search(files, 'mail.log', late)).texts).toEqual(['day 19', 'day 20']);
  });

  it('and so do all paths of a glob, each file once', async () => {
    await folder.write({ 'a/mail.log': [day('20')], 'a/mail.log.1.gz': [day('19')], 'b/mail.log': [day('21')] });
    await link(folder.path('a/mail.log'), folder.path('a/mail.hard'));
    await symlink(folder.path('b'), folder.path('c'));
    const { texts } = await search({}, ['*/mail.log', 'a/mail.log*', 'a/*', 'c/mail.log']);
    expect(texts).toEqual(['day 19', 'day 20', 'day 21']);
  });

  it('and a packed copy of the same lines counts once', async () => {
    const files = { 'mail.log': [day('21')], 'mail.log.1': [day('19'), day('20')], 'mail.log.1.gz': [day('19')] };
    expect((await search(files, 'mail.log')).texts).toEqual(['day 19', 'day 20', 'day 21']);
  });

  it('and a packed piece of other lines counts', async () => {
    expect((await search({ 'mail.log': [day('21')], 'mail.log.gz': [day('19')] }, 'mail.log')).texts).toEqual([
      'day 19',
      'day 21',
    ]);
  });
});

describe('pieces outside the window', () => {
  const garbage = Buffer.from('no gzip');

  it.each([
    ['older than the window', '2026-11-20T00:00:00Z', '2026-11-22T00:00:00Z', 'mail.log.3.gz'],
    ['newer than the window', '2026-11-18T00:00:00Z', '2026-11-19T00:00:00Z', null],
  ])('%s are not read', async (_, from, to, broken) => {
    const files = {
      'mail.log': [day('21')],
      'mail.log.1': [day('20')],
      'mail.log.2': [day('19')],
      'mail.log.3.gz': [day('18')],
    };
    const { reading } = await search(broken === null ? files : { ...files, [broken]: garbage }, 'mail.log', {
      from,
      to,
    });
    expect(reading).toMatchObject({ status: 'ok', error: null });
    expect(reading.linesRead).toBe(broken === null ? 1 : 2);
  });

  it('a broken piece inside is named', async () => {
    const files = { 'mail.log': [day('21')], 'mail.log.1': [day('20')], 'mail.log.2.gz': garbage };
    const { texts, reading } = await search(files, 'mail.log', {
      from: '2026-11-19T00:00:00Z',
      to: '2026-11-22T00:00:00Z',
    });
    expect(texts).toEqual(['day 20', 'day 21']);
    expect(reading.status).toBe('incomplete');
    expect(reading.error).toContain(`${folder.path('mail.log.2.gz')}: damaged (it is not in gzip format)`);
  });

  it('lines a little out of order over a rotation are found', async () => {
    const files = {
      'mail.log.1': [at('2026-11-20T11:00:00', 'one'), at('2026-11-20T12:03:00', 'early')],
      'mail.log': [at('2026-11-20T12:00:00', 'first'), at('2026-11-20T13:00:00', 'two')],
    };
    const { texts } = await search(files, 'mail.log', { from: '2026-11-20T12:02:00Z', to: '2026-11-20T12:05:00Z' });
    expect(texts).toEqual(['early']);
  });
});

describe('damaged pieces', () => {
  const lines = Array.from({ length: 20_000 }, (_, index) =>
    at(
      `2026-11-20T${String(Math.floor(index / 1000)).padStart(2, '0')}:00:00`,
      `line ${index} ${(index * 7919) % 10007}`,
    ),
  );
  const packed = gzipSync(lines.map((line) => `${line}\n`).join(''));

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2)), 'unexpected end of file'],
    ['without their last bytes', (bytes: Buffer) => bytes.subarray(0, bytes.length - 4), 'unexpected end of file'],
    [
      'overwritten in the middle',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 120_000), Buffer.alloc(2000, 0x55), bytes.subarray(122_000)]),
      '',
    ],
  ])('%s: what stands before the damage is read, and the file is named', async (_, damage, why) => {
    const { texts, reading } = await search({ 'mail.log.1.gz': damage(packed), 'mail.log': [day('21')] }, 'mail.log');
    const readable = texts.filter((text) => text.startsWith('line '));
    expect(readable.length).toBeGreaterThan(9000);
    // The last one may be cut.
    const whole = readable.slice(0, -1);
    expect(whole).toEqual(lines.slice(0, whole.length).map((line) => line.replace(/^.*?: /, '')));
    expect(texts.at(-1)).toBe('day 21');
    expect(reading.status).toBe('incomplete');
    expect(reading.error).toContain(`${folder.path('mail.log.1.gz')}: damaged (${why}`);
  });

  it('several packed members in one file are no damage', async () => {
    const bytes = Buffer.concat([gzipSync(`${day('19')}\n`), gzipSync(`${day('20')}\n`)]);
    const { texts, reading } = await search({ 'mail.log.1.gz': bytes }, 'mail.log.1.gz');
    expect(texts).toEqual(['day 19', 'day 20']);
    expect(reading.status).toBe('ok');
  });

  it('an empty packed file is damaged, an empty plain one is not', async () => {
    const { reading } = await search(
      { 'mail.log.1.gz': Buffer.alloc(0), 'mail.log.2': [], 'mail.log': [day('21')] },
      'mail.log',
    );
    expect(reading).toMatchObject({ status: 'incomplete', linesRead: 1 });
    expect(reading.error).toContain('mail.log.1.gz: damaged (the file is empty)');
    expect(reading.error).not.toContain('mail.log.2');
  });
});

/** Made by `xz`, `zstd` and `bzip2` out of the line of 20 November, so that no test needs these programs. */
const PACKED: readonly (readonly [string, string, string])[] = [
  [
    'xz',
    'mail.log.1.xz',
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQA1MjAyNi0xMS0yMFQxMjowMDowMCswMDowMCBndyBwb3N0Zml4L3NtdHBkWzFdOiBkYXkgMjAKAAAAhK48i1Ih/voAAU42OULGgR+2830BAAAAAARZWg==',
  ],
  [
    'zstd',
    'mail.log.1.zst',
    'KLUv/QRYsQEAMjAyNi0xMS0yMFQxMjowMDowMCswMDowMCBndyBwb3N0Zml4L3NtdHBkWzFdOiBkYXkgMjAKnbrs+Q==',
  ],
  [
    'bzip2',
    'mail.log.1.bz2',
    'QlpoOTFBWSZTWW/+NqkAAAzbgAAQQArxEAQKJaLM4CAAVFAANAA9Qin6m0iMnqA0Ho0Vl+LVjUpNKhVQNZ9nc0nTdUkOSPs4F4JN4YeA+LuSKcKEg3/xtUg=',
  ],
];

describe('pieces packed by other programs', () => {
  it.each(PACKED)('%s unpacks them when it is there, else it is asked for', async (program, name, base64) => {
    const { texts, reading } = await search(
      { [name]: Buffer.from(base64, 'base64'), 'mail.log': [day('21')] },
      'mail.log',
    );
    if (spawnSync(program, ['--version']).error === undefined) {
      expect(texts).toEqual(['day 20', 'day 21']);
      expect(reading).toMatchObject({ status: 'ok', error: null });
    } else {
      expect(texts).toEqual(['day 21']);
      expect(reading.status).toBe('incomplete');
      expect(reading.error).toMatch(new RegExp(`${name}: needs the program ${program}.*; install the package`));
    }
  });

  it('a packed file is known by its bytes, not by its name', async () => {
    const { texts } = await search({ 'mail.log.1': gzipSync(`${day('20')}\n`), 'mail.log': [day('21')] }, 'mail.log');
    expect(texts).toEqual(['day 20', 'day 21']);
  });
});

describe('a large file', { timeout: 60_000 }, () => {
  const START = Date.parse('2026-11-20T00:00:00Z');
  const SECOND = 1000;
  /** A line each ten seconds for a day: 2 MB. `late` moves some of them back by minutes. */
  const linesOf = (late: (index: number) => number): readonly string[] =>
    Array.from({ length: 8640 }, (_, index) =>
      at(
        new Date(START + index * 10 * SECOND - late(index)).toISOString().slice(0, 23),
        `line ${index} ${'x'.repeat(200)}`,
      ),
    );
  const timeOf = (line: string): number => Date.parse(line.slice(0, 29));

  it.each([
    ['in order', () => 0],
    ['with lines that come late', (index: number) => (index % 7 === 0 ? 4 * 60 * SECOND : 0)],
    ['with a clock that was set back by five hours', (index: number) => (index > 4000 ? 5 * 3600 * SECOND : 0)],
    ['with a second log written behind the first', (index: number) => (index > 6000 ? 6000 * 10 * SECOND : 0)],
  ])('%s gives the same lines as reading it all', async (_, late) => {
    const lines = linesOf(late);
    await folder.write({ 'mail.log': lines });
    const source = folder.open({ gw: 'mail.log' });
    const minute = fc.integer({ min: -60, max: 25 * 60 });
    await fc.assert(
      fc.asyncProperty(minute, fc.integer({ min: 0, max: 120 }), async (from, length) => {
        const [fromMs, toMs] = [START + from * 60 * SECOND, START + (from + length) * 60 * SECOND];
        const found = await searchIn(source, {
          from: new Date(fromMs).toISOString(),
          to: new Date(toMs).toISOString(),
        });
        expect(found.records.map(({ raw }) => raw)).toEqual(
          lines.filter((line) => timeOf(line) >= fromMs && timeOf(line) < toMs),
        );
      }),
      { numRuns: 25 },
    );
  });
});

describe('a rotation while the log is read', () => {
  it('loses nothing and doubles nothing', async () => {
    await folder.write({
      'mail.log.1': [at('2026-11-20T10:00:00', 'A1: client=x')],
      'mail.log': [at('2026-11-21T10:00:00', 'A1: message-id=<m>'), at('2026-11-21T10:00:01', 'A1: removed')],
    });
    const source = folder.open({ gw: 'mail.log' });
    let rotations = 0;
    // Between the first lines and what is related to them.
    const related = (): readonly string[] => {
      if (rotations++ === 0) {
        renameSync(folder.path('mail.log.1'), folder.path('mail.log.2'));
        renameSync(folder.path('mail.log'), folder.path('mail.log.1'));
        writeFileSync(folder.path('mail.log'), `${at('2026-11-22T10:00:00', 'A1: after')}\n`);
      }
      return ['A1'];
    };
    const outcome = await searchIn(source, { ...ALL, find: ['message-id='], related });
    expect(textsOf(outcome)).toEqual(['A1: client=x', 'A1: message-id=<m>', 'A1: removed', 'A1: after']);
    expect(outcome.hosts[0]).toMatchObject({ status: 'ok', linesRead: 4 });
  });
});

describe('an abort while the log is read', () => {
  it('ends the search', async () => {
    await folder.write({ 'mail.log': [day('20'), day('21')] });
    const source = folder.open({ gw: 'mail.log' });
    const stop = new AbortController();
    const related = (): readonly string[] => {
      stop.abort(new Error('enough'));
      return ['day'];
    };
    await expect(source.search(askFor(source, { ...ALL, find: ['day 21'], related }), stop.signal)).rejects.toThrow(
      'enough',
    );
  });
});
