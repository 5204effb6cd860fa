/** The OpenSearch servers of a test run. Each is started by the first test that asks for it, and ended with the run. */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOpensearch, stopOpensearch } from './opensearch-server.mjs';

export type OpensearchKind = 'plain' | 'secure';
export type OpensearchServer = Awaited<ReturnType<typeof startOpensearch>>;

/** For `beforeAll`: the server may have to be put together first, on a busy machine. */
export const OPENSEARCH_START_MS = 400_000;

const FOLDER = 'MAILTRACE_TEST_SERVICES';
/** Process number of the test run. */
const RUN = 'MAILTRACE_TEST_RUN';

/** Global set-up: test files run in processes of their own, and find each other's servers in this folder. */
export const openServices = (): void => {
  process.env[FOLDER] = mkdtempSync(join(tmpdir(), 'mailtrace-services-'));
  process.env[RUN] = String(process.pid);
};

/** Global tear-down: ends what was started, by its process number. */
export const closeServices = async (): Promise<void> => {
  const folder = process.env[FOLDER];
  if (folder === undefined || !existsSync(folder)) return;
  const spawned = readdirSync(folder).filter((name) => name.endsWith('.spawned.json'));
  await Promise.all(
    spawned.map((name) => stopOpensearch(JSON.parse(readFileSync(join(folder, name), 'utf8')) as OpensearchServer)),
  );
  rmSync(folder, { recursive: true, force: true });
};

const write = (path: string, value: unknown): void => {
  writeFileSync(`${path}.draft`, JSON.stringify(value));
  renameSync(`${path}.draft`, path);
};

/** A test run that was killed tears nothing down: ends the server when the run is gone. */
const WATCH = 'while kill -0 "$1" && kill -0 "$2"; do sleep 1; done; kill "$2" && sleep 5 && rm -rf "$3"';

const watch = ({ pid, folder }: OpensearchServer): void => {
  const args = ['-c', WATCH, 'watch', process.env[RUN] ?? '', String(pid), folder];
  spawn('sh', args, { detached: true, stdio: 'ignore' }).unref();
};

const isFirst = (lock: string): boolean => {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
};

const start = async (path: string, kind: OpensearchKind): Promise<void> => {
  try {
    const server = await startOpensearch(kind, (spawned) => {
      write(`${path}.spawned.json`, spawned);
      watch(spawned);
    });
    write(`${path}.json`, { server });
  } catch (error) {
    write(`${path}.json`, { error: error instanceof Error ? error.message : String(error) });
  }
};

/** `plain`: 3.8 over http. `secure`: 2.19 over https with users and roles. Tests share it: use index names of your own. */
export const getOpensearch = async (kind: OpensearchKind): Promise<OpensearchServer> => {
  const folder = process.env[FOLDER];
  if (folder === undefined) throw new Error('Run this test in the e2e project: vitest run --project e2e FILE');
  const path = join(folder, `opensearch-${kind}`);
  if (isFirst(`${path}.lock`)) await start(path, kind);
  const deadline = Date.now() + OPENSEARCH_START_MS;
  while (!existsSync(`${path}.json`)) {
    if (Date.now() > deadline) throw new Error(`OpenSearch (${kind}) did not start within ${OPENSEARCH_START_MS} ms.`);
    await sleep(100);
  }
  const outcome = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as { server?: OpensearchServer; error?: string };
  if (outcome.server === undefined) throw new Error(outcome.error);
  return outcome.server;
};
