/** Which parser reads which line. */
import type { LogRecord, Mta, MtaEvent, ParseOutcome } from '../domain/event.js';
import { amavis } from './amavis.js';
import { dma } from './dma.js';
import { dovecot } from './dovecot.js';
import { exim } from './exim.js';
import { kumomta } from './kumomta.js';
import { mailscanner } from './mailscanner.js';
import { opendkim } from './opendkim.js';
import { opendmarc } from './opendmarc.js';
import { opensmtpd } from './opensmtpd.js';
import { type Parser, UNKNOWN } from './parser.js';
import { policydSpf } from './policyd-spf.js';
import { postfix } from './postfix.js';
import { postgrey } from './postgrey.js';
import { rspamd } from './rspamd.js';
import { sendmail } from './sendmail.js';
import { spamassassin } from './spamassassin.js';

/** One line for each MTA or daemon family; the first that owns the program reads the line. */
export const parsers: readonly Parser[] = [
  postfix,
  sendmail,
  exim,
  opensmtpd,
  kumomta,
  dma,
  dovecot,
  amavis,
  rspamd,
  spamassassin,
  opendkim,
  opendmarc,
  postgrey,
  policydSpf,
  mailscanner,
];

/** The parser for a line of this program and text; undefined when nobody claims it. */
export const parserFor = (program: string, text: string): Parser | undefined =>
  parsers.find((parser) => parser.ownsProgram(program)) ?? parsers.find((parser) => parser.recognises(text));

/** rsyslog's reduction of repeated lines ($RepeatedMsgReduction): the line was logged so many further times. */
const REPEATED = /^message repeated (\d{1,9}) times: \[ ?([\s\S]*?)\]?$/;

/** What was said, and how often it was said again. */
const unrepeat = (record: LogRecord): Readonly<{ said: LogRecord; times: number | null }> => {
  const repeated = REPEATED.exec(record.text);
  return repeated === null
    ? { said: record, times: null }
    : { said: { ...record, text: repeated[2] ?? '' }, times: Number(repeated[1]) };
};

const parseWith = (parser: Parser | undefined, said: LogRecord, times: number | null): ParseOutcome => {
  // A repeated line is never nested.
  if (parser === undefined || (times !== null && REPEATED.test(said.text))) return UNKNOWN;
  const outcome = parser.parse(said);
  if (outcome.kind !== 'events' || times === null) return outcome;
  const events = outcome.events.map((event) => (event.kind === 'reject' ? { ...event, count: times } : event));
  return { kind: 'events', events };
};

/** Total: what nobody understands is `unknown`. */
export const parseRecord = (record: LogRecord): ParseOutcome => {
  const { said, times } = unrepeat(record);
  return parseWith(parserFor(said.program, said.text), said, times);
};

/** Do lines of this MTA hold its queue IDs only as the beginning of longer words? */
export const isIdPrefix = (mta: Mta): boolean =>
  parsers.some((parser) => parser.mta === mta && parser.isIdPrefix === true);

/** The records of one answer, those that were cut for syslog put together. Order is kept. */
export const joinParts = (records: readonly LogRecord[]): readonly LogRecord[] =>
  parsers.reduce((joined, parser) => parser.joinParts?.(joined) ?? joined, records);

/** Is this a part of a line that was cut for syslog? */
export const isPart = (record: LogRecord): boolean => parsers.some((parser) => parser.isPart?.(record) === true);

const idsOfEvent = (event: MtaEvent): readonly string[] => {
  switch (event.kind) {
    case 'session':
    case 'session-action':
    case 'loose-filter':
      return [];
    case 'reject':
      return event.queueId === null ? [] : [event.queueId];
    case 'arrival':
      return [event.queueId, event.reinjectedFrom, event.requeuedFrom, event.splitFrom ?? null].filter(
        (id) => id !== null,
      );
    case 'notice':
      return [event.queueId, event.noticeQueueId];
    case 'delivery':
      return event.nextIs === 'same-host' ? [event.queueId, ...event.nextQueueIds] : [event.queueId];
    default:
      return [event.queueId];
  }
};

/** Queue IDs on the record's own host that the line is about, or that it names as local next steps. */
export const localQueueIds = (record: LogRecord): readonly string[] => {
  const { said, times } = unrepeat(record);
  const parser = parserFor(said.program, said.text);
  const outcome = parseWith(parser, said, times);
  const ids = outcome.kind === 'events' ? outcome.events.flatMap(idsOfEvent) : [];
  return [...ids, ...(parser?.namesOf?.(said) ?? [])];
};
