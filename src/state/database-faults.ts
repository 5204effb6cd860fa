/** What a database file's failures mean to the person who runs mailtrace. */
import { MailtraceError } from '../errors.js';

/** The base result codes of SQLite (sqlite.org/rescode.html) that have a remedy; libSQL hands them on as `code`. */
const REMEDIES: Readonly<Record<string, readonly [fault: string, hint: (path: string) => string]>> = {
  SQLITE_BUSY: [
    'is in use by another mailtrace',
    () =>
      'Only one process may follow the logs with one data directory. Stop the other one, or give this one a folder of its own (MAILTRACE_DATA_DIR or store.data_dir).',
  ],
  SQLITE_CORRUPT: ['is damaged', (path) => movedAway(path)],
  SQLITE_NOTADB: ['is not a database', (path) => movedAway(path)],
  SQLITE_FULL: ['cannot grow: the disk is full', () => 'Make room; what was not written is read and written again.'],
  SQLITE_IOERR: ['cannot be read or written', () => 'Look at the disk and the kernel log; then start mailtrace again.'],
  SQLITE_CANTOPEN: ['cannot be opened', () => WRITABLE],
  SQLITE_PERM: ['may not be opened', () => WRITABLE],
  SQLITE_READONLY: ['cannot be written', () => WRITABLE],
};

const WRITABLE =
  'Set MAILTRACE_DATA_DIR or store.data_dir to a folder on a local disk that mailtrace may write to, with all files in it.';

const movedAway = (path: string): string =>
  `Restore ${path} from a backup, or move it away together with ${path}-wal: mailtrace then makes a new one, without its checkpoints, subscriptions and incidents.`;

const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

/**
 * The error to throw for `error`, which the database at `path` gave: a MailtraceError `config` where there is something to
 * do about it, else `error` itself.
 */
export const databaseFault = (path: string, error: unknown): Error => {
  const code = codeOf(error);
  const remedy = code === null ? undefined : REMEDIES[code];
  if (!remedy) return error instanceof Error ? error : new Error(String(error), { cause: error });
  const [fault, hint] = remedy;
  return new MailtraceError('config', `The database ${path} ${fault}.`, hint(path), { cause: error });
};

/** A folder or file could not be made before the database was opened. */
export const unwritable = (path: string, cause: unknown): MailtraceError =>
  new MailtraceError(
    'config',
    `The database ${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
    WRITABLE,
    { cause },
  );

/** The file knows migrations that this version does not. */
export const tooNew = (path: string, unknown: readonly string[]): MailtraceError =>
  new MailtraceError(
    'config',
    `The database ${path} was written by a newer mailtrace (${unknown.join(', ')}).`,
    'Start that version again, or give this one another folder (MAILTRACE_DATA_DIR or store.data_dir).',
  );
