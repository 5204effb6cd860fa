/** What the index's fields are, as far as the cluster tells, and the part of a query that is about hosts and time. */
import type { HostName } from '../domain/ids.js';
import type { TimeWindow } from '../domain/time-window.js';
import type { Zone } from '../zone.js';
import type { Analysis } from './opensearch-analysis.js';
import { STANDARD } from './opensearch-analysis.js';
import type { Clause } from './opensearch-needles.js';

/** Our name of a fact → the field that holds it; `''` for none. */
export type FieldNames = Readonly<{
  hostname: string;
  message: string;
  timestamp: string;
  service: string;
  facility: string;
}>;

/** Field → the types it has in the indices; empty when the cluster does not say. */
export type FieldTypes = ReadonlyMap<string, ReadonlySet<string>>;

type Json = Readonly<Record<string, unknown>>;
export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads the answer of `_field_caps`. A type that cannot be searched counts as `unsearchable`. */
export const readFieldTypes = (body: unknown): FieldTypes => {
  const fields = isJson(body) && isJson(body['fields']) ? body['fields'] : {};
  return new Map(
    Object.entries(fields).map(([field, types]) => [
      field,
      new Set(
        Object.entries(isJson(types) ? types : {}).map(([type, caps]) =>
          isJson(caps) && caps['searchable'] === false ? 'unsearchable' : type,
        ),
      ),
    ]),
  );
};

const TEXTS: ReadonlySet<string> = new Set(['text', 'match_only_text']);
const VALUES: ReadonlySet<string> = new Set(['keyword', 'wildcard', 'constant_keyword']);

const areAll = (types: ReadonlySet<string> | undefined, known: ReadonlySet<string>): boolean =>
  types !== undefined && types.size > 0 && [...types].every((type) => known.has(type));

/** What may be assumed of the message before the first answer. `isSure`: nothing has to be learnt about it. */
export const assumeAnalysis = (
  types: FieldTypes,
  message: string,
): Readonly<{ analysis: Analysis; isSure: boolean }> => {
  const found = types.get(message);
  if (areAll(found, VALUES)) return { analysis: { kind: 'value' }, isSure: true };
  if (found === undefined || areAll(found, TEXTS)) return { analysis: STANDARD, isSure: false };
  return { analysis: { kind: 'opaque' }, isSure: true };
};

const DATES: ReadonlySet<string> = new Set(['date', 'date_nanos']);

/** Names the fields that cannot be what they should be; null when all is well or nothing is known. */
export const findFieldFault = (types: FieldTypes, { message, timestamp }: FieldNames): string | null => {
  if (types.size === 0) return null;
  if (!types.has(timestamp))
    return `no document has the field ${timestamp}; correct opensearch_config.mapping.timestamp`;
  if (!areAll(types.get(timestamp), DATES))
    return `the field ${timestamp} is ${[...types.get(timestamp)!].join(' and ')}, not date; map it as date or correct opensearch_config.mapping.timestamp`;
  return types.has(message) ? null : `no document has the field ${message}; correct opensearch_config.mapping.message`;
};

const firstLabel = (host: string): string => (/^[\d.]+$|:/.test(host) ? host : host.split('.', 1)[0]!);

const prefix = (field: string, value: string): Clause => ({ prefix: { [field]: { value, case_insensitive: true } } });
const term = (field: string, value: string): Clause => ({ term: { [field]: { value, case_insensitive: true } } });
const anyOf = (should: readonly Clause[]): Clause => ({ bool: { should, minimum_should_match: 1 } });

const hostClauses = (field: string, host: string, types: FieldTypes): readonly Clause[] => {
  const label = firstLabel(host);
  if (areAll(types.get(field), VALUES)) return [term(field, label), prefix(field, `${label}.`)];
  // Analysed, `mx-1.example` is several terms; its first word begins the first of them.
  return [prefix(field, /^[0-9A-Za-z]+/.exec(label)?.[0].toLowerCase() ?? label)];
};

/** Hosts take two clauses each at most. */
export const HOST_CLAUSES = 2;

/** Lines of these hosts, and perhaps of others; documents without a host may say it in their message. Null: any line may be. */
export const buildHostClause = (field: string, hosts: Iterable<HostName>, types: FieldTypes): Clause | null => {
  if (field === '') return null;
  const known = [...hosts].flatMap((host) => hostClauses(field, host, types));
  return anyOf([...known, { bool: { must_not: [{ exists: { field } }] } }]);
};

/** Documents of one host, for counting. */
export const buildOneHostClause = (field: string, host: HostName, types: FieldTypes): Clause =>
  anyOf(hostClauses(field, host, types));

/** Stamps around a change of the clock may be read either way. */
const MARGIN_MS = 3_600_000;

const range = (field: string, fromMs: number, toMs: number): Clause => ({
  range: { [field]: { gte: fromMs, lt: toMs, format: 'epoch_millis' } },
});

/** Documents in the window, and those that may be in it if their stamp had no offset (OpenSearch took it for UTC). */
export const buildTimeClause = (field: string, { fromMs, toMs }: TimeWindow, zone: Zone): Clause => {
  const exact = range(field, fromMs, toMs);
  const offsets = [zone.offsetMsAt(fromMs), zone.offsetMsAt(toMs)];
  if (offsets.every((offset) => offset === 0)) return exact;
  const local = range(field, fromMs + Math.min(...offsets) - MARGIN_MS, toMs + Math.max(...offsets) + MARGIN_MS);
  return anyOf([exact, local]);
};
