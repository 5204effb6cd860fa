/** The Slack bot: registers the listeners on a Bolt app, starts it, and stops it without losing an answer. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type App, type BlockAction, type ButtonAction, type RespondFn, webApi } from '@slack/bolt';
import { z } from 'zod';
import { ACCESS_EXAMPLE, type AccessRule } from '../app/access.js';
import type { AuditLog, GraphImager, Log } from '../app/ports.js';
import type { Tracer } from '../app/tracer.js';
import { MailtraceError } from '../errors.js';
import { traceChainAction } from './actions/trace-chain.js';
import type { Home } from './asker.js';
import { createBoltLog } from './bolt-log.js';
import { createDesk } from './build-desk.js';
import { mailtraceCommand } from './commands/mailtrace.js';
import type { DeskDeps } from './desk.js';
import { createJobs, type JobLimits } from './jobs.js';
import type { Sleep } from './pace.js';
import { TRACE_ACTION } from './replies/trace-button.js';
import { createSlackCall, readAnswer, type SlackCall } from './slack-call.js';
import { openTransport, type TransportOptions } from './transport.js';
import type { Respond } from './whisper.js';

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
  limits?: Partial<BotLimits>;
  /** The connection is gone for good: the token was taken back. */
  onLost: (error: MailtraceError) => void;
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

const respondWith =
  (respond: RespondFn): Respond =>
  ({ blocks, ...message }) =>
    respond({ ...message, blocks: [...blocks] });

/** `track` sees every listener at work, so that stopping can wait for them: Bolt does not. */
const register = (app: App, desk: DeskDeps, track: (work: Promise<void>) => Promise<void>): void => {
  const onCommand = mailtraceCommand({ ...desk, newKey: randomUUID });
  const onTrace = traceChainAction(desk);
  // A second installation may have to name its command differently: /mailtrace-test.
  app.command(/^\/mailtrace[\w-]*$/, ({ ack, command, respond }) =>
    track(onCommand({ ack: () => ack(), command, respond: respondWith(respond) })),
  );
  app.action<BlockAction<ButtonAction>>(
    { type: 'block_actions', action_id: TRACE_ACTION },
    async ({ ack, action, body, respond }) => {
      const { user, channel, message } = body;
      if (channel === undefined || message === undefined) return ack();
      const { thread_ts: threadTs } = z.looseObject({ thread_ts: z.string().optional() }).parse(message);
      await track(
        onTrace({
          ack: () => ack(),
          respond: respondWith(respond),
          user: { id: user.id, name: user.username ?? user.name ?? '', teamId: user.team_id ?? null },
          channel,
          message: { ts: message.ts, threadTs: threadTs ?? null },
          value: action.value ?? '',
        }),
      );
    },
  );
  app.error(async (error) => {
    desk.answer.reportBug(error);
  });
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
  const desk = createDesk({ ...options, sleep, call, jobs, home, botName, traceTimeoutMs: limits.traceTimeoutMs });
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
  return {
    port,
    stop: async () => {
      const deaf = transport.stop();
      await jobs.stop({ graceMs: limits.stopGraceMs, endMs: limits.stopEndMs });
      const over = new AbortController();
      // What is left is short: a refusal to show, an audit line to write.
      await Promise.race([Promise.allSettled([deaf, ...visits]), sleep(500, over.signal)]);
      over.abort();
    },
  };
};
