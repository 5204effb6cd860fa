/** The built program as a shell calls it, on real logs. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../dist/bin/mailtrace.js', import.meta.url));
const logs = fileURLToPath(new URL('../fixtures/mailbed/hosts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mailtrace-cli-'));
const config = join(folder, 'config.yaml');
const brokenConfig = join(folder, 'broken.yaml');

const hosts: Readonly<Record<string, string>> = {
  'mx1.campus.example': 'mx1',
  'mx2.campus.example': 'mx2.campus.example',
  'gw.campus.example': 'gw',
  'smtp1.campus.example': 'smtp1',
  'out1.campus.example': 'out1',
  'lists1.campus.example': 'lists1',
  'mailbox1.campus.example': 'mailbox1.campus.example',
  'mailbox2.campus.example': 'mailbox2',
};
const filesOf = (name: string): string => join(logs, hosts[name] ?? '', 'rfc3339/mail.iso.log*');

beforeAll(() => {
  const section = (missing: string | null) => ({
    method: 'file',
    time_zone: 'Europe/Berlin',
    domain: 'campus.example',
    file_config: {
      hosts: Object.fromEntries(
        Object.keys(hosts).map((name) => [
          name,
          { log_files: [name === missing ? join(folder, 'gone.log') : filesOf(name)] },
        ]),
      ),
    },
  });
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(section(null)));
  writeFileSync(brokenConfig, JSON.stringify(section('mx2.campus.example')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mailtrace = (...argv: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], {
    encoding: 'utf8',
    cwd: folder,
    env: { PATH: process.env['PATH'], TZ: 'Asia/Taipei' },
  });
  return { code: status, out: stdout, err: stderr };
};

/** carol → gina, greylisted twice on the way out, then taken. */
const GREYLISTED = '4522caf9-0186-994c-11e6-0eea79e9a212@campus.example';
const WHEN = ['--time', '2026-11-21 08:23', '--time-range', '1h'];
const search = (keyword: string, ...more: string[]): string[] => ['-c', config, '-k', keyword, ...WHEN, ...more];

describe('mailtrace run', () => {
  it('prints the table on stdout, without colours, and nothing on stderr', () => {
    const { code, out, err } = mailtrace('run', ...search(GREYLISTED));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('2026-11-21 07:23 CET to 2026-11-21 09:23 CET (Europe/Berlin, UTC+01:00)');
    expect(out).toMatch(/verdict +delivered/);
    expect(out).toMatch(/out1\.campus\.example +90EA2548919 +gina@greywall\.example +deferred +4\.2\.0 +450/);
    expect(out).toContain('2 tries');
    expect(out).toContain('→ mx.greywall.example 3EF51DC922 (no log: external)');
    expect(out).not.toContain('\u001b');
  });

  it('prints JSON', () => {
    const { code, out, err } = mailtrace('run', ...search(GREYLISTED, '--json'));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({
      schema: 'mailtrace.report/1',
      complete: true,
      chains: [{ messageId: GREYLISTED, verdict: 'delivered' }],
    });
  });

  it('finds a message that was only refused', () => {
    const { code, out } = mailtrace('run', ...search('spammer@sender.example'));
    expect(code).toBe(0);
    expect(out).toContain('Refused before acceptance: 1');
    expect(out).toContain('Sender address rejected: Sender not permitted');
  });

  it('says what was searched when nothing was found', () => {
    const { code, out, err } = mailtrace('run', ...search('nobody@nowhere.example'));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('nothing found. Searched "nobody@nowhere.example", 2026-11-21 07:23 CET');
    expect(err).toContain('mx1.campus.example');
  });

  it('shows what there is when a log is missing, and says which', () => {
    const { code, out, err } = mailtrace('run', '-c', brokenConfig, '-k', GREYLISTED, ...WHEN);
    expect(code).toBe(3);
    expect(out).toMatch(/verdict +delivered/);
    expect(err).toMatch(/^mailtrace: not read: mx2\.campus\.example \(file, unreadable\): .*gone\.log/);
  });

  it('refuses wrong usage with 2', () => {
    expect(mailtrace('run')).toMatchObject({ code: 2, out: '' });
    expect(mailtrace('run', '--keywrod', 'x').err).toContain('Did you mean --keyword?');
    expect(mailtrace('rnu').err).toContain('Did you mean run?');
    const missing = mailtrace('run', '-c', 'missing.yaml', '-k', 'x');
    expect(missing).toMatchObject({ code: 2, out: '' });
    expect(missing.err).toContain('missing.yaml');
  });

  it('ends quietly when its reader goes away', () => {
    const { stderr } = spawnSync(
      'sh',
      [
        '-c',
        '{ "$@"; echo "code $?" >&2; } | true',
        'sh',
        process.execPath,
        program,
        'run',
        ...search('alice@campus.example', '--json'),
      ],
      { encoding: 'utf8', cwd: folder },
    );
    expect(stderr).toBe('code 0\n');
  });
});

describe('mailtrace graph', () => {
  it('writes DOT and nothing else to stdout', () => {
    const { code, out, err } = mailtrace('graph', ...search(GREYLISTED));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.trim()).toMatch(/^digraph[\s\S]*\}$/);
    expect(out).toContain('90EA2548919');
  });

  it('writes the picture that the suffix names', () => {
    for (const name of ['a.png', 'a.svg', 'a.json', 'a.dot']) {
      expect(mailtrace('graph', ...search(GREYLISTED, '-o', join(folder, name)))).toEqual({
        code: 0,
        out: '',
        err: '',
      });
    }
    expect(readFileSync(join(folder, 'a.png')).subarray(1, 4).toString()).toBe('PNG');
    expect(readFileSync(join(folder, 'a.svg'), 'utf8')).toContain('<svg');
    expect(JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8'))).toMatchObject({ schema: 'mailtrace.report/1' });
    expect(readFileSync(join(folder, 'a.dot'), 'utf8')).toContain('digraph');
  });
});

describe('mailtrace doctor', () => {
  it('finds every log readable, whatever its age', () => {
    const { code, out, err } = mailtrace('doctor', '-c', config, '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const checks = Object.keys(hosts).map((host): unknown =>
      expect.objectContaining({ name: 'readability', host, status: 'ok', remedy: null }),
    );
    expect(JSON.parse(out)).toMatchObject({
      schema: 'mailtrace.doctor/1',
      checks: expect.arrayContaining(checks) as unknown,
    });
  });

  it('names the log that is missing, and the remedy', () => {
    const { code, out, err } = mailtrace('doctor', '-c', brokenConfig);
    expect({ code, err }).toEqual({ code: 3, err: '' });
    expect(out).toMatch(/^failed +readability +mx2\.campus\.example: .*gone\.log: no such file → correct log_files/m);
    expect(out).toMatch(/^ok +readability +mx1\.campus\.example: /m);
  });

  it('takes a wrong configuration for a failed check', () => {
    const { code, out, err } = mailtrace('doctor', '-c', 'missing.yaml');
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(out).toMatch(/^failed +configuration +There is no configuration file missing\.yaml\./);
  });
});

describe('mailtrace explain', () => {
  it('needs no configuration', () => {
    const { code, out, err } = mailtrace('explain', '454/4.7.1');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('mynetworks');
  });
});

/** Linux shows the open files of a process. */
const hasOpen = (pid: number, path: string): boolean => {
  const descriptors = `/proc/${pid}/fd`;
  return readdirSync(descriptors).some((name) => {
    try {
      return readlinkSync(join(descriptors, name)) === path;
    } catch {
      // Closed between the two calls.
      return false;
    }
  });
};

it.each(['SIGINT', 'SIGTERM'] as const)(
  'a trace ends with 130 on %s',
  async (signal) => {
    const big = join(folder, 'big.log');
    const slow = join(folder, 'slow.yaml');
    const line = '2026-11-21T08:23:00+01:00 big postfix/smtpd[1]: connect from unknown[192.0.2.1]\n';
    writeFileSync(big, line.repeat(2_000_000));
    writeFileSync(
      slow,
      JSON.stringify({ method: 'file', time_zone: 'UTC', file_config: { hosts: { big: { log_files: [big] } } } }),
    );
    const argv = ['run', '-c', slow, '-k', 'text:connect from', '--time', '2026-11-21'];
    const child = spawn(process.execPath, [program, ...argv], { stdio: 'ignore' });
    const closed = once(child, 'close');
    const { pid } = child;
    if (pid === undefined) throw new Error('node did not start');
    await expect.poll(() => hasOpen(pid, big), { interval: 5, timeout: 20_000 }).toBe(true);
    child.kill(signal);
    expect(await closed).toEqual([130, null]);
  },
  60_000,
);
