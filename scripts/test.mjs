#!/usr/bin/env node
// `npm test`: sees to the servers the tests need, runs every test, and fails when one was skipped.
// `npm test -- ARGS` hands ARGS to vitest (a file, -t NAME): then only vitest's own result counts.
// MAILTRACE_TEST_REPORT names a file that keeps the JSON report.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const scripts = dirname(fileURLToPath(import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

/** @param {string} script @param {readonly string[]} args @returns {number} exit code */
const run = (script, args) =>
  spawnSync(process.execPath, [script, ...args], { stdio: ['ignore', 'inherit', 'inherit'], cwd: dirname(scripts) })
    .status ?? 1;

const runAll = () => {
  const folder = mkdtempSync(join(tmpdir(), 'mailtrace-test-'));
  try {
    const report = process.env['MAILTRACE_TEST_REPORT'] ?? join(folder, 'report.json');
    const code = run(vitest, ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]);
    const counted = run(join(scripts, 'no-skips.mjs'), [report]);
    return code === 0 ? counted : code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const ensured = run(join(scripts, 'ensure-services.mjs'), []);
const args = process.argv.slice(2);
process.exitCode = ensured !== 0 ? ensured : args.length > 0 ? run(vitest, ['run', ...args]) : runAll();
