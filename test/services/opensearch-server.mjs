// Starts real OpenSearch servers for the tests, on this machine only.
import { spawn } from 'node:child_process';
import { chownSync, cpSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_PASSWORD, assembleOpensearch, javaHome } from './opensearch-dist.mjs';

/** OpenSearch refuses to run as root. */
const NOBODY = 65_534;
const START_MS = 180_000;
const STOP_MS = 20_000;

/** @typedef {Readonly<{ url: string, port: number, pid: number, folder: string, caFile: string | null }>} Server */

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** @param {string} folder */
const giveAway = (folder) => {
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    chownSync(join(folder, entry), NOBODY, NOBODY);
  }
  chownSync(folder, NOBODY, NOBODY);
};

/** @param {string} options @param {string} home @param {string} logs @param {string} heap */
const adaptJvmOptions = (options, home, logs, heap) =>
  options
    .split('\n')
    // The JRE has no vector module; logs of the garbage collector and heap dumps help nobody here.
    .filter((line) => !/Xlog:gc|HeapDump|jdk\.incubator\.vector/.test(line))
    .map((line) =>
      line
        .replace(/^-Xm([sx])1g/, `-Xm$1${heap}`)
        .replace(/^-XX:ErrorFile=.*/, `-XX:ErrorFile=${logs}/hs_err_pid%p.log`)
        .replace('agent/opensearch-agent.jar', `${home}/agent/opensearch-agent.jar`),
    )
    .join('\n');

/** @param {'plain' | 'secure'} kind @param {string} home @param {string} folder @param {number} port */
const configure = (kind, home, folder, port) => {
  const config = join(folder, 'config');
  cpSync(join(home, 'config'), config, { recursive: true });
  for (const name of ['data', 'logs', 'tmp']) mkdirSync(join(folder, name));
  const jvm = join(config, 'jvm.options');
  writeFileSync(jvm, adaptJvmOptions(readFileSync(jvm, 'utf8'), home, join(folder, 'logs'), '768m'));
  const yml = join(config, 'opensearch.yml');
  const kept = kind === 'plain' ? '' : readFileSync(yml, 'utf8').replace(/^network\.host:.*$/m, '');
  const own = [
    `cluster.name: mailtrace-test-${port}`,
    `path.data: ${folder}/data`,
    `path.logs: ${folder}/logs`,
    'network.host: 127.0.0.1',
    `http.port: ${port}`,
    'transport.port: 0',
    'discovery.type: single-node',
    'cluster.routing.allocation.disk.threshold_enabled: false',
  ];
  writeFileSync(yml, `${kept}\n${own.join('\n')}\n`);
};

/** @param {Server} server */
const isUp = async ({ url }) => {
  const { request } = await import(url.startsWith('https') ? 'node:https' : 'node:http');
  const options = { auth: `admin:${ADMIN_PASSWORD}`, rejectUnauthorized: false, timeout: 5000 };
  return new Promise((resolve) => {
    /** @param {import('node:http').IncomingMessage} response */
    const onAnswer = (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    };
    const asked = request(`${url}/_cluster/health?wait_for_status=yellow&timeout=2s`, options, onAnswer);
    asked.on('error', () => resolve(false));
    asked.on('timeout', () => asked.destroy());
    asked.end();
  });
};

/** @param {number} pid */
const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/**
 * A server with nothing in it, up and ready. 15 to 20 seconds on an idle machine, more when it has to be put together first.
 * `plain`: 3.8 over http, everyone may do everything. `secure`: 2.19 over https, with users and roles.
 * @param {'plain' | 'secure'} kind
 * @param {(server: Server) => void} [onSpawn]  Called before it is ready: so that somebody can end it whatever happens.
 * @returns {Promise<Server>}
 */
export const startOpensearch = async (kind, onSpawn = () => {}) => {
  const dist = await assembleOpensearch(kind);
  const home = join(dist, 'server');
  const folder = mkdtempSync(join(tmpdir(), `mailtrace-opensearch-${kind}-`));
  const port = await freePort();
  configure(kind, home, folder, port);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) giveAway(folder);
  const java = kind === 'plain' ? join(dist, 'jre') : javaHome();
  const log = openSync(join(folder, 'stdout.log'), 'w');
  const { JAVA_TOOL_OPTIONS: _tool, OPENSEARCH_JAVA_OPTS: _opts, ...env } = process.env;
  const child = spawn(join(home, 'bin/opensearch'), [], {
    // A group of its own: Ctrl-C in the terminal ends the tests, and they end the server.
    detached: true,
    stdio: ['ignore', log, log],
    cwd: folder,
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
    env: {
      ...env,
      JAVA_HOME: java,
      OPENSEARCH_JAVA_HOME: java,
      OPENSEARCH_PATH_CONF: join(folder, 'config'),
      OPENSEARCH_TMPDIR: join(folder, 'tmp'),
      HOME: join(folder, 'tmp'),
    },
  });
  child.unref();
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${home}/bin/opensearch could not be started.`);
  const url = `${kind === 'plain' ? 'http' : 'https'}://127.0.0.1:${port}`;
  const caFile = kind === 'plain' ? null : join(folder, 'config/root-ca.pem');
  const server = { url, port, pid, folder, caFile };
  onSpawn(server);
  const deadline = Date.now() + START_MS;
  while (!(await isUp(server))) {
    if (!isAlive(pid) || Date.now() > deadline) {
      const tail = readFileSync(join(folder, 'stdout.log'), 'utf8').slice(-4000);
      await stopOpensearch(server);
      throw new Error(`OpenSearch (${kind}) did not start:\n${tail}`);
    }
    await sleep(200);
  }
  return server;
};

/** @param {Server} server */
export const stopOpensearch = async ({ pid, folder }) => {
  const deadline = Date.now() + STOP_MS;
  if (isAlive(pid)) process.kill(pid, 'SIGTERM');
  while (isAlive(pid)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
    await sleep(50);
  }
  await rm(folder, { recursive: true, force: true });
};
