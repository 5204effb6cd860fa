import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/no-skips.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mailtrace-no-skips-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type File = Readonly<{ status: string; tests: readonly string[] }>;

/** Exit code and last line for a report of these files. */
const judge = (success: boolean, ...files: readonly File[]): [number | null, string] => {
  const report = {
    success,
    testResults: files.map(({ status, tests }, index) => ({
      name: `file-${index}.test.ts`,
      status,
      assertionResults: tests.map((test) => ({ fullName: 'it', status: test })),
    })),
  };
  const path = join(folder, 'report.json');
  writeFileSync(path, JSON.stringify(report));
  const { status, stdout } = spawnSync(process.execPath, [script, path], { encoding: 'utf8' });
  return [status, stdout.trimEnd().split('\n').at(-1)!];
};

describe('no-skips', () => {
  it.each<[string, boolean, readonly File[], [number, string]]>([
    ['all passed', true, [{ status: 'passed', tests: ['passed', 'passed'] }], [0, '2 passed, 0 failed']],
    ['one failed', false, [{ status: 'failed', tests: ['passed', 'failed'] }], [1, '1 passed, 1 failed']],
    ['one skipped', true, [{ status: 'passed', tests: ['passed', 'skipped'] }], [1, '1 passed, 0 failed, 1 skipped']],
    ['one pending', true, [{ status: 'passed', tests: ['passed', 'pending'] }], [1, '1 passed, 0 failed, 1 skipped']],
    ['one todo', true, [{ status: 'passed', tests: ['todo', 'passed'] }], [1, '1 passed, 0 failed, 1 skipped']],
    [
      'a file that cannot be loaded',
      false,
      [
        { status: 'failed', tests: [] },
        { status: 'passed', tests: ['passed'] },
      ],
      [1, '1 passed, 1 failed'],
    ],
    ['an error outside the tests', false, [{ status: 'passed', tests: ['passed'] }], [1, '1 passed, 0 failed']],
    ['no tests', true, [], [1, '0 passed, 0 failed']],
  ])('judges a run: %s', (_name, success, files, expected) => {
    expect(judge(success, ...files)).toEqual(expected);
  });
});
