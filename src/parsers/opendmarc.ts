/** OpenDMARC: `QID: domain result` and `QID: SPF(mailfrom): domain result` (opendmarc.c mlfi_eom). */
import type { LogRecord, MtaEvent, ParseOutcome } from '../domain/event.js';
import { queueId } from '../domain/ids.js';
import { IGNORED, type Parser } from './parser.js';

const RESULT =
  /^([\w-]{6,40}): (?:SPF\((?:mailfrom|helo)\): (\S{1,255})|([A-Za-z0-9_.-]{1,255})) (pass|fail|none|temperror|permerror|neutral|softfail|policy)$/;

const parse = ({ text }: LogRecord): ParseOutcome => {
  const match = RESULT.exec(text);
  if (match === null) return IGNORED;
  const [, id = '', checked, author, result = ''] = match;
  const action = checked === undefined ? `dmarc=${result} (${author ?? ''})` : `spf=${result} (${checked})`;
  const filter = { source: 'opendmarc', action, score: null };
  const event: MtaEvent = { kind: 'filter', mta: 'opendmarc', queueId: queueId(id), filter };
  return { kind: 'events', events: [event] };
};

export const opendmarc: Parser = {
  mta: 'opendmarc',
  ownsProgram: (program) => program === 'opendmarc',
  recognises: () => false,
  parse,
};
