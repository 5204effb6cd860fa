/** The built program as a shell calls it: a child process that does not stop the servers of the test. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../dist/bin/mailtrace.js', import.meta.url));

export type CliResult = Readonly<{ code: number | null; out: string; err: string }>;

/** Nothing of the test's own environment reaches the child but `PATH`. */
export const runCli = (
  argv: readonly string[],
  { cwd, env = {} }: Readonly<{ cwd: string; env?: Readonly<Record<string, string>> }>,
): Promise<CliResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...argv], {
      cwd,
      env: { PATH: process.env['PATH'], TZ: 'UTC', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code, out: Buffer.concat(out).toString('utf8'), err: Buffer.concat(err).toString('utf8') }),
    );
  });

const toBase64 = (text: string): string => Buffer.from(text).toString('base64').replace(/=+$/, '');

/** In none of the forms in which they are sent: as they are, or as HTTP Basic and URLs have them. */
export const expectNoSecrets = ({ out, err }: CliResult, secrets: readonly string[], username = ''): void => {
  for (const secret of secrets) {
    const forms = [secret, encodeURIComponent(secret), ...[secret, `${username}:${secret}`].map(toBase64)];
    for (const form of forms) for (const text of [out, err]) expect(text).not.toContain(form);
  }
};
