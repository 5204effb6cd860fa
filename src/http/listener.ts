/** The one HTTP listener of a service: health, readiness, metrics. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PROMETHEUS_TYPE } from './prometheus.js';

/** `isReady`: its source was reached and its sinks take what they are given. `reasons`: what is amiss, or worth knowing. */
export type Readiness = Readonly<{ isReady: boolean; reasons: readonly string[] }>;

export type ListenerOptions = Readonly<{
  /** Without access control: to be bound to this machine, or to a network that only operators reach. */
  host: string;
  /** 0: any free one. */
  port: number;
  renderMetrics: () => string;
  readiness: () => Readiness;
}>;

export type Listener = Readonly<{ port: number; close(): Promise<void> }>;

/** A client that sends nothing keeps nothing open. */
const HEADERS_TIMEOUT_MS = 10_000;

type Answer = Readonly<{ status: number; type: string; body: string }>;

const plain = (status: number, text: string): Answer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${text}\n`,
});

const json = (status: number, value: unknown): Answer => ({
  status,
  type: 'application/json; charset=utf-8',
  body: `${JSON.stringify(value)}\n`,
});

const answerTo = (path: string, { renderMetrics, readiness }: ListenerOptions): Answer => {
  switch (path) {
    case '/healthz':
      return plain(200, 'ok');
    case '/readyz': {
      const { isReady, reasons } = readiness();
      return json(isReady ? 200 : 503, { ready: isReady, reasons });
    }
    case '/metrics':
      return { status: 200, type: PROMETHEUS_TYPE, body: renderMetrics() };
    default:
      return plain(404, 'There are /healthz, /readyz and /metrics.');
  }
};

const handle = (request: IncomingMessage, response: ServerResponse, options: ListenerOptions): void => {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const { status, type, body } = isRead ? answerTo(path, options) : plain(405, 'Only GET and HEAD are answered.');
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(isRead ? {} : { allow: 'GET, HEAD' }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
  request.resume();
};

/** @throws the error of the operating system (`EADDRINUSE`, `EACCES`) when the port cannot be had. */
export const startListener = async (options: ListenerOptions): Promise<Listener> => {
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: HEADERS_TIMEOUT_MS },
    (request, response) => handle(request, response, options),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
