/**
 * The same mail twice: once while the program is killed, the receiver is stopped and OpenSearch goes away, once undisturbed.
 * What is received must be the same.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OpensearchServer } from '../services/opensearch.ts';
import { startOtlpReceiver } from '../services/otlp.ts';
import type { ReceivedSpan } from '../services/otlp-decode.ts';
import { startTcpProxy } from '../services/tcp-proxy.ts';
import { createTracingLab, type Tracing, type TracingLab, untilReceived } from './tracing-lab.ts';
import { HOSTS, traffic } from './tracing-traffic.ts';

export type Ordeal = Readonly<{
  index: string;
  mails: number;
  kills: number;
  /** Of lines, and how long between two of them. */
  chunk: number;
  pauseMs: number;
  /** How long receiver and OpenSearch are away. */
  awayMs: number;
  seed: number;
  withinMs: number;
}>;

export type Outcome = Readonly<{
  lines: number;
  kills: number;
  disturbed: readonly ReceivedSpan[];
  undisturbed: readonly ReceivedSpan[];
  /** How the program ended in the end. */
  code: number | null;
}>;

const createRandom = (seed: number) => {
  let state = seed + 1;
  return (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
};

/** All that must not differ, however often a span was sent. */
export const identities = (spans: readonly ReceivedSpan[]): ReadonlySet<string> =>
  new Set(
    spans.map(({ traceId, spanId, parentSpanId, name, service, startMs }) => {
      // The root has the times of one of its entry transactions.
      const start = parentSpanId === null ? '' : startMs;
      return [traceId, spanId, parentSpanId, name, service, start].join(' ');
    }),
  );

/** All lines are there: what takes longer than this would be a fault. */
const QUIET_MS = 8000;

/** Waits until nothing has come for a while. */
const untilQuiet = async (spans: () => readonly ReceivedSpan[], quietMs: number): Promise<void> => {
  for (let seen = -1; seen !== spans().length; ) {
    seen = spans().length;
    await sleep(quietMs);
  }
};

const runUndisturbed = async (
  lab: TracingLab,
  read: () => readonly ReceivedSpan[],
): Promise<readonly ReceivedSpan[]> => {
  const tracing = await lab.start();
  await untilReceived(read, (spans) => spans.length > 0);
  await untilQuiet(read, QUIET_MS);
  await tracing.stop();
  return read();
};

const killAgain = async (lab: TracingLab, tracing: Tracing, kills: number, random: () => number): Promise<Tracing> => {
  let current = tracing;
  for (let kill = 0; kill < kills; kill++) {
    await sleep(100 + random() * 2000);
    await current.kill();
    current = await lab.start();
  }
  return current;
};

export const runOrdeal = async (server: OpensearchServer, ordeal: Ordeal): Promise<Outcome> => {
  const { index, mails, kills, chunk, pauseMs, awayMs, seed, withinMs } = ordeal;
  const random = createRandom(seed);
  const receiver = await startOtlpReceiver();
  const calm = await startOtlpReceiver();
  let proxy = await startTcpProxy(server.port);
  const { port } = proxy;
  const shared = { server, index, clusters: { mx: [HOSTS.mx1], relays: [HOSTS.gw] } };
  const lab = await createTracingLab({ ...shared, port, endpoint: receiver.endpoint });
  const lines = traffic(mails, Date.now());
  const shipAll = async (): Promise<void> => {
    for (let at = 0; at < lines.length; at += chunk) {
      await lab.ship(lines.slice(at, at + chunk));
      await sleep(pauseMs);
    }
  };
  const stopOthers = async (): Promise<void> => {
    await sleep(awayMs);
    await receiver.stop();
    await sleep(awayMs);
    await receiver.start();
    await sleep(awayMs);
    await proxy.stop();
    await sleep(awayMs);
    proxy = await startTcpProxy(server.port, { port });
  };
  try {
    const first = await lab.start();
    const [tracing] = await Promise.all([killAgain(lab, first, kills, random), shipAll(), stopOthers()]);
    const calmLab = await createTracingLab({ ...shared, endpoint: calm.endpoint, isFilled: true });
    const undisturbed = await runUndisturbed(calmLab, calm.spans);
    const wanted = identities(undisturbed).size;
    await untilReceived(receiver.spans, (spans) => identities(spans).size >= wanted, withinMs).catch(() => {});
    const { code } = await tracing.stop();
    await calmLab.remove();
    return { lines: lines.length, kills, disturbed: receiver.spans(), undisturbed, code };
  } finally {
    await Promise.all([receiver.close(), calm.close(), proxy.stop()]);
    await lab.remove();
  }
};
