/** What a file may hold besides lines: none of it hides, changes or delays the lines around it. */

import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogFolder, type LogFolder, searchIn, textsOf } from './log-folder.ts';

let folder: LogFolder;
beforeEach(async () => {
  folder = await createLogFolder();
});
afterEach(() => folder.remove());

const ALL = { from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' };
const line = (text: string, second = 0): string =>
  `2026-11-20T12:00:${String(second).padStart(2, '0')}+00:00 gw postfix/smtpd[1]: ${text}`;
const search = async (content: Buffer, find: readonly string[] = [], name = 'mail.log') => {
  await folder.write({ [name]: content });
  return searchIn(folder.open({ gw: name.replace(/\.1?\.?gz$/, '') }), { ...ALL, find });
};
const bytes = (...parts: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));

describe('a file', () => {
  it.each([
    ['that has no line end at its end', bytes(line('one needle'), '\n', line('two needle'))],
    ['with the ends of Windows', bytes(line('one needle'), '\r\n', line('two needle'), '\r\n')],
    ['that begins with a byte order mark', bytes('\uFEFF', line('one needle'), '\n', line('two needle'), '\n')],
    [
      'with a character cut in the middle',
      bytes(line('one needle'), '\n', line('x'), Buffer.from([0xe2, 0x82]), '\n', line('two needle'), '\n'),
    ],
    [
      'with a line in UTF-16 in it',
      bytes(
        line('one needle'),
        '\n',
        Buffer.from(`\uFEFF${line('wide')}\n`, 'utf16le'),
        '\n',
        line('two needle'),
        '\n',
      ),
    ],
    [
      'with a hole of NUL bytes in it',
      bytes(line('one needle'), '\n', Buffer.alloc(300_000), line('two needle'), '\n'),
    ],
    [
      'with a packed file in it',
      bytes(line('one needle'), '\n', gzipSync(line('lost')), '\n', line('two needle'), '\n'),
    ],
    [
      'with a line of megabytes in it',
      bytes(line('one needle'), '\n', line('x'.repeat(3_000_000)), '\n', line('two needle'), '\n'),
    ],
    [
      'with JSON that was cut',
      bytes(line('one needle'), '\n{"@timestamp":"2026-11-20T12:00:00Z","message":"ne\n', line('two needle'), '\n'),
    ],
    [
      'with JSON as deep as it gets',
      bytes(line('one needle'), `\n{"message":${'['.repeat(60_000)}\n`, line('two needle'), '\n'),
    ],
    [
      'with a trace of another program in it',
      bytes(
        line('one needle'),
        '\nTraceback (most recent call last):\n  File "x", line 1\n\n',
        line('two needle'),
        '\n',
      ),
    ],
  ])('%s gives all its other lines', async (_, content) => {
    for (const find of [['needle'], []]) {
      const outcome = await search(content, find);
      const found = textsOf(outcome).filter((text) => text.endsWith('needle'));
      expect(found).toEqual(['one needle', 'two needle']);
      expect(outcome.hosts[0]).toMatchObject({ status: 'ok', error: null });
    }
  });

  it.each([
    ['small', 2],
    ['large', 40_000],
  ])('that is packed, with bytes behind its end, gives its lines and is named: %s', async (_, count) => {
    const texts = Array.from({ length: count }, (_each, index) => `${Math.imul(index, 0x9e3779b1) >>> 0} needle`);
    const content = bytes(gzipSync(`${texts.map((text) => line(text)).join('\n')}\n`), 'garbage behind the end');
    const outcome = await search(content, ['needle'], 'mail.log.1.gz');
    expect(textsOf(outcome)).toEqual(texts);
    expect(outcome.hosts[0]!.error).toContain('mail.log.1.gz: damaged');
  });

  it('that is all in UTF-16 is named, and no error', async () => {
    const outcome = await search(Buffer.from(`\uFEFF${line('one needle')}\n${line('two needle')}\n`, 'utf16le'), [
      'needle',
    ]);
    expect(outcome.hosts[0]!.status).toBe('unreadable');
    expect(outcome.hosts[0]!.error).toContain('mail.log');
  });

  it('without a byte is an empty log', async () => {
    expect(await search(Buffer.alloc(0))).toMatchObject({ records: [], hosts: [{ status: 'ok', linesRead: 0 }] });
  });

  it('says how many of its lines it did not understand', async () => {
    const content = bytes(line('one needle'), '\n\tneedle, continued\nneedle of a kind\n', line('two needle'), '\n');
    expect((await search(content, ['needle'])).hosts[0]).toMatchObject({ linesRead: 2, headlessLines: 2 });
  });
});

describe('a needle', () => {
  it.each([
    ['the escapes of rsyslog', line('x#011needle#012y#033[0m')],
    [
      'JSON behind a header',
      `Nov 20 12:00:00 gw app: @cee: {"time":"2026-11-20T12:00:00Z","program":"a","msg":"to=\\u003cneedle\\u003e"}`,
    ],
    [
      'JSON in JSON',
      '{"log":"{\\"timestamp\\":\\"2026-11-20T12:00:00Z\\",\\"program\\":\\"a\\",\\"message\\":\\"needle\\"}\\n","time":"2026-11-20T12:00:00Z"}',
    ],
    [
      'a journal that has bytes',
      `{"__REALTIME_TIMESTAMP":"1795176000000000","SYSLOG_IDENTIFIER":"a","MESSAGE":[${[...Buffer.from('a needle \xff', 'latin1')].join(',')}]}`,
    ],
  ])('is found in %s', async (_, text) => {
    expect((await search(bytes(text, '\n'), ['needle'])).records).toHaveLength(1);
  });

  it('with brackets is found in JSON behind a header', async () => {
    const text = `Nov 20 12:00:00 gw app: @cee: {"time":"2026-11-20T12:00:00Z","program":"a","msg":"to=\\u003cneedle\\u003e"}`;
    expect((await search(bytes(text, '\n'), ['<needle>'])).records).toHaveLength(1);
  });
});

const megabytes = (process: NodeJS.MemoryUsage): number => (process.heapUsed + process.external) / 1_048_576;

describe('memory', () => {
  it('does not grow with a line that never ends, nor with lines that nobody asked for', async () => {
    const giant = bytes(line('x'), Buffer.alloc(48 * 1_048_576, 'y'), '\n', line('one needle'), '\n');
    await folder.write({ 'mail.log': giant });
    const many = Buffer.from(`${line('nothing here', 1)}\n`.repeat(400_000));
    await folder.write({ 'more.log': many });
    const source = folder.open({ gw: ['mail.log', 'more.log'] });
    const before = megabytes(process.memoryUsage());
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, megabytes(process.memoryUsage()));
    }, 5);
    const outcome = await searchIn(source, { ...ALL, find: ['needle'] });
    clearInterval(timer);
    expect(textsOf(outcome)).toEqual(['one needle']);
    expect(most - before).toBeLessThan(40);
  });
});
