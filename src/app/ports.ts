/** What the use cases need from the outside. Adapters implement these; tests and the wiring pass them in. */

import type { SourceStatus } from '../domain/chain.js';
import type { LogRecord } from '../domain/event.js';
import type { HostName } from '../domain/ids.js';
import type { TimeWindow } from '../domain/time-window.js';

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
  close(): Promise<void>;
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
