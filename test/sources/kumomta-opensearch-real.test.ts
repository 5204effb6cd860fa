/** KumoMTA's log records say the same from its files and from an index, however a shipper wrapped them. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getOpensearch, OPENSEARCH_START_MS, type OpensearchServer } from '../services/opensearch.ts';
import { openFromText } from '../support/open-tracer.ts';
import { createLogFolder, type LogFolder } from './log-folder.ts';
import { createIndex, index, type Json } from './opensearch-index.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/parsers/kumomta', import.meta.url));

type Record = Readonly<{ id: string; event_time?: string; recipient: string | readonly string[]; sender: string }>;

/** Of every situation, those that are bare records and bear a precise time. */
const LINES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.log') && !name.startsWith('not-understood'))
  .flatMap((name) => readFileSync(`${FOLDER}/${name}`, 'utf8').split('\n'))
  .filter((line) => line.startsWith('{"type"') && line.includes('"event_time"'));
const RECORDS = LINES.map((line) => JSON.parse(line) as Record);

const SHIPPERS: Readonly<{ [name: string]: (line: string, record: Record) => Json }> = {
  'as a message': (line, { event_time }) => ({ '@timestamp': event_time, host: { name: 'kumo1' }, message: line }),
  'as a message of a program': (line, { event_time }) => ({
    '@timestamp': event_time,
    'host.name': 'kumo1',
    'log.syslog.appname': 'kumod',
    message: line,
  }),
  'taken apart, and as it was': (line, record) => ({
    ...(JSON.parse(line) as Json),
    '@timestamp': record.event_time,
    host: { name: 'kumo1' },
    event: { original: line },
  }),
};

const BASE = { time_zone: 'UTC', domain: 'campus.example', clusters: { kumo: ['kumo1'] } };

describe('log records of KumoMTA', () => {
  let folder: LogFolder;
  let server: OpensearchServer;
  beforeAll(async () => {
    folder = await createLogFolder();
    await folder.write({ 'kumo/20261120-090000.198293239': LINES });
    server = await getOpensearch('plain');
  }, OPENSEARCH_START_MS);
  afterAll(() => folder.remove());

  it.each(Object.keys(SHIPPERS))(
    'say the same from an index: %s',
    async (shipper) => {
      const at = `kumo-${Object.keys(SHIPPERS).indexOf(shipper)}`;
      await createIndex(server, at, { mappings: null });
      const wrap = SHIPPERS[shipper]!;
      await index(
        server,
        at,
        LINES.map((line, place) => wrap(line, RECORDS[place]!)),
      );
      const mapping = shipper.startsWith('taken apart') ? { mapping: { message: 'event.original' } } : {};
      const [overFiles, overIndex] = await Promise.all([
        openFromText(
          JSON.stringify({
            ...BASE,
            method: 'file',
            file_config: { hosts: { kumo1: { log_files: [folder.path('kumo/*')] } } },
          }),
        ),
        openFromText(
          JSON.stringify({
            ...BASE,
            method: 'opensearch',
            opensearch_config: { host: '127.0.0.1', port: server.port, index: at, timeout: 60, ...mapping },
          }),
        ),
      ]);
      try {
        let found = 0;
        const keywords = new Set(
          RECORDS.flatMap(({ id, recipient }) => [...(id === '' ? [] : [`qid:${id}`]), ...[recipient].flat()]),
        );
        for (const keyword of keywords) {
          if (keyword === '') continue;
          const ask = async (tracer: typeof overFiles) => {
            const { sources, ...answer } = (await tracer.trace([keyword], '2026-11-20T09:05:00Z')) as Json;
            return answer;
          };
          const expected = await ask(overFiles);
          found += (expected['chains'] as readonly unknown[]).length;
          expect(await ask(overIndex), keyword).toEqual(expected);
        }
        expect(found).toBeGreaterThan(5);
      } finally {
        await Promise.all([overFiles.close(), overIndex.close()]);
      }
    },
    120_000,
  );
});
