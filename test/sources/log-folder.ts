/** Log files in a folder of their own, and a source over them. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { LogSource, Lookup, SearchOutcome, SearchRequest } from '../../src/app/ports.ts';
import { hostName } from '../../src/domain/ids.ts';
import { openFiles } from '../../src/sources/files.ts';

/** Path in the folder → lines, or bytes. A path that ends in `.gz` is packed unless bytes are given. */
export type Files = Readonly<Record<string, readonly string[] | Buffer>>;

export type LogFolder = Readonly<{
  path: (name: string) => string;
  write: (files: Files) => Promise<void>;
  /** `logs`: host → paths and globs in the folder. */
  open: (logs: Readonly<Record<string, string | readonly string[]>>, options?: OpenOptions) => LogSource;
  remove: () => Promise<void>;
}>;

type OpenOptions = Readonly<{
  timeZone?: string;
  zones?: Readonly<Record<string, string>>;
  canonical?: (name: string) => string;
}>;

export const createLogFolder = async (): Promise<LogFolder> => {
  const folder = await mkdtemp(join(tmpdir(), 'logs-'));
  const path = (name: string): string => join(folder, name);
  return {
    path,
    write: async (files) => {
      for (const [name, content] of Object.entries(files)) {
        await mkdir(dirname(path(name)), { recursive: true });
        const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content.map((line) => `${line}\n`).join(''));
        await writeFile(path(name), name.endsWith('.gz') && !Buffer.isBuffer(content) ? gzipSync(bytes) : bytes);
      }
    },
    open: (logs, { timeZone = 'UTC', zones = {}, canonical = (name: string) => name } = {}) =>
      openFiles({
        hosts: Object.entries(logs).map(([host, names]) => ({
          host: hostName(host),
          logFiles: [names].flat().map(path),
          timeZone: zones[host] ?? null,
        })),
        timeZone,
        canonical: (name) => hostName(canonical(name)),
      }),
    remove: () => rm(folder, { recursive: true }),
  };
};

const BUDGET = { maxLines: 1_000_000, maxBytes: 1_000_000_000 };

type Question = Readonly<{
  from: string;
  to: string;
  find?: readonly string[];
  hosts?: readonly string[];
  related?: Lookup['related'];
}>;

/** One lookup for all hosts. `from`, `to`: ISO 8601, UTC. */
export const askFor = (source: LogSource, { from, to, find = [], hosts, related = null }: Question): SearchRequest => {
  const window = { fromMs: Date.parse(from), toMs: Date.parse(to) };
  const needles = find.map((text) => ({ text, ignoreCase: false, isWhole: false }));
  return {
    hosts: hosts?.map(hostName) ?? source.hosts,
    lookups: [{ window, needles, relatedWindow: window, related }],
    budget: BUDGET,
  };
};

export const searchIn = (source: LogSource, question: Question): Promise<SearchOutcome> =>
  source.search(askFor(source, question), new AbortController().signal);

export const textsOf = ({ records }: SearchOutcome): readonly string[] => records.map(({ text }) => text);
