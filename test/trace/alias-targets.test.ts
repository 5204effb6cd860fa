/** One address that stands for many things: users, files, commands, other addresses. Each has its own fate. */
import { describe, expect, it } from 'vitest';
import type { Chain } from '../../src/domain/chain.ts';
import { createLogs, type Logs } from '../support/postfix-log.ts';
import { only, trace } from '../support/trace-story.ts';

type Line = readonly [at: number, text: string];

const stamp = (at: number): string => new Date(Date.UTC(2026, 10, 20, 9, 0, 0) + at * 1000).toISOString();

const logsOf = (hosts: Readonly<Record<string, readonly Line[]>>): Logs => ({
  ...createLogs(),
  lines: () =>
    Object.fromEntries(
      Object.entries(hosts).map(([host, lines]) => [
        `${host}.campus.example`,
        lines.map(([at, text]) => `${stamp(at)} ${host} ${text}`),
      ]),
    ),
});

const story = (hosts: Readonly<Record<string, readonly Line[]>>, keyword: string) =>
  trace(logsOf(hosts), keyword, { hosts: Object.keys(hosts).map((host) => `${host}.campus.example`) });

/** Verdict, hops between transactions, and each recipient of each transaction. */
const tellChain = ({ verdict, hops, transactions }: Chain): readonly string[] => [
  verdict,
  ...hops.map(
    ({ from, to, evidence, recipients }) => `${from.queueId} > ${to.queueId} ${evidence}: ${recipients.join(', ')}`,
  ),
  ...transactions.flatMap(({ queueId, recipients }) =>
    recipients.map(({ address, status }) => `${queueId}: ${address} ${status}`),
  ),
];

/** What local(8) logs of `crew`, which stands for several targets. */
const local = (at: number, outcome: string, id = '4055853814F'): Line => [
  at,
  `postfix/local[4]: ${id}: to=<crew@lists.campus.example>, relay=local, delay=${at}, delays=${Math.floor(at / 100)}/0/0/0, ${outcome}`,
];

const TO_COMMAND = 'dsn=2.0.0, status=sent (delivered to command: /usr/local/bin/note crew)';
const TO_FILE = 'dsn=2.0.0, status=sent (delivered to file: /var/spool/notes)';
const FORWARDED = 'dsn=2.0.0, status=sent (forwarded as 40CBC538150)';
const FAILED = 'dsn=4.3.0, status=deferred (temporary failure)';
const REFUSED = 'dsn=5.3.0, status=bounced (service unavailable)';

const arrival: readonly Line[] = [
  [0, 'postfix/smtpd[1]: 4055853814F: client=mx1.campus.example[192.0.2.11]'],
  [0, 'postfix/cleanup[2]: 4055853814F: message-id=<m1@sender.example>'],
  [0, 'postfix/qmgr[3]: 4055853814F: from=<ann@sender.example>, size=500, nrcpt=1 (queue active)'],
];
/** The copy for the users of the alias. */
const copy: readonly Line[] = [
  [0.2, 'postfix/cleanup[2]: 40CBC538150: message-id=<m1@sender.example>'],
  [0.2, 'postfix/qmgr[3]: 40CBC538150: from=<ann@sender.example>, size=600, nrcpt=1 (queue active)'],
  [
    0.3,
    'postfix/local[4]: 40CBC538150: to=<pat@lists.campus.example>, relay=local, delay=0.1, delays=0/0/0/0.1, dsn=2.0.0, status=sent (delivered to mailbox)',
  ],
  [0.3, 'postfix/qmgr[3]: 40CBC538150: removed'],
];
const removed = (at: number): Line => [at, 'postfix/qmgr[3]: 4055853814F: removed'];

const COPY_TOLD = ['40CBC538150: pat@lists.campus.example sent'];
const HOP = '4055853814F > 40CBC538150 forward: crew@lists.campus.example';
const crew = (status: string): string => `4055853814F: crew@lists.campus.example ${status}`;

describe('an alias of local(8)', () => {
  it.each<readonly [string, string, readonly Line[], readonly string[]]>([
    [
      'command, file and users: all are delivered to',
      'delivered',
      [local(0.1, TO_COMMAND), local(0.1, TO_FILE), local(0.2, FORWARDED), removed(0.3)],
      ['sent', 'sent', 'sent'],
    ],
    [
      'a command refused for good',
      'partly-delivered',
      [local(0.2, FORWARDED), local(0.25, REFUSED), removed(0.3)],
      ['sent', 'bounced'],
    ],
    [
      'a command refused for good, logged first',
      'partly-delivered',
      [local(0.1, REFUSED), local(0.2, FORWARDED), removed(0.3)],
      ['bounced', 'sent'],
    ],
    [
      'a command that fails and a slow one that does not',
      'deferred',
      [local(0.1, FAILED), local(30, TO_COMMAND), local(30, FORWARDED)],
      ['deferred', 'sent', 'sent'],
    ],
    [
      'a command that keeps failing is waited for, though the users have their copy',
      'deferred',
      [local(0.1, FAILED), local(0.2, FORWARDED), local(300, FAILED)],
      ['deferred', 'sent'],
    ],
    [
      'a command that keeps failing expires',
      'partly-delivered',
      [
        local(0.1, FAILED),
        local(0.2, FORWARDED),
        local(300, FAILED),
        [400, 'postfix/qmgr[3]: 4055853814F: from=<ann@sender.example>, status=expired, returned to sender'],
        removed(400),
      ],
      ['expired', 'sent'],
    ],
    [
      'a command that succeeds in a later run is the one that failed',
      'delivered',
      [local(0.1, FAILED), local(0.2, FORWARDED), local(300, TO_COMMAND), removed(300)],
      ['sent', 'sent'],
    ],
  ])('%s', async (_, verdict, lines, statuses) => {
    const told = await story({ lists: [...arrival, ...lines, ...copy] }, 'm1@sender.example');
    expect(tellChain(only(told))).toEqual([verdict, HOP, ...statuses.map(crew), ...COPY_TOLD]);
  });

  it('keeps one entry for a single target that failed before, however soon it is tried again', async () => {
    const told = await story(
      { lists: [...arrival, local(0.1, FAILED), local(0.6, TO_COMMAND), removed(0.7)] },
      'm1@sender.example',
    );
    expect(tellChain(only(told))).toEqual(['delivered', crew('sent')]);
    expect(only(told).transactions[0]?.recipients[0]?.attempts.map(({ status }) => status)).toEqual([
      'deferred',
      'sent',
    ]);
  });
});

describe('a command that hands the message in again', () => {
  const again = (messageId: string): readonly Line[] => [
    [0.2, 'postfix/pickup[5]: 30440538157: uid=33 from=<staff-bounces@lists.campus.example>'],
    [0.2, `postfix/cleanup[2]: 30440538157: message-id=<${messageId}>`],
    [0.2, 'postfix/qmgr[3]: 30440538157: from=<staff-bounces@lists.campus.example>, size=700, nrcpt=1 (queue active)'],
    [
      0.4,
      'postfix/local[4]: 30440538157: to=<pat@lists.campus.example>, relay=local, delay=0.2, delays=0/0/0/0.2, dsn=2.0.0, status=sent (delivered to mailbox)',
    ],
    [0.4, 'postfix/qmgr[3]: 30440538157: removed'],
  ];

  it('is followed, also when it takes a sender of its own', async () => {
    const told = await story(
      { lists: [...arrival, ...again('m1@sender.example'), local(0.3, TO_COMMAND), removed(0.3)] },
      'm1@sender.example',
    );
    expect(tellChain(only(told))).toEqual([
      'delivered',
      '4055853814F > 30440538157 reinjection: crew@lists.campus.example',
      crew('sent'),
      '30440538157: pat@lists.campus.example sent',
    ]);
  });

  it('is another message under another message-id', async () => {
    const told = await story(
      { lists: [...arrival, ...again('m2@lists.example'), local(0.3, TO_COMMAND), removed(0.3)] },
      'm1@sender.example',
    );
    expect(tellChain(only(told))).toEqual(['delivered', crew('sent')]);
  });
});

describe('Sendmail', () => {
  it('gives up an alias that goes round without naming it: those who came in are meant', async () => {
    const told = await story(
      {
        gw: [
          [0, 'postfix/smtpd[1]: 4055853814F: client=desk.sender.example[192.0.2.7]'],
          [0, 'postfix/cleanup[2]: 4055853814F: message-id=<m1@sender.example>'],
          [0, 'postfix/qmgr[3]: 4055853814F: from=<ann@sender.example>, size=500, nrcpt=1 (queue active)'],
          [
            1,
            'postfix/smtp[4]: 4055853814F: to=<staff@sm.campus.example>, relay=sm.campus.example[192.0.2.70]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 6AL7O1DN000332 Message accepted for delivery)',
          ],
          removed(1),
        ],
        sm: [
          [
            1,
            'sm-mta[332]: 6AL7O1DN000332: from=<ann@sender.example>, size=352, class=0, nrcpts=1, msgid=<m1@sender.example>, proto=ESMTP, daemon=MTA, relay=gw.campus.example [192.0.2.20]',
          ],
          [2, 'sm-mta[333]: 6AL7O1DN000332: 6AL7O1DN000333: DSN: aliasing/forwarding loop broken'],
        ],
      },
      'm1@sender.example',
    );
    const chain = told.report.chains.find(({ messageId }) => messageId === 'm1@sender.example')!;
    expect(tellChain(chain)).toEqual([
      'bounced',
      '4055853814F > 6AL7O1DN000332 queued-as: staff@sm.campus.example',
      '4055853814F: staff@sm.campus.example sent',
      '6AL7O1DN000332: staff@sm.campus.example bounced',
    ]);
  });

  it('refuses a message with a bare line feed after it got an ID: it was never mail', async () => {
    const told = await story(
      {
        sm: [
          [
            0,
            'sm-mta[375]: 6AL7LcLc000375: collect: relay=desk.sender.example, from=<ann@sender.example>, info=Bare linefeed (LF) not allowed, where=header, status=tempfail',
          ],
          [
            0,
            'sm-mta[375]: 6AL7LcLc000375: from=<ann@sender.example>, size=39, class=0, nrcpts=1, proto=ESMTP, daemon=MTA, relay=desk.sender.example [192.0.2.7]',
          ],
        ],
      },
      'ann@sender.example',
    );
    expect(told.report.chains).toEqual([]);
    expect(told.report.rejects).toMatchObject([{ queueId: '6AL7LcLc000375', stage: 'DATA' }]);
  });
});

describe('a message thrown away by an access rule', () => {
  it('is told with its recipient when it is asked for by its queue ID', async () => {
    const told = await story(
      {
        mx: [
          [0, 'postfix/smtpd[419]: connect from desk.sender.example[192.0.2.7]'],
          [
            0.1,
            'postfix/smtpd[419]: NOQUEUE: discard: RCPT from desk.sender.example[192.0.2.7]: <pat@campus.example>: Recipient address by rule; from=<ann@sender.example> to=<pat@campus.example> proto=ESMTP helo=<desk>',
          ],
          [0.1, 'postfix/smtpd[419]: 23A815380CA: client=desk.sender.example[192.0.2.7]'],
          [0.2, 'postfix/cleanup[423]: 23A815380CA: removed (discarded)'],
          [
            0.3,
            'postfix/smtpd[419]: disconnect from desk.sender.example[192.0.2.7] ehlo=1 mail=1 rcpt=1 data=1 quit=1',
          ],
        ],
      },
      'qid:23A815380CA',
    );
    expect(tellChain(only(told))).toEqual(['discarded', '23A815380CA: pat@campus.example discarded']);
  });
});
