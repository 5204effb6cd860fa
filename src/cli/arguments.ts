/** Command lines → values. Wrong ones are refused with what was probably meant (CONTRACT §1). */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { MailtraceError } from '../errors.js';
import { findNearest } from '../query/nearest.js';

export type Flags = NonNullable<ParseArgsConfig['options']>;

export type Arguments = Readonly<{
  /** The value of a flag; undefined when it was not given. */
  text: (flag: string) => string | undefined;
  texts: (flag: string) => readonly string[];
  isSet: (flag: string) => boolean;
  positionals: readonly string[];
}>;

/** Flags every command has. */
export const commonFlags = { help: { type: 'boolean' } } as const satisfies Flags;

export const configFlags = { 'config-path': { type: 'string', short: 'c' } } as const satisfies Flags;

/** Flags of every command that asks hosts. */
export const hostFlags = {
  ...commonFlags,
  ...configFlags,
  'start-host': { type: 'string', short: 'h' },
  'login-pass': { type: 'string' },
  'sudo-pass': { type: 'string' },
  'opensearch-pass': { type: 'string' },
  'ask-login-pass': { type: 'boolean' },
  'ask-sudo-pass': { type: 'boolean' },
  'ask-opensearch-pass': { type: 'boolean' },
} as const satisfies Flags;

/** Flags of `run` and `graph`, as in the Python tool. */
export const traceFlags = {
  ...hostFlags,
  keyword: { type: 'string', short: 'k', multiple: true },
  time: { type: 'string' },
  'time-range': { type: 'string' },
  'only-window': { type: 'boolean' },
} as const satisfies Flags;

const DEFAULT_CONFIG = 'config.yaml';

const usage = (message: string, hint: string): MailtraceError => new MailtraceError('usage', message, hint);

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];

const namesOf = (flags: Flags): readonly string[] =>
  Object.entries(flags).flatMap(([name, { short }]) =>
    short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`],
  );

const unknownFlag = (typed: string, flags: Flags): MailtraceError => {
  const long = findNearest(
    typed,
    namesOf(flags).filter((name) => name.startsWith('--')),
  );
  return usage(
    `Unknown flag ${typed}.`,
    long === null ? 'mailtrace COMMAND --help lists the flags.' : `Did you mean ${long}?`,
  );
};

const checkOption = (token: Extract<Token, { kind: 'option' }>, flags: Flags): void => {
  const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
  if (flag === undefined) throw unknownFlag(token.rawName, flags);
  if (flag.type === 'boolean' && token.value !== undefined) {
    throw usage(`${token.rawName} takes no value.`, `Write ${token.rawName} alone.`);
  }
  if (flag.type === 'string' && token.value === undefined) {
    throw usage(`${token.rawName} needs a value.`, `Write it after a blank: ${token.rawName} VALUE.`);
  }
  // A value given after a blank that looks like a flag is one: the value was forgotten.
  if (flag.type === 'string' && token.inlineValue === false && /^-./.test(token.value ?? '')) {
    throw usage(
      `${token.rawName} needs a value, but ${token.value} follows.`,
      `For a value that begins with "-" write --${token.name}=${token.value}.`,
    );
  }
};

const checkOnce = (tokens: readonly Token[], flags: Flags): void => {
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option' || flags[token.name]?.multiple === true || flags[token.name]?.type === 'boolean')
      continue;
    if (seen.has(token.name)) throw usage(`${token.rawName} is given twice.`, 'Give it once.');
    seen.add(token.name);
  }
};

/**
 * Reads a command line against `flags`.
 * @throws MailtraceError `usage` for an unknown flag, a missing, surplus or repeated value.
 */
export const parseArguments = (args: readonly string[], flags: Flags): Arguments => {
  const parsed = parseArgs({ args: [...args], options: flags, strict: false, allowPositionals: true, tokens: true });
  for (const token of parsed.tokens) if (token.kind === 'option') checkOption(token, flags);
  checkOnce(parsed.tokens, flags);
  const texts = (flag: string): readonly string[] =>
    [parsed.values[flag]].flat().filter((value) => typeof value === 'string');
  return {
    text: (flag) => texts(flag).at(-1),
    texts,
    isSet: (flag) => parsed.values[flag] === true,
    positionals: parsed.positionals,
  };
};

/** @throws MailtraceError `usage` when there is a word that belongs to no flag. */
export const refusePositionals = ({ positionals }: Arguments, hint: string): void => {
  const [first] = positionals;
  if (first !== undefined) throw usage(`Unexpected argument "${first}".`, hint);
};

/** `-c`, else `MAILTRACE_CONFIG`, else `config.yaml`. */
export const configPathOf = (args: Arguments, env: Readonly<Record<string, string | undefined>>): string =>
  args.text('config-path') ?? (env['MAILTRACE_CONFIG'] || DEFAULT_CONFIG);
