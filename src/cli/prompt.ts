/** Questions to a person at the terminal; asked on stderr, since stdout is for the result. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { MailtraceError } from '../errors.js';
import type { Io } from './io.js';

/**
 * One conversation; one question at a time. Answers resolve to null at the end of input (Ctrl-D) and are rejected with
 * MailtraceError `interrupted` on Ctrl-C. Close it, or the input stays open.
 */
export type Prompt = Readonly<{
  ask(question: string): Promise<string | null>;
  /** What is typed is not shown. */
  askSecret(question: string): Promise<string | null>;
  close(): void;
}>;

type Waiting = Readonly<{ resolve: (line: string | null) => void; reject: (error: MailtraceError) => void }>;

const interrupted = (): MailtraceError =>
  new MailtraceError('interrupted', 'Interrupted.', 'Start the command again when you like.');

/** Lines in the order they are typed, also those typed ahead or pasted several at once. */
const createAnswers = () => {
  const typed: string[] = [];
  let waiting: Waiting | null = null;
  let end: 'ended' | 'interrupted' | null = null;
  return {
    add: (line: string): void => {
      if (waiting === null) typed.push(line);
      else waiting.resolve(line);
      waiting = null;
    },
    finish: (how: 'ended' | 'interrupted'): void => {
      end ??= how;
      if (end === 'interrupted') waiting?.reject(interrupted());
      else waiting?.resolve(null);
      waiting = null;
    },
    isOpen: (): boolean => end === null,
    next: (): Promise<string | null> =>
      new Promise((resolve, reject) => {
        const line = typed.shift();
        if (line !== undefined) resolve(line);
        else if (end === 'interrupted') reject(interrupted());
        else if (end === 'ended') resolve(null);
        else waiting = { resolve, reject };
      }),
  };
};

export const openPrompt = (io: Io): Prompt => {
  const answers = createAnswers();
  let isSecret = false;
  const output = new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      if (!isSecret) void io.stderr.write(chunk);
      done();
    },
  });
  const { stream: input, isTerminal: terminal } = io.stdin;
  const lines = createInterface({ input, output, terminal, historySize: 0 });
  const stop = (): void => answers.finish('interrupted');
  lines.on('line', answers.add);
  lines.on('close', () => answers.finish('ended'));
  // In raw mode the terminal sends no SIGINT: readline sees the key itself.
  lines.on('SIGINT', stop);
  io.signal.addEventListener('abort', stop);
  if (io.signal.aborted) stop();
  return {
    ask: (question) => {
      lines.setPrompt(question);
      if (answers.isOpen()) lines.prompt();
      return answers.next();
    },
    askSecret: async (question) => {
      isSecret = true;
      await io.stderr.write(question);
      try {
        return await answers.next();
      } finally {
        isSecret = false;
        await io.stderr.write('\n');
      }
    },
    close: () => {
      io.signal.removeEventListener('abort', stop);
      lines.close();
    },
  };
};
