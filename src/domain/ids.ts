/** Branded identifiers, and the trace and span ids of CONTRACT §3. */
import { hash } from 'node:crypto';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Name of a message in one MTA's queue, as logged. Unique per host at one time, reused later. */
export type QueueId = Branded<'QueueId'>;
/** `Message-ID:` without the outer `<>`; never empty. */
export type MessageId = Branded<'MessageId'>;
/** Canonical name of one machine: the configured name when there is one, else as logged, lower case, without trailing dot. */
export type HostName = Branded<'HostName'>;

export const queueId = (text: string): QueueId => text as QueueId;
export const hostName = (text: string): HostName => text as HostName;

/**
 * Everything between the outer `<>`; text after `>` is dropped (`<a@b> (added by tool)`); without brackets the text as logged.
 * @returns `null` for an empty message-id: Postfix logs `message-id=<>` for mail that has none (cleanup_message.c:803).
 */
export const parseMessageId = (text: string): MessageId | null => {
  const trimmed = text.trim();
  const close = trimmed.lastIndexOf('>');
  const bare = trimmed.startsWith('<') ? trimmed.slice(1, close > 0 ? close : undefined) : trimmed;
  return bare === '' ? null : (bare as MessageId);
};

/** SHA-256 of the UTF-8 parts joined by one NUL byte (CONTRACT §3). 32 bytes. */
export const hashParts = (...parts: readonly string[]): Buffer => hash('sha256', parts.join('\0'), 'buffer');

/** The same as 64 hex digits. */
const hexHash = (...parts: readonly string[]): string => hash('sha256', parts.join('\0'), 'hex');

/** An id that is all zero is invalid in OpenTelemetry; it becomes 1. */
const nonZero = (hex: string): string => (/^0+$/.test(hex) ? `${hex.slice(0, -1)}1` : hex);

/** The transaction facts that trace ids are made of. `arrivedAtMs`: epoch milliseconds. */
export type TraceIdentity = Readonly<{
  messageId: MessageId | null;
  host: HostName;
  queueId: QueueId;
  arrivedAtMs: number;
}>;

const hashOf = ({ messageId, host, queueId: id, arrivedAtMs }: TraceIdentity): string =>
  messageId === null ? hexHash('no-message-id', host, id, new Date(arrivedAtMs).toISOString()) : hexHash(messageId);

/** 32 hex digits. */
export const traceId = (identity: TraceIdentity): string => nonZero(hashOf(identity).slice(0, 32));

/** Span id of the root span `email.delivery`: 16 hex digits. */
export const rootSpanId = (identity: TraceIdentity): string => nonZero(hashOf(identity).slice(32, 48));

/** What stands for the message-id in span ids: itself, or T in hex for mail without one. */
export const spanMessageId = (identity: TraceIdentity): string => identity.messageId ?? hashOf(identity);

/** First 8 bytes of H(parts) as 16 hex digits. */
export const spanId = (...parts: readonly string[]): string => nonZero(hexHash(...parts).slice(0, 16));

/** Key of a transaction in the index: H(host, queueId, arrivedAt as ISO ms) in hex, 64 digits. */
export const transactionRecordKey = ({ host, queueId: id, arrivedAtMs }: Omit<TraceIdentity, 'messageId'>): string =>
  hexHash(host, id, new Date(arrivedAtMs).toISOString());

/** A transaction in the index, to be found by its queue ID or by its key. */
export type RecordRef = Readonly<{ key: string; host: HostName; queueId: QueueId }>;
