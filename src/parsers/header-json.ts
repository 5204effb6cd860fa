/**
 * Log lines that are JSON objects: ECS (flat dotted or nested keys), rsyslog and Vector templates, Filebeat, Docker's
 * `json-file`, `journalctl -o json`. A field is found by the first of its known names.
 */

/** What the object says; absent facts are null. `time`: as text, or as epoch milliseconds. `message`: decoded. */
export type JsonFields = Readonly<{
  time: string | number | null;
  host: string | null;
  program: string | null;
  pid: string | null;
  message: string;
}>;

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A dotted name is looked up as one flat key first, then as a path. */
const TIME: readonly string[] = [
  '@timestamp',
  'timestamp',
  'time',
  '__REALTIME_TIMESTAMP',
  'timereported',
  'ts',
  'date',
];
const HOST: readonly string[] = [
  'host.name',
  'host.hostname',
  'log.syslog.hostname',
  'hostname',
  'host',
  '_HOSTNAME',
  'syslog_hostname',
  'HOSTNAME',
];
const PROGRAM: readonly string[] = [
  'log.syslog.appname',
  'appname',
  'app_name',
  'programname',
  'program',
  'SYSLOG_IDENTIFIER',
  'process.name',
  'ident',
  'syslogtag',
  'tag',
  'app-name',
  'process',
];
const PID: readonly string[] = ['log.syslog.procid', 'procid', 'process.pid', 'pid', 'SYSLOG_PID', '_PID', 'proc_id'];
/** Records that are the event itself: KumoMTA's have no message around them (kumo-log-types, JsonLogRecord). */
const isKumoRecord = (object: Json): boolean =>
  typeof object['type'] === 'string' &&
  typeof object['id'] === 'string' &&
  typeof object['queue'] === 'string' &&
  typeof object['response'] === 'object';

const MESSAGE: readonly string[] = ['message', 'MESSAGE', 'msg', 'log', 'event.original'];

const byPath = (object: Json, name: string): unknown => {
  if (Object.hasOwn(object, name)) return object[name];
  let value: unknown = object;
  for (const part of name.split('.')) {
    if (!isJson(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
};

/** systemd writes a field that is not UTF-8 as an array of byte values, and one that occurs twice as an array of texts. */
const textOfArray = (value: readonly unknown[]): string | null => {
  if (value.every((each): each is number => typeof each === 'number'))
    return new TextDecoder().decode(Uint8Array.from(value));
  const first: unknown = value[0];
  return typeof first === 'string' ? first : null;
};

const textOf = (value: unknown): string | null => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return Array.isArray(value) ? textOfArray(value) : null;
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
  if (value < 1e11) return Math.trunc(value * 1000);
  if (value < 1e14) return Math.trunc(value);
  return Math.trunc(value < 1e17 ? value / 1000 : value / 1e6);
};

const timeOf = (object: Json): string | number | null => {
  const text = firstText(object, TIME);
  if (text === null) return null;
  return /^\d+(?:\.\d+)?$/.test(text) ? epochMs(Number(text)) : text;
};

const parseObject = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
};

/** @returns null when the line is no JSON object or has no message. */
export const readJsonFields = (line: string): JsonFields | null => {
  const object = parseObject(line);
  if (!isJson(object)) return null;
  if (isKumoRecord(object)) {
    const time = firstText(object, ['event_time']) ?? timeOf(object);
    return { time, host: null, program: 'kumod', pid: null, message: line };
  }
  const message = firstText(object, MESSAGE);
  if (message === null) return null;
  return {
    time: timeOf(object),
    host: firstText(object, HOST),
    program: firstText(object, PROGRAM),
    pid: firstText(object, PID),
    message,
  };
};
