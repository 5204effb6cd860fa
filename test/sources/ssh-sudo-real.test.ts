/** Passwords and sudo, with a real user and a real sudo. */
import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HostReading } from '../../src/app/ports.ts';
import { createLoginUser, type LoginUser } from '../services/login-user.ts';
import { createSshdLab, type Sshd, type SshdLab } from '../services/sshd.ts';
import { searchIn } from './log-folder.ts';
import { type LabOptions, openLab } from './ssh-lab.ts';

const DAY = { from: '2026-11-21T00:00:00Z', to: '2026-11-22T00:00:00Z' };
const LINE = '2026-11-21T07:00:00+00:00 mx1 postfix/qmgr[1]: 4jWkFk: removed\n';

describe('SSH', () => {
  let lab: SshdLab;
  let server: Sshd;
  let user: LoginUser;
  let secret: string;
  let open: string;
  let trap: string;
  beforeAll(async () => {
    lab = await createSshdLab();
    await chmod(lab.folder, 0o755);
    trap = lab.path('trap');
    await writeFile(lab.path('keep'), '');
    // If ever a shell gets the password as a line of its script, this is what happens.
    user = createLoginUser(lab.path('home'), `touch\${IFS}${trap};#`);
    await chmod(lab.path('home'), 0o755);
    server = await lab.start();
    secret = lab.path('secret.log');
    await writeFile(secret, LINE, { mode: 0o600 });
    open = lab.path('open.log');
    await writeFile(open, LINE, { mode: 0o644 });
  });
  afterAll(async () => {
    user.remove();
    await lab.remove();
  });
  beforeEach(() => user.setSudoRules([]));

  const readings: string[] = [];
  const ask = async (file: string, options: LabOptions): Promise<HostReading> => {
    const source = await openLab(lab, [{ host: 'mx1', server, logFiles: [file] }], { username: user.name, ...options });
    try {
      const outcome = await searchIn(source, DAY);
      readings.push(JSON.stringify(outcome));
      return outcome.hosts[0]!;
    } finally {
      await source.close();
    }
  };
  const withSudo = (password: string | null): LabOptions => ({ sudo: { isWanted: true, password } });

  it('reads what only root may read, by a sudo that does not ask', async () => {
    user.setSudoRules(['ALL=(root) NOPASSWD: ALL']);
    expect(await ask(secret, withSudo(null))).toMatchObject({ status: 'ok', linesRead: 1 });
  });

  it('sends no password to a sudo that does not ask', async () => {
    user.setSudoRules(['ALL=(root) NOPASSWD: ALL']);
    expect(await ask(secret, withSudo(user.password))).toMatchObject({ status: 'ok', linesRead: 1 });
    user.setSudoRules(['ALL=(root) NOPASSWD: /usr/bin/sh -s']);
    expect(await ask(secret, withSudo(user.password))).toMatchObject({ status: 'ok', linesRead: 1 });
    expect(existsSync(trap)).toBe(false);
  });

  it('needs no more than the right to one command', async () => {
    user.setSudoRules(['ALL=(root) NOPASSWD: /bin/sh -s']);
    expect(await ask(secret, withSudo(null))).toMatchObject({ status: 'ok', linesRead: 1 });
  });

  it('gives sudo its password when it asks', async () => {
    user.setSudoRules(['ALL=(root) ALL']);
    expect(await ask(secret, withSudo(user.password))).toMatchObject({ status: 'ok', linesRead: 1 });
    // Another command that is free says nothing about the one that is wanted.
    user.setSudoRules(['ALL=(root) ALL, NOPASSWD: /usr/bin/true']);
    expect(await ask(secret, withSudo(user.password))).toMatchObject({ status: 'ok', linesRead: 1 });
    expect(existsSync(trap)).toBe(false);
  });

  it('names a password that is wrong, or missing, and what to do', async () => {
    user.setSudoRules(['ALL=(root) ALL']);
    const wrong = await ask(secret, withSudo('wrong-password-1'));
    expect(wrong).toMatchObject({ status: 'unreadable', linesRead: 0 });
    expect(wrong.error).toMatch(/secret\.log: permission denied, and sudo: sudo refuses the password.*--ask-sudo-pass/);
    const none = await ask(secret, withSudo(null));
    expect(none.error).toMatch(/a password is required.*--ask-sudo-pass or MAILTRACE_SUDO_PASSWORD/);
  });

  it('names a sudo that allows nothing', async () => {
    const refused = await ask(secret, withSudo(user.password));
    expect(refused).toMatchObject({ status: 'unreadable' });
    expect(refused.error).toMatch(
      /permission denied, and sudo: mt\d+ is not in the sudoers file; allow "sh -s" in sudoers/,
    );
  });

  it('reads without sudo what everybody may read', async () => {
    expect(await ask(open, withSudo(null))).toMatchObject({ status: 'ok', linesRead: 1 });
    expect(await ask(open, withSudo('wrong-password-1'))).toMatchObject({ status: 'ok', linesRead: 1 });
  });

  it('names the smallest right that helps when sudo is not wanted', async () => {
    await chmod(secret, 0o640);
    const grouped = await ask(secret, {});
    expect(grouped.error).toMatch(/let the user mt\d+ read it, e\.g\. add it to the group root, or set sudo: true/);
    await chmod(secret, 0o600);
    expect((await ask(secret, {})).error).toMatch(/setfacl -m u:mt\d+:r/);
  });

  describe('with passwords', () => {
    const METHODS = [
      ['password', ['UsePAM no', 'PasswordAuthentication yes', 'AuthenticationMethods password']],
      [
        'keyboard-interactive',
        ['UsePAM yes', 'KbdInteractiveAuthentication yes', 'AuthenticationMethods keyboard-interactive'],
      ],
      ['a key and a password', ['PasswordAuthentication yes', 'AuthenticationMethods publickey,password']],
    ] as const;

    it.each(METHODS)('logs in by %s', async (_name, config) => {
      const own = await lab.start({ config });
      const source = await openLab(lab, [{ host: 'mx1', server: own, logFiles: [open] }], {
        username: user.name,
        secrets: { password: user.password, passphrase: null },
      });
      expect((await searchIn(source, DAY)).hosts[0]).toMatchObject({ error: null, status: 'ok' });
      await source.close();
    });

    it('names a wrong password and what to do', async () => {
      const own = await lab.start({ config: METHODS[0][1] });
      const source = await openLab(lab, [{ host: 'mx1', server: own, logFiles: [open] }], {
        username: user.name,
        secrets: { password: 'wrong-password-2', passphrase: null },
      });
      const outcome = await searchIn(source, DAY);
      readings.push(JSON.stringify(outcome));
      expect(outcome.hosts[0]!.status).toBe('unreachable');
      expect(outcome.hosts[0]!.error).toMatch(/login as mt\d+@127\.0\.0\.1:\d+ failed \(refused: .*password/);
      await source.close();
    });

    it('offers a wrong password once to all rounds of a trace, or the account would be locked', async () => {
      const own = await lab.start({ config: METHODS[0][1] });
      const source = await openLab(lab, [{ host: 'mx1', server: own, logFiles: [open] }], {
        username: user.name,
        secrets: { password: 'wrong-password-3', passphrase: null },
      });
      const [first, second] = [await searchIn(source, DAY), await searchIn(source, DAY)];
      expect(first.hosts[0]).toMatchObject({ status: 'unreachable' });
      expect(second.hosts).toEqual(first.hosts);
      expect((await own.log()).match(/Failed password/g)).toHaveLength(1);
      await source.close();
    });
  });

  it('repeats no secret', () => {
    expect(readings.length).toBeGreaterThan(10);
    for (const reading of readings) {
      expect(reading).not.toContain('wrong-password');
      expect(reading).not.toContain('IFS');
    }
  });
});
