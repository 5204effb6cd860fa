/** Changes of the embedded index. One transaction of the database each, in steps that let everything else go between. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Transaction as DatabaseTransaction, InValue } from '@libsql/client/sqlite3';
import type { IndexChanges, TransactionRecord } from '../app/ports.js';
import type { IndexFile } from './embedded-file.js';
import { OUTCOME_COLUMNS, outcomeRows, TRANSACTION_COLUMNS, transactionValues, type Value } from './search-columns.js';

/** Records of one step: some milliseconds, and far below SQLite's 32,766 parameters of a statement. */
const STEP = 100;
/** Rows of one statement; a message may have any number of recipients. */
const ROWS_MAX = 500;

/** What the key is made of never changes. */
const FIXED: ReadonlySet<string> = new Set(['key', 'host', 'queue_id', 'arrived_at_ms']);

const UPDATES = TRANSACTION_COLUMNS.filter((column) => !FIXED.has(column)).map(
  (column) => `${column} = excluded.${column}`,
);

const placeholders = (count: number): string => `(${Array<string>(count).fill('?').join(',')})`;

const insertInto = (table: string, columns: readonly string[], rows: number): string =>
  `INSERT INTO ${table} (${columns.join(',')}) VALUES ${Array<string>(rows).fill(placeholders(columns.length)).join(',')}`;

function* slices<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

const keyBytes = (key: string): Uint8Array => Buffer.from(key, 'hex');
const keyText = (key: unknown): string => (key instanceof ArrayBuffer ? Buffer.from(key).toString('hex') : '');

/** @returns key → id of the rows, old and new */
const putTransactions = async (
  database: DatabaseTransaction,
  records: readonly TransactionRecord[],
): Promise<Map<string, number>> => {
  const { rows } = await database.execute({
    sql: `${insertInto('transactions', TRANSACTION_COLUMNS, records.length)}
          ON CONFLICT (key) DO UPDATE SET ${UPDATES.join(', ')} RETURNING key, id`,
    args: records.flatMap(transactionValues),
  });
  return new Map(rows.map((row) => [keyText(row['key']), Number(row['id'])]));
};

const deleteOutcomes = async (database: DatabaseTransaction, ids: readonly number[]): Promise<void> => {
  await database.execute({
    sql: `DELETE FROM outcomes WHERE transaction_id IN ${placeholders(ids.length)}`,
    args: [...ids],
  });
};

const put = async (database: DatabaseTransaction, records: readonly TransactionRecord[]): Promise<void> => {
  const ids = await putTransactions(database, records);
  await deleteOutcomes(database, [...ids.values()]);
  const rows: Value[][] = records.flatMap(({ key, transaction }) => {
    const id = ids.get(key);
    if (id === undefined) throw new Error(`The index gave no row for ${key}.`);
    return outcomeRows(id, transaction);
  });
  for (const part of slices(rows, ROWS_MAX)) {
    await database.execute({ sql: insertInto('outcomes', OUTCOME_COLUMNS, part.length), args: part.flat() });
    if (part.length === ROWS_MAX) await nextTurn();
  }
};

const removeRows = async (database: DatabaseTransaction, ids: readonly number[]): Promise<void> => {
  if (ids.length === 0) return;
  await deleteOutcomes(database, ids);
  await database.execute({ sql: `DELETE FROM transactions WHERE id IN ${placeholders(ids.length)}`, args: [...ids] });
};

const findIds = async (database: DatabaseTransaction, sql: string, args: InValue[]): Promise<number[]> =>
  (await database.execute({ sql, args })).rows.map((row) => Number(row['id']));

const remove = async (database: DatabaseTransaction, keys: readonly string[]): Promise<void> => {
  const sql = `SELECT id FROM transactions WHERE key IN ${placeholders(keys.length)}`;
  await removeRows(database, await findIds(database, sql, keys.map(keyBytes)));
};

const close = async (database: DatabaseTransaction, keys: readonly string[]): Promise<void> => {
  await database.execute({
    sql: `UPDATE transactions SET resume = NULL WHERE key IN ${placeholders(keys.length)}`,
    args: keys.map(keyBytes),
  });
};

/** Runs `steps` in one transaction; a turn of the event loop after each. */
const transact = async (
  { writer, attempt, explain }: IndexFile,
  steps: Iterable<(database: DatabaseTransaction) => Promise<void>>,
): Promise<void> => {
  const database = await attempt(() => writer.transaction('write'));
  try {
    for (const step of steps) {
      await step(database);
      await nextTurn();
    }
    await database.commit();
  } catch (error) {
    throw explain(error);
  } finally {
    database.close();
  }
};

/** Removed first, then put, then closed: a key may be in more than one list. The last of equal keys is put. */
function* stepsOf(changes: IndexChanges): Generator<(database: DatabaseTransaction) => Promise<void>> {
  const records = [...new Map(changes.put.map((record) => [record.key, record])).values()];
  for (const keys of slices(changes.remove, STEP)) yield (database) => remove(database, keys);
  for (const part of slices(records, STEP)) yield (database) => put(database, part);
  for (const keys of slices(changes.close, STEP)) yield (database) => close(database, keys);
}

export const writeChanges = async (file: IndexFile, changes: IndexChanges): Promise<void> => {
  if (changes.put.length + changes.remove.length + changes.close.length === 0) return;
  await transact(file, stepsOf(changes));
};

/** One step of forgetting. @returns how many were forgotten; fewer than `STEP`: those were all */
const pruneStep = async (file: IndexFile, lastSeenBeforeMs: number): Promise<number> => {
  // What was last seen before was first seen before: the index by time finds it.
  const sql = `SELECT id FROM transactions WHERE first_seen_ms < ?1 AND last_seen_ms < ?1 AND state = 'ended'
               AND resume IS NULL ORDER BY first_seen_ms LIMIT ${STEP}`;
  let count = 0;
  await transact(file, [
    async (database) => {
      const ids = await findIds(database, sql, [lastSeenBeforeMs]);
      await removeRows(database, ids);
      count = ids.length;
    },
  ]);
  return count;
};

export const pruneTransactions = async (file: IndexFile, lastSeenBeforeMs: number): Promise<number> => {
  for (let total = 0; ; ) {
    const count = await pruneStep(file, lastSeenBeforeMs);
    total += count;
    if (count < STEP) return total;
  }
};
