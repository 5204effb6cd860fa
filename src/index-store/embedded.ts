/** TransactionIndex in one file. Several processes may use it at once: one follows, others search or fill in old logs. */
import { join } from 'node:path';
import type { TransactionIndex } from '../app/ports.js';

/** `dataDir`: `store.data_dir`; it is made when it is not there. */
export type EmbeddedIndexOptions = Readonly<{ dataDir: string }>;

/** In the data directory; beside it SQLite keeps `index.db-wal` and `index.db-shm`. */
const INDEX_FILE = 'index.db';

/** @throws MailtraceError `config`, here and of every method, when the file cannot be used; it names the file and the remedy */
export const openEmbeddedIndex = async ({ dataDir }: EmbeddedIndexOptions): Promise<TransactionIndex> => {
  // Loaded when an index is opened: a trace on demand needs none.
  const [{ openIndexFile }, reading, { pruneTransactions, writeChanges }] = await Promise.all([
    import('./embedded-file.js'),
    import('./embedded-read.js'),
    import('./embedded-write.js'),
  ]);
  const file = await openIndexFile(join(dataDir, INDEX_FILE));
  return {
    write: (changes) => writeChanges(file, changes),
    prune: (lastSeenBeforeMs) => pruneTransactions(file, lastSeenBeforeMs),
    findOpen: (pairs) => reading.findOpen(file, pairs),
    findClosed: (pairs) => reading.findClosed(file, pairs),
    listOpen: (options) => reading.listOpen(file, options),
    countOpen: () => reading.countOpen(file),
    findByMessageIds: (ids, limit) => reading.findByMessageIds(file, ids, limit),
    close: () => file.close(),
  };
};
