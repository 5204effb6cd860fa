/** `mailtrace doctor`: what a trace relies on, checked; one line each, the remedy named. */
import type { OpenDoctor } from '../app/doctor.js';
import { faultyConfiguration } from '../app/general-checks.js';
import type { Check } from '../app/ports.js';
import { MailtraceError } from '../errors.js';
import type { Style } from '../render/style.js';
import { padEnd, printable } from '../render/text-width.js';
import { type Arguments, configPathOf, type Flags, hostFlags, parseArguments, refusePositionals } from './arguments.js';
import { doctorHelp } from './help.js';
import { type Command, exitCode, type Io } from './io.js';
import { readPasswords } from './passwords.js';
import { styleFor } from './terminal-style.js';

export type DoctorCommandDeps = Readonly<{ openDoctor: OpenDoctor }>;

const flags = { ...hostFlags, json: { type: 'boolean' } } as const satisfies Flags;

const SCHEMA = 'mailtrace.doctor/1';

const PAINT: Readonly<Record<Check['status'], keyof Style>> = {
  ok: 'good',
  warning: 'warn',
  failed: 'bad',
  unknown: 'faint',
};

const STATUS_WIDTH = 'warning'.length;
const NAME_WIDTH = 'configuration'.length;

/** One line; only the problems of a configuration take more. */
const renderCheck = ({ name, host, status, text, remedy }: Check, style: Style): string => {
  const subject = host === null ? '' : `${printable(host)}: `;
  const advice = remedy === null ? [] : remedy.split('\n').map(printable);
  const [first = '', ...more] = text.split('\n').map(printable);
  const head = `${style[PAINT[status]](padEnd(status, STATUS_WIDTH))}  ${padEnd(name, NAME_WIDTH)}  ${subject}${first}`;
  if (more.length === 0 && advice.length <= 1) return [head, ...advice].join(' → ');
  return [head, ...more, ...advice.map((line) => `  ${line}`)].join('\n');
};

const COUNTED = [
  ['ok', 'ok'],
  ['warning', 'to look at'],
  ['failed', 'failed'],
  ['unknown', 'not known'],
] as const;

const renderChecks = (checks: readonly Check[], style: Style): string => {
  const counts = COUNTED.map(([status, words]) => {
    const count = checks.filter((check) => check.status === status).length;
    return count === 0 ? null : `${count} ${words}`;
  });
  const summary = `${checks.length === 1 ? '1 check' : `${checks.length} checks`}: ${counts.filter((each) => each !== null).join(', ')}.`;
  return [...checks.map((check) => renderCheck(check, style)), summary].map((line) => `${line}\n`).join('');
};

const show = (checks: readonly Check[], args: Arguments, io: Io): Promise<void> =>
  io.stdout.write(
    args.isSet('json')
      ? `${JSON.stringify({ schema: SCHEMA, checks }, null, 2)}\n`
      : renderChecks(checks, styleFor(io.stdout, io.env)),
  );

const examine = async (args: Arguments, io: Io, openDoctor: OpenDoctor): Promise<readonly Check[]> => {
  const passwords = await readPasswords(args, io);
  const doctor = await openDoctor({ configPath: configPathOf(args, io.env), passwords, env: io.env });
  try {
    return await doctor.examine({ startHost: args.text('start-host') ?? null, nowMs: io.now(), signal: io.signal });
  } finally {
    await doctor.close();
  }
};

export const doctorCommand =
  ({ openDoctor }: DoctorCommandDeps): Command =>
  async (argv, io) => {
    const args = parseArguments(argv, flags);
    if (args.isSet('help')) {
      await io.stdout.write(doctorHelp);
      return exitCode.found;
    }
    refusePositionals(args, 'A host or cluster is given with -h: mailtrace doctor -h mx1.');
    try {
      const checks = await examine(args, io, openDoctor);
      await show(checks, args, io);
      return checks.some(({ status }) => status === 'failed') ? exitCode.notRead : exitCode.found;
    } catch (error) {
      if (!(error instanceof MailtraceError) || error.code !== 'config') throw error;
      await show([faultyConfiguration(error)], args, io);
      return exitCode.usage;
    }
  };
