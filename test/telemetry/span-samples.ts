/** Spans and a log for the tests of telemetry. */
import { createHash } from 'node:crypto';
import type { Log } from '../../src/app/ports.ts';
import type { Span } from '../../src/domain/span.ts';

const hex = (text: string, length: number): string => createHash('sha256').update(text).digest('hex').slice(0, length);

/** The same number gives the same span. */
export const sampleSpan = (index: number, facts: Partial<Span> = {}): Span => ({
  traceId: hex(`trace ${index}`, 32),
  spanId: hex(`span ${index}`, 16),
  parentSpanId: index % 3 === 0 ? null : hex(`span ${index - 1}`, 16),
  name: 'email.transaction',
  kind: 'server',
  serviceName: `mx${index % 4}.campus.example`,
  startMs: 1_795_245_799_000 + index,
  endMs: 1_795_245_800_123 + index,
  attributes: {
    'messaging.message.id': `${index}@sender.example`,
    'email.recipients': [`r${index}@campus.example`, 'grüße@campus.example'],
    'messaging.message.envelope.size': index,
    'mailtrace.removed': true,
  },
  events: [{ name: 'email.recipient', timeMs: 1_795_245_800_000 + index, attributes: { 'email.status': 'sent' } }],
  droppedEvents: 0,
  links: [],
  error: null,
  ...facts,
});

export const sampleSpans = (from: number, to: number): readonly Span[] =>
  Array.from({ length: to - from }, (_, index) => sampleSpan(from + index));

export const idsOf = (spans: readonly Pick<Span, 'spanId'>[]): readonly string[] => spans.map(({ spanId }) => spanId);

export type Said = Readonly<{ level: string; message: string; fields: Readonly<Record<string, unknown>> }>;

export const createMemoryLog = (): Readonly<{ log: Log; said: Said[] }> => {
  const said: Said[] = [];
  const at = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    said.push({ level, message, fields });
  };
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, said };
};
