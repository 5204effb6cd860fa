import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { type Config, traceLimits } from '../../src/config/schema.ts';
import { MailtraceError } from '../../src/errors.ts';

const parse = (text: string, env: Readonly<Record<string, string>> = {}) =>
  parseConfig(text, { env, path: 'config.yaml' });

/** The lines of the message below its first, without their indentation. */
const problemsOf = (text: string, env: Readonly<Record<string, string>> = {}): readonly string[] => {
  try {
    parse(text, env);
  } catch (error) {
    if (!(error instanceof MailtraceError)) throw error;
    expect(error.code).toBe('config');
    expect(error.hint).toBe('Correct the file and start again; config.yaml.sample explains every key.');
    const [head, ...lines] = error.message.split('\n');
    expect(head).toBe(`config.yaml has ${lines.length === 1 ? '1 problem' : `${lines.length} problems`}:`);
    expect(lines.every((line) => line.startsWith('  '))).toBe(true);
    return lines.map((line) => line.slice(2));
  }
  return [];
};

const parserLine = (name: string) => `ssh_config: { host_config: { log_parser: ${name} } }`;
const parserOf = ({ ssh_config: { host_config: options } }: Config) => options.log_parser;

const NO_PLAN = { entry: [], exit: [], routes: [] };

describe('defaults', () => {
  it('has those of the Python tool, except for verify_certs', () => {
    const config = parse('method: ssh');
    expect(config.ssh_config).toEqual({
      username: '',
      password: '',
      private_key: '',
      sudo_pass: '',
      sudo: true,
      timeout: 10,
      ssh_config_file: '',
      strict_host_key_checking: true,
      host_config: {},
      hosts: {},
    });
    expect(config.opensearch_config).toEqual({
      host: '',
      port: 9200,
      username: '',
      password: '',
      use_ssl: false,
      verify_certs: true,
      ca_file: '',
      client_cert_file: '',
      client_key_file: '',
      index: '',
      time_zone: '+00:00',
      timeout: 10,
      mapping: {
        facility: 'log.syslog.facility.name',
        hostname: 'host.name',
        message: 'message',
        timestamp: '@timestamp',
        service: 'log.syslog.appname',
        queueid: '',
        queued_as: '',
        mail_id: '',
        message_id: '',
        relay_host: '',
        relay_ip: '',
        relay_port: '',
        smtp_code: '',
      },
    });
    const { log_level, clusters, domain, auto_continue } = config;
    expect({ log_level, clusters, domain, auto_continue }).toEqual({
      log_level: 'INFO',
      clusters: {},
      domain: '',
      auto_continue: false,
    });
  });

  it('has those of the new sections', () => {
    const { time_zone, trace, slack, access, store, index, tracing, http, alerts, architecture, kumomta } =
      parse('method: ssh');
    expect({ time_zone, trace, slack, access, store, index, tracing, http, alerts, architecture, kumomta }).toEqual({
      time_zone: undefined,
      trace: {
        follow_limit: '6d',
        max_rounds: 8,
        max_transactions: 5000,
        max_lines: 2_000_000,
        max_bytes: 268_435_456,
        many_hops: 7,
        slow_hop_s: 60,
        log_lag: '10m',
      },
      slack: { api_url: undefined, host: '127.0.0.1', port: 3000 },
      access: [],
      store: { data_dir: './data' },
      index: { store: 'embedded', name: 'mailtrace', retention: '90d' },
      tracing: {
        enabled: false,
        sleep_seconds: 60,
        hold_rounds: 2,
        go_back_seconds: 10,
        hold_s: 300,
        sample: 1,
        look_back: '10m',
        spool_mb: 256,
      },
      http: { enabled: true, host: '127.0.0.1', port: 9464 },
      alerts: {
        link_template: '',
        ignore_senders: ['@slack.com', '@slackhq.com', '@slack-mail.com'],
        acknowledge_for: '1h',
      },
      architecture: {
        untracked: [],
        domains: [],
        networks: [],
        roles: {},
        inbound: NO_PLAN,
        outbound: NO_PLAN,
        internal: NO_PLAN,
        forwarded: NO_PLAN,
        notices: NO_PLAN,
        retry: {},
      },
      kumomta: { endpoint: undefined, username: '', password: '' },
    });
  });

  it('takes a section without content as one that is left out', () => {
    const sections = [
      'log_level',
      'time_zone',
      'domain',
      'auto_continue',
      'timeout',
      'clusters',
      'file_config',
      'ssh_config',
      'opensearch_config',
      'trace',
      'slack',
      'access',
      'store',
      'index',
      'tracing',
      'http',
      'alerts',
      'architecture',
      'kumomta',
    ];
    expect(parse(`method: ssh\n${sections.map((key) => `${key}:\n`).join('')}`)).toEqual(parse('method: ssh'));
  });
});

describe('values', () => {
  it.each<[string, string, (config: Config) => unknown, unknown]>([
    ['no as PyYAML reads it', 'ssh_config: { sudo: no }', ({ ssh_config: { sudo } }) => sudo, false],
    ['Off as PyYAML reads it', 'ssh_config: { sudo: Off }', ({ ssh_config: { sudo } }) => sudo, false],
    ['YES as PyYAML reads it', 'auto_continue: YES', (config) => config.auto_continue, true],
    ['a boolean by ${ }', 'ssh_config: { sudo: "${SUDO}" }', ({ ssh_config: { sudo } }) => sudo, false],
    ['a number by ${ }', 'slack: { port: "${NUMBER}" }', ({ slack }) => slack.port, 9201],
    ['a level in lower case', 'log_level: debug', (config) => config.log_level, 'DEBUG'],
    ['a former parser name', parserLine('NoSpaceInDatetimeParser'), parserOf, 'Rfc5424Parser'],
    ['the other former parser name', parserLine('DayOfWeekParser'), parserOf, 'Rfc3164Parser'],
    [
      'a field that is null, as in the fork',
      'opensearch_config: { mapping: { facility: null } }',
      ({ opensearch_config: { mapping } }) => mapping.facility,
      '',
    ],
    ['a zone by name', 'time_zone: Asia/Taipei', (config) => config.time_zone, 'Asia/Taipei'],
    [
      'an offset without quotes',
      'opensearch_config: { time_zone: +08:00 }',
      (config) => config.opensearch_config.time_zone,
      '+08:00',
    ],
    [
      'a domain in capitals, with @ and dot',
      'access: [{ who: everyone, may: [trace], scope: { domains: ["@Corp.Example."] } }]',
      ({ access }) => access[0]?.scope,
      { domains: ['corp.example'], clusters: [] },
    ],
    ['a fraction', 'tracing: { sample: 0.25 }', ({ tracing }) => tracing.sample, 0.25],
    ['hours and minutes', 'trace: { follow_limit: 1h30m }', (config) => traceLimits(config).followLimitMs, 5_400_000],
    ['days', 'trace: { follow_limit: 6d }', (config) => traceLimits(config).followLimitMs, 518_400_000],
    ['a delay', 'trace: { slow_hop_s: 1.5 }', (config) => traceLimits(config).slowHopMs, 1500],
  ])('%s', (_case, text, pick, expected) => {
    expect(pick(parse(`method: ssh\n${text}`, { SUDO: 'no', NUMBER: '9201' }))).toEqual(expected);
  });

  it('follows anchors and merge keys', () => {
    const text = `method: file
file_config:
  hosts:
    mx1: &one { log_files: [/a], time_zone: UTC }
    mx2: { <<: *one, log_files: [/b] }
    mx3: *one
`;
    expect(parse(text).file_config.hosts).toEqual({
      mx1: { log_files: ['/a'], time_zone: 'UTC' },
      mx2: { log_files: ['/b'], time_zone: 'UTC' },
      mx3: { log_files: ['/a'], time_zone: 'UTC' },
    });
  });
});

describe('${NAME}', () => {
  const password = (text: string, env: Readonly<Record<string, string>>) =>
    parse(`method: ssh\nssh_config:\n  password: ${text}\n`, env).ssh_config.password;
  it.each([
    ['${PW}', { PW: 'hunter2' }, 'hunter2'],
    ['a${PW}b${PW}', { PW: 'x' }, 'axbx'],
    ['"${PW}"', { PW: '' }, ''],
    ["'${PW}'", { PW: '0123' }, '0123'],
    // What is put in is neither YAML nor expanded again.
    ['${PW}', { PW: 'a: [b' }, 'a: [b'],
    ['${PW}', { PW: '${PW}' }, '${PW}'],
    ['${PW}', { PW: '$&$1' }, '$&$1'],
    ['$${PW}', { PW: 'x' }, '${PW}'],
    ['$PW', { PW: 'x' }, '$PW'],
    ['a$$b', { PW: 'x' }, 'a$$b'],
  ])('%s with %j', (text, env, expected) => {
    expect(password(text, env)).toBe(expected);
  });

  it.each<[string, readonly string[]]>([
    ['${NOPE}', ['line 3, ssh_config.password: the environment variable NOPE is not set; write $${ for a plain ${']],
    [
      '${__proto__}',
      ['line 3, ssh_config.password: the environment variable __proto__ is not set; write $${ for a plain ${'],
    ],
    ['${PW:-x}', ['line 3, ssh_config.password: holds ${ without a variable name and }; write $${ for a plain ${']],
    ['a${', ['line 3, ssh_config.password: holds ${ without a variable name and }; write $${ for a plain ${']],
  ])('%s is a problem with its place', (text, expected) => {
    expect(problemsOf(`method: ssh\nssh_config:\n  password: ${text}\n`)).toEqual(expected);
  });

  it('names every missing variable, and nothing that follows from it', () => {
    const text = 'method: ssh\nopensearch_config:\n  port: ${PORT_A}\nclusters:\n  mx:\n    - ${HOST_A}\n    - mx2\n';
    expect(problemsOf(text)).toEqual([
      'line 3, opensearch_config.port: the environment variable PORT_A is not set; write $${ for a plain ${',
      'line 6, clusters.mx[0]: the environment variable HOST_A is not set; write $${ for a plain ${',
    ]);
  });

  it('leaves comments and keys alone', () => {
    expect(
      parse('method: ssh # ${NOPE}\nclusters: { "${X}": [a] }\nssh_config: { host_config: { log_files: [/x] } }')
        .clusters,
    ).toEqual({
      '${X}': ['a'],
    });
  });
});

describe('problems', () => {
  it.each<[string, string, readonly string[]]>([
    ['an empty file', '', ['method: is missing; must be ssh, opensearch or file']],
    ['only comments', '# nothing\n', ['method: is missing; must be ssh, opensearch or file']],
    ['a list', '- method: ssh', ['must be a mapping of keys, not a list']],
    ['a word', 'ssh', ['must be a mapping of keys, not text']],
    ['a method that is none', 'method: imap', ['line 1, method: must be ssh, opensearch or file, not "imap"']],
    [
      'a misspelt word',
      'method: opnsearch',
      ['line 1, method: must be ssh, opensearch or file, not "opnsearch"; did you mean "opensearch"?'],
    ],
    [
      'log_level: TRACE',
      'method: ssh\nlog_level: TRACE',
      ['line 2, log_level: must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not "TRACE"'],
    ],
    ['a misspelt key', 'method: ssh\nssh_confg: {}', ['line 2, ssh_confg: unknown key. Did you mean "ssh_config"?']],
    [
      'swapped letters',
      'method: ssh\ncluster: {}\ndoamin: x',
      ['line 2, cluster: unknown key. Did you mean "clusters"?', 'line 3, doamin: unknown key. Did you mean "domain"?'],
    ],
    [
      'a hyphen for an underscore',
      'method: ssh\nlog-level: INFO',
      ['line 2, log-level: unknown key. Did you mean "log_level"?'],
    ],
    [
      'a misspelt key of a host with dots',
      'method: ssh\nssh_config:\n  hosts:\n    mx1.corp.example:\n      log_file: [/a]\n',
      ['line 5, ssh_config.hosts."mx1.corp.example".log_file: unknown key. Did you mean "log_files"?'],
    ],
    [
      'a key one level too high',
      'method: ssh\nssh_config:\n  log_files: [/a]\n',
      [
        'line 3, ssh_config.log_files: unknown key. It belongs elsewhere: ssh_config.host_config.log_files or ssh_config.hosts.<name>.log_files.',
      ],
    ],
    [
      'a key that is nowhere',
      'method: ssh\nindex:\n  zebra: 1\n',
      ['line 3, index.zebra: unknown key. Known here: store, name, retention.'],
    ],
    [
      'a key of alerts that nobody knows',
      'method: ssh\nalerts: { zebra: 1 }',
      ['line 2, alerts.zebra: unknown key. Known here: link_template, ignore_senders, acknowledge_for.'],
    ],
    [
      'keys of the fork',
      'method: ssh\nmx_discovery: {}\nssh_config: { known_hosts_file: x }',
      [
        'line 2, mx_discovery: unknown key. Name the machines under clusters.',
        'line 3, ssh_config.known_hosts_file: unknown key. Set UserKnownHostsFile in ssh_config_file.',
      ],
    ],
    [
      'a Slack token',
      'method: ssh\nslack: { bot_token: xoxb-1 }',
      ['line 2, slack.bot_token: unknown key. Set SLACK_BOT_TOKEN in the environment.'],
    ],
    [
      'a text for a number',
      'method: ssh\nopensearch_config: { port: http }',
      ['line 2, opensearch_config.port: must be a number, not text'],
    ],
    [
      'a fraction of a round',
      'method: ssh\ntrace: { max_rounds: 1.5 }',
      ['line 2, trace.max_rounds: must be a whole number, not a number'],
    ],
    ['too small', 'method: ssh\ntrace: { max_rounds: 0 }', ['line 2, trace.max_rounds: must be at least 1']],
    ['no time at all', 'method: ssh\nssh_config: { timeout: 0 }', ['line 2, ssh_config.timeout: must be more than 0']],
    [
      'too big',
      'method: ssh\nopensearch_config: { port: 70000 }',
      ['line 2, opensearch_config.port: must be at most 65535'],
    ],
    [
      'text for a list',
      'method: ssh\nssh_config: { host_config: { log_files: /var/log/mail.log } }',
      ['line 2, ssh_config.host_config.log_files: must be a list, not text'],
    ],
    ['a list for a mapping', 'method: ssh\nclusters: [a]', ['line 2, clusters: must be a mapping of keys, not a list']],
    ['an empty cluster', 'method: ssh\nclusters:\n  mx: []\n', ['line 3, clusters.mx: must name a host']],
    [
      'an empty file name',
      'method: ssh\nssh_config: { host_config: { log_files: [""] } }',
      ['line 2, ssh_config.host_config.log_files[0]: must name a file'],
    ],
    [
      'a number for a text',
      'method: ssh\ndomain: 12',
      ['line 2, domain: must be text, not a number; put it in quotes'],
    ],
    ['maybe', 'method: ssh\nssh_config: { sudo: maybe }', ['line 2, ssh_config.sudo: must be true or false, not text']],
    [
      'a zone that is none',
      'method: ssh\ntime_zone: Europe/Berlim',
      ['line 2, time_zone: must be a time zone by name, like Europe/Berlin or UTC'],
    ],
    [
      'a duration that is none',
      'method: ssh\ntrace: { follow_limit: 6 days }',
      ['line 2, trace.follow_limit: must be a duration like 90s, 30m, 4h, 6d or 1h30m'],
    ],
    [
      'an address that is none',
      'method: ssh\nslack: { api_url: "ftp://x" }',
      ['line 2, slack.api_url: must be an http:// or https:// address'],
    ],
    [
      'an unknown parser',
      'method: ssh\nssh_config: { host_config: { log_parser: Rfc3164 } }',
      [
        'line 2, ssh_config.host_config.log_parser: must be SyslogParser, Rfc5424Parser, Rfc3164Parser, EximParser or OpensearchParser, not "Rfc3164"',
      ],
    ],
  ])('%s', (_case, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  it('lists all of them at once, in the order of the lines', () => {
    const text = `method: file
log_levl: INFO
ssh_config:
  timeout: soon
opensearch_config:
  mapping: { hostnam: x }
file_config:
  hosts:
    mx1: {}
clusters: { mx: [localhost] }
access:
  - who: #postmaster
    may: [delete]
    scope: all
`;
    expect(problemsOf(text)).toEqual([
      'line 2, log_levl: unknown key. Did you mean "log_level"?',
      'line 4, ssh_config.timeout: must be a number, not text',
      'line 6, opensearch_config.mapping.hostnam: unknown key. Did you mean "hostname"?',
      'line 10, clusters.mx[0]: is every machine’s name for itself; use the name that its log lines carry',
      'line 12, access[0].who: must be everyone, or a list of U…, S…, C… and "#channel" (with quotes: # begins a comment)',
      'line 13, access[0].may[0]: must be trace, search, live, subscribe or admin, not "delete"',
    ]);
  });

  it('lists 50 and counts the rest', () => {
    const text = `method: ssh\n${Array.from({ length: 60 }, (_, index) => `zz${index}: 1\n`).join('')}`;
    expect(() => parse(text)).toThrow(/^config\.yaml has 60 problems:\n(?: {2}line .*\n){50} {2}and 10 more$/);
  });
});

describe('access rules', () => {
  const rule = (text: string) =>
    `method: ssh\nclusters: { mx: [mx1] }\nssh_config: { host_config: { log_files: [/x] } }\naccess:\n  - ${text}\n`;
  it.each<[string, object]>([
    ['{ who: everyone, may: [trace], scope: own }', { who: 'everyone', may: ['trace'], scope: 'own' }],
    [
      '{ who: [U01AB, W01AB, S01AB, C01AB, G01AB, "#mail-ops"], may: [trace, admin], scope: all }',
      { who: ['U01AB', 'W01AB', 'S01AB', 'C01AB', 'G01AB', '#mail-ops'], may: ['trace', 'admin'], scope: 'all' },
    ],
    [
      '{ who: everyone, may: [live], scope: { clusters: [mx] } }',
      { who: 'everyone', may: ['live'], scope: { domains: [], clusters: ['mx'] } },
    ],
    ['{ token_env: HELP_TOKEN, may: [trace], scope: all }', { token_env: 'HELP_TOKEN', may: ['trace'], scope: 'all' }],
  ])('%s', (text, expected) => {
    expect(parse(rule(text)).access).toEqual([expected]);
  });

  const WHO = 'must be everyone, or a list of U…, S…, C… and "#channel" (with quotes: # begins a comment)';
  const SCOPE = 'must be all, own (mail from or to the address of the asker), or { domains: […], clusters: […] }';
  it.each<[string, readonly string[]]>([
    ['{ may: [trace], scope: all }', [`line 5, access[0].who: ${WHO}`]],
    ['{ who: nobody, may: [trace], scope: all }', [`line 5, access[0].who: ${WHO}`]],
    ['{ who: [], may: [trace], scope: all }', [`line 5, access[0].who: ${WHO}`]],
    [
      '{ who: [bob], may: [trace], scope: all }',
      ['line 5, access[0].who[0]: must be U… (a person), S… (a user group), C… or "#name" (a channel)'],
    ],
    ['{ who: everyone, scope: all }', ['line 5, access[0].may: is missing; must be a list']],
    ['{ who: everyone, may: [], scope: all }', ['line 5, access[0].may: must name a right']],
    [
      '{ who: everyone, may: [trase], scope: all }',
      ['line 5, access[0].may[0]: must be trace, search, live, subscribe or admin, not "trase"; did you mean "trace"?'],
    ],
    ['{ who: everyone, may: [trace] }', [`line 5, access[0].scope: ${SCOPE}`]],
    ['{ who: everyone, may: [trace], scope: some }', [`line 5, access[0].scope: ${SCOPE}`]],
    ['{ who: everyone, may: [trace], scope: {} }', ['line 5, access[0].scope: must name a domain or a cluster']],
    [
      '{ who: everyone, may: [trace], scope: { domain: [x] } }',
      ['line 5, access[0].scope.domain: unknown key. Did you mean "domains"?'],
    ],
    [
      '{ who: everyone, may: [trace], scope: { domains: [a@b] } }',
      ['line 5, access[0].scope.domains[0]: must be a domain'],
    ],
    [
      '{ who: everyone, may: [trace], scope: { clusters: [mxx] } }',
      ['line 5, access[0].scope.clusters[0]: there is no such cluster. Did you mean "mx"?'],
    ],
    [
      '{ token_env: "a b", may: [trace], scope: all }',
      ['line 5, access[0].token_env: must be the name of an environment variable'],
    ],
  ])('%s', (text, expected) => {
    expect(problemsOf(rule(text))).toEqual(expected);
  });
});

describe('what contradicts itself', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'no machine',
      'method: file',
      ['file_config.hosts: names no machine; add hosts: { NAME: { log_files: [/var/log/mail.log] } }'],
    ],
    [
      'no log files',
      'method: file\nfile_config:\n  hosts:\n    mx1:\n    mx2: { log_files: [/a] }\n',
      ['line 4, file_config.hosts.mx1: no log_files for mx1: name them here or in file_config.host_config'],
    ],
    [
      'a machine of a cluster without an entry',
      'method: file\nfile_config:\n  hosts: { mx1: { log_files: [/a] } }\nclusters:\n  mx:\n    - mx1\n    - mx2\n',
      ['line 7, clusters.mx[1]: no log_files for mx2: name them here or in file_config.host_config'],
    ],
    ['opensearch without a host', 'method: opensearch', ['opensearch_config.host: is missing: method is opensearch']],
    [
      'an index in opensearch without a host',
      'method: ssh\nindex: { store: opensearch }\nopensearch_config:\n  port: 1\n',
      ['line 3, opensearch_config.host: is missing: index.store is opensearch'],
    ],
    [
      'one machine twice',
      'method: ssh\ndomain: corp.example\nssh_config:\n  host_config: { log_files: [/x] }\n  hosts:\n    mx1:\n    mx1.corp.example:\n',
      ['line 7, ssh_config.hosts."mx1.corp.example": is the same machine as mx1'],
    ],
    [
      'names that are none',
      'method: ssh\nssh_config:\n  host_config: { log_files: [/x] }\n  hosts:\n    127.0.0.1:\n    root@mx1:\nclusters: { mx: ["mx:corp.example"] }\n',
      [
        'line 5, ssh_config.hosts."127.0.0.1": is every machine’s name for itself; use the name that its log lines carry',
        'line 6, ssh_config.hosts."root@mx1": is no host name',
        'line 7, clusters.mx[0]: looking machines up by MX record is not supported; name them',
      ],
    ],
  ])('%s', (_case, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });
});

describe('text that is no YAML', () => {
  it.each<[string, string, readonly string[]]>([
    ['a key twice', 'method: ssh\ndomain: a\ndomain: b\n', ['line 3: the key domain stands here a second time']],
    [
      'a host twice',
      'method: ssh\nssh_config:\n  hosts:\n    mx1.a: {}\n    mx1.a: {}\n',
      ['line 5: the key mx1.a stands here a second time'],
    ],
    [
      'an unquoted channel',
      'method: ssh\naccess:\n  - who: [#ops]\n    may: [trace]\n',
      [
        'line 3: no valid YAML: a quote, bracket, comma or colon is missing; a # that begins no comment must be in quotes',
        'line 4: no valid YAML: wrong indentation, or a [ or { that is not closed',
      ],
    ],
    ['a tab', 'method: ssh\nssh_config:\n\tsudo: true\n', ['line 3: no valid YAML: a tab indents; YAML wants blanks']],
    [
      'an open quote',
      'method: "ssh\n',
      [
        'line 2: no valid YAML: a quote, bracket, comma or colon is missing; a # that begins no comment must be in quotes',
      ],
    ],
    [
      'a percent sign',
      'method: ssh\nssh_config: { host_config: { time_format: %Y } }\n',
      ['line 2: no valid YAML: a text that begins with @, ` or % must be in quotes'],
    ],
    [
      'two documents',
      'method: ssh\n---\nmethod: file\n',
      ['line 2: no valid YAML: a second document begins (---); one file holds one configuration'],
    ],
    [
      'a tag',
      'method: ssh\nssh_config: { password: !vault x }\n',
      ['line 2: no valid YAML: unknown tag (!…); a text that begins with ! must be in quotes'],
    ],
    [
      'an alias that nothing defines',
      'method: ssh\nssh_config:\n  password: *hunter2\n',
      ['line 3, ssh_config.password: a text that begins with * must be in quotes'],
    ],
    [
      'aliases that multiply',
      `method: ssh\na: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefg'
        .split('')
        .map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdef'[index]}`).join()}]\n`)
        .join('')}`,
      ['has aliases that multiply beyond reason'],
    ],
    ['a megabyte', `method: ssh\n#${'x'.repeat(1024 * 1024)}\n`, ['is longer than 1048576 characters']],
  ])('%s', (_case, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  it('ends on brackets without end', () => {
    expect(problemsOf(`method: ${'['.repeat(20_000)}`).join('\n')).toMatch(/nested too deeply|no valid YAML/);
  });
});

describe('secrets', () => {
  it.each([
    'ssh_config: { password: [hunter2] }',
    'ssh_config: { password: { hunter2: 1 } }',
    'ssh_config:\n  password: "hunter2',
    'ssh_config:\n  password: hunter2: x',
    'ssh_config:\n  password: *hunter2',
    'ssh_config:\n  password: !hunter2 x',
    'ssh_config:\n  password: @hunter2',
    'ssh_config:\n  password: a\\nhunter2',
    'ssh_config:\n  password: "\\hunter2"',
    'ssh_config:\n  password: hunter2\n\tsudo: true',
    'ssh_config:\n  sudo_pass: |\n hunter2\n',
    'ssh_config:\n  password: ${hunter2\n',
    'log_level: ${LEVEL}',
    'slack: { api_url: "${LEVEL}" }',
    'time_zone: ${LEVEL}',
    'access: [{ who: ["${LEVEL}"], may: ["${LEVEL}"], scope: "${LEVEL}" }]',
    'kumomta: { endpoint: "ftp://kumo:hunter2@kumo.example" }',
  ])('%j: the message does not repeat it', (text) => {
    const problems = problemsOf(`method: ssh\nzebra: 1\n${text}\n`, { LEVEL: 'hunter2' });
    expect(problems).not.toEqual([]);
    expect(problems.join('\n').toLowerCase()).not.toContain('hunter2');
  });
});

describe('loadConfig', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailtrace-config-'));
  });
  afterAll(async () => rm(folder, { recursive: true }));

  it('reads a file, also with a byte order mark', async () => {
    const path = join(folder, 'good.yaml');
    await writeFile(path, '\uFEFFmethod: ssh\ndomain: ${DOMAIN}\n');
    expect((await loadConfig(path, { DOMAIN: 'corp.example' })).domain).toBe('corp.example');
  });

  it.each<[string, (path: string) => Promise<unknown>, (path: string) => string, RegExp]>([
    ['missing', async () => undefined, (path) => `There is no configuration file ${path}.`, /MAILTRACE_CONFIG/],
    ['folder', async (path) => mkdir(path), (path) => `${path} is a folder, not a configuration file.`, /file in it/],
    [
      'utf16',
      async (path) => writeFile(path, '\uFEFFmethod: ssh', 'utf16le'),
      (path) => `${path} is not UTF-8 text.`,
      /UTF-8/,
    ],
    ['bad', async (path) => writeFile(path, 'method: x'), (path) => `${path} has 1 problem:`, /sample/],
  ])('%s: says which file', async (name, prepare, message, hint) => {
    const path = join(folder, name);
    await prepare(path);
    const error: unknown = await loadConfig(path, {}).catch((thrown: unknown) => thrown);
    if (!(error instanceof MailtraceError)) throw error;
    expect(error.code).toBe('config');
    expect(error.message.split('\n')[0]).toBe(message(path));
    expect(error.hint).toMatch(hint);
  });
});
