/** All that one host logged under one queue ID, from arrival to removal. */
import type { Client, DeliveryStatus, FilterResult, Mta, Relay } from './event.js';
import type { HostName, MessageId, QueueId } from './ids.js';

/** One try for one recipient. */
export type DeliveryAttempt = Readonly<{
  timeMs: number;
  status: DeliveryStatus;
  dsn: string | null;
  replyCode: number | null;
  relay: Relay | null;
  response: string | null;
  delayMs: number | null;
  delaysMs: readonly [number, number, number, number] | null;
  nextQueueId: QueueId | null;
  /** All next queue IDs the reply names; `nextQueueId` is the first. */
  nextQueueIds: readonly QueueId[];
  nextIs: 'relay' | 'same-host';
  by: 'smtp' | 'lmtp' | 'forward' | 'local';
  /** `local`, `virtual`, a pipe's name; null for SMTP. */
  agent: string | null;
}>;

export type Recipient = Readonly<{
  /** Full delivered address with its extension, as logged. */
  address: string;
  /** Address before aliasing; null when the same or not logged. */
  originalAddress: string | null;
  /** State after the last event. */
  status: DeliveryStatus;
  /** Oldest first. */
  attempts: readonly DeliveryAttempt[];
  /** The part of the transaction (`parts`) that carries it; absent: the transaction itself. That is what `mailq` knows. */
  partQueueId?: QueueId;
}>;

export type Notice = Readonly<{ queueId: QueueId; kind: 'failure' | 'delay' | 'success' | 'postmaster' }>;

export type Transaction = Readonly<{
  host: HostName;
  queueId: QueueId;
  mta: Mta;
  messageId: MessageId | null;
  /** `''` = null sender; null = not seen. */
  sender: string | null;
  client: Client | null;
  /** Of the session in which it arrived, when that was read: `TLSv1.3`, `TLS_AES_256_GCM_SHA384`. Absent without. */
  tls?: Readonly<{ protocol: string; cipher: string | null }>;
  via: 'smtp' | 'pickup' | 'internal' | null;
  sizeBytes: number | null;
  recipientCount: number | null;
  /** Time of the arrival line; of the earliest line read when that was not seen. */
  arrivedAtMs: number;
  /** True when the arrival line itself was read. */
  hasArrival: boolean;
  firstSeenMs: number;
  lastSeenMs: number;
  removed: boolean;
  /** In order of first appearance. */
  recipients: readonly Recipient[];
  filters: readonly FilterResult[];
  notices: readonly Notice[];
  reinjectedFrom: QueueId | null;
  requeuedFrom: QueueId | null;
  causedBy: QueueId | null;
  /** The transaction on this host of which it is a part (Sendmail `clone`, `split`). */
  splitFrom?: QueueId | null;
  /** A verify probe, not mail. */
  isProbe: boolean;
  /** Message-level state that no recipient shows: held, deleted, discarded before any recipient was logged. */
  state: 'active' | 'held' | 'deleted' | 'discarded' | 'requeued';
  /** Other queue files of the message on this host, as they were logged: all they say is told above as well (trace/absorb-parts.ts). */
  parts?: readonly Transaction[];
}>;

/** The transaction and its parts: each has a name in the queue. */
export const queueFilesOf = (t: Transaction): readonly Transaction[] => (t.parts === undefined ? [t] : [t, ...t.parts]);

/** Parts whose lines name no recipient yet; not those that went on in parts of their own. */
export const namelessParts = ({ parts = [] }: Transaction): readonly Transaction[] => {
  const wholes = new Set(parts.map(({ splitFrom }) => splitFrom));
  return parts.filter(({ queueId, recipients }) => recipients.length === 0 && !wholes.has(queueId));
};

/** One refusal before acceptance (CONTRACT §2 `rejects`). */
export type Reject = Readonly<{
  timeMs: number;
  host: HostName;
  queueId: QueueId | null;
  client: Client | null;
  sender: string | null;
  recipient: string | null;
  replyCode: number | null;
  dsn: string | null;
  stage: string;
  text: string;
  /** Of a message refused at its end, where it was asked for by ids (`wanted`). */
  messageId?: MessageId | null;
}>;

/**
 * Whom the sender wrote to, as far as the first of these transactions of one message shows it: before aliases and lists. In order
 * of appearance, each once.
 */
export const addressedTo = (transactions: readonly Transaction[]): readonly string[] => {
  const [entry] = transactions;
  if (entry === undefined) return [];
  return [...new Set(entry.recipients.map(({ address, originalAddress }) => originalAddress ?? address))];
};

const FINAL: ReadonlySet<DeliveryStatus> = new Set(['sent', 'bounced', 'expired', 'rejected', 'discarded', 'deleted']);

/** Nothing more can happen to a recipient in this state on this host. */
export const isFinal = (status: DeliveryStatus): boolean => FINAL.has(status);
