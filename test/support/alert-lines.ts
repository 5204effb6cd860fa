/** Postfix lines of one moment after another, parsed and folded as following does it: what a round hands to the alerts. */
import type { AlertBatch } from '../../src/app/alerting.ts';
import type { LogRecord } from '../../src/domain/event.ts';
import { hostName } from '../../src/domain/ids.ts';
import { NO_FILTERS, type Subscription, subscriptionId } from '../../src/domain/subscription.ts';
import { parseRecord } from '../../src/parsers/registry.ts';
import { parseSubscription } from '../../src/query/parse-subscription.ts';
import { createFold } from '../../src/trace/fold.ts';

export const T0 = Date.UTC(2026, 10, 21, 8, 0, 0);
export const MX1 = 'mx1.campus.example';

/** Seconds after T0, and the line after its header: `postfix/qmgr[20]: A1: removed`. */
export type TimedLine = readonly [at: number, text: string, host?: string | undefined];

const recordOf = ([at, text, host = MX1]: TimedLine, sequence: number, startMs: number): LogRecord => {
  const [, program = '', pid = '', rest = ''] = /^([\w/]+)\[(\d+)\]: (.*)$/s.exec(text) ?? [];
  const timeMs = startMs + Math.round(at * 1000);
  const stamp = new Date(timeMs).toISOString();
  return {
    host: hostName(host),
    timeMs,
    program,
    pid: Number(pid),
    text: rest,
    raw: `${stamp} ${host} ${text}`,
    sequence,
  };
};

const eventsOf = (record: LogRecord) => {
  const outcome = parseRecord(record);
  return outcome.kind === 'events' ? outcome.events : [];
};

type ReadLine = AlertBatch['lines'][number];

const keysOf = ({ record, events }: ReadLine): readonly string[] =>
  events.flatMap((event) => ('queueId' in event && event.queueId !== null ? [`${record.host} ${event.queueId}`] : []));

/** Rounds over one growing log: each knows what the ones before read. @param startMs second 0 of the lines */
export const createRounds = (startMs = T0) => {
  const byKey = new Map<string, ReadLine[]>();
  let sequence = 0;
  return {
    /** @param at seconds after the start: the clock, and how far the logs are read */
    read: (lines: readonly TimedLine[], at = Math.max(0, ...lines.map(([second]) => second))): AlertBatch => {
      const read = lines.map((line) => {
        sequence += 1;
        const record = recordOf(line, sequence, startMs);
        return { record, events: eventsOf(record) };
      });
      const touched = new Set<string>();
      for (const line of read) {
        for (const key of keysOf(line)) {
          byKey.set(key, [...(byKey.get(key) ?? []), line]);
          touched.add(key);
        }
      }
      const fold = createFold(1_000_000);
      for (const line of new Set([...touched].flatMap((key) => byKey.get(key) ?? [])))
        fold.add(line.record, line.events);
      const transactions = fold.result().transactions.filter((t) => touched.has(`${t.host} ${t.queueId}`));
      return { lines: read, transactions, aborted: [], eventTimeMs: startMs + at * 1000, nowMs: startMs + at * 1000 };
    },
  };
};

export type Mail = Readonly<{
  from?: string;
  to?: string;
  relay?: string;
  status?: 'bounced' | 'deferred' | 'sent';
  dsn?: string;
  response?: string;
  delay?: number;
  messageId?: string;
  host?: string;
}>;

const USER_UNKNOWN = (to: string): string =>
  `host mx.partner.example[203.0.113.25] said: 550 5.1.1 <${to}>: Recipient address rejected: User unknown (in reply to RCPT TO command)`;

export const delivery = (id: string, at: number, mail: Mail = {}): TimedLine => {
  const { to = 'dave@partner.example', relay = 'mx.partner.example[203.0.113.25]:25', status = 'bounced' } = mail;
  const { dsn = status === 'sent' ? '2.0.0' : status === 'bounced' ? '5.1.1' : '4.4.1', delay = 2, host = MX1 } = mail;
  const { response = status === 'sent' ? '250 2.0.0 Ok' : USER_UNKNOWN(to) } = mail;
  return [
    at,
    `postfix/smtp[104]: ${id}: to=<${to}>, relay=${relay}, delay=${delay}, delays=0.1/0/0.9/${Math.max(0, delay - 1)}, dsn=${dsn}, status=${status} (${response})`,
    host,
  ];
};

/** What stands before the first delivery. */
export const arrival = (
  id: string,
  at: number,
  { from = 'erin@campus.example', messageId, host = MX1 }: Mail = {},
): TimedLine[] => [
  [at, `postfix/smtpd[101]: ${id}: client=c104.sender.example[198.51.100.104]`, host],
  [at, `postfix/cleanup[102]: ${id}: message-id=<${messageId ?? `${id}@campus.example`}>`, host],
  [at, `postfix/qmgr[103]: ${id}: from=<${from}>, size=1234, nrcpt=1 (queue active)`, host],
];

/** A message of its own that fails (or not) two seconds after it came in. */
export const mail = (id: string, at: number, facts: Mail = {}): readonly TimedLine[] => [
  ...arrival(id, at - 2, facts),
  delivery(id, at, facts),
  [at, `postfix/qmgr[103]: ${id}: removed`, facts.host ?? MX1],
];

export const subscribe = (text: string, facts: Partial<Subscription> = {}): Subscription => {
  const rule = parseSubscription(text);
  const channel = facts.channel ?? 'C01OPS';
  return {
    ...rule,
    id: subscriptionId(channel, rule.filters ?? NO_FILTERS),
    channel,
    channelName: 'mail-ops',
    createdBy: 'U01ALICE',
    createdAtMs: T0 - 3_600_000,
    scope: { kind: 'all' },
    mutedUntilMs: null,
    suspended: null,
    ...facts,
  };
};
