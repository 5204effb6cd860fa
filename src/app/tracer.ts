/** The one use case every front end shares: a query in, a report out. */
import type { TraceReport } from '../domain/chain.js';
import type { TraceQuery } from '../query/trace-query.js';

export type TraceOptions = Readonly<{
  signal: AbortSignal;
  /** Called after each round with what is known so far; `isFinal` reports come only as the result. */
  onProgress?: (progress: TraceProgress) => void;
}>;

export type TraceProgress = Readonly<{
  round: number;
  /** Hosts whose answer is in, of all asked. */
  hostsAnswered: number;
  hostsAsked: number;
  transactions: number;
}>;

/**
 * Finds the messages of the query and follows each one.
 * @throws MailtraceError `usage` when `startHost` is no configured host or cluster. Dead hosts never throw: they are in `sources`.
 */
export type TraceMessage = (query: TraceQuery, options: TraceOptions) => Promise<TraceReport>;

/** An opened configuration. `close` ends its connections. */
export type Tracer = Readonly<{
  traceMessage: TraceMessage;
  /** IANA name: `time_zone` of the configuration, else the machine's. */
  timeZone: string;
  /** Names that `startHost` takes: hosts and clusters. */
  startHosts: readonly string[];
  /** Cluster name → canonical host names. */
  clusters: Readonly<Record<string, readonly string[]>>;
  close(): Promise<void>;
}>;

/** What a front end knows when it opens a configuration. Null = not given; the environment and the file may know it then. */
export type OpenOptions = Readonly<{
  configPath: string;
  passwords: Readonly<{ login: string | null; sudo: string | null; opensearch: string | null }>;
  env: Readonly<Record<string, string | undefined>>;
  /** The one machine to read where the configuration names none: the Python tool had no list of machines. */
  startHost?: string | null;
}>;

/**
 * Reads the configuration and opens its sources.
 * @throws MailtraceError `config` for a configuration that is missing or wrong.
 */
export type OpenTracer = (options: OpenOptions) => Promise<Tracer>;
