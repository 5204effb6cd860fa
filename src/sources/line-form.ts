/** What the form of a log line is called, for people. Reading it is the work of `parsers/syslog-header.ts`. */
import type { Header } from '../parsers/syslog-header.js';

export type LineForm = 'RFC 3164' | 'RFC 3339' | 'RFC 5424' | 'JSON' | 'Exim main log';

const RFC_5424 = /^<\d{1,3}>[1-9]\d? /;
const ISO = /^(?:<\d{1,3}>)?\d{4}-\d\d-\d\d/;

/** @param header what the parser read of `line` */
export const formOf = (line: string, { host, program }: Pick<Header, 'host' | 'program'>): LineForm => {
  const text = line.replace(/^\ufeff/, '');
  if (text.startsWith('{')) return 'JSON';
  if (RFC_5424.test(text)) return 'RFC 5424';
  if (!ISO.test(text)) return 'RFC 3164';
  return program === 'exim' && host === null ? 'Exim main log' : 'RFC 3339';
};
