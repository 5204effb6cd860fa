/** What the playground is made of: the real bot and the real following over sample logs, against a simulated Slack. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SpanSink } from '../app/ports.js';
import type { StartPlayground } from '../cli/service.js';
import { parseConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { resolveSecrets } from '../config/secrets.js';
import { systemZone } from '../zone.js';
import { runBot } from './bot.js';
import { openPipeline } from './pipeline.js';
import { openSources } from './sources.js';
import { tracerOver } from './tracer.js';

/** Whoever opens the page first: the sample mails lie around yesterday 10:00 of this person. */
const FIRST_PERSON = 'alice';

/** Nobody receives spans here. */
const noSpans: SpanSink = {
  send: () => Promise.resolve({ sent: 0, spooled: 0, dropped: 0 }),
  state: () => ({ spooled: 0, dropped: 0, isReceiverUp: true }),
  close: () => Promise.resolve(),
};

type SampleFleet = Readonly<{
  domain: string;
  clusters: Readonly<Record<string, readonly string[]>>;
  hosts: readonly Readonly<{ name: string; files: readonly string[]; zone: string }>[];
}>;

/** The wall clock, which somebody who does not want to wait may put forward. */
const createPlayClock = () => {
  let aheadMs = 0;
  return {
    now: (): number => Date.now() + aheadMs,
    pass: (ms: number): void => {
      aheadMs += ms;
    },
  };
};

const configFor = (fleet: SampleFleet, timeZone: string, folder: string): Config =>
  parseConfig(
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
      store: { data_dir: join(folder, 'data') },
      tracing: { enabled: true, sleep_seconds: 1 },
      http: { enabled: false },
    }),
    { env: {}, path: 'the playground’s configuration' },
  );

export const startPlayground: StartPlayground = async ({ port, signal, print, log }) => {
  const playground = await import('../playground/playground.js');
  const { materializeSampleFleet, openLiveMail, startSlackDouble, defaultWorld } = playground;
  const folder = await mkdtemp(join(tmpdir(), 'mailtrace-playground-'));
  try {
    const timeZone = defaultWorld.users.find(({ name }) => name === FIRST_PERSON)?.timeZone ?? systemZone();
    const { now, pass } = createPlayClock();
    const fleet = await materializeSampleFleet({ dir: folder, nowMs: now(), timeZone });
    const liveMail = await openLiveMail({ ...fleet, now, random: Math.random });
    const double = await startSlackDouble({
      ...(port === null ? {} : { port }),
      proposals: (zone) => fleet.proposalsFor(zone, now()),
      fleet: { ...liveMail, passTime: pass },
      now,
    });
    const config = configFor(fleet, timeZone, folder);
    const opened = await openSources(config, {
      secrets: resolveSecrets({ config, env: {}, flags: {}, prompts: {} }),
      env: {},
    });
    const pipeline = await openPipeline({
      config,
      opened,
      env: {},
      log,
      otelEndpoint: null,
      intervalMs: null,
      sink: noSpans,
      now,
    });
    const tokens = { slackBotToken: double.botToken, slackAppToken: double.appToken, slackSigningSecret: null };
    const endpoint = { apiUrl: double.apiUrl, host: '127.0.0.1', port: 0 };
    const auditPath = join(folder, 'audit.jsonl');
    try {
      const parts = {
        config,
        tracer: tracerOver(config, opened, now),
        tokens,
        endpoint,
        auditPath,
        pipeline,
        log,
        now,
      };
      await runBot(parts, { signal, print }, () =>
        [
          'The mailtrace playground is ready: simulated fleet, simulated Slack.',
          `Open ${double.url} in a browser and type one of the proposed commands. Ctrl-C ends it.`,
        ].join('\n'),
      );
    } finally {
      await pipeline.close();
      await opened.close();
      await double.close();
      await liveMail.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
