/** StateStore in one file: checkpoints, subscriptions, incidents and outbox of a single process. */
import { join } from 'node:path';
import type { StateStore } from '../app/ports.js';

/** `dataDir`: `store.data_dir`; it is made when it is not there. */
export type StateStoreOptions = Readonly<{ dataDir: string }>;

/** In the data directory; beside it SQLite keeps `state.db-wal`. */
const STATE_FILE = 'state.db';

/**
 * The file belongs to this process until `close` or its end.
 * @throws MailtraceError `config`, here and of every method, when the file cannot be used; it names the file and the remedy
 */
export const openStateStore = async ({ dataDir }: StateStoreOptions): Promise<StateStore> => {
  const path = join(dataDir, STATE_FILE);
  // Loaded when a store is opened: a trace on demand needs none.
  const [{ openDatabase }, { stateStoreOver }, { databaseFault }] = await Promise.all([
    import('./database.js'),
    import('./state-queries.js'),
    import('./database-faults.js'),
  ]);
  return stateStoreOver(await openDatabase(path), (error) => databaseFault(path, error));
};
