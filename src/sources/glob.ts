/** Expands `*`, `?`, `[…]` and `**` in paths, as a shell does. Names that begin with a dot must be asked for. */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Folders below one another that `**` enters, and paths that one pattern may give: a slip such as `/**` must end. */
const DEPTH_MAX = 20;
const PATHS_MAX = 10_000;

export const hasMagic = (path: string): boolean => /[*?[]/.test(path);

/** One path segment as a regular expression. A `[` that is never closed stands for itself. */
const segmentPattern = (segment: string): RegExp => {
  const source = segment.replace(/\*+|\?|\[[!^]?\]?[^\]]*\]|[\\^$.|+(){}[\]]/g, (part) => {
    if (part.startsWith('*')) return '.*';
    if (part === '?') return '.';
    if (part.length < 3) return `\\${part}`;
    const body = part
      .slice(1, -1)
      .replace(/^[!^]/, '')
      .replace(/[\\\]^]/g, '\\$&');
    return `[${/^.[!^]/.test(part) ? '^' : ''}${body}]`;
  });
  return new RegExp(`^${source}$`, 's');
};

const matcher = (segment: string): ((name: string) => boolean) => {
  const pattern = segmentPattern(segment);
  return (name) => (!name.startsWith('.') || segment.startsWith('.')) && pattern.test(name);
};

/** A link may lead to a folder; the reading of it tells. */
const mayBeFolder = (entry: Dirent): boolean => entry.isDirectory() || entry.isSymbolicLink();

/** Paths that match, sorted, without folders; and the folders that could not be listed, each with its error. */
export type Expansion = Readonly<{ paths: readonly string[]; failures: ReadonlyMap<string, unknown> }>;

type Walk = Readonly<{
  segments: readonly string[];
  depth: number;
  found: Set<string>;
  failures: Map<string, unknown>;
}>;

/** A folder that is a file, or not there, holds nothing. */
const list = async (folder: string, { failures }: Walk): Promise<readonly Dirent[]> => {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const isNone = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
    if (!isNone) failures.set(folder, error);
    return [];
  }
};

/** `**` stands for any number of folders, none included. Links are not followed: they may lead in circles. */
const walkDeep = async (folder: string, at: Walk): Promise<void> => {
  const rest = at.segments.length === 1 ? ['*'] : at.segments.slice(1);
  await walk(folder, { ...at, segments: rest });
  for (const entry of await list(folder, at)) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    await walk(join(folder, entry.name), { ...at, depth: at.depth + 1 });
  }
};

const walkMatching = async (folder: string, at: Walk): Promise<void> => {
  const [segment = '', ...rest] = at.segments;
  const matches = matcher(segment);
  for (const entry of await list(folder, at)) {
    if (!matches(entry.name)) continue;
    const path = join(folder, entry.name);
    if (rest.length === 0 && !entry.isDirectory()) at.found.add(path);
    if (rest.length > 0 && mayBeFolder(entry)) await walk(path, { ...at, segments: rest, depth: at.depth + 1 });
  }
};

const walk = async (folder: string, at: Walk): Promise<void> => {
  const [segment, ...rest] = at.segments;
  if (segment === undefined || at.found.size >= PATHS_MAX || at.depth > DEPTH_MAX) return;
  if (segment === '**') await walkDeep(folder, at);
  else if (rest.length === 0 || hasMagic(segment)) await walkMatching(folder, at);
  else await walk(join(folder, segment), { ...at, segments: rest });
};

/** Expands an absolute pattern. */
export const expandGlob = async (pattern: string): Promise<Expansion> => {
  const segments = pattern.split('/').filter((segment) => segment !== '');
  const at = { segments, depth: 0, found: new Set<string>(), failures: new Map<string, unknown>() };
  await walk('/', at);
  return { paths: [...at.found].sort(), failures: at.failures };
};
