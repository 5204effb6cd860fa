import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogFolder, type LogFolder, searchIn, textsOf } from './log-folder.ts';

let folder: LogFolder;
beforeEach(async () => {
  folder = await createLogFolder();
});
afterEach(() => folder.remove());

const HEAD = '2026-11-20T12:00:00+00:00 gw postfix/smtpd[1]: ';
const ALL = { from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' };
const search = async (content: readonly string[] | Buffer, find: readonly string[] = []) => {
  await folder.write({ 'mail.log': content });
  return searchIn(folder.open({ gw: 'mail.log' }), { ...ALL, find });
};

describe('hostile bytes', () => {
  it('such as carriage returns, NUL and Latin-1 do not hide a line', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${HEAD}one needle\r\n`),
      Buffer.alloc(5000),
      Buffer.from(`${HEAD}two \xfc needle\n`, 'latin1'),
      Buffer.from(`${HEAD}three \0 needle\n`),
      Buffer.from('\n\n\r\n'),
      Buffer.from(`${HEAD}four needle`),
    ]);
    for (const find of [[], ['needle']]) {
      expect(textsOf(await search(bytes, find))).toEqual([
        'one needle',
        'two \uFFFD needle',
        'three \0 needle',
        'four needle',
      ]);
    }
  });

  it('such as a line of megabytes are cut, and the line behind them is read', async () => {
    const giant = `${HEAD}giant ${'x'.repeat(3_000_000)} needle`;
    const { records } = await search([giant, `${HEAD}small needle`], []);
    expect(records.map(({ raw }) => raw.length)).toEqual([64 * 1024, `${HEAD}small needle`.length]);
  });

  it('such as random ones are no log, and no crash', async () => {
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919 + (index >> 3) * 31) % 251));
    const { records, hosts } = await search(bytes, ['a']);
    expect(records).toEqual([]);
    expect(hosts[0]!.status).toBe('unreadable');
  });
});

describe('lines without a header', () => {
  it('are counted, not returned', async () => {
    const { records, hosts } = await search(
      [`${HEAD}one needle`, '  continued needle', 'P Received: from needle', `${HEAD}two needle`],
      ['needle'],
    );
    expect(records).toHaveLength(2);
    expect(hosts[0]).toMatchObject({ status: 'ok', linesRead: 2, headlessLines: 2 });
  });
});

describe('the form of a line', () => {
  it('may change within a file', async () => {
    const outcome = await search([
      'Nov 20 12:00:00 gw postfix/smtpd[1]: old',
      '<22>Nov 20 12:00:01 gw postfix/smtpd[1]: old with priority',
      '2026-11-20T12:00:02.5+00:00 gw postfix/smtpd[1]: new',
      '<22>1 2026-11-20T12:00:03Z gw postfix/smtpd 1 - - newer',
      '{"@timestamp":"2026-11-20T12:00:04Z","host.name":"gw","log.syslog.appname":"postfix/smtpd","log.syslog.procid":"1","message":"json"}',
      '2026-11-20 12:00:05 1xUfTL-00003V-1E exim',
    ]);
    expect(textsOf(outcome)).toEqual(['old', 'old with priority', 'new', 'newer', 'json', '1xUfTL-00003V-1E exim']);
  });
});

describe('a needle in a JSON line', () => {
  const json = (message: string): string =>
    `{"@timestamp":"2026-11-20T12:00:04Z","host.name":"gw","program":"a","message":"${message}"}`;
  const whole = async (line: string, text: string): Promise<number> => {
    await folder.write({ 'mail.log': [line] });
    const source = folder.open({ gw: 'mail.log' });
    const window = { fromMs: Date.parse(ALL.from), toMs: Date.parse(ALL.to) };
    const lookups = [
      { window, needles: [{ text, ignoreCase: false, isWhole: true }], relatedWindow: window, related: null },
    ];
    const request = { hosts: source.hosts, lookups, budget: { maxLines: 10, maxBytes: 10_000 } };
    return (await source.search(request, new AbortController().signal)).records.length;
  };

  it.each([
    ['a slash', json('postfix\\/smtpd'), 'postfix/smtpd'],
    ['brackets as Go writes them', json('to=\\u003cann@x.example\\u003e'), '<ann@x.example>'],
    ['quotes', json('a \\"quoted\\" word'), 'a "quoted" word'],
    ['letters that are no ASCII', json('gr\\u00fc\\u00dfe@x.example'), 'grüße@x.example'],
    ['the line as logged', json('a \\"quoted\\" word'), 'a \\"quoted\\" word'],
    ['a name of a field', json('x'), 'host.name'],
  ])('is found with %s', async (_, line, find) => {
    expect((await search([line], [find])).records).toHaveLength(1);
  });

  it('is not found where only parts of it stand', async () => {
    expect((await search([json('ann@x.example')], ['<ann@x.example>'])).records).toEqual([]);
  });

  it.each([
    [json('x\\n4jWk: y'), 1],
    [json('x\\u003c4jWk: y'), 1],
    [json('x\\\\n4jWk: y'), 0],
    [json('xn4jWk: y'), 0],
    // In a line that is no JSON a backslash is a backslash.
    [`${HEAD}x\\n4jWk: y`, 0],
  ])('is whole when the decoded text says so: %s', async (line, count) => {
    expect(await whole(line, '4jWk')).toBe(count);
  });
});
