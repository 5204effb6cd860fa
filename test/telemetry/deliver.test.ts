/** What becomes of a batch: batches of a size that receivers take, and one bad span takes no good one along. */
import { describe, expect, it } from 'vitest';
import type { Span } from '../../src/domain/span.ts';
import { BATCH_SIZE_MAX, spanSize, splitBatches } from '../../src/telemetry/batches.ts';
import type { ExportOutcome } from '../../src/telemetry/connection.ts';
import { deliver } from '../../src/telemetry/deliver.ts';
import { toReadableSpans } from '../../src/telemetry/readable-span.ts';
import { idsOf, sampleSpan, sampleSpans } from './span-samples.ts';

const ACCEPTED: ExportOutcome = { kind: 'accepted', rejected: 0, reason: null };

/** A receiver that refuses every request with one of these spans in it. */
const refusing = (bad: ReadonlySet<string>) => {
  const accepted: string[] = [];
  let requests = 0;
  const send = async (spans: readonly Span[]): Promise<ExportOutcome> => {
    requests += 1;
    if (spans.some(({ spanId }) => bad.has(spanId))) return { kind: 'refused', reason: 'bad span' };
    accepted.push(...idsOf(spans));
    return ACCEPTED;
  };
  return { send, accepted, requests: () => requests };
};

describe('batches', () => {
  it('hold at most 2,000 spans, in the order given', () => {
    const batches = splitBatches(sampleSpans(0, 4500));
    expect(batches.map(({ length }) => length)).toEqual([2000, 2000, 500]);
    expect(idsOf(batches.flat())).toEqual(idsOf(sampleSpans(0, 4500)));
  });

  it('stay below the 4 MiB of gRPC, encoded, even of texts in three-byte characters', () => {
    const long = (index: number): Span =>
      sampleSpan(index, {
        attributes: { 'email.response': '郵'.repeat(1000), 'email.recipients': ['件'.repeat(300)] },
      });
    const spans = Array.from({ length: 3000 }, (_, index) => long(index));
    const batches = splitBatches(spans);
    expect(batches.flat()).toHaveLength(3000);
    expect(batches.length).toBeGreaterThan(2);
    for (const batch of batches) {
      expect(batch.reduce((sum, span) => sum + spanSize(span), 0)).toBeLessThanOrEqual(BATCH_SIZE_MAX);
      // JSON is longer than protobuf.
      expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThan(4 * 1_048_576);
    }
  });

  it('of nothing are none', () => {
    expect(splitBatches([])).toEqual([]);
  });
});

describe('delivering a batch', () => {
  it.each([
    [0, []],
    [1, [700]],
    [5, [0, 3, 511, 512, 999]],
  ])('drops the %d spans that are refused and sends the others', async (count, indices) => {
    const spans = sampleSpans(0, 1000);
    const bad = new Set(indices.map((index) => spans[index]!.spanId));
    const receiver = refusing(bad);
    const delivery = await deliver(spans, receiver.send);
    expect(delivery).toMatchObject({ sent: 1000 - count, kept: [], trouble: null });
    expect(delivery.dropped).toEqual(indices.map(() => ({ spans: 1, reason: 'bad span' })));
    expect(new Set(receiver.accepted)).toEqual(new Set(idsOf(spans).filter((id) => !bad.has(id))));
  });

  it('gives up soon when everything is refused, and counts all of it', async () => {
    const spans = sampleSpans(0, 2000);
    const receiver = refusing(new Set(idsOf(spans)));
    const delivery = await deliver(spans, receiver.send);
    expect(delivery.sent).toBe(0);
    expect(delivery.dropped.reduce((sum, { spans: dropped }) => sum + dropped, 0)).toBe(2000);
    expect(receiver.requests()).toBeLessThan(200);
  });

  it('counts what was rejected of an accepted request', async () => {
    const delivery = await deliver(sampleSpans(0, 10), async () => ({
      kind: 'accepted',
      rejected: 3,
      reason: 'too old',
    }));
    expect(delivery).toMatchObject({ sent: 7, dropped: [{ spans: 3, reason: 'too old' }], kept: [] });
  });

  it('keeps what is left when the receiver goes away in the middle', async () => {
    const spans = sampleSpans(0, 100);
    let requests = 0;
    const delivery = await deliver(spans, async (batch) => {
      requests += 1;
      if (requests > 4) return { kind: 'later', reason: 'gone' };
      return batch.length > 10 ? { kind: 'refused', reason: 'too many' } : ACCEPTED;
    });
    expect(delivery.trouble).toEqual({ reason: 'gone', isDoubtful: false });
    const dropped = delivery.dropped.reduce((sum, { spans: count }) => sum + count, 0);
    expect(delivery.sent + dropped + delivery.kept.length).toBe(100);
    expect(delivery.kept.length).toBeGreaterThan(0);
  });
});

describe('spans for the exporter', () => {
  it('share a resource by service, and keep milliseconds exact', () => {
    const spans = toReadableSpans(sampleSpans(0, 8), '1.2.3');
    expect(new Set(spans.map(({ resource }) => resource)).size).toBe(4);
    expect(spans[5]!.startTime).toEqual([1_795_245_799, 5_000_000]);
    expect(spans[5]!.endTime).toEqual([1_795_245_800, 128_000_000]);
    expect(spans[5]!.instrumentationScope).toEqual({ name: 'mailtrace', version: '1.2.3' });
  });
});
