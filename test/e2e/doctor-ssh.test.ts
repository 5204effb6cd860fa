/** `mailtrace doctor` over SSH, as built: machines that are well, and machines each with a fault of its own. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '../../src/app/ports.ts';
import { createLoginUser, type LoginUser } from '../services/login-user.ts';
import { createSshdLab, makeKey, type Sshd, type SshdLab } from '../services/sshd.ts';
import { type LabHost, writeSshConfig } from '../sources/ssh-lab.ts';
import { type CliResult, expectNoSecrets, runCli } from '../support/built-cli.ts';

const SECRETS = { login: 'Login-Pass-4711', sudo: 'Sudo-Pass-0815' } as const;
const HOSTS = ['mx1.campus.example', 'mx2.campus.example'] as const;
const ID = '4bXyz10000';

/** Mail that mx1 hands to mx2, a minute ago. */
const logsAt = (nowMs: number): readonly string[] => {
  const at = (secondsAgo: number): string => new Date(nowMs - secondsAgo * 1000).toISOString().replace('Z', '+00:00');
  const message = 'message-id=<m1@sender.example>';
  const done = 'dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as';
  const mx1 = [
    `${at(62)} mx1 postfix/smtpd[1]: 4bBcd10000: client=c.sender.example[192.0.2.104]`,
    `${at(62)} mx1 postfix/cleanup[2]: 4bBcd10000: ${message}`,
    `${at(62)} mx1 postfix/qmgr[3]: 4bBcd10000: from=<ann@sender.example>, size=1200, nrcpt=1 (queue active)`,
    `${at(60)} mx1 postfix/smtp[4]: 4bBcd10000: to=<carol@campus.example>, relay=mx2.campus.example[192.0.2.12]:25, delay=2, delays=0.1/0/0.9/1, ${done} ${ID})`,
    `${at(60)} mx1 postfix/qmgr[3]: 4bBcd10000: removed`,
  ];
  const mx2 = [
    `${at(61)} mx2 postfix/smtpd[1]: ${ID}: client=mx1.campus.example[192.0.2.11]`,
    `${at(61)} mx2 postfix/cleanup[2]: ${ID}: ${message}`,
    `${at(61)} mx2 postfix/qmgr[3]: ${ID}: from=<ann@sender.example>, size=1200, nrcpt=1 (queue active)`,
    `${at(59)} mx2 postfix/local[4]: ${ID}: to=<carol@campus.example>, relay=local, delay=2, delays=0.1/0/0/1, dsn=2.0.0, status=sent (delivered to maildir)`,
    `${at(59)} mx2 postfix/qmgr[3]: ${ID}: removed`,
  ];
  return [mx1, mx2].map((lines) => lines.map((line) => `${line}\n`).join(''));
};

describe('mailtrace doctor over SSH', () => {
  let lab: SshdLab;
  let user: LoginUser;
  let servers: readonly Sshd[];
  beforeAll(async () => {
    lab = await createSshdLab();
    user = createLoginUser(lab.path('home'), SECRETS.sudo);
    user.setSudoRules([]);
    await chmod(lab.path('home'), 0o755);
    servers = [await lab.start(), await lab.start()];
    for (const [n, text] of logsAt(Date.now()).entries()) await writeFile(lab.path(`mail-${n}.log`), text);
    await writeFile(lab.path('secret.log'), logsAt(Date.now())[0]!, { mode: 0o600 });
  });
  afterAll(async () => {
    user.remove();
    await lab.remove();
  });

  const usual = (): readonly LabHost[] =>
    HOSTS.map((host, n) => ({ host, server: servers[n]!, logFiles: [lab.path(`mail-${n}.log`)] }));

  const doctor = async (
    places: readonly LabHost[],
    ssh: Readonly<Record<string, unknown>> = {},
    argv: readonly string[] = [],
  ): Promise<CliResult> => {
    const configFile = await writeSshConfig(lab, places);
    const config = `${configFile}.yaml`;
    const files = Object.fromEntries(
      places.map(({ host, logFiles, timeZone }) => [
        host,
        { log_files: logFiles, ...(timeZone === undefined ? {} : { time_zone: timeZone }) },
      ]),
    );
    const section = { username: user.name, sudo: false, timeout: 2, ssh_config_file: configFile, hosts: files, ...ssh };
    // JSON is YAML.
    await writeFile(
      config,
      JSON.stringify({ method: 'ssh', domain: 'campus.example', time_zone: 'UTC', ssh_config: section }),
    );
    const env = { HOME: lab.folder, MAILTRACE_SSH_PASSWORD: SECRETS.login, MAILTRACE_SUDO_PASSWORD: SECRETS.sudo };
    const result = await runCli(['doctor', '-c', config, ...argv], { cwd: lab.folder, env });
    expectNoSecrets(result, Object.values(SECRETS), user.name);
    return result;
  };
  const checksOf = ({ out }: CliResult): readonly Check[] => {
    const report = JSON.parse(out) as { schema: string; checks: readonly Check[] };
    expect(report.schema).toBe('mailtrace.doctor/1');
    return report.checks;
  };
  const namesOf = (checks: readonly Check[], host: string | null): readonly string[] =>
    checks.filter((check) => check.host === host).map(({ name, status }) => `${status} ${name}`);

  it('is content with machines that are well', async () => {
    const result = await doctor(usual(), {}, ['--json']);
    expect(result).toMatchObject({ code: 0, err: '' });
    const checks = checksOf(result);
    for (const host of HOSTS) {
      expect(namesOf(checks, host)).toEqual([
        'ok reachability',
        'ok host-key',
        'ok sudo',
        'ok readability',
        'ok format',
        'ok zone',
        'ok freshness',
        'ok clock-skew',
      ]);
    }
    expect(namesOf(checks, null)).toEqual(['ok configuration', 'ok access', 'ok clock-skew']);
    expect(checks.find(({ name, host }) => name === 'clock-skew' && host === null)!.text).toBe(
      'the clocks of 2 hosts agree, by 1 hand-overs of mail',
    );
  });

  it('prints one line for each check, and looks at one host when told so', async () => {
    const { code, out } = await doctor(usual(), {}, ['-h', 'mx2']);
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(11);
    expect(
      lines.filter((line) => /^ok +(?:reachability|host-key|sudo) +mx2\.campus\.example: /.test(line)),
    ).toHaveLength(3);
    expect(out).not.toContain('mx1.campus.example: ');
    // The machine itself was asked for the time: nobody else is needed.
    expect(out).not.toContain('one host alone cannot be compared');
    expect(out).toContain('10 checks: 10 ok.');
  });

  it('names every fault of a fleet at once, each with its remedy', async () => {
    const gone = await lab.start();
    await gone.stop();
    const other = lab.path('other-host');
    makeKey(other);
    const changed = lab.path('known-changed');
    const key = (await readFile(`${other}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
    await writeFile(changed, `[127.0.0.1]:${servers[1]!.port} ${key}\n`);
    const [mx1, mx2] = usual() as [LabHost, LabHost];
    const result = await doctor(
      [
        mx1,
        { ...mx2, host: 'down.campus.example', server: gone },
        { ...mx2, host: 'changed.campus.example', settings: [`UserKnownHostsFile ${changed}`] },
        { ...mx1, host: 'closed.campus.example', logFiles: [lab.path('secret.log')], server: servers[0]! },
        { ...mx1, host: 'stranger.campus.example', settings: ['User nosuchuser'] },
        { ...mx1, host: 'gone.campus.example', logFiles: [lab.path('nowhere.log')] },
        { ...mx1, host: 'far.campus.example', timeZone: 'Asia/Taipei' },
      ],
      { sudo: true },
    );
    expect(result.code).toBe(3);
    const line = (status: string, name: string, host: string): string =>
      result.out
        .split('\n')
        .find((each) => new RegExp(`^${status} +${name} +${host}\\.campus\\.example: `).test(each)) ?? result.out;
    expect(line('failed', 'reachability', 'down')).toMatch(
      /connection refused → check that sshd runs there, and the port$/,
    );
    expect(line('failed', 'host-key', 'changed')).toMatch(/has changed: .* → .*ssh-keygen -R '\[127\.0\.0\.1\]:\d+'/);
    expect(line('failed', 'sudo', 'closed')).toMatch(
      /is not in the sudoers file → add to sudoers .* NOPASSWD: \/bin\/sh -s/,
    );
    expect(line('failed', 'readability', 'closed')).toMatch(/secret\.log: permission denied/);
    expect(line('failed', 'reachability', 'stranger')).toMatch(
      /login as nosuchuser@.* failed \(refused: key .*\) → check/,
    );
    expect(line('failed', 'readability', 'gone')).toMatch(
      /nowhere\.log: no such file → correct log_files of this host$/,
    );
    expect(line('ok', 'zone', 'far')).toMatch(/stamps carry their offset/);
    expect(line('ok', 'readability', 'mx1')).toMatch(/mail-0\.log: 1 file in RFC 3339/);
    expect(line('ok', 'freshness', 'mx1')).toMatch(/newest line/);
    // What the adapter has explained is not told again.
    expect(result.out.split('\n').filter((each) => each.startsWith('failed'))).toHaveLength(6);
  });

  it('fails in the time that is allowed when a machine is frozen', async () => {
    const frozen = await lab.start();
    process.kill(frozen.pid, 'SIGSTOP');
    const [mx1, mx2] = usual() as [LabHost, LabHost];
    const begin = performance.now();
    const result = await doctor([mx1, { ...mx2, server: frozen }], {}, ['--json']);
    expect(performance.now() - begin).toBeLessThan(8000);
    process.kill(frozen.pid, 'SIGCONT');
    expect(result.code).toBe(3);
    const checks = checksOf(result);
    expect(namesOf(checks, HOSTS[0])).toContain('ok freshness');
    expect(checks.filter(({ status }) => status === 'failed')).toEqual([
      {
        name: 'reachability',
        host: HOSTS[1],
        status: 'failed',
        text: expect.stringMatching(/: no login within 2 s$/) as string,
        remedy: 'check the network and firewalls, or raise timeout in ssh_config',
      },
    ]);
  });
});
