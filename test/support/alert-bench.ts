/** Alerts from lines to messages, in memory and in a time that passes only when a test says so. */
import { openLedger } from '../../src/app/alert-ledger.ts';
import { createDispatcher } from '../../src/app/dispatch-alerts.ts';
import { createAlerting } from '../../src/app/follow-alerts.ts';
import { createActOnIncident } from '../../src/app/incident-acts.ts';
import type { AlertMessage, AlertReceipt, AlertSink, Log, StateStore, TransactionIndex } from '../../src/app/ports.ts';
import { createSubscriptions } from '../../src/app/subscriptions.ts';
import { buildHostDirectory } from '../../src/domain/host-names.ts';
import { transactionRecordKey } from '../../src/domain/ids.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import { createFakeTime } from '../slack/fake-time.ts';
import { createRounds, MX1, T0, type TimedLine } from './alert-lines.ts';
import { memoryIndex, memoryStateStore } from './memory-stores.ts';

export const CLUSTERS = { mx: [MX1, 'mx2.campus.example'], mailboxes: ['mailbox1.campus.example'] };
const HOSTS = [MX1, 'mx2.campus.example', 'mailbox1.campus.example'];

export const directory = buildHostDirectory({ hosts: HOSTS, clusters: CLUSTERS, domain: 'campus.example' });

/** One that was sent, and when. */
export type SentMessage = Readonly<{ atMs: number; message: AlertMessage; receipt: AlertReceipt }>;

/** Takes everything after `takesMs`, unless `answer` says otherwise. */
const fakeSink = (time: ReturnType<typeof createFakeTime>, takesMs = 100) => {
  const sent: SentMessage[] = [];
  let count = 0;
  const state: { answer: ((message: AlertMessage) => AlertReceipt | null) | null } = { answer: null };
  const sink: AlertSink = {
    send: async (message) => {
      const atMs = time.now();
      await time.sleep(takesMs);
      count += 1;
      const messageTs = 'incident' in message ? message.incident.messageTs : null;
      const isUpdate = message.kind === 'parent' && messageTs !== null;
      const own: AlertReceipt = { kind: 'sent', messageTs: isUpdate ? messageTs : `170000000${count}.000100` };
      const receipt = state.answer?.(message) ?? own;
      sent.push({ atMs, message, receipt });
      return receipt;
    },
  };
  return { sink, sent, state };
};

const silentLog = () => {
  const lines: string[] = [];
  const write = (level: string) => (_fields: unknown, message: string) => void lines.push(`${level}: ${message}`);
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  return { log, lines };
};

/** What outlives a process. */
type Before = Readonly<{
  time: ReturnType<typeof createFakeTime>;
  store: StateStore;
  index: TransactionIndex;
  rounds: ReturnType<typeof createRounds>;
}>;

type Options = Readonly<{
  subscriptions?: readonly Subscription[];
  ignoreSenders?: readonly string[];
  /** Of a process that ran before. */
  before?: Before;
}>;

export type AlertBench = Awaited<ReturnType<typeof openBench>>;

export const openBench = async ({ subscriptions = [], ignoreSenders = ['@Slack.com'], before }: Options = {}) => {
  const time = before?.time ?? createFakeTime(T0);
  const store: StateStore = before?.store ?? memoryStateStore();
  const index: TransactionIndex = before?.index ?? memoryIndex();
  for (const subscription of subscriptions) await store.putSubscription(subscription);
  const ledger = await openLedger(store);
  const { log, lines: logged } = silentLog();
  const metered = new Map<string, number>();
  const meter = {
    add: (name: string, amount: number) => void metered.set(name, (metered.get(name) ?? 0) + amount),
    set: () => {},
  };
  const alerting = createAlerting({ ledger, index, directory, clusters: CLUSTERS, ignoreSenders, meter });
  const { sink, sent, state } = fakeSink(time);
  const dispatcher = createDispatcher({ ledger, sink, now: time.now, sleep: time.sleep, log, meter });
  const rounds = before?.rounds ?? createRounds();
  const stopping = new AbortController();
  return {
    time,
    store,
    index,
    ledger,
    alerting,
    rounds,
    logged,
    metered,
    sent,
    sink: state,
    subscriptions: createSubscriptions({ ledger, hosts: HOSTS, clusters: CLUSTERS, now: time.now }),
    act: createActOnIncident({ ledger, now: time.now }),
    /** Reads the lines as one round; the clock of logs and process is that of the bench. */
    read: async (lines: readonly TimedLine[], commit = store.commit) => {
      const batch = rounds.read(lines, (time.now() - T0) / 1000);
      const put = batch.transactions.map((transaction) => ({
        key: transactionRecordKey(transaction),
        transaction,
        state: 'ended' as const,
        resume: null,
      }));
      await index.write({ put, remove: [], close: [] });
      await alerting.handle(batch, commit);
    },
    /** Begins to send; ends with `stop`. */
    start: () => {
      const running = dispatcher.run(stopping.signal);
      return async () => {
        stopping.abort();
        await time.pass(1000);
        await running;
      };
    },
    incidents: async () => [...(await store.liveIncidents())],
  };
};
