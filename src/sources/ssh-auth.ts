/** The ways in which we prove who we are to an SSH server, in order: keys, agent, password, questions. */
import { access, readFile } from 'node:fs/promises';
import type { AnyAuthMethod, BaseAgent, ParsedKey } from 'ssh2';
import { findAgentCertificates } from './ssh-agent-keys.js';
import { parsePrivateKey, signingForms } from './ssh-key-forms.js';
import type { Route } from './ssh-route.js';

/** null = there is none. `passphrase` opens encrypted keys. */
export type SshSecrets = Readonly<{ password: string | null; passphrase: string | null }>;

type Ssh2 = Pick<typeof import('ssh2'), 'createAgent' | 'utils'>;

/** `tried`: what was offered. `notes`: what could not be, and what to do about it. */
export type Credentials = Readonly<{
  methods: readonly Readonly<{ name: string; method: AnyAuthMethod }>[];
  notes: readonly string[];
}>;

/**
 * Private keys that a passphrase has opened, by the text of their file. Opening one takes a second of computing (bcrypt), and
 * every machine of a fleet wants the same one.
 */
export type OpenedKeys = Map<string, ParsedKey>;

/** Keys that are replaced on disk again and again must not pile up. */
const OPENED_MAX = 100;

/** A server may ask again and again. */
const QUESTIONS_MAX = 6;

type Loaded = Readonly<{ key: ParsedKey | null; note: string | null }>;

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const keyProblem = (path: string, message: string, hasPassphrase: boolean): string => {
  if (/no passphrase|encrypted/i.test(message) && !hasPassphrase)
    return `${path} is encrypted: give its passphrase (MAILTRACE_SSH_PASSPHRASE or --ask-login-pass), or add the key to an agent`;
  if (/passphrase|integrity|decrypt/i.test(message)) return `${path}: the passphrase does not open this key`;
  return `${path} is no private key that can be read (${message}); OpenSSH's own format works: ssh-keygen -p -f ${path}`;
};

const fileProblem = (error: Error): string =>
  'code' in error && error.code === 'ENOENT' ? 'no such file' : error.message;

const loadKey = async (
  { path, isNamed }: Route['identityFiles'][number],
  passphrases: readonly string[],
  { utils }: Ssh2,
  opened: OpenedKeys,
): Promise<Loaded> => {
  const text = await readFile(path).catch((error: unknown) => (error instanceof Error ? error : new Error(path)));
  if (text instanceof Error) return { key: null, note: isNamed ? `private key ${path}: ${fileProblem(text)}` : null };
  const known = opened.get(text.toString('latin1'));
  if (known !== undefined) return { key: known, note: null };
  let problem = '';
  for (const passphrase of [undefined, ...passphrases]) {
    const key = parsePrivateKey(text, passphrase, utils);
    if (!(key instanceof Error)) {
      if (!key.isPrivateKey()) return { key: null, note: null };
      if (opened.size < OPENED_MAX) opened.set(text.toString('latin1'), key);
      return { key, note: null };
    }
    problem = key.message;
  }
  return { key: null, note: keyProblem(path, problem, passphrases.length > 0) };
};

/** Takes from the agent only the keys of these files (`IdentitiesOnly`). */
const limitAgent = async (agent: BaseAgent, route: Route, { utils }: Ssh2): Promise<BaseAgent> => {
  const files = await Promise.all(
    route.identityFiles.map(({ path }) => readFile(path.endsWith('.pub') ? path : `${path}.pub`).catch(() => null)),
  );
  const wanted = files.flatMap((text) => {
    const key = text === null ? null : utils.parseKey(text);
    return key === null || key instanceof Error ? [] : [key.getPublicSSH()];
  });
  const getIdentities = agent.getIdentities.bind(agent);
  agent.getIdentities = (callback) =>
    getIdentities((error, keys) =>
      callback(
        error,
        keys?.filter((key) =>
          wanted.some((each) => typeof key === 'object' && 'getPublicSSH' in key && key.getPublicSSH().equals(each)),
        ),
      ),
    );
  return agent;
};

const answerQuestions = (username: string, password: string): AnyAuthMethod => {
  let asked = 0;
  return {
    type: 'keyboard-interactive',
    username,
    prompt: (_name, _instructions, _language, prompts, finish) => {
      // A second round of the same question means that the answer was wrong.
      asked += prompts.length;
      finish(asked > QUESTIONS_MAX ? [] : prompts.map(({ echo }) => (echo === true ? '' : password)));
    },
  };
};

const certificateNotes = async (route: Route): Promise<readonly string[]> => {
  const found = await Promise.all(
    route.identityFiles.map(async ({ path }) => ((await exists(`${path}-cert.pub`)) ? path : null)),
  );
  return found
    .filter((path) => path !== null)
    .map((path) => `${path}-cert.pub: user certificates are not supported; add the plain key to authorized_keys`);
};

const agentCertificateNotes = async ({ agent }: Route): Promise<readonly string[]> => {
  const found = agent === null ? [] : await findAgentCertificates(agent);
  return found.map(
    (name) => `${name} in the agent: user certificates are not supported; add the plain key to authorized_keys`,
  );
};

const agentMethods = async (route: Route, ssh2: Ssh2): Promise<Credentials['methods']> => {
  if (route.agent === null || !(await exists(route.agent))) return [];
  const agent = ssh2.createAgent(route.agent);
  const limited = route.identitiesOnly ? await limitAgent(agent, route, ssh2) : agent;
  return [{ name: 'agent', method: { type: 'agent', username: route.user, agent: limited } }];
};

/** Keys that were named, the agent, the usual keys, the password. */
export const gatherCredentials = async (
  route: Route,
  { password, passphrase }: SshSecrets,
  ssh2: Ssh2,
  opened: OpenedKeys,
): Promise<Credentials> => {
  const username = route.user;
  const passphrases = [passphrase, password].filter((each) => each !== null);
  const keys = await Promise.all(
    route.identityFiles.map(async (file) => ({ file, ...(await loadKey(file, passphrases, ssh2, opened)) })),
  );
  const methodsOf = (isNamed: boolean): Credentials['methods'] =>
    keys.flatMap(({ file, key }) =>
      key === null || file.isNamed !== isNamed
        ? []
        : signingForms(key).map((form) => ({
            name: `key ${file.path}`,
            method: { type: 'publickey', username, key: form } as const,
          })),
    );
  const secrets: Credentials['methods'] =
    password === null
      ? []
      : [
          { name: 'password', method: { type: 'password', username, password } },
          { name: 'keyboard-interactive', method: answerQuestions(username, password) },
        ];
  const agentNote = route.agent !== null && !(await exists(route.agent)) ? [`no agent answers at ${route.agent}`] : [];
  return {
    methods: [...methodsOf(true), ...(await agentMethods(route, ssh2)), ...methodsOf(false), ...secrets],
    notes: [
      ...keys.map(({ note }) => note).filter((note) => note !== null),
      ...agentNote,
      ...(await certificateNotes(route)),
      ...(await agentCertificateNotes(route)),
    ],
  };
};
