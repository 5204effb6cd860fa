/** The seven situations that the Python tool fails: the built program, a real OpenSearch, a real OTLP receiver. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getOpensearch, OPENSEARCH_START_MS } from '../services/opensearch.ts';
import { OTLP_START_MS, type OtlpReceiver, startOtlpReceiver } from '../services/otlp.ts';
import type { ReceivedSpan } from '../services/otlp-decode.ts';
import {
  arrival,
  contractIds,
  createTracingLab,
  delivery,
  type LogLine,
  removal,
  type Tracing,
  type TracingLab,
  untilReceived,
} from '../support/tracing-lab.ts';

const MX1 = 'mx1.campus.example';
const GW = 'gw.campus.example';
const GW_RELAY = `${GW}[192.0.2.20]:25`;
const FROM_MX1 = `${MX1}[192.0.2.11]`;
const PARTNER = 'mx.partner.example[198.51.100.1]:25';
/** OTLP's number. */
const ERROR = 2;
/** Two rounds at the interval of the lab, and what goes between. */
const ROUNDS_MS = 2500;

let receiver: OtlpReceiver;
let lab: TracingLab;
let tracing: Tracing;

beforeAll(async () => {
  const server = await getOpensearch('plain');
  receiver = await startOtlpReceiver();
  lab = await createTracingLab({
    server,
    endpoint: receiver.endpoint,
    index: 'mailtrace-situations',
    clusters: { mx: [MX1], relays: [GW] },
  });
  tracing = await lab.start();
}, OPENSEARCH_START_MS + OTLP_START_MS);

afterAll(async () => {
  await tracing?.stop();
  await receiver?.close();
  await lab?.remove();
});

const ofTrace = (messageId: string): readonly ReceivedSpan[] =>
  receiver.spans().filter(({ traceId }) => traceId === contractIds(messageId).trace);

/** `name host span parent`, each once, sorted. */
const shapeOf = (spans: readonly ReceivedSpan[]): readonly string[] =>
  [
    ...new Set(spans.map(({ name, service, spanId, parentSpanId }) => `${name} ${service} ${spanId} ${parentSpanId}`)),
  ].sort();

const untilTrace = (messageId: string, count: number): Promise<void> =>
  untilReceived(
    () => ofTrace(messageId),
    (spans) => shapeOf(spans).length >= count,
  );

/** Both hosts' lines of one message. */
const twoHops = (
  messageId: string,
  atMs: number,
): Readonly<{ first: readonly LogLine[]; second: readonly LogLine[] }> => ({
  first: [
    ...arrival(MX1, '4A1AAAAAAAA', atMs, { messageId }),
    delivery(MX1, '4A1AAAAAAAA', atMs + 100, { relay: GW_RELAY, response: '250 2.0.0 Ok: queued as 4B1BBBBBBBB' }),
    removal(MX1, '4A1AAAAAAAA', atMs + 101),
  ],
  second: [
    ...arrival(GW, '4B1BBBBBBBB', atMs + 50, { messageId, client: FROM_MX1 }),
    delivery(GW, '4B1BBBBBBBB', atMs + 300, { relay: PARTNER, response: '250 Ok' }),
    removal(GW, '4B1BBBBBBBB', atMs + 301),
  ],
});

const twoHopShape = (messageId: string, atMs: number): readonly string[] => {
  const ids = contractIds(messageId);
  const first = ids.transaction(MX1, '4A1AAAAAAAA');
  const second = ids.transaction(GW, '4B1BBBBBBBB');
  return [
    `email.delivery mailtrace ${ids.root} null`,
    `email.transaction ${MX1} ${first} ${ids.root}`,
    `email.attempt ${MX1} ${ids.handover('4B1BBBBBBBB')} ${first}`,
    `email.transaction ${GW} ${second} ${ids.handover('4B1BBBBBBBB')}`,
    `email.attempt ${GW} ${ids.attempt(GW, '4B1BBBBBBBB', 'mx.partner.example', atMs + 300)} ${second}`,
  ].sort();
};

describe('mailtrace tracing', { timeout: 120_000 }, () => {
  it('makes one trace of two hops in one poll', async () => {
    const messageId = 'two-hops@sender.example';
    const atMs = Date.now();
    const { first, second } = twoHops(messageId, atMs);
    await lab.ship([...first, ...second]);
    await untilTrace(messageId, 5);
    expect(shapeOf(ofTrace(messageId))).toEqual(twoHopShape(messageId, atMs));
    // Each was sent once.
    expect(ofTrace(messageId)).toHaveLength(5);
  });

  it('finds the transaction of a delivery line that comes in a later poll', async () => {
    const messageId = 'later@sender.example';
    const ids = contractIds(messageId);
    const atMs = Date.now() - 20_000;
    await lab.ship(arrival(MX1, '4A2AAAAAAAA', atMs, { messageId }));
    await sleep(ROUNDS_MS);
    const sentMs = atMs + 20_000;
    await lab.ship([
      delivery(MX1, '4A2AAAAAAAA', sentMs, { relay: GW_RELAY, response: '250 2.0.0 Ok: queued as 4B2BBBBBBBB' }),
      removal(MX1, '4A2AAAAAAAA', sentMs + 1),
    ]);
    await untilTrace(messageId, 3);
    const transaction = ofTrace(messageId).find(({ name }) => name === 'email.transaction');
    expect(transaction).toMatchObject({
      spanId: ids.transaction(MX1, '4A2AAAAAAAA'),
      startMs: atMs,
      endMs: sentMs + 1,
    });
    expect(ofTrace(messageId).find(({ name }) => name === 'email.attempt')).toMatchObject({
      spanId: ids.handover('4B2BBBBBBBB'),
      parentSpanId: ids.transaction(MX1, '4A2AAAAAAAA'),
    });
  });

  it('reads documents that are indexed 15 s late', async () => {
    const messageId = 'late@sender.example';
    const nowMs = Date.now();
    // Newer lines are read first.
    await lab.ship(arrival(GW, '4B3BBBBBBBB', nowMs, { messageId: 'newer@sender.example' }));
    await sleep(ROUNDS_MS);
    const atMs = nowMs - 15_000;
    const { first, second } = twoHops(messageId, atMs);
    await lab.ship([...first, ...second]);
    await untilTrace(messageId, 5);
    expect(shapeOf(ofTrace(messageId))).toEqual(twoHopShape(messageId, atMs));
  });

  it('keeps the trace when the second hop is shipped after the first was sent', async () => {
    const messageId = 'second@sender.example';
    const atMs = Date.now();
    const { first, second } = twoHops(messageId, atMs);
    await lab.ship(first);
    await untilTrace(messageId, 3);
    await sleep(ROUNDS_MS);
    await lab.ship(second);
    await untilTrace(messageId, 5);
    expect(shapeOf(ofTrace(messageId))).toEqual(twoHopShape(messageId, atMs));
    expect(ofTrace(messageId)).toHaveLength(5);
  });

  it('says that what bounced has failed, and links the notice to it', async () => {
    const messageId = 'bounced@sender.example';
    const atMs = Date.now();
    await lab.ship([
      ...arrival(MX1, '4A5AAAAAAAA', atMs, { messageId }),
      delivery(MX1, '4A5AAAAAAAA', atMs + 10, {
        relay: PARTNER,
        status: 'bounced',
        dsn: '5.1.1',
        response: 'host mx.partner.example[198.51.100.1] said: 550 5.1.1 no such user (in reply to RCPT TO command)',
      }),
      {
        timeMs: atMs + 11,
        host: MX1,
        program: 'postfix/cleanup',
        message: '4A5BBBBBBBB: message-id=<notice@mx1.campus.example>',
      },
      {
        timeMs: atMs + 12,
        host: MX1,
        program: 'postfix/bounce',
        message: '4A5AAAAAAAA: sender non-delivery notification: 4A5BBBBBBBB',
      },
      {
        timeMs: atMs + 13,
        host: MX1,
        program: 'postfix/qmgr',
        message: '4A5BBBBBBBB: from=<>, size=2000, nrcpt=1 (queue active)',
      },
      removal(MX1, '4A5AAAAAAAA', atMs + 14),
      delivery(MX1, '4A5BBBBBBBB', atMs + 50, { relay: PARTNER, to: 'ann@sender.example', response: '250 Ok' }),
      removal(MX1, '4A5BBBBBBBB', atMs + 51),
    ]);
    await untilTrace(messageId, 3);
    await untilTrace('notice@mx1.campus.example', 3);
    const failed = ofTrace(messageId).filter(({ status }) => status.code === ERROR);
    expect(failed.map(({ name }) => name).sort()).toEqual(['email.attempt', 'email.transaction']);
    for (const { status } of failed) expect(status.message).toContain('bounced 5.1.1');
    const notice = ofTrace('notice@mx1.campus.example').find(({ name }) => name === 'email.transaction');
    const ids = contractIds(messageId);
    expect(notice?.links).toMatchObject([{ traceId: ids.trace, spanId: ids.transaction(MX1, '4A5AAAAAAAA') }]);
    expect(notice?.status.code).not.toBe(ERROR);
  });

  it('sends a delivery for each of two recipients at two relays', async () => {
    const messageId = 'two-relays@sender.example';
    const ids = contractIds(messageId);
    const atMs = Date.now();
    await lab.ship([
      ...arrival(MX1, '4A6AAAAAAAA', atMs, { messageId, nrcpt: 2 }),
      delivery(MX1, '4A6AAAAAAAA', atMs + 100, { to: 'bob@example.org', relay: PARTNER, response: '250 Ok' }),
    ]);
    await untilTrace(messageId, 1);
    await lab.ship([
      delivery(MX1, '4A6AAAAAAAA', atMs + 4100, {
        to: 'eve@example.net',
        relay: 'mx.other.example[198.51.100.7]:25',
        response: '250 Ok',
      }),
      removal(MX1, '4A6AAAAAAAA', atMs + 4101),
    ]);
    await untilTrace(messageId, 4);
    const attempts = ofTrace(messageId).filter(({ name }) => name === 'email.attempt');
    expect(attempts.map(({ spanId }) => spanId)).toEqual([
      ids.attempt(MX1, '4A6AAAAAAAA', 'mx.partner.example', atMs + 100),
      ids.attempt(MX1, '4A6AAAAAAAA', 'mx.other.example', atMs + 4100),
    ]);
    const transaction = ofTrace(messageId).find(({ name }) => name === 'email.transaction');
    expect(transaction?.attributes['email.recipients']).toEqual(['bob@example.org', 'eve@example.net']);
    expect(transaction?.endMs).toBe(atMs + 4101);
  });

  it('reads 12,000 documents that come in one poll to the last', async () => {
    const mails = Array.from({ length: 2400 }, (_, at) => ({
      id: `4C${at.toString(16).toUpperCase().padStart(8, '0')}`,
      messageId: `many-${at}@sender.example`,
    }));
    const atMs = Date.now();
    await lab.ship(
      mails.flatMap(({ id, messageId }, at) => [
        ...arrival(MX1, id, atMs + at, { messageId }),
        delivery(MX1, id, atMs + at + 10, { relay: PARTNER, response: '250 Ok' }),
        removal(MX1, id, atMs + at + 11),
      ]),
    );
    const wanted = new Set(
      mails.flatMap(({ id, messageId }, at) => {
        const ids = contractIds(messageId);
        return [ids.root, ids.transaction(MX1, id), ids.attempt(MX1, id, 'mx.partner.example', atMs + at + 10)];
      }),
    );
    const received = (): readonly string[] =>
      receiver
        .spans()
        .map(({ spanId }) => spanId)
        .filter((id) => wanted.has(id));
    await untilReceived(receiver.spans, () => received().length >= wanted.size, 60_000);
    expect(new Set(received()).size).toBe(wanted.size);
    expect(received()).toHaveLength(wanted.size);
  });

  it('ends within 15 s on SIGTERM, and has nothing to complain about', async () => {
    const { code, tookMs } = await tracing.stop();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(15_000);
    expect(tracing.stderr()).toBe('');
  });

  it('goes on from where it was, and reads what came meanwhile, also in a new index under the pattern', async () => {
    const messageId = 'meanwhile@sender.example';
    const atMs = Date.now();
    const { first, second } = twoHops(messageId, atMs);
    await lab.ship(first);
    await lab.ship(second, 2);
    const before = receiver.spans().length;
    tracing = await lab.start();
    await untilTrace(messageId, 5);
    await sleep(ROUNDS_MS);
    expect(shapeOf(ofTrace(messageId))).toEqual(twoHopShape(messageId, atMs));
    expect(receiver.spans()).toHaveLength(before + 5);
  });
});
