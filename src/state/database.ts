/** Opens the file of the StateStore: settings for safety, one process at a time, tables brought up to date. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Client, createClient } from '@libsql/client/sqlite3';
import { Kysely, type Migration, Migrator } from 'kysely';
import { databaseFault, tooNew, unwritable } from './database-faults.js';
import { libsqlDialect } from './libsql-dialect.js';
import { MIGRATIONS } from './migrations.js';
import type { StateTables } from './tables.js';

/** Subscriptions and alerts name people: for the owner only. SQLite gives its `-wal` the mode of the file. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** The process before may still be on its way out. */
const LOCK_WAIT_MS = 2000;

/**
 * `locking_mode`: two pipelines on one checkpoint would each tell half of it, so the file belongs to one process; the kernel
 * gives it free when that dies, however it dies. `synchronous=FULL`: a commit outlives also the machine. It waits for the disk,
 * some milliseconds, once a round.
 */
const SETTINGS = [
  'PRAGMA locking_mode = EXCLUSIVE',
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  // The lock is taken now, not by the first query.
  'BEGIN IMMEDIATE',
  'COMMIT',
];

/**
 * libSQL closes a file when the garbage collector has found its statements, and holds the lock until then: it is given back
 * here. Out of WAL, everything is in the one file.
 */
const BEFORE_CLOSE = 'PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_master';

const makeFile = async (path: string): Promise<void> => {
  try {
    await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
    await (await open(path, 'a', FILE_MODE)).close();
  } catch (error) {
    throw unwritable(path, error);
  }
};

const migrationsOf = async (db: Kysely<StateTables>): Promise<string[]> => {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === 'kysely_migration')) return [];
  const rows = await db
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .execute();
  return rows.map(({ name }) => name);
};

const migrate = async (
  db: Kysely<StateTables>,
  path: string,
  migrations: Readonly<Record<string, Migration>>,
): Promise<void> => {
  const unknown = (await migrationsOf(db)).filter((name) => !Object.hasOwn(migrations, name));
  if (unknown.length > 0) throw tooNew(path, unknown);
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw databaseFault(path, error);
};

const openClient = async (path: string): Promise<Client> => {
  const client = createClient({ url: pathToFileURL(path).href, concurrency: 1, timeout: LOCK_WAIT_MS });
  try {
    await client.executeMultiple(SETTINGS.join(';'));
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
};

/**
 * @param migrations those of this version
 * @throws MailtraceError `config`: not writable, damaged, in use by another process, written by a newer version
 */
export const openDatabase = async (
  path: string,
  migrations: Readonly<Record<string, Migration>> = MIGRATIONS,
): Promise<Kysely<StateTables>> => {
  await makeFile(path);
  let db: Kysely<StateTables> | null = null;
  try {
    db = new Kysely<StateTables>({ dialect: libsqlDialect(await openClient(path), BEFORE_CLOSE) });
    await migrate(db, path, migrations);
    return db;
  } catch (error) {
    await db?.destroy();
    throw databaseFault(path, error);
  }
};
