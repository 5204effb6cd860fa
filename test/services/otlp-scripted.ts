/**
 * An OTLP receiver that answers as the test tells it: for what a real one cannot be made to say (a partial success, a refusal,
 * an error in the middle). gRPC over HTTP/2, spoken by hand.
 */
import { once } from 'node:events';
import { createSecureServer, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { decodeTraces, type ReceivedSpan } from './otlp-decode.ts';

export type ScriptedAnswer =
  | 'accept'
  | Readonly<{ rejected: number; message: string }>
  /** A gRPC status code other than 0. */
  | Readonly<{ status: number; message: string }>
  /** The connection breaks. */
  | 'break'
  /** No answer, ever. */
  | 'silence';

export type ScriptedRequest = Readonly<{ spans: readonly ReceivedSpan[]; headers: Readonly<Record<string, unknown>> }>;

export type ScriptedReceiver = Readonly<{
  endpoint: string;
  /** Spans of accepted requests. */
  spans: () => readonly ReceivedSpan[];
  requests: () => readonly ScriptedRequest[];
  close: () => Promise<void>;
}>;

const PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

/** gRPC's frame: one byte, whether it is compressed; four, how long; the message. */
const frame = (message: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};

const unframe = (body: Buffer): Buffer => {
  const message = body.subarray(5, 5 + body.readUInt32BE(1));
  return body[0] === 1 ? gunzipSync(message) : message;
};

/** ExportTraceServiceResponse; `rejected` fits into one byte. */
const responseOf = (answer: ScriptedAnswer): Buffer => {
  if (typeof answer !== 'object' || !('rejected' in answer)) return Buffer.alloc(0);
  const text = Buffer.from(answer.message, 'utf8');
  const partial = Buffer.concat([Buffer.of(0x08, answer.rejected, 0x12, text.length), text]);
  return Buffer.concat([Buffer.of(0x0a, partial.length), partial]);
};

const isAccepted = (answer: ScriptedAnswer): boolean =>
  answer === 'accept' || (typeof answer === 'object' && 'rejected' in answer);

const reply = (stream: ServerHttp2Stream, answer: ScriptedAnswer): void => {
  if (answer === 'silence') return;
  if (answer === 'break') {
    stream.session?.destroy();
    return;
  }
  const headers = { ':status': 200, 'content-type': 'application/grpc' };
  if (!isAccepted(answer) && typeof answer === 'object' && 'status' in answer) {
    stream.respond({ ...headers, 'grpc-status': answer.status, 'grpc-message': answer.message }, { endStream: true });
    return;
  }
  stream.respond(headers, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(frame(responseOf(answer)));
};

/** @param tls PEM; https then */
export const startScriptedReceiver = async (
  answer: (request: ScriptedRequest, index: number) => ScriptedAnswer,
  tls?: Readonly<{ key: string; cert: string }>,
): Promise<ScriptedReceiver> => {
  const requests: ScriptedRequest[] = [];
  const accepted: ReceivedSpan[] = [];
  const sessions = new Set<{ destroy: () => void }>();
  const server: Http2Server = tls === undefined ? createServer() : createSecureServer(tls);
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => undefined);
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      if (headers[':path'] !== PATH) return reply(stream, { status: 12, message: 'unknown service' });
      const request = { spans: decodeTraces(unframe(Buffer.concat(chunks))), headers: { ...headers } };
      const outcome = answer(request, requests.length);
      requests.push(request);
      if (isAccepted(outcome)) accepted.push(...request.spans);
      reply(stream, outcome);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    spans: () => accepted,
    requests: () => requests,
    close: async () => {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
