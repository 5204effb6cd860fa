/** `mailtrace explain CODE [TEXT]`: a status code in words. */
import { explainCode } from '../domain/status-code.js';
import { MailtraceError } from '../errors.js';
import { renderExplanation } from '../render/explanation.js';
import { commonFlags, type Flags, parseArguments } from './arguments.js';
import { explainHelp } from './help.js';
import { type Command, exitCode } from './io.js';
import { styleFor } from './terminal-style.js';

const flags = { ...commonFlags, json: { type: 'boolean' } } as const satisfies Flags;

const EXAMPLES =
  'Examples: mailtrace explain 550, mailtrace explain 5.1.1, mailtrace explain "454 4.7.1 Relay access denied".';

/** Lines of prose in a file or pipe. */
const PROSE_COLUMNS = 100;

export const explainCommand: Command = async (argv, io) => {
  const args = parseArguments(argv, flags);
  if (args.isSet('help')) {
    await io.stdout.write(explainHelp);
    return exitCode.found;
  }
  const code = args.positionals.join(' ').trim();
  if (code === '') throw new MailtraceError('usage', 'No code is given.', EXAMPLES);
  const explanation = explainCode(code);
  if (explanation === null) throw new MailtraceError('usage', `"${code}" does not begin with a status code.`, EXAMPLES);
  const columns = Math.min(io.stdout.columns ?? PROSE_COLUMNS, PROSE_COLUMNS);
  const text = args.isSet('json')
    ? `${JSON.stringify(explanation, null, 2)}\n`
    : renderExplanation(explanation, { columns, style: styleFor(io.stdout, io.env) });
  await io.stdout.write(text);
  return exitCode.found;
};
