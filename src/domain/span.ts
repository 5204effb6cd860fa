/** One span of a mail trace, before any exporter's format. Ids: CONTRACT §3. Times: epoch milliseconds. */

export type SpanValue = string | number | boolean | readonly string[];

export type SpanAttributes = Readonly<Record<string, SpanValue>>;

export type SpanEvent = Readonly<{ name: string; timeMs: number; attributes: SpanAttributes }>;

export type SpanLink = Readonly<{ traceId: string; spanId: string; attributes: SpanAttributes }>;

/** `kind` as OpenTelemetry has it: a transaction is `server` (it came in) or `internal`, a delivery is `client` or `internal`. */
export type Span = Readonly<{
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  /** 16 hex digits; null for the root. */
  parentSpanId: string | null;
  name: string;
  kind: 'internal' | 'server' | 'client';
  /** The host (`service.name`). */
  serviceName: string;
  startMs: number;
  /** Not before `startMs`. */
  endMs: number;
  attributes: SpanAttributes;
  events: readonly SpanEvent[];
  /** Left out because there were too many. */
  droppedEvents: number;
  links: readonly SpanLink[];
  /** Failed for good: bounced, expired, rejected; `text` says why. Null: status unset. */
  error: Readonly<{ text: string }> | null;
}>;
