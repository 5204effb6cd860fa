import { describe, expect, it } from 'vitest';
import { traceId } from '../../src/domain/ids.ts';
import type { Alert } from '../../src/domain/subscription.ts';
import { createMatch } from '../../src/trace/match-subscription.ts';
import { findTroubles } from '../../src/trace/troubles.ts';
import { arrival, createRounds, delivery, MX1, mail, subscribe, type TimedLine } from '../support/alert-lines.ts';

const match = createMatch({ mx: [MX1, 'mx2.campus.example'], mailboxes: ['mailbox1.campus.example'] });

/** What the lines, read in one round, mean for the rule. */
const alertsOf = (rule: string, lines: readonly TimedLine[]): readonly Alert[] => {
  const subscription = subscribe(rule);
  const troubles = findTroubles({ ...createRounds().read(lines), slowMs: subscription.slowMs });
  return troubles.flatMap((trouble) => match(subscription, trouble) ?? []);
};

const BOUNCED = mail('A10001', 10);
const DEFERRED = mail('A10001', 10, {
  status: 'deferred',
  response: 'connect to mx.partner.example[203.0.113.25]:25: Connection timed out',
  relay: 'none',
});
const SLOW = mail('A10001', 10, { status: 'sent', delay: 400 });
const LOOP = mail('A10001', 10, { dsn: '5.4.6', response: 'mail for partner.example loops back to myself' });
const EXPIRED: readonly TimedLine[] = [
  ...arrival('A10001', 0),
  delivery('A10001', 5, {
    status: 'deferred',
    response: 'host mx.partner.example[203.0.113.25] said: 451 4.7.1 Try again later',
  }),
  [500_000, 'postfix/qmgr[103]: A10001: from=<erin@campus.example>, status=expired, returned to sender'],
  [500_000, 'postfix/qmgr[103]: A10001: removed'],
];
const REJECTED: readonly TimedLine[] = [
  [
    3,
    'postfix/smtpd[101]: NOQUEUE: reject: RCPT from c104.sender.example[198.51.100.104]: 550 5.1.1 <ghost@campus.example>: Recipient address rejected: User unknown in relay recipient table; from=<ann@sender.example> to=<ghost@campus.example> proto=ESMTP helo=<c104.sender.example>',
  ],
];

describe('which lines concern a rule', () => {
  it.each<readonly [string, readonly TimedLine[], string]>([
    ['bounced', BOUNCED, 'bounced dave@partner.example'],
    ['deferred', BOUNCED, ''],
    ['bounced deferred', DEFERRED, 'deferred dave@partner.example'],
    ['slow', SLOW, 'slow dave@partner.example'],
    ['slow delay>10m', SLOW, ''],
    ['slow delay>400s', SLOW, ''],
    ['bounced', SLOW, ''],
    ['loop', LOOP, 'loop dave@partner.example'],
    ['bounced', LOOP, 'bounced dave@partner.example'],
    ['bounced loop', LOOP, 'loop dave@partner.example'],
    ['deferred expired', EXPIRED, 'deferred dave@partner.example, expired dave@partner.example'],
    ['expired', EXPIRED, 'expired dave@partner.example'],
    ['rejected', REJECTED, 'rejected ghost@campus.example'],
    ['bounced', REJECTED, ''],
    // A failed login is no mail.
    [
      'rejected',
      [
        [
          3,
          'postfix/smtpd[101]: warning: c104.sender.example[198.51.100.104]: SASL LOGIN authentication failed: UGFzc3dvcmQ6',
        ],
      ],
      '',
    ],
    // Verify probes are no mail.
    [
      'bounced',
      [
        [
          3,
          'postfix/smtp[104]: A10001: to=<dave@partner.example>, relay=mx.partner.example[203.0.113.25]:25, delay=2, delays=0/0/1/1, dsn=5.1.1, status=undeliverable (host mx.partner.example[203.0.113.25] said: 550 5.1.1 User unknown)',
        ],
      ],
      '',
    ],
  ])('%s %#', (rule, lines, expected) => {
    expect(
      alertsOf(rule, lines)
        .map(({ kind, recipient }) => `${kind} ${recipient}`)
        .join(', '),
    ).toBe(expected);
  });
});

const EXTERNAL = mail('A10001', 10, { from: 'Erin@Campus.example', to: 'Dave@eu.Partner.example' });
const NULL_SENDER = mail('A10001', 10, { from: '' });

describe('filters', () => {
  it.each<readonly [string, readonly TimedLine[], number]>([
    ['from:erin@campus.example', EXTERNAL, 1],
    ['from:@campus.example', EXTERNAL, 1],
    ['from:example', EXTERNAL, 1],
    ['from:ann@campus.example', EXTERNAL, 0],
    ['from:ann@campus.example from:erin@campus.example', EXTERNAL, 1],
    ['from:rin@campus.example', EXTERNAL, 0],
    ['from:<>', EXTERNAL, 0],
    ['from:<>', NULL_SENDER, 1],
    ['from:campus.example', NULL_SENDER, 0],
    ['to:dave@eu.partner.example', EXTERNAL, 1],
    ['to:partner.example', EXTERNAL, 1],
    ['to:@partner.example', EXTERNAL, 0],
    ['to:artner.example', EXTERNAL, 0],
    ['domain:partner.example', EXTERNAL, 1],
    ['domain:campus.example', EXTERNAL, 1],
    ['domain:sender.example', EXTERNAL, 0],
    ['from:campus.example to:partner.example', EXTERNAL, 1],
    ['from:campus.example to:sender.example', EXTERNAL, 0],
    ['relay:mx.partner.example', BOUNCED, 1],
    ['relay:partner.example', BOUNCED, 1],
    ['relay:203.0.113.25', BOUNCED, 1],
    ['relay:203.0.113.0/24', BOUNCED, 1],
    ['relay:203.0.114.0/24', BOUNCED, 0],
    ['relay:x.partner.example', BOUNCED, 0],
    // relay=none: the response names who was tried.
    ['relay:partner.example', DEFERRED, 1],
    ['relay:203.0.113.25', DEFERRED, 1],
    ['host:MX1.campus.example', BOUNCED, 1],
    ['host:mx2.campus.example', BOUNCED, 0],
    ['cluster:mx', BOUNCED, 1],
    ['cluster:mailboxes', BOUNCED, 0],
    ['cluster:nowhere', BOUNCED, 0],
    ['dsn:5.1.1', BOUNCED, 1],
    ['dsn:5.1.*', BOUNCED, 1],
    ['dsn:5.*', BOUNCED, 1],
    ['dsn:*.1.1', BOUNCED, 1],
    ['dsn:5.7.*,5.1.1', BOUNCED, 1],
    ['dsn:5.7.*', BOUNCED, 0],
    ['dsn:5.1.10', BOUNCED, 0],
  ])('%s %#', (filters, lines, count) => {
    expect(alertsOf(`bounced deferred ${filters}`, lines)).toHaveLength(count);
  });

  it('finds the original recipient of an alias', () => {
    const [at, line, host] = delivery('A10001', 10, { to: 'dave@partner.example' });
    const aliased: TimedLine = [at, line.replace('relay=', 'orig_to=<sales@campus.example>, relay='), host];
    expect(alertsOf('bounced to:sales@campus.example', [...arrival('A10001', 8), aliased])).toHaveLength(1);
  });

  it('reads the status in the text where the line has none', () => {
    const noDsn = BOUNCED.map(([at, line, host]): TimedLine => [at, line.replace(' dsn=5.1.1,', ''), host]);
    expect(alertsOf('bounced dsn:5.1.*', noDsn)).toHaveLength(alertsOf('bounced', noDsn).length);
  });
});

describe('an alert', () => {
  it('carries what there is to know, with the trace id of the contract', () => {
    const [alert] = alertsOf('bounced', BOUNCED);
    expect(alert).toMatchObject({
      channel: 'C01OPS',
      kind: 'bounced',
      times: 1,
      host: MX1,
      queueId: 'A10001',
      messageId: 'A10001@campus.example',
      sender: 'erin@campus.example',
      recipient: 'dave@partner.example',
      relay: 'mx.partner.example',
      dsn: '5.1.1',
      replyCode: 550,
      cause: { at: 'mx.partner.example', dsnClass: '5.1', reason: 'recipient address rejected user unknown' },
    });
    const [transaction] = createRounds().read(BOUNCED).transactions;
    expect(alert?.traceId).toBe(transaction && traceId(transaction));
  });

  it('has the same id when the line is read again, and another for another line', () => {
    const ids = (lines: readonly TimedLine[]) => alertsOf('bounced rejected', lines).map(({ id }) => id);
    expect(ids(BOUNCED)).toEqual(ids([...BOUNCED, ...BOUNCED]));
    expect(new Set([...ids(BOUNCED), ...ids(mail('A20001', 10)), ...ids(mail('A10001', 11))]).size).toBe(3);
    const [[, text]] = REJECTED as [TimedLine];
    const other: TimedLine = [3, text.replaceAll('198.51.100.104', '198.51.100.105')];
    expect(new Set(ids([...REJECTED, other])).size).toBe(2);
  });

  it('is found when the line that names the sender comes after the delivery', () => {
    const rounds = createRounds();
    const subscription = subscribe('bounced from:campus.example');
    const found = (lines: readonly TimedLine[]) =>
      findTroubles({ ...rounds.read(lines), slowMs: null }).flatMap((t) => match(subscription, t) ?? []);
    expect(found([delivery('A10001', 10)])).toEqual([]);
    expect(found(arrival('A10001', 8))).toMatchObject([
      { recipient: 'dave@partner.example', messageId: 'A10001@campus.example' },
    ]);
    // The next try brings its own line alone.
    expect(
      found([[900, 'postfix/qmgr[103]: A10001: from=<erin@campus.example>, size=1234, nrcpt=1 (queue active)']]),
    ).toEqual([]);
  });

  it('counts as often as rsyslog says', () => {
    const [[at, text]] = REJECTED as [TimedLine];
    const repeated: TimedLine = [at, text.replace(/: NOQUEUE(.*)$/s, ': message repeated 3 times: [ NOQUEUE$1]')];
    expect(alertsOf('rejected', [repeated]).map(({ times }) => times)).toEqual([3]);
  });
});
