/** What following is made of: follower, fold, index, spans, state, alerts, and the listener that tells how it stands. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Ledger, openLedger } from '../app/alert-ledger.js';
import { createAlerting } from '../app/follow-alerts.js';
import type { FollowSettings } from '../app/follow-deps.js';
import { followLogs } from '../app/follow-logs.js';
import { createFollowStatus } from '../app/follow-status.js';
import { METRICS } from '../app/metrics.js';
import type { Clock, Log, LogFollower, LogSource, SpanSink, StateStore } from '../app/ports.js';
import type { OpenOptions } from '../app/tracer.js';
import { createSteps, type Sleep } from '../app/until-done.js';
import { type Config, traceLimits } from '../config/schema.js';
import { dataDir } from '../config/secrets.js';
import type { HostName } from '../domain/ids.js';
import { MailtraceError } from '../errors.js';
import { type Listener, startListener } from '../http/listener.js';
import { createMetricRegistry, type MetricRegistry } from '../http/prometheus.js';
import { openEmbeddedIndex } from '../index-store/embedded.js';
import type { BotAlerts } from '../slack/app.js';
import { durationMs } from '../sources/option-fields.js';
import { openStateStore } from '../state/open-state-store.js';
import { chooseEndpoint } from '../telemetry/endpoint.js';
import { openOtlpSink } from '../telemetry/otlp.js';
import type { OpenedSources } from './sources.js';
import { readVersion } from './version.js';

export type PipelineOptions = Readonly<{
  config: Config;
  opened: OpenedSources;
  env: OpenOptions['env'];
  log: Log;
  /** `--otel-endpoint`, `--interval`; null: the environment, the configuration or the default decides. */
  otelEndpoint: string | null;
  intervalMs: number | null;
  /** null: the OTLP receiver. */
  sink: SpanSink | null;
  now: Clock;
}>;

export type Pipeline = Readonly<{
  ledger: Ledger;
  meter: MetricRegistry;
  hosts: readonly HostName[];
  /** Where its metrics are; null when nobody listens. */
  listening: string | null;
  /** Where its spans go. */
  endpoint: string;
  /** Until `signal` aborts, and the round at hand is done. */
  follow: (signal: AbortSignal) => Promise<void>;
  close: () => Promise<void>;
}>;

/** Of one poll: some seconds of a busy fleet, some 20 MB of memory. */
const MAX_RECORDS = 10_000;
const MEBIBYTE = 1024 * 1024;
/** At the end, for what waits in the spool. */
const CLOSE_MS = 3000;

export const sleep: Sleep = async (ms, signal) => {
  try {
    await wait(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
};

const openFollower = async (
  { config, opened, now }: PipelineOptions,
  source: LogSource,
  state: StateStore,
): Promise<LogFollower> => {
  if (source.follow === undefined) {
    throw new MailtraceError('config', `Logs of method ${config.method} cannot be followed.`, 'Use another method.');
  }
  return source.follow({
    hosts: opened.hosts,
    positions: await state.positions(source.kind),
    startAtMs: now() - (durationMs(config.tracing.look_back) ?? 0),
    maxRecords: MAX_RECORDS,
  });
};

const listen = async (
  { config: { http }, log }: PipelineOptions,
  meter: MetricRegistry,
  readiness: () => Readonly<{ isReady: boolean; reasons: readonly string[] }>,
): Promise<Listener | null> => {
  if (!http.enabled) return null;
  const { host, port } = http;
  try {
    return await startListener({ host, port, renderMetrics: meter.render, readiness });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const hint = 'Set http.port to another one, or http.enabled to false.';
    log.warn({ host, port, error: error.message, hint }, 'Health and metrics are not served.');
    return null;
  }
};

const openSpans = ({ config, env, log, now }: PipelineOptions, endpoint: string): Promise<SpanSink> =>
  openOtlpSink({
    endpoint,
    env,
    spoolFolder: join(dataDir(config, env), 'spool'),
    spoolMaxBytes: config.tracing.spool_mb * MEBIBYTE,
    version: readVersion(),
    log,
    now,
  });

/** Everything that is open while logs are followed. */
const openParts = async (options: PipelineOptions, endpoint: string) => {
  const { config, opened, env, log } = options;
  const folder = { dataDir: dataDir(config, env) };
  if (config.index.store === 'opensearch') {
    log.warn(
      { dataDir: folder.dataDir },
      'index.store opensearch is not there yet: the index is embedded, in data_dir.',
    );
  }
  const state = await openStateStore(folder);
  const index = await openEmbeddedIndex(folder);
  const sink = options.sink ?? (await openSpans(options, endpoint));
  const ledger = await openLedger(state);
  const meter = createMetricRegistry(METRICS);
  const { directory } = opened.fleet;
  const alerting = createAlerting({
    ledger,
    clusters: Object.fromEntries(directory.clusters),
    ignoreSenders: config.alerts.ignore_senders.map((sender) => sender.toLowerCase()),
    index,
    directory,
    meter,
  });
  return { state, index, sink, ledger, meter, alerting, directory, steps: createSteps({ sleep, log, meter }) };
};

const settingsOf = ({ config, intervalMs }: PipelineOptions): FollowSettings => ({
  intervalMs: intervalMs ?? config.tracing.sleep_seconds * 1000,
  holdMs: config.tracing.hold_s * 1000,
  share: config.tracing.sample,
  giveUpMs: traceLimits(config).followLimitMs,
  retentionMs: durationMs(config.index.retention) ?? 0,
});

/** @throws MailtraceError `config` for a data directory or an endpoint that cannot be used */
export const openPipeline = async (options: PipelineOptions): Promise<Pipeline> => {
  const { config, opened, env, log, now } = options;
  const endpoint = chooseEndpoint({ flag: options.otelEndpoint, env, configured: null });
  const source = opened.sources[0]!;
  const settings = settingsOf(options);
  const parts = await openParts(options, endpoint);
  const { ledger, meter, sink, state, index } = parts;
  const status = createFollowStatus({ ...parts, now, hosts: opened.hosts.length, intervalMs: settings.intervalMs });
  const listener = await listen(options, meter, status.readiness);
  return {
    ledger,
    meter,
    hosts: opened.hosts,
    listening: listener === null ? null : `http://${config.http.host}:${listener.port}`,
    endpoint,
    follow: async (signal) => {
      const follower = await openFollower(options, source, state);
      await followLogs({ ...parts, source: source.kind, follower, status, log, now, sleep, settings }, signal);
    },
    close: async () => {
      await listener?.close();
      await sink.close(AbortSignal.timeout(CLOSE_MS));
      await index.close();
      await state.close();
    },
  };
};

/** What the bot needs of it. */
export const botAlerts = ({ alerts }: Pick<Config, 'alerts'>, { ledger, hosts, meter }: Pipeline): BotAlerts => ({
  ledger,
  hosts,
  linkTemplate: alerts.link_template,
  acknowledgeForMs: durationMs(alerts.acknowledge_for) ?? 0,
  meter,
});
