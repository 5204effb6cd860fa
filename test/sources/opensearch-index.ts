/** Fills an index for a test, as an administrator's pipeline would. */
import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request } from 'node:https';
import { type HostName, hostName } from '../../src/domain/ids.ts';
import type { ClusterAddress } from '../../src/opensearch-client/address.ts';
import { type OpensearchSourceOptions, openOpensearch } from '../../src/sources/opensearch.ts';
import type { FieldNames } from '../../src/sources/opensearch-fields.ts';
import type { OpensearchServer } from '../services/opensearch.ts';
import { ADMIN_PASSWORD } from '../services/opensearch-dist.mjs';

export type Json = Readonly<Record<string, unknown>>;

/** As administrator. `body` text: as it is. @returns status and decoded answer */
export const ask = (
  { url, caFile }: OpensearchServer,
  method: string,
  path: string,
  body: Json | string | null = null,
): Promise<Readonly<{ status: number; body: Json }>> =>
  new Promise((resolve, reject) => {
    const type = typeof body === 'string' ? 'application/x-ndjson' : 'application/json';
    const tls = caFile === null ? {} : { ca: readFileSync(caFile), auth: `admin:${ADMIN_PASSWORD}` };
    const send = caFile === null ? plainRequest : request;
    const sent = send(`${url}${path}`, { method, headers: { 'content-type': type }, ...tls }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, body: text === '' ? {} : (JSON.parse(text) as Json) });
      });
    });
    sent.on('error', reject);
    if (body !== null) sent.write(typeof body === 'string' ? body : JSON.stringify(body));
    sent.end();
  });

/** @throws when the server does not do it */
export const mustAsk = async (...args: Parameters<typeof ask>): Promise<Json> => {
  const { status, body } = await ask(...args);
  if (status >= 300) throw new Error(`${args[1]} ${args[2]}: ${status} ${JSON.stringify(body).slice(0, 500)}`);
  return body;
};

const BULK = 4000;

export const index = async (server: OpensearchServer, name: string, documents: readonly Json[]): Promise<void> => {
  for (let start = 0; start < documents.length; start += BULK) {
    const lines = documents.slice(start, start + BULK).map((each) => `{"create":{}}\n${JSON.stringify(each)}\n`);
    const { errors, items } = await mustAsk(server, 'POST', `/${name}/_bulk?refresh=true`, lines.join(''));
    if (errors === true) throw new Error(JSON.stringify(items).slice(0, 500));
  }
};

/** A new index, instead of one that a broken run left. `mapping` null: dynamic. */
export const createIndex = async (
  server: OpensearchServer,
  name: string,
  { mappings, settings = {} }: Readonly<{ mappings: Json | null; settings?: Json }>,
): Promise<void> => {
  await ask(server, 'DELETE', `/${name}`);
  const shards = { number_of_shards: 2, number_of_replicas: 0, ...settings };
  await mustAsk(server, 'PUT', `/${name}`, { settings: shards, ...(mappings === null ? {} : { mappings }) });
};

export const ECS_FIELDS: FieldNames = {
  hostname: 'host.name',
  message: 'message',
  timestamp: '@timestamp',
  service: 'log.syslog.appname',
  facility: 'log.syslog.facility.name',
};

export const addressOf = ({ url, port, caFile }: OpensearchServer): ClusterAddress => ({
  host: '127.0.0.1',
  port,
  useSsl: url.startsWith('https'),
  verifyCerts: true,
  caFile,
  clientCertFile: null,
  clientKeyFile: null,
  username: caFile === null ? null : 'admin',
  password: caFile === null ? null : ADMIN_PASSWORD,
  timeoutMs: 60_000,
});

export const openIndex = (
  server: OpensearchServer,
  name: string,
  hosts: readonly string[],
  more: Partial<OpensearchSourceOptions> = {},
) =>
  openOpensearch({
    address: addressOf(server),
    index: name,
    fields: ECS_FIELDS,
    timeZone: '+00:00',
    hosts: hosts.map(hostName),
    canonical: (host): HostName => hostName(host.toLowerCase()),
    ...more,
  });
