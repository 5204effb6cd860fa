/** The person who runs us, and the tokens (`%h`, `${NAME}`, `~`) of ssh_config(5). */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

export type LocalUser = Readonly<{
  name: string;
  /** Home folder. */
  home: string;
  uid: number;
  /** Name of this machine. */
  machine: string;
  env: Readonly<Record<string, string | undefined>>;
}>;

/** What tokens stand for, for one host. */
export type TokenValues = Readonly<{
  host: string;
  originalHost: string;
  port: number;
  user: string;
  hostKeyAlias: string | null;
}>;

export const expandHome = (path: string, { home }: LocalUser): string =>
  /^~(?=\/|$)/.test(path) ? join(home, path.slice(1)) : path;

/** `%h %p %r %n %u %d %k %C …`; a token nobody knows stays. */
export const expandTokens = (text: string, values: TokenValues, user: LocalUser): string => {
  const port = String(values.port);
  const hash = (): string =>
    createHash('sha1').update(`${user.machine}${values.host}${port}${values.user}`).digest('hex');
  const known: Readonly<Record<string, () => string>> = {
    '%': () => '%',
    h: () => values.host,
    n: () => values.originalHost,
    p: () => port,
    r: () => values.user,
    u: () => user.name,
    d: () => user.home,
    i: () => String(user.uid),
    k: () => values.hostKeyAlias ?? values.originalHost,
    l: () => user.machine,
    L: () => user.machine.split('.')[0]!,
    C: hash,
  };
  return text.replace(/%(.)/g, (token, letter: string) => known[letter]?.() ?? token);
};

/** `~`, tokens and `${NAME}` in a path. */
export const expandPath = (path: string, values: TokenValues, user: LocalUser): string =>
  expandTokens(
    expandHome(path, user).replace(/\$\{(\w+)\}/g, (token, name: string) => user.env[name] ?? token),
    values,
    user,
  );

/** What a child of ours may know: nothing of ours that is secret. */
const PASSED_ON: readonly string[] = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TMPDIR', 'SSH_AUTH_SOCK'];

export const childEnvironment = ({ env }: LocalUser): Record<string, string> =>
  Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
