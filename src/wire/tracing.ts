/** What `mailtrace tracing` is made of: following without the bot. What alerts there are it posts, when there is a token. */
import type { Log } from '../app/ports.js';
import type { StartTracing, TracingOptions } from '../cli/tracing.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { collectSecrets, slackEndpoint } from '../config/secrets.js';
import { MailtraceError } from '../errors.js';
import { createLog } from '../log.js';
import { botAlerts, openPipeline, type Pipeline, sleep } from './pipeline.js';
import { type OpenedSources, openSources, secretsOf } from './sources.js';

type Parts = Readonly<{
  config: Config;
  pipeline: Pipeline;
  timeZone: string;
  env: TracingOptions['env'];
  log: Log;
}>;

/** Hosts that the example of a cluster names. */
const EXAMPLE_HOSTS = 5;
/** Of the button under an incident. */
const MUTE_FOR_MS = 3_600_000;

const refuseWithoutClusters = ({ clusters }: Config, { hosts }: OpenedSources, path: string): void => {
  if (Object.keys(clusters).length > 0) return;
  const names = hosts.length > 0 ? hosts.slice(0, EXAMPLE_HOSTS) : ['mx1.example.com'];
  const lines = ['clusters:', '  mail:', ...names.map((name) => `    - ${name}`)];
  throw new MailtraceError(
    'config',
    `${path} names no clusters, so there are no logs to follow.`,
    `Add to it:\n${lines.join('\n')}`,
  );
};

const warnings = ({ method }: Config): readonly string[] =>
  method === 'opensearch'
    ? []
    : [
        `warning: method is ${method}, so the log files of every host are read one by one; opensearch suits larger fleets.`,
      ];

/** Posts alerts until `signal` aborts, as far as there is a token. Their buttons are answered by the bot alone. */
const postAlertsOf = async (
  { config, pipeline, timeZone, env, log }: Parts,
  botToken: string | null,
  signal: AbortSignal,
): Promise<void> => {
  if (botToken === null) return;
  const [{ postAlerts }, { createPacer }, { createBoltLog }] = await Promise.all([
    import('../slack/post-alerts.js'),
    import('../slack/pace.js'),
    import('../slack/bolt-log.js'),
  ]);
  const { ledger, meter, linkTemplate, acknowledgeForMs } = botAlerts(config, pipeline);
  const view = { timeZone, linkTemplate, acknowledgeForMs, muteForMs: MUTE_FOR_MS };
  const { apiUrl } = slackEndpoint(config, env);
  const shared = { pacer: createPacer({ sleep }), boltLog: createBoltLog(log), now: () => Date.now() };
  await postAlerts({ botToken, apiUrl, ledger, view, ...shared, sleep, log, meter }, signal);
};

/** Follows and posts until `signal` aborts; what following dies of ends the posting, too. */
const run = async (parts: Parts, botToken: string | null, signal: AbortSignal): Promise<void> => {
  const over = new AbortController();
  const posting = postAlertsOf(parts, botToken, AbortSignal.any([signal, over.signal]));
  try {
    await parts.pipeline.follow(signal);
  } finally {
    over.abort();
    await posting;
  }
};

const readyLine = ({ hosts, endpoint, listening }: Pipeline): string => {
  const metrics = listening === null ? '' : ` Metrics: ${listening}/metrics.`;
  return `mailtrace: following the logs of ${hosts.length === 1 ? '1 host' : `${hosts.length} hosts`}; spans go to ${endpoint}.${metrics}`;
};

export const startTracing: StartTracing = async (options) => {
  const { configPath, passwords, env, signal, print, warn, otelEndpoint, intervalMs } = options;
  const config = await loadConfig(configPath, env);
  const secrets = secretsOf(config, { passwords, env });
  const log = createLog({ level: config.log_level, secrets: collectSecrets(config, secrets) });
  const opened = await openSources(config, { secrets, env });
  try {
    refuseWithoutClusters(config, opened, configPath);
    for (const warning of warnings(config)) await warn(warning);
    const pipeline = await openPipeline({
      config,
      opened,
      env,
      log,
      otelEndpoint,
      intervalMs,
      sink: null,
      now: () => Date.now(),
    });
    try {
      await print(readyLine(pipeline));
      await run({ config, pipeline, timeZone: opened.timeZone, env, log }, secrets.slackBotToken, signal);
    } finally {
      await pipeline.close();
    }
  } finally {
    await opened.close();
  }
};
