/** The one HTTP server of the double: Web API, uploads, files, response URLs, Socket Mode upgrades and the page. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { useResponseUrl } from './answers.js';
import type { Core } from './core.js';
import type { SocketModeHub } from './delivery/socket-mode.js';
import { BODY_MAX_BYTES, UPLOAD_MAX_BYTES } from './limits.js';
import type { PageServer } from './page-server.js';
import { mediaType, readArgs, readUpload } from './web-api/body.js';
import { callMethod } from './web-api/dispatch.js';
import { argText, type Method, TIER } from './web-api/method.js';
import { mimeTypeOf } from './wire-format.js';

export type ServerDeps = Readonly<{ core: Core; hub: SocketModeHub; page: PageServer }>;

/** Loopback only: what is simulated here is nobody else's business, and nothing here is authenticated against people. */
const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

const hostOf = (host: string): string => host.replace(/:\d{1,5}$/, '').replace(/^\[(.*)\]$/, '$1');

/**
 * A page of another site that was made to resolve to 127.0.0.1 still sends its own name (DNS rebinding), and a request
 * from another page its own origin.
 */
const isFromHere = ({ headers: { host, origin } }: IncomingMessage, port: number): boolean => {
  if (host === undefined || !LOOPBACK.includes(hostOf(host)) || !host.endsWith(`:${port}`)) return false;
  return origin === undefined || origin === `http://${host}`;
};

const readBody = async (request: IncomingMessage, max: number): Promise<Buffer | null> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > max) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const send = (
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
};

const connectionsOpen = (hub: SocketModeHub): Method => ({
  token: 'app',
  scopes: [],
  perMinute: TIER.special,
  required: [],
  optional: [],
  run: () => ({ ok: true, url: hub.issueAddress() }),
});

const bearer = (request: IncomingMessage): string | null =>
  /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? null;

const wait = (core: Core, delayMs: number): Promise<void> => new Promise((resolve) => core.later(delayMs, resolve));

const handleApi = async (
  { core, hub }: ServerDeps,
  request: IncomingMessage,
  url: URL,
  body: Buffer,
  response: ServerResponse,
) => {
  const method = url.pathname.slice('/api/'.length);
  const fault = core.faults.next(method);
  if (fault?.kind === 'hang-up') {
    request.socket.destroy();
    return;
  }
  if (fault?.kind === 'status') {
    response.writeHead(fault.status, { 'content-type': 'text/html' });
    response.end('<h1>planted fault</h1>');
    return;
  }
  if (fault?.kind === 'delay') await wait(core, fault.delayMs);
  const read = readArgs(body, request.headers['content-type'] ?? '', url.searchParams);
  if (read.kind === 'refused') {
    send(response, 200, { ok: false, error: read.error });
    return;
  }
  const { token: tokenArg, ...args } = read.args;
  const token = bearer(request) ?? argText({ token: tokenArg }, 'token');
  const more = { 'apps.connections.open': connectionsOpen(hub) };
  const answer = callMethod(core, { method, args, token }, fault, more);
  const scopes = core.settings.scopes === 'all' ? {} : { 'x-oauth-scopes': core.settings.scopes.join(',') };
  send(response, answer.status, answer.body, { ...answer.headers, ...scopes });
};

const handleUpload = (
  { core }: ServerDeps,
  request: IncomingMessage,
  url: URL,
  body: Buffer,
  response: ServerResponse,
): void => {
  const contentType = request.headers['content-type'] ?? '';
  const file = [...core.workspace.files.values()].find(({ uploadToken }) => url.pathname.endsWith(`/${uploadToken}`));
  const bytes = readUpload(body, contentType);
  const refuse = (status: number, error: string): void => {
    const args = { name: file?.name ?? null, bytes: bytes?.length ?? null };
    core.journal.write({ atMs: core.now(), method: 'upload', args, status, error: error || null, undocumented: [] });
    response.writeHead(status, { 'content-type': 'text/plain' });
    response.end(error === '' ? `OK - ${bytes?.length ?? 0}` : error);
  };
  const fault = core.faults.next('upload');
  if (fault !== null) refuse(fault.kind === 'status' ? fault.status : 500, 'planted');
  else if (file === undefined) refuse(404, 'no_such_upload');
  else if (bytes === null) refuse(400, 'no_file_in_form');
  else if (bytes.length !== file.declaredBytes) refuse(400, 'length_differs_from_declared');
  else {
    file.bytes = bytes;
    file.uploadedAs = mediaType(contentType);
    refuse(200, '');
  }
};

const handleFile = ({ core }: ServerDeps, request: IncomingMessage, url: URL, response: ServerResponse): void => {
  const id = /^\/files-pri\/[A-Z0-9]+-([A-Z0-9]+)\//.exec(url.pathname)?.[1] ?? '';
  const file = core.workspace.files.get(id);
  if (bearer(request) !== core.settings.botToken || file?.bytes == null) {
    send(response, 404, { ok: false, error: 'file_not_found' });
    return;
  }
  response.writeHead(200, { 'content-type': mimeTypeOf(file) });
  response.end(file.bytes);
};

const route = async (deps: ServerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const url = new URL(request.url ?? '/', deps.core.url());
  const isUpload = url.pathname.startsWith('/upload/v1/');
  const body = await readBody(request, isUpload ? UPLOAD_MAX_BYTES : BODY_MAX_BYTES);
  if (body === null) {
    send(response, 413, { ok: false, error: 'request_too_large' }, { connection: 'close' });
    return;
  }
  if (url.pathname.startsWith('/api/')) await handleApi(deps, request, url, body, response);
  else if (isUpload) handleUpload(deps, request, url, body, response);
  else if (url.pathname.startsWith('/files-pri/')) handleFile(deps, request, url, response);
  else if (url.pathname.startsWith('/respond/') && request.method === 'POST') {
    const { status, body: answer } = useResponseUrl(deps.core, url.pathname.slice('/respond/'.length), body.toString());
    send(response, status, answer);
  } else if (!(await deps.page.handle(request, url, body, response))) send(response, 404, { error: 'not_found' });
};

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** @returns the listening server. Requests that are not from here get 403, whatever they ask. */
export const listen = async (host: string, port: number, deps: ServerDeps): Promise<Server> => {
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(SAFE_HEADERS)) response.setHeader(name, value);
    if (!isFromHere(request, portOf(server))) {
      send(response, 403, { ok: false, error: 'foreign_host_or_origin' }, { connection: 'close' });
      return;
    }
    route(deps, request, response).catch((error: unknown) => {
      // A bug of the double: the caller sees it, and the test that caused it fails on it.
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (!response.headersSent) send(response, 500, { ok: false, error: 'playground_bug', message });
      else response.end();
    });
  });
  server.on('upgrade', (request, stream, head) => {
    if (isFromHere(request, portOf(server))) deps.hub.upgrade(request, stream, head);
    else stream.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
};
