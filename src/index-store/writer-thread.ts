/** A connection to SQLite that writes, in a thread of its own. */
import { Worker } from 'node:worker_threads';
import type { Config, InStatement, InValue } from '@libsql/client/sqlite3';

/** Columns by name; a BLOB is an `ArrayBuffer`. */
export type DatabaseRow = Readonly<Record<string, InValue>>;

export type DatabaseResult = Readonly<{ rows: readonly DatabaseRow[]; rowsAffected: number }>;

/** One transaction, as who writes sees it. Errors have SQLite's result code as `code`. */
export type Database = Readonly<{
  execute: (statement: InStatement) => Promise<DatabaseResult>;
  executeMultiple: (statements: string) => Promise<void>;
}>;

/** One transaction at a time. Everything rejects once the thread is gone. */
export type WriterThread = Database &
  Readonly<{
    begin: () => Promise<void>;
    commit: () => Promise<void>;
    /** After `commit` nothing; else the transaction is rolled back. */
    end: () => Promise<void>;
    /** Brings everything from the WAL to its place, if nobody is in the way. */
    truncateLog: () => Promise<void>;
    /** Ends the thread. */
    close: () => Promise<void>;
    /** By itself, or by `close`. */
    isEnded: () => boolean;
  }>;

type Reply =
  | Readonly<{ kind: 'done'; result: unknown }>
  | Readonly<{ kind: 'failed'; message: string; code: string | null }>;

type Line = Readonly<{ ask: (task: string, argument?: unknown) => Promise<unknown>; isEnded: () => boolean }>;

type Waiting = Readonly<{ resolve: (result: unknown) => void; reject: (error: Error) => void }>;

/** Replies come in the order of the requests. The thread keeps the process alive exactly while it works. */
const createLine = (thread: Worker): Line => {
  const waiting: Waiting[] = [];
  let end: Error | null = null;

  const next = (): Waiting | undefined => {
    const first = waiting.shift();
    if (waiting.length === 0) thread.unref();
    return first;
  };
  const giveUp = (error: Error): void => {
    end ??= error;
    for (const { reject } of waiting.splice(0)) reject(end);
  };
  thread.on('message', (reply: Reply) => {
    const asked = next();
    if (reply.kind === 'done') asked?.resolve(reply.result);
    else asked?.reject(Object.assign(new Error(reply.message), reply.code === null ? {} : { code: reply.code }));
  });
  thread.on('error', giveUp);
  thread.on('exit', () => giveUp(new Error('The thread that writes the index has ended.')));

  return {
    ask: (task, argument) =>
      new Promise((resolve, reject) => {
        if (end !== null) {
          reject(end);
          return;
        }
        waiting.push({ resolve, reject });
        thread.ref();
        thread.postMessage({ task, argument });
      }),
    isEnded: () => end !== null,
  };
};

/** @param settings statements that every connection runs first */
export const openWriterThread = async (config: Config, settings: string): Promise<WriterThread> => {
  const thread = new Worker(new URL('./writer-worker.js', import.meta.url), { execArgv: [], workerData: config });
  const { ask, isEnded } = createLine(thread);
  const close = async (): Promise<void> => {
    await ask('close').catch(() => {});
    await thread.terminate();
  };
  try {
    await ask('open', settings);
  } catch (error) {
    await close();
    throw error;
  }
  const silently = async (task: string, argument?: unknown): Promise<void> => {
    await ask(task, argument);
  };
  return {
    execute: async (statement) => (await ask('execute', statement)) as DatabaseResult,
    executeMultiple: (statements) => silently('executeMultiple', statements),
    begin: () => silently('begin'),
    commit: () => silently('commit'),
    end: () => silently('end'),
    truncateLog: () => silently('truncateLog'),
    close,
    isEnded,
  };
};
