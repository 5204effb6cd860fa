/** Our spans as the exporter takes them. Spans of one service share one resource. */
import {
  type Attributes,
  type HrTime,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Span, SpanAttributes } from '../domain/span.js';

const KINDS: Readonly<Record<Span['kind'], SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
};

/** Seconds and nanoseconds. */
const toHrTime = (ms: number): HrTime => [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];

const toAttributes = (attributes: SpanAttributes): Attributes => {
  const copy: Attributes = {};
  for (const [name, value] of Object.entries(attributes)) copy[name] = typeof value === 'object' ? [...value] : value;
  return copy;
};

const contextOf = (traceId: string, spanId: string): SpanContext => ({
  traceId,
  spanId,
  traceFlags: TraceFlags.SAMPLED,
});

type Origin = Readonly<{ resource: Resource; scope: ReadableSpan['instrumentationScope'] }>;

const toReadableSpan = (span: Span, { resource, scope }: Origin): ReadableSpan => ({
  name: span.name,
  kind: KINDS[span.kind],
  spanContext: () => contextOf(span.traceId, span.spanId),
  ...(span.parentSpanId === null ? {} : { parentSpanContext: contextOf(span.traceId, span.parentSpanId) }),
  startTime: toHrTime(span.startMs),
  endTime: toHrTime(span.endMs),
  duration: toHrTime(span.endMs - span.startMs),
  status:
    span.error === null ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: span.error.text },
  attributes: toAttributes(span.attributes),
  links: span.links.map(({ traceId, spanId, attributes }) => ({
    context: contextOf(traceId, spanId),
    attributes: toAttributes(attributes),
  })),
  events: span.events.map(({ name, timeMs, attributes }) => ({
    name,
    time: toHrTime(timeMs),
    attributes: toAttributes(attributes),
  })),
  ended: true,
  resource,
  instrumentationScope: scope,
  droppedAttributesCount: 0,
  droppedEventsCount: span.droppedEvents,
  droppedLinksCount: 0,
});

/** @param version of mailtrace, for the instrumentation scope */
export const toReadableSpans = (spans: readonly Span[], version: string): ReadableSpan[] => {
  // The exporter groups by identity: one resource for each service, one scope for all.
  const resources = new Map<string, Resource>();
  const scope = { name: 'mailtrace', version };
  return spans.map((span) => {
    const known = resources.get(span.serviceName);
    const resource = known ?? resourceFromAttributes({ 'service.name': span.serviceName });
    if (known === undefined) resources.set(span.serviceName, resource);
    return toReadableSpan(span, { resource, scope });
  });
};
