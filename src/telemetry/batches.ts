/** Spans → batches of a size that every receiver takes. */
import type { Span, SpanAttributes } from '../domain/span.js';

/** Spans in one request. */
export const BATCH_SPANS_MAX = 2000;
/**
 * In one request, estimated in characters. Receivers refuse more than 4 MiB (the default of gRPC), and a character takes up to
 * three bytes.
 */
export const BATCH_SIZE_MAX = 1_250_000;

/** Ids, times, tags and lengths of a span or event that holds nothing. */
const FRAME_SIZE = 100;

const attributesSize = (attributes: SpanAttributes): number => {
  let size = 0;
  for (const [name, value] of Object.entries(attributes)) {
    size += name.length + 10;
    if (typeof value === 'string') size += value.length;
    else if (typeof value === 'object') for (const item of value) size += item.length + 4;
  }
  return size;
};

/** Characters, about. */
export const spanSize = (span: Span): number => {
  let size = FRAME_SIZE + span.serviceName.length + (span.error?.text.length ?? 0) + attributesSize(span.attributes);
  for (const { attributes } of [...span.events, ...span.links]) size += FRAME_SIZE + attributesSize(attributes);
  return size;
};

/** In the given order. A span that is too large by itself has a batch of its own. */
export const splitBatches = (spans: readonly Span[]): readonly (readonly Span[])[] => {
  const batches: Span[][] = [];
  let batch: Span[] = [];
  let size = 0;
  for (const span of spans) {
    const added = spanSize(span);
    if (batch.length > 0 && (batch.length >= BATCH_SPANS_MAX || size + added > BATCH_SIZE_MAX)) {
      batches.push(batch);
      batch = [];
      size = 0;
    }
    batch.push(span);
    size += added;
  }
  return batch.length === 0 ? batches : [...batches, batch];
};
