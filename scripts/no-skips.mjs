#!/usr/bin/env node
// Reads a vitest JSON report and prints its figures as the last line: "N passed, N failed".
// Fails when a test failed, was skipped or is a todo, when a file could not be loaded, or when there was no test at all.
import { readFileSync } from 'node:fs';

/**
 * @typedef {Readonly<{ fullName: string, status: string }>} TestResult
 * @typedef {Readonly<{ name: string, status: string, message?: string, assertionResults: readonly TestResult[] }>} FileResult
 */

const path = process.argv[2];
if (path === undefined) {
  process.stderr.write('usage: no-skips.mjs REPORT.json\n');
  process.exit(2);
}

/** @type {Readonly<{ success: boolean, testResults: readonly FileResult[] }>} */
const report = JSON.parse(readFileSync(path, 'utf8'));
const tests = report.testResults.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })));
const passed = tests.filter((test) => test.status === 'passed');
const failed = tests.filter((test) => test.status === 'failed');
const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');
// A file that throws while it is loaded has no tests, and would otherwise vanish from the count.
const broken = report.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
);

for (const test of skipped) process.stdout.write(`${test.status}: ${test.file}: ${test.fullName}\n`);
for (const file of broken) process.stdout.write(`could not run: ${file.name}\n`);
if (tests.length === 0) process.stdout.write('no tests ran\n');

const figures = [`${passed.length} passed`, `${failed.length + broken.length} failed`];
if (skipped.length > 0) figures.push(`${skipped.length} skipped`);
process.stdout.write(`${figures.join(', ')}\n`);
const isClean = report.success && failed.length + broken.length + skipped.length === 0 && passed.length > 0;
process.exit(isClean ? 0 : 1);
