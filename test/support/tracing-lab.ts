/** `mailtrace tracing` as its users run it: the built program, a real OpenSearch, a real OTLP receiver. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { OpensearchServer } from '../services/opensearch.ts';
import type { ReceivedSpan } from '../services/otlp-decode.ts';
import { createIndex, index, type Json } from '../sources/opensearch-index.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/bin/mailtrace.js', import.meta.url));

/** H(…) of CONTRACT §3, first 8 bytes where it is a span: made here, from its text. */
const digest = (...parts: readonly string[]): Buffer => createHash('sha256').update(parts.join('\0')).digest();
export const contractIds = (messageId: string) => {
  const whole = digest(messageId);
  return {
    trace: whole.subarray(0, 16).toString('hex'),
    root: whole.subarray(16, 24).toString('hex'),
    transaction: (host: string, queueId: string) => digest(messageId, host, queueId).subarray(0, 8).toString('hex'),
    handover: (nextId: string) => digest(messageId, '>', nextId).subarray(0, 8).toString('hex'),
    attempt: (host: string, queueId: string, relay: string, timeMs: number) =>
      digest(messageId, host, queueId, relay, new Date(timeMs).toISOString()).subarray(0, 8).toString('hex'),
  };
};

export type LogLine = Readonly<{ timeMs: number; host: string; program: string; pid?: number; message: string }>;

/** As a shipper writes it. */
const documentOf = ({ timeMs, host, program, pid = 100, message }: LogLine): Json => ({
  '@timestamp': new Date(timeMs).toISOString(),
  host: { name: host },
  log: { syslog: { appname: program, procid: String(pid), facility: { name: 'mail' } } },
  message,
});

const MAPPINGS: Json = {
  properties: {
    '@timestamp': { type: 'date' },
    host: { properties: { name: { type: 'keyword' } } },
    log: { properties: { syslog: { properties: { appname: { type: 'keyword' }, procid: { type: 'keyword' } } } } },
    message: { type: 'text' },
  },
};

/** What a message leaves in the log of one host. Milliseconds since the epoch; the lines come some ms apart. */
export const arrival = (host: string, id: string, atMs: number, facts: ArrivalFacts): readonly LogLine[] => {
  const { messageId, client = 'c104.sender.example[192.0.2.104]', nrcpt = 1 } = facts;
  return [
    { timeMs: atMs, host, program: 'postfix/smtpd', message: `${id}: client=${client}` },
    { timeMs: atMs + 2, host, program: 'postfix/cleanup', message: `${id}: message-id=<${messageId}>` },
    {
      timeMs: atMs + 4,
      host,
      program: 'postfix/qmgr',
      message: `${id}: from=<ann@sender.example>, size=1000, nrcpt=${nrcpt} (queue active)`,
    },
  ];
};
export type ArrivalFacts = Readonly<{ messageId: string; client?: string; nrcpt?: number }>;

export const delivery = (host: string, id: string, atMs: number, facts: DeliveryFacts): LogLine => {
  const { to = 'bob@example.org', relay, status = 'sent', dsn = '2.0.0', response } = facts;
  const message = `${id}: to=<${to}>, relay=${relay}, delay=0.4, delays=0.1/0.1/0.1/0.1, dsn=${dsn}, status=${status} (${response})`;
  return { timeMs: atMs, host, program: 'postfix/smtp', message };
};
export type DeliveryFacts = Readonly<{ relay: string; response: string; to?: string; status?: string; dsn?: string }>;

export const removal = (host: string, id: string, atMs: number): LogLine => ({
  timeMs: atMs,
  host,
  program: 'postfix/qmgr',
  message: `${id}: removed`,
});

export type Tracing = Readonly<{
  pid: number;
  stderr: () => string;
  /** SIGTERM; the exit code, and how long it took. */
  stop: () => Promise<Readonly<{ code: number | null; tookMs: number }>>;
  /** SIGKILL. */
  kill: () => Promise<void>;
}>;

export type TracingLab = Readonly<{
  folder: string;
  dataDir: string;
  /** @param part which index under the pattern; a new one is made */
  ship: (lines: readonly LogLine[], part?: number) => Promise<void>;
  /** Resolves when it follows. */
  start: () => Promise<Tracing>;
  remove: () => Promise<void>;
}>;

type LabOptions = Readonly<{
  server: OpensearchServer;
  /** Where the server is read, if something stands between. */
  port?: number;
  endpoint: string;
  index: string;
  clusters: Readonly<Record<string, readonly string[]>>;
  /** The index is there, with the lines of another lab. */
  isFilled?: boolean;
  tracing?: Json;
  /** Further variables of the program's environment. */
  env?: Readonly<Record<string, string>>;
}>;

const START_MS = 60_000;

const startProgram = async (folder: string, { endpoint, env = {} }: LabOptions): Promise<Tracing> => {
  const args = [
    PROGRAM,
    'tracing',
    '-c',
    join(folder, 'config.yaml'),
    '--otel-endpoint',
    endpoint,
    '--interval',
    '0.5',
  ];
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], TZ: 'Asia/Taipei', ...env },
  });
  let out = '';
  let err = '';
  child.stdout?.on('data', (data) => (out += String(data)));
  child.stderr?.on('data', (data) => (err += String(data)));
  const exit = once(child, 'exit');
  const deadline = Date.now() + START_MS;
  while (!out.includes('following the logs')) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`mailtrace tracing did not start:\n${err}`);
    await sleep(20);
  }
  return {
    pid: child.pid ?? 0,
    stderr: () => err,
    stop: async () => {
      const startedMs = Date.now();
      child.kill('SIGTERM');
      await exit;
      return { code: child.exitCode, tookMs: Date.now() - startedMs };
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
};

export const createTracingLab = async (options: LabOptions): Promise<TracingLab> => {
  const { server, clusters, tracing = {} } = options;
  const folder = mkdtempSync(join(tmpdir(), 'mailtrace-tracing-'));
  const dataDir = join(folder, 'data');
  const parts = new Set<number>();
  const ship = async (lines: readonly LogLine[], part = 1): Promise<void> => {
    const name = `${options.index}-${part}`;
    if (!parts.has(part)) await createIndex(server, name, { mappings: MAPPINGS });
    parts.add(part);
    await index(server, name, lines.map(documentOf));
  };
  if (options.isFilled !== true) await ship([]);
  const config = {
    method: 'opensearch',
    clusters,
    opensearch_config: { host: '127.0.0.1', port: options.port ?? server.port, index: `${options.index}-*` },
    store: { data_dir: dataDir },
    tracing: { look_back: '1h', ...tracing },
    http: { port: 0 },
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify(config));
  return {
    folder,
    dataDir,
    ship,
    start: () => startProgram(folder, options),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
};

/** Waits until the receiver has what `isThere` asks for; the error shows what it has. */
export const untilReceived = async (
  spans: () => readonly ReceivedSpan[],
  isThere: (received: readonly ReceivedSpan[]) => boolean,
  withinMs = 20_000,
): Promise<void> => {
  const deadline = Date.now() + withinMs;
  while (!isThere(spans())) {
    if (Date.now() > deadline) {
      const have = spans().map(({ name, service, spanId }) => `${name} ${service} ${spanId}`);
      throw new Error(
        `Not received within ${withinMs} ms. The last of ${have.length} spans:\n${have.slice(-20).join('\n')}`,
      );
    }
    await sleep(50);
  }
};
