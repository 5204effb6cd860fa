/** OpenDKIM: what it signed or verified, under the MTA's queue ID (opendkim.c). */
import type { LogRecord, MtaEvent, ParseOutcome } from '../domain/event.js';
import { queueId } from '../domain/ids.js';
import { IGNORED, type Parser } from './parser.js';

const LINE = /^([\w-]{6,40}): ([\s\S]*)$/;
/** Lines that end in a result; the others tell how it came about. */
const RESULT =
  /^(?:DKIM-Signature (?:field|header) added(?: \(.{1,300}\))?|DKIM verification successful|bad signature data|no signature data|key revoked \(.{1,300}\)|key retrieval failed.{0,300}|signature processing failed: .{1,200})$/;

const parse = ({ text }: LogRecord): ParseOutcome => {
  const match = LINE.exec(text);
  if (match === null || !RESULT.test(match[2]!)) return IGNORED;
  const filter = { source: 'opendkim', action: match[2]!, score: null };
  const event: MtaEvent = { kind: 'filter', mta: 'opendkim', queueId: queueId(match[1]!), filter };
  return { kind: 'events', events: [event] };
};

export const opendkim: Parser = {
  mta: 'opendkim',
  ownsProgram: (program) => program === 'opendkim' || program === 'dkim-filter',
  recognises: (text) => /^[\w-]{6,40}: DKIM(?:-Signature| verification) /.test(text),
  parse,
};
