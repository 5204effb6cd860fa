/**
 * The same mail twice: once while the program is killed, and receiver, OpenSearch and Slack go away, once undisturbed. What is
 * received must be the same, and the channel must be told of every failure once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type SlackDouble, startSlackDouble } from '../../src/playground/playground.ts';
import { openStateStore } from '../../src/state/open-state-store.ts';
import type { OpensearchServer } from '../services/opensearch.ts';
import { startOtlpReceiver } from '../services/otlp.ts';
import type { ReceivedSpan } from '../services/otlp-decode.ts';
import { startTcpProxy } from '../services/tcp-proxy.ts';
import { openWay } from './alert-flood.ts';
import { subscribe } from './alert-lines.ts';
import { createTracingLab, type LogLine, type Tracing, type TracingLab, untilReceived } from './tracing-lab.ts';
import { HOSTS, traffic } from './tracing-traffic.ts';

export type Ordeal = Readonly<{
  index: string;
  mails: number;
  kills: number;
  /** Of lines, and how long between two of them. */
  chunk: number;
  pauseMs: number;
  /** How long receiver, Slack and OpenSearch are away, one after the other. */
  awayMs: number;
  seed: number;
  withinMs: number;
}>;

type Alerts = Readonly<{
  /** Kind → how many failures the newest message about them shows. */
  shown: Readonly<Record<string, number>>;
  /** Kind → lines that say so. */
  logged: Readonly<Record<string, number>>;
  /** Messages that were posted to the channel itself: one for each cause, but for those that were on their way at a kill. */
  posted: number;
}>;

export type Outcome = Readonly<{
  lines: number;
  kills: number;
  alerts: Alerts;
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

const KINDS = ['bounced', 'deferred'];
const TITLE = /([\d,]+) (bounced|deferred) at /;

const countLogged = (lines: readonly LogLine[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    KINDS.map((kind) => [kind, lines.filter(({ message }) => message.includes(`status=${kind} `)).length]),
  );

/** What the channel was told. */
const alertsOf = (slack: SlackDouble, lines: readonly LogLine[]): Alerts => {
  const parents = slack
    .calls()
    .filter(({ method, args, error }) => {
      const isPosted = method === 'chat.postMessage' && args['thread_ts'] === undefined;
      return (isPosted || method === 'chat.update') && error === null;
    })
    .map(({ method, args }) => ({ method, title: TITLE.exec(String(args['text'])) }));
  const shown = parents.flatMap(({ title }) =>
    title === null ? [] : [[title[2], Number(title[1]?.replaceAll(',', ''))] as const],
  );
  const posted = parents.filter(({ method }) => method === 'chat.postMessage').length;
  return { shown: Object.fromEntries(shown), logged: countLogged(lines), posted };
};

const isCurrent = ({ shown, logged }: Alerts): boolean =>
  Object.entries(logged).every(([kind, count]) => (shown[kind] ?? 0) >= count);

/** The channel watches what goes wrong, before the program starts for the first time. */
const watch = async (dataDir: string, channel: string): Promise<void> => {
  const state = await openStateStore({ dataDir });
  await state.putSubscription(subscribe(KINDS.join(' '), { channel, createdAtMs: Date.now() - 3_600_000 }));
  await state.close();
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

/** Some are killed before their first round, some in it, some after several: also on a machine where all takes longer. */
const killAgain = async (lab: TracingLab, tracing: Tracing, kills: number, random: () => number): Promise<Tracing> => {
  let current = tracing;
  let slowness = 1;
  for (let kill = 0; kill < kills; kill++) {
    await sleep((100 + random() * 2000) * slowness);
    await current.kill();
    const beganMs = Date.now();
    current = await lab.start();
    slowness = Math.max(1, (Date.now() - beganMs) / 1000);
  }
  return current;
};

export const runOrdeal = async (server: OpensearchServer, ordeal: Ordeal): Promise<Outcome> => {
  const { index, mails, kills, chunk, pauseMs, awayMs, seed, withinMs } = ordeal;
  const random = createRandom(seed);
  const receiver = await startOtlpReceiver();
  const calm = await startOtlpReceiver();
  const slack = await startSlackDouble();
  const way = await openWay(slack);
  let proxy = await startTcpProxy(server.port);
  const { port } = proxy;
  const shared = { server, index, clusters: { mx: [HOSTS.mx1], relays: [HOSTS.gw] } };
  const env = { SLACK_BOT_TOKEN: slack.botToken, SLACK_API_URL: way.apiUrl };
  const lab = await createTracingLab({ ...shared, port, endpoint: receiver.endpoint, env });
  await watch(lab.dataDir, slack.channel('mail-ops'));
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
    await way.closeFor(awayMs);
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
    for (const deadline = Date.now() + withinMs; !isCurrent(alertsOf(slack, lines)) && Date.now() < deadline; )
      await sleep(200);
    // One too many would come late.
    await sleep(QUIET_MS);
    const { code } = await tracing.stop();
    await calmLab.remove();
    const alerts = alertsOf(slack, lines);
    return { lines: lines.length, kills, alerts, disturbed: receiver.spans(), undisturbed, code };
  } finally {
    await Promise.all([receiver.close(), calm.close(), proxy.stop(), way.close()]);
    await slack.close();
    await lab.remove();
  }
};
