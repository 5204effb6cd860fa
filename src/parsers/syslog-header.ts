/**
 * Takes the header off a log line: RFC 3164, RFC 3339/ISO, RFC 5424, JSON, Exim's own main log, container logs, and a header
 * inside a header. Each line is read for itself, so the form may change within a file. Total: any text gives a header or null.
 */
import type { Zone } from '../zone.js';
import { type JsonFields, readJsonFields } from './header-json.js';
import {
  couldBeStamp,
  EXIM_ID,
  type Parts,
  readEximText,
  readPlain,
  startsWithStamp,
  wrappingOf,
} from './header-line.js';
import { nearestYear, pastYear, readBsdStamp, readIsoStamp, type Stamp, type YearOf } from './header-stamp.js';
import { pidOf, readLooseTag, readTag, textFrom, withFileName } from './header-tag.js';

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

const OPEN_BRACE = 0x7b;
const BYTE_ORDER_MARK = 0xfeff;

/** A header in a header in a header (a container around a relay around imfile around postlogd) exists; more is no log. */
const MAX_NESTING = 3;
/** An inner stamp further from the outer one than this is not believed: it is text that looks like a stamp. */
const BELIEVED_MS = 86_400_000;
/** Before a message that is JSON (the CEE convention of rsyslog's mmjsonparse and liblognorm). */
const CEE = '@cee:';

/** A stamp that is a field of its own: nothing follows it. */
const readWholeStamp = ({ time, isUtc }: JsonFields, yearOf: YearOf): Stamp | null => {
  if (typeof time === 'number') return { wallMs: time, offsetMs: 0, end: 0 };
  const stamp = time === null ? null : (readIsoStamp(time, 0) ?? readBsdStamp(time, 0, yearOf));
  return stamp !== null && stamp.offsetMs === null && isUtc ? { ...stamp, offsetMs: 0 } : stamp;
};

/** The header of the line as it came, where only its text was made a field. */
const readOriginal = ({ original, program }: JsonFields, text: string, yearOf: YearOf): Parts | null => {
  const parts = original === null || program !== null ? null : readPlain(original, yearOf);
  return parts?.text === text ? parts : null;
};

const readFields = (fields: JsonFields, yearOf: YearOf): Parts => {
  const stamp = readWholeStamp(fields, yearOf);
  const text = textFrom(fields.message, 0);
  const original = readOriginal(fields, text, yearOf);
  if (original !== null) return { ...original, stamp: stamp ?? original.stamp, host: fields.host ?? original.host };
  // rsyslog's syslogtag is `postfix/smtpd[381]:`; a container's line has its tag in the message.
  const tag = fields.program === null ? readLooseTag(text, 0) : readTag(`${fields.program.replace(/:$/, '')}:`, 0);
  return {
    stamp,
    host: fields.host,
    program: withFileName(tag?.program ?? fields.program ?? '', fields.pid),
    pid: pidOf(fields.pid) ?? tag?.pid ?? null,
    text: fields.program === null && tag ? textFrom(text, tag.end) : text,
  };
};

const readJson = (line: string, yearOf: YearOf): Parts | null => {
  const fields = readJsonFields(line);
  return fields === null ? null : readFields(fields, yearOf);
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
  parts.program === ''
    ? startsWithStamp(parts.text, 0)
    : parts.program !== 'exim' || parts.host !== null || EXIM_ID.test(parts.text);

/** A header that names no program is that of a shipper which may read a line long after it was written. */
const isEnvelope = ({ program }: Header): boolean => program === '';

/**
 * The instant of an inner stamp. The outer one was mostly written at about the same time, so of all readings (either instant of
 * a repeated hour, the zone of the host, the offset of the outer stamp) the nearest to it is right.
 */
const innerInstant = (inner: Stamp, outer: Header, outerStamp: Stamp, zone: () => Zone): number => {
  const own = instantsOf(inner, zone);
  const readings: number[] = [...own];
  if (inner.offsetMs === null && outerStamp.offsetMs !== null) readings.push(inner.wallMs - outerStamp.offsetMs);
  const distance = (ms: number): number => Math.abs(ms - outer.timeMs);
  const nearest = readings.reduce((best, ms) => (distance(ms) < distance(best) ? ms : best));
  if (distance(nearest) <= BELIEVED_MS) return nearest;
  return isEnvelope(outer) && own[0] < outer.timeMs ? own[0] : outer.timeMs;
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
  const timeMs = innerInstant(inner.stamp, outer, stamp, () => context.zoneOf(host));
  return { timeMs, alternativeMs: null, isLocalTime: inner.stamp.offsetMs === null, host, program, pid, text };
};

/** A header inside the text of another one. */
const readInner = (outer: Header): Parts | null => {
  const { text, timeMs } = outer;
  if (text.startsWith(CEE)) return readJson(text.slice(CEE.length).trimStart(), nearestYear(timeMs));
  // KumoMTA's records are texts of their own.
  if (text.charCodeAt(0) === OPEN_BRACE && outer.program !== 'kumod') {
    const inner = readJson(text, nearestYear(timeMs));
    return inner === null || inner.program === '' || inner.program === 'kumod' ? null : inner;
  }
  if (!couldBeStamp(text, 0)) return null;
  const isExim = outer.program.startsWith('exim');
  const yearOf = isEnvelope(outer) ? pastYear(timeMs) : nearestYear(timeMs);
  const inner = (isExim ? readEximText(text) : null) ?? readPlain(text, yearOf);
  return inner !== null && (isExim || isHeader(inner)) ? inner : null;
};

/** Takes off every header that is inside the text of the one before. */
const unwrap = (outer: Header, stamp: Stamp, context: HeaderContext): Header => {
  let header = outer;
  for (let depth = 0; depth < MAX_NESTING; depth++) {
    const inner = readInner(header);
    if (inner === null) break;
    header = nest(header, stamp, inner, context);
  }
  return header;
};

const complete = (parts: Parts, nearYear: YearOf, context: HeaderContext): Header | null => {
  if (parts.stamp !== null) return unwrap(finish(parts, parts.stamp, context), parts.stamp, context);
  const inner = couldBeStamp(parts.text, 0) ? readPlain(parts.text, nearYear) : null;
  if (inner === null || inner.stamp === null) return null;
  return unwrap(finish({ ...inner, host: inner.host ?? parts.host }, inner.stamp, context), inner.stamp, context);
};

/** As `createHeaderParser`, for a line that came as fields. */
export const createFieldsParser = (context: HeaderContext): ((fields: JsonFields) => Header | null) => {
  const nearYear = nearestYear(context.nearMs);
  return (fields) => complete(readFields(fields, nearYear), nearYear, context);
};

/** Makes a parser that remembers years and zones: one per search. */
export const createHeaderParser = (context: HeaderContext): HeaderParser => {
  const nearYear = nearestYear(context.nearMs);
  const read = (line: string): Parts | null => {
    if (line.charCodeAt(0) === OPEN_BRACE) return readJson(line, nearYear);
    const plain = readPlain(line, nearYear);
    if (plain !== null) return plain;
    if (line.startsWith(CEE)) return readJson(line.slice(CEE.length).trimStart(), nearYear);
    const wrapping = wrappingOf(line);
    return wrapping === '' ? null : readPlain(line.slice(wrapping.length), nearYear);
  };
  return (line) => {
    const at = line.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
    const parts = read(at === 0 ? line : line.slice(at));
    return parts === null ? null : complete(parts, nearYear, context);
  };
};
