/**
 * The structured log: pino, one JSON object a line, on stderr. Every value is made plain, cleaned of secrets and cut
 * before pino sees it, so that neither a secret nor a second record can come out, whatever a field holds.
 */
import { pino } from 'pino';
import type { Log } from './app/ports.js';

/** Names of the Python tool's `log_level`. */
export type LogLevel = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';

/** Takes one record with its line break. */
export type LogDestination = Readonly<{ write: (line: string) => void }>;

export type LogOptions = Readonly<{
  /** Records below it are dropped. CRITICAL drops all: nothing here logs above ERROR. */
  level: LogLevel;
  /** Passwords and tokens of the configuration: hidden wherever they appear. Empty strings are ignored. */
  secrets: readonly string[];
  /** Absent: stderr, written synchronously. */
  destination?: LogDestination;
}>;

/** Hides secrets in `text` and cuts it at 4,000 characters. */
export type Scrub = (text: string) => string;

const HIDDEN = '[redacted]';
/** One hostile line in a field must not fill the disk. Characters. */
const TEXT_MAX = 4000;
/** Far above TEXT_MAX: a secret split by this cut is not among what is shown. */
const READ_MAX = 64_000;
/** Errors with causes and API replies nest about five deep. */
const DEPTH_MAX = 8;
const ENTRIES_MAX = 200;
/** A secret of fewer characters would blot out ordinary words; it is hidden only where it stands alone. */
const SHORT_SECRET = 4;
/** Keys that pino writes itself; a field of such a name is written with `_` in front. */
const RECORD_KEYS: ReadonlySet<string> = new Set(['level', 'time', 'msg']);
const PINO_LEVELS = { DEBUG: 'debug', INFO: 'info', WARNING: 'warn', ERROR: 'error', CRITICAL: 'fatal' } as const;
const LEVEL_NAMES = { debug: 'DEBUG', info: 'INFO', warn: 'WARNING', error: 'ERROR' } as const;

type Method = keyof typeof LEVEL_NAMES;

export const createLog = ({ level, secrets, destination = openStderr() }: LogOptions): Log => {
  const scrub = createScrub(secrets);
  const logger = pino(
    {
      level: PINO_LEVELS[level],
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: LEVEL_NAMES[label as Method] }) },
      // Errors are plain objects by then; pino's own serializer would take them for errors again.
      serializers: { err: (value: unknown) => value },
    },
    { write: (record: string) => destination.write(`${escapeControls(record.trimEnd())}\n`) },
  );
  const method =
    (name: Method): Log[Method] =>
    (fields, message) => {
      if (logger.isLevelEnabled(name)) logger[name](cleanFields(fields, scrub), scrub(message));
    };
  return { debug: method('debug'), info: method('info'), warn: method('warn'), error: method('error') };
};

/** Synchronous: the last words before an exit are the ones that matter. */
const openStderr = (): LogDestination => {
  const stderr = pino.destination({ dest: 2, sync: true });
  // Nobody reads stderr any more (`2>&1 | head`): that must not end the program.
  stderr.on('error', () => undefined);
  return { write: (line) => void stderr.write(line) };
};

/** JSON leaves these as they are; terminals and other programs take them for line breaks or commands (C1, bidi). */
const escapeControls = (record: string): string =>
  record.replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** A function that hides `secrets`, and whatever has the shape of a token, a password or a key. */
export const createScrub = (secrets: readonly string[]): Scrub => {
  const known = patternOf(secrets);
  return (text) => {
    const start = text.slice(0, READ_MAX);
    const unknown = known === null ? start : start.replace(known, HIDDEN);
    const cleaned = SHAPES.reduce((result, hide) => hide(result), unknown);
    return cleaned.length > TEXT_MAX ? `${cleaned.slice(0, TEXT_MAX)}… (${text.length} characters)` : cleaned;
  };
};

/** A secret as it is, in JSON, in JSON within JSON, in a URL and in a form. */
const formsOf = (secret: string): readonly string[] => {
  const inJson = JSON.stringify(secret).slice(1, -1);
  const inUrl = encodeURIComponent(Buffer.from(secret).toString());
  return [secret, inJson, JSON.stringify(inJson).slice(1, -1), inUrl, inUrl.replaceAll('%20', '+')];
};

/** @returns null when there is no secret */
const patternOf = (secrets: readonly string[]): RegExp | null => {
  const forms = new Set(secrets.filter((secret) => secret !== '').flatMap(formsOf));
  if (forms.size === 0) return null;
  // The longest first: one secret may be the beginning of another.
  const patterns = [...forms]
    .sort((a, b) => b.length - a.length)
    .map((form) => {
      const literal = form.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
      return form.length < SHORT_SECRET ? `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])` : literal;
    });
  return new RegExp(patterns.join('|'), 'gu');
};

const hide =
  (shape: RegExp, replacement: string): ((text: string) => string) =>
  (text) =>
    text.replace(shape, replacement);

/** `Basic` is also a word: only base64 that holds a colon is a user with a password (RFC 7617). */
const hideBasic = (text: string): string =>
  text.replace(/\b(Basic)\s{1,9}([A-Za-z0-9+/]{4,512}={0,2})/gi, (match, scheme: string, encoded: string) =>
    Buffer.from(encoded, 'base64').includes(':') ? `${scheme} ${HIDDEN}` : match,
  );

/** What secrets look like. Repetitions that hostile text could stretch are bounded, so that no text takes quadratic time. */
const SHAPES: readonly ((text: string) => string)[] = [
  // Slack: xoxb-…, xoxe.xoxp-…, xapp-…; incoming webhooks and response URLs are secrets as a whole.
  hide(/\bx(?:ox[a-z](?:\.xox[a-z])?|app|wfp)-[\w-]{1,512}/gi, HIDDEN),
  hide(/\bhttps:\/\/hooks\.slack\.com\/[^\s"'<>]{1,512}/gi, `https://hooks.slack.com/${HIDDEN}`),
  hideBasic,
  hide(/\b(Bearer)\s{1,9}[\w.~+/=-]{6,4096}/gi, `$1 ${HIDDEN}`),
  hide(/\b((?:proxy-)?authorization["']?\s{0,9}[:=]\s{0,9}["']?)(?!\[redacted)[^\r\n"',;}]{1,4096}/gi, `$1${HIDDEN}`),
  // user:password@ of a URL; a port is no password.
  hide(/(:\/\/[^\s/:@?#"'<>]{0,256}):(?!\d{1,5}[/?#])[^\s"'<>]{1,512}@/g, `$1:${HIDDEN}@`),
  hide(
    /([?&](?:ticket|token|access_token|api_key|key|secret|sig|signature|password)=)[^&#\s"'<>]{1,4096}/gi,
    `$1${HIDDEN}`,
  ),
  // password=…, "password": "…" and the same inside a JSON string.
  hide(
    /((?:pass(?:wd|word|phrase)?|secret|token)\s{0,9}[:=]\s{0,9})(?!\[redacted)[^\s"'\\,;&}\]][^\s"',;&}\]]{0,4096}/gi,
    `$1${HIDDEN}`,
  ),
  hide(
    /((?:pass(?:wd|word|phrase)?|secret|token)["']?\s{0,9}[:=]\s{0,9}")(?!\[redacted)(?:\\.|[^"\\\r\n]){1,4096}/gi,
    `$1${HIDDEN}`,
  ),
  hide(
    /((?:pass(?:wd|word|phrase)?|secret|token)["']?\s{0,9}[:=]\s{0,9}')(?!\[redacted)(?:\\.|[^'\\\r\n]){1,4096}/gi,
    `$1${HIDDEN}`,
  ),
  hide(
    /((?:pass(?:wd|word|phrase)?|secret|token)\\"\s{0,9}[:=]\s{0,9}\\")(?!\[redacted)[^"\\\r\n]{1,4096}/gi,
    `$1${HIDDEN}`,
  ),
  hide(/\beyJ[\w-]{8,2048}\.[\w-]{1,2048}\.[\w-]{0,2048}/g, HIDDEN),
  hide(/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,16384}(?:-----END [A-Z ]{0,40}-----)?/g, HIDDEN),
];

const isSecretKey = (key: string): boolean => {
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return (
    /^(?:pass|pwd)$/.test(words.at(-1) ?? '') ||
    /(?:password|passwd|passphrase|secret|token|authorization|cookie|credential|apikey|privatekey)s?$/.test(
      words.join(''),
    )
  );
};

const cleanFields = (fields: Readonly<Record<string, unknown>>, scrub: Scrub): Record<string, unknown> =>
  Object.fromEntries(
    entriesOf(fields).map(([key, value]) => {
      const cleaned = cleanEntry(key, value, { scrub, ancestors: [fields] });
      return RECORD_KEYS.has(key) ? [`_${key}`, cleaned[1]] : cleaned;
    }),
  );

type Walk = Readonly<{ scrub: Scrub; ancestors: readonly object[] }>;

const cleanEntry = (key: string, value: unknown, walk: Walk): [string, unknown] => {
  const holdsSomething = value !== null && value !== undefined && typeof value !== 'boolean';
  return [walk.scrub(key), isSecretKey(key) && holdsSomething ? HIDDEN : clean(value, walk)];
};

/** A copy of `value` made of plain objects, arrays and cleaned text. */
const clean = (value: unknown, walk: Walk): unknown => {
  if (typeof value === 'string') return walk.scrub(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (walk.ancestors.includes(value)) return '[circular]';
  if (walk.ancestors.length >= DEPTH_MAX) return '[deeper]';
  return cleanObject(value, { ...walk, ancestors: [...walk.ancestors, value] });
};

const cleanObject = (value: object, walk: Walk): unknown => {
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Set) return cleanList([...value], walk);
  if (Array.isArray(value)) return cleanList(value, walk);
  if (!(value instanceof Error) && 'toJSON' in value && typeof value.toJSON === 'function') {
    return clean(
      attempt(() => JSON.parse(JSON.stringify(value) ?? 'null') as unknown),
      walk,
    );
  }
  return Object.fromEntries(entriesOf(value).map(([key, entry]) => cleanEntry(key, entry, walk)));
};

const cleanList = (values: readonly unknown[], walk: Walk): unknown[] => {
  const cleaned = values.slice(0, ENTRIES_MAX).map((value) => clean(value, walk));
  return values.length > ENTRIES_MAX ? [...cleaned, `… (${values.length} entries)`] : cleaned;
};

/** Own fields; of an error also those that are not enumerable: name, message, stack, cause. */
const entriesOf = (value: object): readonly (readonly [string, unknown])[] => {
  if (value instanceof Map)
    return [...value].slice(0, ENTRIES_MAX).map(([key, entry]) => [String(key), entry] as const);
  const keys = value instanceof Error ? ['name', ...Object.getOwnPropertyNames(value)] : Object.keys(value);
  return [...new Set(keys)]
    .slice(0, ENTRIES_MAX)
    .map((key) => [key, attempt(() => Reflect.get(value, key) as unknown)] as const);
};

/** A field that throws when it is read must not fail the work that wanted to log it. */
const attempt = (read: () => unknown): unknown => {
  try {
    return read();
  } catch {
    return '[unreadable]';
  }
};
