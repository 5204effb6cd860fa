/** Sends the queries of a search, learns on the way what the index is like, and keeps what went wrong. */
import type { HostName } from '../domain/ids.js';
import type { Cluster } from '../opensearch-client/client.js';
import type { Fault } from '../opensearch-client/faults.js';
import type { Zone } from '../zone.js';
import { type Analysis, isSafe, PROBE_TEXT, readAnalysis } from './opensearch-analysis.js';
import { createDocumentReader, type Document, sourceFields } from './opensearch-documents.js';
import {
  assumeAnalysis,
  buildOneHostClause,
  type FieldNames,
  type FieldTypes,
  findFieldFault,
  isJson,
  readFieldTypes,
} from './opensearch-fields.js';
import type { Trouble } from './opensearch-member.js';
import type { Clause } from './opensearch-needles.js';
import { readPages, searchPath, tokensOf } from './opensearch-pages.js';
import { buildQueries, type HostsWish } from './opensearch-query.js';

export type ReadingsOptions = Readonly<{
  cluster: Cluster;
  index: string;
  fields: FieldNames;
  zone: Zone;
  canonical: (name: string) => HostName;
}>;

/** What is known of the index. `isSure`: `analysis` was shown, not assumed. */
type Knowledge = Readonly<{ types: FieldTypes; analysis: Analysis; isSure: boolean }>;

export type Reading = Readonly<{
  /** Calls `take` for each document that may fulfil a wish, until it returns false. */
  read: (wishes: readonly HostsWish[], take: (document: Document) => boolean, signal: AbortSignal) => Promise<void>;
  troubleOf: (host: HostName, linesRead: number) => Trouble;
}>;

/** Templates of new indices change: what was learnt is forgotten after so many searches. */
const SEARCHES_PER_LESSON = 100;
/** Hosts of which it is asked whether the index knows them, at a time. */
const HOSTS_COUNTED = 200;

const STATUS: Readonly<Record<Fault['kind'], 'unreachable' | 'unreadable'>> = {
  unreachable: 'unreachable',
  lost: 'unreachable',
  overloaded: 'unreachable',
  unauthorized: 'unreadable',
  forbidden: 'unreadable',
  missing: 'unreadable',
  refused: 'unreadable',
};

const hostsAggregation = (field: string, hosts: readonly HostName[], types: FieldTypes): Clause => ({
  aggs: {
    all: {
      global: {},
      aggs: Object.fromEntries(
        hosts.map((host, index) => [`h${index}`, { filter: buildOneHostClause(field, host, types) }]),
      ),
    },
  },
});

const probe = (field: string): Clause => ({
  // A word this short is never corrected: only the tokens are wanted.
  suggest: { probe: { text: PROBE_TEXT, term: { field, size: 1, min_word_length: 100_000 } } },
});

/** A host, of which the index has no document, without those that have one. */
const missingHosts = (body: Clause, hosts: readonly HostName[]): readonly HostName[] => {
  const all = isJson(body['aggregations']) ? body['aggregations']['all'] : undefined;
  if (!isJson(all)) return [];
  return hosts.filter((_, index) => {
    const bucket = all[`h${index}`];
    return isJson(bucket) && bucket['doc_count'] === 0;
  });
};

export const createReadings = (options: ReadingsOptions) => {
  const { cluster, index, fields } = options;
  const seen = new Set<HostName>();
  let lesson: Knowledge | null = null;
  let searches = 0;

  const learn = async (signal: AbortSignal): Promise<Knowledge | string | Fault> => {
    if (lesson !== null && searches % SEARCHES_PER_LESSON !== 0) return lesson;
    const names = [...new Set([fields.message, fields.hostname, fields.timestamp])].filter((name) => name !== '');
    const path = `${searchPath(index, '_field_caps')}&fields=${names.map(encodeURIComponent).join(',')}`;
    const answer = await cluster.ask({ method: 'GET', path }, signal);
    if (answer.kind === 'fault' && answer.fault.kind !== 'forbidden') return answer.fault;
    // Who may search may not always ask for fields: then the first answer has to show what the message is.
    const types = answer.kind === 'fault' ? new Map<string, ReadonlySet<string>>() : readFieldTypes(answer.body);
    const indices = answer.kind === 'answer' && isJson(answer.body) ? answer.body['indices'] : null;
    if (Array.isArray(indices) && indices.length === 0) {
      return `no index fits ${index}; correct opensearch_config.index`;
    }
    const fault = findFieldFault(types, fields);
    if (fault !== null) return fault;
    lesson = { types, ...assumeAnalysis(types, fields.message) };
    return lesson;
  };

  const start = (nearMs: number, hosts: readonly HostName[]): Reading => {
    searches++;
    const readDocument = createDocumentReader({ ...options, nearMs });
    const unknown = [...new Set(hosts)].filter((host) => !seen.has(host)).slice(0, HOSTS_COUNTED);
    let trouble: Trouble = null;
    let absent: ReadonlySet<HostName> = new Set();
    let isCounted = fields.hostname === '';

    const fail = (fault: Fault): void => {
      trouble = { status: STATUS[fault.kind], error: fault.text };
    };

    /** True when all was read or nothing can be; false when it must be read in another way. */
    const readQuery = async (
      query: Clause,
      known: Knowledge,
      take: (document: Document) => boolean,
      signal: AbortSignal,
    ): Promise<boolean> => {
      let isRight = true;
      const counted = isCounted || unknown.length === 0 ? [] : unknown;
      const onFirst = (body: Clause): boolean => {
        if (!known.isSure) {
          const actual = readAnalysis(tokensOf(body) ?? []);
          isRight = isSafe(known.analysis, actual);
          lesson = { ...known, analysis: isRight ? known.analysis : actual, isSure: true };
        }
        if (counted.length > 0) {
          isCounted = true;
          absent = new Set(missingHosts(body, counted));
          for (const host of counted) if (!absent.has(host)) seen.add(host);
        }
        return isRight;
      };
      const { fault, shards, isEmptyIndex } = await readPages(
        cluster,
        {
          index,
          timestamp: fields.timestamp,
          sourceFields: sourceFields(fields),
          query,
          extra: {
            ...(known.isSure ? {} : probe(fields.message)),
            ...(counted.length === 0 ? {} : hostsAggregation(fields.hostname, counted, known.types)),
          },
          onFirst,
          onHit: (hit) => {
            const document = readDocument(hit);
            return document === null || take(document);
          },
        },
        signal,
      );
      if (!isRight) return false;
      if (fault !== null) {
        const isPickey = fault.kind === 'refused' || fault.detail.includes('merge suggest result');
        if (isPickey && known.analysis.kind !== 'opaque') {
          lesson = { ...known, analysis: { kind: 'opaque' }, isSure: true };
          return false;
        }
        fail(fault);
      } else if (isEmptyIndex) {
        trouble = { status: 'unreadable', error: `no index fits ${index}; correct opensearch_config.index` };
      } else if (shards !== null) trouble ??= { status: 'incomplete', error: shards };
      return true;
    };

    const read: Reading['read'] = async (wishes, take, signal) => {
      if (wishes.length === 0 || (trouble !== null && trouble.status !== 'incomplete')) return;
      // Assumed, shown otherwise, and refused at last: no fourth way.
      for (let attempt = 1; attempt <= 3; attempt++) {
        const known = await learn(signal);
        if (typeof known === 'string') {
          trouble = { status: 'unreadable', error: known };
          return;
        }
        if ('text' in known) {
          fail(known);
          return;
        }
        let isRight = true;
        for (const query of buildQueries(wishes, { ...known, fields, zone: options.zone })) {
          const current = lesson ?? known;
          isRight = await readQuery(query, { ...known, isSure: current.isSure }, take, signal);
          if (!isRight || (trouble !== null && trouble.status !== 'incomplete')) break;
        }
        if (isRight) return;
      }
    };

    const troubleOf = (host: HostName, linesRead: number): Trouble => {
      if (trouble !== null) return linesRead > 0 ? { ...trouble, status: 'incomplete' } : trouble;
      if (linesRead > 0 || !absent.has(host)) return null;
      const where = `the index ${index} has no document of ${host}`;
      return {
        status: 'unreadable',
        error: `${where}; correct the name of the host or opensearch_config.mapping.hostname (${fields.hostname})`,
      };
    };
    return { read, troubleOf };
  };
  return { start };
};
