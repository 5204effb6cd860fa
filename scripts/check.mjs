#!/usr/bin/env node
// `npm run check`: everything a change must pass before it is pushed. Runs every step, then names those that failed.
// Needs no server and no network; `npm test` runs the tests that do. `--static`: runs no tests, for who has run `npm test`.
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Scripts of package.json, so that each can be run alone. The package is checked as built. */
const all = ['check:types', 'check:style', 'check:lint', 'check:dead-code', 'check:unit', 'build', 'check:package'];
const steps = process.argv.includes('--static') ? all.filter((step) => step !== 'check:unit') : all;

/** @param {number} sinceMs */
const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

/** @param {string} step */
const run = (step) => {
  const startMs = performance.now();
  process.stdout.write(`\n— ${step}\n`);
  const done = spawnSync('npm', ['run', '--silent', step], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  process.stdout.write(`${done.status === 0 ? 'ok' : 'FAILED'}: ${step}, ${seconds(startMs)}\n`);
  return done.status === 0;
};

const startMs = performance.now();
const failed = steps.filter((step) => !run(step));
process.stdout.write(
  `\ncheck: ${failed.length === 0 ? 'green' : `FAILED: ${failed.join(', ')}`}, ${seconds(startMs)}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
