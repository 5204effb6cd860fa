/** Which queue IDs the first round found in the window, and which lines hold the text of a `text:` keyword. */
import type { LogRecord, MtaEvent } from '../domain/event.js';
import type { MessageId } from '../domain/ids.js';
import type { Keyword } from '../domain/keyword.js';
import { queueFilesOf, type Recipient, type Transaction } from '../domain/transaction.js';
import type { HasText } from '../trace/match-keyword.js';

export type FoundLines = Readonly<{
  add: (record: LogRecord, events: readonly MtaEvent[], isFirstRound: boolean) => void;
  /** Lies a line of this transaction among those of the first round? */
  isFound: (t: Transaction) => boolean;
  /** The one message-id that the lines of a queue ID name; null when they name none, or several. */
  messageIdAt: (host: string, queueId: string) => MessageId | null;
  hasText: HasText;
  /** The same for somebody who may see only these recipients: a line that names another one tells him nothing. */
  hasTextFor: (recipients: readonly Pick<Recipient, 'address' | 'originalAddress'>[]) => HasText;
}>;

/** Recipients that a line names; none for lines about the message as a whole. */
const recipientsOf = (event: MtaEvent): readonly string[] => {
  switch (event.kind) {
    case 'delivery':
    case 'recipient':
      return event.originalRecipient === null ? [event.recipient] : [event.recipient, event.originalRecipient];
    case 'try':
    case 'tried':
    case 'held':
    case 'discarded':
    case 'reject':
    case 'session-action':
    case 'loose-filter':
      return event.recipient === null ? [] : [event.recipient];
    default:
      return [];
  }
};

type LineWithText = Readonly<{ timeMs: number; recipients: readonly string[] }>;

const idOf = (event: MtaEvent): string | null =>
  event.kind === 'session' || event.kind === 'session-action' || event.kind === 'loose-filter' ? null : event.queueId;

export const createFoundLines = (keywords: readonly Keyword[]): FoundLines => {
  const texts = keywords.filter(({ kind }) => kind === 'text').map(({ text }) => text);
  const found = new Map<string, number[]>();
  const withText = new Map<string, LineWithText[]>();
  const messageIds = new Map<string, Set<MessageId>>();
  const note = <Item>(map: Map<string, Item[]>, key: string, item: Item): void => {
    const items = map.get(key);
    if (items) items.push(item);
    else map.set(key, [item]);
  };
  const someLine =
    (isSeen: (line: LineWithText) => boolean): HasText =>
    (host, queueId, fromMs, toMs, text) =>
      (withText.get(`${host}\0${queueId ?? ''}\0${text}`) ?? []).some(
        (line) => line.timeMs >= fromMs && line.timeMs <= toMs && isSeen(line),
      );
  return {
    add: (record, events, isFirstRound) => {
      const held = texts.filter((text) => record.raw.includes(text));
      for (const event of events) {
        const id = idOf(event);
        if (event.kind === 'message-id' && event.messageId !== null) {
          const key = `${record.host}\0${event.queueId}`;
          messageIds.set(key, (messageIds.get(key) ?? new Set<MessageId>()).add(event.messageId));
        }
        if (isFirstRound && id !== null) note(found, `${record.host}\0${id}`, record.timeMs);
        const line = { timeMs: record.timeMs, recipients: recipientsOf(event) };
        for (const text of held) note(withText, `${record.host}\0${id ?? ''}\0${text}`, line);
      }
    },
    isFound: (t) =>
      queueFilesOf(t).some(({ host, queueId, firstSeenMs, lastSeenMs }) =>
        (found.get(`${host}\0${queueId}`) ?? []).some((timeMs) => timeMs >= firstSeenMs && timeMs <= lastSeenMs),
      ),
    messageIdAt: (host, queueId) => {
      const [first = null, second] = messageIds.get(`${host}\0${queueId}`) ?? [];
      return second === undefined ? first : null;
    },
    hasText: someLine(() => true),
    hasTextFor: (recipients) => {
      const seen = new Set(recipients.flatMap(({ address, originalAddress }) => [address, originalAddress]));
      return someLine((line) => line.recipients.every((recipient) => seen.has(recipient)));
    },
  };
};
