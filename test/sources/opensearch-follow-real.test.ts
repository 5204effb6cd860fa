/** Following a real OpenSearch: the promises of a LogFollower, and what clusters do to their indices. */
import { beforeAll } from 'vitest';
import { getOpensearch, OPENSEARCH_START_MS, type OpensearchServer } from '../services/opensearch.ts';
import { startTcpProxy } from '../services/tcp-proxy.ts';
import { type GrowingLogs, testLogFollower } from './follow-contract.ts';
import { addressOf, ask, createIndex, index, type Json, openIndex } from './opensearch-index.ts';
import type { ContractLine } from './source-contract.ts';

let server: OpensearchServer;
beforeAll(async () => {
  server = await getOpensearch('plain');
}, OPENSEARCH_START_MS);

const documentOf = (host: string, { time, program, pid, text }: ContractLine): Json => ({
  '@timestamp': time,
  host: { name: host },
  log: { syslog: { appname: program, procid: String(pid), facility: { name: 'mail' } } },
  message: text,
});

let names = 0;

const inIndices = async (): Promise<GrowingLogs> => {
  const name = `follow-${process.pid}-${names++}`;
  const proxy = await startTcpProxy(server.port);
  let generation = 0;
  const current = (): string => `${name}-${String(generation).padStart(6, '0')}`;
  const rotate = async (): Promise<void> => {
    generation++;
    await createIndex(server, current(), { mappings: null });
  };
  await rotate();
  return {
    append: (host, lines) =>
      index(
        server,
        current(),
        lines.map((line) => documentOf(host, line)),
      ),
    rotate,
    cut: async () => proxy.cutAfter(0),
    mend: async () => proxy.cutAfter(null),
    open: (hosts) => openIndex(server, `${name}-*`, hosts, { address: { ...addressOf(server), port: proxy.port } }),
    remove: async () => {
      await proxy.stop();
      await ask(server, 'DELETE', `/${name}-*`);
    },
  };
};

testLogFollower('a pattern of indices', inIndices);
