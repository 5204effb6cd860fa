/** What the use cases need from the outside. Adapters implement these; tests and the wiring pass them in. */

import type { SourceStatus } from '../domain/chain.js';
import type { LogRecord } from '../domain/event.js';
import type { HostName, MessageId, QueueId, RecordRef } from '../domain/ids.js';
import type { Span } from '../domain/span.js';
import type { Alert, Incident, Subscription } from '../domain/subscription.js';
import type { TimeWindow } from '../domain/time-window.js';
import type { Transaction } from '../domain/transaction.js';

/** Literal text to look for in a raw line. `isWhole`: no letter, digit, `_` or `-` may touch it on either side. */
export type Needle = Readonly<{ text: string; ignoreCase: boolean; isWhole: boolean }>;

/**
 * Lines whose instant lies in `window` and that hold at least one needle (no needles: every line). With `related`, also the
 * lines in `relatedWindow` that hold, as a whole word, a queue ID which `related` finds in one of those lines (one step, not
 * transitive). A queue ID is local to the host it was found on.
 */
export type Lookup = Readonly<{
  window: TimeWindow;
  needles: readonly Needle[];
  relatedWindow: TimeWindow;
  related: ((record: LogRecord) => readonly string[]) | null;
}>;

/** A trace stops reading beyond this, and says so. */
export type Budget = Readonly<{ maxLines: number; maxBytes: number }>;

export type SearchRequest = Readonly<{
  /** Canonical names, all served by this source. */
  hosts: readonly HostName[];
  /** Their results are united; a line is returned once. */
  lookups: readonly Lookup[];
  budget: Budget;
}>;

/** How the reading of one host's log went. */
export type HostReading = Readonly<{
  host: HostName;
  status: SourceStatus;
  /** Names the fault and its remedy; null when all was read. */
  error: string | null;
  /** Lines returned for this host. */
  linesRead: number;
  /** Instants of the lines read that local time leaves open (the repeated hour), counted. */
  ambiguousTimes: number;
  /** Lines that hold a needle but no header that is known (the continuation of a line). They are not returned. */
  headlessLines?: number;
}>;

export type SearchOutcome = Readonly<{
  /** Per host in log order. A host may appear that was not asked for: a shared log names others. */
  records: readonly LogRecord[];
  hosts: readonly HostReading[];
  /** True when the budget ended the reading. */
  isCut: boolean;
}>;

export type CheckName =
  | 'configuration'
  | 'access'
  | 'reachability'
  | 'host-key'
  | 'sudo'
  | 'readability'
  | 'format'
  | 'mapping'
  | 'zone'
  | 'freshness'
  | 'clock-skew';

/** One thing `mailtrace doctor` looked at. */
export type Check = Readonly<{
  name: CheckName;
  /** Null: it is about the whole fleet, or about no host. */
  host: string | null;
  /** `warning`: it works, but look at it. `failed`: traces lack something. `unknown`: it could not be told. */
  status: 'ok' | 'warning' | 'failed' | 'unknown';
  /** What was seen, without the remedy. */
  text: string;
  /** What to do; null where nothing is to be done. */
  remedy: string | null;
}>;

/** `hosts`: those to look at, all served by the source. */
export type DiagnoseContext = Readonly<{ nowMs: number; hosts: readonly HostName[] }>;

/** The logs of one or more hosts behind one place. One dead host is a reading, never an exception. */
export interface LogSource {
  readonly kind: 'file' | 'ssh' | 'opensearch' | 'kumomta';
  readonly hosts: readonly HostName[];
  search(request: SearchRequest, signal: AbortSignal): Promise<SearchOutcome>;
  /**
   * Tries what a search of `hosts` needs, each part for itself. What fails is a check, never an exception. A source without it
   * is judged by its searches alone.
   */
  diagnose?(context: DiagnoseContext, signal: AbortSignal): Promise<readonly Check[]>;
  /** Opens the logs to be read without end. A source without it cannot be followed. */
  follow?(options: FollowOptions): LogFollower;
  close(): Promise<void>;
}

/**
 * How far one partition (a file, a shard) was read: text that only the source understands. It stays valid over restarts,
 * rotation and new versions; one that is not understood is treated as none.
 */
export type Position = string;

export type FollowOptions = Readonly<{
  /** Canonical names, all served by this source. */
  hosts: readonly HostName[];
  /** Partition → position of the last commit; a partition without one begins at `startAtMs`. */
  positions: ReadonlyMap<string, Position>;
  /** Lines before this instant are not read where there is no position. Epoch milliseconds. */
  startAtMs: number;
  /** Of one poll; further lines come with the next. */
  maxRecords: number;
}>;

/** How the following of one host's log stands. */
export type FollowFault = Readonly<{
  /** Null: it concerns the whole source. */
  host: HostName | null;
  status: Exclude<SourceStatus, 'ok'>;
  /** Names the fault and its remedy. */
  error: string;
}>;

export type FollowPoll = Readonly<{
  /**
   * New lines, each at least once: after a crash, and where an overlap is read again, some come twice. Lines of one partition
   * come in the order of their position.
   */
  records: readonly LogRecord[];
  /** Where the partitions stand after these lines; only those that moved. Commit them when the lines are dealt with. */
  positions: ReadonlyMap<string, Position>;
  /** False: there is more to read at once. */
  isCaughtUp: boolean;
  /** Lines that are known to wait; null when the source cannot tell. */
  waitingLines: number | null;
  /** What cannot be read at present; it is tried again with each poll. */
  faults: readonly FollowFault[];
  /** What was lost and cannot be read any more (an index deleted, a file truncated before it was read), in words. */
  losses: readonly string[];
}>;

export interface LogFollower {
  /** Reads what came since the last poll. Dead hosts are faults, never exceptions. */
  poll(signal: AbortSignal): Promise<FollowPoll>;
  close(): Promise<void>;
}

/** What became of spans that were handed over. They are safe in all cases but `dropped`. */
export type SpanReceipt = Readonly<{ sent: number; spooled: number; dropped: number }>;

/** Where spans go. */
export interface SpanSink {
  /** Resolves when every span was accepted by the receiver, lies in the spool on disk, or was counted as dropped. */
  send(spans: readonly Span[], signal: AbortSignal): Promise<SpanReceipt>;
  /** Spans that wait in the spool, and those ever dropped. */
  state(): Readonly<{ spooled: number; dropped: number; isReceiverUp: boolean }>;
  /** Tries to empty the spool until `signal` aborts, then ends. */
  close(signal: AbortSignal): Promise<void>;
}

/**
 * One transaction in the index. Its key is H(host, queueId, arrivedAt ISO ms) in hex (`transactionRecordKey`); when a late
 * line changes `arrivedAt`, the record moves.
 */
export type TransactionRecord = Readonly<{
  key: string;
  transaction: Transaction;
  /** `open` until removed and final, or given up. */
  state: 'open' | 'ended';
  /** What following needs to go on with it after a restart; null once nothing can come any more. Text of `trace/live-fold.ts`. */
  resume: string | null;
}>;

export type IndexChanges = Readonly<{
  put: readonly TransactionRecord[];
  /** Records that moved or turned out not to be mail. */
  remove: readonly RecordRef[];
  /** Ended records for which nothing can come any more: their `resume` becomes null. Unknown ones are no error. */
  close: readonly RecordRef[];
}>;

/** All transactions, open and ended; updated in place. */
export interface TransactionIndex {
  /** All or nothing. */
  write(changes: IndexChanges): Promise<void>;
  /** Records with `resume` of these (host, queue ID) pairs. */
  findOpen(of: readonly Readonly<{ host: HostName; queueId: QueueId }>[]): Promise<readonly TransactionRecord[]>;
  /** The newest record without `resume` of each of these pairs that has one: a line that comes after all belongs to it. */
  findClosed(of: readonly Readonly<{ host: HostName; queueId: QueueId }>[]): Promise<readonly TransactionRecord[]>;
  /**
   * Records with `resume`, oldest arrival first (then by key), in pages: those that arrived before `arrivedBeforeMs`, and behind
   * the record `after`, the last of the page before; null for the first page.
   */
  listOpen(
    options: Readonly<{
      arrivedBeforeMs: number;
      after: Readonly<{ arrivedAtMs: number; key: string }> | null;
      limit: number;
    }>,
  ): Promise<readonly TransactionRecord[]>;
  countOpen(): Promise<number>;
  /** At most `limit` transactions of each message-id, oldest arrival first. */
  findByMessageIds(ids: readonly MessageId[], limit: number): Promise<readonly Transaction[]>;
  /** Forgets ended transactions without `resume` whose last line is older, and tells how many. */
  prune(lastSeenBeforeMs: number): Promise<number>;
  close(): Promise<void>;
}

/** One Slack call to be made; the oldest of a channel first. */
export type OutboxEntry = Readonly<{
  id: string;
  channel: string;
  incidentId: string;
  /**
   * `parent`: post or update the incident's message, newest state wins; `detail`, `summary`: a reply in its thread; `notice`:
   * tell the creator of the subscription that it was suspended.
   */
  kind: 'parent' | 'detail' | 'summary' | 'notice';
  /** JSON of the newest alerts of a detail and the number of all; `urgent` for a message that shall not wait; else empty. */
  content: string;
  createdAtMs: number;
  /** Not before; Slack's Retry-After, or the next try. */
  dueAtMs: number;
  tries: number;
}>;

/** What one round of following changed, committed at once. */
export type StateChanges = Readonly<{
  /** Source name and partition → position. */
  positions: readonly Readonly<{ source: string; partition: string; position: Position }>[];
  /** Ids of alerts that were counted, so that the same line never counts twice. */
  alertIds: readonly Readonly<{ id: string; incidentId: string; timeMs: number }>[];
  /** Each replaces the one with its id. */
  incidents: readonly Incident[];
  /** Each replaces the one with its id. */
  outbox: readonly OutboxEntry[];
  /** Ids of outbox entries that were sent or have become void. */
  done: readonly string[];
}>;

/** Checkpoints, subscriptions, incidents, outbox. */
export interface StateStore {
  positions(source: string): Promise<ReadonlyMap<string, Position>>;
  /** All or nothing. */
  commit(changes: Partial<StateChanges>): Promise<void>;
  subscriptions(): Promise<readonly Subscription[]>;
  /** Replaces the one with this id. */
  putSubscription(subscription: Subscription): Promise<void>;
  removeSubscription(id: string): Promise<void>;
  /** Those that are not closed, and closed ones that still have outbox entries. */
  liveIncidents(): Promise<readonly Incident[]>;
  findIncident(id: string): Promise<Incident | null>;
  /** Which of these alerts were counted already. */
  knownAlerts(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Oldest first. */
  outbox(limit: number): Promise<readonly OutboxEntry[]>;
  /** Forgets closed incidents and alert ids that ended before. */
  prune(beforeMs: number): Promise<void>;
  close(): Promise<void>;
}

/** What a channel is to be shown of an incident. `subscription` is null when it was removed. */
export type AlertMessage =
  /** Posts the incident's message, or updates it when `incident.messageTs` is set. */
  | Readonly<{ kind: 'parent'; incident: Incident; subscription: Subscription | null }>
  /** A reply in its thread: the newest alerts, and how many more there were since the last reply. */
  | Readonly<{ kind: 'detail'; incident: Incident; alerts: readonly Alert[]; more: number }>
  /** The last reply in its thread. */
  | Readonly<{ kind: 'summary'; incident: Incident; subscription: Subscription | null }>
  /** To the creator alone: the subscription was suspended. */
  | Readonly<{ kind: 'notice'; subscription: Subscription }>;

export type AlertReceipt =
  | Readonly<{ kind: 'sent'; messageTs: string }>
  /** Not now: try again, not before `afterMs` where the service said so (Retry-After); it concerns everything that is sent. */
  | Readonly<{ kind: 'later'; afterMs: number | null; error: string }>
  /** Nothing can be written to this channel any more: the bot is no member, it is archived or gone. In words. */
  | Readonly<{ kind: 'no-channel'; error: string }>
  /** The incident's message is gone: somebody deleted it. */
  | Readonly<{ kind: 'no-message' }>
  /** It will never be taken. */
  | Readonly<{ kind: 'refused'; error: string }>;

/** Where alerts are shown. */
export interface AlertSink {
  /** Once, without own tries; never throws for what the service answers, or does not. */
  send(message: AlertMessage, signal: AbortSignal): Promise<AlertReceipt>;
}

/** Counters and gauges of the pipeline (Prometheus). Names: `mailtrace_…`. */
export interface Meter {
  add(name: string, amount: number, labels?: Readonly<Record<string, string>>): void;
  set(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
}

/** Draws Graphviz DOT. */
export interface GraphImager {
  toSvg(dot: string): Promise<string>;
  /** PNG bytes, at most 8,000 pixels on a side. */
  toPng(dot: string): Promise<Uint8Array>;
}

/** Structured log on stderr; secrets are redacted by the adapter. */
export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** One line of `<data dir>/audit.jsonl` (CONTRACT §7). Times are ISO 8601. */
export type AuditEntry = Readonly<{
  time: string;
  user: string;
  channel: string;
  query: string;
  outcome: string;
}>;

export interface AuditLog {
  write(entry: AuditEntry): Promise<void>;
}

/** Epoch milliseconds. */
export type Clock = () => number;
