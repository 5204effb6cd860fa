/** One machine of three has a fault: the program shows the rest, names the fault and its remedy, and repeats no secret. */
import { execFileSync } from 'node:child_process';
import { appendFile, chmod, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLoginUser, type LoginUser } from '../services/login-user.ts';
import { createSshdLab, makeKey, type Sshd, type SshdLab } from '../services/sshd.ts';
import { type LabHost, writeSshConfig } from '../sources/ssh-lab.ts';
import { type CliResult, expectNoSecrets, runCli } from '../support/built-cli.ts';
import {
  RELAYED_AT,
  RELAYED_FROM,
  RELAYED_ID,
  relayHosts,
  relayLogs,
  relayQueueId,
  toFile,
} from '../support/relay-chain.ts';

const hosts = relayHosts(3);
const [FIRST, MIDDLE, LAST] = hosts as [string, string, string];
const SEARCH = ['-k', RELAYED_FROM, '--time', RELAYED_AT, '--time-range', '1h'];

/** Every run knows all of them: what is right for one thing is wrong for another. */
const SECRETS = {
  login: 'Login-Pass-4711',
  sudo: 'Sudo-Pass-0815',
  wrong: 'Wrong-Pass-9999',
  phrase: 'Open-Sesame-1234',
} as const;

describe('mailtrace run over SSH, with a fault at one of three machines', () => {
  let lab: SshdLab;
  let user: LoginUser;
  let servers: readonly Sshd[];
  beforeAll(async () => {
    lab = await createSshdLab();
    user = createLoginUser(lab.path('home'), SECRETS.login);
    await chmod(lab.path('home'), 0o755);
    servers = await Promise.all(hosts.map(() => lab.start()));
    for (const [n, lines] of relayLogs(hosts.length).entries()) {
      await writeFile(lab.path(`mail-${n}.log`), toFile(lines));
      await writeFile(lab.path(`root-${n}.log`), toFile(lines), { mode: 0o600 });
    }
    // The program opens it with the passphrase.
    const locked = lab.path('id_locked');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-a', '1', '-N', SECRETS.phrase, '-f', locked]);
    await appendFile(lab.path('authorized_keys'), await readFile(`${locked}.pub`));
  });
  afterAll(async () => {
    user.remove();
    await lab.remove();
  });
  beforeEach(() => user.setSudoRules([]));

  type Fault = Readonly<{
    middle: Partial<LabHost>;
    ssh?: Readonly<Record<string, unknown>>;
    argv?: readonly string[];
    command?: 'run' | 'graph';
  }>;

  /** For people (a table, a picture) and as JSON. */
  const ask = async ({
    middle,
    ssh = {},
    argv = [],
    command = 'run',
  }: Fault): Promise<readonly [CliResult, CliResult]> => {
    const places = hosts.map((host, n): LabHost => {
      const usual = { host, server: servers[n]!, logFiles: [lab.path(`mail-${n}.log`)] };
      return n === 1 ? { ...usual, ...middle } : usual;
    });
    const configFile = await writeSshConfig(lab, places, [`IdentityFile ${lab.path('id_locked')}`]);
    const config = `${configFile}.yaml`;
    const files = Object.fromEntries(places.map(({ host, logFiles }) => [host, { log_files: logFiles }]));
    const section = { username: user.name, sudo: false, ssh_config_file: configFile, hosts: files, ...ssh };
    // JSON is YAML.
    const text = { method: 'ssh', log_level: 'DEBUG', domain: 'campus.example', ssh_config: section };
    await writeFile(config, JSON.stringify(text));
    const env = { HOME: lab.folder, MAILTRACE_SSH_PASSPHRASE: SECRETS.phrase, MAILTRACE_SUDO_PASSWORD: SECRETS.sudo };
    const options = { cwd: lab.folder, env };
    const results = await Promise.all([
      runCli([command, '-c', config, ...SEARCH, ...argv], options),
      runCli(['run', '-c', config, ...SEARCH, ...argv, '--json'], options),
    ]);
    for (const result of results) expectNoSecrets(result, Object.values(SECRETS));
    return results;
  };

  const ok = (host: string) => ({ host, kind: 'ssh', status: 'ok', error: null, linesRead: 5, unknownLines: 0 });

  /** What the other two machines logged is there; what the middle one logged is a gap. */
  const expectRest = async (fault: Fault, status: 'unreachable' | 'unreadable', error: RegExp): Promise<void> => {
    const [table, json] = await ask(fault);
    const told = new RegExp(`^mailtrace: not read: ${MIDDLE} \\(ssh, ${status}\\): ${error.source}\n$`);
    expect({ code: table.code, err: table.err }).toEqual({ code: 3, err: expect.stringMatching(told) as unknown });
    expect({ code: json.code, err: json.err }).toEqual({ code: 3, err: table.err });
    expect(table.out).toMatch(/^verdict +delivered$/m);
    for (const [host, n] of [[FIRST, 0] as const, [LAST, 2] as const]) {
      expect(table.out).toMatch(new RegExp(`${host} +${relayQueueId(n)} +bob@campus.example +sent`));
    }
    expect(table.out).toContain(`→ ${MIDDLE} ${relayQueueId(1)} (no log: unreachable) for bob@campus.example`);
    expect(table.out).toContain(`not read    ${MIDDLE} (ssh, ${status}): `);
    const report = JSON.parse(json.out) as { sources: readonly { error: string | null }[] };
    const at = (n: number) => ({ host: hosts[n], queueId: relayQueueId(n) });
    expect(report).toMatchObject({
      complete: false,
      chains: [
        {
          messageId: RELAYED_ID,
          verdict: 'delivered',
          transactions: [at(0), at(2)],
          hops: [
            { from: at(0), to: at(1), gap: 'unreachable' },
            { from: at(1), to: at(2), gap: 'unreachable' },
          ],
        },
      ],
      sources: [ok(FIRST), { host: MIDDLE, kind: 'ssh', status, linesRead: 0 }, ok(LAST)],
    });
    expect(report.sources[1]!.error).toMatch(new RegExp(`^${error.source}$`));
  };

  it('shows all three hops when there is none', async () => {
    const [table, json] = await ask({ middle: {} });
    expect([table.code, table.err, json.code, json.err]).toEqual([0, '', 0, '']);
    expect(JSON.parse(json.out)).toMatchObject({ complete: true, sources: hosts.map(ok) });
  });

  it('host down', async () => {
    const server = await lab.start();
    await server.stop();
    await expectRest(
      { middle: { server }, ssh: { password: SECRETS.login } },
      'unreachable',
      /mt\d+@127\.0\.0\.1:\d+: connection refused; check that sshd runs there, and the port/,
    );
  });

  it('wrong password', async () => {
    const config = ['UsePAM no', 'PasswordAuthentication yes', 'AuthenticationMethods password'];
    const server = await lab.start({ config });
    await expectRest(
      { middle: { server }, argv: ['--login-pass', SECRETS.wrong] },
      'unreachable',
      /login as mt\d+@127\.0\.0\.1:\d+ failed \(refused: .*password\); check username, key \(authorized_keys\) and password \(--ask-login-pass\) for that machine/,
    );
    // Two runs, and each said it once.
    expect((await server.log()).match(/Failed password/g)).toHaveLength(2);
    const [table] = await ask({ middle: { server }, argv: ['--login-pass', SECRETS.login] });
    expect([table.code, table.err]).toEqual([0, '']);
  });

  it('changed host key', async () => {
    const { port } = servers[1]!;
    makeKey(lab.path('former'));
    await writeFile(lab.path('known'), `[127.0.0.1]:${port} ${await readFile(lab.path('former.pub'), 'utf8')}`);
    await expectRest(
      { middle: { settings: [`UserKnownHostsFile ${lab.path('known')}`] }, ssh: { password: SECRETS.login } },
      'unreachable',
      /the host key of \[127\.0\.0\.1\]:\d+ has changed: it shows ssh-ed25519 SHA256:\S+, but \S+known:1 has another\. .*; if the key was changed on purpose: ssh-keygen -R .*/,
    );
  });

  it('unreadable file', async () => {
    await expectRest(
      { middle: { logFiles: [lab.path('root-1.log')] } },
      'unreadable',
      /\S+root-1\.log: permission denied; let the user mt\d+ read it, e\.g\. .*, or set sudo: true/,
    );
  });

  it('one unreadable file of two: the other one is read', async () => {
    const [table, json] = await ask({ middle: { logFiles: [lab.path('mail-1.log'), lab.path('root-1.log')] } });
    expect([table.code, json.code]).toEqual([3, 3]);
    expect(table.out).toMatch(new RegExp(`${MIDDLE} +${relayQueueId(1)} +bob@campus.example +sent`));
    expect(table.err).toMatch(
      /^mailtrace: not read: mx2\.campus\.example \(ssh, incomplete\): \S+root-1\.log: permission/,
    );
    expect(JSON.parse(json.out)).toMatchObject({
      complete: false,
      chains: [{ transactions: hosts.map((host) => ({ host })) }],
      sources: [ok(FIRST), { host: MIDDLE, status: 'incomplete', linesRead: 5 }, ok(LAST)],
    });
  });

  it('sudo that refuses the password', async () => {
    user.setSudoRules(['ALL=(root) ALL']);
    await expectRest(
      { middle: { logFiles: [lab.path('root-1.log')] }, ssh: { sudo: true } },
      'unreadable',
      /\S+root-1\.log: permission denied, and sudo: sudo refuses the password; give the right one with --ask-sudo-pass or MAILTRACE_SUDO_PASSWORD/,
    );
  });

  it('sudo that allows nothing', async () => {
    await expectRest(
      { middle: { logFiles: [lab.path('root-1.log')] }, ssh: { sudo: true, sudo_pass: SECRETS.login } },
      'unreadable',
      /\S+root-1\.log: permission denied, and sudo: mt\d+ is not in the sudoers file; allow "sh -s" in sudoers, or .*/,
    );
  });

  it('a machine that is down is a gap of the picture, too', async () => {
    const server = await lab.start();
    await server.stop();
    const [{ code, out, err }] = await ask({ middle: { server }, command: 'graph' });
    expect(code).toBe(3);
    expect(err).toContain(`not read: ${MIDDLE} (ssh, unreachable)`);
    expect(out).toMatch(/^digraph[\s\S]*\}\s*$/);
    for (const host of hosts) expect(out).toContain(host);
  });
});
