/** What a parser is. To add an MTA: one file with a `Parser`, one line in `registry.ts`, fixtures. */
import type { LogRecord, Mta, ParseOutcome } from '../domain/event.js';

export type Parser = Readonly<{
  mta: Mta;
  /** True when lines of this syslog program name are this parser's (`postfix/smtpd`, `sm-mta`). */
  ownsProgram: (program: string) => boolean;
  /** True when text without a telling program name is surely this parser's: a forwarder may lose the name. */
  recognises: (text: string) => boolean;
  /** Total: odd text gives `unknown`, never an exception. Time linear in the length of the text. */
  parse: (record: LogRecord) => ParseOutcome;
  /** Puts lines together that were cut for syslog; given all records of one answer. Other lines come back as they are. */
  joinParts?: (records: readonly LogRecord[]) => readonly LogRecord[];
  /** Whether a line is such a part; with `joinParts`. */
  isPart?: (record: LogRecord) => boolean;
  /**
   * Further words by which a search fetches lines that belong to this one and do not hold its queue ID as a whole word: the other
   * parts of a cut line, the session.
   */
  namesOf?: (record: LogRecord) => readonly string[];
  /** Lines hold a queue ID as the beginning of longer words (OpenSMTPD's envelopes). */
  isIdPrefix?: true;
}>;

export const UNKNOWN: ParseOutcome = { kind: 'unknown' };
export const IGNORED: ParseOutcome = { kind: 'ignored' };
