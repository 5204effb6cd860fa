// @ts-check
// The connection that writes to the index, in a thread: SQLite works while it is called, and following, the alerts and the bot
// must go on meanwhile. Plain JavaScript, because a thread is started from a file that Node itself can read, in the source tree
// as in dist/. One request at a time, each with one reply.
import { parentPort, workerData } from 'node:worker_threads';
import { createClient } from '@libsql/client/sqlite3';

/** @import { Client, InStatement, Transaction } from '@libsql/client/sqlite3' */

/** @type {Client | null} */
let client = null;
/** @type {Transaction | null} */
let transaction = null;

const connected = () => {
  if (client === null) throw new Error('The index is not open.');
  return client;
};
const begun = () => {
  if (transaction === null) throw new Error('No transaction has begun.');
  return transaction;
};

const tasks = {
  /** @param {string} settings */
  open: async (settings) => {
    client = createClient(workerData);
    await client.executeMultiple(settings);
  },
  begin: async () => {
    transaction = await connected().transaction('write');
  },
  /** @param {InStatement} statement */
  execute: async (statement) => {
    const { rows, rowsAffected } = await begun().execute(statement);
    return { rows, rowsAffected };
  },
  /** @param {string} statements */
  executeMultiple: (statements) => begun().executeMultiple(statements),
  commit: () => begun().commit(),
  /** What was not committed is rolled back. */
  end: async () => transaction?.close(),
  /** The WAL may stay: whoever opens the file next reads it. Without it, a copy of the one file is whole. */
  truncateLog: async () => {
    await connected().execute('PRAGMA wal_checkpoint(TRUNCATE)');
  },
  close: async () => client?.close(),
};

/** @param {{ task: keyof typeof tasks, argument: any }} request */
const answer = async ({ task, argument }) => {
  try {
    return { kind: 'done', result: await tasks[task](argument) };
  } catch (error) {
    // An error loses its code on the way to another thread.
    const { message, code = null } = /** @type {Error & { code?: string }} */ (error);
    return { kind: 'failed', message, code };
  }
};

parentPort?.on('message', async (request) => parentPort?.postMessage(await answer(request)));
