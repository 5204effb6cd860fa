/**
 * Sendmail, daemon and submission program. Formats: headers.c logsender, deliver.c logdelivery, savemail.c returntosender,
 * envelope.c dropenvelope, parseaddr.c rscheck, srvrsmtp.c, queue.c.
 */
import type { LogRecord, MtaEvent, ParseOutcome } from '../domain/event.js';
import { type QueueId, queueId } from '../domain/ids.js';
import { IGNORED, type Parser, UNKNOWN } from './parser.js';
import { joinNumbered, type NumberedPart } from './parts.js';
import { parseArrival } from './sendmail/arrival.js';
import { parseDelivery, parseTooManyHops } from './sendmail/delivery.js';
import { isKnown } from './sendmail/known-lines.js';
import { parseAuthFailure, parseEnded, parseMilter, parseRuleset, parseUserError } from './sendmail/refusal.js';
import { parseSibling } from './sendmail/sibling.js';

/** queue.c assign_queueid: eight digits of base 60 and the process; before 8.10 letters and the process. */
const ID = '[0-9A-Za-z]{2,9}\\d{5,10}';
/** A text that syslog cannot take whole is cut in parts: `ID[1]: … ...` (conf.c sm_syslog). */
const PREFIX = new RegExp(`^(?:(NOQUEUE)|(${ID}))(?:\\[(\\d{1,3})\\])?: `);

type Prefixed = Readonly<{ id: QueueId | null; rest: string }>;

const splitId = (text: string): Prefixed => {
  const match = PREFIX.exec(text);
  if (match === null) return { id: null, rest: text };
  return { id: match[2] === undefined ? null : queueId(match[2]), rest: text.slice(match[0].length) };
};

const events = (list: readonly MtaEvent[]): ParseOutcome => ({ kind: 'events', events: list });
const eventOr = (event: MtaEvent | null, otherwise: ParseOutcome): ParseOutcome =>
  event === null ? otherwise : events([event]);

const parseState = (id: QueueId, text: string): MtaEvent | null => {
  const ids = { mta: 'sendmail', queueId: id } as const;
  // queue.c quarantine_queue_item: an administrator did it (`sendmail -Q`).
  if (text.startsWith('quarantine=')) {
    return { kind: 'held', ...ids, reason: text.slice('quarantine='.length), sender: null, recipient: null };
  }
  if (text === 'unquarantine') return { kind: 'released', ...ids };
  if (text === 'discarded') return { kind: 'discarded', ...ids, reason: text, sender: null, recipient: null };
  return text.startsWith('done; delay=') ? { kind: 'removed', ...ids, byOperator: false } : null;
};

/** @param text what follows the queue ID */
const parseQueued = (id: QueueId, text: string): ParseOutcome => {
  const list =
    parseArrival(id, text) ?? parseDelivery(id, text) ?? parseSibling(id, text) ?? parseTooManyHops(id, text);
  if (list !== null) return events(list);
  const ruleset = parseRuleset(id, text);
  if (ruleset !== undefined) return eventOr(ruleset, IGNORED);
  const event = parseMilter(id, text) ?? parseEnded(id, text) ?? parseState(id, text);
  // Last: an address followed by dots may begin many texts.
  return eventOr(event, isKnown(text) ? IGNORED : eventOr(parseUserError(id, text), UNKNOWN));
};

const parseUnqueued = (text: string): ParseOutcome => {
  const ruleset = parseRuleset(null, text);
  if (ruleset !== undefined) return eventOr(ruleset, IGNORED);
  const event = parseMilter(null, text) ?? parseAuthFailure(text);
  return eventOr(event, isKnown(text) ? IGNORED : UNKNOWN);
};

const parse = ({ text }: LogRecord): ParseOutcome => {
  const { id, rest } = splitId(text);
  return id === null ? parseUnqueued(rest) : parseQueued(id, rest);
};

const isSendmail = (program: string): boolean => /^(?:sendmail|sm-mta|sm-msp|sm-client|sm-que|MSP|msp)\b/.test(program);

/** `ID[1]: … ...`, `ID[2]: …`; the cut is behind a comma or blank, and ` ...` says that more follows. */
const partOf = ({ program, pid, timeMs, text }: LogRecord): NumberedPart | null => {
  const match = isSendmail(program) ? PREFIX.exec(text) : null;
  if (match?.[3] === undefined || match[2] === undefined) return null;
  const rest = text.slice(match[0].length);
  const isLast = !rest.endsWith(' ...');
  const key = `${match[2]} ${pid ?? ''} ${Math.floor(timeMs / 1000)}`;
  // Where the blank behind the comma was lost on the way.
  const part = isLast ? rest : rest.slice(0, -4).replace(/,$/, ', ');
  return { key, number: Number(match[3]), isLast, text: part.trimStart() };
};

const TELLING =
  /^(?:from=.{0,400}, size=\d+, class=-?\d+, nrcpts=\d+|to=.{1,2000}, delay=[\d:+]+, (?:xdelay|mailer|pri)=|ruleset=\w+, arg1=)/s;

export const sendmail: Parser = {
  mta: 'sendmail',
  ownsProgram: isSendmail,
  recognises: (text) => TELLING.test(splitId(text).rest),
  parse,
  joinParts: (records) => joinNumbered(records, partOf, (key, text) => `${key.split(' ', 1)[0]!}: ${text}`),
  isPart: (record) => partOf(record) !== null,
  namesOf: (record) => {
    const part = partOf(record);
    return part === null ? [] : [part.key.split(' ', 1)[0]!];
  },
};
