/** DOT → SVG by Graphviz (WebAssembly) in a thread of its own, one drawing at a time. */
import { Worker } from 'node:worker_threads';
import { MailtraceError } from '../errors.js';

export type Graphviz = Readonly<{
  /** @throws MailtraceError `render` when the graph is too large, is not valid DOT, or takes too long. */
  draw(dot: string): Promise<string>;
  close(): Promise<void>;
}>;

/** 60 machines and 200 lines make about 100 kB. */
const DOT_MAX_BYTES = 512 * 1024;
/** The densest graph that `render/dot.ts` makes needs 2.5 s of processor time, a picture 0.2 s. */
const LAYOUT_MAX_MS = 30_000;

const HINT = 'Trace fewer messages at once, or take the graph as DOT (--format dot).';

/** Starts no thread before the first drawing. The thread does not keep the process alive. */
export const openGraphviz = ({ layoutMaxMs = LAYOUT_MAX_MS } = {}): Graphviz => {
  let thread: Worker | null = null;
  let queue: Promise<unknown> = Promise.resolve();

  const stop = async (): Promise<void> => {
    const stopped = thread;
    thread = null;
    await stopped?.terminate();
  };

  const drawNext = async (dot: string): Promise<string> => {
    thread ??= startThread();
    const answer = await askThread(thread, dot, layoutMaxMs);
    if (answer.kind === 'svg') return answer.svg;
    if (answer.kind === 'dead') await stop();
    throw new MailtraceError('render', `The graph could not be drawn: ${answer.reason}.`, HINT);
  };

  return {
    draw: (dot) => {
      const bytes = Buffer.byteLength(dot);
      if (bytes > DOT_MAX_BYTES) {
        const message = `The graph is too large to draw (${bytes} bytes of DOT, at most ${DOT_MAX_BYTES}).`;
        return Promise.reject(new MailtraceError('render', message, HINT));
      }
      const drawing = queue.then(() => drawNext(dot));
      queue = drawing.catch(() => undefined);
      return drawing;
    },
    close: stop,
  };
};

const startThread = (): Worker => {
  const thread = new Worker(new URL('./graphviz-worker.js', import.meta.url), { execArgv: [] });
  thread.unref();
  return thread;
};

type Answer =
  | Readonly<{ kind: 'svg'; svg: string }>
  | Readonly<{ kind: 'refused'; reason: string }>
  /** The thread cannot be used again. */
  | Readonly<{ kind: 'dead'; reason: string }>;

/** The thread keeps the process alive exactly while it draws. */
const askThread = (thread: Worker, dot: string, maxMs: number): Promise<Answer> =>
  new Promise((resolve) => {
    const settle = (answer: Answer): void => {
      clearTimeout(timer);
      thread.off('message', onMessage).off('error', onError).off('exit', onExit).unref();
      resolve(answer);
    };
    const onMessage = (answer: { svg: string } | { error: string }): void =>
      settle('svg' in answer ? { kind: 'svg', svg: answer.svg } : { kind: 'refused', reason: answer.error });
    const onError = (error: Error): void => settle({ kind: 'dead', reason: error.message });
    const onExit = (): void => settle({ kind: 'dead', reason: 'Graphviz was stopped' });
    const tooLong = `its layout takes more than ${maxMs / 1000} s`;
    const timer = setTimeout(() => settle({ kind: 'dead', reason: tooLong }), maxMs);
    thread.on('message', onMessage).on('error', onError).on('exit', onExit).ref();
    thread.postMessage(dot);
  });
