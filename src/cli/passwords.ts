/** Passwords from flags and questions. Those in the environment and the configuration are read where it is opened. */
import type { OpenOptions } from '../app/tracer.js';
import { MailtraceError } from '../errors.js';
import type { Arguments } from './arguments.js';
import type { Io } from './io.js';
import { openPrompt, type Prompt } from './prompt.js';

const KINDS = [
  { key: 'login', flag: 'login-pass', question: 'SSH password: ', variable: 'MAILTRACE_SSH_PASSWORD' },
  { key: 'sudo', flag: 'sudo-pass', question: 'sudo password: ', variable: 'MAILTRACE_SUDO_PASSWORD' },
  {
    key: 'opensearch',
    flag: 'opensearch-pass',
    question: 'OpenSearch password: ',
    variable: 'MAILTRACE_OPENSEARCH_PASSWORD',
  },
] as const;

type Kind = (typeof KINDS)[number];

const check = (args: Arguments, io: Io, { flag, variable }: Kind): void => {
  if (!args.isSet(`ask-${flag}`)) return;
  if (args.text(flag) !== undefined) {
    throw new MailtraceError('usage', `--${flag} and --ask-${flag} are both given.`, 'Give one of them.');
  }
  if (!io.stdin.isTerminal) {
    throw new MailtraceError('usage', `--ask-${flag} needs a terminal.`, `Set ${variable} instead.`);
  }
};

const askOne = async (prompt: Prompt, { question, variable }: Kind): Promise<string> => {
  const answer = await prompt.askSecret(question);
  if (answer === null) throw new MailtraceError('interrupted', 'No password was given.', `Set ${variable} instead.`);
  return answer;
};

/**
 * Asks one after the other, in the order login, sudo, OpenSearch.
 * @throws MailtraceError `usage` for a question where nobody can answer; `interrupted` when nobody does.
 */
export const readPasswords = async (args: Arguments, io: Io): Promise<OpenOptions['passwords']> => {
  for (const kind of KINDS) check(args, io, kind);
  const isAsked = KINDS.some(({ flag }) => args.isSet(`ask-${flag}`));
  const prompt = isAsked ? openPrompt(io) : null;
  const read = async (kind: Kind): Promise<string | null> =>
    prompt !== null && args.isSet(`ask-${kind.flag}`) ? askOne(prompt, kind) : (args.text(kind.flag) ?? null);
  const [login, sudo, opensearch] = KINDS;
  try {
    return { login: await read(login), sudo: await read(sudo), opensearch: await read(opensearch) };
  } finally {
    prompt?.close();
  }
};
