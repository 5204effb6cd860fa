/** Changes of the embedded index. One transaction of the database each, in steps: everything else goes on between them. */
import type { InArgs, InValue } from '@libsql/client/sqlite3';
import type { IndexChanges, TransactionRecord } from '../app/ports.js';
import type { RecordRef } from '../domain/ids.js';
import type { IndexFile } from './embedded-file.js';
import { SEGMENT, SEGMENTS } from './embedded-schema.js';
import { termOfKey, termsOf } from './search-terms.js';
import type { Database } from './writer-thread.js';

/** Records of one statement; far below SQLite's 32,766 parameters. */
const ROWS = 500;
/** Terms of one statement; sorted, so that those of one page come together. */
const TERMS = 10_000;

type Step = (database: Database) => Promise<void>;

function* slices<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

const list = (count: number): string => `(${Array<string>(count).fill('?').join(',')})`;

const rowsOf = (count: number, columns: number): string => Array<string>(count).fill(list(columns)).join(',');

const bytesOf = (key: string): Uint8Array => Buffer.from(key, 'hex');

const select = async (database: Database, sql: string, args: InArgs): Promise<number[]> =>
  (await database.execute({ sql, args })).rows.map((row) => Number(row['id']));

/** The key, and what it is made of: they do not change. */
const FIXED_COLUMNS = ['key', 'host', 'queue_id', 'arrived_at_ms'];
const OTHER_COLUMNS = ['message_id', 'first_seen_ms', 'last_seen_ms', 'state', 'content'];
const COLUMNS = [...FIXED_COLUMNS, ...OTHER_COLUMNS];
const UPDATES = OTHER_COLUMNS.map((column) => `${column} = excluded.${column}`);

type Put = Readonly<{ id: number; record: TransactionRecord }>;

/** @returns with the ids of the rows, old and new */
const putTransactions = async (database: Database, records: readonly TransactionRecord[]): Promise<Put[]> => {
  const args = records.flatMap(({ key, transaction, state }): InValue[] => [
    bytesOf(key),
    transaction.host,
    transaction.queueId,
    transaction.arrivedAtMs,
    transaction.messageId,
    transaction.firstSeenMs,
    transaction.lastSeenMs,
    state,
    JSON.stringify(transaction),
  ]);
  const { rows } = await database.execute({
    sql: `INSERT INTO transactions (${COLUMNS.join(', ')})
      VALUES ${rowsOf(records.length, COLUMNS.length)}
      ON CONFLICT (arrived_at_ms, key) DO UPDATE SET ${UPDATES.join(', ')} RETURNING key, id`,
    args,
  });
  // The order of RETURNING is not that of the rows that were put.
  const ids = new Map(rows.map((row) => [Buffer.from(row['key'] as ArrayBuffer).toString('hex'), Number(row['id'])]));
  return records.map((record) => {
    const id = ids.get(record.key);
    if (id === undefined) throw new Error(`The index gave no row for ${record.key}.`);
    return { id, record };
  });
};

const putOpen = async (database: Database, puts: readonly Put[]): Promise<void> => {
  const open = puts.flatMap(({ id, record: { key, transaction, resume } }): InValue[][] =>
    resume === null ? [] : [[id, bytesOf(key), transaction.host, transaction.queueId, transaction.arrivedAtMs, resume]],
  );
  const closed = puts.filter(({ record }) => record.resume === null).map(({ id }) => id);
  if (closed.length > 0) {
    await database.execute({ sql: `DELETE FROM open_transactions WHERE id IN ${list(closed.length)}`, args: closed });
  }
  if (open.length > 0) {
    await database.execute({
      sql: `INSERT INTO open_transactions (id, key, host, queue_id, arrived_at_ms, resume) VALUES ${rowsOf(open.length, 6)}
        ON CONFLICT (id) DO UPDATE SET resume = excluded.resume`,
      args: open.flat(),
    });
  }
};

const segmentOf = (id: number): number => Math.floor(id / SEGMENT);

const putTerms = async (database: Database, terms: readonly (readonly [term: number, id: number])[]): Promise<void> => {
  const rows = terms
    .map(([term, id]) => [segmentOf(id), term, id] as const)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  await database.execute({
    sql: `INSERT INTO terms (segment, term, id) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
      ON CONFLICT DO NOTHING`,
    args: [JSON.stringify(rows)],
  });
};

function* putSteps(records: readonly TransactionRecord[]): Generator<Step> {
  let terms: (readonly [term: number, id: number])[] = [];
  for (const part of slices(records, ROWS)) {
    yield async (database) => {
      const puts = await putTransactions(database, part);
      await putOpen(database, puts);
      for (const { id, record } of puts) {
        for (const term of termsOf(record.key, record.transaction)) terms.push([term, id]);
      }
    };
    // The step above has run when this is asked for.
    if (terms.length < TERMS) continue;
    for (const some of slices(terms, TERMS)) yield (database) => putTerms(database, some);
    terms = [];
  }
  if (terms.length > 0) yield (database) => putTerms(database, terms);
}

/** Their terms stay until the segment is forgotten: who finds them there finds no transaction. */
const removeRows = async (database: Database, ids: readonly number[]): Promise<void> => {
  if (ids.length === 0) return;
  await database.execute({ sql: `DELETE FROM open_transactions WHERE id IN ${list(ids.length)}`, args: [...ids] });
  await database.execute({ sql: `DELETE FROM transactions WHERE id IN ${list(ids.length)}`, args: [...ids] });
};

const remove = async (database: Database, refs: readonly RecordRef[]): Promise<void> => {
  const values = refs.map(({ key }) => [termOfKey(key), bytesOf(key)]);
  const ids = await select(
    database,
    `WITH asked (term, key) AS (VALUES ${rowsOf(refs.length, 2)}), ${SEGMENTS}
     SELECT transactions.id AS id FROM asked CROSS JOIN segments CROSS JOIN terms CROSS JOIN transactions
     WHERE terms.segment = segments.segment AND terms.term = asked.term
     AND transactions.id = terms.id AND transactions.key = asked.key`,
    values.flat(),
  );
  await removeRows(database, ids);
};

const close = async (database: Database, refs: readonly RecordRef[]): Promise<void> => {
  await database.execute({
    sql: `WITH asked (queue_id, host, key) AS (VALUES ${rowsOf(refs.length, 3)})
      DELETE FROM open_transactions WHERE id IN (
        SELECT found.id FROM asked CROSS JOIN open_transactions AS found
        ON found.queue_id = asked.queue_id AND found.host = asked.host AND found.key = asked.key)`,
    args: refs.flatMap(({ queueId, host, key }): InValue[] => [queueId, host, bytesOf(key)]),
  });
};

/** Runs `steps` in one transaction. */
const transact = (file: IndexFile, steps: Iterable<Step>): Promise<void> =>
  file.write(async (database) => {
    for (const step of steps) await step(database);
  });

/** Removed first, then put, then closed: a record may be in more than one list. The last of equal keys is put. */
function* stepsOf(changes: IndexChanges): Generator<Step> {
  const records = [...new Map(changes.put.map((record) => [record.key, record])).values()];
  for (const refs of slices(changes.remove, ROWS)) yield (database) => remove(database, refs);
  yield* putSteps(records);
  for (const refs of slices(changes.close, ROWS)) yield (database) => close(database, refs);
}

export const writeChanges = async (file: IndexFile, changes: IndexChanges): Promise<void> => {
  if (changes.put.length + changes.remove.length + changes.close.length === 0) return;
  await transact(file, stepsOf(changes));
};

/** One step of forgetting, a commit of its own. @returns how many were forgotten; fewer than `ROWS`: those were all */
const pruneRows = async (file: IndexFile, lastSeenBeforeMs: number): Promise<number> => {
  // What was last seen before was first seen before: the index by time finds it.
  const sql = `SELECT id FROM transactions WHERE first_seen_ms < ?1 AND last_seen_ms < ?1 AND state = 'ended'
    AND NOT EXISTS (SELECT 1 FROM open_transactions WHERE open_transactions.id = transactions.id)
    ORDER BY first_seen_ms LIMIT ${ROWS}`;
  let count = 0;
  const forget: Step = async (database) => {
    const ids = await select(database, sql, [lastSeenBeforeMs]);
    await removeRows(database, ids);
    count = ids.length;
  };
  await transact(file, [forget]);
  return count;
};

/** Some terms of a segment of which no transaction is left. @returns false when there is nothing to forget */
const pruneTerms = async (file: IndexFile): Promise<boolean> => {
  let count = 0;
  const forget: Step = async (database) => {
    const { rowsAffected } = await database.execute(
      `WITH stored (segment) AS (
         SELECT min(segment) FROM terms
         UNION ALL SELECT (SELECT min(segment) FROM terms WHERE terms.segment > stored.segment) FROM stored
         WHERE stored.segment IS NOT NULL),
       empty (segment) AS (
         SELECT segment FROM stored WHERE segment IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM transactions WHERE id >= segment * ${SEGMENT} AND id < (segment + 1) * ${SEGMENT}) LIMIT 1)
       DELETE FROM terms WHERE (segment, term, id) IN (
         SELECT terms.segment, terms.term, terms.id FROM terms JOIN empty ON terms.segment = empty.segment LIMIT ${TERMS})`,
    );
    count = rowsAffected;
  };
  await transact(file, [forget]);
  return count > 0;
};

export const pruneTransactions = async (file: IndexFile, lastSeenBeforeMs: number): Promise<number> => {
  let total = 0;
  for (let count = ROWS; count === ROWS; total += count) count = await pruneRows(file, lastSeenBeforeMs);
  while (await pruneTerms(file));
  return total;
};
