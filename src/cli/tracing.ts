/** `mailtrace tracing`: follows the logs until it is told to stop. */
import type { OpenOptions } from '../app/tracer.js';
import { MailtraceError } from '../errors.js';
import { commonFlags, configFlags, configPathOf, type Flags, parseArguments, refusePositionals } from './arguments.js';
import { tracingHelp } from './help.js';
import { type Command, exitCode, type Io } from './io.js';
import { readPasswords } from './passwords.js';
import { optionsOf, type ServiceOptions } from './service.js';

/** Null: not given; the environment, the configuration or the default decides. */
export type TracingOptions = ServiceOptions &
  Readonly<{
    configPath: string;
    passwords: OpenOptions['passwords'];
    /** http(s) address of the OTLP/gRPC receiver. */
    otelEndpoint: string | null;
    intervalMs: number | null;
    /** Tells the person who started it what may be a mistake; one line, on stderr. */
    warn: (line: string) => Promise<void>;
  }>;

/**
 * Resolves when the following has ended after `signal`.
 * @throws MailtraceError when it cannot start.
 */
export type StartTracing = (options: TracingOptions) => Promise<void>;

const flags = {
  ...commonFlags,
  ...configFlags,
  'login-pass': { type: 'string' },
  'sudo-pass': { type: 'string' },
  'opensearch-pass': { type: 'string' },
  'ask-login-pass': { type: 'boolean' },
  'ask-sudo-pass': { type: 'boolean' },
  'ask-opensearch-pass': { type: 'boolean' },
  'otel-endpoint': { type: 'string' },
  interval: { type: 'string' },
} as const satisfies Flags;

const INTERVAL_MAX_S = 86_400;

const endpointOf = (text: string | undefined): string | null => {
  if (text === undefined) return null;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new MailtraceError(
    'usage',
    `--otel-endpoint "${text}" is no address.`,
    'Write it with its scheme and port, e.g. http://localhost:4317, or https://… for TLS.',
  );
};

const intervalOf = (text: string | undefined): number | null => {
  if (text === undefined) return null;
  const seconds = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(text) && seconds > 0 && seconds <= INTERVAL_MAX_S) return seconds * 1000;
  throw new MailtraceError(
    'usage',
    `--interval "${text}" is no number of seconds.`,
    `Use seconds between polls, more than 0 and at most ${INTERVAL_MAX_S}.`,
  );
};

export const tracingCommand =
  (start: StartTracing): Command =>
  async (argv, io: Io) => {
    const args = parseArguments(argv, flags);
    if (args.isSet('help')) {
      await io.stdout.write(tracingHelp);
      return exitCode.found;
    }
    refusePositionals(args, 'mailtrace tracing takes only flags; --help lists them.');
    const otelEndpoint = endpointOf(args.text('otel-endpoint'));
    const intervalMs = intervalOf(args.text('interval'));
    await start({
      ...optionsOf(io),
      configPath: configPathOf(args, io.env),
      passwords: await readPasswords(args, io),
      otelEndpoint,
      intervalMs,
      warn: (line) => io.stderr.write(`mailtrace: ${line}\n`),
    });
    return exitCode.found;
  };
