/** Questions to the embedded index. */
import type { InValue, Row } from '@libsql/client/sqlite3';
import type { TransactionIndex, TransactionRecord } from '../app/ports.js';
import type { Transaction } from '../domain/transaction.js';
import type { IndexFile } from './embedded-file.js';

/** Pairs, or message-ids, of one statement. */
const CHUNK = 500;

const COLUMNS = 'transactions.key, transactions.state, transactions.content, transactions.resume';

const parseTransaction = (row: Row): Transaction => JSON.parse(row['content'] as string) as Transaction;

const toRecord = (row: Row): TransactionRecord => ({
  key: Buffer.from(row['key'] as ArrayBuffer).toString('hex'),
  transaction: parseTransaction(row),
  state: row['state'] === 'open' ? 'open' : 'ended',
  resume: row['resume'] as string | null,
});

/** Runs one statement for each chunk of `asked`: `sqlOf` gets the chunk's length. */
const askInChunks = async <Item>(
  { reader, attempt }: IndexFile,
  asked: readonly Item[],
  {
    sqlOf,
    argsOf,
    last = [],
  }: Readonly<{ sqlOf: (count: number) => string; argsOf: (item: Item) => InValue[]; last?: InValue[] }>,
): Promise<Row[]> => {
  const rows: Row[] = [];
  for (let start = 0; start < asked.length; start += CHUNK) {
    const part = asked.slice(start, start + CHUNK);
    const statement = { sql: sqlOf(part.length), args: [...part.flatMap(argsOf), ...last] };
    rows.push(...(await attempt(() => reader.execute(statement))).rows);
  }
  return rows;
};

const values = (count: number, row: string): string => Array<string>(count).fill(row).join(',');

type Pairs = Parameters<TransactionIndex['findOpen']>[0];

const distinctPairs = (pairs: Pairs): Pairs => [
  ...new Map(pairs.map((pair) => [`${pair.host}\0${pair.queueId}`, pair])).values(),
];

export const findOpen = async (file: IndexFile, pairs: Pairs): Promise<TransactionRecord[]> => {
  const rows = await askInChunks(file, distinctPairs(pairs), {
    sqlOf: (count) =>
      `WITH asked (queue_id, host) AS (VALUES ${values(count, '(?,?)')})
       SELECT ${COLUMNS} FROM asked CROSS JOIN transactions INDEXED BY open_by_queue_id
       ON transactions.queue_id = asked.queue_id AND transactions.host = asked.host AND transactions.resume IS NOT NULL`,
    argsOf: ({ queueId, host }) => [queueId, host],
  });
  return rows.map(toRecord);
};

export const findClosed = async (file: IndexFile, pairs: Pairs): Promise<TransactionRecord[]> => {
  const rows = await askInChunks(file, distinctPairs(pairs), {
    sqlOf: (count) =>
      `WITH asked (queue_id, host) AS (VALUES ${values(count, '(?,?)')})
       SELECT ${COLUMNS} FROM asked CROSS JOIN transactions ON transactions.id = (
         SELECT id FROM transactions AS newest
         WHERE newest.queue_id = asked.queue_id AND newest.host = asked.host AND newest.resume IS NULL
         ORDER BY newest.arrived_at_ms DESC LIMIT 1)`,
    argsOf: ({ queueId, host }) => [queueId, host],
  });
  return rows.map(toRecord);
};

export const listOpen = async (
  { reader, attempt }: IndexFile,
  { arrivedBeforeMs, after, limit }: Parameters<TransactionIndex['listOpen']>[0],
): Promise<TransactionRecord[]> => {
  const from: InValue[] = after === null ? [] : [after.arrivedAtMs, Buffer.from(after.key, 'hex')];
  const sql = `SELECT ${COLUMNS} FROM transactions WHERE resume IS NOT NULL AND arrived_at_ms < ?
    ${after === null ? '' : 'AND (arrived_at_ms, key) > (?, ?)'} ORDER BY arrived_at_ms, key LIMIT ?`;
  const { rows } = await attempt(() => reader.execute({ sql, args: [arrivedBeforeMs, ...from, limit] }));
  return rows.map(toRecord);
};

export const countOpen = async ({ reader, attempt }: IndexFile): Promise<number> => {
  const sql = 'SELECT count(*) AS open FROM transactions WHERE resume IS NOT NULL';
  const { rows } = await attempt(() => reader.execute(sql));
  return Number(rows[0]?.['open'] ?? 0);
};

export const findByMessageIds = async (
  file: IndexFile,
  ids: readonly string[],
  limit: number,
): Promise<Transaction[]> => {
  // The inner query stops at the limit, also for a message-id that a broken program gives to everything.
  const rows = await askInChunks(file, [...new Set(ids)], {
    sqlOf: (count) =>
      `WITH asked (message_id) AS (VALUES ${values(count, '(?)')})
       SELECT ${COLUMNS} FROM asked CROSS JOIN transactions ON transactions.id IN (
         SELECT id FROM transactions AS oldest WHERE oldest.message_id = asked.message_id
         ORDER BY oldest.arrived_at_ms LIMIT ?)
       ORDER BY transactions.message_id, transactions.arrived_at_ms, transactions.key`,
    argsOf: (id) => [id],
    last: [limit],
  });
  return rows.map(parseTransaction);
};
