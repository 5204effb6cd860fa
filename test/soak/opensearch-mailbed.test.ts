/** The fleet of mailbed as an index: right in every scenario, and the same answers as from its files. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { configFor } from '../../scripts/corpus/layouts.mjs';
import { readLogs } from '../../scripts/corpus/logs.mjs';
import { scoreScenario } from '../../scripts/corpus/run-corpus.mjs';
import { readTruth } from '../../scripts/corpus/truth.mjs';
import { getOpensearch, OPENSEARCH_START_MS, type OpensearchServer } from '../services/opensearch.ts';
import { createIndex, index, type Json } from '../sources/opensearch-index.ts';
import { openFromText } from '../support/open-tracer.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/mailbed', import.meta.url));
const truth = readTruth(FOLDER);
const logs = readLogs(truth);
const { scenarios, background } = truth;

const bulkOf = (name: string): readonly Json[] =>
  gunzipSync(readFileSync(`${FOLDER}/opensearch/${name}.ndjson.gz`))
    .toString('utf8')
    .split('\n')
    .filter((line) => line.startsWith('{"@timestamp"'))
    .map((line) => JSON.parse(line) as Json);

const { mappings: ECS } = JSON.parse(readFileSync(`${FOLDER}/opensearch/index_mapping.json`, 'utf8')) as {
  mappings: Json;
};

const INDICES = [
  { at: 'mailbed-ecs', bulk: 'bulk', mappings: ECS },
  { at: 'mailbed-dynamic', bulk: 'bulk', mappings: null },
  { at: 'mailbed-received-ecs', bulk: 'bulk_as_received', mappings: ECS },
  { at: 'mailbed-received-dynamic', bulk: 'bulk_as_received', mappings: null },
] as const;

let server: OpensearchServer;
beforeAll(async () => {
  server = await getOpensearch('plain');
  for (const { at, bulk, mappings } of INDICES) {
    await createIndex(server, at, { mappings });
    await index(server, at, bulkOf(bulk));
  }
}, OPENSEARCH_START_MS);

/** Every machine stands in a cluster: there its name is configured. */
const configOf = (at: string): string => {
  const { file_config: files, ...rest } = JSON.parse(configFor(truth, 'rfc3339')) as {
    file_config: { hosts: Json };
    clusters: Json;
  };
  return JSON.stringify({
    ...rest,
    method: 'opensearch',
    clusters: { ...rest.clusters, fleet: Object.keys(files.hosts) },
    opensearch_config: { host: '127.0.0.1', port: server.port, index: at, timeout: 60 },
  });
};

describe('real logs of a fleet in an index, against their ground truth', () => {
  const scoreAll = async (list: readonly { sid: string }[], at: string) => {
    const tracer = await openFromText(configOf(at));
    try {
      const options = { trace: tracer.trace, by: 'message-id', logs };
      const faults: Record<string, unknown> = {};
      let judged = 0;
      for (const scenario of list) {
        const { right, ...rest } = await scoreScenario(scenario, truth, options);
        judged += right;
        if (Object.values(rest).some((each) => each.length > 0)) faults[scenario.sid] = rest;
      }
      return { faults, judged };
    } finally {
      await tracer.close();
    }
  };

  it.each(INDICES)(
    'is right in every scenario: $at',
    async ({ at }) => {
      expect(scenarios).toHaveLength(98);
      const { faults, judged } = await scoreAll(scenarios, at);
      expect(faults).toEqual({});
      expect(judged).toBeGreaterThan(1000);
    },
    600_000,
  );

  it.each(['mailbed-ecs', 'mailbed-received-ecs'])(
    'is right in the mails between them: %s',
    async (at) => {
      expect(background).toHaveLength(350);
      expect((await scoreAll(background, at)).faults).toEqual({});
    },
    900_000,
  );

  it('says what the files say, word for word', async () => {
    const [overFiles, overIndex] = await Promise.all([
      openFromText(configFor(truth, 'rfc3339')),
      openFromText(configOf('mailbed-ecs')),
    ]);
    let compared = 0;
    try {
      for (const { messages } of scenarios as readonly { messages: readonly { mail: Record<string, unknown> }[] }[]) {
        for (const { mail } of messages) {
          const messageId = String(mail['message_id']).replace(/^<|>$/g, '');
          if (messageId === '') continue;
          const keyword = `id:${messageId}`;
          const at = String(mail['submitted_at']);
          const ask = async (tracer: typeof overFiles) => {
            const { sources, ...answer } = (await tracer.trace([keyword], at)) as Json;
            const lines = (sources as readonly Json[]).map(({ host, status, unknownLines }) => ({
              host,
              status,
              unknownLines,
            }));
            return { ...answer, lines };
          };
          const expected = await ask(overFiles);
          // That host writes whole seconds itself, and its shipper's stamps are finer: the index has only those.
          if (JSON.stringify(expected).includes('"host":"mailbox2.campus.example","queueId"')) continue;
          compared++;
          expect(await ask(overIndex), `${keyword} at ${at}`).toEqual(expected);
        }
      }
      expect(compared).toBeGreaterThan(40);
    } finally {
      await Promise.all([overFiles.close(), overIndex.close()]);
    }
  }, 600_000);
});
