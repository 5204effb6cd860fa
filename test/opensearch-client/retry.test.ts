/** What is tried again before it is a fault: over HTTP, against a server that plays a busy node. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type Cluster, openCluster } from '../../src/opensearch-client/client.ts';

type Play = (response: ServerResponse) => void;

const reply =
  (status: number, body: unknown): Play =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
const busy = reply(429, { error: { type: 'circuit_breaking_exception', reason: '[parent] Data too large' } });
const hangUp: Play = (response) => response.destroy();
const found = reply(200, { hits: 1 });

let server: Server | null = null;
let cluster: Cluster | null = null;

afterEach(async () => {
  await cluster?.close();
  server?.close();
  server?.closeAllConnections();
});

/** Each request gets the next of `plays`, in the end always the last. */
const ask = async (plays: readonly Play[]) => {
  let asked = 0;
  server = createServer((request, response) => {
    request.resume();
    plays[Math.min(asked++, plays.length - 1)]!(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const address = { host: '127.0.0.1', port, useSsl: false, username: null, password: null, timeoutMs: 5000 };
  cluster = await openCluster({
    ...address,
    verifyCerts: true,
    caFile: null,
    clientCertFile: null,
    clientKeyFile: null,
  });
  const answer = await cluster.ask({ method: 'POST', path: '/mail/_search', body: {} }, new AbortController().signal);
  return { answer, asked };
};

it.each([
  ['is busy twice', [busy, busy, found], 3],
  ['hangs up once', [hangUp, found], 2],
] as const)('asks again when a node %s', async (_, plays, asks) => {
  expect(await ask(plays)).toEqual({ answer: { kind: 'answer', body: { hits: 1 } }, asked: asks });
});

it.each([
  ['stays busy', [busy], 'overloaded', 4],
  [
    'has shards that are not there',
    [reply(503, { error: { type: 'no_shard_available_action_exception' } })],
    'overloaded',
    2,
  ],
  ['keeps hanging up', [hangUp], 'lost', 2],
  ['refuses', [reply(400, { error: { type: 'parsing_exception' } })], 'refused', 1],
] as const)('gives up when a node %s', async (_, plays, kind, asks) => {
  expect(await ask(plays)).toMatchObject({ answer: { kind: 'fault', fault: { kind } }, asked: asks });
});
