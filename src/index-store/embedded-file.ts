/** Opens `index.db`: a connection that writes and one that reads beside it, tables brought up to date, faults with a remedy. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type Client, type Config, createClient, type InValue, type Row } from '@libsql/client/sqlite3';
import { MailtraceError } from '../errors.js';
import { UPGRADES } from './embedded-schema.js';
import { type Database, openWriterThread, type WriterThread } from './writer-thread.js';

/** Who wrote to whom is personal data: for the owner only. SQLite gives its `-wal` and `-shm` the mode of the file. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Another process (`mailtrace index`) has the file for the length of one batch; longer than this is a fault. */
const BUSY_WAIT_MS = 30_000;
const BUSY_STEP_MS = 20;
/** So long SQLite itself waits; a connection that reads has everything else in this process wait with it. */
const BUSY_BLOCK_MS = 10;

/** After a long transaction the next one leaves so much room for other processes, which look every `BUSY_STEP_MS`. */
const ROOM_MS = 50;
const LONG_MS = 100;

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
  /**
   * Runs `work` in one transaction, one at a time: all of it is written, or nothing.
   * @throws MailtraceError `config` that names the file and the remedy
   */
  write: <Result>(work: (database: Database) => Promise<Result>) => Promise<Result>;
  /** Sees what was committed, also while a transaction is open. Throws as `write` does. */
  read: (sql: string, args?: InValue[]) => Promise<readonly Row[]>;
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

const isBusy = (error: unknown): boolean => codeOf(error) === 'SQLITE_BUSY';

/** Runs `work` again and again while another process is in its way: `work` must be whole or without effect. */
const persist = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  for (let waitedMs = 0; ; waitedMs += BUSY_STEP_MS) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || waitedMs >= BUSY_WAIT_MS) throw error;
    }
    await sleep(BUSY_STEP_MS);
  }
};

const configOf = (path: string): Config => ({
  url: pathToFileURL(path).href,
  concurrency: 1,
  timeout: BUSY_BLOCK_MS,
});

const openReader = async (path: string, settings: string): Promise<Client> => {
  const client = createClient(configOf(path));
  try {
    await client.executeMultiple(settings);
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
};

/** 64 MB. A page of terms is written anew with each round while a backlog is read; from the WAL it goes to its place once in a while. */
const WAL_PAGES = 16_384;

/**
 * `synchronous=FULL`: a commit outlives also the machine. The checkpoint of the same lines is committed after it, elsewhere: it
 * must never be what is left of the two.
 */
const WRITER_SETTINGS = `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;
  PRAGMA wal_autocheckpoint = ${WAL_PAGES}`;
const READER_SETTINGS = 'PRAGMA query_only = ON; PRAGMA cache_size = -16384';

/** The connection that writes. */
type Writer = Readonly<{ begin: () => Promise<WriterThread>; close: () => Promise<void> }>;

const openWriter = async (path: string): Promise<Writer> => {
  const connect = (): Promise<WriterThread> => openWriterThread(configOf(path), WRITER_SETTINGS);
  let thread = await persist(connect);
  /**
   * BUG: libSQL (0.5.29) does not reset a statement that ended with SQLITE_BUSY. It counts as in progress until the garbage
   * collector finds it, and until then nothing can be committed on its connection. Mended there, a busy one could be kept.
   */
  let isSpoilt = false;

  const begin = async (): Promise<WriterThread> => {
    if (thread.isEnded()) thread = await connect();
    try {
      await thread.begin();
      if (!isSpoilt) return thread;
      // Now the way is free; the lock must not stay with the connection that is given up.
      await thread.end();
    } catch (error) {
      isSpoilt = true;
      throw error;
    }
    await thread.close();
    thread = await connect();
    isSpoilt = false;
    return begin();
  };

  return {
    begin: () => persist(begin),
    close: async () => {
      await thread.truncateLog().catch(() => {});
      await thread.close();
    },
  };
};

/** One transaction after the other, in the order of the calls; one that failed does not stop those behind it. */
const createWrite = (writer: Writer): IndexFile['write'] => {
  let last: Promise<unknown> = Promise.resolve();
  let roomUntilMs = 0;

  const run = async <Result>(work: (database: Database) => Promise<Result>): Promise<Result> => {
    const roomMs = roomUntilMs - performance.now();
    if (roomMs > 0) await sleep(roomMs);
    const thread = await writer.begin();
    const beganMs = performance.now();
    try {
      const result = await work(thread);
      await thread.commit();
      return result;
    } finally {
      await thread.end();
      const endedMs = performance.now();
      if (endedMs - beganMs > LONG_MS) roomUntilMs = endedMs + ROOM_MS;
    }
  };

  return (work) => {
    const result = last.then(() => run(work));
    last = result.catch(() => {});
    return result;
  };
};

const upgrade = async (database: Database, path: string, upgrades: readonly string[]): Promise<void> => {
  const version = Number((await database.execute('PRAGMA user_version')).rows[0]?.['user_version']);
  if (version > upgrades.length) {
    throw new MailtraceError(
      'config',
      `The index ${path} was written by a newer mailtrace (version ${version}; this one knows ${upgrades.length}).`,
      'Start that version again, or give this one another folder (MAILTRACE_DATA_DIR or store.data_dir).',
    );
  }
  for (const statements of upgrades.slice(version)) await database.executeMultiple(statements);
  await database.execute(`PRAGMA user_version = ${upgrades.length}`);
};

/** @param upgrades those of this version */
export const openIndexFile = async (path: string, upgrades: readonly string[] = UPGRADES): Promise<IndexFile> => {
  const explained = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      throw fault(path, error);
    }
  };

  await makeFile(path);
  const writer = await explained(openWriter(path));
  const write = createWrite(writer);
  try {
    await explained(write((database) => upgrade(database, path, upgrades)));
    const reader = await explained(persist(() => openReader(path, READER_SETTINGS)));
    return {
      write: (work) => explained(write(work)),
      read: async (sql, args = []) => (await explained(persist(() => reader.execute({ sql, args })))).rows,
      close: async () => {
        // After the writes that were asked for.
        await explained(write(async () => {}));
        reader.close();
        await writer.close();
      },
    };
  } catch (error) {
    await writer.close();
    throw error;
  }
};
