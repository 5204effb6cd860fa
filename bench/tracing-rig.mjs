// What following is measured with: the built program as a process, an OTLP receiver, sshd, and what /proc says of them.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { assembleRotel } from '../test/services/otlp-dist.mjs';

const UP_MS = 60_000;
/** Of /proc: clock ticks in a second (USER_HZ), and bytes of a page. */
const TICKS = 100;
const PAGE = 4096;

const statOf = (pid) =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number);
/** Seconds of both kinds that a process has used so far. */
export const cpuOf = (pid) => {
  const fields = statOf(pid);
  return (fields[11] + fields[12]) / TICKS;
};
export const rssOf = (pid) => (statOf(pid)[21] * PAGE) / 1e6;

export const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
};

const untilListening = async (port, child, said) => {
  for (const deadline = Date.now() + UP_MS; ; await sleep(20)) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`It did not start: ${said()}`);
  }
};

const end = async (child) => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
};

/** rotel takes spans over gRPC, counts them and drops them. */
export const startReceiver = async () => {
  const port = await freePort();
  const args = ['--otlp-grpc-endpoint', `127.0.0.1:${port}`, '--otlp-http-endpoint', `127.0.0.1:${await freePort()}`];
  args.push('--exporter', 'blackhole', '--debug-log', 'traces');
  const child = spawn(await assembleRotel(), ['start', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [spans, rest, said] = [0, '', ''];
  child.stdout.on('data', (data) => {
    const lines = `${rest}${data}`.split('\n');
    rest = lines.pop();
    for (const line of lines) spans += Number(/\bspans=(\d+)/.exec(stripVTControlCharacters(line))?.[1] ?? 0);
  });
  child.stderr.on('data', (data) => (said = `${said}${data}`.slice(-2000)));
  await untilListening(port, child, () => said);
  return { endpoint: `http://127.0.0.1:${port}`, pid: child.pid, spans: () => spans, stop: () => end(child) };
};

/** An sshd of its own for the user who runs this. @returns what `ssh_config` of the configuration needs */
export const startSshd = async (folder) => {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const [keyFile, hostKey, port] = [join(folder, 'key'), join(folder, 'host'), await freePort()];
  for (const file of [keyFile, hostKey]) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const lines = [`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${hostKey}`, `AuthorizedKeysFile ${keyFile}.pub`];
  lines.push('StrictModes no', 'PermitRootLogin yes', 'UsePAM no', `PidFile ${join(folder, 'pid')}`);
  writeFileSync(join(folder, 'sshd_config'), `${lines.join('\n')}\n`);
  const [type, key] = readFileSync(`${hostKey}.pub`, 'utf8').split(' ');
  writeFileSync(join(folder, 'known_hosts'), `[127.0.0.1]:${port} ${type} ${key}\n`);
  const args = ['-D', '-f', join(folder, 'sshd_config'), '-E', join(folder, 'log')];
  const child = spawn('/usr/sbin/sshd', args, { stdio: 'ignore' });
  await untilListening(port, child, () => readFileSync(join(folder, 'log'), 'utf8'));
  const ssh = [
    'Host *',
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  User ${userInfo().username}`,
    `  IdentityFile ${keyFile}`,
    `  UserKnownHostsFile ${join(folder, 'known_hosts')}`,
  ];
  writeFileSync(join(folder, 'ssh_config'), `${ssh.join('\n')}\n`);
  return { configFile: join(folder, 'ssh_config'), stop: () => end(child) };
};

/** @returns name (with labels) → value, added up where only labels differ */
const readMetrics = async (url) => {
  // On a busy machine a kept connection is closed by the time it is used again.
  const text = await (await fetch(url, { headers: { connection: 'close' } })).text();
  const metrics = new Map();
  for (const [, name, value] of text.matchAll(/^mailtrace_(\w+)(?:\{.*\})? (\S+)$/gm)) {
    metrics.set(name, (metrics.get(name) ?? 0) + Number(value));
  }
  return (name) => metrics.get(name) ?? 0;
};

/**
 * `mailtrace tracing` on an empty data folder, from when it follows.
 * @param {{ dist: string, folder: string, config: object, endpoint: string, interval: number, nodeOptions?: string[] }} options
 */
export const startTracing = async ({ dist, folder, config, endpoint, interval, nodeOptions = [] }) => {
  rmSync(join(folder, 'data'), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'config.yaml');
  const http = { port: await freePort() };
  // JSON is YAML.
  writeFileSync(path, JSON.stringify({ ...config, http, store: { data_dir: join(folder, 'data') } }));
  const program = [...nodeOptions, join(dist, 'bin/mailtrace.js'), 'tracing', '-c', path];
  const args = [...program, '--otel-endpoint', endpoint, '--interval', String(interval)];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TZ: 'UTC' },
  });
  let [out, said] = ['', ''];
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (said = `${said}${data}`.slice(-4000)));
  for (const deadline = Date.now() + UP_MS; !out.includes('following the logs'); await sleep(10)) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`mailtrace did not start:\n${said}`);
  }
  const metrics = () => readMetrics(`http://127.0.0.1:${http.port}/metrics`);
  return {
    pid: child.pid,
    said: () => said,
    metrics,
    /** Until so many lines were read and nothing is left. `each` sees every look. */
    untilRead: async (lines, each = () => {}, everyMs = 100) => {
      for (;;) {
        const metric = await metrics();
        each(metric);
        if (metric('lines_total') >= lines && metric('caught_up') === 1) return metric;
        if (child.exitCode !== null) throw new Error(`mailtrace ended:\n${said}`);
        await sleep(everyMs);
      }
    },
    stop: () => end(child),
  };
};
