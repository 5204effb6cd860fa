/** `ssh_config_file`: what OpenSSH's client configuration (ssh_config(5)) says about a host. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { MailtraceError } from '../errors.js';
import { expandGlob } from './glob.js';
import { isPatternMatch } from './ssh-patterns.js';
import { childEnvironment, expandHome, type LocalUser } from './ssh-tokens.js';

/** One setting with the conditions of the blocks it stands in; all must hold. `key` is in lower case. */
type Entry = Readonly<{ key: string; values: readonly string[]; conditions: readonly Condition[] }>;

type Condition = Readonly<{ kind: 'host' | 'match'; words: readonly string[] }>;

/** The entries of a configuration with its included files, in order. */
export type SshConfig = readonly Entry[];

/** Key in lower case → values; the first of each key counts, but identity files add up. */
export type HostSettings = Readonly<{
  get: (key: string) => string | null;
  /** Every value of a key that may stand more than once. */
  all: (key: string) => readonly string[];
}>;

/** OpenSSH's own limit for files that include files (readconf.c). */
const INCLUDE_DEPTH = 16;
const EXEC_TIMEOUT_MS = 5000;
const MANY_VALUED: ReadonlySet<string> = new Set(['identityfile', 'certificatefile']);

/** Words of a line; `"…"` keeps blanks, `key=value` is allowed. */
const wordsOf = (line: string): readonly string[] => {
  const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain! : quoted.replace(/\\(["\\])/g, '$1'),
  );
  const comment = words.findIndex((word, index) => index > 0 && word.startsWith('#'));
  return comment < 0 ? words : words.slice(0, comment);
};

/** `ProxyCommand` and its like are one value, blanks and all. */
const WHOLE_LINE: ReadonlySet<string> = new Set(['proxycommand', 'remotecommand', 'localcommand', 'knownhostscommand']);

const parseLine = (line: string): Readonly<{ key: string; values: readonly string[] }> | null => {
  const match = /^\s*([A-Za-z][A-Za-z0-9]*)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line);
  if (match === null) return null;
  const key = match[1]!.toLowerCase();
  return { key, values: WHOLE_LINE.has(key) ? [match[2]!] : wordsOf(match[2]!) };
};

type Reading = Readonly<{ user: LocalUser; depth: number; outer: readonly Condition[] }>;

const includedFiles = async (patterns: readonly string[], user: LocalUser): Promise<readonly string[]> => {
  const found = await Promise.all(
    patterns.map(async (pattern) => {
      const path = expandHome(pattern, user);
      return (await expandGlob(isAbsolute(path) ? path : join(user.home, '.ssh', path))).paths;
    }),
  );
  return found.flat();
};

const readIncluded = async (patterns: readonly string[], reading: Reading): Promise<Entry[]> => {
  const entries: Entry[] = [];
  for (const file of await includedFiles(patterns, reading.user)) entries.push(...(await readEntries(file, reading)));
  return entries;
};

const readEntries = async (path: string, reading: Reading): Promise<Entry[]> => {
  const { user, depth, outer } = reading;
  if (depth > INCLUDE_DEPTH) {
    throw new MailtraceError(
      'config',
      `${path}: too many files that include files`,
      'remove the circle of Include lines',
    );
  }
  const text = await readFile(path, 'utf8');
  const entries: Entry[] = [];
  let conditions = outer;
  for (const parsed of text.split(/\r?\n/).map(parseLine)) {
    if (parsed === null) continue;
    const { key, values } = parsed;
    if (key === 'host' || key === 'match') conditions = [...outer, { kind: key, words: values }];
    else if (key === 'include')
      entries.push(...(await readIncluded(values, { user, depth: depth + 1, outer: conditions })));
    else entries.push({ key, values, conditions });
  }
  return entries;
};

/**
 * Reads a configuration; `~` expands.
 * @throws MailtraceError `config` when the file, or one it includes, cannot be read
 */
export const loadSshConfig = async (file: string, user: LocalUser): Promise<SshConfig> => {
  const path = expandHome(file, user);
  try {
    return await readEntries(path, { user, depth: 0, outer: [] });
  } catch (error) {
    if (error instanceof MailtraceError || !(error instanceof Error && 'code' in error)) throw error;
    const why = error.code === 'ENOENT' ? 'no such file' : error.message;
    throw new MailtraceError(
      'config',
      `ssh_config_file ${path}: ${why}`,
      `correct ssh_config_file, or see to what it includes in ${dirname(path)}`,
      { cause: error },
    );
  }
};

/** What the conditions of a `Match` line look at. */
type Subject = Readonly<{
  originalHost: string;
  host: string;
  user: string;
  localUser: LocalUser;
  isFinal: boolean;
}>;

const runCommand = (command: string, user: LocalUser): Promise<boolean> =>
  new Promise((resolve) => {
    const options = { env: childEnvironment(user), timeout: EXEC_TIMEOUT_MS };
    execFile('/bin/sh', ['-c', command], options, (error) => resolve(error === null));
  });

const expandMatchTokens = (command: string, subject: Subject): string => {
  const values: Readonly<Record<string, string>> = {
    h: subject.host,
    n: subject.originalHost,
    r: subject.user,
    u: subject.localUser.name,
    d: subject.localUser.home,
    '%': '%',
  };
  return command.replace(/%(.)/g, (token, letter: string) => values[letter] ?? token);
};

/** Criterion → does it hold? `undefined`: a criterion nobody knows, which never holds. */
const holds = async (criterion: string, argument: string, subject: Subject): Promise<boolean> => {
  switch (criterion) {
    case 'host':
      return isPatternMatch(argument.split(','), subject.host);
    case 'originalhost':
      return isPatternMatch(argument.split(','), subject.originalHost);
    case 'user':
      return isPatternMatch(argument.split(','), subject.user);
    case 'localuser':
      return isPatternMatch(argument.split(','), subject.localUser.name);
    case 'exec':
      return runCommand(expandMatchTokens(argument, subject), subject.localUser);
    default:
      return false;
  }
};

const isMatch = async (words: readonly string[], subject: Subject): Promise<boolean> => {
  for (let index = 0; index < words.length; index++) {
    const [, negation, name] = /^(!?)(.*)$/.exec(words[index]!.toLowerCase())!;
    if (name === 'all') continue;
    const isStage = name === 'final' || name === 'canonical';
    const found = isStage ? subject.isFinal : await holds(name!, words[++index] ?? '', subject);
    if (found === (negation === '!')) return false;
  }
  return true;
};

const isHeld = async ({ kind, words }: Condition, subject: Subject): Promise<boolean> =>
  kind === 'host' ? isPatternMatch(words, subject.originalHost) : isMatch(words, subject);

const areHeld = async (conditions: readonly Condition[], subject: Subject): Promise<boolean> => {
  for (const condition of conditions) if (!(await isHeld(condition, subject))) return false;
  return true;
};

type Values = Map<string, string[]>;

/** The first value of a key counts; identity files add up. */
const addSetting = (settings: Values, { key, values }: Entry): void => {
  const known = settings.get(key);
  if (values.length === 0) return;
  if (known === undefined) settings.set(key, MANY_VALUED.has(key) ? [values[0]!] : [...values]);
  else if (MANY_VALUED.has(key) && !known.includes(values[0]!)) known.push(values[0]!);
};

type Asked = Readonly<{ host: string; user: string; localUser: LocalUser }>;

const collectSettings = async (config: SshConfig, settings: Values, asked: Asked, isFinal: boolean): Promise<void> => {
  const { host, user, localUser } = asked;
  // The lines of a block share one list of conditions: it is asked once, with what was settled before it.
  let last: readonly Condition[] | null = null;
  let isIn = true;
  for (const entry of config) {
    if (entry.conditions !== last) {
      last = entry.conditions;
      isIn = await areHeld(last, {
        originalHost: host,
        host: settings.get('hostname')?.[0]?.replaceAll('%h', host) ?? host,
        user: settings.get('user')?.[0] ?? user,
        localUser,
        isFinal,
      });
    }
    if (isIn) addSetting(settings, entry);
  }
};

const hasFinal = (config: SshConfig): boolean =>
  config.some(({ conditions }) => conditions.some(({ words }) => /\bfinal\b/i.test(words.join(' '))));

/** Settings of `host` as ssh would use them. `user`: the login name if the file names none. */
export const settingsFor = async (config: SshConfig, asked: Asked): Promise<HostSettings> => {
  const settings: Values = new Map();
  await collectSettings(config, settings, asked, false);
  if (hasFinal(config)) await collectSettings(config, settings, asked, true);
  return { get: (key) => settings.get(key)?.[0] ?? null, all: (key) => settings.get(key) ?? [] };
};

/** Is `name` a host that the file knows by more than a pattern for many? */
export const isAlias = (config: SshConfig, name: string): boolean =>
  config.some(({ conditions }) =>
    conditions.some(
      ({ kind, words }) =>
        kind === 'host' && words.some((word) => word !== '*' && !word.startsWith('!') && isPatternMatch([word], name)),
    ),
  );
