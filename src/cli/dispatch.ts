/** The first word of the command line chooses the command; what it throws becomes a message and an exit code. */
import { randomUUID } from 'node:crypto';
import { MailtraceError, type MailtraceErrorCode } from '../errors.js';
import { findNearest } from '../query/nearest.js';
import { printable } from '../render/text-width.js';
import { type Command, exitCode, type Io } from './io.js';

export type CommandEntry = Readonly<{
  /** One line for the overview. */
  summary: string;
  /** Loads the command, and with it what only it needs. */
  load: () => Promise<Command>;
}>;

export type Commands = Readonly<Record<string, CommandEntry>>;

const overview = (commands: Commands): string => {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: mailtrace COMMAND [flags]\n\n${lines.join('\n')}\n\nmailtrace COMMAND --help tells more; mailtrace --version tells the version.\n`;
};

const codeFor = (code: MailtraceErrorCode): number => {
  switch (code) {
    case 'usage':
    case 'config':
    case 'time-phrase':
    case 'keyword':
    case 'limit':
    case 'render':
    case 'slack':
      return exitCode.usage;
    case 'source':
      return exitCode.notRead;
    case 'interrupted':
      return exitCode.interrupted;
  }
};

/** Keeps the line breaks of our own messages (all problems of a configuration are listed), and nothing else of log text. */
const safeLines = (text: string, indent: string): string => text.split('\n').map(printable).join(`\n${indent}`);

const reportError = async (error: unknown, io: Io): Promise<number> => {
  if (io.signal.aborted) {
    await io.stderr.write('mailtrace: interrupted.\n');
    return exitCode.interrupted;
  }
  if (error instanceof MailtraceError) {
    const hint = error.hint === '' ? '' : `  ${safeLines(error.hint, '  ')}\n`;
    await io.stderr.write(`mailtrace: ${safeLines(error.message, '  ')}\n${hint}`);
    return codeFor(error.code);
  }
  const reference = randomUUID().slice(0, 8);
  io.log.error({ err: error, reference }, 'internal error');
  await io.stderr.write(`mailtrace: internal error, reference ${reference}. The log on stderr has the details.\n`);
  return exitCode.bug;
};

const unknownCommand = (word: string, commands: Commands): MailtraceError => {
  const names = Object.keys(commands);
  if (word.startsWith('-')) {
    return new MailtraceError('usage', `A command is missing before ${word}.`, `Use one of: ${names.join(', ')}.`);
  }
  const nearest = findNearest(word, names);
  const hint = nearest === null ? `Use one of: ${names.join(', ')}.` : `Did you mean ${nearest}?`;
  return new MailtraceError('usage', `Unknown command "${word}".`, hint);
};

/** The whole program. Never throws. */
export const dispatch =
  (commands: Commands, version: string): Command =>
  async (argv, io) => {
    const [word, ...rest] = argv;
    try {
      if (word === undefined) {
        await io.stderr.write(overview(commands));
        return exitCode.usage;
      }
      if (word === '--help' || word === 'help') {
        await io.stdout.write(overview(commands));
        return exitCode.found;
      }
      if (word === '--version') {
        await io.stdout.write(`${version}\n`);
        return exitCode.found;
      }
      const entry = Object.hasOwn(commands, word) ? commands[word] : undefined;
      if (entry === undefined) throw unknownCommand(word, commands);
      const command = await entry.load();
      return await command(rest, io);
    } catch (error) {
      return reportError(error, io);
    }
  };
