/** rspamd: the line its task writer makes of a message (cfg_utils.cxx, the default log_format). A result beside the MTA's transaction. */
import type { FilterResult, LogRecord, MtaEvent, ParseOutcome } from '../domain/event.js';
import { type MessageId, parseMessageId, queueId } from '../domain/ids.js';
import { IGNORED, type Parser } from './parser.js';

const WRITER = /^(?:<[^<>\s]{1,40}>; ?)?(?:[\w-]{1,30}; ?)?rspamd_task_write_log: /;
/** Verdict, action, score and threshold; what follows are symbols, whose options come from the message. */
const VERDICT = /, \(default: [TFS] \(([a-z ]{1,30})\): \[(-?[\d.]{1,20})\/(?:-?[\d.]{1,20}|nan|inf)\] \[/;
const QUEUE_ID = /, qid: <([\w.+-]{1,64})>(?=,)/g;

const BEFORE_MAX = 8000;

type Envelope = Readonly<{ clientIp: string | null; sender: string | null }>;

const envelopeOf = (fields: string): Envelope => ({
  clientIp: /, ip: ([0-9A-Fa-f.:]{2,45})(?=,|$)/.exec(fields)?.[1] ?? null,
  sender: /, from: <(.{0,320})>$/.exec(fields)?.[1] ?? null,
});

/** The message-id comes first and from outside, so the last queue ID in front of the verdict is rspamd's own word. */
const parseResult = (text: string): MtaEvent | null => {
  const verdict = VERDICT.exec(text);
  if (verdict === null || !text.startsWith('id: <')) return null;
  const before = text.slice(0, Math.min(verdict.index, BEFORE_MAX)).replace(/,$/, '');
  const filter: FilterResult = { source: 'rspamd', action: verdict[1]!, score: Number(verdict[2]) };
  const named = [...`${before},`.matchAll(QUEUE_ID)].at(-1);
  if (named !== undefined) return { kind: 'filter', mta: 'rspamd', queueId: queueId(named[1]!), filter };
  const end = before.indexOf('>,');
  const id = before.slice('id: <'.length, end === -1 ? -1 : end);
  const messageId: MessageId | null = id === 'undef' ? null : parseMessageId(id);
  return { kind: 'loose-filter', mta: 'rspamd', messageId, ...envelopeOf(before), recipient: null, filter };
};

const parse = ({ text }: LogRecord): ParseOutcome => {
  const writer = WRITER.exec(text);
  const event = writer === null ? null : parseResult(text.slice(writer[0].length));
  return event === null ? IGNORED : { kind: 'events', events: [event] };
};

export const rspamd: Parser = {
  mta: 'rspamd',
  ownsProgram: (program) => program.startsWith('rspamd'),
  recognises: (text) => WRITER.test(text),
  parse,
};
