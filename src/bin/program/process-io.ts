/** The process as the commands see it. The only place that reads `process`. */
import type { Log } from '../../app/ports.js';
import type { Io, Output } from '../../cli/io.js';

/** A terminal that does not tell its width. */
const DEFAULT_COLUMNS = 80;

/** The reader of a pipe may go before the end (`| head`): that is its right and no fault. */
const isClosedPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED');

const outputTo = (stream: NodeJS.WriteStream): Output => {
  stream.on('error', (error) => {
    if (!isClosedPipe(error)) throw error;
  });
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.isTTY === true ? stream.columns || DEFAULT_COLUMNS : null;
    },
    write: (data) =>
      new Promise((resolve, reject) => {
        stream.write(data, (error) => (error == null || isClosedPipe(error) ? resolve() : reject(error)));
      }),
  };
};

export const createProcessIo = (signal: AbortSignal, log: Log): Io => ({
  stdin: {
    isTerminal: process.stdin.isTTY === true,
    get stream() {
      return process.stdin;
    },
  },
  stdout: outputTo(process.stdout),
  stderr: outputTo(process.stderr),
  env: process.env,
  now: () => Date.now(),
  signal,
  log,
});
