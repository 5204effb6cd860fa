/** Which queue IDs the first round found in the window, and which lines hold the text of a `text:` keyword. */
import type { LogRecord, MtaEvent } from '../domain/event.js';
import type { Keyword } from '../domain/keyword.js';
import type { Transaction } from '../domain/transaction.js';
import type { HasText } from '../trace/match-keyword.js';

export type FoundLines = Readonly<{
  add: (record: LogRecord, events: readonly MtaEvent[], isFirstRound: boolean) => void;
  /** Lies a line of this transaction among those of the first round? */
  isFound: (t: Transaction) => boolean;
  hasText: HasText;
}>;

const idOf = (event: MtaEvent): string | null =>
  event.kind === 'session' || event.kind === 'session-action' ? null : event.queueId;

export const createFoundLines = (keywords: readonly Keyword[]): FoundLines => {
  const texts = keywords.filter(({ kind }) => kind === 'text').map(({ text }) => text);
  const found = new Map<string, number[]>();
  const withText = new Map<string, number[]>();
  const note = (map: Map<string, number[]>, key: string, timeMs: number): void => {
    const times = map.get(key);
    if (times) times.push(timeMs);
    else map.set(key, [timeMs]);
  };
  return {
    add: (record, events, isFirstRound) => {
      const held = texts.filter((text) => record.raw.includes(text) || record.text.includes(text));
      for (const event of events) {
        const id = idOf(event);
        if (isFirstRound && id !== null) note(found, `${record.host}\0${id}`, record.timeMs);
        for (const text of held) note(withText, `${record.host}\0${id ?? ''}\0${text}`, record.timeMs);
      }
    },
    isFound: (t) =>
      (found.get(`${t.host}\0${t.queueId}`) ?? []).some((timeMs) => timeMs >= t.firstSeenMs && timeMs <= t.lastSeenMs),
    hasText: (host, queueId, fromMs, toMs, text) =>
      (withText.get(`${host}\0${queueId ?? ''}\0${text}`) ?? []).some((timeMs) => timeMs >= fromMs && timeMs <= toMs),
  };
};
