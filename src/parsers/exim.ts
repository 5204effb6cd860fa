/**
 * Exim: its own main log, and the same lines sent to syslog. Formats: log.c, receive.c, deliver.c, retry.c, queue.c, smtp_in.c. Its
 * message ids are queue IDs here.
 */
import type { LogRecord, MtaEvent, ParseOutcome } from '../domain/event.js';
import { type QueueId, queueId } from '../domain/ids.js';
import { parseArrival } from './exim/arrival.js';
import { parseDelivery } from './exim/delivery.js';
import { isKnownOfMessage, isKnownOfServer } from './exim/known-lines.js';
import { parseRefusal } from './exim/refusal.js';
import { IGNORED, type Parser, UNKNOWN } from './parser.js';
import { joinNumbered, type NumberedPart } from './parts.js';

/** Six digits and the process before 4.97, eleven since; at the end a fraction of a second. */
const ID = /^([0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4}))(?: |$)/;
/** log.c write_syslog: what is too long for syslog (`/`) or has several lines (`\`) comes in numbered parts. */
const PART = /^\[(\d{1,3})([/\\])(\d{1,3})\] /;
/** The stamp that Exim repeats in its syslog text, where the header did not take it off; `+pid` puts the process behind it or alone. */
const STAMP = /^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: [+-]\d{4})? )?(?:\[\d{1,10}\] )?/;
const MARK = /^(<=|=>|->|>>|\*>|\*\*|==) /;

const events = (list: readonly MtaEvent[]): ParseOutcome => ({ kind: 'events', events: list });

type Pattern = readonly [RegExp, (ids: { mta: 'exim'; queueId: QueueId }, match: RegExpExecArray) => MtaEvent];

const held = (ids: { mta: 'exim'; queueId: QueueId }, reason: string): MtaEvent => ({
  kind: 'held',
  ...ids,
  reason,
  sender: null,
  recipient: null,
});

/** queue.c queue_action, deliver.c deliver_message: what was done to the message as a whole. */
const STATES: readonly Pattern[] = [
  [/^Completed(?: |$)/, (ids) => ({ kind: 'removed', ...ids, byOperator: false })],
  [/^(?:Frozen|frozen by )/, (ids, { input }) => held(ids, input)],
  [/^[Uu]nfrozen by /, (ids) => ({ kind: 'released', ...ids })],
  [/^(?:removed by |Message removed because older than )/, (ids) => ({ kind: 'deleted', ...ids })],
  [
    /^recipient <(.*)> added by /s,
    (ids, [, recipient = '']) => ({ kind: 'recipient', ...ids, recipient, originalRecipient: null }),
  ],
  [/^address <(.*)> marked delivered by /s, (ids, match) => marked(ids, match[1]!, match.input)],
];

/** `exim -Mmd`: the postmaster struck a recipient off. */
const marked = (ids: { mta: 'exim'; queueId: QueueId }, recipient: string, response: string): MtaEvent => ({
  kind: 'delivery',
  ...ids,
  recipient,
  originalRecipient: null,
  status: 'deleted',
  dsn: null,
  replyCode: null,
  relay: null,
  agent: null,
  delayMs: null,
  delaysMs: null,
  response,
  nextQueueIds: [],
  nextIs: 'same-host',
  by: 'local',
});

const parseState = (id: QueueId, text: string): MtaEvent | null => {
  for (const [pattern, build] of STATES) {
    const match = pattern.exec(text);
    if (match !== null) return build({ mta: 'exim', queueId: id }, match);
  }
  return null;
};

/** @param text what follows the message's ID */
const parseQueued = (id: QueueId, text: string): ParseOutcome => {
  const mark = MARK.exec(text)?.[1];
  if (mark === '<=') return events(parseArrival(id, text.slice(3)));
  const event = mark === undefined ? parseState(id, text) : parseDelivery(id, mark, text.slice(3));
  if (event !== null) return events([event]);
  const refusal = parseRefusal(id, text);
  return refusal === null ? (isKnownOfMessage(text) ? IGNORED : UNKNOWN) : events(refusal);
};

const parse = ({ text }: LogRecord): ParseOutcome => {
  const part = PART.exec(text);
  // Only the first part has the ID.
  if (part !== null && part[1] !== '1') return IGNORED;
  const line = (part === null ? text : text.slice(part[0].length)).replace(STAMP, '');
  const id = ID.exec(line)?.[1];
  if (id !== undefined) return parseQueued(queueId(id), line.slice(id.length + 1));
  const refusal = parseRefusal(null, line);
  return refusal === null ? (isKnownOfServer(line) ? IGNORED : UNKNOWN) : events(refusal);
};

const isExim = (program: string): boolean => /^exim(?:4|-[\d.]+)?$/i.test(program);

/** Parts of one line (`/`) of one process; texts with several lines are left as they are. */
const partOf = ({ program, pid, timeMs, text }: LogRecord): NumberedPart | null => {
  const match = isExim(program) ? PART.exec(text) : null;
  if (match === null || match[2] !== '/') return null;
  const [number, count] = [Number(match[1]), Number(match[3])];
  const key = `${pid ?? ''} ${Math.floor(timeMs / 1000)} ${count}`;
  return { key, number, isLast: number === count, text: text.slice(match[0].length) };
};

const TELLING = /^(?:(?:<=|=>|->|>>|\*>|\*\*|==) \S|Completed(?: |$))/;

export const exim: Parser = {
  mta: 'exim',
  ownsProgram: isExim,
  recognises: (text) => {
    const line = text.replace(STAMP, '');
    const id = ID.exec(line);
    return id !== null && TELLING.test(line.slice(id[0].length));
  },
  parse,
  joinParts: (records) => joinNumbered(records, partOf, (_, text) => text),
  isPart: (record) => partOf(record) !== null,
};
