/** Configuration text → Config, or one error that lists every problem with its line and path. */
import { readFile } from 'node:fs/promises';
import { MailtraceError } from '../errors.js';
import { findArchitectureFaults } from './architecture-faults.js';
import { configuredFleet, findHostFaults } from './configured-hosts.js';
import { type Env, expandEnv } from './expand-env.js';
import { findNearest } from './known-keys.js';
import { type Config, configSchema } from './schema.js';
import { type Complaint, complaintsOf, type Facts } from './schema-problems.js';
import { type Path, type Problem, readYaml } from './yaml-text.js';

/**
 * @param origin `path`: how messages name the text; `env`: what `${NAME}` means
 * @throws MailtraceError `config` that names every problem; none of them repeats a password
 */
export const parseConfig = (text: string, { env, path }: Readonly<{ env: Env; path: string }>): Config => {
  const expanded = new Set<string>();
  const yaml = readYaml(text, (value) => {
    const result = expandEnv(value, env);
    if (result.text !== value) expanded.add(result.text);
    return result;
  });
  if (yaml.value === undefined) throw problemError(path, yaml.problems);
  const value = yaml.value ?? {};
  const facts: Facts = {
    valueAt: (at) => valueAt(value, at),
    isPrivate: (at) => isSecretKey(at.at(-1)) || expanded.has(String(valueAt(value, at))),
  };
  const located = (complaint: Complaint): Problem => ({ ...complaint, line: yaml.lineOf(complaint.path) });
  const parsed = configSchema.safeParse(value);
  const complaints = complaintsOf(parsed.error?.issues ?? [], facts).filter(
    // What lacks its variable is wrong because of that.
    (complaint) => !yaml.problems.some((problem) => pathText(problem.path) === pathText(complaint.path)),
  );
  const problems = [...yaml.problems, ...complaints.map(located)];
  const further = findContradictions(value, new Set(problems.map(({ path: at }) => at[0])));
  if (problems.length + further.length > 0) throw problemError(path, [...problems, ...further.map(located)]);
  if (!parsed.success) throw parsed.error;
  return parsed.data;
};

/**
 * Reads the configuration file.
 * @throws MailtraceError `config` also when there is no such file, or it cannot be read
 */
export const loadConfig = async (path: string, env: Env): Promise<Config> => {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw fileError(path, error);
  }
  return parseConfig(decode(bytes, path), { env, path });
};

const fileError = (path: string, cause: unknown): unknown => {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const hint = 'Name it with -c or MAILTRACE_CONFIG, or begin with a copy of config.yaml.sample.';
    return new MailtraceError('config', `There is no configuration file ${path}.`, hint, { cause });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new MailtraceError(
      'config',
      `The configuration file ${path} may not be read.`,
      'Check its owner and mode.',
      { cause },
    );
  }
  if (code === 'EISDIR') {
    return new MailtraceError('config', `${path} is a folder, not a configuration file.`, 'Name the file in it.', {
      cause,
    });
  }
  return cause;
};

const decode = (bytes: Uint8Array, path: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new MailtraceError('config', `${path} is not UTF-8 text.`, 'Save it as UTF-8.', { cause });
  }
};

const SECRET_KEYS: ReadonlySet<unknown> = new Set(['password', 'sudo_pass']);

const isSecretKey = (key: unknown): boolean => SECRET_KEYS.has(key);

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, step) => {
    if (typeof inner !== 'object' || inner === null) return undefined;
    return Object.entries(inner).find(([key]) => key === String(step))?.[1] as unknown;
  }, value);

/**
 * What no key alone can show. Looks at the parts that are in order themselves.
 * @param faulty outermost keys with problems
 */
const findContradictions = (value: unknown, faulty: ReadonlySet<string | number | undefined>): readonly Complaint[] => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const { data: config } = configSchema.safeParse(
    Object.fromEntries(Object.entries(value).filter(([key]) => !faulty.has(key))),
  );
  if (config === undefined) return [];
  const isSound = (...keys: readonly (keyof Config)[]): boolean => !keys.some((key) => faulty.has(key));
  const hostsSection = config.method === 'file' ? 'file_config' : 'ssh_config';
  const hostFaults = isSound('clusters', 'domain', hostsSection) ? findHostFaults(config) : null;
  // Without the machines nobody can say which names are wrong.
  const isFleetKnown = hostFaults?.length === 0 && isSound('architecture');
  return [
    ...(hostFaults ?? []),
    ...(isFleetKnown ? findArchitectureFaults(config.architecture, configuredFleet(config).directory) : []),
    ...(isSound('opensearch_config') ? findOpensearchFaults(config) : []),
    ...(isSound('clusters', 'access') ? findAccessFaults(config) : []),
  ];
};

const findOpensearchFaults = ({ method, index, opensearch_config: { host } }: Config): readonly Complaint[] => {
  if (host !== '' || (method !== 'opensearch' && index.store !== 'opensearch')) return [];
  const reason = method === 'opensearch' ? 'method is opensearch' : 'index.store is opensearch';
  return [{ path: ['opensearch_config', 'host'], text: `is missing: ${reason}` }];
};

const findAccessFaults = ({ access, clusters }: Config): readonly Complaint[] =>
  access.flatMap(({ scope }, rule) =>
    (typeof scope === 'string' ? [] : scope.clusters).flatMap((cluster, index) => {
      if (Object.hasOwn(clusters, cluster)) return [];
      const nearest = findNearest(cluster, Object.keys(clusters));
      const advice = nearest === null ? '' : ` Did you mean "${nearest}"?`;
      return [{ path: ['access', rule, 'scope', 'clusters', index], text: `there is no such cluster.${advice}` }];
    }),
  );

const pathText = (path: Path): string =>
  path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      return `.${/^[\w-]+$/.test(step) ? step : JSON.stringify(step)}`;
    })
    .join('')
    .replace(/^\./, '');

const problemText = ({ line, path, text }: Problem): string => {
  const place = [...(line === null ? [] : [`line ${line}`]), ...(path.length === 0 ? [] : [pathText(path)])].join(', ');
  return place === '' ? text : `${place}: ${text}`;
};

/** Beyond it, a list helps nobody. */
const MAX_LISTED = 50;

const problemError = (path: string, problems: readonly Problem[]): MailtraceError => {
  const inOrder = [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const listed = inOrder.slice(0, MAX_LISTED).map((problem) => `  ${problemText(problem)}`);
  const rest = inOrder.length > MAX_LISTED ? [`  and ${inOrder.length - MAX_LISTED} more`] : [];
  const count = inOrder.length === 1 ? '1 problem' : `${inOrder.length} problems`;
  return new MailtraceError(
    'config',
    [`${path} has ${count}:`, ...listed, ...rest].join('\n'),
    'Correct the file and start again; config.yaml.sample explains every key.',
  );
};
