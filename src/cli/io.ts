/** What a command may touch of the process: its streams, environment, clock and the wish to stop. Only `bin/` makes one. */
import type { Readable } from 'node:stream';
import type { Log } from '../app/ports.js';

export type Output = Readonly<{
  isTerminal: boolean;
  /** Width of the terminal in cells; null when there is none. */
  columns: number | null;
  /** Resolves when the data is handed to the system; also when the reader is gone (`| head`). */
  write(data: string | Uint8Array): Promise<void>;
}>;

export type Input = Readonly<{ isTerminal: boolean; stream: Readable }>;

export type Io = Readonly<{
  stdin: Input;
  /** The result and nothing else. */
  stdout: Output;
  /** Progress, prompts, warnings. */
  stderr: Output;
  env: Readonly<Record<string, string | undefined>>;
  /** Epoch milliseconds. */
  now: () => number;
  /** Aborted by Ctrl-C and SIGTERM. */
  signal: AbortSignal;
  log: Log;
}>;

/** @returns the exit code. */
export type Command = (args: readonly string[], io: Io) => Promise<number>;

/** CONTRACT §1. `bug` is ours (EX_SOFTWARE): a fault of this program, named by a reference. */
export const exitCode = { found: 0, nothingFound: 1, usage: 2, notRead: 3, bug: 70, interrupted: 130 } as const;

/** All three streams are a terminal: somebody is there to answer. */
export const isInteractive = ({ stdin, stdout, stderr }: Io): boolean =>
  stdin.isTerminal && stdout.isTerminal && stderr.isTerminal;
