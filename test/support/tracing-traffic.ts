/** Mail of every kind through two hosts, as many lines as wanted; the same each time. */
import { arrival, delivery, type LogLine, removal } from './tracing-lab.ts';

export const HOSTS = { mx1: 'mx1.campus.example', gw: 'gw.campus.example' } as const;
const { mx1, gw } = HOSTS;
const GW_RELAY = `${gw}[192.0.2.20]:25`;
const PARTNER = 'mx.partner.example[198.51.100.1]:25';
const CLIENT = 'c104.sender.example[192.0.2.104]';

type Mail = Readonly<{ at: number; atMs: number; id: string; nextId: string; messageId: string }>;

const handOver = ({ id, nextId, atMs, messageId }: Mail, to: string): readonly LogLine[] => [
  delivery(mx1, id, atMs + 80, { relay: GW_RELAY, to, response: `250 2.0.0 Ok: queued as ${nextId}` }),
  ...arrival(gw, nextId, atMs + 40, { messageId, client: `${mx1}[192.0.2.11]` }),
  delivery(gw, nextId, atMs + 160, { relay: PARTNER, to, response: '250 Ok' }),
  removal(gw, nextId, atMs + 161),
];

const twoHops = (mail: Mail): readonly LogLine[] => [
  ...arrival(mx1, mail.id, mail.atMs, mail),
  ...handOver(mail, 'bob@example.org'),
  removal(mx1, mail.id, mail.atMs + 81),
];

/** Its last delivery comes long after its first. */
const deferred = (mail: Mail): readonly LogLine[] => [
  ...arrival(mx1, mail.id, mail.atMs, mail),
  delivery(mx1, mail.id, mail.atMs + 50, {
    relay: 'none',
    status: 'deferred',
    dsn: '4.4.1',
    response: 'connect to mx.partner.example[198.51.100.1]:25: Connection timed out',
  }),
  delivery(mx1, mail.id, mail.atMs + 9000, { relay: PARTNER, response: '250 Ok' }),
  removal(mx1, mail.id, mail.atMs + 9001),
];

const bounced = (mail: Mail): readonly LogLine[] => {
  const { id, nextId, atMs, at } = mail;
  const notice = `notice-${at}@${mx1}`;
  return [
    ...arrival(mx1, id, atMs, mail),
    delivery(mx1, id, atMs + 30, {
      relay: PARTNER,
      status: 'bounced',
      dsn: '5.1.1',
      response: '550 5.1.1 no such user',
    }),
    { timeMs: atMs + 31, host: mx1, program: 'postfix/cleanup', message: `${nextId}: message-id=<${notice}>` },
    {
      timeMs: atMs + 32,
      host: mx1,
      program: 'postfix/bounce',
      message: `${id}: sender non-delivery notification: ${nextId}`,
    },
    {
      timeMs: atMs + 33,
      host: mx1,
      program: 'postfix/qmgr',
      message: `${nextId}: from=<>, size=2000, nrcpt=1 (queue active)`,
    },
    removal(mx1, id, atMs + 34),
    delivery(mx1, nextId, atMs + 90, { relay: PARTNER, to: 'ann@sender.example', response: '250 Ok' }),
    removal(mx1, nextId, atMs + 91),
  ];
};

const twoRecipients = (mail: Mail): readonly LogLine[] => [
  ...arrival(mx1, mail.id, mail.atMs, { ...mail, nrcpt: 2 }),
  ...handOver(mail, 'bob@example.org'),
  delivery(mx1, mail.id, mail.atMs + 4000, { relay: PARTNER, to: 'eve@example.net', response: '250 Ok' }),
  removal(mx1, mail.id, mail.atMs + 4001),
];

/** The client goes away before the message is in: no mail, no span. */
const aborted = ({ id, atMs, messageId, at }: Mail): readonly LogLine[] => {
  const session = { host: mx1, program: 'postfix/smtpd', pid: 20_000 + at };
  return [
    { ...session, timeMs: atMs, message: `connect from ${CLIENT}` },
    { ...session, timeMs: atMs + 1, message: `${id}: client=${CLIENT}` },
    { timeMs: atMs + 2, host: mx1, program: 'postfix/cleanup', message: `${id}: message-id=<${messageId}>` },
    { ...session, timeMs: atMs + 500, message: `lost connection after DATA (300 bytes) from ${CLIENT}` },
    { ...session, timeMs: atMs + 501, message: `disconnect from ${CLIENT} ehlo=1 mail=1 rcpt=1 data=0/1 commands=3/4` },
  ];
};

const withoutMessageId = (mail: Mail): readonly LogLine[] => deferred({ ...mail, messageId: '' });

const KINDS = [
  twoHops,
  twoHops,
  deferred,
  twoHops,
  bounced,
  twoHops,
  twoRecipients,
  twoHops,
  aborted,
  withoutMessageId,
];

/** Between one mail and the next. */
const APART_MS = 25;

/** In the order of their stamps; the last stamp is not after `endMs`. */
export const traffic = (mails: number, endMs: number): readonly LogLine[] => {
  const fromMs = endMs - mails * APART_MS - 10_000;
  const lines = Array.from({ length: mails }, (_, at) => {
    const serial = at.toString(16).toUpperCase().padStart(7, '0');
    const mail = {
      at,
      atMs: fromMs + at * APART_MS,
      id: `4A${serial}`,
      nextId: `4B${serial}`,
      messageId: `mail-${at}@sender.example`,
    };
    return KINDS[at % KINDS.length]!(mail);
  });
  return lines.flat().sort((a, b) => a.timeMs - b.timeMs);
};
