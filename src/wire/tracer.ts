/** What traces on demand are made of. */

import type { Clock } from '../app/ports.js';
import { createTraceMessage } from '../app/trace-message.js';
import type { OpenTracer, Tracer } from '../app/tracer.js';
import { loadConfig } from '../config/load.js';
import { type Config, traceLimits } from '../config/schema.js';
import { type OpenedSources, openSources, secretsOf } from './sources.js';

/** A log may lag behind so long before a missing line is called missing: shippers batch for seconds, seldom for minutes. */
const LOG_LAG_MS = 10 * 60_000;

/** `close` of the tracer closes the sources. */
export const tracerOver = (
  config: Config,
  { fleet, sources, hosts, timeZone, close }: OpenedSources,
  now: Clock,
): Tracer => {
  const clusters = Object.fromEntries(fleet.directory.clusters);
  return {
    traceMessage: createTraceMessage({
      sources,
      directory: fleet.directory,
      hosts,
      untracked: config.architecture.untracked,
      clusters,
      domain: config.domain,
      limits: { ...traceLimits(config), logLagMs: LOG_LAG_MS },
      timeZone,
      now,
    }),
    timeZone,
    startHosts: [...Object.keys(clusters), ...fleet.directory.hosts],
    clusters,
    close,
  };
};

export const openTracerFromConfig: OpenTracer = async ({ configPath, passwords, env, startHost }) => {
  const config = await loadConfig(configPath, env);
  const surroundings = { secrets: secretsOf(config, { passwords, env }), env };
  return tracerOver(config, await openSources(config, surroundings, startHost ?? null), () => Date.now());
};
