/** From the process to a command and back to an exit code. */
import { dispatch } from '../../cli/dispatch.js';
import { createLog } from '../../log.js';
import { readVersion } from '../../wire/version.js';
import { commands } from './commands.js';
import { createProcessIo } from './process-io.js';

const SECRET_VARIABLE = /PASSWORD|TOKEN|SECRET/;
const SECRET_FLAG = /^--[a-z]+-pass(?:=(.*))?$/s;

/** Values that must not appear in the log: from the environment and from the command line. */
const secretsOf = (argv: readonly string[], env: NodeJS.ProcessEnv): readonly string[] => [
  ...Object.entries(env).flatMap(([name, value]) => (SECRET_VARIABLE.test(name) && value !== undefined ? [value] : [])),
  ...argv.flatMap((word, index) => {
    const match = SECRET_FLAG.exec(word);
    return match === null ? [] : [match[1] ?? argv[index + 1] ?? ''];
  }),
];

/** First Ctrl-C or SIGTERM: stop in good order. Second: at once. */
const stopOnSignals = (): AbortSignal => {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  return controller.signal;
};

/** Runs the command line `argv` (without node and script) and ends the process with its exit code. */
export const runProgram = async (argv: readonly string[]): Promise<never> => {
  const log = createLog({ level: 'WARNING', secrets: secretsOf(argv, process.env) });
  const io = createProcessIo(stopOnSignals(), log);
  const code = await dispatch(commands, readVersion())(argv, io);
  // All output is written by now; a library's open handle must not keep the process.
  process.exit(code);
};
