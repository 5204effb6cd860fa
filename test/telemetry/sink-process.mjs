// A process of its own with a sink of its own, to be killed: sends spans without end and says what became of each batch.
// Arguments: endpoint, spool folder, bytes of the spool, first span, last span, spans in a batch. Lines: {from, to, receipt}.
import { openOtlpSink } from '../../dist/telemetry/otlp.js';

const [endpoint, spoolFolder, maxBytes, first, last, size] = process.argv.slice(2);

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/** Ids as wide as the number, so that the test can tell which span it is. */
const spanOf = (index) => ({
  traceId: index.toString(16).padStart(32, '0'),
  spanId: (index + 1).toString(16).padStart(16, '0'),
  parentSpanId: null,
  name: 'email.transaction',
  kind: 'server',
  serviceName: 'mx1.campus.example',
  startMs: 1_795_245_799_000 + index,
  endMs: 1_795_245_800_000 + index,
  attributes: { 'email.queue_id': `Q${index}`, 'email.response': `250 2.0.0 Ok: queued as ${index * 7919}` },
  events: [],
  droppedEvents: 0,
  links: [],
  error: null,
});

const log = Object.fromEntries(['debug', 'info', 'warn', 'error'].map((level) => [level, () => {}]));
const sink = await openOtlpSink({
  endpoint,
  env: process.env,
  spoolFolder,
  spoolMaxBytes: Number(maxBytes),
  version: '0.0.0',
  log,
  now: Date.now,
});
const never = new AbortController().signal;
say({ opened: sink.state() });
for (let from = Number(first); from < Number(last); from += Number(size)) {
  const to = Math.min(from + Number(size), Number(last));
  const spans = Array.from({ length: to - from }, (_, index) => spanOf(from + index));
  say({ from, to, receipt: await sink.send(spans, never) });
}
await sink.close(AbortSignal.timeout(10_000));
say({ closed: sink.state() });
