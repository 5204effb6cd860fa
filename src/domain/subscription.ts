/** What a channel watches, and what came of it. Times are epoch milliseconds. */
import type { HostName, MessageId, QueueId } from './ids.js';

/** Words of `/mailtrace subscribe`. */
export const ALERT_KINDS = ['bounced', 'deferred', 'expired', 'rejected', 'slow', 'loop'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** Every filter that is not empty must hold; within one filter any value is enough. Values as typed, in lower case. */
export type SubscriptionFilters = Readonly<{
  /** Envelope sender: whole address, or `@domain`. */
  from: readonly string[];
  /** Recipient or original recipient: whole address, or `@domain`. */
  to: readonly string[];
  /** Domain (and its sub-domains) of the sender or any recipient. */
  domain: readonly string[];
  /** Relay host (and its sub-domains) or IP address. */
  relay: readonly string[];
  /** Canonical host names. */
  host: readonly string[];
  cluster: readonly string[];
  /** Enhanced status codes, `*` for one part or the rest: `5.7.1`, `5.7.*`, `4.*`. */
  dsn: readonly string[];
}>;

export type Subscription = Readonly<{
  id: string;
  /** Slack channel. One subscription per channel and set of filters; subscribing again replaces it. */
  channel: string;
  createdBy: string;
  createdAtMs: number;
  kinds: readonly AlertKind[];
  /** `delay>5m`: with kind `slow`, a delivery that took longer; null without. */
  slowMs: number | null;
  filters: SubscriptionFilters;
  /** `over 20 in 10m`: an incident opens only when so many matched within the window; null: at the first match. */
  threshold: Readonly<{ count: number; windowMs: number }> | null;
  /** Nothing is posted before; matches still count. */
  mutedUntilMs: number | null;
}>;

/** Why alerts belong together: `domain or relay + DSN class + normalised reason`. */
export type Cause = Readonly<{
  /** Relay host, else the recipient's domain. */
  at: string;
  /** `5.1`, `4.4`: class and subject of the enhanced status; else the first digit of the reply code; `-` without. */
  dsnClass: string;
  /** The response without ids, addresses, numbers and times: equal for equal reasons. */
  reason: string;
}>;

/** One match of one subscription. */
export type Alert = Readonly<{
  /** The same line gives the same id: H(subscription id, kind, host, queue ID, recipient, time). */
  id: string;
  subscriptionId: string;
  channel: string;
  kind: AlertKind;
  timeMs: number;
  host: HostName;
  queueId: QueueId | null;
  messageId: MessageId | null;
  /** CONTRACT §3; null for what never became a transaction (a reject without a queue ID). */
  traceId: string | null;
  /** CONTRACT §2 `chains[].id`, as far as known when the line was read. */
  chainId: string | null;
  sender: string | null;
  recipient: string | null;
  relay: string | null;
  dsn: string | null;
  replyCode: number | null;
  /** Verbatim; escaped where it is shown. */
  response: string | null;
  delayMs: number | null;
  cause: Cause;
}>;

/** Alerts of one subscription with one cause, from the first until nothing matched for a while. */
export type Incident = Readonly<{
  id: string;
  subscriptionId: string;
  channel: string;
  cause: Cause;
  kinds: readonly AlertKind[];
  /** `pending`: below the threshold; nothing was posted. */
  state: 'pending' | 'open' | 'closed';
  openedAtMs: number | null;
  firstMs: number;
  lastMs: number;
  closedAtMs: number | null;
  count: number;
  /** Distinct addresses, at most `AFFECTED_MAX` are counted exactly. */
  senders: number;
  recipients: number;
  /** Most frequent first, at most five, verbatim. */
  topReasons: readonly Readonly<{ text: string; count: number }>[];
  /** An alert to look at: the newest that has a chain. */
  example: Alert | null;
  /** The parent message in Slack, once posted. */
  messageTs: string | null;
  acknowledgedBy: string | null;
  /** The acknowledgement lapses then. */
  acknowledgedUntilMs: number | null;
  mutedUntilMs: number | null;
}>;
