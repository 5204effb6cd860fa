/** One event as shippers, log daemons and containers write it down. */

export type Logged = Readonly<{
  /** Epoch milliseconds, with a fraction of whole milliseconds. */
  timeMs: number;
  host: string;
  program: string;
  pid: number | null;
  text: string;
}>;

export type Shape = Readonly<{
  name: string;
  write: (logged: Logged) => string;
  /** What such a line still says. */
  keeps: Readonly<{ fraction?: false; pid?: false; host?: false; daemon?: false }>;
}>;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `2026-11-21T07:24:23.159+00:00`; `offset` in hours. */
const iso = (ms: number, offset = 0): string => {
  const wall = new Date(ms + offset * 3_600_000).toISOString().slice(0, 23);
  return `${wall}${offset < 0 ? '-' : '+'}${String(Math.abs(offset)).padStart(2, '0')}:00`;
};
const zulu = (ms: number): string => new Date(ms).toISOString();
const bsd = (ms: number): string => {
  const date = new Date(ms);
  return `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${date.toISOString().slice(11, 19)}`;
};
const weekday = (ms: number): string => DAYS[new Date(ms).getUTCDay()]!;
const year = (ms: number): number => new Date(ms).getUTCFullYear();

const tag = ({ program, pid }: Logged): string => `${program}${pid === null ? '' : `[${pid}]`}:`;
const old = (logged: Logged): string => `${bsd(logged.timeMs)} ${logged.host} ${tag(logged)} ${logged.text}`;
const modern = (logged: Logged): string => `${iso(logged.timeMs)} ${logged.host} ${tag(logged)} ${logged.text}`;
const rfc5424 = ({ timeMs, host, program, pid, text }: Logged, data = '-', mark = ''): string =>
  `<22>1 ${iso(timeMs)} ${host} ${program} ${pid ?? '-'} - ${data} ${mark}${text}`;

const shape = (name: string, write: Shape['write'], keeps: Shape['keeps'] = {}): Shape => ({ name, write, keeps });
const json = (name: string, fields: (logged: Logged) => object, keeps: Shape['keeps'] = {}): Shape =>
  shape(name, (logged) => JSON.stringify(fields(logged)), keeps);
const SECONDS = { fraction: false } as const;

const PLAIN: readonly Shape[] = [
  shape('RFC 3164', old, SECONDS),
  shape('RFC 3164 with priority', (l) => `<22>${old(l)}`, SECONDS),
  shape('RFC 3164 with a fraction', (l) =>
    old(l).replace(/^(\S+ +\S+ \S+)/, `$1.${String(l.timeMs % 1000).padStart(3, '0')}`),
  ),
  shape('RFC 3339', modern),
  shape('RFC 3339, another offset', (l) => modern(l).replace(iso(l.timeMs), iso(l.timeMs, -5))),
  shape('RFC 3339, Z and a comma', (l) => modern(l).replace(iso(l.timeMs), zulu(l.timeMs).replace('.', ','))),
  shape('RFC 3339 with priority', (l) => `<22>${modern(l)}`),
  shape('RFC 5424', (l) => rfc5424(l)),
  shape('RFC 5424 with data', (l) => rfc5424(l, '[origin software="rsyslogd" x="a\\]b\\"c"][meta@1 seq="7"]')),
  shape('RFC 5424 with a byte order mark', (l) => rfc5424(l, '-', '\uFEFF')),
  shape('RFC 5424 with an octet count', (l) => `${rfc5424(l).length} ${rfc5424(l)}`),
  shape('RFC 5424 without the daemon', (l) => rfc5424({ ...l, program: l.program.split('/')[0]! }), { daemon: false }),
  shape('RFC 5424 with the tag once more', (l) => {
    const lost = rfc5424({ ...l, program: l.program.split('/')[0]! });
    return l.pid === null ? rfc5424(l) : `${lost.slice(0, lost.length - l.text.length)}${tag(l)} ${l.text}`;
  }),
  shape(
    'RFC 3164 out of RFC 5424, without a colon',
    (l) => old(l).replace(tag(l), l.pid === null ? tag(l) : tag(l).slice(0, -1)),
    SECONDS,
  ),
  shape(
    'no blank behind the tag',
    (l) => old(l).replace(`${tag(l)} `, l.pid === null ? `${tag(l)} ` : tag(l)),
    SECONDS,
  ),
  shape('syslog-ng, ts-format(full)', (l) => `${year(l.timeMs)} ${old(l)}`, SECONDS),
  shape('syslog-ng, ts-format(unix)', (l) => `${Math.floor(l.timeMs / 1000)} ${l.host} ${tag(l)} ${l.text}`, SECONDS),
  shape(
    'journalctl -o short-iso',
    (l) => modern(l).replace(iso(l.timeMs), zulu(l.timeMs).replace(/\.\d+Z$/, '+0000')),
    SECONDS,
  ),
  shape(
    'journalctl -o short-full',
    (l) => `${weekday(l.timeMs)} ${zulu(l.timeMs).slice(0, 19).replace('T', ' ')} UTC ${l.host} ${tag(l)} ${l.text}`,
    SECONDS,
  ),
  shape('journalctl -o short-unix', (l) => `${(l.timeMs / 1000).toFixed(3)} ${l.host} ${tag(l)} ${l.text}`),
  shape('FreeBSD, syslogd -v', (l) => `${bsd(l.timeMs)} <mail.info> ${l.host} ${tag(l)} ${l.text}`, SECONDS),
  shape('AIX', (l) => `${bsd(l.timeMs)} ${l.host} mail:info ${tag(l)} ${l.text}`, SECONDS),
  shape('Solaris', (l) => `${bsd(l.timeMs)} ${l.host} ${tag(l)} [ID 801593 mail.info] ${l.text}`, SECONDS),
];

const NESTED: readonly Shape[] = [
  shape('a file shipped by imfile', (l) => `${iso(l.timeMs + 2000)} ${l.host} postfix-file: ${old(l)}`, SECONDS),
  shape(
    'a file shipped by imfile, RFC 5424',
    (l) => `<22>1 ${iso(l.timeMs + 2000)} ${l.host} file - - - ${old(l)}`,
    SECONDS,
  ),
  shape('RFC 3339 in RFC 3164', (l) => `${bsd(l.timeMs + 2000)} relay file: ${modern(l)}`),
  shape('a relay that has no tag', (l) => `${iso(l.timeMs + 2000)} relay ${old(l)}`, SECONDS),
  shape(
    'a relay that puts its name in front',
    (l) => (l.pid === null ? old(l) : old(l).replace(l.host, `relay ${l.host}`)),
    SECONDS,
  ),
  shape(
    'three headers',
    (l) => `${iso(l.timeMs + 4000)} loghost relay: <22>${bsd(l.timeMs + 2000)} relay file: ${old(l)}`,
    SECONDS,
  ),
  shape(
    'four headers',
    (l) =>
      `${zulu(l.timeMs + 5000)} stdout F ${iso(l.timeMs + 4000)} loghost relay: <22>${bsd(l.timeMs + 2000)} relay file: ${modern(l)}`,
  ),
  shape('Kubernetes around a line', (l) => `${zulu(l.timeMs + 9)} stdout F ${old(l)}`, SECONDS),
  shape('Kubernetes around a tag', (l) => `${zulu(l.timeMs)} stderr F ${tag(l)} ${l.text}`, { host: false }),
  shape('docker logs -t', (l) => `${zulu(l.timeMs + 9).replace('Z', '123456Z')} ${old(l)}`, SECONDS),
  shape('docker compose logs', (l) => `mx-1  | ${old(l)}`, SECONDS),
  shape('docker compose logs -t', (l) => `mx-1  | ${zulu(l.timeMs + 9)} ${old(l)}`, SECONDS),
  shape(
    'CEE',
    (l) =>
      `${old(l).replace(`${tag(l)} ${l.text}`, 'app: ')}@cee: ${JSON.stringify({ time: iso(l.timeMs), host: l.host, pname: l.program, pid: l.pid, msg: l.text })}`,
  ),
  shape(
    'CEE, nothing else',
    (l) => `@cee:${JSON.stringify({ time: iso(l.timeMs), host: l.host, program: l.program, pid: l.pid, msg: l.text })}`,
  ),
  shape(
    'JSON in syslog',
    (l) =>
      `${bsd(l.timeMs)} relay json: ${JSON.stringify({ timestamp: zulu(l.timeMs), hostname: l.host, appname: l.program, procid: l.pid, message: l.text })}`,
  ),
];

const pidText = ({ pid }: Logged): string => (pid === null ? '-' : String(pid));

const JSON_SHAPES: readonly Shape[] = [
  json('rsyslog, flat ECS', (l) => ({
    '@timestamp': iso(l.timeMs),
    'host.name': l.host,
    'log.syslog.appname': l.program,
    'log.syslog.procid': pidText(l),
    message: ` ${l.text}`,
  })),
  json('rsyslog, nested ECS', (l) => ({
    '@timestamp': iso(l.timeMs, 8),
    host: { name: l.host },
    log: { syslog: { appname: l.program, procid: pidText(l) } },
    message: ` ${l.text}`,
  })),
  json('rsyslog, jsonmesg', (l) => ({
    msg: ` ${l.text}`,
    rawmsg: `<22>${old(l)}`,
    timereported: iso(l.timeMs),
    hostname: l.host,
    syslogtag: tag(l),
    inputname: 'imuxsock',
    fromhost: l.host,
    'fromhost-ip': '127.0.0.1',
    pri: '22',
    timegenerated: iso(l.timeMs + 5),
    programname: l.program.split('/')[0],
    'protocol-version': '0',
    'structured-data': '-',
    'app-name': l.program.split('/')[0],
    procid: pidText(l),
    msgid: '-',
    uuid: null,
    '$!': null,
  })),
  json(
    'rsyslog, old stamp and tag',
    (l) => ({ timestamp: bsd(l.timeMs), hostname: l.host, syslogtag: tag(l), msg: ` ${l.text}` }),
    SECONDS,
  ),
  json(
    'syslog-ng, format-json',
    (l) => ({
      PROGRAM: l.program,
      PRIORITY: 'info',
      ...(l.pid === null ? {} : { PID: String(l.pid) }),
      MESSAGE: l.text,
      HOST_FROM: 'relay',
      HOST: l.host,
      FACILITY: 'mail',
      DATE: bsd(l.timeMs),
    }),
    SECONDS,
  ),
  json('syslog-ng, format-json with ISODATE', (l) => ({
    SOURCEIP: '192.0.2.9',
    PROGRAM: l.program,
    PID: l.pid,
    MESSAGE: l.text,
    ISODATE: iso(l.timeMs),
    HOST: l.host,
    DATE: bsd(l.timeMs),
  })),
  json('Docker around a line', (l) => ({ log: `${old(l)}\n`, stream: 'stdout', time: zulu(l.timeMs + 9) }), SECONDS),
  json(
    'Docker around a tag',
    (l) => ({
      log: `${l.program}[${l.pid ?? 1}]: ${l.text}\r\n`,
      stream: 'stderr',
      attrs: { tag: 'mx' },
      time: zulu(l.timeMs),
    }),
    { host: false, pid: false },
  ),
  json('journalctl -o json', (l) => ({
    __CURSOR: 's=1',
    __REALTIME_TIMESTAMP: String(l.timeMs * 1000 + 7),
    _HOSTNAME: l.host,
    SYSLOG_IDENTIFIER: l.program,
    SYSLOG_PID: l.pid === null ? undefined : String(l.pid),
    _PID: l.pid === null ? undefined : '1',
    _COMM: 'smtpd',
    SYSLOG_TIMESTAMP: `${bsd(l.timeMs)} `,
    SYSLOG_RAW: [60, 50],
    MESSAGE: l.text,
  })),
  json('journalctl -o json, bytes', (l) => ({
    __REALTIME_TIMESTAMP: String(l.timeMs * 1000),
    _HOSTNAME: l.host,
    SYSLOG_IDENTIFIER: l.program,
    _PID: l.pid === null ? undefined : String(l.pid),
    MESSAGE: [...Buffer.from(l.text)],
  })),
  json('Vector', (l) => ({
    appname: l.program,
    facility: 'mail',
    host: l.host,
    hostname: l.host,
    message: l.text,
    procid: l.pid ?? '-',
    severity: 'info',
    source_ip: '192.0.2.9',
    source_type: 'syslog',
    timestamp: zulu(l.timeMs),
    version: 1,
  })),
  json(
    'Vector around a file',
    (l) => ({
      file: '/var/log/mail.log',
      host: 'shipper',
      message: old(l),
      source_type: 'file',
      timestamp: zulu(l.timeMs + 900),
    }),
    SECONDS,
  ),
  json('Vector, journald', (l) => ({
    PRIORITY: '6',
    SYSLOG_IDENTIFIER: l.program,
    _PID: l.pid === null ? undefined : String(l.pid),
    __REALTIME_TIMESTAMP: String(l.timeMs * 1000),
    host: l.host,
    message: l.text,
    source_type: 'journald',
    timestamp: zulu(l.timeMs),
  })),
  json(
    'Filebeat around a file',
    (l) => ({
      '@timestamp': zulu(l.timeMs + 4000),
      '@metadata': { beat: 'filebeat' },
      host: { name: 'shipper', hostname: 'shipper' },
      agent: { hostname: 'shipper', name: 'shipper' },
      log: { offset: 7, file: { path: '/var/log/mail.log' } },
      input: { type: 'log' },
      fields: { service: 'mail' },
      message: old(l),
      ecs: { version: '8.0.0' },
    }),
    SECONDS,
  ),
  json(
    'Filebeat around a file, read weeks later',
    (l) => ({ '@timestamp': zulu(l.timeMs + 40 * 86_400_000), host: { name: 'shipper' }, message: old(l) }),
    SECONDS,
  ),
  json('Filebeat, syslog processor', (l) => ({
    '@timestamp': zulu(l.timeMs),
    host: { name: 'shipper' },
    log: {
      syslog: {
        hostname: l.host,
        appname: l.program,
        procid: l.pid === null ? undefined : String(l.pid),
        priority: 22,
      },
    },
    message: l.text,
    event: { original: `<22>${old(l)}` },
  })),
  json('Filebeat, syslog input of old', (l) => ({
    '@timestamp': zulu(l.timeMs),
    host: { name: 'shipper' },
    hostname: l.host,
    process: { program: l.program, pid: l.pid ?? undefined },
    syslog: { priority: 22, facility_label: 'mail' },
    message: l.text,
  })),
  json('Filebeat, system module', (l) => ({
    '@timestamp': iso(l.timeMs),
    host: { name: 'shipper', hostname: l.host },
    process: { name: l.program, pid: l.pid ?? undefined },
    message: l.text,
  })),
  json('Filebeat, journald input', (l) => ({
    '@timestamp': zulu(l.timeMs),
    host: { name: l.host, hostname: l.host },
    syslog: { identifier: l.program },
    process: { name: 'smtpd', pid: l.pid ?? undefined },
    journald: { pid: 7 },
    message: l.text,
  })),
  json(
    'Filebeat, only the original',
    (l) => ({ '@timestamp': zulu(l.timeMs), host: { name: l.host }, event: { original: `<22>${old(l)}` } }),
    SECONDS,
  ),
  json('a message that has lost its tag, beside the original', (l) => ({
    '@timestamp': zulu(l.timeMs),
    message: l.text,
    event: { original: `<22>${old(l)}` },
  })),
  json('Logstash', (l) => ({
    '@timestamp': zulu(l.timeMs),
    '@version': '1',
    host: '192.0.2.9',
    logsource: l.host,
    program: l.program,
    pid: l.pid === null ? undefined : String(l.pid),
    timestamp: bsd(l.timeMs),
    message: l.text,
  })),
  json('Fluent Bit', (l) => ({
    date: l.timeMs / 1000,
    pri: '22',
    host: l.host,
    ident: l.program,
    pid: l.pid === null ? undefined : String(l.pid),
    message: l.text,
  })),
  json('lists instead of values', (l) => ({
    '@timestamp': [zulu(l.timeMs)],
    'host.name': [l.host],
    'log.syslog.appname': [l.program],
    'log.syslog.procid': l.pid === null ? [] : [l.pid],
    message: [l.text],
  })),
  json('lists of objects', (l) => ({
    '@timestamp': [zulu(l.timeMs)],
    host: [{ name: [l.host] }],
    log: [{ syslog: [{ appname: [l.program], procid: [pidText(l)] }] }],
    message: [l.text],
  })),
  json('a search hit', (l) => ({
    _index: 'mail',
    _id: '7',
    _source: {
      '@timestamp': zulu(l.timeMs),
      host: { name: l.host },
      log: { syslog: { appname: l.program, procid: pidText(l) } },
      message: l.text,
    },
  })),
  json('a search hit by fields', (l) => ({
    _index: 'mail',
    fields: {
      '@timestamp': [zulu(l.timeMs)],
      'host.name': [l.host],
      'log.syslog.appname': [l.program],
      'log.syslog.procid': [pidText(l)],
      message: [l.text],
    },
  })),
  json('epoch milliseconds', (l) => ({
    timestamp: l.timeMs,
    host: l.host,
    program: l.program,
    pid: l.pid,
    message: l.text,
  })),
  json('epoch nanoseconds as text', (l) => ({
    ts: `${l.timeMs}000000`,
    host: l.host,
    program: l.program,
    pid: l.pid,
    message: l.text,
  })),
  json('epoch seconds with a comma', (l) => ({
    time: (l.timeMs / 1000).toFixed(3).replace('.', ','),
    host: l.host,
    program: l.program,
    pid: l.pid,
    message: l.text,
  })),
  json('@timestamp without an offset', (l) => ({
    '@timestamp': zulu(l.timeMs).slice(0, -1),
    host: l.host,
    program: l.program,
    pid: l.pid,
    message: l.text,
  })),
  shape(
    'escapes of every letter',
    (l) =>
      `{"time":"${zulu(l.timeMs)}","host":"${l.host}","program":"${l.program}","pid":"${pidText(l)}","message":"${[...l.text].map((c) => [...Array(c.length).keys()].map((at) => `\\u${c.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')).join('')}"}`,
  ),
];

export const SHAPES: readonly Shape[] = [...PLAIN, ...NESTED, ...JSON_SHAPES];
