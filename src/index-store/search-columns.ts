/** What of a transaction is searched for, as columns (see embedded-schema.ts). Pure. */
import type { TransactionRecord } from '../app/ports.js';
import type { DeliveryAttempt, Recipient, Transaction } from '../domain/transaction.js';

export type Value = string | number | Uint8Array | null;

export const TRANSACTION_COLUMNS = [
  'key',
  'host',
  'queue_id',
  'arrived_at_ms',
  'message_id',
  'sender',
  'sender_domain',
  'client_name',
  'client_ip',
  'first_seen_ms',
  'last_seen_ms',
  'state',
  'content',
  'resume',
] as const;

export const OUTCOME_COLUMNS = [
  'transaction_id',
  'position',
  'address',
  'domain',
  'original_address',
  'original_domain',
  'status',
  'attempt_status',
  'relay_host',
  'relay_ip',
  'dsn',
  'delay_ms',
] as const;

const lower = (text: string | null): string | null => text?.toLowerCase() ?? null;

/** After the last `@`, lower case; `''` for what has none (the null sender, a local name). */
const domainOf = (address: string): string => {
  const at = address.lastIndexOf('@');
  return at < 0 ? '' : address.slice(at + 1).toLowerCase();
};

/** Values in the order of TRANSACTION_COLUMNS. */
export const transactionValues = ({ key, transaction, state, resume }: TransactionRecord): Value[] => [
  Buffer.from(key, 'hex'),
  transaction.host,
  transaction.queueId,
  transaction.arrivedAtMs,
  transaction.messageId,
  lower(transaction.sender),
  transaction.sender === null ? null : domainOf(transaction.sender),
  lower(transaction.client?.name ?? null),
  lower(transaction.client?.ip ?? null),
  transaction.firstSeenMs,
  transaction.lastSeenMs,
  state,
  JSON.stringify(transaction),
  resume,
];

type Outcome = Readonly<Pick<DeliveryAttempt, 'status' | 'dsn' | 'delayMs' | 'relay'>>;

const longer = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);

/** Attempts that differ in nothing that is searched for are one, with the longest delay: a message may be deferred for days. */
const distinctOutcomes = ({ attempts, status }: Recipient): Outcome[] => {
  const [only] = attempts;
  if (only === undefined) return [{ status, dsn: null, delayMs: null, relay: null }];
  if (attempts.length === 1) return [only];
  const outcomes = new Map<string, Outcome>();
  for (const attempt of attempts) {
    const key = JSON.stringify([attempt.status, attempt.dsn, attempt.relay?.host, attempt.relay?.ip]);
    const before = outcomes.get(key);
    outcomes.set(key, before ? { ...attempt, delayMs: longer(before.delayMs, attempt.delayMs) } : attempt);
  }
  return [...outcomes.values()];
};

const outcomeValues = ({ address, originalAddress, status }: Recipient, outcome: Outcome): Value[] => [
  address.toLowerCase(),
  domainOf(address),
  lower(originalAddress),
  originalAddress === null ? null : domainOf(originalAddress),
  status,
  outcome.status,
  lower(outcome.relay?.host ?? null),
  lower(outcome.relay?.ip ?? null),
  outcome.dsn,
  outcome.delayMs,
];

/** Rows in the order of OUTCOME_COLUMNS. */
export const outcomeRows = (transactionId: number, { recipients }: Transaction): Value[][] =>
  recipients
    .flatMap((recipient) => distinctOutcomes(recipient).map((outcome) => outcomeValues(recipient, outcome)))
    .map((values, position) => [transactionId, position, ...values]);
