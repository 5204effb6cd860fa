/** Commands that run until they are told to stop: `mailtrace slack`, `mailtrace playground`. */
import type { Log } from '../app/ports.js';
import { MailtraceError } from '../errors.js';
import {
  type Arguments,
  commonFlags,
  configFlags,
  configPathOf,
  type Flags,
  parseArguments,
  refusePositionals,
} from './arguments.js';
import { playgroundHelp, slackHelp } from './help.js';
import { type Command, exitCode, type Io } from './io.js';

export type ServiceOptions = Readonly<{
  env: Io['env'];
  /** Aborted when it shall stop. */
  signal: AbortSignal;
  log: Log;
  /** Tells the person who started it, e.g. the address of a page; one line, on stdout. */
  print: (line: string) => Promise<void>;
}>;

/**
 * Resolves when the service has stopped.
 * @throws MailtraceError when it cannot start.
 */
export type StartSlack = (options: ServiceOptions & Readonly<{ configPath: string }>) => Promise<void>;
/** `port` null: any free one. */
export type StartPlayground = (options: ServiceOptions & Readonly<{ port: number | null }>) => Promise<void>;

const slackFlags = { ...commonFlags, ...configFlags } as const satisfies Flags;
const playgroundFlags = { ...commonFlags, port: { type: 'string' } } as const satisfies Flags;

/** What a service needs of the program. */
export const optionsOf = ({ env, signal, log, stdout }: Io): ServiceOptions => ({
  env,
  signal,
  log,
  print: (line) => stdout.write(`${line}\n`),
});

export const slackCommand =
  (start: StartSlack): Command =>
  async (argv, io) => {
    const args = parseArguments(argv, slackFlags);
    if (args.isSet('help')) {
      await io.stdout.write(slackHelp);
      return exitCode.found;
    }
    refusePositionals(args, 'mailtrace slack takes only -c FILE.');
    await start({ ...optionsOf(io), configPath: configPathOf(args, io.env) });
    return exitCode.found;
  };

const portOf = (args: Arguments, env: Io['env']): number | null => {
  const text = args.text('port') ?? (env['PORT'] || null);
  if (text === null) return null;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new MailtraceError('usage', `"${text}" is no port.`, 'Use a number from 0 to 65535; 0 is any free port.');
  }
  return Number(text) === 0 ? null : Number(text);
};

export const playgroundCommand =
  (start: StartPlayground): Command =>
  async (argv, io) => {
    const args = parseArguments(argv, playgroundFlags);
    if (args.isSet('help')) {
      await io.stdout.write(playgroundHelp);
      return exitCode.found;
    }
    refusePositionals(args, 'mailtrace playground takes only --port N.');
    await start({ ...optionsOf(io), port: portOf(args, io.env) });
    return exitCode.found;
  };
