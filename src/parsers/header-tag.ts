/** What stands between the stamp of a syslog line and its text: the tag, and what some daemons put before it. */
import { isDigitAt } from './header-stamp.js';

export type Tag = Readonly<{ program: string; pid: number | null; end: number; hasColon: boolean }>;

const BLANK = 0x20;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const BYTE_ORDER_MARK = 0xfeff;

/** A program name longer than this is text (RFC 5424 §6 allows 48). */
const PROGRAM_MAX = 128;
const PID_MAX = 10;

export const skipBlanks = (line: string, at: number): number => {
  let place = at;
  while (line.charCodeAt(place) === BLANK || line.charCodeAt(place) === BYTE_ORDER_MARK) place++;
  return place;
};

const isLineEnd = (code: number): boolean => code === 0x0a || code === 0x0d;

export const textFrom = (line: string, at: number): string => {
  let end = line.length;
  while (end > at && isLineEnd(line.charCodeAt(end - 1))) end--;
  return line.slice(skipBlanks(line, at), end);
};

export const pidOf = (text: string | null): number | null =>
  text !== null && text.length <= PID_MAX && /^\d+$/.test(text) ? Number(text) : null;

const isGap = (line: string, at: number): boolean => at >= line.length || line.charCodeAt(at) <= BLANK;

/** The name of a queue file, where others have their process number: `dma[998162.558f334345f0]` (dma's setlogident). */
const FILE_NAME = /^[0-9a-f]{1,16}(?:\.[0-9a-f]{1,16})?$/;
const FILE_NAME_MAX = 33;

/** The program with the queue file that stands in the place of its process number; most have a number there. */
export const withFileName = (program: string, pid: string | null): string =>
  pid !== null && pidOf(pid) === null && FILE_NAME.test(pid) && !program.endsWith(']') ? `${program}[${pid}]` : program;

/** First character behind `[123]` or `[998162.558f334345f0]` at `at`; `at` itself when there is none. */
const skipPid = (line: string, at: number): number => {
  if (line.charCodeAt(at) !== OPEN_BRACKET) return at;
  let end = at + 1;
  while (isDigitAt(line, end)) end++;
  if (line.charCodeAt(end) === CLOSE_BRACKET) return end + 1;
  const close = line.slice(at + 1, at + FILE_NAME_MAX + 2).indexOf(']');
  return close > 0 && FILE_NAME.test(line.slice(at + 1, at + 1 + close)) ? at + close + 2 : at;
};

/** `name[123]:`, `name:` or `name[123]`, and a blank. Null when the text at `at` is no tag. */
export const readTag = (line: string, at: number): Tag | null => {
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
  // `name[123]:text`: some relays drop the blank.
  const isTag = isGap(line, next) || (hasColon && close > end);
  if (!isTag) return null;
  const inside = close > end ? line.slice(end + 1, close - 1) : null;
  return { program: withFileName(line.slice(at, end), inside), pid: pidOf(inside), end: next, hasColon };
};

/** Words with a colon that begin the text of a line whose tag was lost. */
const FIRST_WORDS =
  /^(?:NOQUEUE|warning|error|fatal|panic|statistics|info|debug|proxy-(?:accept|reject)|milter-reject)$/;
/** A queue ID: digits and letters, and no mere name with a number behind it. */
const QUEUE_ID = /^(?=[A-Za-z]*\d)(?![a-z]+\d{0,2}$)[0-9A-Za-z]{6,20}$/;

/** Is `name: ` the beginning of a text and not a tag? */
export const isFirstWord = ({ program, pid }: Tag): boolean =>
  pid === null && (FIRST_WORDS.test(program) || QUEUE_ID.test(program));

/** The tag of a line that may have lost it. */
export const readSureTag = (line: string, at: number): Tag | null => {
  const tag = readTag(line, at);
  return tag === null || isFirstWord(tag) ? null : tag;
};

const NAME = /^[A-Za-z/][\w./-]{0,47}$/;

/** The tag of a text that comes without a syslog header: many have none, and begin with something else and a colon. */
export const readLooseTag = (line: string, at: number): Tag | null => {
  const tag = readSureTag(line, at);
  return tag === null || (tag.pid === null && !NAME.test(tag.program)) ? null : tag;
};

/** Dovecot's own log file (log_path): `lmtp(carol)<157><GIGNCxNH…>: Info: msgid=…`, before 2.3 `lmtp(157, carol): Info: …`. */
const DOVECOT =
  /[a-z][a-z-]{1,30}(?:\([^()]{0,400}\))?(?:<[^<>]{0,100}>){0,3}: (?=(Info|Debug|Warning|Error|Fatal|Panic): )/y;

/** The text as Dovecot writes it to syslog; null when the line is not from its own log. */
export const readDovecotText = (line: string, at: number): string | null => {
  DOVECOT.lastIndex = at;
  const prefix = DOVECOT.exec(line);
  return prefix === null ? null : prefix[0] + textFrom(line, DOVECOT.lastIndex + prefix[1]!.length + 1);
};

/**
 * Facility and priority before the host or the tag: `<mail.info> ` (FreeBSD, syslogd -v), `mail:info ` (AIX), before the text
 * `[ID 801593 mail.info] ` (Solaris).
 */
const FACILITY =
  /(?:<[a-z]{3,8}[0-7]?\.[a-z]{3,7}>|[a-z]{3,8}[0-7]?:(?:debug|info|notice|warn(?:ing)?|err(?:or)?|crit|alert|emerg)|\[ID \d{1,10} [a-z]{3,8}[0-7]?\.[a-z]{3,7}\]) /y;

/** First character behind facility and priority at `at`; `at` itself when they are not there. */
export const skipFacility = (line: string, at: number): number => {
  FACILITY.lastIndex = at;
  return FACILITY.test(line) ? FACILITY.lastIndex : at;
};

/** Daemons whose tag may have neither colon nor process number, for the same reason: `box dovecot lmtp(9): Connect`. */
const DAEMONS: ReadonlySet<string> = new Set([
  'amavis',
  'dovecot',
  'exim',
  'exim4',
  'kumod',
  'opendkim',
  'opendmarc',
  'postfix',
  'rspamd',
  'sendmail',
  'sm-mta',
  'spamd',
]);

export const readDaemon = (line: string, at: number): Tag | null => {
  const end = line.indexOf(' ', at);
  const program = line.slice(at, end < 0 ? at : end);
  return DAEMONS.has(program) ? { program, pid: null, end, hasColon: false } : null;
};
