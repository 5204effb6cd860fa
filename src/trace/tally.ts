/** Counting within one incident: distinct addresses, reasons, and the matches of the last while. Every list is bounded. */
import { hashParts } from '../domain/ids.js';
import { AFFECTED_MAX, type Alert, type Incident, type Tally, type Threshold } from '../domain/subscription.js';

const REASONS_MAX = 50;
const TOP_REASONS = 5;
const NAMED_MAX = 3;
/** Of one reason; it is shown, not searched. */
const REASON_TEXT_MAX = 500;

export const EMPTY_TALLY: Tally = {
  senders: [],
  recipients: [],
  someSenders: [],
  someRecipients: [],
  recentMs: [],
  reasons: [],
  details: 0,
  lastDetailMs: null,
};

const markOf = (address: string): string => hashParts(address.toLowerCase()).toString('base64url').slice(0, 10);

type Counter = Readonly<{ marks: Set<string>; names: string[] }>;

const countAddress = ({ marks, names }: Counter, address: string | null): void => {
  if (address === null || marks.size >= AFFECTED_MAX) return;
  const mark = markOf(address);
  if (marks.has(mark)) return;
  marks.add(mark);
  if (names.length < NAMED_MAX) names.push(address);
};

type Reason = { key: string; text: string; count: number };

/** The words of the first of them; whom it was about differs. A slow delivery has nothing to say but that it was. */
const textOf = ({ kind, cause, response, recipient }: Alert): string => {
  if (kind === 'slow' || response === null) return cause.reason;
  // Postfix smtp_proto.c begins with the relay, which is said already.
  const text = response.slice(0, REASON_TEXT_MAX).replace(/^host \S{1,300} said: /, '');
  return recipient === null || recipient === '' ? text : text.replaceAll(recipient, '…');
};

const countReason = (reasons: Map<string, Reason>, alert: Alert): void => {
  const { kind, replyCode, dsn, cause, times } = alert;
  const codes = kind === 'slow' ? [] : [replyCode, dsn];
  const key = JSON.stringify([...codes, cause.at, cause.reason]);
  const known = reasons.get(key);
  if (known !== undefined) known.count += times;
  else if (reasons.size < REASONS_MAX) reasons.set(key, { key, text: textOf(alert), count: times });
};

/** The last matches, oldest first: as many as the threshold needs. */
const addRecent = (recentMs: readonly number[], { timeMs, times }: Alert, { count }: Threshold): readonly number[] =>
  [...recentMs, ...Array<number>(Math.min(times, count + 1)).fill(timeMs)].sort((a, b) => a - b).slice(-(count + 1));

/** More than `count` within the window. */
const isOver = (recentMs: readonly number[], { count, windowMs }: Threshold): boolean =>
  recentMs.length > count && recentMs.at(-1)! - recentMs[0]! <= windowMs;

/** An incident while the matches of one round are counted. */
export type Counting = Readonly<{
  id: string;
  state: () => Incident['state'];
  lastMs: () => number;
  /** Would it be open after this match? */
  opensWith: (alert: Alert, threshold: Threshold | null) => boolean;
  add: (alert: Alert, threshold: Threshold | null) => void;
  get: () => Incident;
}>;

/** Newer, and with a way to be traced, is better. */
const betterExample = (example: Alert | null, alert: Alert): Alert => {
  if (example === null || (example.traceId === null) !== (alert.traceId === null)) {
    return example === null || example.traceId === null ? alert : example;
  }
  return alert.timeMs >= example.timeMs ? alert : example;
};

const addresses = (marks: readonly string[], names: readonly string[]): Counter => ({
  marks: new Set(marks),
  names: [...names],
});

/** @param start pending or open */
export const countInto = (start: Incident): Counting => {
  const { tally } = start;
  const senders = addresses(tally.senders, tally.someSenders);
  const recipients = addresses(tally.recipients, tally.someRecipients);
  const reasons = new Map(tally.reasons.map((reason) => [reason.key, { ...reason }]));
  const kinds = new Set(start.kinds);
  let { count, firstMs, lastMs, openedAtMs, example } = start;
  let { recentMs } = tally;

  const opensWith: Counting['opensWith'] = (alert, threshold) =>
    openedAtMs !== null || threshold === null || isOver(addRecent(recentMs, alert, threshold), threshold);

  const add: Counting['add'] = (alert, threshold) => {
    if (opensWith(alert, threshold)) {
      openedAtMs ??= alert.timeMs;
      recentMs = [];
    } else if (threshold !== null) recentMs = addRecent(recentMs, alert, threshold);
    countAddress(senders, alert.sender);
    countAddress(recipients, alert.recipient);
    countReason(reasons, alert);
    kinds.add(alert.kind);
    count += alert.times;
    firstMs = Math.min(firstMs, alert.timeMs);
    lastMs = Math.max(lastMs, alert.timeMs);
    example = betterExample(example, alert);
  };

  const state = (): Incident['state'] => (openedAtMs === null ? 'pending' : 'open');

  const get = (): Incident => {
    const ranked = [...reasons.values()].sort((a, b) => b.count - a.count).slice(0, TOP_REASONS);
    return {
      ...start,
      kinds: [...kinds],
      state: state(),
      openedAtMs,
      firstMs,
      lastMs,
      count,
      senders: senders.marks.size,
      recipients: recipients.marks.size,
      topReasons: ranked.map((reason) => ({ text: reason.text, count: reason.count })),
      example,
      tally: {
        ...tally,
        senders: [...senders.marks],
        recipients: [...recipients.marks],
        someSenders: senders.names,
        someRecipients: recipients.names,
        recentMs,
        reasons: [...reasons.values()],
      },
    };
  };
  return { id: start.id, state, lastMs: () => lastMs, opensWith, add, get };
};
