/** What `run` and `graph` share: flags → query → report, with progress, and what its exit code is. */

import type { OpenTracer, TraceProgress, Tracer } from '../app/tracer.js';
import type { SourceReport, TraceReport } from '../domain/chain.js';
import { MailtraceError } from '../errors.js';
import { parseDuration } from '../query/duration.js';
import { parseTimePhrase } from '../query/time-phrase.js';
import { parseKeyword, type TraceQuery } from '../query/trace-query.js';
import { startText } from '../render/diagnosis-text.js';
import { sourceFaultTexts } from '../render/source-lines.js';
import { searchText } from '../render/table.js';
import { printable } from '../render/text-width.js';
import { type Arguments, configPathOf, refusePositionals } from './arguments.js';
import { exitCode, type Io } from './io.js';
import { readPasswords } from './passwords.js';

/** Hosts named when nothing was found; more are counted. */
const HOSTS_MAX = 20;
const CLEAR_LINE = '\r\u001b[K';

const queryOf = (args: Arguments, tracer: Tracer, nowMs: number): TraceQuery => {
  const range = args.text('time-range');
  const { timeZone } = tracer;
  return {
    keywords: args.texts('keyword').map(parseKeyword),
    startHost: args.text('start-host') ?? null,
    window: parseTimePhrase(args.text('time') ?? '', {
      nowMs,
      timeZone,
      ...(range === undefined ? {} : { rangeMs: parseDuration(range) }),
    }),
    timeZone,
    onlyWindow: args.isSet('only-window'),
    // Who can read the logs from a shell may see all of them.
    scope: { kind: 'all' },
  };
};

const checkArguments = (args: Arguments): void => {
  refusePositionals(args, 'Keywords are given with -k: mailtrace run -k user@example.com --time "yesterday 10am".');
  if (args.texts('keyword').length === 0) {
    throw new MailtraceError(
      'usage',
      'No keyword is given.',
      'Say what to look for with -k: an address, a domain, an IP address, a message-id or a queue ID.',
    );
  }
  // Wrong keywords are told before a configuration is read or a password asked for.
  args.texts('keyword').forEach(parseKeyword);
};

/** A line on a terminal that the next one overwrites; undefined where nobody looks. */
const statusLineTo = ({ stderr }: Io): ((text: string) => void) | undefined =>
  stderr.isTerminal ? (text) => void stderr.write(`${CLEAR_LINE}${text}`) : undefined;

const progressText = ({ round, hostsAnswered, hostsAsked, transactions }: TraceProgress): string =>
  `Reading, round ${round}: ${hostsAnswered} of ${hostsAsked} hosts, ${transactions} transactions so far`;

export type Traced = Readonly<{ report: TraceReport; clusters: Tracer['clusters'] }>;

/** `onStatus` shows a line while it works; undefined where nobody looks. */
export type Work<Result> = (tracer: Tracer, query: TraceQuery, onStatus?: (text: string) => void) => Promise<Result>;

/**
 * Opens the configuration for the work, and closes it after it.
 * @throws MailtraceError as its parts do.
 */
export const withTracer = async <Result>(
  args: Arguments,
  io: Io,
  openTracer: OpenTracer,
  work: Work<Result>,
): Promise<Result> => {
  const passwords = await readPasswords(args, io);
  const startHost = args.text('start-host') ?? null;
  const tracer = await openTracer({ configPath: configPathOf(args, io.env), passwords, env: io.env, startHost });
  const onStatus = statusLineTo(io);
  try {
    return await work(tracer, queryOf(args, tracer, io.now()), onStatus);
  } finally {
    if (onStatus !== undefined) await io.stderr.write(CLEAR_LINE);
    await tracer.close();
  }
};

/**
 * Opens the configuration, traces, closes it.
 * @throws MailtraceError as its parts do.
 */
export const traceByArguments = async (args: Arguments, io: Io, openTracer: OpenTracer): Promise<Traced> => {
  checkArguments(args);
  return withTracer(args, io, openTracer, async (tracer, query, onStatus) => {
    const onProgress = onStatus && ((progress: TraceProgress) => onStatus(progressText(progress)));
    const report = await tracer.traceMessage(query, { signal: io.signal, ...(onProgress ? { onProgress } : {}) });
    return { report, clusters: tracer.clusters };
  });
};

export const isFound = ({ chains, rejects }: TraceReport): boolean => chains.length > 0 || rejects.length > 0;

/** CONTRACT §1: 3 when something could not be read, whether or not anything was found. */
export const exitCodeOf = (report: TraceReport): number => {
  if (report.sources.some(({ status }) => status !== 'ok')) return exitCode.notRead;
  return isFound(report) ? exitCode.found : exitCode.nothingFound;
};

/** What was searched in vain: hosts that answered, or the start host by its name. */
const nothingFoundLines = (report: TraceReport): readonly string[] => {
  const asked = report.sources.filter(({ rounds }) => rounds > 0);
  const isRead = ({ status }: SourceReport): boolean => status === 'ok' || status === 'incomplete';
  if (asked.length > 0 && !asked.some(isRead))
    return [`mailtrace: no log could be read, so nothing was searched for ${searchText(report)}.`];
  const { startHost } = report.query;
  const hosts = startHost === null ? report.sources.filter(isRead).map(({ host }) => host) : [startHost];
  const more = hosts.length > HOSTS_MAX ? ` and ${hosts.length - HOSTS_MAX} more` : '';
  const place = hosts.length === 0 ? 'no host' : `${hosts.slice(0, HOSTS_MAX).join(', ')}${more}`;
  const start = startText(report);
  const late = report.findings.find(({ code }) => code === 'not-yet-logged');
  return [
    `mailtrace: nothing found. Searched ${searchText(report)}, on ${place}.`,
    '  Check the spelling, widen the window with --time-range, or try another keyword of the same message.',
    ...(start === null ? [] : [`  ${printable(start)}`]),
    ...(late === undefined ? [] : [`  ${late.text}`]),
  ];
};

/** Says on stderr what was not found and what was not read. `isShown`: stdout has told the latter to the same person. */
export const reportProblems = async (
  report: TraceReport,
  io: Io,
  { isShown }: Readonly<{ isShown: boolean }>,
): Promise<void> => {
  const faults = isShown ? [] : sourceFaultTexts(report.sources).map((text) => `mailtrace: not read: ${text}`);
  const lines = [...(isFound(report) ? [] : nothingFoundLines(report)), ...faults];
  if (lines.length > 0) await io.stderr.write(`${lines.join('\n')}\n`);
};
