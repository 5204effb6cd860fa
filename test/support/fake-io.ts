/** An `Io` that keeps what is written, with an input that a test types into. */
import { PassThrough } from 'node:stream';
import type { Io, Output } from '../../src/cli/io.ts';

export type FakeIo = Io &
  Readonly<{
    out: () => string;
    err: () => string;
    outBytes: () => Buffer;
    logged: () => readonly Readonly<Record<string, unknown>>[];
    type: (text: string) => void;
    /** Ctrl-D. */
    endInput: () => void;
    interrupt: () => void;
  }>;

type Facts = Readonly<{
  /** All three streams; default false. */
  terminal?: boolean;
  stdoutTerminal?: boolean;
  stderrTerminal?: boolean;
  columns?: number;
  env?: Io['env'];
  nowMs?: number;
}>;

export const fakeIo = (facts: Facts = {}): FakeIo => {
  const isTerminal = facts.terminal === true;
  const controller = new AbortController();
  const stream = new PassThrough();
  const logged: Readonly<Record<string, unknown>>[] = [];
  const collect = (isTty: boolean): Output & { bytes: () => Buffer } => {
    const chunks: Buffer[] = [];
    return {
      isTerminal: isTty,
      columns: isTty ? (facts.columns ?? 100) : null,
      write: async (data) => {
        chunks.push(Buffer.from(data));
      },
      bytes: () => Buffer.concat(chunks),
    };
  };
  const stdout = collect(facts.stdoutTerminal ?? isTerminal);
  const stderr = collect(facts.stderrTerminal ?? isTerminal);
  const note = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    logged.push({ ...fields, message });
  };
  return {
    stdin: { isTerminal, stream },
    stdout,
    stderr,
    env: facts.env ?? { NO_COLOR: '1' },
    now: () => facts.nowMs ?? Date.UTC(2026, 10, 20, 12),
    signal: controller.signal,
    log: { debug: note, info: note, warn: note, error: note },
    out: () => stdout.bytes().toString('utf8'),
    err: () => stderr.bytes().toString('utf8'),
    outBytes: stdout.bytes,
    logged: () => logged,
    type: (text) => void stream.write(text),
    endInput: () => void stream.end(),
    interrupt: () => controller.abort(),
  };
};
