/** pypolicyd-spf, and the Perl program before it: what was found for an envelope before there is a queue ID (RFC 7208 §9.1 fields). */
import type { LogRecord, MtaEvent, ParseOutcome } from '../domain/event.js';
import { IGNORED, type Parser } from './parser.js';

/** `prepend Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.1; helo=x; envelope-from=a@x; receiver=b@y`. */
const RECEIVED = /^Received-SPF: ([A-Za-z]{1,20}) \([\s\S]*? client-ip=([0-9A-Fa-f.:]{2,45});([\s\S]*)$/;

const parameter = (text: string, name: string): string | null => {
  const value = new RegExp(`; ?${name}="?([^;"]{1,320})"?(?=;|$| )`).exec(`;${text}`)?.[1]?.trim() ?? null;
  return value === null || value === '<UNKNOWN>' ? null : value.replace(/^<(.*)>$/, '$1');
};

const parseHeader = (text: string): MtaEvent | null => {
  const start = text.indexOf('Received-SPF: ');
  const match = start === -1 ? null : RECEIVED.exec(text.slice(start));
  if (match === null) return null;
  const [, result = '', clientIp = '', rest = ''] = match;
  const filter = { source: 'spf', action: result.toLowerCase(), score: null };
  const sender = parameter(rest, 'envelope-from');
  const recipient = parameter(rest, 'receiver');
  return { kind: 'loose-filter', mta: 'policyd-spf', messageId: null, clientIp, sender, recipient, filter };
};

const parse = ({ text }: LogRecord): ParseOutcome => {
  const event = parseHeader(text);
  // A refusal is told by the MTA that gives it.
  return event === null ? IGNORED : { kind: 'events', events: [event] };
};

export const policydSpf: Parser = {
  mta: 'policyd-spf',
  ownsProgram: (program) => /(?:^|\/)(?:py)?policyd?-spf(?:-perl)?$/.test(program),
  recognises: (text) => /^(?:prepend |Policy action=PREPEND )Received-SPF: /.test(text),
  parse,
};
