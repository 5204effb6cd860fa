/** Socket Mode: /apis/events-api/using-socket-mode. Each envelope goes to one connection and waits for its acknowledgement. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { isObject, type JsonObject, parseJson } from '../json.js';
import { BODY_MAX_BYTES, MAX_SOCKETS, SOCKET_TICKET_TTL_MS } from '../limits.js';
import type { Delivery, EnvelopeType, Retry, Transport } from './delivery.js';

type Options = Readonly<{
  now: () => number;
  /** `ws://127.0.0.1:PORT` */
  url: () => string;
  appId: string;
  ackTimeoutMs: number;
  onConnections: (count: number) => void;
}>;

type Waiting = { readonly socket: WebSocket; readonly settle: (delivery: Delivery) => void; readonly sentAtMs: number };

/** The server's pings; the SDK gives up after 30 s without one. */
const PING_MS = 10_000;
const TICKETS_KEPT = 100;
const GOODBYE_MS = 500;

export type DisconnectReason = 'warning' | 'refresh_requested' | 'link_disabled';

export class SocketModeHub implements Transport {
  readonly #options: Options;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: BODY_MAX_BYTES });
  readonly #tickets = new Map<string, number>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #pings: NodeJS.Timeout;
  #sockets: WebSocket[] = [];
  #turn = 0;
  #lateAcks = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#pings = setInterval(() => {
      for (const socket of this.#sockets) socket.ping();
    }, PING_MS);
    this.#pings.unref();
  }

  get connections(): number {
    return this.#sockets.length;
  }

  /** Acknowledgements that came after the three seconds, or for nothing that was sent. */
  get lateAcks(): number {
    return this.#lateAcks;
  }

  /** The address apps.connections.open answers: good once, for a short while. */
  issueAddress(): string {
    const ticket = randomUUID();
    this.#tickets.set(ticket, this.#options.now() + SOCKET_TICKET_TTL_MS);
    const oldest = this.#tickets.keys().next().value;
    if (this.#tickets.size > TICKETS_KEPT && oldest !== undefined) this.#tickets.delete(oldest);
    return `${this.#options.url()}/link/?ticket=${ticket}&app_id=${this.#options.appId}`;
  }

  /** Takes over an upgrade request whose host and origin are checked. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const ticket = url.searchParams.get('ticket') ?? '';
    const expiresAtMs = this.#tickets.get(ticket) ?? 0;
    this.#tickets.delete(ticket);
    if (url.pathname !== '/link/' || this.#options.now() > expiresAtMs || this.#sockets.length >= MAX_SOCKETS) {
      stream.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, stream, head, (socket) => this.#accept(socket));
  }

  #accept(socket: WebSocket): void {
    this.#sockets.push(socket);
    socket.on('message', (data: Buffer) => this.#receive(data.toString()));
    // A broken connection also closes; the close is what counts.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#drop(socket));
    const hello = {
      type: 'hello',
      num_connections: this.#sockets.length,
      debug_info: { host: 'playground', build_number: 1, approximate_connection_time: 18_060 },
      connection_info: { app_id: this.#options.appId },
    };
    socket.send(JSON.stringify(hello));
    this.#options.onConnections(this.#sockets.length);
  }

  #drop(socket: WebSocket): void {
    this.#sockets = this.#sockets.filter((other) => other !== socket);
    for (const [id, waiting] of this.#waiting) {
      if (waiting.socket !== socket) continue;
      this.#waiting.delete(id);
      waiting.settle({ kind: 'unreachable' });
    }
    this.#options.onConnections(this.#sockets.length);
  }

  #receive(text: string): void {
    const ack = parseJson(text);
    const id = isObject(ack) ? String(ack['envelope_id']) : '';
    const waiting = this.#waiting.get(id);
    if (waiting === undefined || !isObject(ack)) {
      this.#lateAcks += 1;
      return;
    }
    this.#waiting.delete(id);
    const payload = isObject(ack['payload']) && Object.keys(ack['payload']).length > 0 ? ack['payload'] : null;
    waiting.settle({ kind: 'acked', latencyMs: this.#options.now() - waiting.sentAtMs, payload });
  }

  send(type: EnvelopeType, payload: JsonObject, retry: Retry | null): Promise<Delivery> {
    const open = this.#sockets.filter((socket) => socket.readyState === socket.OPEN);
    const socket = open[this.#turn % Math.max(open.length, 1)];
    this.#turn += 1;
    if (socket === undefined) return Promise.resolve({ kind: 'unreachable' });
    const id = randomBytes(8).toString('hex');
    const envelope = {
      envelope_id: id,
      type,
      accepts_response_payload: type !== 'events_api',
      payload,
      ...(type === 'events_api' ? { retry_attempt: retry?.attempt ?? 0, retry_reason: retry?.reason ?? '' } : {}),
    };
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        resolve({ kind: 'timeout' });
      }, this.#options.ackTimeoutMs);
      const settle = (delivery: Delivery): void => {
        clearTimeout(timer);
        resolve(delivery);
      };
      this.#waiting.set(id, { socket, settle, sentAtMs: this.#options.now() });
      socket.send(JSON.stringify(envelope));
    });
  }

  /** What Slack does when it refreshes connections: a frame, and for all but the warning the close. */
  disconnect(reason: DisconnectReason): void {
    for (const socket of this.#sockets) {
      socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'playground' } }));
      if (reason !== 'warning') socket.close(1000);
    }
  }

  /** The network breaks: no frame, no goodbye. */
  cut(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  /** Says goodbye to every connection, waits a moment for theirs, then ends what is left. */
  async close(): Promise<void> {
    clearInterval(this.#pings);
    const closed = this.#sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of this.#sockets) socket.close(1001);
    const impatience = setTimeout(() => this.cut(), GOODBYE_MS);
    await Promise.all(closed);
    clearTimeout(impatience);
    this.#server.close();
  }
}
