/**
 * What a transaction is found by in the embedded index: each fact as a number. Equal facts give equal numbers; the other way
 * round is only likely, and a fact that no longer holds (`deferred`, once it was sent) keeps its number. So a term gives
 * candidates, and who asks looks at the transaction itself. Pure.
 */
import type { DeliveryAttempt, Recipient, Transaction } from '../domain/transaction.js';

/** What a term says. The word is part of the number that is stored: it never changes. */
export type TermKind =
  | 'host'
  | 'queue-id'
  | 'message-id'
  /** Envelope sender; `''` is the null sender. */
  | 'sender'
  /** Recipient, also before aliasing. */
  | 'recipient'
  /** Of the sender and of any recipient, also before aliasing. */
  | 'domain'
  /** Name or address. */
  | 'client'
  /** Name or address. */
  | 'relay'
  /** State now of any recipient, if it is not `sent`: what went well is found by time. */
  | 'status'
  /** State after any attempt, if it is not `sent`. */
  | 'ever'
  /** Enhanced status code of any attempt, if it does not begin with 2. */
  | 'dsn'
  /** Some attempt was `SLOW_MS` after the arrival or later; the value is `''`. */
  | 'slow';

/** Delays below are found by time. Never changes: it is part of what is stored. */
const SLOW_MS = 60_000;

/** Two hashes of 32 bits, mixed as in MurmurHash3 (fmix32); 47 bits of them fit six bytes of SQLite. */
const hash = (text: string): number => {
  let low = 0x9e3779b9;
  let high = 0x85ebca6b;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x9e3779b1);
    high = Math.imul(high ^ unit, 0x5f356495);
  }
  const mix = (value: number): number => {
    const once = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
    const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
    return (twice ^ (twice >>> 16)) >>> 0;
  };
  return (mix(high ^ (low >>> 7)) & 0x7fff) * 2 ** 32 + mix(low ^ (high >>> 9));
};

/** Queue IDs and message-ids are compared as they are, all else without case. */
export const termOf = (kind: TermKind, value: string): number =>
  hash(`${kind}\0${kind === 'queue-id' || kind === 'message-id' ? value : value.toLowerCase()}`);

/** The key itself, cut. @param key 64 hex digits */
export const termOfKey = (key: string): number => Number.parseInt(key.slice(0, 12), 16) % 2 ** 47;

type Add = (kind: TermKind, value: string | null) => void;

const addAddress = (add: Add, kind: 'sender' | 'recipient', address: string | null): void => {
  if (address === null) return;
  add(kind, address);
  const at = address.lastIndexOf('@');
  if (at >= 0) add('domain', address.slice(at + 1));
};

const addAttempt = (add: Add, { status, dsn, relay, delayMs }: DeliveryAttempt): void => {
  if (status !== 'sent') add('ever', status);
  if (dsn?.startsWith('2') === false) add('dsn', dsn);
  if (delayMs !== null && delayMs >= SLOW_MS) add('slow', '');
  add('relay', relay?.host ?? null);
  add('relay', relay?.ip ?? null);
};

const addRecipient = (add: Add, { address, originalAddress, status, attempts }: Recipient): void => {
  addAddress(add, 'recipient', address);
  addAddress(add, 'recipient', originalAddress);
  if (status !== 'sent') add('status', status);
  // A state that no attempt says: held, deleted, given up.
  if (status !== 'sent') add('ever', status);
  for (const attempt of attempts) addAttempt(add, attempt);
};

/** Each once. */
export const termsOf = (key: string, transaction: Transaction): number[] => {
  const terms = new Set<number>([termOfKey(key)]);
  const add: Add = (kind, value) => {
    if (value !== null) terms.add(termOf(kind, value));
  };
  add('host', transaction.host);
  add('queue-id', transaction.queueId);
  add('message-id', transaction.messageId);
  addAddress(add, 'sender', transaction.sender);
  add('client', transaction.client?.name ?? null);
  add('client', transaction.client?.ip ?? null);
  for (const recipient of transaction.recipients) addRecipient(add, recipient);
  return [...terms];
};
