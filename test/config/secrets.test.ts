import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import {
  collectSecrets,
  dataDir,
  type GivenPasswords,
  resolveSecrets,
  type SecretSources,
  slackEndpoint,
} from '../../src/config/secrets.ts';
import { MailtraceError } from '../../src/errors.ts';

const parse = (text: string) => parseConfig(`method: ssh\n${text}`, { env: {}, path: 'config.yaml' });
const resolve = (sources: Partial<SecretSources>) =>
  resolveSecrets({ config: parse(''), env: {}, flags: {}, prompts: {}, ...sources });

describe('resolveSecrets', () => {
  const config = parse('ssh_config: { password: by-config }');
  const env = { MAILTRACE_SSH_PASSWORD: 'by-env' };
  const flags: GivenPasswords = { loginPass: 'by-flag' };
  const prompts: GivenPasswords = { loginPass: 'by-prompt' };
  it.each<[string, Partial<SecretSources>, string | null]>([
    ['the prompt first', { config, env, flags, prompts }, 'by-prompt'],
    ['then the flag', { config, env, flags }, 'by-flag'],
    ['then the configuration', { config, env }, 'by-config'],
    ['then the environment', { env }, 'by-env'],
    ['else nothing', {}, null],
    ['empty is nothing', { env, flags: { loginPass: '' }, prompts: { loginPass: '' } }, 'by-env'],
    ['an empty variable is nothing', { env: { MAILTRACE_SSH_PASSWORD: '' } }, null],
  ])('%s', (_case, sources, expected) => {
    expect(resolve(sources).sshPassword).toBe(expected);
  });

  it('keeps each password to its own use', () => {
    expect(
      resolve({
        config: parse(
          'kumomta: { password: k }\naccess: [{ token_env: HELP, may: [trace], scope: all }, { token_env: GONE, may: [trace], scope: all }]',
        ),
        env: {
          MAILTRACE_SSH_PASSPHRASE: 'key',
          MAILTRACE_SUDO_PASSWORD: 'su',
          MAILTRACE_OPENSEARCH_PASSWORD: 'os',
          MAILTRACE_MCP_TOKEN: 'mcp',
          SLACK_BOT_TOKEN: 'xoxb',
          SLACK_APP_TOKEN: 'xapp',
          SLACK_SIGNING_SECRET: 'sign',
          HELP: 'help-token',
        },
      }),
    ).toEqual({
      sshPassword: null,
      sshPassphrase: 'key',
      sudoPassword: 'su',
      opensearchPassword: 'os',
      kumomtaPassword: 'k',
      slackBotToken: 'xoxb',
      slackAppToken: 'xapp',
      slackSigningSecret: 'sign',
      mcpToken: 'mcp',
      accessTokens: new Map([['HELP', 'help-token']]),
    });
    expect(resolve({ flags: { sudoPass: 'a', opensearchPass: 'b' } })).toMatchObject({
      sshPassword: null,
      sudoPassword: 'a',
      opensearchPassword: 'b',
    });
  });
});

describe('collectSecrets', () => {
  it('has every secret, also those that others override, longest first, each once', () => {
    const config = parse(`ssh_config: { password: config-ssh, sudo_pass: config-sudo }
opensearch_config: { username: admin, password: config-os }
kumomta: { endpoint: "http://kumo:url%20pass@kumo.example", username: k, password: config-kumo }
slack: { api_url: "http://a:proxy-pass@proxy.example/api/" }
access: [{ token_env: HELP, may: [trace], scope: all }]`);
    const env = { SLACK_BOT_TOKEN: 'xoxb-1', MAILTRACE_MCP_TOKEN: 'xoxb-1', HELP: 'help-token' };
    const secrets = resolve({ config, env, flags: { loginPass: 'flag-ssh', opensearchPass: 'flag-os' } });
    const collected = collectSecrets(config, secrets);
    expect(collected.toSorted()).toEqual(
      [
        'config-ssh',
        'config-sudo',
        'config-os',
        'config-kumo',
        'flag-ssh',
        'flag-os',
        'xoxb-1',
        'help-token',
        'url pass',
        'proxy-pass',
        Buffer.from('admin:flag-os').toString('base64'),
        Buffer.from('k:config-kumo').toString('base64'),
      ].toSorted(),
    );
    const lengths = collected.map(({ length }) => length);
    expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
  });

  it('takes a password in a URL that is no percent-encoding as it is', () => {
    const config = parse('kumomta: { endpoint: "http://kumo:50%ff@kumo.example" }');
    expect(collectSecrets(config, resolve({ config }))).toEqual(['50%ff']);
  });

  it('has nothing where there is nothing', () => {
    expect(collectSecrets(parse(''), resolve({}))).toEqual([]);
  });
});

describe('slackEndpoint', () => {
  const text = 'slack: { api_url: "http://config.example/api/", host: 0.0.0.0, port: 8080 }';
  it.each<[string, string, Readonly<Record<string, string>>, object]>([
    ['defaults', '', {}, { apiUrl: null, host: '127.0.0.1', port: 3000 }],
    ['configuration', text, {}, { apiUrl: 'http://config.example/api/', host: '0.0.0.0', port: 8080 }],
    [
      'environment',
      text,
      { PORT: '0', SLACK_API_URL: 'http://127.0.0.1:4400/api/' },
      { apiUrl: 'http://127.0.0.1:4400/api/', host: '0.0.0.0', port: 0 },
    ],
    ['empty variables', '', { PORT: '', SLACK_API_URL: '' }, { apiUrl: null, host: '127.0.0.1', port: 3000 }],
  ])('%s', (_case, config, env, expected) => {
    expect(slackEndpoint(parse(config), env)).toEqual(expected);
  });

  it.each<[Readonly<Record<string, string>>, string]>([
    [{ PORT: 'tcp://10.0.0.1:80' }, 'PORT is "tcp://10.0.0.1:80", not a port number.'],
    [{ PORT: '65536' }, 'PORT is "65536", not a port number.'],
    [{ SLACK_API_URL: 'slack.example' }, 'SLACK_API_URL is no http:// or https:// address.'],
    [{ SLACK_API_URL: 'ftp://slack.example' }, 'SLACK_API_URL is no http:// or https:// address.'],
  ])('refuses %j', (env, message) => {
    expect(() => slackEndpoint(parse(''), env)).toThrow(MailtraceError);
    expect(() => slackEndpoint(parse(''), env)).toThrow(message);
  });
});

it.each<[string, Readonly<Record<string, string>>, string]>([
  ['', {}, './data'],
  ['store: { data_dir: /srv/mailtrace }', {}, '/srv/mailtrace'],
  ['store: { data_dir: /srv/mailtrace }', { MAILTRACE_DATA_DIR: '/tmp/x' }, '/tmp/x'],
  ['store: { data_dir: /srv/mailtrace }', { MAILTRACE_DATA_DIR: '' }, '/srv/mailtrace'],
])('dataDir: %j with %j', (text, env, expected) => {
  expect(dataDir(parse(text), env)).toBe(expected);
});
