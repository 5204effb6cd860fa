/** The one place that builds adapters and joins them to the use cases. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessRule } from './app/access.js';
import { createDoctor, type OpenDoctor } from './app/doctor.js';
import { checkAccess, soundConfiguration } from './app/general-checks.js';
import type { HostZone } from './app/host-checks.js';
import type { GraphImager, Log, LogSource } from './app/ports.js';
import { createTraceMessage } from './app/trace-message.js';
import type { OpenOptions, OpenTracer, Tracer } from './app/tracer.js';
import { openAuditLog } from './audit-log.js';
import type { ServiceOptions, StartPlayground, StartSlack } from './cli/service.js';
import { configuredFleet } from './config/configured-hosts.js';
import { loadConfig, parseConfig } from './config/load.js';
import { type Config, traceLimits } from './config/schema.js';
import { collectSecrets, dataDir, resolveSecrets, type Secrets, slackEndpoint } from './config/secrets.js';
import { MailtraceError } from './errors.js';
import { createLog } from './log.js';
import type { Fleet } from './sources/configured-hosts.js';
import { openSource, type SourceSpec } from './sources/registry.js';
import { systemZone } from './zone.js';

/** A log may lag behind so long before a missing line is called missing: shippers batch for seconds, seldom for minutes. */
const LOG_LAG_MS = 10 * 60_000;

/** Whence the sources of a configuration get what they need besides it. */
type Surroundings = Readonly<{ secrets: Secrets; env: OpenOptions['env'] }>;

const specOf = (config: Config, fleet: Fleet, { secrets, env }: Surroundings): SourceSpec => {
  const hosts = fleet.hosts.flatMap(({ host, options }) => (options === null ? [] : [{ host, options }]));
  switch (config.method) {
    case 'file':
      return { kind: 'file', hosts };
    case 'ssh': {
      const { sshPassword: password, sshPassphrase: passphrase, sudoPassword } = secrets;
      return { kind: 'ssh', hosts, options: config.ssh_config, secrets: { password, passphrase, sudoPassword }, env };
    }
    case 'opensearch':
      return {
        kind: 'opensearch',
        hosts: fleet.hosts.map(({ host }) => host),
        options: config.opensearch_config,
        password: secrets.opensearchPassword,
      };
  }
};

const openTracer = async (
  config: Config,
  surroundings: Surroundings,
  startHost: string | null = null,
): Promise<Tracer> => {
  const fleet = configuredFleet(config, startHost);
  const timeZone = config.time_zone ?? systemZone();
  const spec = specOf(config, fleet, surroundings);
  const sources: readonly LogSource[] = [await openSource(spec, { canonical: fleet.directory.canonical, timeZone })];
  const served = new Set(sources.flatMap(({ hosts }) => hosts));
  const clusters = Object.fromEntries(fleet.directory.clusters);
  return {
    traceMessage: createTraceMessage({
      sources,
      directory: fleet.directory,
      hosts: fleet.directory.hosts.filter((host) => served.has(host)),
      untracked: config.architecture.untracked,
      clusters,
      domain: config.domain,
      limits: { ...traceLimits(config), logLagMs: LOG_LAG_MS },
      timeZone,
      now: () => Date.now(),
    }),
    timeZone,
    startHosts: [...Object.keys(clusters), ...fleet.directory.hosts],
    clusters,
    close: async () => {
      await Promise.all(sources.map((source) => source.close()));
    },
  };
};

const secretsOf = (config: Config, { passwords, env }: Pick<OpenOptions, 'passwords' | 'env'>): Secrets => {
  const flags = {
    loginPass: passwords.login ?? undefined,
    sudoPass: passwords.sudo ?? undefined,
    opensearchPass: passwords.opensearch ?? undefined,
  };
  return resolveSecrets({ config, env, flags, prompts: {} });
};

export const openTracerFromConfig: OpenTracer = async ({ configPath, passwords, env, startHost }) => {
  const config = await loadConfig(configPath, env);
  return openTracer(config, { secrets: secretsOf(config, { passwords, env }), env }, startHost ?? null);
};

/** Whence the zone of stamps without an offset comes, of each host. */
const zonesOf = (config: Config, { hosts }: Fleet, timeZone: string): ReadonlyMap<string, HostZone> => {
  const isMachineAsked = config.method === 'ssh';
  const rest: HostZone = isMachineAsked
    ? { name: null, origin: 'the machine’s own' }
    : { name: timeZone, origin: config.time_zone === undefined ? 'zone of this machine' : 'top-level time_zone' };
  const own = (name: string): HostZone => ({ name, origin: 'time_zone of the host' });
  return new Map(
    hosts.map(({ host, options }) => [host, options?.time_zone === undefined ? rest : own(options.time_zone)]),
  );
};

export const openDoctor: OpenDoctor = async ({ configPath, passwords, env }) => {
  const config = await loadConfig(configPath, env);
  const fleet = configuredFleet(config);
  const { hosts, clusters } = fleet.directory;
  const timeZone = config.time_zone ?? systemZone();
  const tokens = secretsOf(config, { passwords, env });
  const spec = specOf(config, fleet, { secrets: tokens, env });
  const sources: readonly LogSource[] = [await openSource(spec, { canonical: fleet.directory.canonical, timeZone })];
  const zones = zonesOf(config, fleet, timeZone);
  return createDoctor({
    sources,
    directory: fleet.directory,
    hosts,
    clusters: Object.fromEntries(clusters),
    timeZone,
    zoneOf: (host) => zones.get(host) ?? { name: timeZone, origin: 'default' },
    general: [
      soundConfiguration({ path: configPath, method: config.method, hosts: hosts.length, clusters: clusters.size }),
      checkAccess({
        rules: config.access.filter(({ who }) => who !== undefined).length,
        hasBotToken: tokens.slackBotToken !== null,
        hasTransport: tokens.slackAppToken !== null || tokens.slackSigningSecret !== null,
      }),
    ],
  });
};

/** Loads Graphviz and sharp when the first picture is drawn. */
export const createImager = (): GraphImager & Readonly<{ close(): Promise<void> }> => {
  const opened = import('./imaging/graph-png.js').then(({ openGraphImager }) => openGraphImager());
  return {
    toSvg: async (dot) => (await opened).toSvg(dot),
    toPng: async (dot) => (await opened).toPng(dot),
    close: async () => (await opened).close(),
  };
};

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

type BotParts = Readonly<{
  tracer: Tracer;
  accessRules: readonly AccessRule[];
  tokens: Pick<Secrets, 'slackBotToken' | 'slackAppToken' | 'slackSigningSecret'>;
  endpoint: Readonly<{ apiUrl: string | null; host: string; port: number }>;
  auditPath: string;
  log: Log;
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

/** Runs the bot until `signal` aborts or Slack takes the token back. */
const runBot = async (
  parts: BotParts,
  { signal, print }: Pick<ServiceOptions, 'signal' | 'print'>,
  ready: (port: number | null) => string,
): Promise<void> => {
  const { refuseWithoutAccess, startSlackBot } = await import('./slack/app.js');
  refuseWithoutAccess(parts.accessRules);
  const botToken = parts.tokens.slackBotToken;
  if (botToken === null) {
    throw new MailtraceError('config', 'SLACK_BOT_TOKEN is not set.', 'Set it to the token of the bot (xoxb-…).');
  }
  const transport = transportOf(parts);
  const imager = createImager();
  const lost = new AbortController();
  const failures: MailtraceError[] = [];
  try {
    const bot = await startSlackBot({
      botToken,
      transport,
      apiUrl: parts.endpoint.apiUrl,
      tracer: parts.tracer,
      imager,
      accessRules: parts.accessRules,
      audit: await openAuditLog(parts.auditPath),
      log: parts.log,
      now: () => Date.now(),
      onLost: (error) => {
        failures.push(error);
        lost.abort();
      },
    });
    await print(ready(bot.port));
    await untilAborted(AbortSignal.any([signal, lost.signal]));
    await bot.stop();
  } finally {
    await imager.close();
  }
  for (const failure of failures) throw failure;
};

export const startSlack: StartSlack = async ({ configPath, env, signal, print }) => {
  const config = await loadConfig(configPath, env);
  const tokens = resolveSecrets({ config, env, flags: {}, prompts: {} });
  const log = createLog({ level: config.log_level, secrets: collectSecrets(config, tokens) });
  const tracer = await openTracer(config, { secrets: tokens, env });
  const endpoint = slackEndpoint(config, env);
  const auditPath = join(dataDir(config, env), 'audit.jsonl');
  try {
    await runBot({ tracer, accessRules: config.access, tokens, endpoint, auditPath, log }, { signal, print }, (port) =>
      port === null
        ? 'mailtrace: connected to Slack (Socket Mode).'
        : `mailtrace: listening on http://${endpoint.host}:${port}/slack/events`,
    );
  } finally {
    await tracer.close();
  }
};

/** Whoever opens the page first: the sample mails lie around yesterday 10:00 of this person. */
const FIRST_PERSON = 'alice';

export const startPlayground: StartPlayground = async ({ port, signal, print, log }) => {
  const { materializeSampleFleet, startSlackDouble, defaultWorld } = await import('./playground/playground.js');
  const folder = await mkdtemp(join(tmpdir(), 'mailtrace-playground-'));
  try {
    const timeZone = defaultWorld.users.find(({ name }) => name === FIRST_PERSON)?.timeZone ?? systemZone();
    const fleet = await materializeSampleFleet({ dir: folder, nowMs: Date.now(), timeZone });
    const double = await startSlackDouble({
      ...(port === null ? {} : { port }),
      proposals: (zone) => fleet.proposalsFor(zone, Date.now()),
    });
    const config = parseConfig(
      JSON.stringify({
        method: 'file',
        time_zone: timeZone,
        domain: fleet.domain,
        clusters: fleet.clusters,
        file_config: {
          hosts: Object.fromEntries(
            fleet.hosts.map(({ name, files, zone }) => [name, { log_files: files, time_zone: zone }]),
          ),
        },
        access: [{ who: 'everyone', may: ['trace', 'search', 'subscribe'], scope: 'all' }],
      }),
      { env: {}, path: 'the playground’s configuration' },
    );
    const secrets = resolveSecrets({ config, env: {}, flags: {}, prompts: {} });
    const tracer = await openTracer(config, { secrets, env: {} });
    const tokens = { slackBotToken: double.botToken, slackAppToken: double.appToken, slackSigningSecret: null };
    const endpoint = { apiUrl: double.apiUrl, host: '127.0.0.1', port: 0 };
    try {
      const auditPath = join(folder, 'audit.jsonl');
      await runBot({ tracer, accessRules: config.access, tokens, endpoint, auditPath, log }, { signal, print }, () =>
        [
          'The mailtrace playground is ready: simulated fleet, simulated Slack.',
          `Open ${double.url} in a browser and type one of the proposed commands. Ctrl-C ends it.`,
        ].join('\n'),
      );
    } finally {
      await tracer.close();
      await double.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
