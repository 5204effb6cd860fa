/** What the sink makes of every answer a receiver can give, over real gRPC on the loopback. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { getService } from '../../scripts/services.mjs';
import type { SpanReceipt, SpanSink } from '../../src/app/ports.ts';
import { type OtlpOptions, openOtlpSink } from '../../src/telemetry/otlp.ts';
import { type ScriptedAnswer, type ScriptedRequest, startScriptedReceiver } from '../services/otlp-scripted.ts';
import { createMemoryLog, idsOf, type Said, sampleSpan, sampleSpans } from './span-samples.ts';

const endings: (() => Promise<void> | void)[] = [];
const folder = mkdtempSync(join(tmpdir(), 'mailtrace-otlp-'));
const spoolFolder = join(folder, 'spool');
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
  rmSync(spoolFolder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

const never = new AbortController().signal;

const startReceiver = async (
  answer: (request: ScriptedRequest, index: number) => ScriptedAnswer,
  tls?: Readonly<{ key: string; cert: string }>,
) => {
  const receiver = await startScriptedReceiver(answer, tls);
  endings.push(receiver.close);
  return receiver;
};

const openSink = async (
  endpoint: string,
  options: Partial<OtlpOptions> = {},
): Promise<Readonly<{ sink: SpanSink; said: Said[] }>> => {
  const { log, said } = createMemoryLog();
  const sink = await openOtlpSink({
    endpoint,
    env: {},
    spoolFolder,
    spoolMaxBytes: 16 * 1_048_576,
    version: '0.0.0',
    log,
    now: Date.now,
    ...options,
  });
  endings.push(() => sink.close(AbortSignal.timeout(2000)));
  return { sink, said };
};

const spooledFiles = (): readonly string[] => readdirSync(spoolFolder);
const levels = (said: readonly Said[]): readonly string[] => said.map(({ level }) => level);

describe('a receiver that accepts', () => {
  it('gets every field of a span', async () => {
    const receiver = await startReceiver(() => 'accept');
    const { sink } = await openSink(receiver.endpoint);
    const span = sampleSpan(1, {
      kind: 'client',
      attributes: {
        text: 'grüße 郵件',
        whole: -3,
        part: 1.5,
        big: 5_000_000_000,
        yes: true,
        list: ['a', 'b'],
        none: [],
      },
      events: [{ name: 'email.recipient', timeMs: 1_795_245_800_005, attributes: { 'email.reply_code': 550 } }],
      droppedEvents: 4,
      links: [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), attributes: { 'mailtrace.relation': 'bounce-of' } }],
      error: { text: 'bounced 5.1.1' },
    });
    expect(await sink.send([span, sampleSpan(3)], never)).toEqual({ sent: 2, spooled: 0, dropped: 0 });
    const [first, second] = receiver.spans();
    expect(first).toEqual({
      service: 'mx1.campus.example',
      resource: { 'service.name': 'mx1.campus.example' },
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
    expect(second).toMatchObject({ parentSpanId: null, kind: 2, status: { code: 0, message: '' }, links: [] });
    expect(receiver.requests()[0]!.headers['user-agent']).toMatch(/^mailtrace\/0\.0\.0 /);
  });

  it('gets many in few requests', async () => {
    const receiver = await startReceiver(() => 'accept');
    const { sink } = await openSink(receiver.endpoint);
    const spans = sampleSpans(0, 9000);
    expect(await sink.send(spans, never)).toEqual({ sent: 9000, spooled: 0, dropped: 0 });
    expect(new Set(idsOf(receiver.spans()))).toEqual(new Set(idsOf(spans)));
    expect(receiver.requests().length).toBeLessThanOrEqual(10);
    expect(await sink.send([], never)).toEqual({ sent: 0, spooled: 0, dropped: 0 });
  });

  it('gets the headers and the compression that the environment asks for', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=campus,authorization=Bearer%20s3cret');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_COMPRESSION', 'gzip');
    const receiver = await startReceiver(() => 'accept');
    const { sink, said } = await openSink(receiver.endpoint);
    expect(await sink.send(sampleSpans(0, 50), never)).toMatchObject({ sent: 50 });
    expect(receiver.requests()[0]!.headers).toMatchObject({
      'x-tenant': 'campus',
      authorization: 'Bearer s3cret',
      'grpc-encoding': 'gzip',
    });
    expect(JSON.stringify(said)).not.toContain('s3cret');
  });

  it('is spoken to by TLS with the certificate that the environment names, and not without', async () => {
    const paths = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') };
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject];
    execFileSync(getService('OpenSSL'), [...request, '-keyout', paths.key, '-out', paths.cert], { stdio: 'ignore' });
    const tls = { key: readFileSync(paths.key, 'utf8'), cert: readFileSync(paths.cert, 'utf8') };
    const receiver = await startReceiver(() => 'accept', tls);
    const stranger = await openSink(receiver.endpoint);
    expect(await stranger.sink.send(sampleSpans(0, 3), never)).toEqual({ sent: 0, spooled: 3, dropped: 0 });
    expect(JSON.stringify(stranger.said[0]!.fields)).toMatch(/certificate/i);
    await stranger.sink.close(AbortSignal.timeout(1000));
    vi.stubEnv('OTEL_EXPORTER_OTLP_CERTIFICATE', paths.cert);
    const { sink } = await openSink(receiver.endpoint, { spoolFolder: join(folder, 'spool-of-friend') });
    expect(await sink.send(sampleSpans(3, 6), never)).toEqual({ sent: 3, spooled: 0, dropped: 0 });
    expect(idsOf(receiver.spans()).toSorted()).toEqual(idsOf(sampleSpans(3, 6)).toSorted());
  });

  it('says that only gRPC is there when the environment asks for something else', async () => {
    const { said } = await openSink('http://127.0.0.1:1', { env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' } });
    expect(said).toMatchObject([{ level: 'warn', fields: { protocol: 'http/protobuf' } }]);
  });
});

describe('a receiver that refuses', () => {
  it('part of an accepted request: the rest is sent, the part counted and logged with its reason', async () => {
    const receiver = await startReceiver(() => ({ rejected: 2, message: 'span too old' }));
    const { sink, said } = await openSink(receiver.endpoint);
    expect(await sink.send(sampleSpans(0, 10), never)).toEqual({ sent: 8, spooled: 0, dropped: 2 });
    expect(sink.state()).toEqual({ spooled: 0, dropped: 2, isReceiverUp: true });
    expect(said).toMatchObject([{ level: 'error', fields: { spans: 2, droppedInAll: 2, reason: 'span too old' } }]);
  });

  it('none of an accepted request, with a remark: all is sent', async () => {
    const receiver = await startReceiver(() => ({ rejected: 0, message: 'please slow down' }));
    const { sink, said } = await openSink(receiver.endpoint);
    for (const from of [0, 10]) {
      expect(await sink.send(sampleSpans(from, from + 10), never)).toEqual({ sent: 10, spooled: 0, dropped: 0 });
    }
    expect(said.map(({ level, message }) => [level, message])).toEqual([['warn', 'OTLP exporter: please slow down']]);
  });

  it('one span for good: it is counted, the others arrive, and nothing waits for ever', async () => {
    const bad = sampleSpan(77).spanId;
    const receiver = await startReceiver(({ spans }) =>
      spans.some(({ spanId }) => spanId === bad) ? { status: 3, message: 'invalid span' } : 'accept',
    );
    const { sink, said } = await openSink(receiver.endpoint);
    const spans = sampleSpans(0, 1000);
    expect(await sink.send(spans, never)).toEqual({ sent: 999, spooled: 0, dropped: 1 });
    expect(new Set(idsOf(receiver.spans()))).toEqual(new Set(idsOf(spans).filter((id) => id !== bad)));
    expect(spooledFiles()).toEqual([]);
    expect(said[0]!.fields['reason']).toContain('invalid span');
  });

  it('everything for good: all is counted, after few requests', async () => {
    const receiver = await startReceiver(() => ({ status: 3, message: 'no tenant' }));
    const { sink } = await openSink(receiver.endpoint);
    expect(await sink.send(sampleSpans(0, 3000), never)).toEqual({ sent: 0, spooled: 0, dropped: 3000 });
    expect(receiver.requests().length).toBeLessThan(600);
    expect(spooledFiles()).toEqual([]);
  });

  it('requests that are too large: they are made smaller', async () => {
    const receiver = await startReceiver(({ spans }) =>
      spans.length > 300 ? { status: 8, message: 'grpc: received message larger than max (5 vs. 4)' } : 'accept',
    );
    const { sink } = await openSink(receiver.endpoint);
    expect(await sink.send(sampleSpans(0, 2000), never)).toEqual({ sent: 2000, spooled: 0, dropped: 0 });
  });
});

describe('a receiver that is in trouble', () => {
  it.each([
    ['unavailable', { status: 14, message: 'down for maintenance' }],
    ['overloaded', { status: 8, message: 'quota exceeded' }],
    ['not letting us in', { status: 16, message: 'token expired' }],
    ['not there: another service answers', { status: 12, message: 'unknown service' }],
    ['broken', { status: 13, message: 'internal' }],
    ['breaking the connection', 'break'],
  ] as const)('%s: the spans wait on disk and are sent when it is better, each once', async (_, trouble) => {
    let isBetter = false;
    const receiver = await startReceiver(() => (isBetter ? 'accept' : trouble));
    const { sink, said } = await openSink(receiver.endpoint);
    expect(await sink.send(sampleSpans(0, 30), never)).toEqual({ sent: 0, spooled: 30, dropped: 0 });
    expect(await sink.send(sampleSpans(30, 40), never)).toEqual({ sent: 0, spooled: 10, dropped: 0 });
    expect(sink.state()).toEqual({ spooled: 40, dropped: 0, isReceiverUp: false });
    isBetter = true;
    await vi.waitFor(() => expect(sink.state()).toEqual({ spooled: 0, dropped: 0, isReceiverUp: true }), 15_000);
    expect(idsOf(receiver.spans()).toSorted()).toEqual(idsOf(sampleSpans(0, 40)).toSorted());
    expect(spooledFiles()).toEqual([]);
    expect(levels(said)).toEqual(['warn', 'info']);
    expect(await sink.send(sampleSpans(40, 41), never)).toEqual({ sent: 1, spooled: 0, dropped: 0 });
  });

  it('because of one span that it always breaks over: it is found out, counted, and the others arrive', async () => {
    const bad = sampleSpan(17).spanId;
    const receiver = await startReceiver(({ spans }) =>
      spans.some(({ spanId }) => spanId === bad) ? { status: 2, message: 'panic' } : 'accept',
    );
    const { sink } = await openSink(receiver.endpoint);
    expect(await sink.send(sampleSpans(0, 40), never)).toMatchObject({ spooled: 40 });
    await vi.waitFor(() => expect(sink.state()).toMatchObject({ spooled: 0, dropped: 1 }), 30_000);
    expect(new Set(idsOf(receiver.spans()))).toEqual(new Set(idsOf(sampleSpans(0, 40)).filter((id) => id !== bad)));
  });

  it('and says nothing at all: the timeout of the environment holds', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '300');
    const receiver = await startReceiver(() => 'silence');
    const { sink } = await openSink(receiver.endpoint);
    const start = Date.now();
    expect(await sink.send(sampleSpans(0, 10), never)).toMatchObject({ sent: 0, spooled: 10 });
    expect(Date.now() - start).toBeLessThan(3000);
  });

  it('and says nothing, and the caller cannot wait: the spans are on disk at once', async () => {
    const receiver = await startReceiver(() => 'silence');
    const { sink } = await openSink(receiver.endpoint);
    const start = Date.now();
    expect(await sink.send(sampleSpans(0, 5000), AbortSignal.timeout(200))).toEqual({
      sent: 0,
      spooled: 5000,
      dropped: 0,
    });
    expect(Date.now() - start).toBeLessThan(3000);
  });

  it('and has no room on disk: what is too much is counted and logged', async () => {
    const { sink, said } = await openSink('http://127.0.0.1:1', { spoolMaxBytes: 20_000 });
    const receipts: SpanReceipt[] = [];
    for (let index = 0; index < 30; index++) {
      receipts.push(await sink.send(sampleSpans(index * 50, index * 50 + 50), never));
    }
    const sum = (key: 'sent' | 'spooled' | 'dropped') => receipts.reduce((total, receipt) => total + receipt[key], 0);
    expect(sum('sent')).toBe(0);
    expect(sum('spooled') + sum('dropped')).toBe(1500);
    expect(sum('spooled')).toBeGreaterThan(0);
    expect(sum('dropped')).toBeGreaterThan(0);
    expect(sink.state()).toMatchObject({ spooled: sum('spooled'), dropped: sum('dropped') });
    expect(said.filter(({ level }) => level === 'error')[0]!.fields['reason']).toBe('the spool on disk is full');
  });
});

describe('closing', () => {
  it('empties the spool first, as far as the receiver takes it', async () => {
    let isBetter = false;
    const receiver = await startReceiver(() => (isBetter ? 'accept' : { status: 14, message: 'down' }));
    const { sink } = await openSink(receiver.endpoint);
    for (let index = 0; index < 5; index++) await sink.send(sampleSpans(index * 10, index * 10 + 10), never);
    isBetter = true;
    await sink.close(AbortSignal.timeout(5000));
    expect(idsOf(receiver.spans()).toSorted()).toEqual(idsOf(sampleSpans(0, 50)).toSorted());
    expect(spooledFiles()).toEqual([]);
  });

  it.each(['silence', { status: 14, message: 'down' }] as const)(
    'ends when the caller says so although the receiver is of no use: %j',
    async (answer) => {
      const receiver = await startReceiver(() => answer);
      const { sink } = await openSink(receiver.endpoint);
      await sink.send(sampleSpans(0, 10), AbortSignal.timeout(100));
      const start = Date.now();
      await sink.close(AbortSignal.timeout(500));
      expect(Date.now() - start).toBeLessThan(3000);
      expect(spooledFiles()).toHaveLength(1);
      // The next run sends it.
      const next = await openSink((await startReceiver(() => 'accept')).endpoint);
      await vi.waitFor(() => expect(next.sink.state().spooled).toBe(0), 10_000);
      expect(levels(next.said)).toEqual(['info']);
    },
  );
});
