/** Configurations that were written for the Python tool, as they are: keys, quirks and all. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLoginUser, type LoginUser } from '../services/login-user.ts';
import { getOpensearch, OPENSEARCH_START_MS, type OpensearchServer } from '../services/opensearch.ts';
import { ADMIN_PASSWORD } from '../services/opensearch-dist.mjs';
import { createSshdLab, type Sshd, type SshdLab } from '../services/sshd.ts';
import { ask, createIndex, index, type Json } from '../sources/opensearch-index.ts';
import { expectNoSecrets, runCli } from '../support/built-cli.ts';
import {
  type LoggedLine,
  RELAYED_FROM,
  RELAYED_TO,
  relayLogsOf,
  relayQueueId,
  toFile,
} from '../support/relay-chain.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** As syslog wrote it for thirty years (RFC 3164). */
const toBsdFile = (lines: readonly LoggedLine[], hoursAhead = 0): string =>
  lines
    .map(({ time, host, program, pid, text }) => {
      const local = new Date(Date.parse(time) + hoursAhead * 3_600_000);
      const day = String(local.getUTCDate()).padStart(2);
      const stamp = `${MONTHS[local.getUTCMonth()]} ${day} ${local.toISOString().slice(11, 19)}`;
      return `${stamp} ${host} ${program}[${pid}]: ${text}\n`;
    })
    .join('');

const WHEN = ['--time', '2026-11-21 07:00:00', '--time-range', '1h'];
const SEARCH = ['-k', RELAYED_FROM, '-k', RELAYED_TO, ...WHEN];

type Env = Readonly<Record<string, string>>;

const trace = async (argv: readonly string[], cwd: string, env: Env): Promise<Json> => {
  const { code, out, err } = await runCli(['run', ...argv, '--json'], { cwd, env });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out) as Json;
};

/** The message on its way over all `hosts`, and nothing else. */
const way = (hosts: readonly string[]) => ({
  complete: true,
  chains: [{ verdict: 'delivered', transactions: hosts.map((host, n) => ({ host, queueId: relayQueueId(n) })) }],
});

describe('over SSH', () => {
  let lab: SshdLab;
  let user: LoginUser;
  const PASSWORD = 'Pa#ss: word-1';
  beforeAll(async () => {
    lab = await createSshdLab();
    user = createLoginUser(lab.path('home'), PASSWORD);
    await chmod(lab.path('home'), 0o755);
    user.setSudoRules(['ALL=(root) ALL']);
    await mkdir(lab.path('.ssh'));
  });
  afterAll(async () => {
    user.remove();
    await lab.remove();
  });

  const write = async (name: string, text: string, mode = 0o644): Promise<string> => {
    const path = lab.path(name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode });
    return path;
  };
  /** What `ssh` would have written when the administrator logged in for the first time. */
  const trust = async (servers: readonly Sshd[]): Promise<void> => {
    const lines = servers.map(({ port, hostKey }) => `[127.0.0.1]:${port} ${hostKey}\n`);
    await write('.ssh/known_hosts', lines.join(''));
  };

  it('the sample: passwords, sudo, inherited log files, entries without a body, clusters', async () => {
    const hosts = ['mx1.mydomain.example', 'backup-mail.mydomain.example', 'smtp-relay-1.partner.example'] as const;
    const config = ['UsePAM no', 'PasswordAuthentication yes', 'AuthenticationMethods password'];
    const servers = await Promise.all(hosts.map(() => lab.start({ config })));
    await trust(servers);
    const [first = [], second = [], third = []] = relayLogsOf(hosts);
    await write('var/log/mail.log', toFile(first.slice(2)), 0o600);
    await write('data/log/maillog', toFile(first.slice(0, 2)), 0o600);
    await write('backup/mail.log', toBsdFile(second), 0o600);
    await write('relay/mail.log', toFile(third), 0o600);
    const blocks = hosts.map((host, n) => `Host ${host}\n    HostName 127.0.0.1\n    Port ${servers[n]!.port}\n`);
    await write('demo/ssh_config', blocks.join('\n'));
    await write(
      'config.yaml',
      `---
method: ssh
log_level: INFO
timeout: 30
auto_continue: true
ssh_config:
  username: ${user.name}
  password: "${PASSWORD}"
  private_key: ""
  sudo_pass: "${PASSWORD}" # when sudo asks
  sudo: true
  timeout: 10
  ssh_config_file: demo/ssh_config
  host_config:
    log_files:
      - ${lab.path('var/log/mail.log')}
      - ${lab.path('data/log/maillog')}
    # log_parser: SyslogParser
    time_format: "%Y-%m-%dT%H:%M:%S"
  hosts:
    mx1.mydomain.example:
      # log_parser: Rfc5424Parser
    backup-mail.mydomain.example:
      log_files:
        - ${lab.path('backup/mail.log')}
      log_parser: Rfc3164Parser
      time_format: "%b %d %H:%M:%S"
    smtp-relay-1.partner.example:
      log_files: [${lab.path('relay/mail.log')}]
opensearch_config:
  host: "localhost" # address
  port: 9200
  username: "admin"
  password: ""
  index: "mailtrace-logs-*"
  use_ssl: true
  verify_certs: false
  time_zone: "+00:00"
  timeout: 10
  mapping:
    facility: "log.syslog.facility.name"
    hostname: "host.name"
    message: "message"
    timestamp: "@timestamp"
    service: "log.syslog.appname"
    queueid: "postfix.queueid.keyword"
    queued_as: "postfix.queued_as.keyword"
    mail_id: "postfix.mail_id.keyword"
    relay_host: ""
clusters:
  mx-cluster:
    - mx1.mydomain.example
    - backup-mail.mydomain.example
  mail-cluster:
    - smtp-relay-1.partner.example
domain: mydomain.example
tracing:
  sleep_seconds: 60
  hold_rounds: 2
  go_back_seconds: 10
`,
    );
    const env = { HOME: lab.folder };
    // Its file is config.yaml where one stands.
    expect(await trace(['-h', 'mx-cluster', ...SEARCH], lab.folder, env)).toMatchObject(way(hosts));
    const [run, graph] = await Promise.all([
      runCli(['run', '-h', 'mx1.mydomain.example', ...SEARCH], { cwd: lab.folder, env }),
      runCli(['graph', '-h', 'mx1', ...SEARCH, '-o', '-'], { cwd: lab.folder, env }),
    ]);
    for (const result of [run, graph]) {
      expect([result.code, result.err]).toEqual([0, '']);
      for (const host of hosts) expect(result.out).toContain(host);
      expectNoSecrets(result, [PASSWORD]);
    }
    expect(graph.out).toMatch(/^digraph/);
  });

  it('the loghost recipe: HostName aliases, a file for each host, other formats and zones, passwords as flags', async () => {
    const hosts = ['mx.example.com', 'mailer.example.com', 'store.example.com'] as const;
    const server = await lab.start();
    await trust([server]);
    const [first = [], second = [], third = []] = relayLogsOf(hosts);
    await write('loghost/mx/mail.log', toFile(first));
    await write('loghost/mailer/mail.log', toBsdFile(second, 8));
    await write('loghost/store/mail.log', toFile(third));
    await write(
      'ssh_config_loghost',
      `Host mx.example.com mailer.example.com store.example.com
    HostName loghost

Host loghost
    HostName 127.0.0.1
    Port ${server.port}
    User ${lab.user}
    IdentityFile ${lab.keyFile}
`,
    );
    const file = await write(
      'loghost.yaml',
      `method: ssh
log_level: DEBUG
ssh_config:
  username: somebody-else
  password: ""
  private_key: /nowhere/id_rsa
  sudo: false
  ssh_config_file: ssh_config_loghost
  host_config:
    log_files: [${lab.path('loghost/store/mail.log')}]
    time_format: "%Y-%m-%dT%H:%M:%S"
  hosts:
    mx.example.com:
      log_files:
        - ${lab.path('loghost/mx/mail.log')}
    mailer.example.com:
      log_files: [${lab.path('loghost/mailer/mail.log')}]
      log_parser: Rfc3164Parser
      time_format: "%b %d %H:%M:%S"
      time_zone: Asia/Taipei
    store.example.com:
      log_parser: EximParser
      log_files: []
`,
    );
    const env = { HOME: lab.folder, MAILTRACE_CONFIG: file };
    const passwords = ['--login-pass', 'Unused#1', '--sudo-pass', 'Unused#2', '--opensearch-pass', 'Unused#3'];
    expect(await trace([...passwords, '-h', 'mx.example.com', ...SEARCH], lab.folder, env)).toMatchObject(way(hosts));
    expect(await server.countConnections()).toBe(1);
    expect(await server.log()).toContain(`Accepted publickey for ${lab.user} `);
  });

  it('one that names no machine: -h does', async () => {
    const host = 'mx9.mydomain.example';
    const server = await lab.start();
    await trust([server]);
    await write('demo/ssh_config_mx9', `Host ${host}\n  HostName 127.0.0.1\n  Port ${server.port}\n`);
    const file = await write(
      'mx9.yaml',
      `method: ssh
log_level: INFO
ssh_config:
  username: ${lab.user}
  private_key: ${lab.keyFile}
  sudo: false
  ssh_config_file: demo/ssh_config_mx9
  host_config: { log_files: [${await write('mx9/mail.log', toFile(relayLogsOf([host]).flat()))}] }
`,
    );
    const env = { HOME: lab.folder };
    expect(await trace(['-c', file, '-h', host, ...SEARCH], lab.folder, env)).toMatchObject(way([host]));
    const { code, out, err } = await runCli(['run', '-c', file, ...SEARCH], { cwd: lab.folder, env });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('The configuration names no machine');
  });
});

describe('over OpenSearch', () => {
  let plain: OpensearchServer;
  let secure: OpensearchServer;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailtrace-python-'));
    [plain, secure] = await Promise.all([getOpensearch('plain'), getOpensearch('secure')]);
  }, OPENSEARCH_START_MS);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const hosts = ['mx1.corp.example', 'gw1.corp.example', 'mbx.corp.example'] as const;
  const lines = relayLogsOf(hosts).flat();

  it('the sample: facts that the pipeline extracted, a cluster, no certificate checked', async () => {
    await createIndex(secure, 'mailtrace-logs-2026.11.21', { mappings: null });
    const documents = lines.map(({ time, host, program, text }) => ({
      '@timestamp': time,
      host: { name: host },
      log: { syslog: { appname: program, facility: { name: 'mail' } } },
      postfix: { queueid: text.split(':')[0], queued_as: /queued as (\w+)/.exec(text)?.[1] },
      message: text,
    }));
    await index(secure, 'mailtrace-logs-2026.11.21', documents);
    const config = join(folder, 'sample.yaml');
    await writeFile(
      config,
      `method: opensearch
log_level: INFO
timeout: 30
ssh_config:
  username: username
  password: "unused"
  host_config:
    log_files:
      - /var/log/mail.log
  hosts:
    mx1.corp.example:
opensearch_config:
  host: "localhost"
  port: ${secure.port}
  username: "admin"
  password: ""
  index: "mailtrace-logs-*"
  use_ssl: true
  verify_certs: false
  time_zone: "+00:00"
  timeout: 60
  mapping:
    facility: "log.syslog.facility.name"
    hostname: "host.name"
    message: "message"
    timestamp: "@timestamp"
    service: "log.syslog.appname"
    queueid: "postfix.queueid.keyword"
    queued_as: "postfix.queued_as.keyword"
    mail_id: ""
    relay_host: ""
    relay_ip: ""
    relay_port: ""
    smtp_code: ""
clusters:
  edge: [mx1.corp.example, gw1]
  inner:
    - mbx.corp.example
domain: corp.example
auto_continue: false
`,
    );
    const argv = ['-c', config, '--opensearch-pass', ADMIN_PASSWORD, '-h', 'edge', ...SEARCH];
    const named = ['mx1.corp.example', 'gw1.corp.example', 'mbx.corp.example'];
    const report = await trace(argv, folder, {});
    expect(report).toMatchObject({ complete: true, chains: [{ verdict: 'delivered' }] });
    const [{ transactions } = { transactions: [] }] = report['chains'] as readonly { transactions: readonly Json[] }[];
    expect(transactions.map(({ host }) => String(host).split('.')[0])).toEqual(named.map((host) => host.split('.')[0]));
  });

  it('fields of its own names, stamps of a zone, and a password that nobody asks for', async () => {
    const name = 'mail-logs';
    await ask(plain, 'DELETE', `/${name}`);
    await createIndex(plain, name, { mappings: null });
    const local = (time: string): string => new Date(Date.parse(time) + 8 * 3_600_000).toISOString().replace('Z', '');
    const documents = lines.map(({ time, host, program, text }) => ({
      timestamp: local(time),
      hostname: `${host}.corp.example`,
      appname: program,
      facility: 'mail',
      message: text,
    }));
    await index(plain, name, documents);
    const config = join(folder, 'fields.yaml');
    await writeFile(
      config,
      `method: opensearch
log_level: CRITICAL
ssh_config: { username: unused, password: "unused" }
opensearch_config:
  host: 127.0.0.1
  port: ${plain.port}
  username: admin
  password: "admin#1"
  index: ${name}
  time_zone: "+08:00"
  timeout: 60
  mapping: { facility: facility, hostname: hostname, message: message, timestamp: timestamp, service: appname }
clusters:
  mx: [mx1, gw1.corp.example, mbx.corp.example]
domain: corp.example
`,
    );
    const report = await trace(['-c', config, '-h', 'mx', ...SEARCH], folder, {});
    expect(report).toMatchObject({
      complete: true,
      chains: [{ verdict: 'delivered', transactions: [{ arrivedAt: '2026-11-21T07:00:00.000Z' }, {}, {}] }],
    });
  });
});
