/** The same files read here and over SSH give the same lines; odd names and packings included. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogSource, SearchOutcome } from '../../src/app/ports.ts';
import { hostName } from '../../src/domain/ids.ts';
import { localQueueIds } from '../../src/parsers/registry.ts';
import { openFiles } from '../../src/sources/files.ts';
import { createSshdLab, type Shell, type Sshd, type SshdLab } from '../services/sshd.ts';
import { searchIn, textsOf } from './log-folder.ts';
import { openLab } from './ssh-lab.ts';

const SHELLS: readonly Shell[] = ['dash', 'bash', 'mksh', 'busybox'];
const MINUTE_MS = 60_000;
const START = Date.parse('2026-11-14T00:00:00Z');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const bsd = (ms: number): string => {
  const date = new Date(ms);
  return `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${date.toISOString().slice(11, 19)}`;
};
const iso = (ms: number): string => new Date(ms).toISOString().replace('Z', '+00:00');

type Form = Readonly<{ name: string; line: (ms: number, n: number) => string }>;

const textOf = (n: number): string =>
  `${(0x4b000000 + Math.floor(n / 4)).toString(16).toUpperCase()}: ${['client=c.example[192.0.2.1]', `message-id=<m${Math.floor(n / 4)}@x.example>`, `to=<u${n % 97}@y.example>, relay=none`, 'removed'][n % 4]} ${'.'.repeat(n % 60)}`;

const FORMS: readonly Form[] = [
  { name: 'iso', line: (ms, n) => `${iso(ms)} mx1 postfix/smtpd[7]: ${textOf(n)}` },
  { name: 'bsd', line: (ms, n) => `${bsd(ms)} mx1 postfix/smtpd[7]: ${textOf(n)}` },
  { name: 'rfc5424', line: (ms, n) => `<22>1 ${iso(ms)} mx1 postfix/smtpd 7 - - ${textOf(n)}` },
  {
    name: 'json',
    line: (ms, n) =>
      JSON.stringify({
        message: textOf(n),
        '@timestamp': iso(ms),
        'host.name': 'mx1',
        'log.syslog.appname': 'postfix/smtpd',
      }),
  },
];

/** A week, a line each 15 s: 5 MB, which are searched by bisection. */
const LINES = 40_320;
const STEP_MS = 15_000;

const essence = ({ records }: SearchOutcome): readonly string[] =>
  records.map(({ host, timeMs, program, pid, text, raw }) => [host, timeMs, program, pid, text, raw].join('|'));

describe('over SSH', () => {
  let lab: SshdLab;
  let server: Sshd;
  beforeAll(async () => {
    lab = await createSshdLab();
    server = await lab.start();
  });
  afterAll(() => lab.remove());

  const write = async (name: string, content: string | Buffer): Promise<string> => {
    const path = lab.path(name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  };
  const openBoth = async (logFiles: readonly string[], at = server): Promise<readonly LogSource[]> => [
    openFiles({ hosts: [{ host: hostName('mx1'), logFiles, timeZone: null }], timeZone: 'UTC', canonical: hostName }),
    await openLab(lab, [{ host: 'mx1', server: at, logFiles }]),
  ];
  const compare = async (sources: readonly LogSource[], question: Parameters<typeof searchIn>[1]): Promise<number> => {
    const [here, there] = await Promise.all(sources.map((source) => searchIn(source, question)));
    expect(essence(there!)).toEqual(essence(here!));
    expect(there!.hosts.map(({ status, linesRead }) => [status, linesRead])).toEqual(
      here!.hosts.map(({ status, linesRead }) => [status, linesRead]),
    );
    return here!.records.length;
  };

  it.each(FORMS)('finds what reading the file finds: $name', async ({ name, line }) => {
    const lines = Array.from({ length: LINES }, (_, n) => line(START + n * STEP_MS, n));
    const path = await write(`${name}/mail.log`, `${lines.join('\n')}\n`);
    const sources = await openBoth([path]);
    const at = (n: number): string => new Date(START + n * STEP_MS).toISOString();
    for (const [from, to] of [
      [0, 40],
      [1, 2],
      [9_999, 10_240],
      [20_000, 20_001],
      [LINES - 30, LINES + 500],
      [-500, 3],
      [LINES + 100, LINES + 200],
    ] as const) {
      await compare(sources, { from: at(from), to: at(to) });
    }
    const found = await compare(sources, {
      from: at(10_000),
      to: at(14_000),
      find: ['u42@y.example'],
      related: localQueueIds,
    });
    expect(found).toBeGreaterThan(5);
    await compare(sources, { from: at(0), to: at(LINES), find: ['m7777@x.example'], related: localQueueIds });
    for (const source of sources) await source.close();
  });

  it('reads a log whose stamps do not run forward to its end', async () => {
    const lines = Array.from({ length: LINES }, (_, n) => FORMS[0]!.line(START + ((n * 7919) % LINES) * STEP_MS, n));
    const sources = await openBoth([await write('mixed/mail.log', `${lines.join('\n')}\n`)]);
    const from = new Date(START + 10_000 * STEP_MS).toISOString();
    const to = new Date(START + 10_100 * STEP_MS).toISOString();
    expect(await compare(sources, { from, to })).toBe(100);
    for (const source of sources) await source.close();
  });

  it('reads the segments of KumoMTA, the last one while it is written', async () => {
    const records = (from: number): string =>
      Array.from({ length: 50 }, (_, n) => {
        const at = START + (from + n) * MINUTE_MS;
        const response = { code: 250, content: 'OK', command: null };
        const event_time = new Date(at).toISOString();
        return `${JSON.stringify({ type: 'Delivery', id: `k${from + n}`, queue: 'x', response, event_time })}\n`;
      }).join('');
    const pack = (text: string) => execFileSync('zstd', ['-qc'], { input: text });
    await write('kumo/20261114-000000.000000001', pack(records(0)));
    // A second frame without its end.
    const last = Buffer.concat([pack(records(50)), pack(records(100)).subarray(0, 60)]);
    const path = await write('kumo/20261114-005000.000000001', last);
    const sources = await openBoth([`${dirname(path)}/*`]);
    const [from, to] = [new Date(START).toISOString(), new Date(START + 200 * MINUTE_MS).toISOString()];
    expect(await compare(sources, { from, to })).toBe(100);
    for (const source of sources) {
      const { hosts } = await searchIn(source, { from, to });
      expect(hosts[0]).toMatchObject({ status: 'ok', error: null });
      await source.close();
    }
  });

  const PACKERS: Readonly<Record<string, (text: string) => Buffer>> = {
    gz: (text) => gzipSync(text),
    zst: (text) => execFileSync('zstd', ['-qc'], { input: text }),
    xz: (text) => execFileSync('xz', ['-c'], { input: text }),
    bz2: (text) => execFileSync('bzip2', ['-c'], { input: text }),
  };

  it.each(Object.keys(PACKERS))('reads rotated pieces packed as %s, each once', async (suffix) => {
    const pack = PACKERS[suffix]!;
    const part = (from: number): string =>
      Array.from({ length: 100 }, (_, n) => `${FORMS[0]!.line(START + (from + n) * 60 * MINUTE_MS, from + n)}\n`).join(
        '',
      );
    const folder = `packed-${suffix}`;
    await write(`${folder}/mail.log.3.${suffix}`, pack(part(0)));
    await write(`${folder}/mail.log.2.${suffix}`, pack(part(100)));
    await write(`${folder}/mail.log.1`, part(200));
    // While it is being packed, both are there.
    await write(`${folder}/mail.log.1.${suffix}`, pack(part(200)));
    const path = await write(`${folder}/mail.log`, part(300));
    const sources = await openBoth([path]);
    const from = new Date(START).toISOString();
    const to = new Date(START + 1000 * 3_600_000).toISOString();
    expect(await compare(sources, { from, to })).toBe(400);
    const later = new Date(START + 150 * 3_600_000).toISOString();
    expect(await compare(sources, { from: later, to, find: ['removed'] })).toBeGreaterThan(50);
    for (const source of sources) await source.close();
  });

  it('finds pieces with dates in their names, and says what is wrong with damaged and missing ones', async () => {
    const line = (n: number): string => `${FORMS[0]!.line(START + n * MINUTE_MS, n)}\n`;
    await write('dated/mail-20261113.log', line(1));
    await write('dated/mail-20261114.log.gz', gzipSync(line(2)));
    await write('dated/mail-notes.log', 'not a piece\n');
    const path = await write('dated/mail.log', line(3));
    const sources = await openBoth([path]);
    const question = { from: new Date(START).toISOString(), to: new Date(START + 9 * MINUTE_MS).toISOString() };
    expect(await compare(sources, question)).toBe(3);
    const broken = gzipSync(line(4).repeat(2000));
    await write('dated/mail-20261115.log.gz', broken.subarray(0, broken.length - 20));
    const [, there] = sources;
    const outcome = await searchIn(there!, question);
    expect(outcome.hosts[0]).toMatchObject({ status: 'incomplete' });
    expect(outcome.hosts[0]!.error).toMatch(
      /mail-20261115\.log\.gz: damaged .*unexpected end of file.*; the lines before/,
    );
    for (const source of sources) await source.close();
  });

  it('names what is missing, a folder, or no log', async () => {
    const path = await write('odd/notes.txt', 'dear diary\n');
    const files = [path, lab.path('odd/nowhere.log'), lab.path('odd'), lab.path('odd/*.nothing')];
    for (const [index, expected] of [
      'no line begins with a time stamp',
      'no such file; correct log_files',
      'is a directory; name the files in it',
      'no file matches; correct log_files',
    ].entries()) {
      const source = await openLab(lab, [{ host: 'mx1', server, logFiles: [files[index]!] }]);
      const outcome = await searchIn(source, { from: '2026-11-14T00:00:00Z', to: '2026-11-15T00:00:00Z' });
      expect(outcome.hosts[0]!.error).toContain(expected);
      expect(outcome.hosts[0]!.status).toBe('unreadable');
      await source.close();
    }
  });

  const NAMES: readonly string[] = [
    'with blank.log',
    "it's.log",
    '$(touch trap).log',
    '`touch trap`.log',
    ';touch trap;.log',
    '&& touch trap #.log',
    '-rf.log',
    'back\\slash.log',
    '[brackets].log',
    'stern*chen.log',
    'grüße.log',
    '"quoted".log',
  ];

  it.each(SHELLS)('takes names and texts with the syntax of shells as they are: %s', async (shell) => {
    const own = await lab.start({ shell });
    const folder = `names-${shell}`;
    const trap = lab.path(`${folder}/trap`);
    for (const name of NAMES) {
      const text = `$(touch ${trap}) \`touch ${trap}\` '; touch ${trap}; ' .* [a-z]+ \\n ${name}`;
      const path = await write(`${folder}/${name}`, `2026-11-14T07:00:00+00:00 mx1 odd[1]: ${text}\n`);
      const source = await openLab(lab, [{ host: 'mx1', server: own, logFiles: [path] }]);
      const outcome = await searchIn(source, {
        from: '2026-11-14T00:00:00Z',
        to: '2026-11-15T00:00:00Z',
        find: [`$(touch ${trap}) \`touch ${trap}\` '; touch ${trap}; ' .* [a-z]+`],
      });
      expect([outcome.hosts[0]!.error, ...textsOf(outcome)]).toEqual([null, text]);
      await source.close();
    }
    expect(existsSync(trap)).toBe(false);
    expect(existsSync(lab.path('trap'))).toBe(false);
  });

  it.each(SHELLS)('refuses needles that would end the data: %s', async (shell) => {
    const own = await lab.start({ shell });
    const path = await write(`needles-${shell}.log`, '2026-11-14T07:00:00+00:00 mx1 odd[1]: MT_END\n');
    const source = await openLab(lab, [{ host: 'mx1', server: own, logFiles: [path] }]);
    const find = async (text: string) =>
      (await searchIn(source, { from: '2026-11-14T00:00:00Z', to: '2026-11-15T00:00:00Z', find: [text] })).records;
    expect(await find('MT_END')).toHaveLength(1);
    expect(await find('MT_END\ntouch /tmp/x')).toHaveLength(0);
    expect(await find('MT_\0END')).toHaveLength(0);
    expect(await find('')).toHaveLength(0);
    await source.close();
  });

  it('puts all that is asked of a machine at one moment in one request, over one connection', async () => {
    const own = await lab.start();
    const path = await write(
      'many/mail.log',
      Array.from({ length: 50 }, (_, n) => `${FORMS[0]!.line(START + n, n)}\n`).join(''),
    );
    const names = ['mx1', 'mx2', 'mx3', 'mx4', 'mx5', 'mx6'];
    const source = await openLab(
      lab,
      names.map((host) => ({ host, server: own, logFiles: [path] })),
    );
    const question = { from: new Date(START).toISOString(), to: new Date(START + MINUTE_MS).toISOString() };
    await Promise.all(names.map((host) => searchIn(source, { ...question, hosts: [host] })));
    await searchIn(source, { ...question, find: ['removed'], related: localQueueIds });
    expect(await own.countConnections()).toBe(1);
    expect(await own.countCommands()).toBe(1);
    expect(await own.countRequests()).toBe(2);
    await source.close();
  });
});
