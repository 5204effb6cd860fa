import { describe, expect, it } from 'vitest';
import { createDoctor, type DoctorDeps } from '../../src/app/doctor.ts';
import type { Check, LogSource } from '../../src/app/ports.ts';
import { buildHostDirectory } from '../../src/domain/host-names.ts';
import { MailtraceError } from '../../src/errors.ts';
import { createMemorySource } from '../support/memory-source.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const iso = (beforeMs: number): string => new Date(NOW - beforeMs).toISOString();
const connect = (beforeMs: number, host = 'mx1'): string =>
  `${iso(beforeMs)} ${host} postfix/smtpd[7]: connect from unknown[192.0.2.1]`;
/** RFC 3164: local time, no zone. */
const bsd = (wall: string, host = 'mx1'): string => `${wall} ${host} postfix/smtpd[7]: connect from unknown[192.0.2.1]`;

type Setup = Partial<Pick<DoctorDeps, 'general' | 'zoneOf' | 'clusters'>> & Readonly<{ startHost?: string }>;

const examine = async (sources: readonly LogSource[], setup: Setup = {}): Promise<readonly Check[]> => {
  const hosts = sources.flatMap((source) => source.hosts);
  const { startHost = null, ...deps } = setup;
  const clusters = setup.clusters ?? {};
  const doctor = createDoctor({
    sources,
    directory: buildHostDirectory({
      hosts,
      clusters: Object.fromEntries(Object.entries(clusters).map(([name, members]) => [name, [...members]])),
      domain: '',
    }),
    hosts,
    clusters,
    general: [],
    timeZone: 'UTC',
    zoneOf: () => ({ name: 'UTC', origin: 'top-level time_zone' }),
    ...deps,
  });
  return doctor.examine({ startHost, nowMs: NOW, signal: new AbortController().signal });
};

const memory = (logs: Readonly<Record<string, readonly string[]>>, zones: Readonly<Record<string, string>> = {}) =>
  createMemorySource(logs, { nearMs: NOW, zones });

/** `status name host: text`, remedy left out. */
const lines = (checks: readonly Check[]): readonly string[] =>
  checks.map(({ status, name, host, text }) => `${status} ${name} ${host ?? '-'}: ${text}`);
const lineOf = async (source: LogSource, name: Check['name'], setup: Setup = {}): Promise<string | undefined> =>
  lines((await examine([source], setup)).filter((check) => check.name === name && check.host === 'mx1'))[0];

describe('one host', () => {
  it('is well when its newest line is fresh and understood', async () => {
    expect(lines(await examine([memory({ mx1: [connect(3 * MINUTE), connect(MINUTE)] })]))).toEqual([
      'unknown clock-skew -: one host alone cannot be compared',
      'ok format mx1: 2 of 2 mail lines are understood',
      'ok zone mx1: stamps carry their offset',
      'ok freshness mx1: newest line 60 s ago, 2026-11-20 11:59 UTC',
    ]);
  });

  it.each([
    [5 * HOUR, 'ok freshness mx1: newest line 5 h ago, 2026-11-20 07:00 UTC'],
    [7.5 * HOUR, 'warning freshness mx1: newest line 7 h 30 min ago, 2026-11-20 04:30 UTC'],
    [10 * 24 * HOUR, 'warning freshness mx1: newest line 10 days ago, 2026-11-10 12:00 UTC'],
    [15 * 24 * HOUR, 'warning freshness mx1: no line of the last 14 days'],
  ])('has an age %#', async (beforeMs, expected) => {
    expect(await lineOf(memory({ mx1: [connect(beforeMs)] }), 'freshness')).toBe(expected);
  });

  it('finds the newest line of a log with too many', async () => {
    const many = Array.from({ length: 30_000 }, (_, index) => connect(20 * MINUTE + (29_999 - index) * 200));
    expect(await lineOf(memory({ mx1: many }), 'freshness')).toBe(
      'ok freshness mx1: newest line 20 min ago, 2026-11-20 11:40 UTC',
    );
  });

  it.each([
    ['Nov 20 12:00:30', 'UTC', 'ok zone mx1: stamps without an offset are read in UTC (top-level time_zone)'],
    [
      'Nov 20 19:48:00',
      'UTC',
      'failed zone mx1: the newest line is 7 h 48 min in the future: its stamps look 8 h off; they are read in UTC (top-level time_zone)',
    ],
    [
      'Nov 20 17:29:59',
      'UTC',
      'failed zone mx1: the newest line is 5 h 30 min in the future: its stamps look 5 h 30 min off; they are read in UTC (top-level time_zone)',
    ],
  ])('has a zone: %s', async (wall, zone, expected) => {
    expect(await lineOf(memory({ mx1: [bsd(wall)] }, { mx1: zone }), 'zone')).toBe(expected);
  });

  it('names the offset that would fit', async () => {
    const source = memory({ mx1: [bsd('Nov 20 12:59:00')] }, { mx1: 'America/New_York' });
    const zoneOf = () => ({ name: 'America/New_York', origin: 'time_zone of the host' });
    const [zone] = (await examine([source], { zoneOf })).filter(({ name }) => name === 'zone');
    expect(zone).toMatchObject({
      status: 'failed',
      remedy: 'Set time_zone of this host; a zone of UTC+01:00 would fit.',
    });
  });

  it('has a wrong clock where stamps carry their offset', async () => {
    expect(await lineOf(memory({ mx1: [connect(-8 * HOUR)] }), 'clock-skew')).toBe(
      'failed clock-skew mx1: the newest line is 8 h in the future',
    );
  });

  it('names what is not understood', async () => {
    const odd = (text: string, program: string): string => `${iso(MINUTE)} mx1 ${program}[1]: ${text}`;
    const cron = memory({ mx1: [odd('(root) CMD', 'CRON'), odd('x', 'sshd')] });
    expect(await lineOf(cron, 'format')).toBe(
      'failed format mx1: none of the 2 newest lines is understood (CRON 1, sshd 1)',
    );
    const mixed = memory({ mx1: [connect(MINUTE), odd('quux of a new version', 'postfix/smtpd'), odd('x', 'sshd')] });
    expect(await lineOf(mixed, 'format')).toBe(
      'warning format mx1: 1 of 2 mail lines are understood, 50 % are not (postfix/smtpd 1); 1 of other programs (sshd 1)',
    );
  });
});

/** A source whose searches go wrong. */
const faulty = (status: 'unreachable' | 'unreadable', error: string): LogSource => {
  const source = memory({ mx1: [] });
  return {
    ...source,
    search: async (request, signal) => {
      const outcome = await source.search(request, signal);
      return { ...outcome, hosts: outcome.hosts.map((reading) => ({ ...reading, status, error })) };
    },
  };
};

describe('a host that cannot be read', () => {
  it.each([
    ['unreachable', 'reachability'],
    ['unreadable', 'readability'],
  ] as const)('is a failed check: %s', async (status, name) => {
    const checks = await examine([faulty(status, 'no answer; look at the firewall')]);
    expect(checks).toContainEqual({
      name,
      host: 'mx1',
      status: 'failed',
      text: 'no answer',
      remedy: 'look at the firewall',
    });
    expect(checks.filter((check) => check.status === 'unknown')).toHaveLength(4);
  });

  it('is not told twice when the adapter told why', async () => {
    const check: Check = { name: 'host-key', host: 'mx1', status: 'failed', text: 'changed', remedy: 'ssh-keygen -R' };
    const source = { ...faulty('unreachable', 'host key'), diagnose: () => Promise.resolve([check]) };
    const failed = (await examine([source])).filter(({ status }) => status === 'failed');
    expect(failed).toEqual([check]);
  });

  it('is told although its clock is wrong as well', async () => {
    const clock: Check = { name: 'clock-skew', host: 'mx1', status: 'failed', text: '900 s behind', remedy: 'NTP' };
    const source = { ...faulty('unreadable', 'mail.log: gone'), diagnose: () => Promise.resolve([clock]) };
    const failed = (await examine([source])).filter(({ status }) => status === 'failed');
    expect(lines(failed)).toEqual(['failed readability mx1: mail.log: gone', 'failed clock-skew mx1: 900 s behind']);
  });

  it('is a check also when its source throws', async () => {
    const gone = () => Promise.reject(new MailtraceError('source', 'The cluster is red.', 'Mend it.'));
    const source = { ...memory({ mx1: [] }), search: gone, diagnose: gone };
    const failed = (await examine([source])).filter(({ status }) => status === 'failed');
    expect(lines(failed)).toEqual(['failed reachability -: The cluster is red.']);
  });

  it('does not stop the others', async () => {
    const checks = await examine([faulty('unreachable', 'no answer'), memory({ mx2: [connect(MINUTE, 'mx2')] })]);
    expect(lines(checks)).toContain('ok format mx2: 1 of 1 mail lines are understood');
  });

  it('leaves a bug a bug', async () => {
    const source = { ...memory({ mx1: [] }), search: () => Promise.reject(new TypeError('x is undefined')) };
    await expect(examine([source])).rejects.toThrow(TypeError);
  });
});

describe('what the adapter knows', () => {
  const told = async (line: string, ...checks: readonly Partial<Check>[]): Promise<readonly string[]> => {
    const own = checks.map(
      (check): Check => ({ name: 'zone', host: 'mx1', status: 'ok', text: 'by the machine', remedy: null, ...check }),
    );
    const source = { ...memory({ mx1: [line] }), diagnose: () => Promise.resolve(own) };
    return lines((await examine([source])).filter(({ name }) => name === 'zone' || name === 'clock-skew'));
  };

  it('is shown in place of what lines suggest of a zone', async () => {
    expect(await told(bsd('Nov 20 11:59:00'), {})).toContain('ok zone mx1: by the machine');
    expect((await told(bsd('Nov 20 11:59:00'), {})).filter((line) => line.includes('zone'))).toHaveLength(1);
    expect(await told(bsd('Nov 20 19:48:00'), { status: 'warning' })).toContain('warning zone mx1: by the machine');
  });

  it('gives way to lines that contradict it', async () => {
    const zones = (await told(bsd('Nov 20 19:48:00'), {})).filter((line) => line.includes('zone'));
    expect(zones).toEqual([expect.stringMatching(/^failed zone mx1: the newest line is 7 h 48 min in the future/)]);
  });

  it('is shown in place of what mail says of a clock', async () => {
    const clock = { name: 'clock-skew', text: 'by the machine' } as const;
    expect(await told(connect(MINUTE), clock)).toEqual([
      'ok zone mx1: stamps carry their offset',
      'ok clock-skew mx1: by the machine',
    ]);
    const source = memory(handOver(-42_000, '1A2B3C4D5E'));
    const off: Check = { ...clock, host: 'mx2', status: 'warning', remedy: 'NTP' };
    const checks = await examine([{ ...source, diagnose: () => Promise.resolve([off]) }]);
    expect(lines(checks.filter(({ name }) => name === 'clock-skew'))).toEqual([
      'warning clock-skew mx2: by the machine',
    ]);
    // The clock of a loghost is not that of the hosts whose stamps it keeps.
    const fine = { ...off, status: 'ok', remedy: null } as const;
    const both = await examine([{ ...source, diagnose: () => Promise.resolve([fine]) }]);
    expect(lines(both)).toEqual(
      expect.arrayContaining([
        'ok clock-skew mx2: by the machine',
        'warning clock-skew mx2: the clock is about 42 s behind mx1',
      ]),
    );
  });
});

/** The same mail on both hosts; `skewMs`: how far the clock of mx2 is ahead. */
const handOver = (skewMs: number, id: string, before = 10 * MINUTE) => {
  const at = (ms: number): string => new Date(NOW - before + ms).toISOString();
  const there = (ms: number): string => at(ms + skewMs);
  return {
    mx1: [
      `${at(0)} mx1 postfix/smtpd[1]: A${id}: client=c.sender.example[192.0.2.1]`,
      `${at(0)} mx1 postfix/cleanup[2]: A${id}: message-id=<${id}@sender.example>`,
      `${at(10)} mx1 postfix/qmgr[3]: A${id}: from=<ann@sender.example>, size=500, nrcpt=1 (queue active)`,
      `${at(400)} mx1 postfix/smtp[4]: A${id}: to=<bob@corp.example>, relay=mx2[10.0.0.2]:25, delay=0.4, delays=0.1/0/0.1/0.2, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as B${id})`,
      `${at(410)} mx1 postfix/qmgr[3]: A${id}: removed`,
    ],
    mx2: [
      `${there(200)} mx2 postfix/smtpd[1]: B${id}: client=mx1[10.0.0.1]`,
      `${there(210)} mx2 postfix/cleanup[2]: B${id}: message-id=<${id}@sender.example>`,
      `${there(220)} mx2 postfix/qmgr[3]: B${id}: from=<ann@sender.example>, size=600, nrcpt=1 (queue active)`,
      `${there(500)} mx2 postfix/local[4]: B${id}: to=<bob@corp.example>, relay=local, delay=0.3, delays=0.1/0/0/0.2, dsn=2.0.0, status=sent (delivered to mailbox)`,
      `${there(510)} mx2 postfix/qmgr[3]: B${id}: removed`,
    ],
  };
};

describe('two hosts that mail passed between', () => {
  it.each([
    [0, 'ok clock-skew -: the clocks of 2 hosts agree, by 1 hand-overs of mail'],
    [42_000, 'warning clock-skew mx2: the clock is about 42 s ahead of mx1'],
    [-118_000, 'warning clock-skew mx2: the clock is about 118 s behind mx1'],
    [-13 * MINUTE, 'failed clock-skew mx2: the clock is about 13 min behind mx1'],
    [-5 * HOUR, 'failed zone mx2: mail shows the stamps of this host 5 h behind those of mx1'],
    [-13.5 * HOUR, 'failed zone mx2: mail shows the stamps of this host 13 h 30 min behind those of mx1'],
  ])('are compared: %d ms', async (skewMs, expected) => {
    const checks = await examine([memory(handOver(skewMs, '1A2B3C4D5E'))]);
    const told = checks.filter(
      ({ name, status, host }) => name === 'clock-skew' || (name === 'zone' && status !== 'ok' && host !== null),
    );
    expect(lines(told)).toEqual([expected]);
  });

  it('take the smallest difference: slow mail is no wrong clock', async () => {
    const [even, slow] = [handOver(0, '1A2B3C4D5E'), handOver(30_000, '1A2B3C4D5F', 20 * MINUTE)];
    const checks = await examine([memory({ mx1: [...slow.mx1, ...even.mx1], mx2: [...slow.mx2, ...even.mx2] })]);
    expect(lines(checks)).toContain('ok clock-skew -: the clocks of 2 hosts agree, by 2 hand-overs of mail');
  });

  it('are not compared by a queue ID that was used again', async () => {
    const { mx1, mx2 } = handOver(-5 * HOUR, '1A2B3C4D5E');
    const other = mx2.map((line) => line.replace('message-id=<', 'message-id=<other-'));
    expect(lines(await examine([memory({ mx1, mx2: other })]))).toContain(
      'unknown clock-skew -: no mail that passed from one of the hosts to another was found',
    );
  });
});

describe('the hosts asked for', () => {
  const fleet = () => memory({ mx1: [connect(MINUTE)], mx2: [connect(MINUTE, 'mx2')] });

  it.each([
    ['mx2', ['mx2']],
    ['edge', ['mx1', 'mx2']],
  ])('are those of %s', async (startHost, expected) => {
    const source = fleet();
    const seen: string[] = [];
    const diagnosing: LogSource = {
      ...source,
      diagnose: ({ hosts }) => {
        seen.push(...hosts);
        return Promise.resolve([]);
      },
    };
    const checks = await examine([diagnosing], { startHost, clusters: { edge: ['mx1', 'mx2'] } });
    expect([...new Set(checks.flatMap(({ host }) => host ?? []))]).toEqual(expected);
    expect(seen).toEqual(expected);
    expect([...new Set(source.requests.flatMap(({ hosts }) => hosts))]).toEqual(expected);
  });

  it('must be configured', async () => {
    await expect(examine([fleet()], { startHost: 'mx9' })).rejects.toMatchObject({ code: 'usage' });
  });
});
