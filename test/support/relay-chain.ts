/** A message that each machine of a chain hands to the next one: what they log, as lines of a file and as documents. */

/** When the first machine accepts it; each further one does a second later. */
export const RELAYED_AT = '2026-11-21T07:00:00Z';
export const RELAYED_FROM = 'ann@sender.example';
export const RELAYED_TO = 'bob@campus.example';
export const RELAYED_ID = 'relayed@sender.example';

export type LoggedLine = Readonly<{ time: string; host: string; program: string; pid: number; text: string }>;

/** Configured names of the machines, in the order of the way. */
export const relayHosts = (hops: number): readonly string[] =>
  Array.from({ length: hops }, (_, n) => `mx${n + 1}.campus.example`);

export const relayQueueId = (n: number): string => `4B1F${n}A09C7${n}`;

const PIDS: Readonly<Record<string, number>> = { smtpd: 7, cleanup: 8, qmgr: 9, smtp: 10, local: 11 };

const linesAt = (n: number, hosts: readonly string[]): readonly LoggedLine[] => {
  const id = relayQueueId(n);
  const isLast = n === hosts.length - 1;
  const client = n === 0 ? 'c.sender.example[198.51.100.1]' : `${hosts[n - 1]}[192.0.2.${n}]`;
  const relay = isLast ? 'local' : `${hosts[n + 1]}[192.0.2.${n + 2}]:25`;
  const response = isLast ? 'delivered to mailbox' : `250 2.0.0 Ok: queued as ${relayQueueId(n + 1)}`;
  const delivery = `to=<${RELAYED_TO}>, relay=${relay}, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (${response})`;
  const line = (ms: number, daemon: string, text: string): LoggedLine => ({
    time: new Date(Date.parse(RELAYED_AT) + n * 1000 + ms).toISOString(),
    host: hosts[n]!.split('.')[0]!,
    program: `postfix/${daemon}`,
    pid: PIDS[daemon]!,
    text: `${id}: ${text}`,
  });
  return [
    line(0, 'smtpd', `client=${client}`),
    line(1, 'cleanup', `message-id=<${RELAYED_ID}>`),
    line(2, 'qmgr', `from=<${RELAYED_FROM}>, size=500, nrcpt=1 (queue active)`),
    line(100, isLast ? 'local' : 'smtp', delivery),
    line(101, 'qmgr', 'removed'),
  ];
};

/** What each machine logs, in the order of the way. */
export const relayLogsOf = (hosts: readonly string[]): readonly (readonly LoggedLine[])[] =>
  hosts.map((_, n) => linesAt(n, hosts));

export const relayLogs = (hops: number): readonly (readonly LoggedLine[])[] => relayLogsOf(relayHosts(hops));

/** As rsyslog writes it, with RFC 3339 stamps. */
export const toFile = (lines: readonly LoggedLine[]): string =>
  lines.map(({ time, host, program, pid, text }) => `${time} ${host} ${program}[${pid}]: ${text}\n`).join('');

/** As a shipper indexes it (ECS). */
export const toDocument = ({ time, host, program, pid, text }: LoggedLine) => ({
  '@timestamp': time,
  host: { name: host },
  log: { syslog: { appname: program, procid: pid, facility: { name: 'mail' } } },
  message: text,
});
