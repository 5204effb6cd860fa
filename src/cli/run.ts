/** `mailtrace run`: find messages and trace them; a table for people, JSON for programs. */
import type { OpenTracer } from '../app/tracer.js';
import { renderJson } from '../render/json.js';
import { renderTable } from '../render/table.js';
import { type Flags, parseArguments, traceFlags } from './arguments.js';
import { runHelp } from './help.js';
import { type Command, exitCode, isInteractive } from './io.js';
import { pickMessages } from './pick.js';
import { runRecords } from './run-records.js';
import { styleFor } from './terminal-style.js';
import { exitCodeOf, isFound, reportProblems, traceByArguments } from './trace-request.js';

export type RunDeps = Readonly<{ openTracer: OpenTracer }>;

const flags = {
  ...traceFlags,
  json: { type: 'boolean' },
  all: { type: 'boolean' },
  records: { type: 'string' },
} as const satisfies Flags;

/** With `--json` the report is printed whatever the exit code; as a table only when there is something to show. */
export const runCommand =
  ({ openTracer }: RunDeps): Command =>
  async (argv, io) => {
    const args = parseArguments(argv, flags);
    if (args.isSet('help')) {
      await io.stdout.write(runHelp);
      return exitCode.found;
    }
    if (args.text('records') !== undefined) return runRecords(args, io, openTracer);
    const { report } = await traceByArguments(args, io, openTracer);
    if (args.isSet('json')) {
      await io.stdout.write(renderJson(report));
      await reportProblems(report, io, { isShown: false });
      return exitCodeOf(report);
    }
    const shown = isInteractive(io) && !args.isSet('all') ? await pickMessages(report, io) : report;
    if (shown !== null && isFound(report)) {
      const { columns } = io.stdout;
      await io.stdout.write(renderTable(shown, { columns, style: styleFor(io.stdout, io.env) }));
    }
    await reportProblems(report, io, { isShown: isFound(report) && io.stdout.isTerminal && io.stderr.isTerminal });
    return exitCodeOf(report);
  };
