/**
 * The hop table as data: one row per delivery attempt of each recipient, shared by the terminal table and the Slack table.
 * Text is as logged: whoever shows it neutralises it for his medium.
 */
import type { Chain, Gap } from '../domain/chain.js';
import type { DeliveryStatus, Relay } from '../domain/event.js';
import { type DeliveryAttempt, namelessParts, type Recipient, type Transaction } from '../domain/transaction.js';

/** Cells that are empty are `''`. Every row repeats host and queue ID, so that it can be read alone. */
export type HopRow = Readonly<{
  /** Number of the transaction within the chain, from 1; `''` for a gap. */
  hop: string;
  host: string;
  queueId: string;
  recipient: string;
  /** A word of CONTRACT §2; `''` for a gap. */
  status: string;
  dsn: string;
  replyCode: string;
  /** `0.3 s`, `2 min 5 s`; of the last attempt when several are one row. */
  delay: string;
  /** Host name, else IP, with the port unless it is 25; `local`, `virtual`, a pipe's name for what left no host. */
  relay: string;
  /** Verbatim, of the last attempt when several are one row. */
  response: string;
  /** How many attempts this row stands for: repeated deferrals with the same codes are one row. 0 = no attempt was logged. */
  tries: number;
  /** Time of the first and of the last attempt, epoch milliseconds; of the arrival when there was none. */
  firstMs: number;
  lastMs: number;
  /** Set on a row that is not an attempt but the far side of a hop for which there is no log. */
  gap: Gap | null;
}>;

export type HopColumn = 'hop' | 'host' | 'queueId' | 'recipient' | 'status' | 'dsn' | 'replyCode' | 'delay' | 'relay';

/** Columns in order with their header names (CONTRACT §7). */
export const HOP_COLUMNS: readonly Readonly<{ key: HopColumn; header: string }>[] = [
  { key: 'hop', header: 'hop' },
  { key: 'host', header: 'host' },
  { key: 'queueId', header: 'queue ID' },
  { key: 'recipient', header: 'recipient' },
  { key: 'status', header: 'status' },
  { key: 'dsn', header: 'DSN' },
  { key: 'replyCode', header: 'reply code' },
  { key: 'delay', header: 'delay' },
  { key: 'relay', header: 'relay' },
];

/** `no log: external`, for the row of a gap. */
export const gapText = (gap: Gap): string => {
  switch (gap) {
    case 'external':
      return 'no log: external';
    case 'unread':
      return 'no log: not read';
    case 'unreachable':
      return 'no log: unreachable';
    case 'not-yet-logged':
      return 'not yet logged';
    case 'unknown':
      return 'no log: unknown host';
  }
};

const SMTP_PORT = 25;

/** The two largest units: `0.05 s`, `0.3 s`, `42 s`, `2 min 5 s`, `3 h 1 min`, `2 d 4 h`. A negative delay (clock skew) keeps its sign. */
export const formatDelay = (delayMs: number): string => {
  if (delayMs < 0) return `-${formatDelay(-delayMs)}`;
  const seconds = delayMs / 1000;
  if (seconds < 0.1) return `${Number(seconds.toFixed(2))} s`;
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pair = (value: number, base: number, large: string, small: string): string =>
    value % base === 0 ? `${value / base} ${large}` : `${Math.floor(value / base)} ${large} ${value % base} ${small}`;
  if (whole < 3600) return pair(whole, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return pair(minutes, 60, 'h', 'min');
  return pair(Math.round(seconds / 3600), 24, 'd', 'h');
};

/** `mx1.example`, `192.0.2.1:10025`, `[2001:db8::1]:10025`; `''` when neither name nor address is known. */
export const formatRelay = (relay: Relay): string => {
  const name = relay.host ?? relay.ip ?? '';
  if (relay.port === null || relay.port === SMTP_PORT || name === '') return name;
  return `${name.includes(':') ? `[${name}]` : name}:${relay.port}`;
};

const relayText = ({ relay, agent, by }: DeliveryAttempt): string => {
  if (relay !== null) return formatRelay(relay);
  return agent ?? (by === 'local' || by === 'forward' ? 'local' : '');
};

const blank = (transaction: Transaction, hop: number): HopRow => ({
  hop: String(hop),
  host: transaction.host,
  queueId: transaction.queueId,
  recipient: '',
  status: '',
  dsn: '',
  replyCode: '',
  delay: '',
  relay: '',
  response: '',
  tries: 0,
  firstMs: transaction.arrivedAtMs,
  lastMs: transaction.arrivedAtMs,
  gap: null,
});

const attemptRow = (base: HopRow, attempt: DeliveryAttempt): HopRow => ({
  ...base,
  status: attempt.status,
  dsn: attempt.dsn ?? '',
  replyCode: attempt.replyCode === null ? '' : String(attempt.replyCode),
  delay: attempt.delayMs === null ? '' : formatDelay(attempt.delayMs),
  relay: relayText(attempt),
  response: attempt.response ?? '',
  tries: 1,
  firstMs: attempt.timeMs,
  lastMs: attempt.timeMs,
});

const isRepeat = (previous: HopRow | undefined, next: HopRow): previous is HopRow =>
  previous !== undefined &&
  previous.status === 'deferred' &&
  next.status === 'deferred' &&
  previous.dsn === next.dsn &&
  previous.replyCode === next.replyCode;

const recipientRows = (blankRow: HopRow, recipient: Recipient): readonly HopRow[] => {
  const base = { ...blankRow, queueId: recipient.partQueueId ?? blankRow.queueId, recipient: recipient.address };
  const rows: HopRow[] = [];
  for (const attempt of recipient.attempts) {
    const row = attemptRow(base, attempt);
    const previous = rows.at(-1);
    if (isRepeat(previous, row)) {
      rows[rows.length - 1] = { ...row, tries: previous.tries + 1, firstMs: previous.firstMs };
    } else {
      rows.push(row);
    }
  }
  // Postfix logs the end of a message's lifetime without `to=` (qmgr `status=expired`): the last attempt stays `deferred`.
  const last = rows.at(-1);
  if (last === undefined) rows.push({ ...base, status: recipient.status });
  else if (last.status !== recipient.status) {
    rows.push({ ...base, status: recipient.status, firstMs: last.lastMs, lastMs: last.lastMs });
  }
  return rows;
};

const stateOf = (transaction: Transaction): DeliveryStatus => {
  switch (transaction.state) {
    case 'held':
    case 'deleted':
    case 'discarded':
      return transaction.state;
    case 'requeued':
      return 'in-progress';
    case 'active':
      return transaction.removed ? 'unknown' : 'in-progress';
  }
};

/**
 * Rows in the order of the chain's transactions; under each transaction its recipients, then the hops that end in a gap.
 * What names no recipient, a transaction or a part of one, is one row with its state.
 */
export const hopRows = (chain: Pick<Chain, 'transactions' | 'hops'>): readonly HopRow[] =>
  chain.transactions.flatMap((transaction, index) => {
    const base = blank(transaction, index + 1);
    const unnamed = namelessParts(transaction);
    const files = transaction.recipients.length === 0 && unnamed.length === 0 ? [transaction] : unnamed;
    const attempts = [
      ...transaction.recipients.flatMap((recipient) => recipientRows(base, recipient)),
      ...files.map((file) => ({ ...base, queueId: file.queueId, status: stateOf(file) })),
    ];
    const gaps = chain.hops
      .filter(({ from, gap }) => gap !== null && from.host === transaction.host && from.queueId === transaction.queueId)
      .map(
        ({ to, gap, recipients }): HopRow => ({
          ...base,
          hop: '',
          host: to.host,
          queueId: to.queueId ?? '',
          recipient: recipients.join(', '),
          firstMs: attempts.at(-1)?.lastMs ?? base.firstMs,
          lastMs: attempts.at(-1)?.lastMs ?? base.lastMs,
          gap,
        }),
      );
    return [...attempts, ...gaps];
  });
