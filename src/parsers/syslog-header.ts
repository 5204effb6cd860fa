/**
 * Takes the header off a log line: RFC 3164, RFC 3339/ISO, RFC 5424, JSON, Exim's own main log, container logs, and a header
 * inside a header. Each line is read for itself, so the form may change within a file. Total: any text gives a header or null.
 */
import type { Zone } from '../zone.js';
import { type JsonFields, readJsonFields } from './header-json.js';
import { isDigitAt, nearestYear, readBsdStamp, readIsoStamp, type Stamp, type YearOf } from './header-stamp.js';

export type Header = Readonly<{
  /** Epoch milliseconds. In a repeated hour the earlier instant. */
  timeMs: number;
  /** The other instant with this wall time, when the clocks were set back; null when the instant is certain. */
  alternativeMs: number | null;
  /** True when the stamp has no UTC offset: it was read in the zone of its host. */
  isLocalTime: boolean;
  /** As logged; null when the line names none (Exim's main log). */
  host: string | null;
  /** As logged: `postfix/smtpd`; `''` when there is none. */
  program: string;
  pid: number | null;
  /** What follows the header, without leading blanks and line end. */
  text: string;
}>;

/** Null: the line has no header we know; Exim's reject log and traces have such continuation lines. */
export type HeaderParser = (line: string) => Header | null;

export type HeaderContext = Readonly<{
  /** Zone of stamps without an offset, for the host that the line names. */
  zoneOf: (host: string | null) => Zone;
  /** Middle of the searched window, epoch milliseconds: a stamp without a year gets the year that puts it nearest. */
  nearMs: number;
}>;

/** What stands before a message: `stamp` still as wall time. */
type Parts = Readonly<{ stamp: Stamp | null; host: string | null; program: string; pid: number | null; text: string }>;
type Tag = Readonly<{ program: string; pid: number | null; end: number; hasColon: boolean }>;

const BLANK = 0x20;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LESS = 0x3c;
const BYTE_ORDER_MARK = 0xfeff;

/** A header in a header in a header (Docker around imfile around postlogd) exists; more is no log. */
const MAX_NESTING = 2;
/** An inner stamp further from the outer one than this is not believed: it is text that looks like a stamp. */
const BELIEVED_MS = 86_400_000;
/** A program name longer than this is text (RFC 5424 §6 allows 48). */
const PROGRAM_MAX = 128;
const PID_MAX = 10;

const skipBlanks = (line: string, at: number): number => {
  let place = at;
  while (line.charCodeAt(place) === BLANK || line.charCodeAt(place) === BYTE_ORDER_MARK) place++;
  return place;
};

const isLineEnd = (code: number): boolean => code === 0x0a || code === 0x0d;

const textFrom = (line: string, at: number): string => {
  let end = line.length;
  while (end > at && isLineEnd(line.charCodeAt(end - 1))) end--;
  return line.slice(skipBlanks(line, at), end);
};

const pidOf = (text: string | null): number | null =>
  text !== null && text.length <= PID_MAX && /^\d+$/.test(text) ? Number(text) : null;

const isGap = (line: string, at: number): boolean => at >= line.length || line.charCodeAt(at) <= BLANK;

/** First character behind `[123]` at `at`; `at` itself when there is none. */
const skipPid = (line: string, at: number): number => {
  if (line.charCodeAt(at) !== OPEN_BRACKET) return at;
  let end = at + 1;
  while (isDigitAt(line, end)) end++;
  return line.charCodeAt(end) === CLOSE_BRACKET ? end + 1 : at;
};

/** `name[123]:`, `name:` or `name[123]`, and a blank. Null when the text at `at` is no tag. */
const readTag = (line: string, at: number): Tag | null => {
  let end = at;
  const limit = Math.min(line.length, at + PROGRAM_MAX);
  for (; end < limit; end++) {
    const code = line.charCodeAt(end);
    if (code === COLON || code === OPEN_BRACKET || code <= BLANK) break;
  }
  const close = skipPid(line, end);
  const hasColon = line.charCodeAt(close) === COLON;
  // rsyslog writes no colon when the line came to it as RFC 5424 and leaves it as RFC 3164.
  if (end === at || !(hasColon || close > end)) return null;
  const next = hasColon ? close + 1 : close;
  return isGap(line, next)
    ? { program: line.slice(at, end), pid: pidOf(line.slice(end + 1, close - 1)), end: next, hasColon }
    : null;
};

/** Daemons whose tag may have neither colon nor process number, for the same reason: `box dovecot lmtp(9): Connect`. */
const DAEMONS: ReadonlySet<string> = new Set([
  'amavis',
  'dovecot',
  'exim',
  'exim4',
  'opendkim',
  'opendmarc',
  'postfix',
  'rspamd',
  'sendmail',
  'sm-mta',
  'spamd',
]);

const readDaemon = (line: string, at: number): Tag | null => {
  const end = line.indexOf(' ', at);
  const program = line.slice(at, end < 0 ? at : end);
  return DAEMONS.has(program) ? { program, pid: null, end, hasColon: false } : null;
};

/** `host tag: text`, `tag: text` or `host text`. */
const readHostAndTag = (line: string, at: number, stamp: Stamp): Parts => {
  const start = skipBlanks(line, at);
  const lone = readTag(line, start);
  if (lone?.hasColon)
    return { stamp, host: null, program: lone.program, pid: lone.pid, text: textFrom(line, lone.end) };
  const gap = line.indexOf(' ', start);
  if (gap < 0) return { stamp, host: null, program: '', pid: null, text: textFrom(line, start) };
  const name = skipBlanks(line, gap);
  const tag = readTag(line, name) ?? readDaemon(line, name);
  const { program, pid, end } = tag ?? { program: '', pid: null, end: gap };
  return { stamp, host: line.slice(start, gap), program, pid, text: textFrom(line, end) };
};

/** First character behind the `[id name="value" …]` at `at`; the end of the line when it is never closed. */
const skipElement = (line: string, at: number): number => {
  let isQuoted = false;
  for (let place = at + 1; place < line.length; place++) {
    const character = line[place];
    if (isQuoted && character === '\\') place++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === ']' && !isQuoted) return place + 1;
  }
  return line.length + 1;
};

/** First character behind the structured data at `at` (RFC 5424 §6.3). Data that never end are text. */
const skipStructuredData = (line: string, at: number): number => {
  if (line[at] === '-') return at + 1;
  let place = at;
  while (line.charCodeAt(place) === OPEN_BRACKET) place = skipElement(line, place);
  return place > line.length ? at : place;
};

const orNull = (token: string): string | null => (token === '-' ? null : token);

/** RFC 5424 behind `<PRI>1 `. */
const readRfc5424 = (line: string, at: number): Parts | null => {
  const stamp = readIsoStamp(line, at);
  if (stamp === null) return null;
  const tokens: string[] = [];
  let place = stamp.end;
  for (let count = 0; count < 4; count++) {
    if (line.charCodeAt(place) !== BLANK) return null;
    const end = line.indexOf(' ', place + 1);
    if (end < 0) return null;
    tokens.push(line.slice(place + 1, end));
    place = end;
  }
  const [host = '-', program = '-', pid = '-'] = tokens;
  const text = textFrom(line, skipStructuredData(line, place + 1));
  return { stamp, host: orNull(host), program: orNull(program) ?? '', pid: pidOf(pid), text };
};

/** Queue names of Exim before 4.97, and since. */
const EXIM_ID = /^[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})(?:$| )/;
const EXIM_PID = /^\[(\d{1,10})\] /;
const CONTAINER = /^(?:stdout|stderr) [FP] $/;
const CONTAINER_LENGTH = 'stdout F '.length;

/** Exim's own log: stamp, `[pid]` with log_selector +pid, text. */
const readExim = (line: string, at: number, stamp: Stamp): Parts => {
  const rest = textFrom(line, at);
  const pid = EXIM_PID.exec(rest);
  return {
    stamp,
    host: null,
    program: 'exim',
    pid: pidOf(pid?.[1] ?? null),
    text: pid ? rest.slice(pid[0].length) : rest,
  };
};

/** rspamd's own log: `2026-11-21 07:23:22 #123(rspamd_proxy) <tag>; …` (logger.c). */
const RSPAMD = /^#(\d{1,10})\(([\w-]{1,40})\) (?=<)/;

/** Text that Exim sent to syslog begins with the stamp of its main log (syslog_timestamp); it has neither host nor tag. */
const readEximText = (text: string): Parts | null => {
  const stamp = readIsoStamp(text, 0);
  return stamp === null || text.charCodeAt(10) !== BLANK ? null : readExim(text, stamp.end, stamp);
};

/** Behind an ISO stamp. Exim writes a blank between date and time, and neither host nor tag. */
const readIso = (line: string, at: number): Parts | null => {
  const stamp = readIsoStamp(line, at);
  if (stamp === null || (stamp.end < line.length && line.charCodeAt(stamp.end) !== BLANK)) return null;
  // Kubernetes' container runtime puts its own stamp, the stream and a flag before each line.
  const next = stamp.end + 1;
  if (line.startsWith('std', next) && CONTAINER.test(line.slice(next, next + CONTAINER_LENGTH))) {
    return { stamp, host: null, program: '', pid: null, text: textFrom(line, next + CONTAINER_LENGTH) };
  }
  const parts = readHostAndTag(line, stamp.end, stamp);
  if (line.charCodeAt(at + 10) !== BLANK) return parts;
  // `1xUfTL-00003V-1E DKIM: …` is no host with a tag.
  const exim = readExim(line, stamp.end, stamp);
  const rspamd = RSPAMD.exec(exim.text);
  if (rspamd !== null) {
    const text = exim.text.slice(rspamd[0].length);
    return { stamp, host: null, program: 'rspamd', pid: pidOf(rspamd[1] ?? null), text };
  }
  return parts.program === '' || EXIM_ID.test(exim.text) ? exim : parts;
};

const PRIORITY = /^<\d{1,3}>/;
const VERSION = /^[1-9]\d? /;

/** A line that is not JSON. */
const readPlain = (line: string, yearOf: YearOf): Parts | null => {
  let at = 0;
  if (line.charCodeAt(0) === LESS) {
    at = PRIORITY.exec(line)?.[0].length ?? 0;
    const version = VERSION.exec(line.slice(at, at + 3));
    if (version) return readRfc5424(line, at + version[0].length);
  }
  if (isDigitAt(line, at)) return readIso(line, at);
  const stamp = readBsdStamp(line, at, yearOf);
  return stamp === null ? null : readHostAndTag(line, stamp.end, stamp);
};

/** A stamp that is a field of its own: nothing follows it. */
const readWholeStamp = (time: JsonFields['time'], yearOf: YearOf): Stamp | null => {
  if (typeof time === 'number') return { wallMs: time, offsetMs: 0, end: 0 };
  return time === null ? null : (readIsoStamp(time, 0) ?? readBsdStamp(time, 0, yearOf));
};

const readJson = (line: string, yearOf: YearOf): Parts | null => {
  const fields = readJsonFields(line);
  if (fields === null) return null;
  const stamp = readWholeStamp(fields.time, yearOf);
  const text = textFrom(fields.message, 0);
  // rsyslog's syslogtag is `postfix/smtpd[381]:`; a container's line has its tag in the message.
  const tag = fields.program === null ? readTag(text, 0) : readTag(`${fields.program.replace(/:$/, '')}:`, 0);
  return {
    stamp,
    host: fields.host,
    program: tag?.program ?? fields.program ?? '',
    pid: pidOf(fields.pid) ?? tag?.pid ?? null,
    text: fields.program === null && tag ? textFrom(text, tag.end) : text,
  };
};

/** The instants that `stamp` may mean. */
const instantsOf = (stamp: Stamp, zone: () => Zone): readonly [number, ...number[]] => {
  if (stamp.offsetMs !== null) return [stamp.wallMs - stamp.offsetMs];
  const instants = zone().instantsOf(stamp.wallMs);
  switch (instants.kind) {
    case 'one':
      return [instants.ms];
    case 'gap':
      // No clock showed it. The machine's rules were behind: it still counted with the old offset.
      return [instants.beforeMs];
    case 'repeated':
      return [instants.firstMs, instants.secondMs];
  }
};

const finish = (parts: Parts, stamp: Stamp, context: HeaderContext): Header => {
  const { host, program, pid, text } = parts;
  if (stamp.offsetMs !== null) {
    return { timeMs: stamp.wallMs - stamp.offsetMs, alternativeMs: null, isLocalTime: false, host, program, pid, text };
  }
  const [timeMs, alternativeMs = null] = instantsOf(stamp, () => context.zoneOf(host));
  return { timeMs, alternativeMs, isLocalTime: true, host, program, pid, text };
};

/** True when the text behind an outer header is a header itself and not just a message that begins with a date. */
const isHeader = (parts: Parts): boolean =>
  parts.program !== '' && (parts.program !== 'exim' || parts.host !== null || EXIM_ID.test(parts.text));

/**
 * The instant of an inner stamp. The outer one was written at about the same time, so of all readings (either instant of a
 * repeated hour, the zone of the host, the offset of the outer stamp) the nearest to it is right.
 */
const innerInstant = (inner: Stamp, outer: Stamp, outerMs: number, zone: () => Zone): number => {
  const readings = [...instantsOf(inner, zone)];
  if (inner.offsetMs === null && outer.offsetMs !== null) readings.push(inner.wallMs - outer.offsetMs);
  const distance = (ms: number): number => Math.abs(ms - outerMs);
  const nearest = readings.reduce((best, ms) => (distance(ms) < distance(best) ? ms : best));
  return distance(nearest) <= BELIEVED_MS ? nearest : outerMs;
};

/** Joins a header with the one inside it. The inner one is the event's; the outer one the shipper's. */
const nest = (outer: Header, stamp: Stamp, inner: Parts, context: HeaderContext): Header => {
  const host = inner.host ?? outer.host;
  if (outer.program.startsWith('exim') && inner.program === 'exim') {
    // Exim's syslog text repeats the stamp of its main log (syslog_timestamp); both are of the same clock.
    return { ...outer, pid: outer.pid ?? inner.pid, text: inner.text };
  }
  const { program, pid, text } = inner;
  if (inner.stamp === null) return { ...outer, host, program, pid, text };
  if (outer.alternativeMs !== null) return finish({ ...inner, host }, inner.stamp, context);
  const timeMs = innerInstant(inner.stamp, stamp, outer.timeMs, () => context.zoneOf(host));
  return { timeMs, alternativeMs: null, isLocalTime: inner.stamp.offsetMs === null, host, program, pid, text };
};

const couldBeStamp = (text: string): boolean => {
  const code = text.charCodeAt(0);
  // A capital letter and a digit or blank in the fifth place (`Nov 21`, `Nov  1`), or a digit and a dash (`2026-`), or `<22>`.
  if (code >= 0x41 && code <= 0x5a) return text.charCodeAt(3) === BLANK && (isDigitAt(text, 4) || isDigitAt(text, 5));
  return code === LESS || (isDigitAt(text, 0) && text.charCodeAt(4) === 0x2d);
};

/** Makes a parser that remembers years and zones: one per search. */
export const createHeaderParser = (context: HeaderContext): HeaderParser => {
  const nearYear = nearestYear(context.nearMs);
  const unwrap = (outer: Header, stamp: Stamp): Header => {
    let header = outer;
    for (let depth = 0; depth < MAX_NESTING && couldBeStamp(header.text); depth++) {
      const isExim = outer.program.startsWith('exim');
      const inner = (isExim ? readEximText(header.text) : null) ?? readPlain(header.text, nearestYear(outer.timeMs));
      if (inner === null || !(isHeader(inner) || isExim)) break;
      header = nest(header, stamp, inner, context);
    }
    return header;
  };
  return (line) => {
    const at = line.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
    const whole = at === 0 ? line : line.slice(at);
    const parts = whole.charCodeAt(0) === OPEN_BRACE ? readJson(whole, nearYear) : readPlain(whole, nearYear);
    if (parts === null) return null;
    if (parts.stamp !== null) return unwrap(finish(parts, parts.stamp, context), parts.stamp);
    const inner = couldBeStamp(parts.text) ? readPlain(parts.text, nearYear) : null;
    return inner?.stamp ? finish({ ...inner, host: inner.host ?? parts.host }, inner.stamp, context) : null;
  };
};
