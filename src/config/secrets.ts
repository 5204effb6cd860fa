/** Passwords and tokens: where they come from, and what must never be shown. */
import { MailtraceError } from '../errors.js';
import type { Env } from './expand-env.js';
import type { Config } from './schema.js';

/** null = there is none. */
export type Secrets = Readonly<{
  sshPassword: string | null;
  /** Opens encrypted private keys. */
  sshPassphrase: string | null;
  sudoPassword: string | null;
  opensearchPassword: string | null;
  kumomtaPassword: string | null;
  slackBotToken: string | null;
  slackAppToken: string | null;
  slackSigningSecret: string | null;
  mcpToken: string | null;
  /** `token_env` of an access rule → its token. */
  accessTokens: ReadonlyMap<string, string>;
}>;

/** `--login-pass`, `--sudo-pass`, `--opensearch-pass`; or what was typed after their `--ask-…`. */
export type GivenPasswords = Readonly<{
  loginPass?: string | undefined;
  sudoPass?: string | undefined;
  opensearchPass?: string | undefined;
}>;

export type SecretSources = Readonly<{
  config: Config;
  env: Env;
  flags: GivenPasswords;
  prompts: GivenPasswords;
}>;

/** As in the Python tool: what was typed, else the flag, else the configuration, else the environment. Empty is none. */
export const resolveSecrets = ({ config, env, flags, prompts }: SecretSources): Secrets => ({
  sshPassword: first(prompts.loginPass, flags.loginPass, config.ssh_config.password, env['MAILTRACE_SSH_PASSWORD']),
  sshPassphrase: first(env['MAILTRACE_SSH_PASSPHRASE']),
  sudoPassword: first(prompts.sudoPass, flags.sudoPass, config.ssh_config.sudo_pass, env['MAILTRACE_SUDO_PASSWORD']),
  opensearchPassword: first(
    prompts.opensearchPass,
    flags.opensearchPass,
    config.opensearch_config.password,
    env['MAILTRACE_OPENSEARCH_PASSWORD'],
  ),
  kumomtaPassword: first(config.kumomta.password),
  slackBotToken: first(env['SLACK_BOT_TOKEN']),
  slackAppToken: first(env['SLACK_APP_TOKEN']),
  slackSigningSecret: first(env['SLACK_SIGNING_SECRET']),
  mcpToken: first(env['MAILTRACE_MCP_TOKEN']),
  accessTokens: new Map(
    config.access.flatMap(({ token_env: name }) => {
      const token = name === undefined ? null : first(env[name]);
      return name === undefined || token === null ? [] : [[name, token] as const];
    }),
  ),
});

const first = (...candidates: readonly (string | undefined)[]): string | null =>
  candidates.find((candidate) => candidate !== undefined && candidate !== '') ?? null;

/** Every text that logs and messages must not show, longest first. Also as HTTP Basic sends them (RFC 7617). */
export const collectSecrets = (config: Config, secrets: Secrets): readonly string[] => {
  const { accessTokens, ...named } = secrets;
  const passwords = [
    ...Object.values(named),
    ...accessTokens.values(),
    config.ssh_config.password,
    config.ssh_config.sudo_pass,
    config.opensearch_config.password,
    config.kumomta.password,
    ...[config.slack.api_url, config.kumomta.endpoint].map(passwordOfUrl),
  ].flatMap((secret) => (secret === null || secret === '' ? [] : [secret]));
  const basic = [
    [config.opensearch_config.username, secrets.opensearchPassword],
    [config.kumomta.username, secrets.kumomtaPassword],
  ].flatMap(([user, password]) => (password ? [Buffer.from(`${user}:${password}`).toString('base64')] : []));
  return [...new Set([...passwords, ...basic])].sort((a, b) => b.length - a.length);
};

const passwordOfUrl = (url: string | undefined): string => {
  const password = url === undefined ? '' : new URL(url).password;
  try {
    return decodeURIComponent(password);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return password;
  }
};

/** Where the bot reaches Slack (null = Slack itself), and where HTTP mode listens. */
export type SlackEndpoint = Readonly<{ apiUrl: string | null; host: string; port: number }>;

/** @throws MailtraceError `config` for a SLACK_API_URL or PORT that is none */
export const slackEndpoint = ({ slack }: Config, env: Env): SlackEndpoint => {
  const apiUrl = first(env['SLACK_API_URL'], slack.api_url);
  const port = first(env['PORT'])?.trim() ?? String(slack.port);
  if (apiUrl !== null && !(URL.canParse(apiUrl) && /^https?:$/.test(new URL(apiUrl).protocol))) {
    throw new MailtraceError(
      'config',
      'SLACK_API_URL is no http:// or https:// address.',
      'Write http://host:port/api/.',
    );
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new MailtraceError(
      'config',
      `PORT is "${port.slice(0, 20)}", not a port number.`,
      'Set it to 0 … 65535, or unset it.',
    );
  }
  return { apiUrl, host: slack.host, port: Number(port) };
};

/** Folder of audit log and embedded databases; relative to the working directory. */
export const dataDir = ({ store }: Config, env: Env): string => first(env['MAILTRACE_DATA_DIR'], store.data_dir) ?? '.';
