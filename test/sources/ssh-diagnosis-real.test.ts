/** What the doctor says of machines behind real SSH servers: one line for each thing that can be wrong, with its remedy. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Check, LogSource } from '../../src/app/ports.ts';
import { createLoginUser, type LoginUser } from '../services/login-user.ts';
import { createSshdLab, makeKey, type Shell, type Sshd, type SshdLab, type SshdOptions } from '../services/sshd.ts';
import { startTcpProxy } from '../services/tcp-proxy.ts';
import { searchIn } from './log-folder.ts';
import { type LabHost, type LabOptions, openLab } from './ssh-lab.ts';

const HOUR_MS = 3_600_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const NOW = Date.now();

/** RFC 3164, in a zone so many hours east. */
const bsd = (ms: number, hoursEast = 0): string => {
  const wall = new Date(ms + hoursEast * HOUR_MS);
  const stamp = `${MONTHS[wall.getUTCMonth()]} ${String(wall.getUTCDate()).padStart(2)} ${wall.toISOString().slice(11, 19)}`;
  return `${stamp} mx1 postfix/qmgr[1]: 4jWkFk: removed\n`;
};
const iso = (ms: number): string =>
  `${new Date(ms).toISOString().replace('Z', '+00:00')} mx1 postfix/qmgr[1]: 4jWkFk: removed\n`;

/** `status name host: text → remedy`. */
const lineOf = ({ status, name, host, text, remedy }: Check): string =>
  `${status} ${name} ${host ?? '-'}: ${text}${remedy === null ? '' : ` → ${remedy}`}`;

describe('over SSH', () => {
  let lab: SshdLab;
  let server: Sshd;
  let log: string;
  beforeAll(async () => {
    lab = await createSshdLab();
    server = await lab.start();
    log = await write('mail.log', iso(NOW));
  });
  afterAll(() => lab.remove());

  const write = async (name: string, content: string | Buffer): Promise<string> => {
    const path = lab.path(name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  };
  const diagnose = async (source: LogSource): Promise<readonly string[]> => {
    const { signal } = new AbortController();
    const checks = await source.diagnose!({ nowMs: Date.now(), hosts: source.hosts }, signal);
    return checks.map(lineOf).map((line) => line.replaceAll(`${lab.folder}/`, ''));
  };
  const said = async (hosts: readonly LabHost[], options?: LabOptions): Promise<readonly string[]> => {
    const source = await openLab(lab, hosts, options);
    try {
      return await diagnose(source);
    } finally {
      await source.close();
    }
  };
  /** Lines of one check of mx1. */
  const saidOf = async (name: Check['name'], host: Partial<LabHost> = {}, options?: LabOptions) =>
    (await said([{ host: 'mx1', server, logFiles: [log], ...host }], options))
      .filter((line) => line.split(' ')[1] === name)
      .map((line) => line.replace(` ${name} mx1`, ''));
  /** A program that stands before the real one in the PATH of a server. */
  const fake = async ({ port }: Sshd, name: string, text: string): Promise<void> => {
    const file = lab.path(`bin-${port}/${name}`);
    await writeFile(file, `#!/bin/bash\n${text}\n`);
    await chmod(file, 0o755);
  };
  const startWithTools = async (tools: readonly string[]): Promise<Sshd> => {
    const folder = lab.path(`tools-${tools.length}`);
    await mkdir(folder);
    await Promise.all(
      tools.map((name) => symlink(execFileSync('which', [name], { encoding: 'utf8' }).trim(), `${folder}/${name}`)),
    );
    return lab.start({ env: { PATH: folder } });
  };

  it.each<Shell>(['dash', 'bash', 'mksh', 'busybox'])('tells of a machine that is well: %s', async (shell) => {
    const own = await lab.start({ shell, env: { TZ: 'Europe/Berlin' } });
    const path = await write(`well-${shell}/mail.log`, bsd(NOW - 60_000, 1).repeat(2000) + bsd(NOW, 1));
    await write(`well-${shell}/mail.log.1`, bsd(NOW - 24 * HOUR_MS, 1));
    await write(`well-${shell}/mail.log.2.gz`, gzipSync(bsd(NOW - 48 * HOUR_MS, 1).repeat(9)));
    await write(`well-${shell}/mail.log.3.bz2`, execFileSync('bzip2', ['-c'], { input: iso(NOW - 72 * HOUR_MS) }));
    const day = (ms: number): string => `${new Date(ms + HOUR_MS).toISOString().slice(0, 19).replace('T', ' ')} CET`;
    const lines = await said([{ host: 'mx1', server: own, logFiles: [path] }]);
    expect([...lines].sort()).toEqual([
      expect.stringMatching(/^ok clock-skew mx1: the clock agrees with ours to (?:0\.\d\d|1\.\d) s$/),
      expect.stringMatching(/^ok host-key mx1: ssh-ed25519 SHA256:\S{43}, as in known_hosts-\d+:1$/),
      expect.stringMatching(/^ok reachability mx1: root@127\.0\.0\.1:\d+, logged in by key id_ed25519$/),
      `ok readability mx1: well-${shell}/mail.log: 4 files in RFC 3164, RFC 3339, 2 of them packed and whole, ${day(NOW - 72 * HOUR_MS)} to ${day(NOW)} (Europe/Berlin, UTC+01:00)`,
      'ok sudo mx1: not needed: the login is root',
      "ok zone mx1: stamps without an offset are read in the machine's own zone; the machine calls its zone Europe/Berlin (UTC+01:00 now)",
    ]);
  });

  it.each<Shell>(['dash', 'busybox'])('tells each entry of log_files by itself: %s', async (shell) => {
    const own = await lab.start({ shell });
    const folder = `entries-${shell}`;
    const whole = gzipSync(bsd(NOW - HOUR_MS).repeat(2000));
    const files = [
      await write(`${folder}/a b.log`, iso(NOW)),
      await write(`${folder}/empty.log`, ''),
      await write(`${folder}/notes.txt`, 'dear diary\n'),
      lab.path(`${folder}/nowhere.log`),
      lab.path(`${folder}/*.nothing`),
      lab.path(folder),
      await write(`${folder}/torn.log`, iso(NOW)),
    ];
    await write(`${folder}/torn.log.1.gz`, whole.subarray(0, whole.length - 20));
    const lines = await saidOf('readability', { server: own, logFiles: files });
    expect(lines.map((line) => line.replaceAll(`${folder}/`, ''))).toEqual([
      expect.stringMatching(/^ok: a b\.log: 1 file in RFC 3339, /),
      'warning: empty.log: empty → Look whether the syslog daemon writes here.',
      'failed: notes.txt: no line begins with a time stamp that is known → correct log_files of this host',
      'failed: nowhere.log: no such file → correct log_files of this host',
      'failed: *.nothing: no file matches → correct log_files of this host',
      `failed: ${folder}: is a directory → name the files in it, e.g. *.log`,
      expect.stringMatching(/^ok: torn\.log: 1 file in RFC 3339/),
      expect.stringMatching(
        /^failed: torn\.log\.1\.gz: damaged \(.*\) → the lines before the damage were read; restore/,
      ),
    ]);
  });

  describe('programs', () => {
    it('are missed for packed pieces', async () => {
      const path = await write('zst/mail.log', iso(NOW));
      await write('zst/mail.log.1.zst', execFileSync('zstd', ['-qc'], { input: iso(NOW - HOUR_MS) }));
      const bare = await startWithTools('sh awk cat date dd grep head id ls sed sort tail'.split(' '));
      expect(await saidOf('readability', { server: bare, logFiles: [path] })).toEqual([
        expect.stringMatching(/^ok: zst\/mail\.log: 1 file in RFC 3339/),
        'failed: zst/mail.log.1.zst: needs the program zstd on that machine → install the package zstd',
      ]);
    });

    it('are missed by the search as well: no mail and no answer are not the same', async () => {
      const bare = await startWithTools('sh cat date dd grep head id ls sort tail'.split(' '));
      const missing =
        /mail\.log: cannot be searched without awk and sed on that machine(?:;| →) install what is missing/;
      expect((await saidOf('readability', { server: bare }))[0]).toMatch(missing);
      const source = await openLab(lab, [{ host: 'mx1', server: bare, logFiles: [log] }]);
      const { hosts } = await searchIn(source, { from: '2026-01-01T00:00:00Z', to: '2026-12-31T00:00:00Z' });
      await source.close();
      expect(hosts[0]).toMatchObject({ status: 'unreadable', linesRead: 0 });
      expect(hosts[0]!.error).toMatch(missing);
    });
  });

  describe('the way there', () => {
    it('is told by where it ends', async () => {
      const gone = await lab.start();
      await gone.stop();
      expect(await said([{ host: 'mx1', server: gone, logFiles: [log] }])).toEqual([
        `failed reachability mx1: root@127.0.0.1:${gone.port}: connection refused → check that sshd runs there, and the port`,
      ]);
      expect((await saidOf('reachability', { settings: ['HostName no-such-host.invalid'] }))[0]).toMatch(
        /^failed: root@no-such-host\.invalid:\d+: the name/,
      );
      expect((await saidOf('reachability', { settings: ['User nosuchuser'] }))[0]).toMatch(
        /^failed: login as nosuchuser@127\.0\.0\.1:\d+ failed \(refused: key id_ed25519\) → check username, key/,
      );
      const missing = await said([{ host: 'mx1', server, logFiles: [log] }], { configFile: lab.path('no-config') });
      expect(missing).toEqual([
        expect.stringMatching(/^failed configuration mx1: ssh_config_file no-config: no such file → /),
      ]);
    });

    it('is named with its jump hosts', async () => {
      const jump = await lab.start();
      const hosts: readonly LabHost[] = [
        { host: 'mx1', server, logFiles: [log], settings: ['ProxyJump jump'] },
        { host: 'jump', server: jump, logFiles: [log] },
      ];
      const lines = await said(hosts);
      expect(lines.filter((line) => line.includes('reachability mx1'))).toEqual([
        `ok reachability mx1: root@127.0.0.1:${server.port} through root@127.0.0.1:${jump.port}, logged in by key id_ed25519`,
      ]);
      const suspicious = await said([
        hosts[0]!,
        { ...hosts[1]!, settings: [`UserKnownHostsFile ${lab.path('known-none')}`] },
      ]);
      expect(suspicious.filter((line) => line.includes(' mx1'))).toEqual([
        expect.stringMatching(/^unknown reachability mx1: .*: no login was tried, as the host key is not good$/),
        expect.stringMatching(
          new RegExp(`^failed host-key mx1: the host key of \\[127.0.0.1\\]:${jump.port} is unknown`),
        ),
      ]);
    });

    it('may end in no shell', async () => {
      const forced = await lab.start({ config: ['ForceCommand echo only this'] });
      const lines = await said([{ host: 'mx1', server: forced, logFiles: [log] }]);
      expect(lines).toEqual([
        expect.stringMatching(/^ok host-key mx1/),
        expect.stringMatching(
          /^failed reachability mx1: .*: no shell answers .*→ the login must be allowed to run "sh -s"/,
        ),
      ]);
    });

    it('may end in no session, and needs one only', async () => {
      const none = await lab.start({ config: ['MaxSessions 0'] });
      expect((await saidOf('reachability', { server: none }))[0]).toMatch(
        /^failed: .*: no session is opened \(.*open fail.*\) → check MaxSessions in its sshd_config: 1 is enough$/,
      );
      const one = await lab.start({ config: ['MaxSessions 1'] });
      const source = await openLab(lab, [{ host: 'mx1', server: one, logFiles: [log] }]);
      const window = { from: '2026-01-01T00:00:00Z', to: '2026-12-31T00:00:00Z' };
      const [lines, { hosts }] = await Promise.all([diagnose(source), searchIn(source, window)]);
      await source.close();
      expect(lines.filter((line) => !line.startsWith('ok'))).toEqual([]);
      expect(hosts[0]).toMatchObject({ status: 'ok', error: null });
    });

    it('costs no more than the timeout when nobody answers, and the others are told of', async () => {
      const mute = createServer(() => {});
      await new Promise<void>((resolve) => {
        mute.listen(0, '127.0.0.1', () => resolve());
      });
      const { port } = mute.address() as { port: number };
      const proxy = await startTcpProxy(server.port);
      const through = ['StrictHostKeyChecking no', `Port ${proxy.port}`];
      const source = await openLab(
        lab,
        [
          { host: 'mx1', server, logFiles: [log], settings: [`Port ${port}`] },
          { host: 'mx2', server, logFiles: [log] },
          { host: 'mx3', server, logFiles: [log], settings: through },
        ],
        { timeoutMs: 800 },
      );
      await searchIn(source, { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', hosts: ['mx3'] });
      proxy.freeze(true);
      const begin = performance.now();
      const lines = await diagnose(source);
      expect(performance.now() - begin).toBeLessThan(3000);
      expect(lines.filter((line) => line.includes('reachability'))).toEqual([
        expect.stringMatching(/^failed reachability mx1: .*: no login within 0\.8 s → check the network and firewalls/),
        expect.stringMatching(/^ok reachability mx2/),
        expect.stringMatching(/^failed reachability mx3: .*: no login within 0\.8 s/),
      ]);
      expect(lines.filter((line) => line.startsWith('ok') && line.includes('mx2'))).toHaveLength(6);
      await source.close();
      mute.close();
      await proxy.stop();
    });

    it('names the file over which the machine falls silent', async () => {
      const hung = await lab.start();
      const bad = await write('hung.log', iso(NOW));
      await fake(hung, 'tail', `case "$*" in *hung*) sleep 3 ;; esac\nexec /usr/bin/tail "$@"`);
      const own: LabHost = { host: 'mx1', server: hung, logFiles: [log, bad, lab.path('nowhere.log')] };
      const lines = await said([own], { timeoutMs: 700 });
      expect(lines.filter((line) => line.includes('readability'))).toEqual([
        expect.stringMatching(/^ok readability mx1: mail\.log: 1 file/),
        expect.stringMatching(
          /^failed readability mx1: hung\.log: .*no answer within 1\.05 s → look there whether its file system hangs/,
        ),
        'unknown readability mx1: nowhere.log: not looked at, as the machine fell silent before',
      ]);
      expect(lines.filter((line) => line.startsWith('ok')).map((line) => line.split(' ')[1])).toEqual(
        expect.arrayContaining(['reachability', 'host-key', 'clock-skew', 'sudo']),
      );
    });
  });

  describe('host keys', () => {
    const known = (name: string, lines: string): Promise<string> => write(name, lines);

    it('are told with fingerprint and remedy', async () => {
      const name = `[127.0.0.1]:${server.port}`;
      const none = await known('known-none', '');
      const unknown = await said([{ host: 'mx1', server, logFiles: [log], settings: [`UserKnownHostsFile ${none}`] }]);
      expect(unknown).toEqual([
        expect.stringMatching(/^unknown reachability mx1: .*: no login was tried, as the host key is not good$/),
        expect.stringMatching(
          /^failed host-key mx1: the host key of \[127.*\]:\d+ is unknown \(ssh-ed25519 SHA256:.*→ compare the fingerprint and add it: ssh-keyscan -p \d+ 127\.0\.0\.1 >> known-none/,
        ),
      ]);
      const other = lab.path('other-host');
      makeKey(other);
      const old = await known(
        'known-old',
        `${name} ${(await readFile(`${other}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ')}\n`,
      );
      expect((await saidOf('host-key', { settings: [`UserKnownHostsFile ${old}`] }))[0]).toMatch(
        /^failed: the host key of .* has changed: it shows ssh-ed25519 SHA256:.* → .*ssh-keygen -R '\[127\.0\.0\.1\]:\d+'/,
      );
      const trusting = [`UserKnownHostsFile ${none}`, 'StrictHostKeyChecking no'];
      expect((await saidOf('host-key', { settings: trusting }))[0]).toMatch(
        /^warning: any key is trusted; this one is ssh-ed25519 SHA256:\S+ → compare the fingerprint and add the key: ssh-keyscan .*; then take StrictHostKeyChecking no out/,
      );
      expect((await saidOf('host-key', {}, { isHostKeyChecked: false }))[0]).toMatch(
        /^warning: any key is trusted; this one is .*, and is in known_hosts-\d+:1 → take StrictHostKeyChecking no out/,
      );
      const accepting = [`UserKnownHostsFile ${none}`, 'StrictHostKeyChecking accept-new'];
      expect((await saidOf('host-key', { settings: accepting }))[0]).toMatch(
        /^warning: ssh-ed25519 .*, taken on trust \(accept-new\) → /,
      );
    });

    it('are judged by each name of a machine', async () => {
      const none = await known('known-none', '');
      const lines = await said([
        { host: 'mx1', server, logFiles: [log] },
        { host: 'mx2', server, logFiles: [log], settings: [`UserKnownHostsFile ${none}`] },
      ]);
      expect(lines.filter((line) => line.includes(' mx2')).map((line) => line.split(':')[0])).toEqual([
        'ok reachability mx2',
        'failed host-key mx2',
      ]);
      expect(lines.filter((line) => line.includes(' mx1') && line.startsWith('ok'))).toHaveLength(6);
    });
  });

  describe('zones', () => {
    const start = (env: SshdOptions['env']): Promise<Sshd> => lab.start({ env: { ...env } });

    it('are told where they disagree', async () => {
      const berlin = await start({ TZ: 'Europe/Berlin' });
      const old = await write('old.log', bsd(NOW - 10 * 60_000 - 50 * HOUR_MS));
      const one = (timeZone: string) => saidOf('zone', { server: berlin, logFiles: [old], timeZone });
      expect((await one('Asia/Taipei'))[0]).toMatch(
        /^warning: .*Asia\/Taipei \(time_zone of the host\), but the machine calls its zone Europe\/Berlin \(UTC\+01:00 now\) → Take time_zone out/,
      );
      expect((await one('Europe/Paris'))[0]).toMatch(/^ok: /);
      const lines = await said([
        { host: 'mx1', server: berlin, logFiles: [old], timeZone: 'Asia/Taipei' },
        { host: 'mx2', server: berlin, logFiles: [old] },
      ]);
      expect(lines.filter((line) => line.includes(' zone mx1'))[0]).toMatch(/^ok .*, as a loghost may$/);
    });

    it('are told by a log that was just written', async () => {
      const berlin = await start({ TZ: 'Europe/Berlin' });
      // Its syslog daemon still writes UTC.
      const live = await write('live/mail.log', bsd(Date.now()));
      expect((await saidOf('zone', { server: berlin, logFiles: [live] }))[0]).toMatch(
        /^warning: the last stamp of mail\.log, read in Europe\/Berlin, is 1 h behind the time it was written → Set time_zone of this host; a zone of UTC would fit/,
      );
      const fits = await saidOf('zone', { server: berlin, logFiles: [live], timeZone: 'UTC' });
      expect(fits[0]).toMatch(/^ok: .*; the last stamp fits time_zone$/);
    });

    it('may have no name', async () => {
      const nameless = await start({ TZ: 'XYZ-3' });
      const old = await write('old.log', bsd(NOW - 10 * 60_000 - 50 * HOUR_MS));
      expect((await saidOf('zone', { server: nameless, logFiles: [old] }))[0]).toMatch(
        /^warning: .*does not name its zone, its clock shows UTC\+03:00 → Set time_zone of this host/,
      );
    });
  });

  describe('clocks', () => {
    const shifted = async (text: string): Promise<Sshd> => {
      const own = await lab.start();
      await fake(own, 'date', text);
      return own;
    };
    const ago42 = `exec /usr/bin/date -d '42 seconds ago' "$@"`;

    it('are compared with ours', async () => {
      expect((await saidOf('clock-skew', { server: await shifted(ago42) }))[0]).toMatch(
        /^warning: the clock is 42 s behind ours, give or take 0\.\d\d s → Set the clock of this host right: run NTP\.$/,
      );
      // A date without nanoseconds.
      const coarse = await shifted(`args=("\${@//%N/%%N}"); exec /usr/bin/date -d '15 minutes' "\${args[@]}"`);
      expect((await saidOf('clock-skew', { server: coarse }))[0]).toMatch(
        /^failed: the clock is (?:899|900|901) s ahead of ours, give or take 0\.5\d s → .*Until then its mail is not joined/,
      );
    });

    it('may be wrong on our side', async () => {
      const servers = [await shifted(ago42), await shifted(ago42)];
      const lines = await said(servers.map((own, index) => ({ host: `mx${index}`, server: own, logFiles: [log] })));
      expect(lines.filter((line) => line.includes('clock-skew'))).toEqual([
        expect.stringMatching(/^warning clock-skew -: the clock of this machine is 42 s ahead of those of the hosts/),
        expect.stringMatching(/^ok clock-skew mx0: the clock agrees with those of the other machines/),
        expect.stringMatching(/^ok clock-skew mx1/),
      ]);
    });
  });

  describe('sudo', () => {
    let user: LoginUser;
    let secret: string;
    beforeAll(async () => {
      user = createLoginUser(lab.path('home'), 'right-password-1');
      await chmod(lab.path('home'), 0o755);
      secret = await write('secret.log', iso(NOW));
      await chmod(secret, 0o600);
    });
    afterAll(() => user.remove());
    beforeEach(() => user.setSudoRules([]));

    const sudo = async (logFiles: readonly string[], password: string | null, isWanted = true) => {
      const lines = await said([{ host: 'mx1', server, logFiles }], {
        username: user.name,
        sudo: { isWanted, password },
      });
      expect(lines.join('\n')).not.toContain('right-password');
      const of = (name: string) =>
        lines.filter((line) => line.includes(` ${name} mx1: `)).map((line) => line.replaceAll(user.name, 'trace'));
      return { sudo: of('sudo')[0], readability: of('readability') };
    };

    it('is needed, or is not', async () => {
      user.setSudoRules(['ALL=(root) NOPASSWD: /bin/sh -s']);
      const needed = await sudo([secret], null);
      expect(needed.sudo).toBe('ok sudo mx1: gives root without a password');
      expect(needed.readability[0]).toMatch(/^ok readability mx1: secret\.log: 1 file/);
      expect((await sudo([log], null)).sudo).toBe(
        'ok sudo mx1: gives root without a password; not needed: trace may read every file itself (sudo: false would do)',
      );
      user.setSudoRules(['ALL=(root) ALL']);
      expect((await sudo([secret, log], user.password)).sudo).toBe('ok sudo mx1: gives root for the password');
    });

    it('may refuse, which matters or does not', async () => {
      const refused = await sudo([secret], user.password);
      expect(refused.sudo).toBe(
        'failed sudo mx1: trace is not in the sudoers file → add to sudoers (visudo -f /etc/sudoers.d/mailtrace): trace ALL=(root) NOPASSWD: /bin/sh -s; or let trace join the group of the log and set sudo: false',
      );
      expect(refused.readability[0]).toMatch(/^failed readability mx1: secret\.log: permission denied/);
      expect((await sudo([log], user.password)).sudo).toMatch(
        /^warning sudo mx1: .*; not needed: trace may read every file itself → set sudo: false in ssh_config/,
      );
      user.setSudoRules(['ALL=(root) ALL']);
      expect((await sudo([secret], null)).sudo).toMatch(
        /^failed sudo mx1: sudo: a password is required → give its password with --ask-sudo-pass or MAILTRACE_SUDO_PASSWORD; or add to sudoers/,
      );
    });

    it('may be unwanted or missing', async () => {
      const unwanted = await sudo([secret, log], null, false);
      expect(unwanted.sudo).toBe('ok sudo mx1: not used (sudo: false): files are read as trace');
      expect(unwanted.readability).toEqual([
        'failed readability mx1: secret.log: permission denied → let the user trace read it, e.g. setfacl -m u:trace:r, or set sudo: true',
        expect.stringMatching(/^ok readability mx1: mail\.log/),
      ]);
      const bare = await startWithTools('sh awk cat date dd grep head id ls sed sort tail gzip'.split(' '));
      const lines = await said([{ host: 'mx1', server: bare, logFiles: [secret] }], {
        username: user.name,
        sudo: { isWanted: true, password: null },
      });
      expect(lines.find((line) => line.includes(' sudo '))).toMatch(
        /^failed sudo mx1: there is no sudo → install sudo there/,
      );
    });

    it('is asked again after a while: somebody may have mended it', async () => {
      const source = await openLab(lab, [{ host: 'mx1', server, logFiles: [secret] }], {
        username: user.name,
        sudo: { isWanted: true, password: null },
      });
      const status = async (): Promise<string> => {
        const { hosts } = await searchIn(source, { from: '2026-01-01T00:00:00Z', to: '2026-12-31T00:00:00Z' });
        return hosts[0]!.status;
      };
      vi.useFakeTimers({ toFake: ['performance'] });
      try {
        expect(await status()).toBe('unreadable');
        user.setSudoRules(['ALL=(root) NOPASSWD: /bin/sh -s']);
        expect(await status()).toBe('unreadable');
        vi.advanceTimersByTime(21_000);
        expect(await status()).toBe('ok');
      } finally {
        vi.useRealTimers();
        await source.close();
      }
    });

    it('gets a wrong password once, however much is asked at one time', async () => {
      user.setSudoRules(['ALL=(root) ALL']);
      const asked = lab.path('asked');
      const counting = await lab.start();
      await fake(counting, 'sudo', `case "$*" in *-S*) echo >> ${asked} ;; esac\nexec /usr/bin/sudo "$@"`);
      await writeFile(asked, '');
      await chmod(asked, 0o666);
      const source = await openLab(lab, [{ host: 'mx1', server: counting, logFiles: [secret] }], {
        username: user.name,
        sudo: { isWanted: true, password: 'wrong-password-1' },
      });
      const window = { from: '2026-01-01T00:00:00Z', to: '2026-12-31T00:00:00Z' };
      const search = async (delayMs: number): Promise<unknown> => {
        await new Promise((resolve) => {
          setTimeout(resolve, delayMs);
        });
        return searchIn(source, window);
      };
      const [lines] = await Promise.all([diagnose(source), search(0), search(20), search(40)]);
      await source.close();
      expect(lines.find((line) => line.includes(' sudo '))).toMatch(
        /^failed sudo mx1: sudo refuses the password → give the right one with --ask-sudo-pass/,
      );
      expect(lines.join('\n')).not.toContain('wrong-password');
      expect(await readFile(asked, 'utf8')).toBe('\n');
    });
  });
});
