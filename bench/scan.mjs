#!/usr/bin/env node
// How fast are log files searched? node bench/scan.mjs [--mb 200] [--runs 7] [--dist DIR]   (npm run bench builds first)
//   1. the scan for 1, 10, 1000 and 5000 needles against `grep -F` on the same file, runs interleaved, medians;
//   2. taking headers off lines; 3. a search of four hours in seven days, as a trace does it, plain and packed.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const { values } = parseArgs({
  options: {
    mb: { type: 'string', default: '200' },
    runs: { type: 'string', default: '7' },
    dist: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
  },
});
const megabytes = Number(values.mb);
const runs = Number(values.runs);
/** @param {string} path */
const load = (path) => import(pathToFileURL(join(resolve(values.dist), path)).href);
const [
  { wholeLines, forEachHitLine },
  { buildWishSearch },
  { openFile },
  { openFiles },
  { createHeaderParser },
  { createZone },
] = await Promise.all(
  [
    'sources/line-scan.js',
    'sources/line-wishes.js',
    'sources/file-bytes.js',
    'sources/files.js',
    'parsers/syslog-header.js',
    'zone.js',
  ].map(load),
);

const START_MS = Date.UTC(2026, 10, 14);
const WEEK_MS = 7 * 86_400_000;
const ALPHABET = '0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz';

/** Numerical Recipes' generator: the same log on every run. */
const createRandom = (seed) => {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

/** Postfix's six lines of one message (long queue IDs). */
const messageLines = (number, count, random) => {
  const ms = START_MS + Math.floor((WEEK_MS / count) * number);
  const stamp = (later) => new Date(ms + later).toISOString().replace('Z', '000+00:00');
  let id = '4j';
  for (let place = 0; place < 13; place++) id += ALPHABET[random(ALPHABET.length)];
  const sender = `user${random(50_000)}@d${random(300)}.example`;
  const recipient = number % 20_000 === 777 ? 'needle@corp.example' : `staff${random(400)}@corp.example`;
  const head = (later, daemon) => `${stamp(later)} mx1 postfix/${daemon}[${1000 + random(60_000)}]: ${id}:`;
  const lines = [
    `${head(0, 'smtpd')} client=mail${random(90)}.d${random(300)}.example[198.51.100.${random(255)}]`,
    `${head(40, 'cleanup')} message-id=<${number.toString(36)}.${random(1e9)}@${sender.split('@')[1]}>`,
    `${head(55, 'qmgr')} from=<${sender}>, size=${1000 + random(900_000)}, nrcpt=1 (queue active)`,
    `${head(900, 'smtp')} to=<${recipient}>, relay=gw.corp.example[10.20.0.20]:25, delay=0.9, delays=0.04/0.01/0.3/0.55, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ${id}x)`,
    `${head(905, 'qmgr')} removed`,
    `${stamp(910)} mx1 postfix/smtpd[77]: disconnect from mail.example[198.51.100.7] ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7`,
  ];
  return { id, text: `${lines.join('\n')}\n` };
};

/** Writes the log; keeps every queue ID for the needles. */
const writeLog = (path) => {
  const random = createRandom(7);
  const count = Math.floor((megabytes * 1e6) / 870);
  const file = openSync(path, 'w');
  const ids = [];
  let pending = '';
  for (let number = 0; number < count; number++) {
    const { id, text } = messageLines(number, count, random);
    ids.push(id);
    pending += text;
    if (pending.length > 1e6 || number === count - 1) {
      writeSync(file, pending);
      pending = '';
    }
  }
  closeSync(file);
  return ids;
};

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const time = async (work) => {
  const started = performance.now();
  const result = await work();
  return { ms: performance.now() - started, result };
};
const show = (...cells) =>
  console.log(
    cells.map((cell, index) => String(cell)[index === 0 ? 'padEnd' : 'padStart'](index === 0 ? 34 : 15)).join(''),
  );
const mbPerS = (ms) => `${((megabytes * 1000) / ms).toFixed(0)} MB/s`;

/** Counts the lines that hold a needle. */
const scan = async (path, needles) => {
  const search = buildWishSearch([{ window: { fromMs: 0, toMs: 1 }, host: null, needles }]);
  const file = await openFile(path);
  let count = 0;
  for await (const block of wholeLines(file.read({ from: 0, to: file.sizeBytes }), 0))
    forEachHitLine(block, search, () => count++);
  await file.close();
  return count;
};

const grep = (path, patterns, more) => {
  const { stdout, error } = spawnSync('grep', ['-cF', ...more, '-f', patterns, path], {
    env: { ...process.env, LC_ALL: 'C' },
    encoding: 'utf8',
  });
  if (error) throw error;
  return Number(stdout);
};

const benchScan = async (folder, log, ids) => {
  show('needles', 'scan', 'grep -F', 'scan : grep', 'lines');
  for (const [count, ignoreCase] of [
    [1, false],
    [1, true],
    [10, false],
    [1000, false],
    [5000, false],
  ]) {
    const needles = Array.from({ length: count }, (_, index) => ({
      text: ids[Math.floor((ids.length / count) * (index + 0.5))],
      ignoreCase,
      isWhole: false,
    }));
    const patterns = join(folder, 'patterns');
    writeFileSync(patterns, `${needles.map(({ text }) => text).join('\n')}\n`);
    const [ours, theirs] = [[], []];
    let lines = 0;
    for (let run = 0; run < runs; run++) {
      const mine = await time(() => scan(log, needles));
      const other = await time(() => grep(log, patterns, ignoreCase ? ['-i'] : []));
      if (mine.result !== other.result) throw new Error(`${mine.result} lines here, ${other.result} by grep`);
      ours.push(mine.ms);
      theirs.push(other.ms);
      lines = mine.result;
    }
    const name = `${count}${ignoreCase ? ', any case' : ''}`;
    show(name, mbPerS(median(ours)), mbPerS(median(theirs)), (median(ours) / median(theirs)).toFixed(2), lines);
  }
};

const benchHeaders = async (log) => {
  const iso = readFileSync(log, 'latin1').slice(0, 40e6).split('\n').slice(0, -1);
  const zone = createZone('Europe/Berlin');
  const parse = createHeaderParser({ zoneOf: () => zone, nearMs: START_MS });
  const forms = {
    'RFC 3339': iso,
    'RFC 3164': iso.map((line) => `Nov ${line.slice(8, 10)} ${line.slice(11, 19)}${line.slice(32)}`),
    'RFC 5424': iso.map((line) => line.replace(/^(\S+) (\S+) ([^[]+)\[(\d+)\]: /, '<22>1 $1 $2 $3 $4 - - ')),
  };
  for (const [name, lines] of Object.entries(forms)) {
    const all = [];
    for (let run = 0; run < runs; run++)
      all.push((await time(() => lines.filter((line) => parse(line) === null).length)).ms);
    show(`headers, ${name}`, `${(lines.length / median(all) / 1000).toFixed(2)} M/s`);
  }
};

const benchSearch = async (name, logFile) => {
  const source = openFiles({
    hosts: [{ host: 'mx1', logFiles: [logFile], timeZone: null }],
    timeZone: 'UTC',
    canonical: (host) => host,
  });
  const middleMs = START_MS + WEEK_MS / 2;
  const window = { fromMs: middleMs - 2 * 3_600_000, toMs: middleMs + 2 * 3_600_000 };
  const related = ({ text }) => [text.slice(0, text.indexOf(':'))];
  const lookups = [
    {
      window,
      relatedWindow: window,
      related,
      needles: [{ text: 'staff77@corp.example', ignoreCase: true, isWhole: true }],
    },
  ];
  const all = [];
  let lines = 0;
  for (let run = 0; run < runs; run++) {
    const request = { hosts: ['mx1'], lookups, budget: { maxLines: 1e6, maxBytes: 1e9 } };
    const { ms, result } = await time(() => source.search(request, new AbortController().signal));
    all.push(ms);
    lines = result.records.length;
  }
  show(name, `${median(all).toFixed(0)} ms`, '', '', lines);
};

const folder = mkdtempSync(join(tmpdir(), 'bench-scan-'));
try {
  const log = join(folder, 'mail.log');
  const ids = writeLog(log);
  console.log(
    `${megabytes} MB, ${ids.length * 6} lines, ${runs} runs, Node ${process.version}, ${cpus().length} cores\n`,
  );
  await benchScan(folder, log, ids);
  console.log();
  await benchHeaders(log);
  console.log();
  await benchSearch('4 hours of 7 days, plain', log);
  writeFileSync(join(folder, 'packed.log.1.gz'), gzipSync(readFileSync(log), { level: 1 }));
  await benchSearch('4 hours of 7 days, packed', join(folder, 'packed.log.1.gz'));
} finally {
  rmSync(folder, { recursive: true });
}
