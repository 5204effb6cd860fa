/** The Slack bot: registers the listeners on a Bolt app, starts it, and stops it without losing an answer. */
import { setTimeout as wait } from 'node:timers/promises';
import { type Logger, webApi } from '@slack/bolt';
import { z } from 'zod';
import { ACCESS_EXAMPLE, type AccessRule } from '../app/access.js';
import type { Ledger } from '../app/alert-ledger.js';
import { createActOnIncident } from '../app/incident-acts.js';
import type { AuditLog, GraphImager, Log, Meter } from '../app/ports.js';
import { createSubscriptions } from '../app/subscriptions.js';
import type { Tracer } from '../app/tracer.js';
import { MailtraceError } from '../errors.js';
import { keepReviewing } from './alert-rights.js';
import type { Home } from './asker.js';
import { createBoltLog } from './bolt-log.js';
import { createDesk } from './build-desk.js';
import type { AlertDesk, DeskDeps } from './desk.js';
import { createJobs, type JobLimits } from './jobs.js';
import { register } from './listeners.js';
import { createPacer, type Pacer, type Sleep } from './pace.js';
import { postAlerts } from './post-alerts.js';
import { createSlackCall, readAnswer, type SlackCall } from './slack-call.js';
import { openTransport, type TransportOptions } from './transport.js';

export type SlackBotOptions = Readonly<{
  /** `xoxb-…` */
  botToken: string;
  transport: TransportOptions;
  /** `http://host:port/api/`; null = Slack's own. */
  apiUrl: string | null;
  tracer: Tracer;
  imager: Pick<GraphImager, 'toPng'>;
  accessRules: readonly AccessRule[];
  audit: AuditLog;
  log: Log;
  /** Epoch milliseconds. */
  now: () => number;
  /** null or left out: nobody follows the logs, so there are no alerts. */
  alerts?: BotAlerts | null;
  limits?: Partial<BotLimits>;
  /** The connection is gone for good: the token was taken back. */
  onLost: (error: MailtraceError) => void;
}>;

/** The logs are followed in this process: its subscriptions and incidents. */
export type BotAlerts = Readonly<{
  ledger: Ledger;
  /** Canonical names of the machines. */
  hosts: readonly string[];
  /** With `{traceId}` and `{chainId}`; '' for none. */
  linkTemplate: string;
  acknowledgeForMs: number;
  meter: Pick<Meter, 'add' | 'set'>;
}>;

export type BotLimits = JobLimits &
  Readonly<{
    traceTimeoutMs: number;
    /** How long running traces may go on after `stop`, and how long interrupted ones have to say so. */
    stopGraceMs: number;
    stopEndMs: number;
  }>;

export type SlackBot = Readonly<{
  /** Of HTTP mode; null in Socket Mode. */
  port: number | null;
  /** Takes no new work; within 10 s running traces are finished or marked as interrupted. */
  stop: () => Promise<void>;
}>;

/** A trace reads many logs at once: more than four make each other slow. */
const LIMITS: BotLimits = {
  atOnce: 4,
  perUser: 3,
  waiting: 20,
  traceTimeoutMs: 5 * 60_000,
  stopGraceMs: 6500,
  stopEndMs: 2500,
};

/** Of the button under an incident. */
const MUTE_FOR_MS = 3_600_000;

/** Some 50 s altogether; what Slack asks for with Retry-After comes on top. */
const RETRIES = { retries: 8, factor: 2, minTimeout: 250, maxTimeout: 16_000 };
const START_RETRIES = { retries: 2, factor: 2, minTimeout: 250 };
const CALL_TIMEOUT_MS = 30_000;

const sleep: Sleep = async (ms, signal) => {
  try {
    await wait(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
  }
};

const authAnswer = z.looseObject({
  team_id: z.string(),
  enterprise_id: z.string().nullish(),
  user: z.string().optional(),
  user_id: z.string(),
  bot_id: z.string().optional(),
});

type Self = Readonly<{ home: Home; botName: string; botId: string; botUserId: string }>;

/** @throws SlackCallError when the token is not good or Slack is not there */
const findSelf = async (call: SlackCall): Promise<Self> => {
  const {
    team_id: teamId,
    enterprise_id,
    user,
    user_id,
    bot_id,
  } = readAnswer('auth.test', authAnswer, await call('auth.test', {}));
  return {
    home: { teamId, enterpriseId: enterprise_id ?? null },
    botName: user ?? 'mailtrace',
    botId: bot_id ?? user_id,
    botUserId: user_id,
  };
};

/** @throws MailtraceError `config` with the lines to add, when no rule says who may ask */
export const refuseWithoutAccess = (rules: readonly AccessRule[]): void => {
  if (rules.length > 0) return;
  throw new MailtraceError(
    'config',
    'There are no access rules, so nobody could use the bot.',
    `Add to the configuration:\n${ACCESS_EXAMPLE}`,
  );
};

const alertDeskOf = ({ alerts, tracer, now }: SlackBotOptions): AlertDesk | null => {
  if (alerts === undefined || alerts === null) return null;
  const { ledger, hosts, acknowledgeForMs } = alerts;
  return {
    subscriptions: createSubscriptions({ ledger, hosts, clusters: tracer.clusters, now }),
    actOnIncident: createActOnIncident({ ledger, now }),
    acknowledgeForMs,
    muteForMs: MUTE_FOR_MS,
  };
};

/** Posts alerts and reviews rights until `signal` aborts. */
const runAlerts = async (
  { alerts, tracer, ...options }: SlackBotOptions,
  desk: DeskDeps,
  shared: Readonly<{ pacer: Pacer; boltLog: Logger }>,
  signal: AbortSignal,
): Promise<void> => {
  if (alerts === undefined || alerts === null) return;
  const { ledger, linkTemplate, acknowledgeForMs, meter } = alerts;
  const view = { timeZone: tracer.timeZone, linkTemplate, acknowledgeForMs, muteForMs: MUTE_FOR_MS };
  await Promise.allSettled([
    postAlerts({ ...options, ...shared, ledger, view, sleep, meter }, signal),
    keepReviewing({ ...desk, sleep }, signal),
  ]);
};

/** @throws MailtraceError `slack` for tokens and addresses that do not work, `config` without access rules */
export const startSlackBot = async (options: SlackBotOptions): Promise<SlackBot> => {
  const { botToken, apiUrl, log, accessRules, onLost } = options;
  refuseWithoutAccess(accessRules);
  const limits = { ...LIMITS, ...options.limits };
  const boltLog = createBoltLog(log);
  const client = { logger: boltLog, timeout: CALL_TIMEOUT_MS, ...(apiUrl === null ? {} : { slackApiUrl: apiUrl }) };
  const self = await findSelf(
    createSlackCall(new webApi.WebClient(botToken, { ...client, retryConfig: START_RETRIES })),
  );
  const call = createSlackCall(new webApi.WebClient(botToken, { ...client, retryConfig: RETRIES }));
  const jobs = createJobs({ limits, sleep });
  const transport = openTransport(options.transport, { ...self, botToken, apiUrl, boltLog, log, sleep, onLost });
  const { home, botName } = self;
  const pacer = createPacer({ sleep });
  const { traceTimeoutMs } = limits;
  const alerts = alertDeskOf(options);
  const desk = createDesk({ ...options, sleep, pacer, alerts, call, jobs, home, botName, traceTimeoutMs });
  const visits = new Set<Promise<void>>();
  register(transport.app, desk, async (work) => {
    visits.add(work);
    try {
      await work;
    } finally {
      visits.delete(work);
    }
  });
  const port = await transport.start();
  const stopping = new AbortController();
  const alerting = runAlerts(options, desk, { pacer, boltLog }, stopping.signal);
  return {
    port,
    stop: async () => {
      const deaf = transport.stop();
      stopping.abort();
      const over = new AbortController();
      // An alert on its way would be sent again after the restart, had it not been written down.
      const quiet = Promise.race([alerting, sleep(limits.stopGraceMs, over.signal)]);
      await Promise.all([jobs.stop({ graceMs: limits.stopGraceMs, endMs: limits.stopEndMs }), quiet]);
      // What is left is short: a refusal to show, an audit line to write.
      await Promise.race([Promise.allSettled([deaf, ...visits]), sleep(500, over.signal)]);
      over.abort();
    },
  };
};
