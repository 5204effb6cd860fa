/** Address, TLS and user of a cluster → requests to it. For every adapter that speaks to OpenSearch. */
import type { Client, ClientOptions } from '@opensearch-project/opensearch';
import type { ClusterAddress } from './address.js';
import { connectionClass } from './connection.js';
import { describeStatus, describeThrown, type Fault } from './faults.js';
import { readTls } from './tls.js';

/** `body` is whatever JSON the cluster answered. */
export type Answer = Readonly<{ kind: 'answer'; body: unknown }> | Readonly<{ kind: 'fault'; fault: Fault }>;

type Json = Readonly<Record<string, unknown>>;

/** `body`: JSON. `lines`: JSON Lines, for what takes several requests in one. `isSmall`: not worth compressing the answer. */
export type ClusterRequest = Readonly<{
  method: 'GET' | 'POST';
  path: string;
  body?: Json;
  lines?: readonly Json[];
  isSmall?: boolean;
}>;

export type Cluster = Readonly<{
  /** `http://host:port`, without the password. */
  url: string;
  /**
   * Never throws for what a cluster or a network does.
   * @throws the signal's reason when it aborts
   */
  ask: (request: ClusterRequest, signal: AbortSignal) => Promise<Answer>;
  /** The answer to one of the searches of a `_msearch`. */
  readPart: (part: unknown) => Answer;
  close: () => Promise<void>;
}>;

/** Many answers at once must not be retried by the library: a round has its own time limit, and a fault is reported. */
const RETRIES = 0;
/** A node that restarts, or a load balancer between two nodes, is back within this time. */
const SOON_MS = [250];
/** A node that has no memory or no thread left for a search has some after its next garbage collection. */
const BUSY_MS = [250, 1000, 2000];
const BUSY = /\b(?:circuit_breaking|rejected_execution)_exception\b/;

/** An IPv6 address stands in brackets in a URL (RFC 3986 §3.2.2). */
const urlOf = ({ host, port, useSsl }: ClusterAddress): string =>
  `${useSsl ? 'https' : 'http'}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;

const waitsFor = ({ kind, detail }: Fault): readonly number[] => {
  if (kind !== 'overloaded' && kind !== 'lost') return [];
  return BUSY.test(detail) ? BUSY_MS : SOON_MS;
};

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const paramsOf = ({ method, path, body, lines, isSmall = false }: ClusterRequest) => ({
  params: { method, path, ...(body && { body }), ...(lines && { bulkBody: [...lines] }) },
  options: { maxRetries: RETRIES, ...(isSmall && { headers: { 'accept-encoding': 'identity' } }) },
});

const createAsk = (client: Client, address: ClusterAddress): Cluster['ask'] => {
  const once = async (request: ClusterRequest, signal: AbortSignal): Promise<Answer> => {
    const limit = AbortSignal.timeout(address.timeoutMs);
    const either = AbortSignal.any([signal, limit]);
    const { params, options } = paramsOf(request);
    const sent = client.transport.request(params, options);
    const abort = (): void => {
      sent.abort();
    };
    either.addEventListener('abort', abort, { once: true });
    try {
      const answer: Readonly<{ body: unknown }> = await sent;
      return { kind: 'answer', body: answer.body };
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'fault', fault: describeThrown(error, address, limit.aborted) };
    } finally {
      either.removeEventListener('abort', abort);
    }
  };
  return async (request, signal) => {
    signal.throwIfAborted();
    for (let tries = 0; ; tries++) {
      const answer = await once(request, signal);
      const waitMs = answer.kind === 'answer' ? undefined : waitsFor(answer.fault)[tries];
      if (waitMs === undefined) return answer;
      await wait(waitMs);
      signal.throwIfAborted();
    }
  };
};

const createReadPart =
  (address: ClusterAddress): Cluster['readPart'] =>
  (part) => {
    const status = typeof part === 'object' && part !== null && 'status' in part ? Number(part.status) : 200;
    return status < 400
      ? { kind: 'answer', body: part }
      : { kind: 'fault', fault: describeStatus(status, part, address) };
  };

/**
 * Connects with the first request, not before.
 * @throws MailtraceError `config` for a certificate file that cannot be read or is none
 */
export const openCluster = async (address: ClusterAddress): Promise<Cluster> => {
  const { Client, Connection, errors } = await import('@opensearch-project/opensearch');
  const { username, password, timeoutMs } = address;
  const ssl: ClientOptions['ssl'] = address.useSsl ? await readTls(address) : undefined;
  const open = (): Client =>
    new Client({
      node: urlOf(address),
      Connection: connectionClass({ Connection, errors }),
      maxRetries: RETRIES,
      requestTimeout: timeoutMs,
      suggestCompression: true,
      ...(username === null ? {} : { auth: { username, password: password ?? '' } }),
      ...(ssl === undefined ? {} : { ssl }),
    });
  const client = open();
  return {
    url: urlOf(address),
    ask: createAsk(client, address),
    readPart: createReadPart(address),
    close: () => client.close(),
  };
};
