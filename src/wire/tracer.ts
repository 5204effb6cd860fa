/** What traces on demand are made of. */

import type { Clock } from '../app/ports.js';
import { createTraceMessage } from '../app/trace-message.js';
import type { OpenTracer, Tracer } from '../app/tracer.js';
import { loadConfig } from '../config/load.js';
import { type Config, traceLimits } from '../config/schema.js';
import { resolveArchitecture } from './architecture.js';
import { type OpenedSources, openSources, secretsOf } from './sources.js';

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
      architecture: resolveArchitecture(config, fleet.directory),
      clusters,
      domain: config.domain,
      limits: traceLimits(config),
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
