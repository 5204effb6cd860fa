/** What the Slack bot is made of, and how long it runs. */
import { join } from 'node:path';
import type { AccessRule } from '../app/access.js';
import type { Clock, Log } from '../app/ports.js';
import type { Tracer } from '../app/tracer.js';
import { openAuditLog } from '../audit-log.js';
import type { ServiceOptions, StartSlack } from '../cli/service.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { collectSecrets, dataDir, resolveSecrets, type Secrets, slackEndpoint } from '../config/secrets.js';
import { MailtraceError } from '../errors.js';
import { createLog } from '../log.js';
import { createImager } from './imager.js';
import { botAlerts, openPipeline, type Pipeline } from './pipeline.js';
import { openSources } from './sources.js';
import { tracerOver } from './tracer.js';

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

export type BotParts = Readonly<{
  config: Pick<Config, 'access' | 'alerts'>;
  tracer: Tracer;
  tokens: Pick<Secrets, 'slackBotToken' | 'slackAppToken' | 'slackSigningSecret'>;
  endpoint: Readonly<{ apiUrl: string | null; host: string; port: number }>;
  auditPath: string;
  /** null: nobody follows the logs. */
  pipeline: Pipeline | null;
  log: Log;
  now: Clock;
}>;

const transportOf = ({ tokens, endpoint }: BotParts) => {
  if (tokens.slackAppToken !== null) return { kind: 'socket', appToken: tokens.slackAppToken } as const;
  if (tokens.slackSigningSecret !== null) {
    return {
      kind: 'http',
      signingSecret: tokens.slackSigningSecret,
      host: endpoint.host,
      port: endpoint.port,
    } as const;
  }
  throw new MailtraceError(
    'config',
    'Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is set.',
    'Set SLACK_APP_TOKEN (xapp-…) for Socket Mode, or SLACK_SIGNING_SECRET and PORT for HTTP.',
  );
};

/** Follows the logs beside the bot, as long as the bot runs. What following dies of ends the bot, too. */
const followBeside = (
  { pipeline }: BotParts,
  onFailure: (error: unknown) => void,
): Readonly<{ stop: () => Promise<void> }> => {
  if (pipeline === null) return { stop: () => Promise.resolve() };
  const stopping = new AbortController();
  const following = pipeline.follow(stopping.signal).catch(onFailure);
  return {
    stop: async () => {
      stopping.abort();
      await following;
    },
  };
};

const botTokenOf = ({ slackBotToken }: BotParts['tokens']): string => {
  if (slackBotToken !== null) return slackBotToken;
  throw new MailtraceError('config', 'SLACK_BOT_TOKEN is not set.', 'Set it to the token of the bot (xoxb-…).');
};

/** Runs the bot until `signal` aborts or Slack takes the token back; beside it the following of logs. */
export const runBot = async (
  parts: BotParts,
  { signal, print }: Pick<ServiceOptions, 'signal' | 'print'>,
  ready: (port: number | null) => string,
): Promise<void> => {
  const { config, tracer, pipeline, log } = parts;
  const { refuseWithoutAccess, startSlackBot } = await import('../slack/app.js');
  const accessRules: readonly AccessRule[] = config.access;
  refuseWithoutAccess(accessRules);
  const botToken = botTokenOf(parts.tokens);
  const transport = transportOf(parts);
  const imager = createImager();
  const lost = new AbortController();
  const failures: unknown[] = [];
  const fail = (error: unknown): void => {
    failures.push(error);
    lost.abort();
  };
  try {
    const bot = await startSlackBot({
      botToken,
      transport,
      apiUrl: parts.endpoint.apiUrl,
      tracer,
      imager,
      accessRules,
      audit: await openAuditLog(parts.auditPath),
      log,
      now: parts.now,
      alerts: pipeline === null ? null : botAlerts(config, pipeline),
      onLost: fail,
    });
    const following = followBeside(parts, fail);
    await print(ready(bot.port));
    await untilAborted(AbortSignal.any([signal, lost.signal]));
    await Promise.all([bot.stop(), following.stop()]);
  } finally {
    await imager.close();
  }
  for (const failure of failures) throw failure;
};

export const startSlack: StartSlack = async ({ configPath, env, signal, print }) => {
  const config = await loadConfig(configPath, env);
  const tokens = resolveSecrets({ config, env, flags: {}, prompts: {} });
  const log = createLog({ level: config.log_level, secrets: collectSecrets(config, tokens) });
  const opened = await openSources(config, { secrets: tokens, env });
  const now = (): number => Date.now();
  const tracer = tracerOver(config, opened, now);
  const endpoint = slackEndpoint(config, env);
  const auditPath = join(dataDir(config, env), 'audit.jsonl');
  try {
    const pipeline = config.tracing.enabled
      ? await openPipeline({ config, opened, env, log, otelEndpoint: null, intervalMs: null, sink: null, now })
      : null;
    try {
      await runBot({ config, tracer, tokens, endpoint, auditPath, pipeline, log, now }, { signal, print }, (port) =>
        port === null
          ? 'mailtrace: connected to Slack (Socket Mode).'
          : `mailtrace: listening on http://${endpoint.host}:${port}/slack/events`,
      );
    } finally {
      await pipeline?.close();
    }
  } finally {
    await tracer.close();
  }
};
