/** A tracer over a configuration given as text, as the corpus scorer wants it: keywords and an instant in, CONTRACT's JSON out. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseKeyword } from '../../src/query/trace-query.ts';
import { renderJson } from '../../src/render/json.ts';
import { openTracerFromConfig } from '../../src/wire.ts';

const TEN_MINUTES_MS = 600_000;

export const openFromText = async (config: string) => {
  const folder = await mkdtemp(join(tmpdir(), 'mailtrace-test-'));
  const configPath = join(folder, 'config.yaml');
  await writeFile(configPath, config);
  const tracer = await openTracerFromConfig({
    configPath,
    passwords: { login: null, sudo: null, opensearch: null },
    env: {},
  });
  const { signal } = new AbortController();
  return {
    trace: async (keywords: readonly string[], atIso: string): Promise<unknown> => {
      const at = Date.parse(atIso);
      const report = await tracer.traceMessage(
        {
          keywords: keywords.map(parseKeyword),
          startHost: null,
          window: { fromMs: at - TEN_MINUTES_MS, toMs: at + TEN_MINUTES_MS },
          timeZone: 'UTC',
          onlyWindow: false,
          scope: { kind: 'all' },
        },
        { signal },
      );
      return JSON.parse(renderJson(report));
    },
    close: async (): Promise<void> => {
      await tracer.close();
      await rm(folder, { recursive: true });
    },
  };
};
