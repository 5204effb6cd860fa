/** The sink against a real OTLP receiver that goes away and comes back, and in a process that is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SpanReceipt } from '../../src/app/ports.ts';
import { openOtlpSink } from '../../src/telemetry/otlp.ts';
import { OTLP_START_MS, type OtlpReceiver, startOtlpReceiver } from '../services/otlp.ts';
import type { ReceivedSpan } from '../services/otlp-decode.ts';
import { createMemoryLog, idsOf, sampleSpan, sampleSpans } from './span-samples.ts';

const MIB = 1_048_576;
const SCRIPT = fileURLToPath(new URL('sink-process.mjs', import.meta.url));

let receiver: OtlpReceiver;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
}, OTLP_START_MS);
afterAll(() => receiver?.close());

const folders: string[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  await receiver.start();
});

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'mailtrace-otlp-real-'));
  folders.push(folder);
  return folder;
};

const never = new AbortController().signal;

const openSink = async (spoolFolder = newFolder()) => {
  const { log, said } = createMemoryLog();
  const options = { env: {}, spoolMaxBytes: 64 * MIB, version: '0.0.0', log, now: Date.now };
  return { sink: await openOtlpSink({ endpoint: receiver.endpoint, spoolFolder, ...options }), said };
};

/** Received since this was called, each id once, and how often in all. */
const listen = () => {
  const before = receiver.spans().length;
  const received = (): readonly ReceivedSpan[] => receiver.spans().slice(before);
  return { received, ids: () => new Set(idsOf(received())) };
};

const waitFor = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 45_000, interval: 50 });

describe('a real OTLP receiver', () => {
  it('gets the spans whole', async () => {
    const { received } = listen();
    const { sink } = await openSink();
    const span = sampleSpan(1_000_001, {
      kind: 'client',
      attributes: { text: 'grüße 郵件', whole: -3, part: 1.5, yes: false, list: ['a', 'b'] },
      droppedEvents: 4,
      links: [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), attributes: { 'mailtrace.relation': 'bounce-of' } }],
      error: { text: 'bounced 5.1.1' },
    });
    expect(await sink.send([span], never)).toEqual({ sent: 1, spooled: 0, dropped: 0 });
    await waitFor(() => expect(received()).toHaveLength(1));
    expect(received()[0]).toEqual({
      service: span.serviceName,
      resource: { 'service.name': span.serviceName },
      scope: 'mailtrace',
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      name: span.name,
      kind: 3,
      startMs: span.startMs,
      endMs: span.endMs,
      attributes: span.attributes,
      events: span.events,
      droppedEvents: 4,
      links: span.links,
      status: { code: 2, message: 'bounced 5.1.1' },
    });
    await sink.close(AbortSignal.timeout(5000));
  });

  it('gets 20,000 spans, each once', async () => {
    const { received } = listen();
    const { sink } = await openSink();
    const spans = sampleSpans(0, 20_000);
    for (let from = 0; from < spans.length; from += 5000) {
      expect(await sink.send(spans.slice(from, from + 5000), never)).toMatchObject({ sent: 5000 });
    }
    await waitFor(() => expect(received()).toHaveLength(20_000));
    expect(idsOf(received()).toSorted()).toEqual(idsOf(spans).toSorted());
    await sink.close(AbortSignal.timeout(5000));
  });

  it('that is away for ten seconds gets all of it afterwards: nothing is lost, nothing is changed', async () => {
    const { received } = listen();
    const folder = newFolder();
    const { sink, said } = await openSink(folder);
    const receipts: SpanReceipt[] = [];
    const send = async (part: number): Promise<void> => {
      receipts.push(await sink.send(sampleSpans(part * 100, part * 100 + 100), never));
    };
    for (let part = 0; part < 5; part++) await send(part);
    await receiver.stop();
    const start = Date.now();
    for (let part = 5; part < 45; part++) {
      await send(part);
      await sleep(Math.max(0, start + (part - 4) * 250 - Date.now()));
    }
    expect(sink.state()).toMatchObject({ spooled: 4000, dropped: 0, isReceiverUp: false });
    await receiver.start();
    for (let part = 45; part < 50; part++) await send(part);
    await waitFor(() => expect(sink.state()).toEqual({ spooled: 0, dropped: 0, isReceiverUp: true }));
    await waitFor(() => expect(received().length).toBeGreaterThanOrEqual(5000));
    const byId = (spans: readonly ReceivedSpan[]) => spans.toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1));
    const expected = sampleSpans(0, 5000);
    expect(
      byId(received()).map(({ traceId, spanId, parentSpanId, startMs, attributes }) => ({
        traceId,
        spanId,
        parentSpanId,
        startMs,
        attributes,
      })),
    ).toEqual(
      expected
        .toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1))
        .map(({ traceId, spanId, parentSpanId, startMs, attributes }) => ({
          traceId,
          spanId,
          parentSpanId,
          startMs,
          attributes,
        })),
    );
    expect(said.map(({ level }) => level)).toEqual(['warn', 'info']);
    await sink.close(AbortSignal.timeout(5000));
    expect(readdirSync(folder)).toEqual([]);
  });
});

type Message = Readonly<{ from: number; to: number; receipt: SpanReceipt }>;

/** Runs the process until it ends or `isEnough` says that it is to be killed. */
const runSink = async (
  options: Readonly<{ folder: string; maxBytes: number; from: number; to: number; batch: number }>,
  isEnough: (told: readonly Message[]) => boolean,
): Promise<Readonly<{ told: readonly Message[]; wasKilled: boolean }>> => {
  const { folder, maxBytes, from, to, batch } = options;
  const args = [SCRIPT, receiver.endpoint, folder, ...[maxBytes, from, to, batch].map(String)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const told: Message[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const message = JSON.parse(line) as Message | object;
    if ('receipt' in message) told.push(message);
    if (isEnough(told)) child.kill('SIGKILL');
  });
  const [[, signal]] = await Promise.all([once(child, 'exit'), once(lines, 'close')]);
  return { told, wasKilled: signal === 'SIGKILL' };
};

const indexOf = ({ spanId }: ReceivedSpan): number => Number.parseInt(spanId, 16) - 1;

describe('a process that is killed while the receiver is away', () => {
  it('loses nothing that it had on disk, five times over', async () => {
    const folder = newFolder();
    const { received } = listen();
    await receiver.stop();
    const stored = new Set<number>();
    let next = 0;
    for (let run = 0; run < 5; run++) {
      // At a random moment: somewhere in the batches after this one.
      const after = 3 + Math.floor(Math.random() * 20);
      const { told, wasKilled } = await runSink(
        { folder, maxBytes: 64 * MIB, from: next, to: next + 1_000_000, batch: 50 },
        (messages) => messages.length >= after,
      );
      expect(wasKilled).toBe(true);
      for (const { from, to, receipt } of told) {
        expect(receipt).toEqual({ sent: 0, spooled: to - from, dropped: 0 });
        for (let index = from; index < to; index++) stored.add(index);
      }
      next = told.at(-1)!.to + 1000;
    }
    await receiver.start();
    // A last run, which sends nothing of its own.
    await runSink({ folder, maxBytes: 64 * MIB, from: 0, to: 0, batch: 50 }, () => false);
    await waitFor(() => {
      const indices = new Set(received().map(indexOf));
      expect([...stored].filter((index) => !indices.has(index))).toEqual([]);
    });
    expect(stored.size).toBeGreaterThan(750);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('with a spool that is full: what was stored arrives, what was not was said to be dropped', async () => {
    const folder = newFolder();
    const { received } = listen();
    await receiver.stop();
    const { told, wasKilled } = await runSink(
      { folder, maxBytes: 30_000, from: 5_000_000, to: 6_000_000, batch: 40 },
      (messages) => messages.filter(({ receipt }) => receipt.dropped > 0).length > 20,
    );
    expect(wasKilled).toBe(true);
    const range = ({ from, to }: Message) => Array.from({ length: to - from }, (_, index) => from + index);
    const stored = told.filter(({ receipt }) => receipt.spooled > 0).flatMap(range);
    const dropped = told.filter(({ receipt }) => receipt.dropped > 0).flatMap(range);
    expect(stored.length).toBeGreaterThan(100);
    expect(stored.length + dropped.length).toBe(told.flatMap(range).length);
    await receiver.start();
    await runSink({ folder, maxBytes: 30_000, from: 0, to: 0, batch: 40 }, () => false);
    await waitFor(() => {
      const indices = new Set(received().map(indexOf));
      expect(stored.filter((index) => !indices.has(index))).toEqual([]);
    });
    const wasDropped = new Set(dropped);
    expect(
      received()
        .map(indexOf)
        .filter((index) => wasDropped.has(index)),
    ).toEqual([]);
  });

  it('and one that is killed while it empties the spool sends the rest with the next run', async () => {
    const folder = newFolder();
    const { received } = listen();
    await receiver.stop();
    const options = { folder, maxBytes: 64 * MIB };
    const first = 8_000_000;
    const filled = await runSink({ ...options, from: first, to: first + 30_000, batch: 1500 }, () => false);
    expect(filled.told.every(({ receipt }) => receipt.spooled === 1500)).toBe(true);
    await receiver.start();
    // It goes on storing while it sends, and is killed in the middle of both.
    const killed = await runSink(
      { ...options, from: first + 30_000, to: first + 1_000_000, batch: 1 },
      () => received().length > 3000,
    );
    expect(killed.wasKilled).toBe(true);
    expect(readdirSync(folder)).not.toEqual([]);
    await runSink({ ...options, from: 0, to: 0, batch: 1 }, () => false);
    const end = killed.told.at(-1)!.to;
    await waitFor(() => {
      const indices = new Set(received().map(indexOf));
      const all = Array.from({ length: end - first }, (_, index) => first + index);
      expect(all.filter((index) => !indices.has(index))).toEqual([]);
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});
