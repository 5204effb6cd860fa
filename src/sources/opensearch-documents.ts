/** Documents → log lines. A document's fields take the place of a syslog header, unless the message still has its own. */
import type { HostName } from '../domain/ids.js';
import { createFieldsParser, createHeaderParser } from '../parsers/syslog-header.js';
import type { Zone } from '../zone.js';
import { type FieldNames, isJson } from './opensearch-fields.js';

/** A hit as it came. `sortMs`: the timestamp as the index has it. */
export type Hit = Readonly<{ id: string; sortMs: number; sequence: number; source: unknown }>;

export type Document = Readonly<{
  /** Index and id: the same document is never taken twice. */
  id: string;
  host: HostName;
  timeMs: number;
  /** The other instant of a local stamp in the repeated hour; null when it is certain. */
  alternativeMs: number | null;
  /** What the stamp says below the millisecond, as digits. */
  fraction: string;
  /** Order in which the documents came into their shard. */
  sequence: number;
  program: string;
  pid: number | null;
  text: string;
  /** What is searched: the message as stored, without blanks and line breaks around it. */
  message: string;
  /** The line as rsyslog would write it; the message itself where it is a whole line. */
  raw: string;
}>;

export type DocumentReader = (hit: Hit) => Document | null;

type Json = Readonly<Record<string, unknown>>;

/** Where the process number stands in ECS, rsyslog's, Vector's and Fluent Bit's documents. */
const PID_FIELDS = ['log.syslog.procid', 'process.pid', 'procid', 'pid', 'syslog.procid', 'SYSLOG_PID', '_PID'];
/** Programs, where the mapped field has none. */
const PROGRAM_FIELDS = [
  'log.syslog.appname',
  'process.name',
  'appname',
  'programname',
  'program',
  'SYSLOG_IDENTIFIER',
  'ident',
];
/** Hosts, likewise. */
const HOST_FIELDS = ['host.name', 'host.hostname', 'log.syslog.hostname', 'hostname', 'host', '_HOSTNAME'];

/** The header's parser wants a stamp; the document's own is read elsewhere. */
const NO_TIME = '2000-01-01T00:00:00Z';
/** A longer message is cut: no syslog daemon sends one. */
const MESSAGE_MAX = 64 * 1024;

/** A dotted name is one flat key or a path, or both (`{"log.syslog": {"appname": …}}`). */
const valueAt = (object: unknown, name: string): unknown => {
  if (!isJson(object)) return undefined;
  if (Object.hasOwn(object, name)) return object[name];
  for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
    const key = name.slice(0, dot);
    const value = Object.hasOwn(object, key) ? valueAt(object[key], name.slice(dot + 1)) : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
};

const textAt = (source: unknown, name: string): string | null => {
  const value = name === '' ? undefined : valueAt(source, name);
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof first === 'number') return String(first);
  // RFC 5424's NILVALUE reaches documents as a dash.
  return typeof first === 'string' && first !== '' && first !== '-' ? first : null;
};

const firstOf = (source: unknown, names: readonly string[]): string | null => {
  for (const name of names) {
    const text = textAt(source, name);
    if (text !== null) return text;
  }
  return null;
};

/** Every field that a line is made of, for `_source`. */
export const sourceFields = ({ hostname, message, timestamp, service }: FieldNames): readonly string[] => [
  ...new Set(
    [hostname, message, timestamp, service, ...PID_FIELDS, ...PROGRAM_FIELDS, ...HOST_FIELDS].filter(
      (name) => name !== '',
    ),
  ),
];

const LOCAL = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?$/;

type Instant = Pick<Document, 'timeMs' | 'alternativeMs' | 'fraction'>;

/** A stamp with an offset means what the index took it for; one without is of the configured zone. */
const instantOf = (stamp: string | null, sortMs: number, zone: Zone): Instant => {
  const fraction = /[.,]\d{3}(\d+)/.exec(stamp ?? '')?.[1] ?? '';
  if (stamp === null || !LOCAL.test(stamp)) return { timeMs: sortMs, alternativeMs: null, fraction };
  const instants = zone.instantsOf(sortMs);
  switch (instants.kind) {
    case 'one':
      return { timeMs: instants.ms, alternativeMs: null, fraction };
    case 'gap':
      return { timeMs: instants.beforeMs, alternativeMs: null, fraction };
    case 'repeated':
      return { timeMs: instants.firstMs, alternativeMs: instants.secondMs, fraction };
  }
};

/** `name:` before the text is a tag where it cannot be a queue ID or a word of the text itself. */
const isTag = (program: string, pid: number | null): boolean =>
  pid !== null ||
  program.includes('/') ||
  program.endsWith(']') ||
  (/^[a-z][a-z_.-]*\d?$/.test(program) && !/^(?:warning|error|fatal|panic|statistics|reject|info)$/.test(program));

type Reading = Readonly<{
  host: string | null;
  program: string;
  pid: number | null;
  text: string;
  isWholeLine: boolean;
}>;

export type ReaderOptions = Readonly<{
  fields: FieldNames;
  zone: Zone;
  canonical: (name: string) => HostName;
  /** Middle of the searched window, for stamps in messages. */
  nearMs: number;
}>;

const createReading = ({ fields, zone, nearMs }: ReaderOptions) => {
  const context = { zoneOf: () => zone, nearMs };
  const parse = createHeaderParser(context);
  const parseFields = createFieldsParser(context);
  return (source: Json, message: string): Reading => {
    const host = firstOf(source, [fields.hostname, ...HOST_FIELDS]);
    const service = firstOf(source, [fields.service, ...PROGRAM_FIELDS]);
    const pid = firstOf(source, PID_FIELDS);
    const bare = { host, program: service ?? '', pid: null, text: message, isWholeLine: false };
    // A line with its own header, or the fields as a header: both are for the same parser to read.
    const line = parse(message);
    if (line !== null && line.program !== '') return { ...line, host: host ?? line.host, isWholeLine: true };
    const header = parseFields({ time: NO_TIME, isUtc: true, host, program: service, pid, message, original: null });
    if (header === null) return bare;
    const { program, pid: number, text } = header;
    if (service === null && !isTag(program, number)) return { ...bare, pid: null };
    return { host, program, pid: number, text, isWholeLine: false };
  };
};

const lineOf = (stamp: string, { host, program, pid, text }: Reading): string =>
  `${stamp} ${host ?? '-'} ${program}${pid === null ? '' : `[${pid}]`}: ${text}`;

/** Total: a document without a message or a host is null. */
export const createDocumentReader = (options: ReaderOptions): DocumentReader => {
  const { fields, zone, canonical } = options;
  const read = createReading(options);
  const names = new Map<string, HostName>();
  const hostOf = (name: string): HostName => {
    const known = names.get(name) ?? canonical(name);
    names.set(name, known);
    return known;
  };
  return ({ id, sortMs, sequence, source }) => {
    const stored = textAt(source, fields.message);
    if (stored === null || !isJson(source)) return null;
    const message = stored.slice(0, MESSAGE_MAX).trim();
    const reading = read(source, message);
    if (reading.host === null) return null;
    const stamp = textAt(source, fields.timestamp);
    const { program, pid, text, isWholeLine } = reading;
    return {
      id,
      host: hostOf(reading.host),
      ...instantOf(stamp, sortMs, zone),
      sequence,
      program,
      pid,
      text,
      message,
      raw: isWholeLine ? message : lineOf(stamp ?? new Date(sortMs).toISOString(), reading),
    };
  };
};
