/** Kinds of keys, certificates and addresses, over real servers. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { HostReading } from '../../src/app/ports.ts';
import { createSshdLab, makeKey, type Sshd, type SshdLab } from '../services/sshd.ts';
import { searchIn } from './log-folder.ts';
import { type LabHost, type LabOptions, openLab } from './ssh-lab.ts';

const DAY = { from: '2026-11-21T00:00:00Z', to: '2026-11-22T00:00:00Z' };

describe('over SSH', () => {
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

  const ask = async (host: Partial<LabHost>, options?: LabOptions): Promise<HostReading> => {
    const source = await openLab(lab, [{ host: 'mx1', server, logFiles: [log], ...host }], options);
    try {
      return (await searchIn(source, DAY)).hosts[0]!;
    } finally {
      await source.close();
    }
  };
  const keygen = (...argv: readonly string[]): void => {
    execFileSync('ssh-keygen', ['-q', ...argv]);
  };
  const authorize = async (file: string): Promise<void> =>
    appendFile(lab.path('authorized_keys'), await readFile(`${file}.pub`));
  /** An ssh_config with one host, without the key of the lab. */
  const configWith = async (name: string, at: Sshd, lines: readonly string[]): Promise<string> => {
    const file = lab.path(`ssh_config-${name}`);
    const known = await lab.writeKnownHosts([at]);
    const usual = ['HostName 127.0.0.1', `Port ${at.port}`, `UserKnownHostsFile ${known}`, 'IdentityAgent none'];
    await writeFile(file, ['Host mx1', ...lines, ...usual, ''].join('\n'));
    return file;
  };

  it.each(['rsa', 'ecdsa'] as const)('a server with a host key of one kind only: %s', async (keyType) => {
    const own = await lab.start({ keyType, config: keyType === 'rsa' ? ['HostKeyAlgorithms rsa-sha2-512'] : [] });
    expect(await ask({ server: own })).toMatchObject({ status: 'ok', error: null, linesRead: 1 });
    const other = lab.path(`other-${keyType}`);
    makeKey(other, ['-t', keyType, ...(keyType === 'rsa' ? ['-b', '2048'] : [])]);
    const key = (await readFile(`${other}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
    const known = lab.path(`known-${keyType}`);
    await writeFile(known, `[127.0.0.1]:${own.port} ${key}\n`);
    expect((await ask({ server: own, settings: [`UserKnownHostsFile ${known}`] })).error).toMatch(
      /the host key of .* has changed: it shows (?:ssh-rsa|ecdsa-sha2-nistp256) SHA256:/,
    );
  });

  it.each([
    ['rsa', ['-t', 'rsa', '-b', '2048']],
    ['ecdsa', ['-t', 'ecdsa', '-b', '384']],
  ])('a login by a key of another kind: %s', async (name, argv) => {
    const key = lab.path(`id_${name}`);
    keygen(...argv, '-N', '', '-f', key);
    await authorize(key);
    // As RFC 8332 has it, and no more the SHA-1 of before.
    const modern = await lab.start({ config: ['PubkeyAcceptedAlgorithms rsa-sha2-512,ecdsa-sha2-nistp384'] });
    const configFile = await configWith(name, modern, [`IdentityFile ${key}`]);
    expect(await ask({}, { configFile })).toMatchObject({ status: 'ok', error: null, linesRead: 1 });
  });

  it.each([
    ['PEM', 'rsa', ['-m', 'PEM']],
    ['PKCS8', 'rsa', ['-m', 'PKCS8']],
    ['PKCS8', 'ecdsa', ['-m', 'PKCS8']],
  ] as const)('an encrypted key in the form of %s: %s', async (form, type, argv) => {
    const key = lab.path(`id_${form}_${type}`);
    const bits = type === 'rsa' ? ['-b', '2048'] : [];
    keygen('-t', type, ...bits, ...argv, '-a', '1', '-N', 'open sesame', '-f', key);
    await authorize(key);
    const configFile = await configWith(`${form}-${type}`, server, [`IdentityFile ${key}`]);
    const withPhrase = (passphrase: string | null): LabOptions => ({
      configFile,
      secrets: { password: null, passphrase },
    });
    expect(await ask({}, withPhrase('open sesame'))).toMatchObject({ status: 'ok', error: null });
    expect((await ask({}, withPhrase('wrong'))).error).toContain(`${key}: the passphrase does not open this key;`);
    expect((await ask({}, withPhrase(null))).error).toContain(
      `${key} is encrypted: give its passphrase (MAILTRACE_SSH`,
    );
  });

  describe('certificates', () => {
    let ca: string;
    let key: string;
    beforeAll(async () => {
      ca = lab.path('ca');
      makeKey(ca);
      key = lab.path('id_signed');
      makeKey(key);
      keygen('-s', ca, '-I', 'me', '-n', lab.user, `${key}.pub`);
    });

    it('of users are refused by name: a file', async () => {
      const strict = await lab.start({ config: [`TrustedUserCAKeys ${ca}.pub`, 'AuthorizedKeysFile none'] });
      const configFile = await configWith('signed', strict, [`IdentityFile ${key}`]);
      const { status, error } = await ask({}, { configFile });
      expect(status).toBe('unreachable');
      expect(error).toContain(
        `${key}-cert.pub: user certificates are not supported; add the plain key to authorized_keys`,
      );
    });

    it('of users are refused by name: an agent', async () => {
      const socket = lab.path('agent.sock');
      const agent: ChildProcess = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
      const add = (file: string): void => {
        execFileSync('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' });
      };
      try {
        await vi.waitFor(() => add(key), { timeout: 5000 });
        const strict = await lab.start({ config: [`TrustedUserCAKeys ${ca}.pub`, 'AuthorizedKeysFile none'] });
        const viaAgent = await configWith('agent', strict, [`IdentityAgent ${socket}`]);
        const { status, error } = await ask({}, { configFile: viaAgent });
        expect(status).toBe('unreachable');
        expect(error).toMatch(
          /failed \(refused: agent\); ssh-ed25519-cert-v01@openssh\.com test in the agent: user certificates are not supported/,
        );
        // They are in the way of no plain key.
        add(lab.keyFile);
        const plain = await configWith('agent-plain', server, [`IdentityAgent ${socket}`]);
        expect(await ask({}, { configFile: plain })).toMatchObject({ status: 'ok', error: null });
      } finally {
        agent.kill();
      }
    });

    it('of hosts are refused by name, unless the plain key is on file', async () => {
      const signed = lab.path('host-signed');
      makeKey(signed);
      keygen('-s', ca, '-h', '-I', 'host', '-n', '127.0.0.1', `${signed}.pub`);
      const own = await lab.start({ config: [`HostKey ${signed}`, `HostCertificate ${signed}-cert.pub`] });
      const keyOf = async (file: string) => (await readFile(`${file}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
      const known = lab.path('known-ca');
      await writeFile(known, `@cert-authority * ${await keyOf(ca)}\n`);
      const { error } = await ask({ server: own, settings: [`UserKnownHostsFile ${known}`] });
      expect(error).toMatch(
        /is known only by a certificate authority \(.*known-ca:1\); host certificates are not supported; add its plain key.*ssh-keyscan/,
      );
      await appendFile(known, `[127.0.0.1]:${own.port} ${await keyOf(signed)}\n`);
      expect(await ask({ server: own, settings: [`UserKnownHostsFile ${known}`] })).toMatchObject({ status: 'ok' });
    });
  });

  it('finds machines at IPv6 addresses, with their keys', async () => {
    const own = await lab.start({ address: '::1' });
    const known = lab.path('known-6');
    const six = { server: own, settings: ['HostName ::1', `UserKnownHostsFile ${known}`] };
    for (const name of [`[::1]:${own.port}`, '::1']) {
      await writeFile(known, `${name} ${own.hostKey}\n`);
      expect(await ask(six)).toMatchObject({ status: 'ok', error: null, linesRead: 1 });
    }
    execFileSync('ssh-keygen', ['-q', '-H', '-f', known], { stdio: 'ignore' });
    expect(await ask(six)).toMatchObject({ status: 'ok' });
    await writeFile(known, '');
    expect((await ask(six)).error).toMatch(
      /the host key of \[::1\]:(\d+) is unknown .*; compare the fingerprint and add it: ssh-keyscan -p \1 ::1 >> /,
    );
    // The command that is named does what it says.
    execFileSync('sh', ['-c', `ssh-keyscan -p ${own.port} ::1 2>/dev/null >> ${known}`]);
    expect(await ask(six)).toMatchObject({ status: 'ok' });
    expect((await ask({ ...six, settings: [...six.settings, 'User nosuchuser'] })).error).toMatch(
      /login as nosuchuser@\[::1\]:\d+ failed/,
    );
  });

  it('jumps over machines at IPv6 addresses', async () => {
    const own = await lab.start({ address: '::1' });
    const known = lab.path('known-jump');
    await writeFile(known, `[::1]:${own.port} ${own.hostKey}\n[127.0.0.1]:${server.port} ${server.hostKey}\n`);
    const common = [`UserKnownHostsFile ${known}`];
    const settings = [`ProxyJump ${lab.user}@[::1]:${own.port}`];
    expect(await ask({ settings }, { common })).toMatchObject({ status: 'ok', error: null, linesRead: 1 });
    expect(await own.countConnections()).toBe(1);
  });
});
