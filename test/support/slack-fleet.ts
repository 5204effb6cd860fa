/** A small fleet with Postfix logs of the last hours, its configuration, and the bot over it: for tests against the Slack double. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessRule } from '../../src/app/access.ts';
import type { AuditLog, Log } from '../../src/app/ports.ts';
import type { Tracer } from '../../src/app/tracer.ts';
import { openAuditLog } from '../../src/audit-log.ts';
import type { MailtraceError } from '../../src/errors.ts';
import type { SlackDouble } from '../../src/playground/playground.ts';
import { type SlackBot, type SlackBotOptions, startSlackBot } from '../../src/slack/app.ts';
import { createImager, openTracerFromConfig } from '../../src/wire.ts';

export const MX1 = 'mx1.campus.example';
export const MAILBOX1 = 'mailbox1.campus.example';

/** Lines of one host, each with its age in seconds. */
export type Lines = readonly (readonly [host: string, secondsAgo: number, text: string])[];

const CLIENT = 'client=c104.sender.example[198.51.100.104]';

export type Delivered = Readonly<{ id: string; from?: string; to: string; secondsAgo?: number; messageId?: string }>;

/** sender → mx1 → mailbox1: delivered. `id` names the queue IDs: `A1<id>` on mx1, `B1<id>` on mailbox1. */
export const delivered = ({
  id,
  to,
  from = 'ann@sender.example',
  secondsAgo = 7200,
  messageId = `${id}@sender.example`,
}: Delivered): Lines => [
  [MX1, secondsAgo, `postfix/smtpd[101]: A1${id}: ${CLIENT}`],
  [MX1, secondsAgo, `postfix/cleanup[102]: A1${id}: message-id=<${messageId}>`],
  [MX1, secondsAgo, `postfix/qmgr[103]: A1${id}: from=<${from}>, size=1234, nrcpt=1 (queue active)`],
  [
    MX1,
    secondsAgo - 1,
    `postfix/smtp[104]: A1${id}: to=<${to}>, relay=${MAILBOX1}[10.20.0.40]:25, delay=1.1, delays=0.1/0/0.5/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as B1${id})`,
  ],
  [MX1, secondsAgo - 1, `postfix/qmgr[103]: A1${id}: removed`],
  [MAILBOX1, secondsAgo - 1, `postfix/smtpd[201]: B1${id}: client=${MX1}[10.20.0.10]`],
  [MAILBOX1, secondsAgo - 1, `postfix/cleanup[202]: B1${id}: message-id=<${messageId}>`],
  [MAILBOX1, secondsAgo - 1, `postfix/qmgr[203]: B1${id}: from=<${from}>, size=1400, nrcpt=1 (queue active)`],
  [
    MAILBOX1,
    secondsAgo - 2,
    `postfix/local[204]: B1${id}: to=<${to}>, relay=local, delay=0.2, delays=0.1/0/0/0.1, dsn=2.0.0, status=sent (delivered to mailbox)`,
  ],
  [MAILBOX1, secondsAgo - 2, `postfix/qmgr[203]: B1${id}: removed`],
];

/** mx1 → partner: refused for good, and the bounce to the sender. */
export const bounced = (
  id: string,
  to: string,
  response = `550 5.1.1 <${to}>: Recipient address rejected: User unknown`,
): Lines => [
  [MX1, 7000, `postfix/smtpd[101]: C1${id}: ${CLIENT}`],
  [MX1, 7000, `postfix/cleanup[102]: C1${id}: message-id=<${id}@campus.example>`],
  [MX1, 7000, `postfix/qmgr[103]: C1${id}: from=<erin@campus.example>, size=1234, nrcpt=1 (queue active)`],
  [
    MX1,
    6998,
    `postfix/smtp[104]: C1${id}: to=<${to}>, relay=mx.partner.example[203.0.113.25]:25, delay=2.1, delays=0.1/0/1/1, dsn=5.1.1, status=bounced (host mx.partner.example[203.0.113.25] said: ${response} (in reply to RCPT TO command))`,
  ],
  [MX1, 6998, `postfix/cleanup[102]: D1${id}: message-id=<bounce-${id}@mx1.campus.example>`],
  [MX1, 6998, `postfix/bounce[105]: C1${id}: sender non-delivery notification: D1${id}`],
  [MX1, 6998, `postfix/qmgr[103]: D1${id}: from=<>, size=3000, nrcpt=1 (queue active)`],
  [MX1, 6998, `postfix/qmgr[103]: C1${id}: removed`],
  [
    MX1,
    6997,
    `postfix/local[106]: D1${id}: to=<erin@campus.example>, relay=local, delay=0.2, delays=0.1/0/0/0.1, dsn=2.0.0, status=sent (delivered to mailbox)`,
  ],
  [MX1, 6997, `postfix/qmgr[103]: D1${id}: removed`],
];

export const rejected = (to: string): Lines => [
  [
    MX1,
    6500,
    `postfix/smtpd[101]: NOQUEUE: reject: RCPT from c104.sender.example[198.51.100.104]: 550 5.1.1 <${to}>: Recipient address rejected: User unknown in relay recipient table; from=<ann@sender.example> to=<${to}> proto=ESMTP helo=<c104.sender.example>`,
  ],
];

const writeLogs = async (folder: string, lines: Lines, nowMs: number): Promise<void> => {
  await mkdir(folder, { recursive: true });
  for (const host of [MX1, MAILBOX1]) {
    const text = lines
      .filter(([name]) => name === host)
      .toSorted(([, a], [, b]) => b - a)
      .map(
        ([, secondsAgo, line]) =>
          `${new Date(nowMs - secondsAgo * 1000).toISOString()} ${host.split('.', 1)[0]} ${line}\n`,
      )
      .join('');
    await writeFile(join(folder, `${host}.log`), text);
  }
};

export const EVERYTHING: readonly AccessRule[] = [{ who: 'everyone', may: ['trace'], scope: 'all' }];

export type LogLine = Readonly<{
  level: 'debug' | 'info' | 'warn' | 'error';
  fields: Readonly<Record<string, unknown>>;
  message: string;
}>;

const recordingLog = (records: LogLine[]): Log => {
  const write = (level: LogLine['level']) => (fields: LogLine['fields'], message: string) =>
    void records.push({ level, fields, message });
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
};

export type FleetOptions = Readonly<{
  /** The Slack double, or another one. */
  slack: Pick<SlackDouble, 'botToken' | 'appToken' | 'signingSecret' | 'apiUrl' | 'useHttp'>;
  lines: Lines;
  rules?: readonly AccessRule[];
  transport?: 'socket' | 'http';
  /** Takes the place of the real one. */
  tracer?: (real: Tracer) => Tracer;
  audit?: AuditLog;
  imager?: SlackBotOptions['imager'];
  limits?: SlackBotOptions['limits'];
  /** Subscriptions and incidents, as if the logs were followed. */
  alerts?: SlackBotOptions['alerts'];
  /** A log that does not exist: this host cannot be read. */
  deadHost?: string;
}>;

export type Fleet = Readonly<{
  bot: SlackBot;
  tracer: Tracer;
  log: readonly LogLine[];
  lost: readonly MailtraceError[];
  /** The lines of `audit.jsonl`. */
  audited: () => Promise<readonly Readonly<Record<string, string>>[]>;
  close: () => Promise<void>;
}>;

/** JSON is YAML. */
const configText = (folder: string, { deadHost, rules }: Pick<FleetOptions, 'deadHost' | 'rules'>): string => {
  const hosts = [MX1, MAILBOX1, ...(deadHost === undefined ? [] : [deadHost])];
  return JSON.stringify({
    method: 'file',
    time_zone: 'Europe/Berlin',
    domain: 'campus.example',
    clusters: { mx: [MX1], mailboxes: [MAILBOX1] },
    access: rules ?? [],
    file_config: {
      hosts: Object.fromEntries(hosts.map((host) => [host, { log_files: [join(folder, `${host}.log`)] }])),
    },
  });
};

/** Logs and configuration. @returns the path of the configuration */
export const writeFleet = async (
  folder: string,
  options: Pick<FleetOptions, 'lines' | 'rules' | 'deadHost'>,
): Promise<string> => {
  const configPath = join(folder, 'config.yaml');
  await writeLogs(folder, options.lines, Date.now());
  await writeFile(configPath, configText(folder, options));
  return configPath;
};

export const openFleet = async (options: FleetOptions): Promise<Fleet> => {
  const { slack, rules = EVERYTHING, transport = 'socket' } = options;
  const folder = await mkdtemp(join(tmpdir(), 'mailtrace-slack-'));
  const configPath = await writeFleet(folder, options);
  const real = await openTracerFromConfig({
    configPath,
    passwords: { login: null, sudo: null, opensearch: null },
    env: {},
  });
  const tracer = options.tracer?.(real) ?? real;
  const imager = createImager();
  const log: LogLine[] = [];
  const lost: MailtraceError[] = [];
  const auditPath = join(folder, 'data', 'audit.jsonl');
  const bot = await startSlackBot({
    botToken: slack.botToken,
    transport:
      transport === 'socket'
        ? { kind: 'socket', appToken: slack.appToken }
        : { kind: 'http', signingSecret: slack.signingSecret, host: '127.0.0.1', port: 0 },
    apiUrl: slack.apiUrl,
    tracer,
    imager: options.imager ?? imager,
    accessRules: rules,
    audit: options.audit ?? (await openAuditLog(auditPath)),
    log: recordingLog(log),
    now: () => Date.now(),
    alerts: options.alerts ?? null,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    onLost: (error) => lost.push(error),
  });
  if (bot.port !== null) slack.useHttp(`http://127.0.0.1:${bot.port}/slack/events`);
  return {
    bot,
    tracer,
    log,
    lost,
    audited: async () => {
      const text = await readFile(auditPath, 'utf8');
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    },
    close: async () => {
      await bot.stop();
      await tracer.close();
      await imager.close();
      await rm(folder, { recursive: true });
    },
  };
};
