import { describe, expect, it } from 'vitest';
import type { LogLevel } from '../src/log.ts';
import { createLog, createScrub } from '../src/log.ts';

type Record_ = Readonly<Record<string, unknown>>;

/** A log with the lines it wrote. */
const openLog = (secrets: readonly string[] = [], level: LogLevel = 'DEBUG') => {
  const lines: string[] = [];
  const log = createLog({ level, secrets, destination: { write: (line) => lines.push(line) } });
  return { log, text: () => lines.join(''), records: () => lines.map((line) => JSON.parse(line) as Record_) };
};

/** What `fields` look like in the log. */
const logged = (fields: Record_, secrets: readonly string[] = []): Record_ => {
  const { log, records } = openLog(secrets);
  log.info(fields, 'm');
  const { level: _level, time: _time, msg: _msg, ...rest } = records()[0]!;
  return rest;
};

/** What Slack's and OpenSearch's clients throw: an error that carries its request. */
const failedRequest = (headers: Record_): Error =>
  Object.assign(new Error('Request failed', { cause: new Error('connect ECONNREFUSED') }), {
    code: 'slack_webapi_request_error',
    config: { headers },
  });

describe('a record', () => {
  it('is one JSON object a line, with the level names of the Python tool and the time in UTC', () => {
    const { log, text, records } = openLog();
    log.debug({}, 'd');
    log.info({ host: 'mx1' }, 'i');
    log.warn({}, 'w');
    log.error({}, 'e');
    expect(records().map(({ level, msg }) => [level, msg])).toEqual([
      ['DEBUG', 'd'],
      ['INFO', 'i'],
      ['WARNING', 'w'],
      ['ERROR', 'e'],
    ]);
    expect(records()[1]).toMatchObject({ host: 'mx1', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/) });
    expect(text().endsWith('}\n')).toBe(true);
  });

  it.each([
    ['DEBUG', 'diwe'],
    ['INFO', 'iwe'],
    ['WARNING', 'we'],
    ['ERROR', 'e'],
    ['CRITICAL', ''],
  ] as const)('is written from level %s on', (level, expected) => {
    const { log, records } = openLog([], level);
    log.debug({}, 'd');
    log.info({}, 'i');
    log.warn({}, 'w');
    log.error({}, 'e');
    expect(records().map(({ msg }) => msg)).toEqual(expected.split(''));
  });

  it('cannot be forged: no line break, terminal command or direction mark comes out raw', () => {
    const { log, text, records } = openLog();
    const forged = 'a\r\n{"level":"ERROR","msg":"forged"}\u2028b\u2029c\u0085d\u001b[2Je\u009b2Jf\u202eg\u2066h';
    log.warn({ [forged]: forged, list: [forged], error: new Error(forged) }, forged);
    expect(text().split('\n')).toHaveLength(2);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(text().trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
    expect(records()).toHaveLength(1);
    expect(records()[0]).toMatchObject({ level: 'WARNING', msg: forged, [forged]: forged });
  });

  it('keeps its own level, time and message when a field has that name', () => {
    const { log, text, records } = openLog();
    log.info({ level: 'ERROR', time: 0, msg: 'forged' }, 'real');
    expect(records()[0]).toMatchObject({ level: 'INFO', msg: 'real', _level: 'ERROR', _time: 0, _msg: 'forged' });
    expect(text().match(/"msg"/g)).toHaveLength(1);
  });

  it('takes a message literally', () => {
    const { log, records } = openLog();
    log.info({ a: 1 }, '%s %o %d');
    expect(records()[0]).toMatchObject({ msg: '%s %o %d' });
  });
});

describe('a field', () => {
  it('shows an error with its code, hint, cause and the errors it collects', () => {
    const cause = Object.assign(new TypeError('inner'), { code: 'EACCES' });
    const error = Object.assign(new AggregateError([new Error('one')], 'outer', { cause }), { hint: 'look there' });
    expect(logged({ err: error })).toMatchObject({
      err: {
        name: 'AggregateError',
        message: 'outer',
        hint: 'look there',
        stack: expect.stringContaining('log.test.ts'),
        cause: { name: 'TypeError', message: 'inner', code: 'EACCES' },
        errors: [{ message: 'one' }],
      },
    });
  });

  it('may hold anything', () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const hostile = Object.defineProperty({}, 'trap', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    const deep = JSON.parse(`${'{"a":'.repeat(50)}1${'}'.repeat(50)}`) as unknown;
    const fields = logged({
      circular,
      hostile,
      deep,
      big: 10n,
      date: new Date(0),
      url: new URL('https://x.example/?q=1'),
      map: new Map([['k', 'v']]),
      set: new Set([1]),
      bytes: Buffer.from('secret'),
      call: () => 1,
      nothing: null,
      broken: { toJSON: () => circular },
      __proto__: null,
    });
    expect(fields).toEqual({
      circular: { self: '[circular]' },
      hostile: { trap: '[unreadable]' },
      deep: { a: { a: { a: { a: { a: { a: { a: '[deeper]' } } } } } } },
      big: '10',
      date: '1970-01-01T00:00:00.000Z',
      url: 'https://x.example/?q=1',
      map: { k: 'v' },
      set: [1],
      bytes: '[6 bytes]',
      call: '[function]',
      nothing: null,
      broken: '[unreadable]',
    });
  });

  it('is cut: long text, long lists', () => {
    expect(logged({ text: 'x'.repeat(5000) })).toEqual({ text: `${'x'.repeat(4000)}… (5000 characters)` });
    const { list } = logged({ list: Array.from({ length: 500 }, (_, index) => index) });
    expect(list).toHaveLength(201);
    expect((list as unknown[]).at(-1)).toBe('… (500 entries)');
  });
});

describe('a secret of the configuration', () => {
  const secrets = ['hunter2-and-more', 'p"a\\s/s w@rd', 'Ünïcödé✓geheim', '', 'pw1', 'a.b*c+'];

  it.each(secrets.filter((secret) => secret !== ''))('never comes out: %s', (secret) => {
    const { log, text, records } = openLog(secrets);
    const inUrl = encodeURIComponent(secret);
    const nested = new Error(`outer ${secret}`, {
      cause: new AggregateError([failedRequest({ 'X-Key': secret })], `inner ${secret}`),
    });
    log.error(
      {
        plain: secret,
        inText: `before ${secret} after`,
        nested,
        deep: { list: [{ value: secret }], map: new Map([[secret, secret]]) },
        url: new URL(`https://search.example/?q=${inUrl}`),
        form: `user=a&pass_word=${inUrl.replaceAll('%20', '+')}`,
        json: JSON.stringify({ value: secret }),
        jsonInJson: JSON.stringify({ body: JSON.stringify({ value: secret }) }),
        [secret]: 1,
      },
      `message ${secret}`,
    );
    const everything = text() + JSON.stringify(records().map((record) => Object.values(record)));
    for (const form of [secret, JSON.stringify(secret).slice(1, -1), inUrl, inUrl.replaceAll('%20', '+')]) {
      expect(everything).not.toContain(form);
    }
    expect(records()[0]).toMatchObject({
      inText: 'before [redacted] after',
      msg: 'message [redacted]',
      deep: { list: [{ value: '[redacted]' }] },
    });
  });

  it('is hidden before text is cut', () => {
    const { text } = logged({ text: `${'x'.repeat(3990)}hunter2-and-more` }, secrets);
    expect(text).not.toContain('hunter');
  });

  it('of three characters or fewer is hidden only where it stands alone', () => {
    expect(logged({ text: 'pw1 (pw1) pw12 xpw1' }, secrets)).toEqual({ text: '[redacted] ([redacted]) pw12 xpw1' });
  });

  it('that begins with another is hidden whole', () => {
    expect(createScrub(['abcd', 'abcdef'])('abcdef abcd')).toBe('[redacted] [redacted]');
  });
});

describe('the shape of a secret', () => {
  const basic = Buffer.from('admin:s3cr3t').toString('base64');
  it.each([
    ['token xoxb-12345-67890-AbCdEf ok', 'token [redacted] ok'],
    ['xoxp-1-2-3, xoxe.xoxp-1-Mi0y, xapp-1-A02-3-abc', '[redacted], [redacted], [redacted]'],
    ['POST https://hooks.slack.com/commands/T1/2/abc failed', 'POST https://hooks.slack.com/[redacted] failed'],
    ['sent Bearer abc.DEF-123_~+/= twice', 'sent Bearer [redacted] twice'],
    [`curl -H "Authorization: Basic ${basic}" x`, 'curl -H "Authorization: [redacted]" x'],
    [`header Basic ${basic}`, 'header Basic [redacted]'],
    ['Authorization: ApiKey abc def\r\nHost: x', 'Authorization: [redacted]\r\nHost: x'],
    ['{"Authorization":"Bearer abcdefgh","a":1}', '{"Authorization":"[redacted]","a":1}'],
    ['postgres://mt:p@ss:w/rd@db.example:5432/mail', 'postgres://mt:[redacted]@db.example:5432/mail'],
    ['redis://:geheim@cache.example', 'redis://:[redacted]@cache.example'],
    [
      'wss://wss.slack.example/link/?ticket=abc-def&app_id=1',
      'wss://wss.slack.example/link/?ticket=[redacted]&app_id=1',
    ],
    ['login_pass: hunter2', 'login_pass: [redacted]'],
    ['password=hunter2;user=a', 'password=[redacted];user=a'],
    ['{"password": "hun\\"ter 2", "user": "a"}', '{"password": "[redacted]", "user": "a"}'],
    ["{'client_secret': 'hunter 2'}", "{'client_secret': '[redacted]'}"],
    ['{\\"bot_token\\":\\"hunter2\\"}', '{\\"bot_token\\":\\"[redacted]\\"}'],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl.', 'jwt [redacted].'],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\nNza\n-----END OPENSSH PRIVATE KEY-----\n', '[redacted]\n'],
    ['-----BEGIN RSA PRIVATE KEY-----\nb3Blbn cut', '[redacted]'],
  ])('is hidden: %s', (text, expected) => {
    expect(createScrub([])(text)).toBe(expected);
  });

  it.each([
    'Nov 21 08:23:22 mx1 postfix/smtpd[1]: 4jWkFk143lznk7d: client=a.example[192.0.2.1], sasl_username=ann@x.example',
    'to=<ann@x.example>, relay=mx.example[192.0.2.2]:25, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ABC)',
    'https://search.example:9200/logs-2026@v1/_search?size=10',
    'message-id <20261121072322.xoxo@mail.example>; Basic authentication is off; bypass the pass filter',
    'SASL LOGIN authentication failed: UGFzc3dvcmQ6',
  ])('is not seen in ordinary text: %s', (text) => {
    expect(createScrub([])(text)).toBe(text);
  });

  it.each([
    'password',
    'login_pass',
    'sudoPass',
    'botToken',
    'SLACK_SIGNING_SECRET',
    'authorization',
    'Set-Cookie',
    'apiKey',
  ])('is hidden by the name of its field: %s', (key) => {
    expect(logged({ [key]: 'plain', deep: { list: [{ [key]: 4711 }], off: { [key]: false } } })).toEqual({
      [key]: '[redacted]',
      deep: { list: [{ [key]: '[redacted]' }], off: { [key]: false } },
    });
  });

  it.each(['token_env', 'password_file', 'bypassed', 'passed', 'keyword', 'secretary'])(
    'does not hide the field %s',
    (key) => {
      expect(logged({ [key]: 'plain' })).toEqual({ [key]: 'plain' });
    },
  );

  it('is hidden in the request that an error of a client library carries', () => {
    const { log, text } = openLog();
    const headers = { Authorization: 'Bearer top-secret-1', cookie: 'd=top-secret-2' };
    const error = failedRequest(headers);
    log.error({ error, all: [{ error: new AggregateError([error], 'x') }] }, 'failed');
    expect(text()).toContain('slack_webapi_request_error');
    expect(text()).not.toContain('top-secret');
  });
});
