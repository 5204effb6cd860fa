/** The bot with alerts before a Slack double: lines are handed over in rounds, and event time passes as a test says. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AccessRule } from '../../src/app/access.ts';
import { type Ledger, openLedger } from '../../src/app/alert-ledger.ts';
import type { Alerting } from '../../src/app/alerting.ts';
import { createAlerting } from '../../src/app/follow-alerts.ts';
import type { AuditLog, StateStore } from '../../src/app/ports.ts';
import { transactionRecordKey } from '../../src/domain/ids.ts';
import {
  type Message,
  type SlackDouble,
  type SlackDoubleOptions,
  startSlackDouble,
} from '../../src/playground/playground.ts';
import { openStateStore } from '../../src/state/open-state-store.ts';
import { CLUSTERS, directory } from './alert-bench.ts';
import { createRounds, type TimedLine } from './alert-lines.ts';
import { memoryIndex } from './memory-stores.ts';
import { type Bench, botScopes } from './slack-bench.ts';
import { type Fleet, type Lines, openFleet } from './slack-fleet.ts';

const MAY_ALL: readonly AccessRule[] = [{ who: 'everyone', may: ['trace', 'subscribe'], scope: 'all' }];
const HOSTS = directory.hosts;

type Process = Readonly<{ fleet: Fleet; state: StateStore; ledger: Ledger; alerting: Alerting }>;

export type AlertSlack = Readonly<{
  slack: SlackDouble;
  /** Of `slack-bench.ts`; of the process at work. */
  bench: () => Bench;
  ledger: () => Ledger;
  channel: string;
  /** Hands the lines over. `ahead`: event time is so many seconds later than the clock. */
  read: (lines: readonly TimedLine[], ahead?: number) => Promise<void>;
  /** Seconds since the start: for the time of lines. */
  seconds: () => number;
  /** Ends the process and starts the next one over the same state. */
  restart: () => Promise<void>;
  /** The app's own messages in the channel that are in no thread, oldest first. */
  parents: (channel?: string) => readonly Message[];
}>;

type Options = Readonly<{
  rules?: readonly AccessRule[];
  lines?: Lines;
  double?: SlackDoubleOptions;
  linkTemplate?: string;
  audit?: AuditLog;
}>;

const NO_METER = { add: () => {}, set: () => {} };

export const openAlertSlack = async (options: Options = {}): Promise<AlertSlack> => {
  const { rules = MAY_ALL, lines = [], linkTemplate = 'https://jaeger.example.com/trace/{traceId}' } = options;
  const dataDir = await mkdtemp(join(tmpdir(), 'mailtrace-alerts-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const slack = await startSlackDouble({ shareDelayMs: 20, scanDelayMs: 20, scopes: botScopes, ...options.double });
  onTestFinished(() => slack.close());
  const startMs = Date.now();
  const rounds = createRounds(startMs);
  const index = memoryIndex();

  const start = async (): Promise<Process> => {
    const state = await openStateStore({ dataDir });
    const ledger = await openLedger(state);
    const alerting = createAlerting({
      ledger,
      index,
      directory,
      clusters: CLUSTERS,
      ignoreSenders: ['@slack.com'],
      meter: NO_METER,
    });
    const alerts = { ledger, hosts: HOSTS, linkTemplate, acknowledgeForMs: 3_600_000, meter: NO_METER };
    const { audit } = options;
    const fleet = await openFleet({ slack, lines, rules, alerts, ...(audit === undefined ? {} : { audit }) });
    return { fleet, state, ledger, alerting };
  };
  const end = async ({ fleet, state }: Process): Promise<void> => {
    await fleet.close();
    await state.close();
  };

  let process = await start();
  onTestFinished(() => end(process));
  const channel = slack.channel('mail-ops');
  return {
    slack,
    bench: () => ({ ...process.fleet, slack, general: channel }),
    ledger: () => process.ledger,
    channel,
    read: async (read, ahead = 0) => {
      const nowMs = Date.now();
      const batch = { ...rounds.read(read), nowMs, eventTimeMs: nowMs + ahead * 1000 };
      const put = batch.transactions.map((transaction) => ({
        key: transactionRecordKey(transaction),
        transaction,
        state: 'ended' as const,
        resume: null,
      }));
      await index.write({ put, remove: [], close: [] });
      await process.alerting.handle(batch, (changes) => process.state.commit(changes));
    },
    seconds: () => (Date.now() - startMs) / 1000,
    restart: async () => {
      await end(process);
      process = await start();
    },
    parents: (of = channel) =>
      slack
        .messages(of)
        .filter(
          ({ userId, threadTs, ephemeralTo, subtype, isTombstone }) =>
            userId === slack.world.botUserId &&
            threadTs === null &&
            ephemeralTo === null &&
            subtype === null &&
            !isTombstone,
        ),
  };
};
