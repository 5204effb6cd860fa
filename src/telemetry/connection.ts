/** One gRPC connection to the OTLP receiver, and what its answers mean. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { Span } from '../domain/span.js';
import { toReadableSpans } from './readable-span.js';

export type ExportOutcome =
  /** `rejected`: how many of them the receiver threw away (partial success); `reason`: what it says, if anything. */
  | Readonly<{ kind: 'accepted'; rejected: number; reason: string | null }>
  /** The receiver is away, overloaded, or does not let us in: the same spans may be accepted later. */
  | Readonly<{ kind: 'later'; reason: string }>
  /** As `later`, but the fault may lie in these very spans. */
  | Readonly<{ kind: 'doubtful'; reason: string }>
  /** Sending the same again is no use. */
  | Readonly<{ kind: 'refused'; reason: string }>;

export type Connection = Readonly<{
  export: (spans: readonly Span[]) => Promise<ExportOutcome>;
  /** The next export connects anew. */
  renew: () => void;
  close: () => Promise<void>;
}>;

export type ConnectionOptions = Readonly<{
  endpoint: string;
  version: string;
  /** What the exporter has to say about its settings, and the receiver about what it accepted. */
  onWarning: (text: string) => void;
}>;

/** gRPC status codes (https://grpc.io/docs/guides/status-codes/). */
const STATUS = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/**
 * OTLP's retryable codes, and those that speak of the connection rather than of the spans: a token that ran out or a wrong port
 * is mended by the operator, and the spans wait for that.
 */
const LATER: ReadonlySet<number> = new Set([
  STATUS.cancelled,
  STATUS.deadlineExceeded,
  STATUS.permissionDenied,
  STATUS.resourceExhausted,
  STATUS.aborted,
  STATUS.outOfRange,
  STATUS.unimplemented,
  STATUS.unavailable,
  STATUS.dataLoss,
  STATUS.unauthenticated,
]);

/** How grpc-go, grpc-java, grpc-js and tonic (as OUT_OF_RANGE) call a request that is too large. */
const TOO_LARGE = /larger than max|too large|exceeds maximum/i;
const REASON_MAX = 300;
/** `ExportResultCode.SUCCESS` of @opentelemetry/core. */
const SUCCESS = 0;

const codeOf = (error: unknown): number | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : null;

const judge = (error: unknown): ExportOutcome => {
  const code = codeOf(error);
  const reason = (error instanceof Error ? error.message : String(error)).slice(0, REASON_MAX);
  if (code === STATUS.invalidArgument || TOO_LARGE.test(reason)) return { kind: 'refused', reason };
  // INTERNAL is also what a connection gives that breaks in the middle, UNKNOWN a receiver that crashed over the request.
  return code !== null && LATER.has(code) ? { kind: 'later', reason } : { kind: 'doubtful', reason };
};

/** The exporter says what was partly accepted, and which setting it does not understand, only to the global diagnostics. */
type Listener = (text: string) => void;
const listening = new AsyncLocalStorage<Listener>();

const hear = (...parts: readonly unknown[]): void => {
  listening.getStore()?.(parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' '));
};

const listenToDiagnostics = (): void => {
  const ignore = (): void => undefined;
  const logger = { error: hear, warn: hear, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
};

type PartialSuccess = Readonly<{ rejected: number; reason: string | null }>;

/** `Received Partial Success response: {"rejectedSpans":2,"errorMessage":"…"}` (otlp-exporter-base, logging-response-handler). */
const parsePartialSuccess = (text: string): PartialSuccess | null => {
  const json = /Partial Success response: (\{.*\})$/s.exec(text)?.[1];
  if (json === undefined) return null;
  const { rejectedSpans, errorMessage } = JSON.parse(json) as { rejectedSpans?: unknown; errorMessage?: unknown };
  const reason = typeof errorMessage === 'string' && errorMessage !== '' ? errorMessage.slice(0, REASON_MAX) : null;
  return { rejected: Number(rejectedSpans ?? 0) || 0, reason };
};

export const openConnection = async ({ endpoint, version, onWarning }: ConnectionOptions): Promise<Connection> => {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-grpc');
  listenToDiagnostics();
  let count = 0;
  const connect = () => {
    count += 1;
    // A name of its own keeps gRPC from sharing the old connection, which waits up to two minutes before it tries again.
    const userAgent = `mailtrace/${version} connection/${count}`;
    return listening.run(onWarning, () => new OTLPTraceExporter({ url: endpoint, userAgent }));
  };
  let exporter: ReturnType<typeof connect> | null = null;

  const disconnect = async (): Promise<void> => {
    const old = exporter;
    exporter = null;
    await old?.shutdown().catch(() => undefined);
  };

  const exportOnce = (spans: readonly Span[], listener: Listener): Promise<Error | null> =>
    new Promise((resolve, reject) => {
      exporter ??= connect();
      const current = exporter;
      listening.run(listener, () =>
        current.export(toReadableSpans(spans, version), ({ code, error }) =>
          code === SUCCESS ? resolve(null) : reject(error ?? new Error('the exporter gave no reason')),
        ),
      );
    });

  const send = async (spans: readonly Span[]): Promise<ExportOutcome> => {
    let partial: PartialSuccess = { rejected: 0, reason: null };
    try {
      await exportOnce(spans, (text) => {
        const found = parsePartialSuccess(text);
        partial = found ?? partial;
        // A complaint, or a remark on a request that was accepted whole.
        const remark = found === null ? text : found.rejected === 0 ? found.reason : null;
        if (remark !== null) onWarning(remark);
      });
    } catch (error) {
      return judge(error);
    }
    return { kind: 'accepted', ...partial };
  };

  return {
    export: send,
    renew: () => {
      // What is still under way on the old one ends by itself.
      void disconnect();
    },
    close: disconnect,
  };
};
