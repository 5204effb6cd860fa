/** A user of this machine for one test, with a password and sudo rules. Needs root, as CI has. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';

export type LoginUser = Readonly<{
  name: string;
  password: string;
  /** Lines of sudoers after the user's name, e.g. `ALL=(root) NOPASSWD: ALL`, and `Defaults` for this user alone. */
  setSudoRules: (rules: readonly string[], defaults?: readonly string[]) => void;
  remove: () => void;
}>;

export const createLoginUser = (home: string, password: string): LoginUser => {
  if (userInfo().uid !== 0) {
    throw new Error(
      'Making a user for the sudo tests needs root: run the tests in the container of .ci/run, or as root.',
    );
  }
  const name = `mt${process.pid}`;
  const rules = `/etc/sudoers.d/${name}`;
  execFileSync('useradd', ['--create-home', '--home-dir', home, '--shell', '/bin/sh', name]);
  execFileSync('chpasswd', { input: `${name}:${password}\n` });
  return {
    name,
    password,
    setSudoRules: (lines, defaults = []) => {
      const text = [...defaults.map((each) => `Defaults:${name} ${each}`), ...lines.map((line) => `${name} ${line}`)];
      writeFileSync(rules, text.map((line) => `${line}\n`).join(''), { mode: 0o440 });
    },
    remove: () => {
      rmSync(rules, { force: true });
      rmSync(`/run/sudo/ts/${name}`, { force: true });
      execFileSync('userdel', ['--force', name], { stdio: 'ignore' });
    },
  };
};
