/** `mailtrace graph`: the same trace as a picture. */
import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { GraphImager } from '../app/ports.js';
import type { OpenTracer } from '../app/tracer.js';
import { MailtraceError } from '../errors.js';
import { renderDot } from '../render/dot.js';
import { renderJson } from '../render/json.js';
import { type Arguments, type Flags, parseArguments, traceFlags } from './arguments.js';
import { graphHelp } from './help.js';
import { type Command, exitCode, type Io } from './io.js';
import { exitCodeOf, isFound, reportProblems, type Traced, traceByArguments } from './trace-request.js';

export type GraphDeps = Readonly<{ openTracer: OpenTracer; imager: GraphImager }>;

const flags = {
  ...traceFlags,
  output: { type: 'string', short: 'o' },
  format: { type: 'string' },
  // Accepted so that a `run` command line works with `graph` too: a graph always has all messages.
  all: { type: 'boolean' },
} as const satisfies Flags;

const FORMATS = ['dot', 'svg', 'png', 'json'] as const;
type Format = (typeof FORMATS)[number];

/** `path` null = stdout. */
type Target = Readonly<{ path: string | null; format: Format }>;

const formatFrom = (text: string): Format | null => FORMATS.find((format) => format === text.toLowerCase()) ?? null;

/** `--format`, else the suffix of the file, else DOT. */
const targetOf = (args: Arguments, { stdout }: Io): Target => {
  const output = args.text('output') ?? '-';
  const path = output === '-' ? null : output;
  const forced = args.text('format');
  const suffix = path === null ? 'dot' : extname(path).slice(1);
  const format = formatFrom(forced ?? suffix);
  const names = FORMATS.join(', ');
  if (format === null && forced !== undefined) {
    throw new MailtraceError('usage', `Unknown format "${forced}".`, `Use one of: ${names}.`);
  }
  if (format === null || path === '') {
    throw new MailtraceError(
      'usage',
      `The suffix of "${output}" names no format.`,
      `End the file name in ${FORMATS.map((name) => `.${name}`).join(', ')}, or add --format.`,
    );
  }
  if (format === 'png' && path === null && stdout.isTerminal) {
    throw new MailtraceError('usage', 'A PNG cannot be shown in a terminal.', 'Write it to a file: -o trace.png.');
  }
  return { path, format };
};

const drawn = async (
  { report, clusters }: Traced,
  format: Format,
  imager: GraphImager,
): Promise<string | Uint8Array> => {
  switch (format) {
    case 'dot':
      return renderDot(report, { clusters });
    case 'json':
      return renderJson(report);
    case 'svg':
      return imager.toSvg(renderDot(report, { clusters, isPicture: true }));
    case 'png':
      return imager.toPng(renderDot(report, { clusters, isPicture: true }));
  }
};

const writeTo = async (path: string, data: string | Uint8Array): Promise<void> => {
  try {
    await writeFile(path, data);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new MailtraceError(
      'usage',
      `Cannot write ${path}: ${error.message}`,
      'Name a file in a folder you may write to.',
      {
        cause: error,
      },
    );
  }
};

/** Without `-o` stdout holds the DOT text and nothing else. Nothing is drawn when nothing was found; JSON is always written. */
export const graphCommand =
  ({ openTracer, imager }: GraphDeps): Command =>
  async (argv, io) => {
    const args = parseArguments(argv, flags);
    if (args.isSet('help')) {
      await io.stdout.write(graphHelp);
      return exitCode.found;
    }
    const { path, format } = targetOf(args, io);
    const { report, clusters } = await traceByArguments(args, io, openTracer);
    if (isFound(report) || format === 'json') {
      const data = await drawn({ report, clusters }, format, imager);
      await (path === null ? io.stdout.write(data) : writeTo(path, data));
      if (path !== null && io.stderr.isTerminal) await io.stderr.write(`Written: ${path}\n`);
    }
    await reportProblems(report, io, { isShown: false });
    return exitCodeOf(report);
  };
