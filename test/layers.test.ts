import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ICruiseResult } from 'dependency-cruiser';
import { cruise } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const planted = fileURLToPath(new URL('fixtures/layers', import.meta.url));

/** Runs the rules over `folder`/src. */
const cruiseFolder = async (folder: string): Promise<ICruiseResult> => {
  const options = await extractDepcruiseOptions(`${root}/.dependency-cruiser.cjs`);
  const { output } = await cruise(['src'], { ...options, baseDir: folder });
  if (typeof output === 'string') throw new Error('dependency-cruiser returned text.');
  return output;
};

const isCode = (path: string): boolean => /\.[jt]s$/.test(path);

/** Files of ours it looked at, with forward slashes, sorted. */
const filesOf = (result: ICruiseResult): string[] => {
  const sources = result.modules.map((module) => module.source);
  // A file that is imported under two spellings is listed twice.
  return [...new Set(sources)].filter((source) => source.startsWith('src/') && isCode(source)).sort();
};

const filesUnder = (folder: string): string[] =>
  readdirSync(`${folder}/src`, { recursive: true, encoding: 'utf8' })
    .filter(isCode)
    .map((path) => `src/${path}`)
    .sort();

/** Of a path below node_modules the package's name; else the path. */
const shortName = (path: string): string => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path;

/** `from → to: rule`, sorted. */
const violationsOf = (result: ICruiseResult): string[] =>
  result.summary.violations.map((it) => `${it.from} → ${shortName(it.to)}: ${it.rule.name}`).sort();

describe('the layers', () => {
  it('has no import against the table of ARCHITECTURE.md', async () => {
    const result = await cruiseFolder(root);
    expect(violationsOf(result)).toEqual([]);
    // With an unsupported TypeScript the tool finds nothing wrong, in no files.
    expect(filesOf(result)).toEqual(filesUnder(root));
    expect(filesOf(result).length).toBeGreaterThan(10);
  });

  it('finds every planted violation and nothing else', async () => {
    const result = await cruiseFolder(planted);
    expect(filesOf(result)).toEqual(filesUnder(planted));
    expect(violationsOf(result)).toEqual([
      'src/app/imports-package.ts → pino: pure folders and app import no package but zod',
      'src/app/imports-slack.ts → src/slack/reply.ts: app imports only its own layers',
      'src/cli/imports-front-end.ts → src/slack/reply.ts: cli imports only its own layers',
      'src/config/imports-slack.ts → src/slack/reply.ts: config imports only its own layers',
      'src/domain/ids.ts → os: domain/ids.ts imports node:crypto and no other node module',
      'src/domain/imports-app.ts → src/app/ports.ts: domain imports only its own layers',
      'src/domain/imports-outside.ts → ./nowhere.js: no import goes unresolved',
      'src/domain/imports-outside.ts → src/utils/imported.ts: domain imports only its own layers',
      'src/domain/imports-outside.ts → src/utils/imported.ts: every imported file belongs to a layer',
      'src/parsers/imports-trace.ts → src/trace/fold.ts: parsers imports only its own layers',
      'src/playground/imports-errors.ts → src/errors.ts: playground imports only its own layers',
      'src/query/imports-package.ts → yaml: query imports no package but zod and chrono-node',
      'src/render/imports-package-later.ts → sharp: pure folders and app import no package but zod',
      'src/render/imports-package-type.ts → sharp: pure folders and app import no package but zod',
      'src/slack/imports-adapter.ts → src/sources/files.ts: slack imports only its own layers',
      'src/slack/imports-development.ts → fast-check: nothing ships a development dependency',
      'src/sources/imports-adapter.ts → src/imaging/graph-png.ts: sources imports only its own layers',
      'src/sources/imports-use-case.ts → src/app/imports-slack.ts: sources imports only its own layers',
      'src/trace/imports-node.ts → fs: pure folders import no node module',
      'src/trace/imports-package.ts → yaml: pure folders and app import no package but zod',
      'src/utils/imports.ts → src/domain/event.ts: every file belongs to a layer',
      'src/utils/lone.ts → src/utils/lone.ts: every lone file belongs to a layer',
    ]);
  });
});
