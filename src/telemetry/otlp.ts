/**
 * SpanSink over OTLP/gRPC. Spans go to the receiver at once; while it is away they go to the spool on disk, which a loop empties
 * behind the back of the pipeline. A span is sent, on disk, or counted as dropped: never only in memory.
 */
import type { Clock, Log, SpanReceipt, SpanSink } from '../app/ports.js';
import type { Span } from '../domain/span.js';
import { orAborted, whenAborted } from './abort.js';
import { splitBatches } from './batches.js';
import { type Connection, type ExportOutcome, openConnection } from './connection.js';
import { deliver } from './deliver.js';
import { createDrain, type Drain } from './drain.js';
import { createDropCount, type DropCount } from './drop-count.js';
import { shownEndpoint, unknownProtocol } from './endpoint.js';
import { createReceiver, type Receiver } from './receiver.js';
import { openSpool, type Spool } from './spool.js';

export type OtlpOptions = Readonly<{
  /** See `chooseEndpoint`. Headers, certificates, timeout and compression come from `OTEL_EXPORTER_OTLP_*`. */
  endpoint: string;
  env: Readonly<Record<string, string | undefined>>;
  /** `<data dir>/spool`; this process alone uses it. */
  spoolFolder: string;
  /** Of the spool on disk. */
  spoolMaxBytes: number;
  /** Of mailtrace. */
  version: string;
  log: Log;
  now: Clock;
}>;

/** So many requests of one `send` are under way at once: the network's delay is paid once. */
const REQUESTS_MAX = 4;
/** Closing takes no longer, whatever the caller's signal says. */
const CLOSE_MS = 10_000;
/** The texts come from outside. */
const WARNINGS_MAX = 50;

type Parts = Readonly<{
  connection: Connection;
  spool: Spool;
  receiver: Receiver;
  drops: DropCount;
  drain: Drain;
}>;

const NOTHING: SpanReceipt = { sent: 0, spooled: 0, dropped: 0 };

const add = (a: SpanReceipt, b: SpanReceipt): SpanReceipt => ({
  sent: a.sent + b.sent,
  spooled: a.spooled + b.spooled,
  dropped: a.dropped + b.dropped,
});

/** What the receiver may still accept is sent again: it knows the ids. */
const INTERRUPTED: ExportOutcome = { kind: 'later', reason: 'interrupted' };

/** To the receiver; returns what it did not take. */
const sendBatch = async (
  { connection, receiver, drops }: Parts,
  batch: readonly Span[],
  signal: AbortSignal,
): Promise<Readonly<{ receipt: SpanReceipt; kept: readonly Span[] }>> => {
  // One batch has found the receiver away: the others do not wait for that, too.
  if (!receiver.isDue() || signal.aborted) return { receipt: NOTHING, kept: batch };
  const delivery = await deliver(batch, (spans) => orAborted(() => connection.export(spans), signal, INTERRUPTED));
  for (const { spans, reason } of delivery.dropped) drops.add(spans, reason);
  if (!signal.aborted) receiver.note(delivery.trouble);
  const dropped = delivery.dropped.reduce((sum, { spans }) => sum + spans, 0);
  return { receipt: { sent: delivery.sent, spooled: 0, dropped }, kept: delivery.kept };
};

const sendDirectly = async (
  parts: Parts,
  batches: readonly (readonly Span[])[],
  signal: AbortSignal,
): Promise<Readonly<{ receipt: SpanReceipt; kept: readonly (readonly Span[])[] }>> => {
  const kept: (readonly Span[])[] = [];
  let receipt = NOTHING;
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < batches.length) {
      const outcome = await sendBatch(parts, batches[next++]!, signal);
      receipt = add(receipt, outcome.receipt);
      if (outcome.kept.length > 0) kept.push(outcome.kept);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_MAX }, work));
  return { receipt, kept };
};

const keep = async ({ spool, drops, drain }: Parts, batches: readonly (readonly Span[])[]): Promise<SpanReceipt> => {
  if (batches.length === 0) return NOTHING;
  const { stored, full, failed, error } = await spool.append(batches);
  drops.add(full, 'the spool on disk is full');
  drops.add(failed, `the spool on disk cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  drain.start();
  return { sent: 0, spooled: stored, dropped: full + failed };
};

const closeWithin = async (parts: Parts, signal: AbortSignal): Promise<void> => {
  const { connection, spool, drops, drain } = parts;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(CLOSE_MS)]);
  await drain.finish(limit);
  await spool.close();
  drops.flush();
  // What is still under way ends with its own deadline; nobody waits for its answer.
  await Promise.race([connection.close(), whenAborted(limit)]);
};

/** The exporter complains anew with every connection, and a receiver with every request: each text is said once. */
const createWarning = (say: (text: string) => void) => {
  const said = new Set<string>();
  return (text: string): void => {
    if (said.has(text) || said.size >= WARNINGS_MAX) return;
    said.add(text);
    say(text);
  };
};

/** @throws MailtraceError `config` when the spool's folder cannot be used */
export const openOtlpSink = async (options: OtlpOptions): Promise<SpanSink> => {
  const { log, now, version } = options;
  const endpoint = shownEndpoint(options.endpoint);
  const protocol = unknownProtocol(options.env);
  if (protocol !== null)
    log.warn({ protocol, endpoint }, 'Spans are sent as OTLP over gRPC; another protocol is not there.');
  const spool = await openSpool({ folder: options.spoolFolder, maxBytes: options.spoolMaxBytes, log });
  const onWarning = createWarning((text) => log.warn({ endpoint }, `OTLP exporter: ${text}`));
  const connection = await openConnection({ endpoint: options.endpoint, version, onWarning });
  const drops = createDropCount(log, now);
  const receiver = createReceiver({ endpoint, log, now, onDown: connection.renew });
  const drain = createDrain({ connection, spool, receiver, drops, log });
  const parts = { connection, spool, receiver, drops, drain };
  if (spool.state().spans > 0) {
    log.info({ spans: spool.state().spans }, 'Spans of an earlier run wait on disk; they are sent first.');
    drain.start();
  }
  return {
    send: async (spans, signal) => {
      const batches = splitBatches(spans);
      // Oldest first: behind what waits already.
      if (spool.state().spans > 0) return keep(parts, batches);
      const { receipt, kept } = await sendDirectly(parts, batches, signal);
      return add(receipt, await keep(parts, kept));
    },
    state: () => ({ spooled: spool.state().spans, dropped: drops.total(), isReceiverUp: receiver.isUp() }),
    close: (signal) => closeWithin(parts, signal),
  };
};
