/** What `mailtrace doctor` says about an index: a line for each thing that can be wrong, with its remedy. */
import type { HostName } from '../domain/ids.js';
import { type Cluster, openCluster } from '../opensearch-client/client.js';
import type { OpensearchSourceOptions } from './opensearch.js';
import type { Analysis } from './opensearch-analysis.js';
import { PROBE_TEXT, readAnalysis } from './opensearch-analysis.js';
import {
  assumeAnalysis,
  buildOneHostClause,
  type FieldTypes,
  findFieldFault,
  isJson,
  readFieldTypes,
} from './opensearch-fields.js';
import type { Clause } from './opensearch-needles.js';
import { searchPath, shardFault, tokensOf } from './opensearch-pages.js';
import { findReadable } from './opensearch-parts.js';
import { toTrouble } from './opensearch-trouble.js';

/** `note`: what was found. `remedy`: what to do; null when `ok`. */
export type OpensearchCheck = Readonly<{ name: string; ok: boolean; note: string; remedy: string | null }>;

const DAY_MS = 86_400_000;
/** Clocks are allowed to differ by so much. */
const SKEW_MS = 2 * 60_000;

const fine = (name: string, note: string): OpensearchCheck => ({ name, ok: true, note, remedy: null });
const bad = (name: string, note: string, remedy: string): OpensearchCheck => ({ name, ok: false, note, remedy });

/** `fault; remedy`, as faults are written. */
const badFault = (name: string, text: string): OpensearchCheck => {
  const [note = text, ...remedy] = text.split('; ');
  return bad(name, note, remedy.join('; '));
};

const checkTls = ({ address }: OpensearchSourceOptions): OpensearchCheck => {
  if (!address.useSsl) {
    return address.username === null
      ? fine('opensearch tls', 'not used; no password is sent')
      : bad('opensearch tls', 'the password is sent in the clear', 'set opensearch_config.use_ssl: true');
  }
  return address.verifyCerts
    ? fine('opensearch tls', 'used, and the certificate is checked')
    : bad(
        'opensearch tls',
        'the certificate is not checked',
        'name its CA in opensearch_config.ca_file and set verify_certs: true',
      );
};

/** Null when all else would fail as well. */
const checkReach = async (cluster: Cluster, signal: AbortSignal): Promise<readonly [OpensearchCheck, boolean]> => {
  const answer = await cluster.ask({ method: 'GET', path: '/' }, signal);
  const name = 'opensearch cluster';
  if (answer.kind === 'answer') {
    const version = isJson(answer.body) && isJson(answer.body['version']) ? answer.body['version']['number'] : '';
    return [fine(name, `${cluster.url} answers, version ${String(version)}`), true];
  }
  // Whoever may only search may not ask for the version.
  if (answer.fault.kind === 'forbidden') return [fine(name, `${cluster.url} answers`), true];
  return [badFault(name, answer.fault.text), false];
};

const describeAnalysis = (analysis: Analysis, field: string): OpensearchCheck => {
  const name = 'opensearch message';
  switch (analysis.kind) {
    case 'tokens':
      return fine(name, `${field} is analysed into words; searches use the index`);
    case 'value':
      return fine(name, `${field} is kept whole; searches walk through all values, text would be faster`);
    case 'opaque':
      return bad(
        name,
        `${field} is analysed in a way that hides parts of it; every line of a window has to be read`,
        'map it as text with the standard analyzer, or as wildcard, in all indices of the pattern',
      );
  }
};

const checkFields = (types: FieldTypes, { fields }: OpensearchSourceOptions): OpensearchCheck => {
  const name = 'opensearch mapping';
  const fault = findFieldFault(types, fields);
  if (fault !== null) return badFault(name, fault);
  if (types.size === 0) return fine(name, 'the user may not see the types of fields; what the search shows has to do');
  const missing = fields.hostname !== '' && !types.has(fields.hostname);
  return missing
    ? bad(name, `no document has the field ${fields.hostname}`, 'correct opensearch_config.mapping.hostname')
    : fine(name, [fields.timestamp, fields.message, fields.hostname].filter(Boolean).join(', '));
};

const ago = (ms: number): string => {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
};

const checkHost = (host: HostName, bucket: unknown, nowMs: number, { index, fields }: OpensearchSourceOptions) => {
  const name = `opensearch ${host}`;
  const newest = isJson(bucket) && isJson(bucket['newest']) ? bucket['newest']['value'] : null;
  if (typeof newest !== 'number') {
    const remedy = `correct the name of the host or opensearch_config.mapping.hostname (now ${fields.hostname})`;
    return bad(name, `the index ${index} has no document of it`, remedy);
  }
  if (newest > nowMs + SKEW_MS) {
    const remedy =
      'correct the clock of the host, or opensearch_config.time_zone if stamps are indexed without an offset';
    return bad(name, `its newest line is ${ago(newest - nowMs)} in the future`, remedy);
  }
  if (newest < nowMs - DAY_MS) {
    return bad(name, `its newest line is ${ago(nowMs - newest)} old`, 'see whether its log shipper still runs');
  }
  return fine(name, `newest line ${ago(nowMs - newest)} ago`);
};

const aggregationsOf = (options: OpensearchSourceOptions, types: FieldTypes): Clause => {
  const { hosts, fields } = options;
  const newest = { newest: { max: { field: fields.timestamp } } };
  const entries = hosts.map((host, place) => {
    const filter = buildOneHostClause(fields.hostname, host, types);
    return [`h${place}`, { filter, aggs: newest }];
  });
  return Object.fromEntries(entries) as Clause;
};

const checkHosts = async (
  cluster: Cluster,
  options: OpensearchSourceOptions,
  types: FieldTypes,
  { nowMs, signal }: Readonly<{ nowMs: number; signal: AbortSignal }>,
): Promise<readonly OpensearchCheck[]> => {
  if (options.fields.hostname === '' || options.hosts.length === 0) return [];
  const body = { size: 0, aggs: aggregationsOf(options, types) };
  const answer = await cluster.ask({ method: 'POST', path: searchPath(options.index, '_search'), body }, signal);
  if (answer.kind === 'fault') return [badFault('opensearch hosts', answer.fault.text)];
  const buckets = isJson(answer.body) && isJson(answer.body['aggregations']) ? answer.body['aggregations'] : {};
  return options.hosts.map((host, place) => checkHost(host, buckets[`h${place}`], nowMs, options));
};

/** How the messages are analysed when they are indexed need not be how searches are. Null: alike, or nobody may look. */
const checkAnalyzers = async (
  cluster: Cluster,
  { index, fields }: OpensearchSourceOptions,
  signal: AbortSignal,
): Promise<OpensearchCheck | null> => {
  const path = `${searchPath(index, '_mapping/field/')}${encodeURIComponent(fields.message)}`;
  const answer = await cluster.ask({ method: 'GET', path }, signal);
  if (answer.kind === 'fault') return null;
  const text = JSON.stringify(answer.body);
  return text.includes('"search_analyzer"')
    ? bad(
        'opensearch analyzer',
        `${fields.message} has a search_analyzer of its own; searches may miss lines`,
        'use one analyzer for indexing and searching',
      )
    : null;
};

const checkIndex = async (
  cluster: Cluster,
  options: OpensearchSourceOptions,
  nowMs: number,
  signal: AbortSignal,
): Promise<readonly OpensearchCheck[]> => {
  const { index, fields } = options;
  const names = [fields.message, fields.hostname, fields.timestamp].filter((name) => name !== '');
  const path = `${searchPath(index, '_field_caps')}?fields=${names.map(encodeURIComponent).join(',')}`;
  const caps = await cluster.ask({ method: 'GET', path }, signal);
  const types: FieldTypes = caps.kind === 'answer' ? readFieldTypes(caps.body) : new Map();
  const suggest = { probe: { text: PROBE_TEXT, term: { field: fields.message, size: 1, min_word_length: 100_000 } } };
  const body = { size: 0, track_total_hits: true };
  const search = { method: 'POST', path: searchPath(index, '_search') } as const;
  const [found, probed] = await Promise.all([
    cluster.ask({ ...search, body }, signal),
    cluster.ask({ ...search, body: { ...body, suggest } }, signal),
  ]);
  if (found.kind === 'fault') {
    const readable = await findReadable(cluster, index, found.fault, signal);
    const { error } = readable?.trouble ?? toTrouble(found.fault, index);
    const rest =
      readable === null ? [] : await checkIndex(cluster, { ...options, index: readable.index }, nowMs, signal);
    return [badFault('opensearch index', error), ...rest];
  }
  const shards = shardFault(found.body);
  const total = isJson(found.body) && isJson(found.body['hits']) ? found.body['hits']['total'] : null;
  const count = isJson(total) ? Number(total['value']) : 0;
  const tokens = probed.kind === 'answer' ? tokensOf(probed.body) : null;
  const assumed = assumeAnalysis(types, fields.message);
  const analysis: Analysis = assumed.isSure ? assumed.analysis : readAnalysis(tokens ?? []);
  const remedy = 'correct opensearch_config.index, or see whether anything is shipped to it';
  const analyzers = await checkAnalyzers(cluster, options, signal);
  return [
    count === 0
      ? bad('opensearch index', `${index} has no documents`, remedy)
      : fine('opensearch index', `${index} has ${count} documents`),
    ...(shards === null ? [] : [badFault('opensearch shards', shards)]),
    checkFields(types, options),
    describeAnalysis(analysis, fields.message),
    ...(analyzers === null ? [] : [analyzers]),
    ...(await checkHosts(cluster, options, types, { nowMs, signal })),
  ];
};

/**
 * Asks a handful of things, reads no lines.
 * @throws MailtraceError `config` for a certificate file that cannot be read
 */
export const checkOpensearch = async (
  options: OpensearchSourceOptions,
  nowMs: number,
  signal: AbortSignal,
): Promise<readonly OpensearchCheck[]> => {
  const cluster = await openCluster(options.address);
  try {
    const [reach, isReached] = await checkReach(cluster, signal);
    const tls = checkTls(options);
    return isReached ? [reach, tls, ...(await checkIndex(cluster, options, nowMs, signal))] : [reach, tls];
  } finally {
    await cluster.close();
  }
};
