/** Opens `index.db`: a connection that writes and one that reads beside it, tables brought up to date, faults with a remedy. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type Client, createClient } from '@libsql/client/sqlite3';
import { MailtraceError } from '../errors.js';
import { UPGRADES } from './embedded-schema.js';

/** Who wrote to whom is personal data: for the owner only. SQLite gives its `-wal` and `-shm` the mode of the file. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Another process (`mailtrace index`, `search`) has the file for the length of one batch; longer than this is a fault. */
const BUSY_WAIT_MS = 30_000;
const BUSY_STEP_MS = 25;

const WRITABLE =
  'Set MAILTRACE_DATA_DIR or store.data_dir to a folder on a local disk that mailtrace may write to, with all files in it.';
const REBUILD = (path: string): string =>
  `Restore ${path} from a backup, or move it away together with ${path}-wal: mailtrace then makes a new one, and \`mailtrace index\` fills it again from the logs.`;

/** The base result codes of SQLite (sqlite.org/rescode.html) that have a remedy; libSQL hands them on as `code`. */
const REMEDIES: Readonly<Record<string, readonly [fault: string, hint: (path: string) => string]>> = {
  SQLITE_BUSY: [
    'was locked by another process for too long',
    (path) => `Find the process that holds ${path} (fuser ${path}), and end it or wait for it.`,
  ],
  SQLITE_CORRUPT: ['is damaged', REBUILD],
  SQLITE_NOTADB: ['is not a database', REBUILD],
  SQLITE_FULL: ['cannot grow: the disk is full', () => 'Make room, or shorten how long transactions are kept.'],
  SQLITE_IOERR: ['cannot be read or written', () => 'Look at the disk and the kernel log; then start mailtrace again.'],
  SQLITE_CANTOPEN: ['cannot be opened', () => WRITABLE],
  SQLITE_PERM: ['may not be opened', () => WRITABLE],
  SQLITE_READONLY: ['cannot be written', () => WRITABLE],
};

const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

const fault = (path: string, error: unknown): Error => {
  const remedy = REMEDIES[codeOf(error) ?? ''];
  if (!remedy) return error instanceof Error ? error : new Error(String(error), { cause: error });
  return new MailtraceError('config', `The index ${path} ${remedy[0]}.`, remedy[1](path), { cause: error });
};

export type IndexFile = Readonly<{
  /** For one transaction at a time. */
  writer: Client;
  /** Sees what was committed, also while a transaction is open. */
  reader: Client;
  /**
   * Runs `work`, again and again while another process is in its way: `work` must be whole or without effect.
   * @throws MailtraceError `config` that names the file and the remedy
   */
  attempt: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** The error to throw for one that the database gave. */
  explain: (error: unknown) => Error;
  close: () => Promise<void>;
}>;

const makeFile = async (path: string): Promise<void> => {
  try {
    await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
    await (await open(path, 'a', FILE_MODE)).close();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new MailtraceError('config', `The index ${path} cannot be written: ${text}.`, WRITABLE, { cause: error });
  }
};

const attemptOn =
  (path: string): IndexFile['attempt'] =>
  async (work) => {
    for (let waitedMs = 0; ; waitedMs += BUSY_STEP_MS) {
      try {
        return await work();
      } catch (error) {
        if (codeOf(error) !== 'SQLITE_BUSY' || waitedMs >= BUSY_WAIT_MS) throw fault(path, error);
      }
      // SQLite's own waiting would hold up everything else in this process.
      await sleep(BUSY_STEP_MS);
    }
  };

const upgrade = async (writer: Client, path: string, upgrades: readonly string[]): Promise<void> => {
  const transaction = await writer.transaction('write');
  try {
    const version = Number((await transaction.execute('PRAGMA user_version')).rows[0]?.['user_version']);
    if (version > upgrades.length) {
      throw new MailtraceError(
        'config',
        `The index ${path} was written by a newer mailtrace (version ${version}; this one knows ${upgrades.length}).`,
        'Start that version again, or give this one another folder (MAILTRACE_DATA_DIR or store.data_dir).',
      );
    }
    for (const statements of upgrades.slice(version)) await transaction.executeMultiple(statements);
    await transaction.execute(`PRAGMA user_version = ${upgrades.length}`);
    await transaction.commit();
  } finally {
    transaction.close();
  }
};

/**
 * With WAL and `synchronous=NORMAL` a commit survives the death of the process at once, that of the machine after the next
 * checkpoint; the file is never torn.
 * @param upgrades those of this version
 */
export const openIndexFile = async (path: string, upgrades: readonly string[] = UPGRADES): Promise<IndexFile> => {
  await makeFile(path);
  const attempt = attemptOn(path);
  const clients: Client[] = [];
  const connect = async (settings: string): Promise<Client> => {
    const client = await attempt(async () => createClient({ url: pathToFileURL(path).href, concurrency: 1 }));
    clients.push(client);
    await attempt(() => client.executeMultiple(settings));
    return client;
  };
  try {
    const writer = await connect('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768');
    await attempt(() => upgrade(writer, path, upgrades));
    const reader = await connect('PRAGMA query_only = ON; PRAGMA cache_size = -16384');
    const close = async (): Promise<void> => {
      reader.close();
      // The WAL may stay: whoever opens the file next reads it. Without it, a copy of the one file is whole.
      await writer.execute('PRAGMA wal_checkpoint(TRUNCATE)').catch(() => {});
      writer.close();
    };
    return { writer, reader, attempt, explain: (error) => fault(path, error), close };
  } catch (error) {
    for (const client of clients) client.close();
    throw error;
  }
};
