/** A shell on another machine that answers request after request over one channel. The remote command is always `sh -s`. */
import { randomBytes } from 'node:crypto';
import type { ClientChannel } from 'ssh2';
import { MailtraceError } from '../errors.js';
import { shellFault, timeoutFault } from './ssh-faults.js';
import type { Connection } from './ssh-handshake.js';
import type { Route } from './ssh-route.js';

/** `why`: null when the shell is root's, or need not be. Else what sudo said, for the words of an unreadable file. */
export type SudoState = Readonly<{ isRoot: boolean; why: string | null }>;

/** What the machine says of itself. `zones`: names to try, most certain first. */
export type ShellInfo = Readonly<{
  home: string;
  user: string;
  /** `date +%z`: the offset of today. */
  offset: string;
  clockMs: number;
  zones: readonly string[];
  sudo: SudoState;
}>;

export type RemoteShell = Readonly<{
  info: ShellInfo;
  isOpen: () => boolean;
  /**
   * Sends `text`; every line of the answer is given to `onLine`, up to the one of which it says true. `silenceFactor`: how many
   * timeouts may pass without a line.
   */
  ask: (
    text: string,
    onLine: (line: Buffer) => boolean,
    signal: AbortSignal,
    options?: Readonly<{ silenceFactor: number }>,
  ) => Promise<void>;
  close: () => void;
}>;

export type ShellScripts = Readonly<{ login: string; search: string }>;

export type ShellOptions = Readonly<{
  connection: Connection;
  route: Route;
  scripts: ShellScripts;
  sudo: Readonly<{ isWanted: boolean; password: string | null }>;
}>;

/** The channel ended before the answer did. */
export class ChannelLost extends Error {}

const NEWLINE = 0x0a;
const STDERR_MAX = 4096;
/** A line of an answer: a log line at most (line-scan.ts). */
const LINE_MAX = 1024 * 1024 + 64;
/** Reading a packed file may take long without a word. */
const SILENCE_FACTOR = 12;

/** Cuts what arrives into lines. The rest of a line that is too long is left out. */
const createLineCutter = (onLine: (line: Buffer) => void): ((chunk: Buffer) => void) => {
  let parts: Buffer[] = [];
  let length = 0;
  const keep = (bytes: Buffer): void => {
    if (length < LINE_MAX) parts.push(bytes.subarray(0, LINE_MAX - length));
    length += bytes.length;
  };
  return (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, end));
      const line = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      parts = [];
      length = 0;
      from = end + 1;
      onLine(line);
    }
    if (from < chunk.length) keep(Buffer.from(chunk.subarray(from)));
  };
};

const openChannel = ({ client }: Connection): Promise<ClientChannel> =>
  new Promise((resolve, reject) => {
    client.exec('sh -s', (error, channel) => {
      if (error) reject(error);
      else resolve(channel);
    });
  });

type Wait = { onLine: (line: Buffer) => boolean; resolve: () => void; reject: (error: Error) => void };

/** Tells lines to whom waits for them, and the end of the channel. */
const createTalk = (channel: ClientChannel, onStderr: (said: string) => void) => {
  let wait: Wait | null = null;
  let isOpen = true;
  let said = '';
  const finish = (settle: (wait: Wait) => void): void => {
    const current = wait;
    wait = null;
    if (current) settle(current);
  };
  channel.on(
    'data',
    createLineCutter((line) => {
      if (wait?.onLine(line)) finish(({ resolve }) => resolve());
    }),
  );
  channel.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-STDERR_MAX);
    onStderr(said);
  });
  const end = (): void => {
    isOpen = false;
    finish(({ reject }) => reject(new ChannelLost()));
  };
  channel.on('error', end);
  channel.on('close', end);
  return {
    isOpen: () => isOpen,
    /** The last line on standard error. */
    said: () => said.trim().split('\n').at(-1) ?? '',
    forget: () => {
      said = '';
    },
    fail: (error: Error) => finish(({ reject }) => reject(error)),
    listen: (onLine: Wait['onLine']) =>
      new Promise<void>((resolve, reject) => {
        if (isOpen) wait = { onLine, resolve, reject };
        else reject(new ChannelLost());
      }),
  };
};

type Talk = ReturnType<typeof createTalk>;

const CONTROL = 0x01;

const isControl = (line: Buffer): boolean => line[0] === CONTROL;

const withTimeout = async (talk: Talk, ms: number, error: () => Error, work: Promise<void>): Promise<void> => {
  const timer = setTimeout(() => talk.fail(error()), ms);
  try {
    await work;
  } finally {
    clearTimeout(timer);
  }
};

const REFUSED = 'sudo refuses the password; give the right one with --ask-sudo-pass or MAILTRACE_SUDO_PASSWORD';

/** What the login script said. */
type Login = { values: Map<string, string[]>; sudo: string; detail: string };

const sudoStateOf = ({ sudo, detail }: Login, isWrong: boolean): SudoState => {
  if (isWrong) return { isRoot: false, why: REFUSED };
  switch (sudo) {
    case 'free':
    case 'given':
      return { isRoot: true, why: null };
    case 'missing':
      return { isRoot: false, why: 'there is no sudo' };
    case 'refused': {
      const remedy = /password is required|terminal/i.test(detail)
        ? 'give one with --ask-sudo-pass or MAILTRACE_SUDO_PASSWORD, or allow "sh -s" without one (NOPASSWD) in sudoers'
        : 'allow "sh -s" in sudoers, or let the login join the group of the log';
      return { isRoot: false, why: `${detail}; ${remedy}` };
    }
    case 'none':
      return { isRoot: false, why: null };
    default:
      return { isRoot: false, why: `sudo does not give a shell${detail === '' ? '' : ` (${detail})`}` };
  }
};

const readLogin = (login: Login, line: Buffer): boolean => {
  if (!isControl(line)) return false;
  const [tag = '', key = '', ...rest] = line.toString('utf8', 1).split(' ');
  const value = rest.join(' ').trim();
  if (tag === 'L') login.values.set(key, [...(login.values.get(key) ?? []), value]);
  if (tag !== 'S') return false;
  login.sudo = key;
  login.detail = value;
  // After `asks` comes `given`, or the end.
  return key !== 'asks';
};

const infoOf = ({ values }: Login, sudo: SudoState): ShellInfo => {
  const first = (key: string): string => values.get(key)?.[0] ?? '';
  const [offset = '+0000', seconds = '0'] = first('clock').split(' ');
  return {
    home: first('home') || '/',
    user: first('user'),
    offset,
    clockMs: Number(seconds) * 1000,
    zones: values.get('zone') ?? [],
    sudo,
  };
};

/** Starts the shell as `login` says; a `sudo` that asks gets the password, once. */
const logIn = async (
  channel: ClientChannel,
  options: ShellOptions,
): Promise<Readonly<{ talk: Talk; info: ShellInfo }>> => {
  const { route, scripts, sudo } = options;
  const prompt = `mailtrace-${randomBytes(12).toString('hex')}`;
  const login: Login = { values: new Map(), sudo: '', detail: '' };
  let asked = 0;
  const talk = createTalk(channel, (said) => {
    const count = said.split(prompt).length - 1;
    if (count <= asked || sudo.password === null) return;
    asked = count;
    // A second question means that the first answer was wrong.
    if (asked === 1) channel.write(`${sudo.password}\n`);
    else channel.end();
  });
  const wish = sudo.isWanted ? (sudo.password === null ? 1 : 2) : 0;
  const listened = talk.listen((line) => readLogin(login, line));
  channel.write(`MT_SUDO=${wish} MT_ASK=${prompt}\n${scripts.login}`);
  try {
    await withTimeout(talk, route.timeoutMs, () => timeoutFault(route, 'no shell'), listened);
  } catch (error) {
    channel.close();
    if (!(error instanceof ChannelLost) || login.sudo !== 'asks') {
      throw error instanceof ChannelLost ? shellFault(route, talk.said()) : error;
    }
    const said = talk.said().replaceAll(prompt, '').trim();
    throw new SudoRefused({ ...login, detail: said }, asked > 1 || /incorrect|try again/i.test(said));
  }
  if (asked > 1) {
    // Its input has been ended: it can be asked nothing.
    channel.close();
    throw new SudoRefused(login, true);
  }
  if (login.sudo === 'refused' && login.detail === '') login.detail = talk.said().replaceAll(prompt, '').trim();
  return { talk, info: infoOf(login, sudoStateOf(login, false)) };
};

class SudoRefused extends Error {
  readonly state: SudoState;
  constructor(login: Login, isWrong: boolean) {
    super('sudo refused');
    this.state = sudoStateOf(login, isWrong);
  }
}

const createShell = (
  channel: ClientChannel,
  { talk, info }: Awaited<ReturnType<typeof logIn>>,
  route: Route,
): RemoteShell => ({
  info,
  isOpen: talk.isOpen,
  close: () => channel.close(),
  ask: async (text, onLine, signal, { silenceFactor } = { silenceFactor: SILENCE_FACTOR }) => {
    signal.throwIfAborted();
    const silenceMs = route.timeoutMs * silenceFactor;
    const timer = setTimeout(() => talk.fail(timeoutFault({ ...route, timeoutMs: silenceMs }, 'no answer')), silenceMs);
    const abort = (): void => talk.fail(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    let isDone = false;
    try {
      const answered = talk.listen((line) => {
        timer.refresh();
        return onLine(line);
      });
      channel.write(text);
      await answered;
      isDone = true;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      // Whatever it still says is nobody's answer.
      if (!isDone) channel.close();
    }
  },
});

/**
 * Opens a shell. Where sudo refuses, it is a shell without it: a log that everybody may read is read, and the others name
 * what sudo said.
 * @throws MailtraceError; errors of ssh2 when the server opens no channel
 */
export const openShell = async (options: ShellOptions): Promise<RemoteShell> => {
  const { connection, route, scripts } = options;
  const channel = await openChannel(connection);
  try {
    const started = await logIn(channel, options);
    channel.write(scripts.search);
    return createShell(channel, started, route);
  } catch (error) {
    if (!(error instanceof SudoRefused)) throw error;
    const plain = await openShell({ ...options, sudo: { isWanted: false, password: null } });
    return { ...plain, info: { ...plain.info, sudo: error.state } };
  }
};

export const isChannelRefusal = (error: unknown): boolean =>
  error instanceof Error &&
  !(error instanceof MailtraceError) &&
  /channel open failure|unable to exec/i.test(error.message);
