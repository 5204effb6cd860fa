/** The answer to a trace. Shapes follow CONTRACT §2; times are epoch milliseconds here, ISO in `render/json.ts`. */
import type { Direction } from './architecture.js';
import type { HostName, MessageId, QueueId } from './ids.js';
import type { TimeWindow } from './time-window.js';
import type { Reject, Transaction } from './transaction.js';

export type Verdict =
  | 'delivered'
  | 'partly-delivered'
  | 'deferred'
  | 'bounced'
  | 'rejected'
  | 'expired'
  | 'discarded'
  | 'deleted'
  | 'held'
  | 'loop'
  | 'in-progress'
  | 'unknown';

/** Why the far side of a hop has no transaction here. */
export type Gap = 'external' | 'unread' | 'unreachable' | 'not-yet-logged' | 'unknown';

export type Evidence = 'queued-as' | 'message-id' | 'reinjection' | 'requeue' | 'forward' | 'lmtp' | 'none';

/** One end of a hop. `queueId` is null when no reply named it. */
export type HopEnd = Readonly<{ host: HostName; queueId: QueueId | null }>;

/** An accepted hand-over between two transactions; at most one per (from, to) pair. */
export type Hop = Readonly<{
  from: HopEnd;
  to: HopEnd;
  gap: Gap | null;
  recipients: readonly string[];
  evidence: Evidence;
}>;

export type Relation =
  | 'bounce-of'
  | 'bounced-by'
  | 'delay-notice-of'
  | 'delayed-by'
  | 'list-copy-of'
  | 'delivery-report-of'
  | 'reported-by';

export type RelatedChain = Readonly<{ id: string; messageId: MessageId | null; relation: Relation }>;

export type FindingCode =
  | 'loop'
  | 'many-hops'
  | 'slow-hop'
  | 'retrying'
  | 'revisited'
  | 'gap'
  | 'unread-host'
  | 'rejected'
  | 'clock-skew'
  | 'not-yet-logged'
  | 'ambiguous-time'
  | 'limit'
  | 'unexpected-host'
  | 'missing-hop'
  /** The rest are additions to CONTRACT §2. */
  | 'unexpected-route'
  | 'non-250'
  | 'filtered'
  | 'possible-duplicate'
  | 'sender-not-told'
  | 'retry-overdue';

export type Finding = Readonly<{
  code: FindingCode;
  severity: 'info' | 'warning' | 'error';
  text: string;
  host: HostName | null;
}>;

/** One way that recipients of a message took, held against the configured architecture. */
export type PathCheck = Readonly<{
  /** null: it cannot be told; `note` says why. */
  direction: Direction | null;
  /** In order; neighbours differ. Machines of ours without a log of theirs are among them, others' are not. */
  hosts: readonly HostName[];
  recipients: readonly string[];
  /** null: not checked; `note` says why. */
  isExpected: boolean | null;
  /** What is wrong with it, or why that was not looked at; null when it is as expected. */
  note: string | null;
}>;

/** When the MTA that still has a message tries again. Never what was logged: an estimate. */
export type RetryEstimate = Readonly<{
  host: HostName;
  queueId: QueueId;
  /** The try comes between these two, epoch milliseconds. */
  earliestMs: number;
  latestMs: number;
  /** When the MTA gives up at the earliest. */
  givesUpMs: number;
  /** `configured`: section `architecture.retry`; `observed`: the tries so far; `default`: what the MTA does unless told. */
  basis: 'configured' | 'observed' | 'default';
  /** What it rests on, in words. */
  because: string;
  /** It should have been logged by now. */
  isOverdue: boolean;
}>;

/** Transactions and hops of one message; a DAG. */
export type Chain = Readonly<{
  /** `host/queueId/arrivedAt ISO` of its first transaction. */
  id: string;
  messageId: MessageId | null;
  traceId: string;
  verdict: Verdict;
  /** One sentence for a person. */
  summary: string;
  /** What to look at or do next, one sentence; null when nothing is to be done. */
  nextStep: string | null;
  firstSeenMs: number;
  lastSeenMs: number;
  /** In order of arrival along the hops. */
  transactions: readonly Transaction[];
  hops: readonly Hop[];
  relatedChains: readonly RelatedChain[];
  findings: readonly Finding[];
  /** Empty when no routes are configured, and where only a part may be seen. */
  paths: readonly PathCheck[];
  /** One for each transaction that waits; the next one first. */
  retries: readonly RetryEstimate[];
  /** True when the chain itself fits the keywords; false for a notice that is only related. */
  isMatch: boolean;
  /** Set where the asker may see only his own part: how many further recipients are not shown. */
  hiddenRecipients: number;
}>;

export type SourceStatus = 'ok' | 'unreadable' | 'unreachable' | 'incomplete';

/** What became of reading one host's log. */
export type SourceReport = Readonly<{
  host: HostName;
  kind: string;
  status: SourceStatus;
  /** Names the fault and its remedy. */
  error: string | null;
  linesRead: number;
  unknownLines: number;
  rounds: number;
}>;

/** `names`: hosts and clusters, as `-h` takes them. */
export type StartPlace = Readonly<{ direction: Direction; names: readonly string[] }>;

export type TraceReport = Readonly<{
  query: Readonly<{
    keywords: readonly string[];
    startHost: string | null;
    window: TimeWindow;
    timeZone: string;
  }>;
  /** Newest first. */
  chains: readonly Chain[];
  rejects: readonly Reject[];
  sources: readonly SourceReport[];
  complete: boolean;
  /** Findings about the whole answer (a bound was hit), not about one chain. */
  findings: readonly Finding[];
  /** Nothing was found: where such mail would be seen first, by the architecture. */
  startAt: readonly StartPlace[];
}>;

/** Stable identity of a transaction within one report. */
export const transactionKey = (t: Readonly<{ host: HostName; queueId: QueueId; arrivedAtMs: number }>): string =>
  `${t.host}/${t.queueId}/${new Date(t.arrivedAtMs).toISOString()}`;
