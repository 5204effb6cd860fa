/**
 * amavis: its verdict on a message, a line that the default $log_templ makes (amavisd, end of file). A message that it took over is
 * a transaction of its own, named by the mail id; one that it only looked at (as a milter), or refused, is a result beside the MTA's.
 */
import type { DeliveryStatus, LogRecord, MtaEvent, ParseOutcome } from '../domain/event.js';
import { parseMessageId, type QueueId, queueId } from '../domain/ids.js';
import { isAmavis, isAmavisPart, joinAmavisParts, splitTask } from './amavis/parts.js';
import { IGNORED, type Parser, UNKNOWN } from './parser.js';

const ADDRESS = '<((?:"(?:[^"\\\\]|\\\\.)*"|[^<>"])*)>';
/** Verdict, what was done, policy bank and clients, sender. The name of a banned part is the sender's. */
const HEAD = new RegExp(
  `^(Passed|Blocked) ([A-Z][A-Z-]{2,30}(?: \\(.{0,1000}?\\))?(?: \\{([A-Za-z,]{0,300})\\})?), ?[^<]{0,300}?${ADDRESS} -> (?=<)`,
  's',
);
const RECIPIENT = new RegExp(`${ADDRESS},?`, 'y');
/** A message with more recipients comes in several parts, and is cut by the MTA before. */
const RECIPIENTS_MAX = 5000;

type Head = Readonly<{
  isPassed: boolean;
  verdict: string;
  actions: readonly string[];
  sender: string;
  recipients: readonly string[];
  rest: string;
}>;

const parseHead = (text: string): Head | null => {
  const match = HEAD.exec(text);
  if (match === null) return null;
  const [whole, word, verdict = '', actions = '', sender = ''] = match;
  const recipients: string[] = [];
  RECIPIENT.lastIndex = whole.length;
  let end = whole.length;
  for (
    let next = RECIPIENT.exec(text);
    next !== null && recipients.length < RECIPIENTS_MAX;
    next = RECIPIENT.exec(text)
  ) {
    recipients.push(next[1]!);
    end = RECIPIENT.lastIndex;
  }
  return {
    isPassed: word === 'Passed',
    verdict: `${word} ${verdict.replace(/ \{[A-Za-z,]*\}$/, '')}`,
    actions: actions === '' ? [] : actions.split(','),
    sender,
    recipients,
    rest: text.slice(end).replace(/^,? /, ''),
  };
};

type Tail = Readonly<{
  /** Where the message was put aside. */
  quarantine: string | null;
  queueId: QueueId | null;
  messageId: string | null;
  mailId: string | null;
  score: number | null;
  sizeBytes: number | null;
  nextQueueIds: readonly QueueId[];
}>;

/** In the order of the template: the message-id ends at its bracket, and the subject (if configured) stands behind all of these. */
const TAIL =
  /^(?:quarantine: ([^,]{1,300})(?:, |$))?(?:Queue-ID: ([\w-]{1,64})(?:, |$))?(?:Message-ID: (<[^<>]{0,2000}>|[^<>,]{0,2000})(?:, |$))?(?:Resent-Message-ID: (?:<[^<>]{0,2000}>|[^<>,]{0,2000})(?:, |$))?(?:mail_id: ([\w-]{6,40})(?:, |$))?(?:Hits: ([\d.,+-]{1,40}?)(?:, |$))?(?:size: (\d{1,15})(?:, |$))?(?:pt: [^,]{1,80}(?:, |$))?(?:queued_as: (.{1,2000}?)(?=, (?:[A-Z][\w-]*: |dkim_|\d+ ms|shortcircuit|autolearn)|$))?/s;

/** `4jWkG05QZSzngwZ`, several with a slash between; a whole reply where it is no Postfix that answers. */
const nextIdsOf = (text: string | undefined): readonly QueueId[] =>
  (text ?? '')
    .split('/')
    .map((part) => /(?:^|queued as |\bid=)([0-9A-Za-z][\w-]{5,63})$/.exec(part.trim())?.[1])
    .filter((id) => id !== undefined && /[0-9]/.test(id))
    .map((id) => queueId(id!));

/** `-` when not looked at; `1.2+0.5` with a boost of the sender's (SCORE macro). */
const scoreOf = (text: string | undefined): number | null => {
  const parts = (text ?? '').split(/(?=[+-])/).filter((part) => /\d/.test(part));
  return parts.length === 0 ? null : Math.round(parts.reduce((sum, part) => sum + Number(part), 0) * 1000) / 1000 || 0;
};

const parseTail = (text: string): Tail => {
  const match = TAIL.exec(text);
  const [, quarantine = null, queue, messageId = null, mailId = null, hits, size, queuedAs] = match ?? [];
  const score = scoreOf(hits);
  return {
    quarantine,
    queueId: queue === undefined ? null : queueId(queue),
    messageId,
    mailId,
    score: score === null || Number.isFinite(score) ? score : null,
    sizeBytes: size === undefined ? null : Number(size),
    nextQueueIds: nextIdsOf(queuedAs),
  };
};

const has = (actions: readonly string[], word: string): boolean => actions.some((action) => action.startsWith(word));

/** null: amavis did not take the message over; whoever gave it in keeps it, and says what became of it. */
const statusOf = ({ isPassed, actions }: Head, { nextQueueIds }: Tail): DeliveryStatus | null => {
  if (has(actions, 'TempFailed') || has(actions, 'Rejected') || has(actions, 'Accepted')) return null;
  if (has(actions, 'Bounced')) return 'bounced';
  if (has(actions, 'Discarded') || has(actions, 'NoBounce')) return 'discarded';
  if (nextQueueIds.length > 0 || has(actions, 'Relayed')) return 'sent';
  return isPassed ? null : 'discarded';
};

const actionOf = ({ verdict }: Head, { quarantine }: Tail): string =>
  quarantine === null ? verdict : `${verdict}, quarantine: ${quarantine}`;

const deliveries = (own: QueueId, head: Head, tail: Tail, status: DeliveryStatus): readonly MtaEvent[] =>
  head.recipients.map((recipient) => ({
    kind: 'delivery',
    mta: 'amavis',
    queueId: own,
    recipient,
    originalRecipient: null,
    status,
    dsn: null,
    replyCode: null,
    relay: null,
    agent: 'amavis',
    delayMs: null,
    delaysMs: null,
    response: actionOf(head, tail),
    nextQueueIds: status === 'sent' ? tail.nextQueueIds : [],
    nextIs: 'same-host',
    by: 'smtp',
  }));

const eventsOf = (task: string, head: Head, tail: Tail): readonly MtaEvent[] => {
  const filter = { source: 'amavis', action: actionOf(head, tail), score: tail.score };
  const status = statusOf(head, tail);
  if (status === null) {
    return tail.queueId === null ? [] : [{ kind: 'filter', mta: 'amavis', queueId: tail.queueId, filter }];
  }
  const own = tail.mailId === null ? queueId(task) : queueId(tail.mailId);
  const ids = { mta: 'amavis', queueId: own } as const;
  return [
    {
      kind: 'arrival',
      ...ids,
      via: 'smtp',
      isAccepted: true,
      // The addresses in the line are those of the MTA's client (XFORWARD).
      client: null,
      sender: head.sender,
      messageId: tail.messageId === null ? null : parseMessageId(tail.messageId),
      sizeBytes: tail.sizeBytes,
      reinjectedFrom: tail.queueId,
      requeuedFrom: null,
    },
    { kind: 'filter', ...ids, filter },
    ...deliveries(own, head, tail, status),
  ];
};

const parse = ({ text }: LogRecord): ParseOutcome => {
  const line = splitTask(text);
  // Without a task: start and end, loaded modules.
  if (line === null) return IGNORED;
  // Parts of a line are put together before; a single one says too little.
  if (line.isContinued || line.continues || !/^(?:Passed|Blocked) /.test(line.text)) return IGNORED;
  const head = parseHead(line.text);
  return head === null ? UNKNOWN : { kind: 'events', events: eventsOf(line.task, head, parseTail(head.rest)) };
};

export const amavis: Parser = {
  mta: 'amavis',
  ownsProgram: isAmavis,
  recognises: (text) => /^(?:Passed|Blocked) [A-Z]/.test(splitTask(text)?.text ?? ''),
  parse,
  joinParts: joinAmavisParts,
  isPart: isAmavisPart,
  namesOf: ({ text }) => {
    const line = splitTask(text);
    return line !== null && (line.isContinued || line.continues) ? [line.task] : [];
  },
};
