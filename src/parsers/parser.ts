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
  /** What the other parts of a cut line have in common with this one, as a whole word: a search fetches them by it. */
  namesOf?: (record: LogRecord) => readonly string[];
}>;

export const UNKNOWN: ParseOutcome = { kind: 'unknown' };
export const IGNORED: ParseOutcome = { kind: 'ignored' };
