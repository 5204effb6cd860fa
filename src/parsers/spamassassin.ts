/** SpamAssassin's daemon: the `result:` line (spamd.raw), which names the message-id and no queue ID. */
import type { LogRecord, MtaEvent, ParseOutcome } from '../domain/event.js';
import { parseMessageId } from '../domain/ids.js';
import { IGNORED, type Parser } from './parser.js';

/** Blanks and commas of the message-id were made underscores, so a field ends at the next comma. */
const RESULT = /^spamd: result: ([Y.]) +(-?\d{1,6}) - [\s\S]*?(?:^| |,)mid=(<[^,\s]{0,2000}>|\(unknown\))(?=,|$)/;

const parseResult = (text: string): MtaEvent | null => {
  const match = RESULT.exec(text);
  if (match === null) return null;
  const [, flag, score, id = ''] = match;
  const messageId = id === '(unknown)' ? null : parseMessageId(id);
  if (messageId === null) return null;
  const filter = { source: 'spamassassin', action: flag === 'Y' ? 'spam' : 'ham', score: Number(score) };
  return {
    kind: 'loose-filter',
    mta: 'spamassassin',
    messageId,
    clientIp: null,
    sender: null,
    recipient: null,
    filter,
  };
};

const parse = ({ text }: LogRecord): ParseOutcome => {
  const event = parseResult(text);
  return event === null ? IGNORED : { kind: 'events', events: [event] };
};

export const spamassassin: Parser = {
  mta: 'spamassassin',
  ownsProgram: (program) => program === 'spamd' || program === 'spampd' || program.endsWith('/spamd'),
  recognises: (text) => text.startsWith('spamd: '),
  parse,
};
