/**
 * MailScanner takes messages out of the MTA's hold queue and puts them back. Formats: Message.pm (`Message … is spam`, `Spam
 * Actions: …`), PFDiskStore.pm (`Requeue: … to …`, only with Postfix, where the message gets a new queue ID).
 */
import type { LogRecord, MtaEvent, ParseOutcome } from '../domain/event.js';
import { type QueueId, queueId } from '../domain/ids.js';
import { IGNORED, type Parser } from './parser.js';

/** The MTA's queue ID; with Postfix followed by a dot and five random digits, since those of Postfix come again (Postfix.pm). */
const ID = '([0-9A-Za-z-]{6,40})(?:\\.[0-9A-F]{4,6})?';
const VERDICT = new RegExp(`^Message ${ID} from (?:\\S{1,60} )?\\(`);
const WORD = /^(not spam|spam|too big for spam checks)/;
const ACTIONS = new RegExp(`^Spam Actions: message ${ID} actions are ([a-z,-]{1,300})$`);
const REQUEUE = new RegExp(`^Requeue: ${ID} to ([0-9A-Za-z]{6,40})$`);

/** `(sender) to domain is spam, SpamAssassin (not cached, score=7.1, required 4, …)`; the sender may hold the words as well. */
const parseVerdict = (text: string): MtaEvent | null => {
  const id = VERDICT.exec(text)?.[1];
  const at = id === undefined ? -1 : text.indexOf(' is ', text.indexOf(') to ') + 1);
  const action = at === -1 ? undefined : WORD.exec(text.slice(at + 4, at + 40))?.[1];
  if (id === undefined || action === undefined) return null;
  const score = /\bscore=(-?\d{1,6}(?:\.\d{1,6})?)/.exec(text.slice(at))?.[1];
  const filter = { source: 'mailscanner', action, score: score === undefined ? null : Number(score) };
  return { kind: 'filter', mta: 'mailscanner', queueId: queueId(id), filter };
};

/** A message that is neither delivered nor forwarded is dropped: only the actions say so. */
const parseActions = (text: string): MtaEvent | null => {
  const match = ACTIONS.exec(text);
  if (match === null || /(?:^|,)(?:deliver|forward)(?:,|$)/.test(match[2]!)) return null;
  const reason = `Spam Actions: ${match[2]!}`;
  return { kind: 'discarded', mta: 'postfix', queueId: queueId(match[1]!), reason, sender: null, recipient: null };
};

const requeued = (from: QueueId, to: QueueId): readonly MtaEvent[] => [
  { kind: 'requeued', mta: 'postfix', queueId: from },
  {
    kind: 'arrival',
    mta: 'postfix',
    queueId: to,
    via: 'internal',
    isAccepted: true,
    client: null,
    sender: null,
    reinjectedFrom: null,
    requeuedFrom: from,
  },
];

const parse = ({ text }: LogRecord): ParseOutcome => {
  const requeue = REQUEUE.exec(text);
  if (requeue !== null) return { kind: 'events', events: requeued(queueId(requeue[1]!), queueId(requeue[2]!)) };
  const event = parseVerdict(text) ?? parseActions(text);
  return event === null ? IGNORED : { kind: 'events', events: [event] };
};

export const mailscanner: Parser = {
  mta: 'mailscanner',
  ownsProgram: (program) => program === 'MailScanner',
  recognises: (text) => REQUEUE.test(text) || ACTIONS.test(text),
  parse,
};
