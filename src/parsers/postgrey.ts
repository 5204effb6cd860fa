/** postgrey: `[QID: ]action=…, reason=…, client_name=…, client_address=…, sender=…, recipient=…` (postgrey, mylog_action). */
import type { LogRecord, MtaEvent, ParseOutcome } from '../domain/event.js';
import { queueId } from '../domain/ids.js';
import { IGNORED, type Parser } from './parser.js';

const LINE = /^(?:([\w-]{6,40}): )?action=(\w{1,40})(?:, reason=([^,=]{1,80}))?(?=,|$)([\s\S]*)$/;

/** Fields that have no value are left out: an empty sender is the null sender. */
const field = (text: string, name: string, next: string): string | null => {
  const at = text.indexOf(`, ${name}=`);
  if (at === -1) return null;
  const start = at + name.length + 3;
  const end = next === '' ? -1 : text.indexOf(`, ${next}=`, start);
  return text.slice(start, end === -1 ? undefined : end);
};

const parseAction = (text: string): MtaEvent | null => {
  const match = LINE.exec(text);
  if (match === null) return null;
  const [, id, action = '', reason, rest = ''] = match;
  const filter = { source: 'postgrey', action: reason === undefined ? action : `${action}: ${reason}`, score: null };
  if (id !== undefined) return { kind: 'filter', mta: 'postgrey', queueId: queueId(id), filter };
  return {
    kind: 'loose-filter',
    mta: 'postgrey',
    messageId: null,
    clientIp:
      field(rest, 'client_address', rest.includes(', sender=') ? 'sender' : 'recipient')?.replace(/\/\d+$/, '') ?? null,
    sender: field(rest, 'sender', 'recipient') ?? '',
    recipient: field(rest, 'recipient', ''),
    filter,
  };
};

const parse = ({ text }: LogRecord): ParseOutcome => {
  const event = parseAction(text);
  return event === null ? IGNORED : { kind: 'events', events: [event] };
};

export const postgrey: Parser = {
  mta: 'postgrey',
  ownsProgram: (program) => program === 'postgrey' || program.endsWith('/postgrey'),
  recognises: () => false,
  parse,
};
