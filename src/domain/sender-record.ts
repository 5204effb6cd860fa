/** What a sender's own records say of a message, and how that fits with the logs. */
import type { Chain, Verdict } from './chain.js';
import type { Reject } from './transaction.js';

/** One record as given; what it does not say is null. */
export type SenderRecord = Readonly<{
  /** Line of the file, from 1, on which it begins. */
  line: number;
  queueId: string | null;
  /** Without angle brackets. */
  messageId: string | null;
  success: boolean | null;
  /** Reply code, 200 to 599. */
  statusCode: number | null;
  /** As written, whatever else it holds. */
  given: Readonly<Record<string, unknown>>;
}>;

/** A line of the file that is no record. */
export type RecordFault = Readonly<{ line: number; text: string }>;

/**
 * `open`: the logs do not contradict it, but the message has not come to its end. `unknown`: there is nothing to hold against
 * each other, or not all logs were read.
 */
export type Agreement = 'agrees' | 'disagrees' | 'open' | 'unknown';

export type RecordResult = Readonly<{
  record: SenderRecord;
  /** `several`: the ids stand for messages with different ends. */
  verdict: Verdict | 'not-found' | 'several';
  agreement: Agreement;
  /** What the disagreement is, or what else is worth knowing; null for nothing. */
  note: string | null;
  /** The messages it stands for, newest first. */
  chains: readonly Chain[];
  rejects: readonly Reject[];
}>;
