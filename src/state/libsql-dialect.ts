/** Kysely over one connection of libSQL to a local file. Another database joins by a dialect of its own, with the same queries. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Client, InArgs, ResultSet, Transaction } from '@libsql/client/sqlite3';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';

/** libSQL works inside the call. A long series of statements gives way to everything else this often. */
const TURN_MS = 20;

/** SQLite rolls back CREATE TABLE like any other change; Kysely's own adapter says it does not. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** One after the other, in the order of the calls. */
const createMutex = (): (() => Promise<() => void>) => {
  let last = Promise.resolve();
  return async () => {
    const before = last;
    let unlock = (): void => {};
    last = new Promise((resolve) => {
      unlock = resolve;
    });
    await before;
    return unlock;
  };
};

const toQueryResult = <Row>({ columns, rows, rowsAffected }: ResultSet): QueryResult<Row> =>
  columns.length > 0 ? { rows: rows as Row[] } : { rows: [], numAffectedRows: BigInt(rowsAffected) };

/** The one connection: within a transaction its statements go to it, else each stands for itself. */
class LibsqlConnection implements DatabaseConnection {
  readonly #client: Client;
  #transaction: Transaction | null = null;
  #turnBeganMs = performance.now();

  constructor(client: Client) {
    this.#client = client;
  }

  async begin(): Promise<void> {
    this.#transaction = await this.#client.transaction('write');
  }

  async commit(): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = null;
    await transaction?.commit();
  }

  async rollback(): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = null;
    await transaction?.rollback();
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    if (performance.now() - this.#turnBeganMs > TURN_MS) {
      await nextTurn();
      this.#turnBeganMs = performance.now();
    }
    const statement = { sql, args: parameters as InArgs };
    return toQueryResult<Row>(await (this.#transaction ?? this.#client).execute(statement));
  }

  /** In one piece: libSQL has read every row when it answers. */
  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    yield await this.executeQuery<Row>(query);
  }
}

const createDriver = (client: Client, beforeClose: string): Driver => {
  const lock = createMutex();
  const connection = new LibsqlConnection(client);
  let unlock = (): void => {};
  return {
    init: async () => {},
    acquireConnection: async () => {
      unlock = await lock();
      return connection;
    },
    beginTransaction: () => connection.begin(),
    commitTransaction: () => connection.commit(),
    rollbackTransaction: () => connection.rollback(),
    releaseConnection: async () => unlock(),
    destroy: async () => {
      const unlockLast = await lock();
      try {
        await client.executeMultiple(beforeClose);
      } catch {
        // Everything committed is in the file or its WAL, and the next start reads both.
      } finally {
        client.close();
        unlockLast();
      }
    },
  };
};

/**
 * @param client with `concurrency: 1`; it is closed with the Kysely instance
 * @param beforeClose statements to run then
 */
export const libsqlDialect = (client: Client, beforeClose: string): Dialect => ({
  createAdapter: () => new TransactionalAdapter(),
  createDriver: () => createDriver(client, beforeClose),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
});
