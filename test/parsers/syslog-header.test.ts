import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHeaderParser, type Header } from '../../src/parsers/syslog-header.ts';
import { createZone } from '../../src/zone.ts';

const NEAR = '2026-11-21T07:24:00Z';

const parserFor = ({ near = NEAR, zone = 'UTC', zones = {} }: Partial<Setting> = {}) => {
  const fallback = createZone(zone);
  const byHost = new Map(Object.entries(zones).map(([host, name]) => [host, createZone(name)]));
  return createHeaderParser({ zoneOf: (host) => byHost.get(host ?? '') ?? fallback, nearMs: Date.parse(near) });
};
type Setting = Readonly<{ near: string; zone: string; zones: Readonly<Record<string, string>> }>;

/** `instant | host | program | pid | text`, as a row shows it. */
const show = (header: Header | null): string =>
  header === null
    ? 'no header'
    : [new Date(header.timeMs).toISOString(), header.host, header.program, header.pid, header.text].join(' | ');

const parse = (line: string, setting: Partial<Setting> = {}): string => show(parserFor(setting)(line));

describe('the header of a line', () => {
  it.each([
    [
      'RFC 3164',
      'Nov 21 07:24:23 gw postfix/smtpd[381]: connect from a.example[192.0.2.1]',
      '2026-11-21T07:24:23.000Z | gw | postfix/smtpd | 381 | connect from a.example[192.0.2.1]',
    ],
    [
      'a day padded with a blank',
      'Nov  1 07:24:23 gw postfix/qmgr[9]: x',
      '2026-11-01T07:24:23.000Z | gw | postfix/qmgr | 9 | x',
    ],
    [
      'a day not padded',
      'Nov 1 07:24:23 gw postfix/qmgr[9]: x',
      '2026-11-01T07:24:23.000Z | gw | postfix/qmgr | 9 | x',
    ],
    [
      'RFC 3164 with a priority',
      '<22>Nov 21 07:24:23 gw postfix/qmgr[9]: x',
      '2026-11-21T07:24:23.000Z | gw | postfix/qmgr | 9 | x',
    ],
    [
      'RFC 3164 with a year',
      'Nov 21 2019 07:24:23 gw postfix/qmgr[9]: x',
      '2019-11-21T07:24:23.000Z | gw | postfix/qmgr | 9 | x',
    ],
    [
      'RFC 3164 with a fraction',
      'Nov 21 07:24:23.4567 gw postfix/qmgr[9]: x',
      '2026-11-21T07:24:23.456Z | gw | postfix/qmgr | 9 | x',
    ],
    [
      'no process number',
      'Nov 21 07:24:23 gw dovecot: lmtp(9): Connect from local',
      '2026-11-21T07:24:23.000Z | gw | dovecot |  | lmtp(9): Connect from local',
    ],
    ['no host', 'Nov 21 07:24:23 postfix/smtpd[381]: x', '2026-11-21T07:24:23.000Z |  | postfix/smtpd | 381 | x'],
    [
      'no tag',
      'Nov 21 07:24:23 gw last message repeated 2 times',
      '2026-11-21T07:24:23.000Z | gw |  |  | last message repeated 2 times',
    ],
    [
      'a tag whose colon rsyslog left out',
      'Nov 21 07:24:23 gw postfix/smtpd[381] connect from a.example[192.0.2.1]',
      '2026-11-21T07:24:23.000Z | gw | postfix/smtpd | 381 | connect from a.example[192.0.2.1]',
    ],
    [
      'a daemon with neither colon nor process',
      'Nov 21 07:24:23 box dovecot lmtp(157): Connect from local',
      '2026-11-21T07:24:23.000Z | box | dovecot |  | lmtp(157): Connect from local',
    ],
    [
      'a message that begins with a bracket',
      'Nov 21 07:24:23 gw [381] text',
      '2026-11-21T07:24:23.000Z | gw |  |  | [381] text',
    ],
    [
      'a repetition',
      'Nov 21 07:24:23 gw postfix/smtpd[3]: message repeated 2 times: [ NOQUEUE: x]',
      '2026-11-21T07:24:23.000Z | gw | postfix/smtpd | 3 | message repeated 2 times: [ NOQUEUE: x]',
    ],
    [
      'an IPv6 host',
      'Nov 21 07:24:23 2001:db8::5 postfix/qmgr[9]: x',
      '2026-11-21T07:24:23.000Z | 2001:db8::5 | postfix/qmgr | 9 | x',
    ],
    [
      'RFC 3339',
      '2026-11-21T07:24:23.159139+00:00 gw postfix/smtpd[381]: x',
      '2026-11-21T07:24:23.159Z | gw | postfix/smtpd | 381 | x',
    ],
    [
      'another offset',
      '2026-11-21T15:24:23.159139+08:00 lists1 postfix/smtpd[381]: x',
      '2026-11-21T07:24:23.159Z | lists1 | postfix/smtpd | 381 | x',
    ],
    [
      'an offset without a colon',
      '2026-11-21T02:24:23-0500 gw postfix/smtpd[381]: x',
      '2026-11-21T07:24:23.000Z | gw | postfix/smtpd | 381 | x',
    ],
    [
      'an offset of hours only',
      '2026-11-21T02:24:23-05 gw postfix/smtpd[381]: x',
      '2026-11-21T07:24:23.000Z | gw | postfix/smtpd | 381 | x',
    ],
    [
      'Z and a comma',
      '2026-11-21T07:24:23,9999Z gw postfix/smtpd[381]: x',
      '2026-11-21T07:24:23.999Z | gw | postfix/smtpd | 381 | x',
    ],
    [
      'a blank for T',
      '2026-11-21 07:24:23 gw postfix/smtpd[381]: x',
      '2026-11-21T07:24:23.000Z | gw | postfix/smtpd | 381 | x',
    ],
    [
      'a leap second',
      '2026-12-31T23:59:60Z gw postfix/qmgr[9]: x',
      '2027-01-01T00:00:00.000Z | gw | postfix/qmgr | 9 | x',
    ],
    [
      'RFC 5424',
      '<22>1 2026-11-21T07:24:23.159139+00:00 gw postfix/smtpd 381 - -  connect',
      '2026-11-21T07:24:23.159Z | gw | postfix/smtpd | 381 | connect',
    ],
    [
      'RFC 5424 without the daemon',
      '<22>1 2026-11-21T07:24:23Z lists1 postfix 128 - - 68D80546A0F: client=x',
      '2026-11-21T07:24:23.000Z | lists1 | postfix | 128 | 68D80546A0F: client=x',
    ],
    [
      'RFC 5424 with data',
      '<22>1 2026-11-21T07:24:23Z gw app 1 ID7 [a@1 x="\\"]\\\\" y="]"][b] text',
      '2026-11-21T07:24:23.000Z | gw | app | 1 | text',
    ],
    [
      'RFC 5424 with a byte order mark',
      '<22>1 2026-11-21T07:24:23Z gw app - - - \uFEFFtext',
      '2026-11-21T07:24:23.000Z | gw | app |  | text',
    ],
    [
      'RFC 5424 with nothing but NILVALUE',
      '<22>1 2026-11-21T07:24:23Z - - - - - text',
      '2026-11-21T07:24:23.000Z |  |  |  | text',
    ],
    [
      'RFC 5424 without a message',
      '<22>1 2026-11-21T07:24:23Z gw app 1 - -',
      '2026-11-21T07:24:23.000Z | gw | app | 1 | ',
    ],
    [
      'data that never end',
      '<22>1 2026-11-21T07:24:23Z gw app 1 - [a x="text',
      '2026-11-21T07:24:23.000Z | gw | app | 1 | [a x="text',
    ],
    [
      'Exim',
      '2026-11-21 07:23:22 1xUfTL-00003V-1E <= ann@x.example H=a [192.0.2.1]',
      '2026-11-21T07:23:22.000Z |  | exim |  | 1xUfTL-00003V-1E <= ann@x.example H=a [192.0.2.1]',
    ],
    [
      'Exim with zone, fraction and process',
      '2026-11-21 08:23:22.123 +0100 [77] 1xUfTL-00003V-1E Completed',
      '2026-11-21T07:23:22.123Z |  | exim | 77 | 1xUfTL-00003V-1E Completed',
    ],
    [
      'Exim without a message',
      '2026-11-21 07:25:34 Start queue run: pid=298',
      '2026-11-21T07:25:34.000Z |  | exim |  | Start queue run: pid=298',
    ],
    [
      'Exim through syslog',
      'Nov 21 07:25:34 ex1 exim[300]: 2026-11-21 07:25:33 1xUfTL-00003V-1E Completed',
      '2026-11-21T07:25:34.000Z | ex1 | exim | 300 | 1xUfTL-00003V-1E Completed',
    ],
    [
      "Exim's text that looks like a tag",
      '2026-11-21T07:25:34.1Z ex1 exim[300]: 2026-11-21 07:25:33 Warning: purging the environment',
      '2026-11-21T07:25:34.100Z | ex1 | exim | 300 | Warning: purging the environment',
    ],
    [
      "Exim's own log where a word with a colon follows the ID",
      '2026-11-21 07:25:33.123 +0000 [300] 1xUfTL-00003V-1E DKIM: d=x.example',
      '2026-11-21T07:25:33.123Z |  | exim | 300 | 1xUfTL-00003V-1E DKIM: d=x.example',
    ],
    [
      "rspamd's own log",
      '2026-11-21 07:25:33 #123(rspamd_proxy) <a1b2c3>; proxy; rspamd_task_write_log: id: <x@y.example>',
      '2026-11-21T07:25:33.000Z |  | rspamd | 123 | <a1b2c3>; proxy; rspamd_task_write_log: id: <x@y.example>',
    ],
    [
      'a byte order mark before the line',
      '\uFEFFNov 21 07:24:23 gw postfix/qmgr[9]: x',
      '2026-11-21T07:24:23.000Z | gw | postfix/qmgr | 9 | x',
    ],
    [
      'a carriage return at the end',
      'Nov 21 07:24:23 gw postfix/qmgr[9]: x\r',
      '2026-11-21T07:24:23.000Z | gw | postfix/qmgr | 9 | x',
    ],
  ])('reads %s', (_, line, expected) => {
    expect(parse(line)).toBe(expected);
  });

  it.each([
    [
      'flat ECS keys',
      '{"@timestamp":"2026-11-21T07:24:23.1+00:00","host.name":"gw","log.syslog.appname":"postfix\\/smtpd","log.syslog.procid":"381","message":" connect"}',
      '2026-11-21T07:24:23.100Z | gw | postfix/smtpd | 381 | connect',
    ],
    [
      'nested ECS keys',
      '{"@timestamp":"2026-11-21T07:24:23Z","host":{"name":"gw"},"log":{"syslog":{"appname":"sm-mta","procid":4}},"message":"x"}',
      '2026-11-21T07:24:23.000Z | gw | sm-mta | 4 | x',
    ],
    [
      'a dash for no process',
      '{"@timestamp":"2026-11-21T07:24:23Z","host.name":"gw","log.syslog.appname":"dovecot","log.syslog.procid":"-","message":"x"}',
      '2026-11-21T07:24:23.000Z | gw | dovecot |  | x',
    ],
    [
      'Vector',
      '{"appname":"postfix/qmgr","host":"gw","hostname":"gw","message":"x","procid":9,"timestamp":"2026-11-21T07:24:23.5Z"}',
      '2026-11-21T07:24:23.500Z | gw | postfix/qmgr | 9 | x',
    ],
    [
      'a journal',
      '{"__REALTIME_TIMESTAMP":"1795245863159139","_HOSTNAME":"gw","SYSLOG_IDENTIFIER":"postfix/qmgr","_PID":"9","MESSAGE":"x"}',
      '2026-11-21T07:24:23.159Z | gw | postfix/qmgr | 9 | x',
    ],
    [
      'a journal with bytes',
      '{"__REALTIME_TIMESTAMP":"1795245863159139","_HOSTNAME":"gw","SYSLOG_IDENTIFIER":"a","MESSAGE":[120,255,121]}',
      '2026-11-21T07:24:23.159Z | gw | a |  | x\uFFFDy',
    ],
    [
      'Docker around a tag',
      '{"log":"postfix/smtpd[381]: connect\\n","stream":"stdout","time":"2026-11-21T07:24:23.1Z"}',
      '2026-11-21T07:24:23.100Z |  | postfix/smtpd | 381 | connect',
    ],
    [
      'Docker around a line',
      '{"log":"Nov 21 07:24:23 gw postfix/smtpd[381]: connect\\r\\n","stream":"stdout","time":"2026-11-21T07:24:23.1Z"}',
      '2026-11-21T07:24:23.000Z | gw | postfix/smtpd | 381 | connect',
    ],
    [
      'Filebeat around a line',
      '{"@timestamp":"2026-11-21T07:25:00Z","host":{"name":"shipper"},"message":"Nov 21 07:24:23 gw postfix/smtpd[381]: connect"}',
      '2026-11-21T07:24:23.000Z | gw | postfix/smtpd | 381 | connect',
    ],
    [
      'a line without a time of its own',
      '{"message":"Nov 21 07:24:23 gw postfix/smtpd[381]: connect"}',
      '2026-11-21T07:24:23.000Z | gw | postfix/smtpd | 381 | connect',
    ],
    [
      'rsyslog with an old stamp and a tag',
      '{"timestamp":"Nov 21 07:24:23","hostname":"gw","syslogtag":"postfix/qmgr[9]:","msg":" x"}',
      '2026-11-21T07:24:23.000Z | gw | postfix/qmgr | 9 | x',
    ],
    [
      'epoch seconds',
      '{"date":1795245863.25,"host":"gw","ident":"postfix/qmgr","pid":"9","message":"x"}',
      '2026-11-21T07:24:23.250Z | gw | postfix/qmgr | 9 | x',
    ],
    [
      'escapes',
      '{"@timestamp":"2026-11-21T07:24:23Z","host.name":"gw","program":"a","message":"to=\\u003cann@x.example\\u003e \\"q\\""}',
      '2026-11-21T07:24:23.000Z | gw | a |  | to=<ann@x.example> "q"',
    ],
  ])('reads JSON: %s', (_, line, expected) => {
    expect(parse(line)).toBe(expected);
  });

  it.each([
    '',
    ' ',
    'text',
    '\tContinued: 1',
    'Nov 32 07:24:23 gw a: x',
    'Feb 30 07:24:23 gw a: x',
    'Nov 21 24:00:00 gw a: x',
    '2026-02-29T07:24:23Z gw a: x',
    '2026-13-01T07:24:23Z gw a: x',
    '<22>1 - gw a - - - no time',
    '<22>1 2026-11-21T07:24:23Z gw',
    '{',
    '{"message":1}',
    '{"message":"x"}',
    '{"@timestamp":"yesterday","message":"x"}',
    '[]',
    'null',
    '{"@timestamp":true,"message":"x","host":{"name":{}}}',
  ])('finds none in %j', (line) => {
    expect(parse(line)).toBe('no header');
  });

  it('never throws, whatever the line', { timeout: 60_000 }, () => {
    const line = parserFor();
    const start = fc.constantFrom(
      '',
      '<22>',
      '<22>1 ',
      'Nov 21 07:24:23 ',
      '2026-11-21T07:24:23Z ',
      '2026-11-21 07:24:23 ',
      '{"message":"',
    );
    fc.assert(
      fc.property(start, fc.string({ unit: 'binary' }), fc.constantFrom('', '"}', ']', ': '), (head, middle, tail) => {
        const header = line(head + middle + tail);
        expect(header === null || Number.isFinite(header.timeMs)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes time in proportion to the length of a hostile line', () => {
    const line = parserFor();
    const long = 64 * 1024;
    const started = performance.now();
    line(`Nov 21 07:24:23 gw ${'a'.repeat(long)}`);
    line(`<22>1 2026-11-21T07:24:23Z gw a 1 - ${'[a x="\\'.repeat(long / 7)}`);
    line(`{"message":"${'\\n'.repeat(long)}x","time":"2026-11-21T07:24:23Z"}`);
    line(`2026-11-21 07:24:23 ${'a-'.repeat(long)}`);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('a queue file in the place of the process number', () => {
  it.each([
    [
      'RFC 3164',
      'Nov 22 00:07:32 nas1 dma[998162.558f3342f9a0]: <a@x.example> trying delivery',
      'dma[998162.558f3342f9a0] |  | <a@x.example> trying delivery',
    ],
    ['RFC 3164, of the whole message', 'Nov 22 00:07:32 nas1 dma[9980a2]: x', 'dma[9980a2] |  | x'],
    // Nothing tells it from a process number but the daemon.
    ['RFC 3164, by chance of digits alone', 'Nov 22 00:07:32 nas1 dma[998162]: x', 'dma | 998162 | x'],
    ['more digits than a process number has', 'Nov 22 00:07:32 nas1 dma[12345678901]: x', 'dma[12345678901] |  | x'],
    ['RFC 3339', '2026-11-22T00:07:32.5+00:00 nas1 dma[9980a2.55a3]: x', 'dma[9980a2.55a3] |  | x'],
    ['RFC 5424', '<22>1 2026-11-22T00:07:32Z nas1 dma 9980a2.55a3 - -  x', 'dma[9980a2.55a3] |  | x'],
    [
      'RFC 5424 with the tag once more',
      '<22>1 2026-11-22T00:07:32Z nas1 dma 9980a2.55a3 - - dma[9980a2.55a3]: x',
      'dma[9980a2.55a3] |  | x',
    ],
    ['RFC 3164 out of RFC 5424', 'Nov 22 00:07:32 nas1 dma[9980a2.55a3] x', 'dma[9980a2.55a3] |  | x'],
    [
      'ECS',
      '{"@timestamp":"2026-11-22T00:07:32Z","host.name":"nas1","log.syslog.appname":"dma","log.syslog.procid":"9980a2.55a3","message":" x"}',
      'dma[9980a2.55a3] |  | x',
    ],
    [
      'rsyslog, with its tag',
      '{"timestamp":"2026-11-22T00:07:32Z","hostname":"nas1","syslogtag":"dma[9980a2.55a3]:","procid":"9980a2.55a3","msg":" x"}',
      'dma[9980a2.55a3] |  | x',
    ],
    [
      'a journal',
      '{"__REALTIME_TIMESTAMP":"1795305252000000","_HOSTNAME":"nas1","SYSLOG_IDENTIFIER":"dma","SYSLOG_PID":"9980a2.55a3","_PID":"9","MESSAGE":"x"}',
      'dma[9980a2.55a3] |  | x',
    ],
    // Text of a line that has lost its tag.
    ['no address', 'Nov 22 00:07:32 nas1 mx[192.0.2.1]: x', ' |  | mx[192.0.2.1]: x'],
    ['no word', 'Nov 22 00:07:32 nas1 mx[unknown]: x', ' |  | mx[unknown]: x'],
    ['nor what is never closed', 'Nov 22 00:07:32 nas1 dma[9980a2.55a3: x', ' |  | dma[9980a2.55a3: x'],
    ['RFC 5424, a thread', '<22>1 2026-11-22T00:07:32Z nas1 app thread-3 - - x', 'app |  | x'],
  ])('%s', (_, line, expected) => {
    const header = parserFor({ near: '2026-11-22T01:00:00Z' })(line);
    expect(header && [header.program, header.pid, header.text].join(' | ')).toBe(expected);
    expect(header?.host).toBe('nas1');
  });
});

describe('a header inside a header', () => {
  it.each([
    [
      'the event, not its shipping',
      '2026-11-21T07:24:25.250827+00:00 mailbox2 postfix-file: Nov 21 07:24:23 mailbox2 postfix/cleanup[805]: 4jWk',
      '2026-11-21T07:24:23.000Z | mailbox2 | postfix/cleanup | 805 | 4jWk',
    ],
    [
      'RFC 5424 around it',
      '<22>1 2026-11-21T07:24:23.2Z mailbox2 postfix-file - - - Nov 21 07:24:23 mailbox2 postfix/cleanup[805]: 4jWk',
      '2026-11-21T07:24:23.000Z | mailbox2 | postfix/cleanup | 805 | 4jWk',
    ],
    [
      'the outer time when the inner one is far off',
      '2026-11-21T07:24:23Z mailbox2 postfix-file: Mar  3 07:24:23 mailbox2 postfix/cleanup[805]: 4jWk',
      '2026-11-21T07:24:23.000Z | mailbox2 | postfix/cleanup | 805 | 4jWk',
    ],
    [
      'the local time of its host, by the outer offset',
      '2026-11-21T02:24:25-05:00 box postfix-file: Nov 21 02:24:23 box postfix/cleanup[805]: 4jWk',
      '2026-11-21T07:24:23.000Z | box | postfix/cleanup | 805 | 4jWk',
    ],
    [
      'New Year in between',
      '2027-01-01T00:00:01+00:00 box postfix-file: Dec 31 23:59:59 box postfix/cleanup[805]: 4jWk',
      '2026-12-31T23:59:59.000Z | box | postfix/cleanup | 805 | 4jWk',
    ],
    [
      'a container runtime around it',
      '2026-11-21T07:24:23.123456789Z stdout F Nov 21 07:24:23 box postfix/cleanup[805]: 4jWk',
      '2026-11-21T07:24:23.000Z | box | postfix/cleanup | 805 | 4jWk',
    ],
    [
      "Exim's main log",
      'Nov 21 07:24:25 ex1 mainlog: 2026-11-21 07:24:23 1xUfTL-00003V-1E Completed',
      '2026-11-21T07:24:23.000Z | ex1 | exim |  | 1xUfTL-00003V-1E Completed',
    ],
    [
      'a mere date at the start of the text as text',
      'Nov 21 07:24:25 gw app: 2026-11-21 07:24:23 is now',
      '2026-11-21T07:24:25.000Z | gw | app |  | 2026-11-21 07:24:23 is now',
    ],
  ])('takes %s', (_, line, expected) => {
    expect(parse(line)).toBe(expected);
  });

  it('decides the repeated hour by the outer stamp', () => {
    const line = '2026-10-25T01:30:10+00:00 box postfix-file: Oct 25 02:30:05 box postfix/qmgr[9]: x';
    expect(parserFor({ zone: 'Europe/Berlin' })(line)).toMatchObject({
      timeMs: Date.parse('2026-10-25T01:30:05Z'),
      alternativeMs: null,
    });
  });
});

describe('a stamp without a year', () => {
  it.each([
    ['Dec 31 23:59:59', '2027-01-02T00:00:00Z', '2026-12-31T23:59:59.000Z'],
    ['Jan  1 00:00:01', '2026-12-31T23:00:00Z', '2027-01-01T00:00:01.000Z'],
    ['Jul 10 12:00:00', '2027-01-02T00:00:00Z', '2026-07-10T12:00:00.000Z'],
    ['Feb 29 12:00:00', '2027-02-10T00:00:00Z', '2028-02-29T12:00:00.000Z'],
    ['Feb 29 12:00:00', '2024-12-01T00:00:00Z', '2024-02-29T12:00:00.000Z'],
    ['Feb 29 12:00:00', '2103-02-28T00:00:00Z', '2104-02-29T12:00:00.000Z'],
    ['Mar  1 12:00:00', '2028-02-29T12:00:00Z', '2028-03-01T12:00:00.000Z'],
    ['Nov 21 12:00:00', '2019-11-21T12:00:00Z', '2019-11-21T12:00:00.000Z'],
  ])('%s searched near %s is %s', (stamp, near, expected) => {
    expect(parse(`${stamp} gw postfix/qmgr[9]: x`, { near })).toBe(`${expected} | gw | postfix/qmgr | 9 | x`);
  });
});

describe('a stamp without an offset', () => {
  const at = (line: string, setting: Partial<Setting>) => parserFor(setting)(`${line} gw postfix/qmgr[9]: x`);

  it.each([
    ['Nov 21 07:24:23', 'Asia/Taipei', '2026-11-20T23:24:23.000Z'],
    ['2026-11-21T07:24:23', 'America/New_York', '2026-11-21T12:24:23.000Z'],
    ['2026-07-01 07:24:23', 'Europe/Berlin', '2026-07-01T05:24:23.000Z'],
    // The clocks jumped from 02:00 to 03:00: a machine that has not heard of it still shows 02:30.
    ['2026-03-29 02:30:00', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
  ])('%s in %s is %s', (stamp, zone, expected) => {
    const header = at(stamp, { zone });
    expect(header && new Date(header.timeMs).toISOString()).toBe(expected);
    expect(header).toMatchObject({ alternativeMs: null, isLocalTime: true });
  });

  it('has two instants in the repeated hour', () => {
    expect(at('Oct 25 02:30:00', { zone: 'Europe/Berlin' })).toMatchObject({
      timeMs: Date.parse('2026-10-25T00:30:00Z'),
      alternativeMs: Date.parse('2026-10-25T01:30:00Z'),
    });
    expect(at('2026-10-25T02:30:00+01:00', { zone: 'Europe/Berlin' })).toMatchObject({
      alternativeMs: null,
      isLocalTime: false,
    });
  });

  it('is read in the zone of the host that the line names', () => {
    const zones = { lists1: 'Asia/Taipei', box: 'America/New_York' };
    expect(parse('Jan  1 00:00:00 lists1 postfix/qmgr[9]: x', { zones, near: '2027-01-01T00:00:00Z' })).toMatch(
      /^2026-12-31T16:00:00/,
    );
    expect(parse('Dec 31 19:00:00 box postfix/qmgr[9]: x', { zones, near: '2027-01-01T00:00:00Z' })).toMatch(
      /^2027-01-01T00:00:00/,
    );
  });
});
