/** Questions to the embedded index. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { InValue, Row } from '@libsql/client/sqlite3';
import type { TransactionIndex, TransactionRecord } from '../app/ports.js';
import type { Transaction } from '../domain/transaction.js';
import type { IndexFile } from './embedded-file.js';
import { SEGMENTS } from './embedded-schema.js';
import { termOf } from './search-terms.js';

/** Pairs, message-ids or ids of one statement. */
const CHUNK = 500;

/** Message-ids looked up before everything else in this process may go on. */
const MESSAGE_IDS_A_TURN = 50;

/** Of a message-id that a broken program gives to everything, the first so many are looked at. */
const SAME_MESSAGE_ID_MAX = 10_000;

const values = (count: number, row: string): string => Array<string>(count).fill(row).join(',');

/** Runs one statement for each chunk of `asked`. @param sqlOf gets the length of the chunk */
const askInChunks = async <Item>(
  { read }: IndexFile,
  asked: readonly Item[],
  sqlOf: (count: number) => string,
  argsOf: (item: Item) => InValue[],
): Promise<Row[]> => {
  const rows: Row[] = [];
  for (let start = 0; start < asked.length; start += CHUNK) {
    if (start > 0) await nextTurn();
    const part = asked.slice(start, start + CHUNK);
    rows.push(...(await read(sqlOf(part.length), part.flatMap(argsOf))));
  }
  return rows;
};

const COLUMNS = 'transactions.key, transactions.state, transactions.content';

const toTransaction = (row: Row): Transaction => JSON.parse(row['content'] as string) as Transaction;

const toRecord = (row: Row): TransactionRecord => ({
  key: Buffer.from(row['key'] as ArrayBuffer).toString('hex'),
  transaction: toTransaction(row),
  state: row['state'] === 'open' ? 'open' : 'ended',
  resume: row['resume'] as string | null,
});

type Pairs = Parameters<TransactionIndex['findOpen']>[0];

const distinctPairs = (pairs: Pairs): Pairs => [
  ...new Map(pairs.map((pair) => [`${pair.host}\0${pair.queueId}`, pair])).values(),
];

export const findOpen = async (file: IndexFile, pairs: Pairs): Promise<TransactionRecord[]> => {
  const rows = await askInChunks(
    file,
    distinctPairs(pairs),
    (count) =>
      `WITH asked (queue_id, host) AS (VALUES ${values(count, '(?,?)')})
       SELECT ${COLUMNS}, found.resume FROM asked
       CROSS JOIN open_transactions AS found ON found.queue_id = asked.queue_id AND found.host = asked.host
       CROSS JOIN transactions ON transactions.id = found.id`,
    ({ queueId, host }) => [queueId, host],
  );
  return rows.map(toRecord);
};

/** In the order of `ids`; those that are gone meanwhile are left out. */
const readTransactions = async (file: IndexFile, ids: readonly number[]): Promise<Row[]> => {
  const rows = await askInChunks(
    file,
    ids,
    (count) => `SELECT id, ${COLUMNS}, NULL AS resume FROM transactions WHERE id IN (${values(count, '?')})`,
    (id) => [id],
  );
  const byId = new Map(rows.map((row) => [Number(row['id']), row]));
  return ids.map((id) => byId.get(id)).filter((row) => row !== undefined);
};

export const findClosed = async (file: IndexFile, pairs: Pairs): Promise<TransactionRecord[]> => {
  const rows = await askInChunks(
    file,
    distinctPairs(pairs),
    (count) =>
      `WITH asked (term, queue_id, host) AS (VALUES ${values(count, '(?,?,?)')}), ${SEGMENTS}
       SELECT found.id, found.queue_id, found.host FROM asked
       CROSS JOIN segments
       CROSS JOIN terms ON terms.segment = segments.segment AND terms.term = asked.term
       CROSS JOIN transactions AS found
       ON found.id = terms.id AND found.queue_id = asked.queue_id AND found.host = asked.host
       WHERE NOT EXISTS (SELECT 1 FROM open_transactions WHERE open_transactions.id = found.id)
       ORDER BY found.arrived_at_ms`,
    ({ queueId, host }) => [termOf('queue-id', queueId), queueId, host],
  );
  // The newest of each pair comes last.
  const newest = new Map(rows.map((row) => [JSON.stringify([row['queue_id'], row['host']]), Number(row['id'])]));
  return (await readTransactions(file, [...newest.values()])).map(toRecord);
};

export const listOpen = async (
  { read }: IndexFile,
  { arrivedBeforeMs, after, limit }: Parameters<TransactionIndex['listOpen']>[0],
): Promise<TransactionRecord[]> => {
  const sql = `SELECT ${COLUMNS}, found.resume FROM open_transactions AS found
    CROSS JOIN transactions ON transactions.id = found.id
    WHERE found.arrived_at_ms < ? ${after === null ? '' : 'AND (found.arrived_at_ms, found.key) > (?, ?)'}
    ORDER BY found.arrived_at_ms, found.key LIMIT ?`;
  const behind: InValue[] = after === null ? [] : [after.arrivedAtMs, Buffer.from(after.key, 'hex')];
  return (await read(sql, [arrivedBeforeMs, ...behind, limit])).map(toRecord);
};

export const countOpen = async ({ read }: IndexFile): Promise<number> => {
  const [row] = await read('SELECT count(*) AS count FROM open_transactions');
  return Number(row?.['count'] ?? 0);
};

const BY_MESSAGE_ID = `WITH ${SEGMENTS}, candidates (id, arrived_at_ms, key) AS (
    SELECT found.id, found.arrived_at_ms, found.key FROM segments
    CROSS JOIN terms ON terms.segment = segments.segment AND terms.term = ?
    CROSS JOIN transactions AS found ON found.id = terms.id AND found.message_id = ?
    LIMIT ${SAME_MESSAGE_ID_MAX}),
  oldest (id) AS (SELECT id FROM candidates ORDER BY arrived_at_ms, key LIMIT ?)
  SELECT ${COLUMNS} FROM oldest CROSS JOIN transactions ON transactions.id = oldest.id
  ORDER BY transactions.arrived_at_ms, transactions.key`;

/** Of each message-id at most `limit`, oldest arrival first. */
export const findByMessageIds = async (
  { read }: IndexFile,
  messageIds: readonly string[],
  limit: number,
): Promise<Transaction[]> => {
  const found: Transaction[] = [];
  // One by one, so that a message-id with many transactions takes nothing from the others.
  for (const [index, messageId] of [...new Set(messageIds)].entries()) {
    if (index % MESSAGE_IDS_A_TURN === 0) await nextTurn();
    const rows = await read(BY_MESSAGE_ID, [termOf('message-id', messageId), messageId, limit]);
    found.push(...rows.map(toTransaction));
  }
  return found;
};
