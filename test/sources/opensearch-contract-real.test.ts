/** The promises of a LogSource, kept over a real OpenSearch whatever the message is mapped to. */

import { beforeAll } from 'vitest';
import { getOpensearch, OPENSEARCH_START_MS } from '../services/opensearch.ts';
import { ask, createIndex, index, type Json, openIndex } from './opensearch-index.ts';
import type { ContractLog, SourceMaker } from './source-contract.ts';
import { testLogSource } from './source-contract.ts';

beforeAll(async () => {
  await getOpensearch('plain');
}, OPENSEARCH_START_MS);

const documentsOf = (logs: readonly ContractLog[]): readonly Json[] =>
  logs.flatMap(({ host, lines }) =>
    (lines ?? []).map(({ time, program, pid, text }) => ({
      '@timestamp': time,
      host: { name: host },
      log: { syslog: { appname: program, procid: String(pid), facility: { name: 'mail' } } },
      message: text,
    })),
  );

const ecs = (message: Json): Json => ({
  properties: {
    '@timestamp': { type: 'date' },
    host: { properties: { name: { type: 'keyword' } } },
    log: { properties: { syslog: { properties: { appname: { type: 'keyword' }, procid: { type: 'keyword' } } } } },
    message,
  },
});

const STANDARD = { number_of_shards: 2 };
const MAPPINGS: readonly Readonly<{ name: string; mappings: Json | null; settings: Json }>[] = [
  { name: 'dynamic', mappings: null, settings: STANDARD },
  { name: 'text', mappings: ecs({ type: 'text' }), settings: STANDARD },
  { name: 'match_only_text', mappings: ecs({ type: 'match_only_text' }), settings: STANDARD },
  { name: 'keyword', mappings: ecs({ type: 'keyword' }), settings: STANDARD },
  { name: 'keyword-40', mappings: ecs({ type: 'keyword', ignore_above: 40 }), settings: STANDARD },
  { name: 'wildcard', mappings: ecs({ type: 'wildcard' }), settings: STANDARD },
  { name: 'whitespace', mappings: ecs({ type: 'text', analyzer: 'whitespace' }), settings: STANDARD },
  { name: 'english', mappings: ecs({ type: 'text', analyzer: 'english' }), settings: STANDARD },
];

const maker = ({ name, mappings, settings }: (typeof MAPPINGS)[number]): SourceMaker => {
  const at = `contract-${name}`;
  return {
    open: async (logs) => {
      const server = await getOpensearch('plain');
      await createIndex(server, at, { mappings, settings });
      await index(server, at, documentsOf(logs));
      return openIndex(
        server,
        at,
        logs.map(({ host }) => host),
      );
    },
    remove: async () => {
      await ask(await getOpensearch('plain'), 'DELETE', `/${at}`);
    },
  };
};

for (const mapping of MAPPINGS) testLogSource(`an index with ${mapping.name} messages`, maker(mapping));
