/**
 * Dovecot as the mailbox server: LMTP, its proxy, the local delivery agent, and Sieve. Formats: lmtp-client.c, lmtp-proxy.c,
 * mail-deliver.c, Pigeonhole's sieve-actions.c. One LMTP transaction is a transaction here; its name is the session.
 */
import type { DeliveryEvent, DeliveryStatus, LogRecord, MtaEvent, ParseOutcome, Relay } from '../domain/event.js';
import { type MessageId, parseMessageId, type QueueId, queueId } from '../domain/ids.js';
import { IGNORED, type Parser, UNKNOWN } from './parser.js';
import { parseReply } from './smtp-reply.js';

/** Each recipient after the first has the session's name with a number behind it: `:R2`, before 2.3 `:2` (lmtp-recipient.c). */
const SESSION = '([A-Za-z0-9+/]{20,26}(?::T\\d{1,6})?)(?::R?\\d{1,6})?(?::quota)?';
/** `lmtp(user)<pid><session>: ` and, before 2.3, `lmtp(pid, user): session: `. User names hold no brackets. */
const PREFIX = new RegExp(`^(?:lmtp|lda|deliver)\\(([^()<>]{0,320})\\)<\\d{1,10}><${SESSION}>: `);
const OLD_PREFIX = new RegExp(`^lmtp\\((?:\\d{1,10}, )?([^(),<>]{0,320})\\): ${SESSION}: `);
const SERVICE = /^[a-z][\w-]{1,40}(?:\([^()]{0,400}\))?(?:<[^<>]{0,100}>){0,3}: /;

type Prefix = Readonly<{ user: string; session: QueueId; rest: string }>;

const splitPrefix = (text: string): Prefix | null => {
  const match = PREFIX.exec(text) ?? OLD_PREFIX.exec(text);
  if (match === null) return null;
  return { user: match[1]!, session: queueId(match[2]!), rest: text.slice(match[0].length) };
};

/** What stands at the end of a line; a message-id in front of it may hold the same words, so the last counts. */
const ACTIONS: readonly Readonly<{ words: string; status: DeliveryStatus; isSieve: boolean }>[] = [
  { words: 'saved mail to ', status: 'sent', isSieve: false },
  { words: 'stored mail into mailbox ', status: 'sent', isSieve: true },
  { words: 'forwarded to <', status: 'sent', isSieve: true },
  { words: 'rejected message from <', status: 'rejected', isSieve: true },
  { words: 'marked message to be discarded', status: 'discarded', isSieve: true },
  { words: 'Marked message to be discarded', status: 'discarded', isSieve: true },
  { words: 'discarded message', status: 'discarded', isSieve: true },
  { words: 'sent vacation response to <', status: 'unknown', isSieve: true },
  { words: 'discarded duplicate forward to <', status: 'unknown', isSieve: true },
];

type Action = Readonly<{ text: string; before: string; status: DeliveryStatus; isSieve: boolean }>;

const findAction = (rest: string): Action | null => {
  let best: Action | null = null;
  for (const { words, status, isSieve } of ACTIONS) {
    const at = rest.lastIndexOf(`: ${words}`);
    if (at === -1 || (best !== null && at <= best.before.length)) continue;
    best = { text: rest.slice(at + 2), before: rest.slice(0, at), status, isSieve };
  }
  return best;
};

/** mail-deliver.c cuts a long message-id and puts dots behind it: then it is not known. */
const messageIdOf = (before: string): MessageId | null | undefined => {
  const at = before.indexOf('msgid=');
  if (at === -1) return undefined;
  const text = before.slice(at + 'msgid='.length).trim();
  return text === 'unspecified' || text.endsWith('...') ? null : parseMessageId(text);
};

const deliveryOf = (
  session: QueueId,
  facts: Pick<DeliveryEvent, 'recipient' | 'originalRecipient' | 'status' | 'response' | 'by'>,
  relay: Relay | null,
): DeliveryEvent => ({
  kind: 'delivery',
  mta: 'dovecot',
  queueId: session,
  dsn: null,
  replyCode: null,
  relay,
  agent: relay === null ? 'dovecot' : null,
  delayMs: null,
  delaysMs: null,
  nextQueueIds: [],
  nextIs: relay === null ? 'same-host' : 'relay',
  ...facts,
});

const eventsOf = ({ user, session }: Prefix, action: Action): readonly MtaEvent[] => {
  const ids = { mta: 'dovecot', queueId: session } as const;
  const messageId = messageIdOf(action.before);
  const list: MtaEvent[] = messageId === undefined ? [] : [{ kind: 'message-id', ...ids, messageId }];
  if (action.isSieve) {
    list.push({ kind: 'filter', ...ids, filter: { source: 'sieve', action: action.text, score: null } });
  }
  const { status, text: response } = action;
  if (status === 'unknown') return list;
  const target = /^forwarded to <(.*)>$/.exec(response)?.[1];
  const facts =
    target === undefined
      ? ({ recipient: user, originalRecipient: null, by: 'local' } as const)
      : ({ recipient: target, originalRecipient: user, by: 'forward' } as const);
  return [...list, deliveryOf(session, { ...facts, status, response }, null)];
};

const PROXIED = new RegExp(
  `(?:^|: )<${SESSION}>: (?:.{0,400}: )?Sent message to <(.{0,320})> at ([^\\s:]{1,255}|\\[?[0-9A-Fa-f:.]{2,45}\\]?):(\\d{1,5}): (.*?)(?: \\(\\d+/\\d+ at \\d+ ms\\))?$`,
);

/** A proxy in front of the mailbox servers hands the message on under the same session. */
const parseProxied = (text: string): MtaEvent | null => {
  const match = PROXIED.exec(text);
  if (match === null) return null;
  const [, session = '', recipient = '', host = '', port, response = ''] = match;
  const bare = host.replace(/^\[|\]$/g, '');
  const isAddress = /^[\d.]+$|:/.test(bare);
  const relay = { host: isAddress ? null : bare, ip: isAddress ? bare : null, port: Number(port) };
  const facts = { recipient, originalRecipient: null, status: 'sent', response, by: 'lmtp' } as const;
  return {
    ...deliveryOf(queueId(session), facts, relay),
    replyCode: parseReply(response).replyCode,
    dsn: parseReply(response).dsn,
    nextQueueIds: parseReply(response).nextQueueIds,
  };
};

const parse = ({ text }: LogRecord): ParseOutcome => {
  const prefix = splitPrefix(text);
  const action = prefix === null ? null : findAction(`: ${prefix.rest}`);
  if (prefix !== null && action !== null) return { kind: 'events', events: eventsOf(prefix, action) };
  const proxied = parseProxied(text);
  if (proxied !== null) return { kind: 'events', events: [proxied] };
  // What failed is told by the MTA that gave the message in; it keeps it.
  return SERVICE.test(text) ? IGNORED : UNKNOWN;
};

export const dovecot: Parser = {
  mta: 'dovecot',
  ownsProgram: (program) => program === 'dovecot' || program.startsWith('dovecot/'),
  recognises: (text) => {
    const prefix = splitPrefix(text);
    return prefix !== null && findAction(`: ${prefix.rest}`) !== null;
  },
  parse,
};
