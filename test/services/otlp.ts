/**
 * A real OTLP receiver for tests: rotel takes the spans over gRPC and hands them on over HTTP to this process, which keeps them.
 * It can be stopped and started again on the same port.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { decodeTraces, type ReceivedSpan } from './otlp-decode.ts';
import { assembleRotel } from './otlp-dist.mjs';

export type OtlpReceiver = Readonly<{
  /** `http://127.0.0.1:port` */
  endpoint: string;
  /** All that was received since the start, in the order of its arrival, repeats included. */
  spans: () => readonly ReceivedSpan[];
  /** Ends the receiver; nobody listens at the endpoint any more. What it had taken has arrived then. */
  stop: () => Promise<void>;
  /** Starts it again at the same endpoint. */
  start: () => Promise<void>;
  close: () => Promise<void>;
}>;

/** For `beforeAll`: pip may have to fetch the receiver first. */
export const OTLP_START_MS = 120_000;
const UP_MS = 30_000;
const STOP_MS = 15_000;
/** A test run that was killed tears nothing down: ends the receiver when the run is gone. */
const WATCH = 'while kill -0 "$1" && kill -0 "$2"; do sleep 1; done 2>/dev/null; kill -9 "$2"';

const portOf = (server: { address: () => AddressInfo | string | null }): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
};

const freePort = async (): Promise<number> => {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
};

const isListening = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};

const readBody = async (request: IncomingMessage): Promise<Uint8Array> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
};

/** Keeps what rotel hands on. */
const startKeeper = async () => {
  const spans: ReceivedSpan[] = [];
  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => {
        spans.push(...decodeTraces(body));
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      },
      () => response.writeHead(400).end(),
    );
  });
  // rotel gives up what it sends over a connection that is just being closed for its silence.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { spans, port: portOf(server), close };
};

const startAgent = async (program: string, grpcPort: number, keeperPort: number): Promise<ChildProcess> => {
  const httpPort = await freePort();
  const args = [
    'start',
    '--otlp-grpc-endpoint',
    `127.0.0.1:${grpcPort}`,
    '--otlp-http-endpoint',
    `127.0.0.1:${httpPort}`,
  ];
  args.push('--exporter', 'otlp', '--otlp-exporter-protocol', 'http', '--otlp-exporter-batch-timeout', '20ms');
  // On a busy machine this process answers late.
  args.push('--otlp-exporter-endpoint', `http://127.0.0.1:${keeperPort}`, '--otlp-exporter-request-timeout', '120s');
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => (said = `${said}${data}`.slice(-4000)));
  spawn('sh', ['-c', WATCH, 'watch', String(process.pid), String(child.pid)], {
    detached: true,
    stdio: 'ignore',
  }).unref();
  const deadline = Date.now() + UP_MS;
  while (!(await isListening(grpcPort))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`rotel did not start:\n${said}`);
    await sleep(20);
  }
  return child;
};

/** By its own process: first a request to end, in which it hands on what it holds. */
const endAgent = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  child.kill('SIGTERM');
  await once(child, 'exit');
  clearTimeout(timer);
};

export const startOtlpReceiver = async (): Promise<OtlpReceiver> => {
  const program = await assembleRotel();
  const keeper = await startKeeper();
  const port = await freePort();
  let agent: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    agent ??= await startAgent(program, port, keeper.port);
  };
  const stop = async (): Promise<void> => {
    const old = agent;
    agent = null;
    if (old !== null) await endAgent(old);
  };
  await start();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans: () => keeper.spans,
    stop,
    start,
    close: async () => {
      await stop();
      await keeper.close();
    },
  };
};
