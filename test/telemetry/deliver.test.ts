/** What becomes of a batch: batches of a size that receivers take, and one bad span takes no good one along. */
import { describe, expect, it } from 'vitest';
import type { Span } from '../../src/domain/span.ts';
import { BATCH_SIZE_MAX, spanSize, splitBatches } from '../../src/telemetry/batches.ts';
import type { ExportOutcome } from '../../src/telemetry/connection.ts';
import { deliver } from '../../src/telemetry/deliver.ts';
import { createDropCount } from '../../src/telemetry/drop-count.ts';
import { chooseEndpoint, shownEndpoint, unknownProtocol } from '../../src/telemetry/endpoint.ts';
import { toReadableSpans } from '../../src/telemetry/readable-span.ts';
import { createReceiver } from '../../src/telemetry/receiver.ts';
import { createMemoryLog, idsOf, sampleSpan, sampleSpans } from './span-samples.ts';

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

describe('the endpoint', () => {
  const TRACES = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const ALL = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  it.each([
    [
      'the flag',
      'http://flag:1',
      { [TRACES]: 'http://traces:1', [ALL]: 'http://all:1' },
      'http://conf:1',
      'http://flag:1',
    ],
    [
      'the variable of traces',
      null,
      { [TRACES]: 'http://traces:1', [ALL]: 'http://all:1' },
      'http://conf:1',
      'http://traces:1',
    ],
    ['the variable of all signals', null, { [TRACES]: ' ', [ALL]: 'http://all:1' }, 'http://conf:1', 'http://all:1'],
    ['the configuration', null, {}, 'https://conf:1', 'https://conf:1'],
    ['the default', null, {}, null, 'http://localhost:4317'],
    ['a name without a scheme', 'collector:4317', {}, null, 'collector:4317'],
  ])('is that of %s', (_, flag, env, configured, expected) => {
    expect(chooseEndpoint({ flag, env, configured })).toBe(expected);
  });

  it.each(['http://', 'grpc://collector:4317', 'http://a b', 'collector:port'])('cannot be %s', (flag) => {
    expect(() => chooseEndpoint({ flag, env: {}, configured: null })).toThrow(
      expect.objectContaining({ name: 'MailtraceError', code: 'config' }),
    );
  });

  it('is shown without a password', () => {
    expect(shownEndpoint('https://user:secret@collector:4317')).toBe('https://collector:4317');
    expect(shownEndpoint('http://collector:4317/a@b')).toBe('http://collector:4317/a@b');
  });

  it.each([
    [{}, null],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, null],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }, 'http/protobuf'],
    [{ OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, null],
  ])('speaks gRPC only: %j', (env, expected) => {
    expect(unknownProtocol(env)).toBe(expected);
  });
});

describe('what is known of the receiver', () => {
  const TROUBLE = { reason: 'UNAVAILABLE', isDoubtful: false };
  const start = () => {
    let nowMs = 1_000_000;
    let renewed = 0;
    const { log, said } = createMemoryLog();
    const receiver = createReceiver({ endpoint: 'http://x:1', log, now: () => nowMs, onDown: () => (renewed += 1) });
    return { receiver, said, pass: (ms: number) => (nowMs += ms), renewed: () => renewed };
  };

  it('waits longer after each failure, up to ten seconds, and connects anew each time', () => {
    const { receiver, pass, renewed } = start();
    const waits = Array.from({ length: 8 }, () => {
      receiver.note(TROUBLE);
      expect(receiver.isUp()).toBe(false);
      expect(receiver.isDue()).toBe(false);
      const ms = receiver.waitMs();
      pass(ms);
      expect(receiver.isDue()).toBe(true);
      return ms;
    });
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
    expect(renewed()).toBe(8);
  });

  it('counts failures of requests that were under way together as one', () => {
    const { receiver, renewed } = start();
    for (let index = 0; index < 4; index++) receiver.note(TROUBLE);
    expect([receiver.waitMs(), renewed()]).toEqual([500, 1]);
  });

  it('is told once when it goes and once when it comes back', () => {
    const { receiver, said, pass } = start();
    for (let index = 0; index < 5; index++) {
      receiver.note(TROUBLE);
      pass(receiver.waitMs());
    }
    receiver.note(null);
    receiver.note(null);
    expect(receiver.isUp()).toBe(true);
    expect(said.map(({ level }) => level)).toEqual(['warn', 'info']);
    expect(said[0]!.fields).toMatchObject({ reason: 'UNAVAILABLE', endpoint: 'http://x:1' });
  });

  it('does not wait for hours when the clock is set back', () => {
    const { receiver, pass } = start();
    receiver.note(TROUBLE);
    pass(-3_600_000);
    expect(receiver.waitMs()).toBe(10_000);
  });
});

describe('dropped spans', () => {
  it('are said at once, then once a minute for each reason, and none is left unsaid at the end', () => {
    let nowMs = 0;
    const { log, said } = createMemoryLog();
    const drops = createDropCount(log, () => nowMs);
    for (let second = 0; second < 150; second++) {
      nowMs = second * 1000;
      drops.add(2, 'full');
    }
    drops.add(1, 'refused');
    drops.add(0, 'nothing');
    drops.flush();
    expect(said.map(({ fields }) => [fields['reason'], fields['spans']])).toEqual([
      ['full', 2],
      ['full', 120],
      ['full', 120],
      ['refused', 1],
      ['full', 58],
    ]);
    expect(drops.total()).toBe(301);
  });

  it('for ever new reasons do not fill memory or log', () => {
    const { log, said } = createMemoryLog();
    const drops = createDropCount(log, () => 0);
    for (let index = 0; index < 1000; index++) drops.add(1, `reason ${index}`);
    drops.flush();
    expect(said.length).toBeLessThan(25);
    expect(said.reduce((sum, { fields }) => sum + Number(fields['spans']), 0)).toBe(1000);
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
