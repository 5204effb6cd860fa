/** The header of one line that is no JSON, as it is written: the stamp still as wall time, a header inside the text still in it. */
import {
  isDigitAt,
  readBsdStamp,
  readIsoStamp,
  readUnixStamp,
  readYearFirst,
  type Stamp,
  skipWeekday,
  skipZoneName,
  type YearOf,
} from './header-stamp.js';
import {
  isFirstWord,
  pidOf,
  readDaemon,
  readDovecotText,
  readLooseTag,
  readSureTag,
  readTag,
  skipBlanks,
  skipFacility,
  type Tag,
  textFrom,
  withFileName,
} from './header-tag.js';

/** `stamp` null: the line has none, though it has a header. */
export type Parts = Readonly<{
  stamp: Stamp | null;
  host: string | null;
  program: string;
  pid: number | null;
  text: string;
}>;

const BLANK = 0x20;
const OPEN_BRACKET = 0x5b;
const LESS = 0x3c;
const MINUS = 0x2d;

const PRIORITY = /^<\d{1,3}>/;
const VERSION = /^[1-9]\d? /;

/** A cheap look before a thorough one: may a header begin at `at`? */
export const couldBeStamp = (line: string, at: number): boolean => {
  const code = line.charCodeAt(at);
  // A capital letter and a digit or blank in the fifth place (`Nov 21`, `Nov  1`), or a digit and a dash (`2026-`), or `<22>`.
  if (code >= 0x41 && code <= 0x5a)
    return line.charCodeAt(at + 3) === BLANK && (isDigitAt(line, at + 4) || isDigitAt(line, at + 5));
  return code === LESS || (isDigitAt(line, at) && line.charCodeAt(at + 4) === MINUS);
};

/** The text behind a tag. */
const tagged = (line: string, at: number): string => textFrom(line, skipFacility(line, skipBlanks(line, at)));

/** Does a stamp begin at `at`? */
export const startsWithStamp = (line: string, at: number): boolean =>
  couldBeStamp(line, at) &&
  (line.charCodeAt(at) === LESS
    ? PRIORITY.test(line.slice(at, at + 5))
    : (readIsoStamp(line, at) ?? readBsdStamp(line, at, () => 2000)) !== null);

/** The tag behind a relay that put its own name in front: `relay gw postfix/smtpd[3]: …`. */
const readBehindRelay = (line: string, at: number): Readonly<{ host: string; tag: Tag }> | null => {
  const gap = line.indexOf(' ', at);
  const tag = gap < 0 ? null : readTag(line, skipBlanks(line, gap));
  return tag?.hasColon && tag.pid !== null ? { host: line.slice(at, gap), tag } : null;
};

/** `host tag: text`, `tag: text` or `host text`. */
const readHostAndTag = (line: string, at: number, stamp: Stamp): Parts => {
  const start = skipFacility(line, skipBlanks(line, at));
  // `docker logs -t` and others put a stamp of their own before the line.
  if (startsWithStamp(line, start)) return { stamp, host: null, program: '', pid: null, text: textFrom(line, start) };
  const dovecot = readDovecotText(line, start);
  if (dovecot !== null) return { stamp, host: null, program: 'dovecot', pid: null, text: dovecot };
  const lone = readTag(line, start);
  if (lone?.hasColon) {
    if (isFirstWord(lone)) return { stamp, host: null, program: '', pid: null, text: textFrom(line, start) };
    return { stamp, host: null, program: lone.program, pid: lone.pid, text: tagged(line, lone.end) };
  }
  const gap = line.indexOf(' ', start);
  if (gap < 0) return { stamp, host: null, program: '', pid: null, text: textFrom(line, start) };
  const name = skipFacility(line, skipBlanks(line, gap));
  const own = readSureTag(line, name) ?? readDaemon(line, name);
  const relayed = own === null ? readBehindRelay(line, name) : null;
  const { program, pid, end } = own ?? relayed?.tag ?? { program: '', pid: null, end: gap };
  return { stamp, host: relayed?.host ?? line.slice(start, gap), program, pid, text: tagged(line, end) };
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
  // syslog-ng may repeat the tag of the line that came to it, with the daemon that the header lost.
  const tag = program !== '-' && text.startsWith(program) ? readTag(text, 0) : null;
  if (tag?.hasColon && (tag.pid !== null || tag.program !== program))
    return { stamp, host: orNull(host), program: tag.program, pid: tag.pid, text: textFrom(text, tag.end) };
  return { stamp, host: orNull(host), program: withFileName(orNull(program) ?? '', pid), pid: pidOf(pid), text };
};

/** Queue names of Exim before 4.97, and since. */
export const EXIM_ID = /^[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})(?:$| )/;
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
export const readEximText = (text: string): Parts | null => {
  const stamp = readIsoStamp(text, 0);
  return stamp === null || text.charCodeAt(10) !== BLANK ? null : readExim(text, stamp.end, stamp);
};

/** What a container wrote: a whole line, or a tag and text. */
const readContained = (line: string, at: number, stamp: Stamp): Parts => {
  const { program, pid, end } = readLooseTag(line, at) ?? { program: '', pid: null, end: at };
  return { stamp, host: null, program, pid, text: textFrom(line, end) };
};

/** Behind an ISO stamp. Exim writes a blank between date and time, and neither host nor tag. */
const readIso = (line: string, at: number): Parts | null => {
  const stamp = readIsoStamp(line, at);
  if (stamp === null || (stamp.end < line.length && line.charCodeAt(stamp.end) !== BLANK)) return null;
  // Kubernetes' container runtime puts its own stamp, the stream and a flag before each line.
  const next = stamp.end + 1;
  if (line.startsWith('std', next) && CONTAINER.test(line.slice(next, next + CONTAINER_LENGTH))) {
    return readContained(line, next + CONTAINER_LENGTH, stamp);
  }
  const parts = readHostAndTag(line, skipZoneName(line, stamp.end), stamp);
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

/** `docker compose logs`: the container's name before each line. */
const COMPOSE = /^[\w.-]{1,100} {1,60}\| (?=\S)/;
/** The length before a line that was stored as it came over TCP (RFC 6587 §3.4.1). */
const OCTET_COUNT = /^\d{2,7} (?=<\d{1,3}>)/;

/** Behind any stamp that begins with a digit. */
const readDigitStamp = (line: string, at: number): Parts | null => {
  const iso = readIso(line, at);
  if (iso !== null) return iso;
  const stamp = readYearFirst(line, at) ?? (at === 0 ? readUnixStamp(line, at) : null);
  return stamp === null ? null : readHostAndTag(line, stamp.end, stamp);
};

/** A line that is not JSON. */
export const readPlain = (line: string, yearOf: YearOf): Parts | null => {
  let at = 0;
  if (line.charCodeAt(0) === LESS) {
    at = PRIORITY.exec(line)?.[0].length ?? 0;
    const version = VERSION.exec(line.slice(at, at + 3));
    if (version) return readRfc5424(line, at + version[0].length);
  }
  at = skipWeekday(line, at);
  if (isDigitAt(line, at)) return readDigitStamp(line, at);
  const stamp = readBsdStamp(line, at, yearOf);
  return stamp === null ? null : readHostAndTag(line, stamp.end, stamp);
};

/** What some keep before a line when they store it; '' for most. */
export const wrappingOf = (line: string): string => (isDigitAt(line, 0) ? OCTET_COUNT : COMPOSE).exec(line)?.[0] ?? '';
