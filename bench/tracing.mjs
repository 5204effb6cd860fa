#!/usr/bin/env node
// How fast is following? node bench/tracing.mjs [--lines 300000] [--runs 3] [--memory-lines 1000000] [--parts throughput,memory]
//   throughput: lines/s from OpenSearch to an OTLP/gRPC receiver, index.db and state.db on disk; CPU of each process.
//   memory:     RSS while so many lines come from files; its slope after the first third.
//   idle:       a poll that finds nothing, of OpenSearch, files and SSH.
//   index:      transactions written a second, and the look-up of open ones.
// Everything runs on this machine: OpenSearch and the receiver have their share of its cores.
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { startOpensearch, stopOpensearch } from '../test/services/opensearch-server.mjs';
import { createLines } from './mailbed-lines.mjs';
import { cpuOf, median, rssOf, startReceiver, startSshd, startTracing } from './tracing-rig.mjs';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '300000' },
    runs: { type: 'string', default: '3' },
    'memory-lines': { type: 'string', default: '1000000' },
    /** Lines in one second of the logs. */
    density: { type: 'string', default: '10000' },
    'memory-density': { type: 'string', default: '2000' },
    parts: { type: 'string', default: 'throughput,memory,idle,index' },
    dist: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
    /** Of node, for the program that is measured: --node=--cpu-prof --node=--cpu-prof-dir=/tmp/profile */
    node: { type: 'string', multiple: true, default: [] },
  },
});
const dist = resolve(values.dist);
/** @param {string} path */
const load = (path) => import(pathToFileURL(join(dist, path)).href);
const isWanted = (part) => values.parts.split(',').includes(part);

const folder = mkdtempSync(join(tmpdir(), 'mailtrace-bench-'));
const show = (...cells) =>
  console.log(cells.map((cell, at) => String(cell)[at === 0 ? 'padEnd' : 'padStart'](at === 0 ? 30 : 13)).join(''));
const fixed = (digits) => (number) => number.toFixed(digits);
const [one, two] = [fixed(1), fixed(2)];
const many = (number) => Math.round(number).toLocaleString('en');

const INDEX = 'mail-bench';
const MAPPINGS = {
  properties: {
    '@timestamp': { type: 'date' },
    host: { properties: { name: { type: 'keyword' } } },
    log: { properties: { syslog: { properties: { appname: { type: 'keyword' }, procid: { type: 'keyword' } } } } },
    message: { type: 'text' },
  },
};

const settings = (hosts) => ({ clusters: { all: hosts }, domain: 'campus.example', tracing: { look_back: '1d' } });
const opensearchConfig = ({ port }, hosts) => ({
  method: 'opensearch',
  ...settings(hosts),
  opensearch_config: { host: '127.0.0.1', port, index: INDEX },
});
const logFile = (host) => join(folder, 'logs', `${host}.log`);
const byHost = (hosts) => ({ hosts: Object.fromEntries(hosts.map((host) => [host, { log_files: [logFile(host)] }])) });

const must = async (url, method, body, type = 'application/json') => {
  const response = await fetch(url, { method, headers: { 'content-type': type }, body });
  const answer = await response.json();
  if (!response.ok || answer.errors === true) throw new Error(`${url}: ${JSON.stringify(answer).slice(0, 500)}`);
};

const documentOf = ({ timeMs, host, program, pid, text }) => ({
  '@timestamp': new Date(timeMs).toISOString(),
  host: { name: host },
  log: { syslog: { appname: program, procid: String(pid ?? '-'), facility: { name: 'mail' } } },
  message: text,
});

const fill = async ({ url }, lines) => {
  const index = { number_of_shards: 2, number_of_replicas: 0 };
  await must(`${url}/${INDEX}`, 'PUT', JSON.stringify({ settings: index, mappings: MAPPINGS }));
  let body = [];
  const send = async () => {
    if (body.length > 0) await must(`${url}/${INDEX}/_bulk`, 'POST', body.join(''), 'application/x-ndjson');
    body = [];
  };
  for (const line of lines) {
    body.push(`{"create":{}}\n${JSON.stringify(documentOf(line))}\n`);
    if (body.length === 5000) await send();
  }
  await send();
  await must(`${url}/${INDEX}/_refresh`, 'POST');
};

/** @returns the hosts */
const writeFiles = async (count, perSecond) => {
  const { hosts, lines } = await createLines({ load, count, endMs: Date.now(), perSecond });
  mkdirSync(join(folder, 'logs'), { recursive: true });
  const files = new Map(hosts.map((host) => [host, createWriteStream(logFile(host))]));
  for (const { host, line } of lines()) {
    const file = files.get(host);
    if (!file.write(`${line}\n`)) await new Promise((done) => file.once('drain', done));
  }
  await Promise.all([...files.values()].map((file) => new Promise((done) => file.end(done))));
  return hosts;
};

const runOnce = async (server, hosts, count, run) => {
  const receiver = await startReceiver();
  const pids = [server.pid, receiver.pid];
  const at = join(folder, `throughput-${run}`);
  const beginMs = performance.now();
  const before = pids.map(cpuOf);
  const tracing = await startTracing({
    dist,
    folder: at,
    config: opensearchConfig(server, hosts),
    endpoint: receiver.endpoint,
    interval: 0.5,
    nodeOptions: values.node,
  });
  try {
    const followingMs = performance.now();
    let halfMs = 0;
    const metric = await tracing.untilRead(count, (now) => {
      if (halfMs === 0 && now('lines_total') >= count / 2) halfMs = performance.now();
    });
    const endMs = performance.now();
    const cpu = [tracing.pid, ...pids].map((pid, place) => cpuOf(pid) - (place === 0 ? 0 : before[place - 1]));
    const rss = rssOf(tracing.pid);
    await sleep(1000);
    const sent = metric('spans_total');
    if (metric('spans_dropped') > 0 || receiver.spans() < sent) throw new Error(`Spans were lost:\n${tracing.said()}`);
    return {
      perS: count / ((endMs - followingMs) / 1000),
      laterPerS: count / 2 / ((endMs - halfMs) / 1000),
      startS: (followingMs - beginMs) / 1000,
      spans: receiver.spans(),
      pollS: metric('poll_seconds_total'),
      roundS: metric('round_seconds_total'),
      // For 100,000 lines.
      cpu: cpu.map((seconds) => (seconds / count) * 1e5),
      rss,
    };
  } finally {
    await tracing.stop();
    await receiver.stop();
    rmSync(at, { recursive: true, force: true });
  }
};

const benchThroughput = async (server, hosts, count) => {
  const runs = [];
  show('OpenSearch → spans', 'lines/s', '2nd half', 'spans', 'RSS MB', 'mailtrace', 'OpenSearch', 'receiver');
  show('', '', '', '', '', 'CPU s/100k', 'CPU s/100k', 'CPU s/100k');
  for (let run = 1; run <= Number(values.runs); run++) {
    const result = await runOnce(server, hosts, count, run);
    runs.push(result);
    const { perS, laterPerS, spans, rss, cpu } = result;
    show(`run ${run}`, many(perS), many(laterPerS), many(spans), many(rss), ...cpu.map(two));
  }
  const of = (pick) => median(runs.map(pick));
  const cpu = [0, 1, 2].map((place) => of((each) => each.cpu[place]));
  const own = [of((each) => each.perS), of((each) => each.laterPerS), of((each) => each.spans), of((each) => each.rss)];
  show('median', ...own.map(many), ...cpu.map(two));
  const all = cpu.reduce((sum, each) => sum + each, 0);
  show('CPU alone allows, 2 cores', many(2e5 / all), '', '', '', '', 'sum', two(all));
};

/** Least squares: MB for each million lines. */
const slopeOf = (samples) => {
  const mean = (pick) => samples.reduce((sum, each) => sum + pick(each), 0) / samples.length;
  const [lines, rss] = [mean((each) => each.lines), mean((each) => each.rss)];
  const over = samples.reduce((sum, each) => sum + (each.lines - lines) * (each.rss - rss), 0);
  return (over / samples.reduce((sum, each) => sum + (each.lines - lines) ** 2, 0)) * 1e6;
};

const benchMemory = async (count) => {
  const hosts = await writeFiles(count, Number(values['memory-density']));
  const receiver = await startReceiver();
  const config = { method: 'file', ...settings(hosts), file_config: byHost(hosts) };
  const at = join(folder, 'memory');
  const options = { dist, folder: at, config, endpoint: receiver.endpoint, interval: 0.5, nodeOptions: values.node };
  const tracing = await startTracing(options);
  const samples = [];
  const beginMs = performance.now();
  try {
    show('memory, lines from files', 'lines', 'RSS MB', 'places', 'open');
    let shown = 0;
    const note = (metric) => {
      const [lines, rss] = [metric('lines_total'), rssOf(tracing.pid)];
      samples.push({ lines, rss });
      if (lines < (count / 10) * (shown + 1)) return;
      shown = Math.floor((lines / count) * 10);
      show('', many(lines), many(rss), many(metric('places_in_memory')), many(metric('open_transactions')));
    };
    await tracing.untilRead(count, note, 500);
    const seconds = (performance.now() - beginMs) / 1000;
    const later = samples.filter(({ lines }) => lines >= count / 3 && lines < count);
    const halves = [later.slice(0, later.length / 2), later.slice(later.length / 2)];
    const [first, second] = halves.map((part) => median(part.map(({ rss }) => rss)));
    show('slope after a third', `${one(slopeOf(later))} MB/M`, `most ${many(Math.max(...samples.map((s) => s.rss)))}`);
    show('medians, middle and last third', many(first), many(second), `${many(count / seconds)}/s`);
  } finally {
    await tracing.stop();
    await receiver.stop();
  }
};

const IDLE_S = 10;
/** A server has compiled what it runs often; a cluster that was just started has not. */
const WARM_UP = 1500;

const benchIdle = async (name, config, count) => {
  const receiver = await startReceiver();
  const at = join(folder, 'idle');
  const tracing = await startTracing({ dist, folder: at, config, endpoint: receiver.endpoint, interval: 0.02 });
  try {
    await tracing.untilRead(count);
    // What is left to do after the last line, too.
    const begun = (await tracing.metrics())('polls_total');
    while ((await tracing.metrics())('polls_total') < begun + WARM_UP) await sleep(1000);
    const windows = [];
    for (let window = 0; window < 3; window++) {
      const [before, cpuBefore] = [await tracing.metrics(), cpuOf(tracing.pid)];
      await sleep(IDLE_S * 1000);
      const [after, cpuAfter] = [await tracing.metrics(), cpuOf(tracing.pid)];
      const polls = after('polls_total') - before('polls_total');
      const ms = (metric) => ((after(metric) - before(metric)) / polls) * 1000;
      const [poll, round] = [ms('poll_seconds_total'), ms('round_seconds_total')];
      windows.push({ polls, poll, round, cpu: ((cpuAfter - cpuBefore) / polls) * 1000 });
    }
    const of = (pick) => median(windows.map(pick));
    const shown = [of(({ poll }) => poll), of(({ round }) => round), of(({ cpu }) => cpu)].map(two);
    show(`idle poll, ${name}`, ...shown, many(of(({ polls }) => polls)));
  } finally {
    await tracing.stop();
    await receiver.stop();
  }
};

const benchIndex = async () => {
  const { benchIndexStore } = await import('./tracing-index.mjs');
  await benchIndexStore({ load, folder, show, many, two, density: Number(values.density) });
};

const idlePolls = async (server, opensearch) => {
  show('', 'poll ms', 'round ms', 'CPU ms', 'polls');
  await benchIdle('OpenSearch', opensearchConfig(server, opensearch.hosts), opensearch.count);
  const count = 20_000;
  const hosts = await writeFiles(count, Number(values.density));
  await benchIdle('10 files', { method: 'file', ...settings(hosts), file_config: byHost(hosts) }, count);
  const sshd = await startSshd(join(folder, 'sshd'));
  const config = { ssh_config_file: sshd.configFile, ...byHost(hosts) };
  await benchIdle('SSH, 10 hosts', { method: 'ssh', ...settings(hosts), ssh_config: config }, count);
  await sshd.stop();
};

const benchOpensearch = async () => {
  const count = isWanted('throughput') ? Number(values.lines) : 20_000;
  const server = await startOpensearch('plain');
  try {
    const options = { load, count, endMs: Date.now(), perSecond: Number(values.density) };
    const { hosts, lines } = await createLines(options);
    await fill(server, lines());
    if (isWanted('throughput')) await benchThroughput(server, hosts, count);
    if (isWanted('idle')) await idlePolls(server, { hosts, count });
  } finally {
    await stopOpensearch(server);
  }
};

try {
  console.log(
    `node ${process.version}, ${cpus().length} cores, load ${loadavg().map(one).join(' ')}, ${values.lines} lines`,
  );
  if (isWanted('throughput') || isWanted('idle')) await benchOpensearch();
  if (isWanted('memory')) await benchMemory(Number(values['memory-lines']));
  if (isWanted('index')) await benchIndex();
  console.log(`load ${loadavg().map(one).join(' ')}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
