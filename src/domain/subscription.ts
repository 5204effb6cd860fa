/** What a channel watches, and what came of it. Times are epoch milliseconds. */
import { type HostName, hashParts, type MessageId, type QueueId } from './ids.js';

/** Words of `/mailtrace subscribe`. */
export const ALERT_KINDS = ['bounced', 'deferred', 'expired', 'rejected', 'slow', 'loop'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export const FILTER_NAMES = ['from', 'to', 'domain', 'relay', 'host', 'cluster', 'dsn'] as const;
export type FilterName = (typeof FILTER_NAMES)[number];

/** Every filter that is not empty must hold; within one filter any value is enough. Values as typed, in lower case. */
export type SubscriptionFilters = Readonly<{
  /** Envelope sender: whole address, `@domain` (that one alone), `domain` (and its sub-domains); `<>` is the null sender. */
  from: readonly string[];
  /** Recipient or original recipient, written alike. */
  to: readonly string[];
  /** Domain (and its sub-domains) of the sender or of the recipient concerned. */
  domain: readonly string[];
  /** Relay host (and its sub-domains), IP address or network. */
  relay: readonly string[];
  /** Canonical host names. */
  host: readonly string[];
  cluster: readonly string[];
  /** Enhanced status codes, `*` for one part or the rest: `5.7.1`, `5.7.*`, `4.*`. */
  dsn: readonly string[];
}>;

/** What the creator of a subscription may see. Hosts are canonical names: the machines of the clusters of his access rules. */
export type AlertScope =
  | Readonly<{ kind: 'all' }>
  /** Mail of these domains and their sub-domains, and what happened on these hosts. */
  | Readonly<{ kind: 'limited'; domains: readonly string[]; hosts: readonly string[] }>;

export type Subscription = Readonly<{
  /** H(channel, filters): see `subscriptionId`. */
  id: string;
  /** Slack channel. One subscription per channel and set of filters; subscribing again replaces it. */
  channel: string;
  /** Without `#`; as Slack named it when it was created. */
  channelName: string;
  createdBy: string;
  createdAtMs: number;
  kinds: readonly AlertKind[];
  /** `delay>5m`: with kind `slow`, a delivery that took longer; null without. */
  slowMs: number | null;
  filters: SubscriptionFilters;
  /** `over 20 in 10m`: an incident opens only when more than so many matched within the window; null: at the first match. */
  threshold: Threshold | null;
  /** What lies outside is never matched. */
  scope: AlertScope;
  /** Nothing is posted before; matches still count. */
  mutedUntilMs: number | null;
  /** It sleeps until somebody subscribes again: the channel is gone, or its creator lost the right. Words for people. */
  suspended: Readonly<{ sinceMs: number; reason: string }> | null;
}>;

export type Threshold = Readonly<{ count: number; windowMs: number }>;

export const NO_FILTERS: SubscriptionFilters = {
  from: [],
  to: [],
  domain: [],
  relay: [],
  host: [],
  cluster: [],
  dsn: [],
};

/** Equal for equal filters, in whatever order they were typed; 32 hex digits. */
export const subscriptionId = (channel: string, filters: SubscriptionFilters): string => {
  const parts = FILTER_NAMES.map((name) => [name, ...new Set(filters[name].toSorted())]);
  return hashParts('subscription', channel, JSON.stringify(parts)).toString('hex').slice(0, 32);
};

/** Why alerts belong together: `domain or relay + DSN class + normalised reason`. */
export type Cause = Readonly<{
  /** Relay host, else the recipient's domain. */
  at: string;
  /** `5.1`, `4.4`: class and subject of the enhanced status; else the first digit of the reply code; `-` without. */
  dsnClass: string;
  /** The response without ids, addresses, numbers and times: equal for equal reasons. */
  reason: string;
}>;

/** Beyond a bound all further causes of a subscription share one incident. */
export const MANY_CAUSES: Cause = { at: 'many places', dsnClass: '-', reason: 'many different reasons' };

export const isManyCauses = ({ at, reason }: Cause): boolean => at === MANY_CAUSES.at && reason === MANY_CAUSES.reason;

const QUIET_LEAST_MS = 15 * 60_000;

/** An incident ends when nothing matched for so long: twice the window, and at least 15 minutes. */
export const quietMs = (threshold: Threshold | null): number =>
  Math.max(QUIET_LEAST_MS, 2 * (threshold?.windowMs ?? 0));

/** One match of one subscription. */
export type Alert = Readonly<{
  /** The same line gives the same id: H(subscription id, kind, host, queue ID, recipient, time). */
  id: string;
  subscriptionId: string;
  channel: string;
  kind: AlertKind;
  /** How often: more than 1 where the line says so (rsyslog's `message repeated n times`). */
  times: number;
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
  /** Distinct addresses, counted exactly up to `AFFECTED_MAX`; more are that many "or more". */
  senders: number;
  recipients: number;
  /** Most frequent first, at most five; the words of the first of each, without the recipient's address. */
  topReasons: readonly Readonly<{ text: string; count: number }>[];
  /** An alert to look at: the newest that has a chain. */
  example: Alert | null;
  /** The parent message in Slack, once posted. */
  messageTs: string | null;
  acknowledgedBy: string | null;
  /** The acknowledgement lapses then. */
  acknowledgedUntilMs: number | null;
  mutedUntilMs: number | null;
  tally: Tally;
}>;

/** Of each incident so many distinct senders, and so many recipients, are told apart. */
export const AFFECTED_MAX = 500;

/** What an incident needs to go on counting; every list is bounded. */
export type Tally = Readonly<{
  /** Short hashes of the addresses counted so far. */
  senders: readonly string[];
  recipients: readonly string[];
  /** A few of the addresses themselves, to be shown: the first ones. */
  someSenders: readonly string[];
  someRecipients: readonly string[];
  /** While pending: when the last matches were, oldest first; no more than the threshold needs. */
  recentMs: readonly number[];
  /** One for each code and reason; `topReasons` are the most frequent of them. */
  reasons: readonly Readonly<{ key: string; text: string; count: number }>[];
  /** Detail messages posted, and when the last was. */
  details: number;
  lastDetailMs: number | null;
}>;
