import { describe, expect, it } from 'vitest';
import { configuredFleet, configuredHosts } from '../../src/config/configured-hosts.ts';
import { parseConfig } from '../../src/config/load.ts';

const parse = (text: string) => parseConfig(text, { env: {}, path: 'config.yaml' });

/** What was written for the Python tool loads as it is: same keys, same oddities. */
describe('configurations of the Python tool', () => {
  it('loads one like its sample, with a top-level timeout and entries without a body', () => {
    const config = parse(`---
method: ssh
log_level: INFO
timeout: 30
auto_continue: false
ssh_config:
  username: username
  password: ""
  private_key: /home/username/.ssh/id_rsa
  sudo_pass: ""
  sudo: true
  timeout: 10
  ssh_config_file: demo/ssh_config
  host_config:
    log_files:
      - /var/log/mail.log
      - /data/log/maillog
    # log_parser: SyslogParser
    time_format: "%Y-%m-%dT%H:%M:%S"
  hosts:
    mx1.mydomain.example:
      # log_parser: Rfc3164Parser
    backup-mail.mydomain.example:
      # time_format: "%b %d %H:%M:%S"
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
clusters:
  mx-cluster:
    - mx1.mydomain.example
    - mx2.mydomain.example
  mail-cluster:
    - smtp-relay-1.partner.example
tracing:
  sleep_seconds: 60
  hold_rounds: 2
  go_back_seconds: 10
`);
    const options = {
      log_files: ['/var/log/mail.log', '/data/log/maillog'],
      log_parser: 'SyslogParser',
      time_format: '%Y-%m-%dT%H:%M:%S',
    };
    expect(configuredHosts(config)).toEqual([
      { host: 'mx1.mydomain.example', options },
      { host: 'backup-mail.mydomain.example', options },
      { host: 'mx2.mydomain.example', options },
      { host: 'smtp-relay-1.partner.example', options },
    ]);
    expect(config.opensearch_config).toMatchObject({ use_ssl: true, verify_certs: false });
    expect(config.opensearch_config.mapping).toMatchObject({ queueid: 'postfix.queueid.keyword', relay_ip: '' });
  });

  it('loads its loghost recipe: entries inherit field by field', () => {
    const config = parse(`method: ssh
log_level: DEBUG
auto_continue: true
ssh_config:
  username: root
  password: "root"
  sudo: false
  ssh_config_file: ssh_config_loghost
  host_config:
    log_files: [/var/log/mail.log]
    time_format: "%Y-%m-%dT%H:%M:%S"
    time_zone: Asia/Taipei
  hosts:
    mx.example.com:
      log_files:
        - /var/log/mx/mail.log
    mailer.example.com:
      log_files: [/var/log/mailer/mail.log]
      log_parser: Rfc3164Parser
      time_format: "%b %d %H:%M:%S"
      time_zone: UTC
    exim.example.com:
      log_parser: EximParser
      log_files: []
`);
    expect(configuredHosts(config)).toEqual([
      {
        host: 'mx.example.com',
        options: {
          log_files: ['/var/log/mx/mail.log'],
          log_parser: 'SyslogParser',
          time_format: '%Y-%m-%dT%H:%M:%S',
          time_zone: 'Asia/Taipei',
        },
      },
      {
        host: 'mailer.example.com',
        options: {
          log_files: ['/var/log/mailer/mail.log'],
          log_parser: 'Rfc3164Parser',
          time_format: '%b %d %H:%M:%S',
          time_zone: 'UTC',
        },
      },
      {
        host: 'exim.example.com',
        options: {
          log_files: ['/var/log/mail.log'],
          log_parser: 'EximParser',
          time_format: '%Y-%m-%dT%H:%M:%S',
          time_zone: 'Asia/Taipei',
        },
      },
    ]);
  });

  it('loads one for OpenSearch with fields of its own and clusters only', () => {
    const config = parse(`method: opensearch
log_level: CRITICAL
ssh_config: { username: unused, password: "unused" }
opensearch_config:
  host: search.corp.example
  index: mail-logs
  time_zone: "+08:00"
  mapping: { facility: facility, hostname: hostname, message: message, timestamp: timestamp, service: appname }
clusters:
  mx: [mx1, mx1, mx2.corp.example]
domain: corp.example
`);
    expect(configuredHosts(config)).toEqual([
      { host: 'mx1', options: null },
      { host: 'mx2.corp.example', options: null },
    ]);
    expect(config.opensearch_config.mapping).toMatchObject({ service: 'appname', timestamp: 'timestamp' });
  });

  it('loads one of the fork, with the parser names of release 0.2 and fields that are null', () => {
    const config = parse(`---
method: ssh
log_level: WARNING
timeout: 30
ssh_config:
  username: username
  private_key: /home/username/.ssh/id_rsa
  host_config:
    log_files: [/var/log/mail.log]
    log_parser: NoSpaceInDatetimeParser
  hosts:
    mx1.mydomain.example:
      log_parser: DayOfWeekParser
      time_format: "%b %d %H:%M:%S"
opensearch_config:
  host: localhost
  mapping: { facility: null, service: ~, queueid: , message_id: message_id }
clusters:
  mx-cluster:
    - mx-cluster.mydomain.example
    - mx-cluster.mydomain.example
`);
    expect(configuredHosts(config).map(({ host, options }) => [host, options?.log_parser])).toEqual([
      ['mx1.mydomain.example', 'Rfc3164Parser'],
      ['mx-cluster.mydomain.example', 'Rfc5424Parser'],
    ]);
    const { facility, service, queueid, message_id: messageId } = config.opensearch_config.mapping;
    expect([facility, service, queueid, messageId]).toEqual(['', '', '', 'message_id']);
  });

  it('loads one without hosts: any machine may be named with -h', () => {
    const config = parse(
      'method: ssh\nlog_level: INFO\nssh_config: { host_config: { log_files: [/var/log/mail.log] } }',
    );
    expect(configuredHosts(config)).toEqual([]);
    const { hosts } = configuredFleet(config, 'mx1.mydomain.example');
    expect(hosts.map(({ host, options }) => [host, options?.log_files])).toEqual([
      ['mx1.mydomain.example', ['/var/log/mail.log']],
    ]);
    expect(configuredFleet(config, 'no host').hosts).toEqual([]);
    const noLog = parse('method: ssh');
    expect(configuredFleet(noLog, 'mx1.mydomain.example').hosts).toEqual([]);
    const others = parse('method: ssh\nclusters: { mx: [mx1] }\nssh_config: { host_config: { log_files: [/a] } }');
    expect(configuredFleet(others, 'mx2').hosts.map(({ host }) => host)).toEqual(['mx1']);
  });
});

describe('names and clusters', () => {
  it('means one machine by a short and a full name', () => {
    const config = parse(`method: file
domain: corp.example
file_config:
  hosts:
    mx1.corp.example: { log_files: [/a] }
    gw: { log_files: [/b] }
clusters: { all: [mx1, gw.corp.example] }
`);
    expect(configuredHosts(config).map(({ host, options }) => [host, options?.log_files])).toEqual([
      ['mx1.corp.example', ['/a']],
      ['gw', ['/b']],
    ]);
  });

  it('gives a machine that only a cluster names what host_config says', () => {
    const config = parse(`method: file
file_config:
  host_config: { log_files: [/var/log/all.log], time_zone: UTC }
clusters: { all: [mx1] }
`);
    expect(configuredHosts(config)).toEqual([
      {
        host: 'mx1',
        options: {
          log_files: ['/var/log/all.log'],
          log_parser: 'SyslogParser',
          time_format: '%Y-%m-%d %H:%M:%S',
          time_zone: 'UTC',
        },
      },
    ]);
  });
});
