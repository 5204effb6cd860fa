/**
 * Log lines that are JSON objects: ECS (flat dotted or nested keys), rsyslog and Vector templates, Filebeat, Docker's
 * `json-file`, `journalctl -o json`. A field is found by the first of its known names.
 */

/**
 * What the object says; absent facts are null. `time`: as text, or as epoch milliseconds. `isUtc`: a stamp without an offset is
 * UTC. `message`: decoded. `original`: the line as it came, where it was kept beside the message.
 */
export type JsonFields = Readonly<{
  time: string | number | null;
  isUtc: boolean;
  host: string | null;
  program: string | null;
  pid: string | null;
  message: string;
  original: string | null;
}>;

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A dotted name is looked up as one flat key first, then as a path. Names in capitals are the journal's and syslog-ng's
 * (format-json); `time`, `msg`, `pname` those of CEE.
 */
const TIME: readonly string[] = [
  '@timestamp',
  'timestamp',
  'time',
  '__REALTIME_TIMESTAMP',
  'timereported',
  'ISODATE',
  'ts',
  'date',
  'TIMESTAMP',
  'DATE',
];
/** The sender of a syslog message first: the host beside it may be the shipper's. */
const HOST: readonly string[] = [
  'log.syslog.hostname',
  'syslog.hostname',
  'hostname',
  'logsource',
  'host.hostname',
  'host.name',
  'host',
  '_HOSTNAME',
  'syslog_hostname',
  'HOSTNAME',
  'HOST',
  'p_sys',
];
/** `syslogtag` keeps the daemon that `programname` has lost; `process.name` may be no more than the command. */
const PROGRAM: readonly string[] = [
  'log.syslog.appname',
  'syslogtag',
  'syslog.appname',
  'appname',
  'app_name',
  'syslog.identifier',
  'programname',
  'program',
  'SYSLOG_IDENTIFIER',
  'process.program',
  'process.name',
  'ident',
  'tag',
  'app-name',
  'process',
  'PROGRAM',
  'pname',
];
const PID: readonly string[] = [
  'log.syslog.procid',
  'syslog.procid',
  'procid',
  'process.pid',
  'syslog.pid',
  'pid',
  'SYSLOG_PID',
  '_PID',
  'proc_id',
  'PID',
];
/** Records that are the event itself: KumoMTA's have no message around them (kumo-log-types, JsonLogRecord). */
const isKumoRecord = (object: Json): boolean =>
  typeof object['type'] === 'string' &&
  typeof object['id'] === 'string' &&
  typeof object['queue'] === 'string' &&
  typeof object['response'] === 'object';

const MESSAGE: readonly string[] = ['message', 'MESSAGE', 'msg', 'log', 'event.original'];
const ORIGINAL: readonly string[] = ['event.original', 'rawmsg', 'log.original'];
/** Where the fields of an exported search hit stand. */
const HIT: readonly string[] = ['_source', 'fields'];

/** Elasticsearch makes no difference between a value and a list of one. */
const single = (value: unknown): unknown => (Array.isArray(value) && value.length > 0 ? value[0] : value);

const byPath = (object: Json, name: string): unknown => {
  if (Object.hasOwn(object, name)) return object[name];
  let value: unknown = object;
  for (const part of name.split('.')) {
    value = single(value);
    if (!isJson(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
};

const isByte = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 256;

/** systemd writes a field that is not UTF-8 as an array of byte values, and one that occurs twice as an array of texts. */
const textOf = (value: unknown): string | null => {
  const first = single(value);
  if (typeof first === 'string') return first;
  if (Array.isArray(value) && value.length > 1 && value.every(isByte))
    return new TextDecoder().decode(Uint8Array.from(value));
  return typeof first === 'number' ? String(first) : null;
};

const firstText = (object: Json, names: readonly string[]): string | null => {
  for (const name of names) {
    const text = textOf(byPath(object, name));
    // RFC 5424's NILVALUE reaches JSON as a dash.
    if (text !== null && text !== '' && text !== '-') return text;
  }
  return null;
};

/** Seconds, milliseconds, microseconds or nanoseconds since the epoch, told by their size: all mean 1973 to 5138. */
const epochMs = (value: number): number | null => {
  if (!(value >= 1e8 && value < 1e20)) return null;
  // 1795245863.159 seconds are not quite 1795245863159 ms in binary.
  if (value < 1e11) return Math.floor(Math.round(value * 1e6) / 1000);
  if (value < 1e14) return Math.trunc(value);
  // Nor do nanoseconds fit.
  return Math.floor(Math.round(value < 1e17 ? value : value / 1000) / 1000);
};

const timeOf = (object: Json): string | number | null => {
  const text = firstText(object, TIME);
  if (text === null) return null;
  return /^\d+(?:[.,]\d+)?$/.test(text) ? epochMs(Number(text.replace(',', '.'))) : text;
};

const parseObject = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
};

/** The object itself, or what an export of search hits has in it. */
const contentOf = (object: Json): Json => {
  if (firstText(object, MESSAGE) !== null) return object;
  for (const name of HIT) {
    const inner = object[name];
    if (isJson(inner) && (isKumoRecord(inner) || firstText(inner, MESSAGE) !== null)) return inner;
  }
  return object;
};

/** @returns null when the line is no JSON object or has no message. */
export const readJsonFields = (line: string): JsonFields | null => {
  const whole = parseObject(line);
  if (!isJson(whole)) return null;
  if (isKumoRecord(whole)) {
    const time = firstText(whole, ['event_time']) ?? timeOf(whole);
    return { time, isUtc: false, host: null, program: 'kumod', pid: null, message: line, original: null };
  }
  const object = contentOf(whole);
  const message = firstText(object, MESSAGE);
  if (message === null) return null;
  return {
    time: timeOf(object),
    // Elasticsearch, Logstash and Vector take it for UTC.
    isUtc: firstText(object, ['@timestamp']) !== null,
    host: firstText(object, HOST),
    program: firstText(object, PROGRAM),
    pid: firstText(object, PID),
    message,
    original: firstText(object, ORIGINAL),
  };
};
