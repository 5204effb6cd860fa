/** Who we are, who they are, and the way there: over real servers. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostReading, SearchOutcome } from '../../src/app/ports.ts';
import { createSshdLab, makeKey, type Sshd, type SshdLab } from '../services/sshd.ts';
import { searchIn } from './log-folder.ts';
import { type LabHost, type LabOptions, openLab } from './ssh-lab.ts';

const DAY = { from: '2026-11-21T00:00:00Z', to: '2026-11-22T00:00:00Z' };

describe('SSH', () => {
  let lab: SshdLab;
  let server: Sshd;
  let log: string;
  beforeAll(async () => {
    lab = await createSshdLab();
    server = await lab.start();
    log = lab.path('mail.log');
    await writeFile(log, '2026-11-21T07:00:00+00:00 mx1 postfix/qmgr[1]: 4jWkFk: removed\n');
  });
  afterAll(() => lab.remove());

  const ask = async (hosts: readonly LabHost[], options?: LabOptions): Promise<SearchOutcome> => {
    const source = await openLab(lab, hosts, options);
    try {
      return await searchIn(source, DAY);
    } finally {
      await source.close();
    }
  };
  const askOne = async (settings: readonly string[] = [], options?: LabOptions): Promise<HostReading> =>
    (await ask([{ host: 'mx1', server, logFiles: [log], settings }], options)).hosts[0]!;

  describe('keys', () => {
    it('logs in with a key', async () => {
      expect(await askOne()).toMatchObject({ status: 'ok', error: null, linesRead: 1 });
    });

    it('opens an encrypted key with its passphrase, and says so when there is none or it is wrong', async () => {
      const key = lab.path('id_locked');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'open sesame', '-f', key]);
      await appendFile(lab.path('authorized_keys'), await readFile(`${key}.pub`));
      const settings = [`IdentityFile ${key}`];
      const opened = await askOne(settings, { secrets: { password: null, passphrase: 'open sesame' } });
      expect(opened).toMatchObject({ status: 'ok' });
      // The Python tool opens keys with the login password as well.
      expect(await askOne(settings, { secrets: { password: 'open sesame', passphrase: null } })).toMatchObject({
        status: 'ok',
      });
    });

    it('names a key that is encrypted, damaged or missing', async () => {
      const locked = lab.path('id_locked2');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'open sesame', '-f', locked]);
      const damaged = lab.path('id_damaged');
      await writeFile(damaged, 'no key at all');
      const nobody = { configFile: '', privateKey: locked };
      const config = lab.path('ssh_config-keys');
      const known = await lab.writeKnownHosts([server]);
      const write = (path: string): Promise<void> =>
        writeFile(
          config,
          `Host mx1\n HostName 127.0.0.1\n Port ${server.port}\n IdentityFile ${path}\n UserKnownHostsFile ${known}\n IdentityAgent none\n`,
        );
      await write(nobody.privateKey);
      const none = await askOne([], { configFile: config });
      expect(none.status).toBe('unreachable');
      expect(none.error).toMatch(/id_locked2 is encrypted: give its passphrase/);
      const wrong = await askOne([], { configFile: config, secrets: { password: null, passphrase: 'wrong' } });
      expect(wrong.error).toMatch(/id_locked2: the passphrase does not open this key/);
      await write(damaged);
      expect((await askOne([], { configFile: config })).error).toMatch(/id_damaged is no private key/);
      await write(lab.path('id_missing'));
      expect((await askOne([], { configFile: config })).error).toMatch(/id_missing: no such file/);
      await write(`${lab.keyFile}\n CertificateFile ${lab.path('id-cert.pub')}`);
      expect((await askOne([], { configFile: config })).error).toMatch(
        /user certificates are not supported \(CertificateFile .*id-cert.pub\)/,
      );
    });

    it('takes keys from an agent', async () => {
      const socket = lab.path('agent.sock');
      const agent: ChildProcess = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
      try {
        const key = lab.path('id_agent');
        makeKey(key);
        await appendFile(lab.path('authorized_keys'), await readFile(`${key}.pub`));
        for (let tries = 0; tries < 100; tries++) {
          try {
            execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' });
            break;
          } catch {
            await new Promise((resolve) => {
              setTimeout(resolve, 50);
            });
          }
        }
        const config = lab.path('ssh_config-agent');
        const known = await lab.writeKnownHosts([server]);
        const write = (more: string): Promise<void> =>
          writeFile(
            config,
            `Host mx1\nHostName 127.0.0.1\nPort ${server.port}\nUserKnownHostsFile ${known}\n${more}\n`,
          );
        await write(`IdentityAgent ${socket}`);
        expect(await askOne([], { configFile: config })).toMatchObject({ status: 'ok' });
        await write(`IdentityAgent ${socket}\nIdentitiesOnly yes\nIdentityFile ${key}.pub`);
        expect(await askOne([], { configFile: config })).toMatchObject({ status: 'ok' });
        await write(`IdentityAgent ${socket}\nIdentitiesOnly yes\nIdentityFile ${lab.path('id_other')}`);
        expect(await askOne([], { configFile: config })).toMatchObject({ status: 'unreachable' });
        await write('IdentityAgent none');
        const nothing = await askOne([], { configFile: config });
        expect(nothing.error).toMatch(/nothing to log in with\); set private_key or password/);
      } finally {
        agent.kill();
      }
    });
  });

  describe('host keys', () => {
    const withKnown = async (name: string, lines: string): Promise<HostReading> => {
      const file = lab.path(name);
      await writeFile(file, lines);
      return askOne([`UserKnownHostsFile ${file}`]);
    };

    it('refuses a machine whose key is unknown, and says how to add it', async () => {
      const reading = await withKnown('known-none', '');
      expect(reading.status).toBe('unreachable');
      expect(reading.error).toMatch(/the host key of \[127\.0\.0\.1\]:\d+ is unknown \(ssh-ed25519 SHA256:/);
      expect(reading.error).toMatch(/ssh-keyscan -p \d+ 127\.0\.0\.1 >> /);
    });

    it('refuses a machine whose key has changed, and names the line of the old one', async () => {
      const other = lab.path('other-host');
      makeKey(other);
      const key = (await readFile(`${other}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
      const reading = await withKnown('known-old', `# comment\n[127.0.0.1]:${server.port} ${key}\n`);
      expect(reading.status).toBe('unreachable');
      expect(reading.error).toMatch(/has changed: .*known-old:2 has another/);
      expect(reading.error).toMatch(/ssh-keygen -R '\[127\.0\.0\.1\]:\d+'/);
    });

    it('knows hashed names, patterns, and a name without the port', async () => {
      const file = lab.path('known-hashed');
      await writeFile(file, `[127.0.0.1]:${server.port} ${server.hostKey}\n`);
      execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
      expect(await readFile(file, 'utf8')).not.toContain('127.0.0.1');
      expect(await askOne([`UserKnownHostsFile ${file}`])).toMatchObject({ status: 'ok' });
      expect(await withKnown('known-plain', `127.0.0.1 ${server.hostKey}\n`)).toMatchObject({ status: 'ok' });
      expect(await withKnown('known-star', `[127.0.*]:* ${server.hostKey}\n`)).toMatchObject({ status: 'ok' });
      const negated = `![127.0.0.1]:${server.port},[127.0.*]:* ${server.hostKey}\n`;
      expect(await withKnown('known-not', negated)).toMatchObject({ status: 'unreachable' });
    });

    it('refuses revoked keys and certificate authorities by name', async () => {
      const name = `[127.0.0.1]:${server.port}`;
      const revoked = await withKnown('known-revoked', `@revoked * ${server.hostKey}\n${name} ${server.hostKey}\n`);
      expect(revoked.error).toMatch(/is revoked by .*known-revoked:1/);
      const authority = await withKnown('known-ca', `@cert-authority ${name} ${server.hostKey}\n`);
      expect(authority.error).toMatch(/host certificates are not supported/);
    });

    it('looks the key up by HostKeyAlias', async () => {
      const file = lab.path('known-alias');
      await writeFile(file, `mailhost ${server.hostKey}\n`);
      expect(await askOne([`UserKnownHostsFile ${file}`, 'HostKeyAlias mailhost'])).toMatchObject({ status: 'ok' });
      expect(await askOne([`UserKnownHostsFile ${file}`])).toMatchObject({ status: 'unreachable' });
    });

    it('trusts any key only when told so', async () => {
      const unknown = `UserKnownHostsFile ${lab.path('known-none')}`;
      expect(await askOne([unknown, 'StrictHostKeyChecking no'])).toMatchObject({ status: 'ok' });
      expect(await askOne([unknown, 'StrictHostKeyChecking accept-new'])).toMatchObject({ status: 'ok' });
      expect(await askOne([unknown], { isHostKeyChecked: false })).toMatchObject({ status: 'ok' });
    });

    it('judges each name of a machine by itself', async () => {
      const outcome = await ask([
        { host: 'mx1', server, logFiles: [log] },
        { host: 'mx2', server, logFiles: [log], settings: [`UserKnownHostsFile ${lab.path('known-none')}`] },
      ]);
      expect(outcome.hosts.map(({ host, status }) => `${host} ${status}`)).toEqual(['mx1 ok', 'mx2 unreachable']);
    });
  });

  describe('the way', () => {
    it('goes through a chain of jump hosts, each with its own settings', async () => {
      const [first, second] = [await lab.start(), await lab.start()];
      const jump = (host: string, at: Sshd): LabHost => ({ host, server: at, logFiles: [log] });
      const outcome = await ask([
        { host: 'mx1', server, logFiles: [log], settings: ['ProxyJump jump1,jump2'] },
        jump('jump1', first),
        jump('jump2', second),
      ]);
      expect(outcome.hosts.map(({ status, error }) => error ?? status)).toEqual(['ok', 'ok', 'ok']);
      // The jump hosts' own logs are read over the same connections.
      expect(await first.countConnections()).toBe(1);
    });

    it('names a jump host that leads nowhere', async () => {
      const gone = await lab.start();
      await gone.stop();
      const outcome = await ask([
        { host: 'mx1', server, logFiles: [log], settings: ['ProxyJump jump1'] },
        { host: 'jump1', server: gone, logFiles: [log] },
      ]);
      for (const { status, error } of outcome.hosts) {
        expect(status).toBe('unreachable');
        expect(error).toMatch(/connection refused; check that sshd runs there/);
      }
    });

    it('goes through a ProxyCommand, which learns no secret of ours', async () => {
      const seen = lab.path('proxy-env');
      const node = process.execPath;
      const script = lab.path('proxy.mjs');
      await writeFile(
        script,
        `import { connect } from 'node:net'; import { writeFileSync } from 'node:fs';
writeFileSync(process.argv[4], JSON.stringify(process.env));
const socket = connect(Number(process.argv[3]), process.argv[2]);
process.stdin.pipe(socket); socket.pipe(process.stdout);`,
      );
      const env = {
        HOME: lab.folder,
        PATH: '/usr/bin:/bin',
        MAILTRACE_SSH_PASSWORD: 'secret-1',
        SLACK_BOT_TOKEN: 'secret-2',
      };
      const reading = await askOne([`ProxyCommand ${node} ${script} %h %p ${seen}`], { env });
      expect(reading).toMatchObject({ status: 'ok' });
      expect(await readFile(seen, 'utf8')).not.toMatch(/secret/);
      const failing = await askOne(['ProxyCommand sh -c "echo no way >&2; exit 3"']);
      expect(failing.error).toMatch(/ProxyCommand ended with 3 \(no way\)/);
    });

    it('looks a HostName that is a Host itself up once more', async () => {
      const config = lab.path('ssh_config-loghost');
      await writeFile(
        config,
        [
          'Host mx1 mx2',
          '  HostName loghost',
          'Host loghost',
          '  HostName 127.0.0.1',
          `  Port ${server.port}`,
          `  UserKnownHostsFile ${await lab.writeKnownHosts([server])}`,
          `  IdentityFile ${lab.keyFile}`,
          '  IdentityAgent none',
        ].join('\n'),
      );
      const before = await server.countConnections();
      const hosts = ['mx1', 'mx2'].map((host) => ({ host, server, logFiles: [log] }));
      const outcome = await ask(hosts, { configFile: config });
      expect(outcome.hosts.map(({ status }) => status)).toEqual(['ok', 'ok']);
      expect(await server.countConnections()).toBe(before + 1);
    });

    it('gives up on a server that never answers', async () => {
      const { createServer } = await import('node:net');
      const mute = createServer(() => {});
      await new Promise<void>((resolve) => {
        mute.listen(0, '127.0.0.1', () => resolve());
      });
      const { port } = mute.address() as { port: number };
      const reading = await askOne([`Port ${port}`], { timeoutMs: 300 });
      expect(reading).toMatchObject({ status: 'unreachable' });
      expect(reading.error).toMatch(/no login within 0\.3 s/);
      mute.close();
    });

    it('names a host that does not resolve', async () => {
      const reading = await askOne(['HostName no-such-host.invalid']);
      expect(reading.error).toMatch(/no-such-host\.invalid:\d+: (?:the name does not resolve|the name server)/);
    });

    it('names an ssh_config_file that is missing', async () => {
      const reading = await askOne([], { configFile: lab.path('nowhere') });
      expect(reading.status).toBe('unreachable');
      expect(reading.error).toMatch(/ssh_config_file .*nowhere: no such file/);
    });
  });

  it('reads the zone of the machine by name, and the configured one first', async () => {
    const berlin = await lab.start({ env: { TZ: 'Europe/Berlin' } });
    const local = lab.path('local.log');
    await writeFile(
      local,
      'Oct  2 10:00:00 mx1 postfix/qmgr[1]: A1: removed\nNov 21 10:00:00 mx1 postfix/qmgr[1]: A2: removed\n',
    );
    const times = async (more: Partial<LabHost>): Promise<readonly string[]> => {
      const source = await openLab(lab, [{ host: 'mx1', server: berlin, logFiles: [local], ...more }]);
      const { records } = await searchIn(source, { from: '2026-09-01T00:00:00Z', to: '2026-12-01T00:00:00Z' });
      await source.close();
      return records.map(({ timeMs }) => new Date(timeMs).toISOString());
    };
    expect(await times({})).toEqual(['2026-10-02T08:00:00.000Z', '2026-11-21T09:00:00.000Z']);
    expect(await times({ timeZone: 'Asia/Taipei' })).toEqual(['2026-10-02T02:00:00.000Z', '2026-11-21T02:00:00.000Z']);
  });

  it('tells the two halves of a repeated hour by the order of lines', async () => {
    const berlin = await lab.start({ env: { TZ: 'Europe/Berlin' } });
    const local = lab.path('autumn.log');
    const lines = ['01:59:00', '02:10:00', '02:50:00', '02:05:00', '02:55:00', '03:01:00'];
    await writeFile(local, lines.map((time, n) => `Oct 25 ${time} mx1 postfix/qmgr[1]: A${n}: removed\n`).join(''));
    const source = await openLab(lab, [{ host: 'mx1', server: berlin, logFiles: [local] }]);
    const outcome = await searchIn(source, { from: '2026-10-24T00:00:00Z', to: '2026-10-26T00:00:00Z' });
    await source.close();
    expect(outcome.records.map(({ timeMs }) => new Date(timeMs).toISOString().slice(11, 16))).toEqual([
      '23:59',
      '00:10',
      '00:50',
      '01:05',
      '01:55',
      '02:01',
    ]);
    expect(outcome.hosts[0]).toMatchObject({ ambiguousTimes: 0 });
  });
});
