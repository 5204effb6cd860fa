/** The Postfix logs of a small fleet, written as a story is told: who got which message when, and what he did with it. */

/** Every story happens on this morning; times in it are seconds from here. */
export const T0 = Date.UTC(2026, 10, 20, 9, 0, 0);

/** The fleet: short name → address. Full names end in `.campus.example`. */
export const FLEET: Readonly<Record<string, string>> = {
  mx1: '192.0.2.11',
  mx2: '192.0.2.12',
  gw: '192.0.2.20',
  lists: '192.0.2.30',
  mailbox: '192.0.2.40',
  out: '192.0.2.50',
};

export const fullName = (host: string): string => (host in FLEET ? `${host}.campus.example` : host);
/** `mx1.campus.example[192.0.2.11]` */
export const peer = (host: string): string => `${fullName(host)}[${FLEET[host] ?? '198.51.100.9'}]`;

export const SENDER = 'ann@sender.example';
export const CAROL = 'carol@campus.example';
export const MESSAGE_ID = 'm1@sender.example';
const CLIENT = 'c104.sender.example[192.0.2.104]';

type Entry = Readonly<{ timeMs: number; program: string; pid: number; text: string }>;

export type ArrivalFacts = Partial<{
  /** `name[ip]`; `sasl` and the origin in front of a content filter follow it. */
  client: string;
  sasl: string;
  origQueueId: string;
  /** null: cleanup's line is missing; `''`: the message has none. */
  messageId: string | null;
  from: string;
  size: number;
  /** null: the queue manager has not logged it. */
  nrcpt: number | null;
  pid: number;
}>;

export type DeliveryFacts = Partial<{
  to: string;
  origTo: string;
  /** `name[ip]:port`, `none`, `local`, a pipe's name. */
  relay: string;
  status: string;
  dsn: string;
  response: string;
  /** Seconds. */
  delay: number;
  delays: string;
  daemon: string;
}>;

export type HopFacts = ArrivalFacts & DeliveryFacts & Partial<{ at: number; names: boolean }>;

/** What one host logs. */
export type HostLog = Readonly<{
  line: (at: number, daemon: string, text: string, pid?: number) => void;
  /** `client=`, message-id, `queue active`, by SMTP. */
  gets: (id: string, at: number, facts?: ArrivalFacts) => void;
  /** By pickup(8): local submission, a pipe filter, a requeue. */
  picksUp: (id: string, at: number, facts?: ArrivalFacts & { origId?: string }) => void;
  /** A notice made by bounce(8): it has no arrival line. */
  makes: (id: string, at: number, facts?: ArrivalFacts) => void;
  delivers: (id: string, at: number, facts?: DeliveryFacts) => void;
  /** Hands on by SMTP to another host of the fleet, which answers with its queue ID. */
  handsOn: (id: string, at: number, to: string, nextId: string, facts?: DeliveryFacts) => void;
  removes: (id: string, at: number) => void;
}>;

export type LogFormat = 'rfc3339' | 'rfc3164' | 'rfc5424';

export type Logs = Readonly<{
  on: (host: string) => HostLog;
  /** One hop with both sides: `from` hands `id` on, `to` gets it as `nextId`, and `from` removes it. */
  hop: (from: string, id: string, to: string, nextId: string, facts?: HopFacts) => void;
  /** Full host name → lines, oldest first. `shiftMs`: host → how far its clock is ahead. */
  lines: (options?: RenderOptions) => Record<string, string[]>;
}>;

export type RenderOptions = Readonly<{
  format?: LogFormat;
  shiftMs?: Readonly<Record<string, number>>;
  /** Changes the order or number of the lines of one host. */
  arrange?: (lines: readonly string[], host: string) => readonly string[];
}>;

const pad = (number: number): string => String(number).padStart(2, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const bsdStamp = (timeMs: number): string => {
  const date = new Date(timeMs);
  const day = String(date.getUTCDate()).padStart(2, ' ');
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(pad).join(':');
  return `${MONTHS[date.getUTCMonth()]} ${day} ${time}`;
};

const toLine = (host: string, { timeMs, program, pid, text }: Entry, format: LogFormat): string => {
  const iso = new Date(timeMs).toISOString().replace('Z', '000+00:00');
  switch (format) {
    case 'rfc3339':
      return `${iso} ${host} ${program}[${pid}]: ${text}`;
    case 'rfc3164':
      return `${bsdStamp(timeMs)} ${host} ${program}[${pid}]: ${text}`;
    case 'rfc5424':
      // What rsyslog forwards without permitSlashInProgramName: the daemon is lost.
      return `<22>1 ${iso} ${host} ${program.split('/')[0]} ${pid} - -  ${text}`;
  }
};

const DAEMON_PIDS: Readonly<Record<string, number>> = { qmgr: 20, cleanup: 21, bounce: 22, pickup: 23, postsuper: 24 };

const createHostLog = (entries: Entry[]): HostLog => {
  const line: HostLog['line'] = (at, daemon, text, pid) => {
    const timeMs = T0 + Math.round(at * 1000);
    entries.push({ timeMs, program: `postfix/${daemon}`, pid: pid ?? DAEMON_PIDS[daemon] ?? 100, text });
  };
  const content = (id: string, at: number, facts: ArrivalFacts): void => {
    const { messageId = MESSAGE_ID, from = SENDER, size = 1000, nrcpt = 1 } = facts;
    if (messageId !== null) line(at + 0.01, 'cleanup', `${id}: message-id=<${messageId}>`);
    if (nrcpt !== null) {
      line(at + 0.02, 'qmgr', `${id}: from=<${from}>, size=${size}, nrcpt=${nrcpt} (queue active)`);
    }
  };
  const delivers: HostLog['delivers'] = (id, at, facts = {}) => {
    const { to = CAROL, relay = 'local', status = 'sent', delay = 0.3, daemon = 'smtp' } = facts;
    const { dsn = status === 'sent' ? '2.0.0' : status === 'deferred' ? '4.2.0' : '5.1.1' } = facts;
    const { response = relay === 'local' ? 'delivered to mailbox' : '250 2.0.0 Ok' } = facts;
    const origTo = facts.origTo === undefined ? '' : `, orig_to=<${facts.origTo}>`;
    const delays = facts.delays ?? `0.01/0/0.02/${Math.round((delay - 0.03) * 100) / 100}`;
    line(
      at,
      daemon,
      `${id}: to=<${to}>${origTo}, relay=${relay}, delay=${delay}, delays=${delays}, dsn=${dsn}, status=${status} (${response})`,
      102,
    );
  };
  return {
    line,
    delivers,
    gets: (id, at, facts = {}) => {
      const sasl = facts.sasl === undefined ? '' : `, sasl_method=PLAIN, sasl_username=${facts.sasl}`;
      const orig = facts.origQueueId === undefined ? '' : `, orig_queue_id=${facts.origQueueId}`;
      line(at, 'smtpd', `${id}: client=${facts.client ?? CLIENT}${sasl}${orig}`, facts.pid ?? 101);
      content(id, at, facts);
    },
    picksUp: (id, at, facts = {}) => {
      const orig = facts.origId === undefined ? '' : ` orig_id=${facts.origId}`;
      line(at, 'pickup', `${id}: uid=1000 from=<${facts.from ?? SENDER}>${orig}`);
      content(id, at, facts);
    },
    makes: (id, at, facts = {}) => content(id, at, { from: '', messageId: `${id}@mailer.example`, ...facts }),
    handsOn: (id, at, to, nextId, facts = {}) =>
      delivers(id, at, { relay: `${peer(to)}:25`, response: `250 2.0.0 Ok: queued as ${nextId}`, ...facts }),
    removes: (id, at) => line(at, 'qmgr', `${id}: removed`),
  };
};

export const createLogs = (): Logs => {
  const entries = new Map<string, Entry[]>(Object.keys(FLEET).map((host) => [host, []]));
  const on = (host: string): HostLog => {
    const list = entries.get(host) ?? [];
    entries.set(host, list);
    return createHostLog(list);
  };
  return {
    on,
    hop: (from, id, to, nextId, facts = {}) => {
      const { at = 1, names = true, ...rest } = facts;
      const response = names ? `250 2.0.0 Ok: queued as ${nextId}` : '250 2.0.0 Ok';
      on(to).gets(nextId, at - 0.2, { client: peer(from), ...rest });
      on(from).delivers(id, at, { relay: `${peer(to)}:25`, response, ...rest });
      on(from).removes(id, at + 0.01);
    },
    lines: ({ format = 'rfc3339', shiftMs = {}, arrange = (lines: readonly string[]) => lines } = {}) =>
      Object.fromEntries(
        [...entries].map(([host, list]) => {
          const shift = shiftMs[host] ?? 0;
          const sorted = list
            .map((entry) => ({ ...entry, timeMs: entry.timeMs + shift }))
            .sort((a, b) => a.timeMs - b.timeMs);
          const lines = sorted.map((entry) => toLine(host, entry, format));
          return [fullName(host), [...arrange(lines, host)]];
        }),
      ),
  };
};
