/** What is not Postfix on the way of a message: its lines are joined, and every recipient ends in the right state. */
import { describe, expect, it } from 'vitest';
import { addressedTo } from '../../src/domain/transaction.ts';
import { hopRows } from '../../src/render/rows.ts';
import { createLogs, type Logs } from '../support/postfix-log.ts';
import { only, type StoryOptions, tell, tellChain, trace } from '../support/trace-story.ts';

/** `sm-mta[7] 6AL…: …` at the full hour and so many seconds. */
type Line = readonly [at: number, text: string];

const stamp = (at: number): string => new Date(Date.UTC(2026, 10, 20, 9, 0, 0) + at * 1000).toISOString();

/** Raw lines of hosts; the program stands in front of each text. */
const logsOf = (hosts: Readonly<Record<string, readonly Line[]>>): Logs => ({
  ...createLogs(),
  lines: () =>
    Object.fromEntries(
      Object.entries(hosts).map(([host, lines]) => [
        `${host}.campus.example`,
        lines.map(([at, text]) => (text.startsWith('{') ? text : `${stamp(at)} ${host} ${text}`)),
      ]),
    ),
});

const story = (hosts: Readonly<Record<string, readonly Line[]>>, keyword: string, options: StoryOptions = {}) =>
  trace(logsOf(hosts), keyword, { hosts: Object.keys(hosts).map((host) => `${host}.campus.example`), ...options });

const ID = 'msgid=<m1@sender.example>';

/** A message that Postfix on `gw` takes and stores. */
const storedOnGw = (id: string, at: number, client: string, to = 'carol@campus.example'): readonly Line[] => [
  [at, `postfix/smtpd[1]: ${id}: client=${client}`],
  [at, `postfix/cleanup[2]: ${id}: message-id=<m1@sender.example>`],
  [at, `postfix/qmgr[3]: ${id}: from=<ann@sender.example>, size=500, nrcpt=1 (queue active)`],
  [
    at + 1,
    `postfix/local[4]: ${id}: to=<${to}>, relay=local, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered to mailbox)`,
  ],
  [at + 1, `postfix/qmgr[3]: ${id}: removed`],
];

describe('Sendmail', () => {
  it('has two IDs for what its own users send', async () => {
    const told = await story(
      {
        sm: [
          [
            0,
            `sendmail[8]: 6AL7O155000208: from=pat@sm.example, size=224, class=0, nrcpts=1, ${ID}, relay=pat@localhost`,
          ],
          [
            1,
            `sm-mta[9]: 6AL7O1DN000209: from=<pat@sm.example>, size=479, class=0, nrcpts=1, ${ID}, proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1]`,
          ],
          [
            1,
            'sendmail[8]: 6AL7O155000208: to=carol@campus.example, ctladdr=pat@sm.example (1000/1000), delay=00:00:01, xdelay=00:00:01, mailer=relay, pri=30224, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (6AL7O1DN000209 Message accepted for delivery)',
          ],
          [
            2,
            'sm-mta[10]: 6AL7O1DN000209: to=<carol@campus.example>, ctladdr=<pat@sm.example> (1000/1000), delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30479, relay=gw.campus.example. [192.0.2.20], dsn=2.0.0, stat=Sent (Ok: queued as 4jWkGT0cbNznh4J)',
          ],
        ],
        gw: storedOnGw('4jWkGT0cbNznh4J', 2, 'sm.campus.example[192.0.2.70]'),
      },
      'm1@sender.example',
    );
    expect(tellChain(only(told))).toEqual([
      'delivered',
      'sm/6AL7O155000208 > sm/6AL7O1DN000209 reinjection: carol@campus.example',
      'sm/6AL7O1DN000209 > gw/4jWkGT0cbNznh4J queued-as: carol@campus.example',
      'sm/6AL7O155000208: carol@campus.example sent',
      'sm/6AL7O1DN000209: carol@campus.example sent',
      'gw/4jWkGT0cbNznh4J: carol@campus.example sent',
    ]);
  });

  it('cuts a long message-id: then queue IDs alone join, and never the cut one', async () => {
    const long = `${'l'.repeat(120)}@sender.example`;
    const cut = `<${long}`.slice(0, 100);
    const mx: readonly Line[] = [
      [0, 'postfix/smtpd[1]: 4jWkGT0cbNznh4B: client=c.sender.example[198.51.100.104]'],
      [0, `postfix/cleanup[2]: 4jWkGT0cbNznh4B: message-id=<${long}>`],
      [0, 'postfix/qmgr[3]: 4jWkGT0cbNznh4B: from=<ann@sender.example>, size=500, nrcpt=1 (queue active)'],
      [
        1,
        'postfix/smtp[4]: 4jWkGT0cbNznh4B: to=<carol@campus.example>, relay=sm.campus.example[192.0.2.70]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 6AL7O1DN000400 Message accepted for delivery)',
      ],
      [1, 'postfix/qmgr[3]: 4jWkGT0cbNznh4B: removed'],
    ];
    const through = (id: string, next: string, from: string, relay: string): readonly Line[] => [
      [
        1,
        `sm-mta[9]: ${id}: from=<${from}>, size=479, class=0, nrcpts=1, msgid=${cut}, proto=ESMTP, daemon=MTA, relay=${relay}`,
      ],
      [
        2,
        `sm-mta[10]: ${id}: to=<carol@campus.example>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30479, relay=gw.campus.example. [192.0.2.20], dsn=2.0.0, stat=Sent (Ok: queued as ${next})`,
      ],
    ];
    const sm = [
      ...through('6AL7O1DN000400', '4jWkGT0cbNznh4J', 'ann@sender.example', 'mx.campus.example [192.0.2.11]'),
      // Another message whose ID begins with the same hundred characters.
      ...through('6AL7O1DN000401', '4jWkGT0cbNznh4K', 'eve@other.example', 'mx.other.example [203.0.113.9]'),
    ];
    const gw = storedOnGw('4jWkGT0cbNznh4J', 2, 'sm.campus.example[192.0.2.70]').map(
      ([at, text]): Line => [at, text.replace('<m1@sender.example>', `<${long}>`)],
    );
    for (const keyword of [`id:${long}`, '6AL7O1DN000400', '4jWkGT0cbNznh4J', 'ann@sender.example']) {
      expect(tellChain(only(await story({ mx, sm, gw }, keyword))), keyword).toEqual([
        'delivered',
        'mx/4jWkGT0cbNznh4B > sm/6AL7O1DN000400 queued-as: carol@campus.example',
        'sm/6AL7O1DN000400 > gw/4jWkGT0cbNznh4J queued-as: carol@campus.example',
        'mx/4jWkGT0cbNznh4B: carol@campus.example sent',
        'sm/6AL7O1DN000400: carol@campus.example sent',
        'gw/4jWkGT0cbNznh4J: carol@campus.example sent',
      ]);
    }
  });

  it('makes a copy for the owner of a list, which carries the recipients', async () => {
    const told = await story(
      {
        sm: [
          [
            0,
            `sm-mta[9]: 6AL7O1DN000300: from=<ann@sender.example>, size=479, class=0, nrcpts=1, ${ID}, proto=ESMTP, daemon=MTA, relay=mx [192.0.2.11]`,
          ],
          [1, 'sm-mta[9]: 6AL7O1DN000300: 6AL7O1DN000301: clone: owner=owner-staff'],
          [
            2,
            'sm-mta[9]: 6AL7O1DN000301: to=pat,quinn, delay=00:00:02, xdelay=00:00:01, mailer=local, pri=60479, dsn=2.0.0, stat=Sent',
          ],
        ],
      },
      '6AL7O1DN000300',
    );
    expect(tellChain(only(told))).toEqual([
      'delivered',
      'sm/6AL7O1DN000301: pat sent',
      'sm/6AL7O1DN000301: quinn sent',
    ]);
    expect(only(told).summary).toContain('The mail from ann@sender.example to pat and quinn was delivered');
    expect(addressedTo(only(told).transactions)).toEqual(['pat', 'quinn']);
    expect(hopRows(only(told))[0]).toMatchObject({ queueId: '6AL7O1DN000301', recipient: 'pat', status: 'sent' });
  });

  it('splits a message into parts, each with its own recipients', async () => {
    const to = (id: string, names: string): Line => [
      2,
      `sm-mta[9]: ${id}: to=${names}, delay=00:00:02, xdelay=00:00:01, mailer=local, pri=60479, dsn=2.0.0, stat=Sent`,
    ];
    const told = await story(
      {
        sm: [
          [
            0,
            `sm-mta[9]: 6AL7O1DN000302: from=<ann@sender.example>, size=479, class=0, nrcpts=3, ${ID}, proto=ESMTP, daemon=MTA, relay=mx [192.0.2.11]`,
          ],
          [1, 'sm-mta[9]: 6AL7O1DN000302: split: maxrcpts=1, rcpts=3, count=2, ids=6AL7O1DN000303; 6AL7O1DN000304'],
          to('6AL7O1DN000302', 'a'),
          to('6AL7O1DN000303', 'b'),
          to('6AL7O1DN000304', 'c'),
        ],
      },
      'm1@sender.example',
    );
    expect(tellChain(only(told))).toEqual([
      'delivered',
      'sm/6AL7O1DN000302: a sent',
      'sm/6AL7O1DN000303: b sent',
      'sm/6AL7O1DN000304: c sent',
    ]);
  });

  it('takes a part for that of the message before it, not of one that has the ID a moment later', async () => {
    const from = (at: number, sender: string): Line => [
      at,
      `sm-mta[9]: 6AL7O1DN000302: from=<${sender}>, size=479, class=0, nrcpts=1, msgid=<${sender}>, proto=ESMTP, daemon=MTA, relay=mx [192.0.2.11]`,
    ];
    const part = (at: number, id: string, name: string): readonly Line[] => [
      [at, `sm-mta[9]: 6AL7O1DN000302: split: maxrcpts=1, rcpts=1, count=1, ids=${id}`],
      [at + 1, `sm-mta[9]: ${id}: to=${name}, delay=00:00:02, xdelay=00:00:01, mailer=local, dsn=2.0.0, stat=Sent`],
    ];
    const sm = [
      from(0, 'ann@sender.example'),
      ...part(1, '6AL7O1DN000303', 'a'),
      from(30, 'eve@other.example'),
      ...part(31, '6AL7O1DN000304', 'b'),
    ];
    expect(tellChain(only(await story({ sm }, 'ann@sender.example')))).toEqual([
      'delivered',
      'sm/6AL7O1DN000303: a sent',
    ]);
  });

  it('gives up after its lifetime, having warned before', async () => {
    const deferred = (at: number): Line => [
      at,
      'sm-mta[9]: 6AL7O2Jl000217: to=<x@down.example>, delay=00:00:04, xdelay=00:00:04, mailer=esmtp, pri=30204, relay=[192.0.2.199] [192.0.2.199], dsn=4.4.1, stat=Deferred: Connection timed out with [192.0.2.199]',
    ];
    const notice = (id: string, at: number): Line => [
      at,
      `sm-mta[9]: ${id}: to=<ann@sender.example>, delay=00:00:01, xdelay=00:00:01, mailer=local, pri=31459, dsn=2.0.0, stat=Sent`,
    ];
    const told = await story(
      {
        sm: [
          [
            0,
            `sm-mta[9]: 6AL7O2Jl000217: from=<ann@sender.example>, size=204, class=0, nrcpts=1, ${ID}, proto=ESMTP, daemon=MTA, relay=mx [192.0.2.11]`,
          ],
          deferred(4),
          [
            5,
            'sm-mta[9]: 6AL7O2Jl000217: 6AL7OLeR000274: sender notify: Warning: could not send message for past 4 hours',
          ],
          notice('6AL7OLeR000274', 6),
          deferred(60),
          [61, 'sm-mta[9]: 6AL7O2Jl000217: 6AL7P1eR000290: sender notify: Cannot send message for 5 days'],
          notice('6AL7P1eR000290', 62),
        ],
      },
      'm1@sender.example',
    );
    expect(tell(told)).toEqual([
      ['delivered, only related', 'sm/6AL7P1eR000290: ann@sender.example sent', 'bounce-of sm/6AL7O2Jl000217'],
      ['delivered, only related', 'sm/6AL7OLeR000274: ann@sender.example sent', 'delay-notice-of sm/6AL7O2Jl000217'],
      [
        'expired',
        'sm/6AL7O2Jl000217: x@down.example expired after 2 tries',
        'delayed-by sm/6AL7OLeR000274',
        'bounced-by sm/6AL7P1eR000290',
      ],
    ]);
  });

  it('returns what goes round, and what it cannot even name', async () => {
    const from = (id: string): Line => [
      0,
      `sm-mta[9]: ${id}: from=<ann@sender.example>, size=204, class=0, nrcpts=1, ${ID}, proto=ESMTP, daemon=MTA, relay=mx [192.0.2.11]`,
    ];
    const loop = [
      from('6AL7O2Jl000317'),
      [
        1,
        'sm-mta[9]: 6AL7O2Jl000317: SYSERR(root): Too many hops 26 (25 max): from <ann@sender.example> via mx, to <x@y.example>',
      ],
      [
        1,
        'sm-mta[9]: 6AL7O2Jl000317: 6AL7O2Jl000318: DSN: Too many hops 26 (25 max): from <ann@sender.example> via mx, to <x@y.example>',
      ],
    ] as const;
    expect(tellChain((await story({ sm: loop }, 'm1@sender.example')).report.chains.at(-1)!)).toEqual([
      'loop',
      'sm/6AL7O2Jl000317: x@y.example bounced',
      'bounced-by sm/6AL7O2Jl000318',
    ]);
    const unnamed = [
      from('6AL7O2Jl000319'),
      [1, 'sm-mta[9]: 6AL7O2Jl000319: 6AL7O2Jl000320: DSN: aliasing/forwarding loop broken (11 aliases deep; 10 max)'],
    ] as const;
    expect((await story({ sm: unnamed }, 'm1@sender.example')).report.chains.at(-1)?.verdict).toBe('bounced');
  });

  const refusedByMilter: readonly Line[] = [
    [
      0,
      `sm-mta[9]: 6AL7O4Dl000412: from=<ann@sender.example>, size=900, class=0, nrcpts=1, ${ID}, proto=ESMTP, daemon=MTA, relay=bad.example [203.0.113.9]`,
    ],
    [1, 'sm-mta[9]: 6AL7O4Dl000412: Milter: data, reject=554 5.7.1 Spam message rejected'],
    [1, 'sm-mta[9]: 6AL7O4Dl000412: to=<pat@sm.example>, delay=00:00:01, pri=30900, stat=Spam message rejected'],
  ];

  it('refuses at the end of the message: a row with the reply, whom it hit and who asked', async () => {
    const told = await story({ sm: refusedByMilter }, 'pat@sm.example');
    expect(tell(told)).toEqual([
      [
        'reject sm/6AL7O4Dl000412 DATA 554 5.7.1 ann@sender.example > pat@sm.example',
        '554 5.7.1 Spam message rejected',
      ],
    ]);
    expect(told.report.rejects[0]?.client).toEqual({ name: 'bad.example', ip: '203.0.113.9', sasl: null });
  });

  it('has a session that came to nothing: what was refused in it, and no message', async () => {
    const told = await story(
      {
        sm: [
          [0, 'sm-mta[9]: 6AL7NVuh000128: <nosuch@sm.example>... User unknown'],
          [
            0,
            'sm-mta[9]: 6AL7NVuh000128: from=<cat@sender.example>, size=428, class=0, nrcpts=0, proto=ESMTP, daemon=MTA, relay=mx [192.0.2.11]',
          ],
        ],
      },
      'nosuch@sm.example',
    );
    expect(tell(told)).toEqual([
      [
        'reject sm/6AL7NVuh000128 RCPT - - cat@sender.example > nosuch@sm.example',
        '<nosuch@sm.example>... User unknown',
      ],
    ]);
  });

  it('reads a line that was cut for syslog', async () => {
    const told = await story(
      {
        sm: [
          [0, 'sm-mta[9]: 6AL7O1DN000310[1]: from=<ann@sender.example>, size=479, class=0, nrcpts=1, ...'],
          [0, `sm-mta[9]: 6AL7O1DN000310[2]: ${ID}, proto=ESMTP, daemon=MTA, relay=mx [192.0.2.11]`],
          [
            1,
            'sm-mta[9]: 6AL7O1DN000310: to=pat, delay=00:00:01, xdelay=00:00:01, mailer=local, pri=60479, dsn=2.0.0, stat=Sent',
          ],
        ],
      },
      'm1@sender.example',
    );
    expect(only(told)).toMatchObject({ messageId: 'm1@sender.example', verdict: 'delivered' });
    expect(only(told).transactions[0]?.client?.ip).toBe('192.0.2.11');
  });
});

describe('Exim', () => {
  const arrival = (id: string, extra = ''): Line => [
    0,
    `exim[9]: ${id} <= ann@sender.example H=mx [192.0.2.11] P=esmtp S=723 id=m1@sender.example${extra}`,
  ];

  it('says which message a notice is about, and the attempts say of what kind it is', async () => {
    const told = await story(
      {
        ex: [
          arrival('1xUfTL-00003V-1E', ' for x@down.example y@gone.example'),
          [
            1,
            'exim[9]: 1xUfTL-00003V-1E ** y@gone.example R=dns T=smtp H=mx.gone.example [192.0.2.31] : SMTP error from remote mail server after RCPT TO:<y@gone.example>: 550 5.1.1 no such user',
          ],
          [1, 'exim[9]: 1xUfTL-00003V-1E == x@down.example R=dns T=smtp defer (110): Connection timed out'],
          [2, 'exim[9]: 1xUfTj-00004w-2a <= <> R=1xUfTL-00003V-1E U=exim P=local S=2161'],
          [2, 'exim[9]: 1xUfTj-00004w-2a => ann <ann@sender.example> R=local T=local_delivery'],
          [2, 'exim[9]: 1xUfTj-00004w-2a Completed'],
          [100, 'exim[9]: 1xUfTL-00003V-1E == x@down.example R=dns T=smtp defer (110): Connection timed out'],
          [101, 'exim[9]: 1xUfTj-00004w-2b <= <> R=1xUfTL-00003V-1E U=exim P=local S=2161'],
          [101, 'exim[9]: 1xUfTj-00004w-2b => ann <ann@sender.example> R=local T=local_delivery'],
          [101, 'exim[9]: 1xUfTj-00004w-2b Completed'],
          [200, 'exim[9]: 1xUfTL-00003V-1E ** x@down.example: retry timeout exceeded'],
          [201, 'exim[9]: 1xUfTj-00004w-2c <= <> R=1xUfTL-00003V-1E U=exim P=local S=2161'],
          [201, 'exim[9]: 1xUfTj-00004w-2c => ann <ann@sender.example> R=local T=local_delivery'],
          [201, 'exim[9]: 1xUfTj-00004w-2c Completed'],
          [201, 'exim[9]: 1xUfTL-00003V-1E Completed'],
        ],
      },
      'm1@sender.example',
    );
    const chain = told.report.chains.find(({ isMatch }) => isMatch)!;
    expect(tellChain(chain)).toEqual([
      'bounced',
      'ex/1xUfTL-00003V-1E: x@down.example expired after 3 tries',
      'ex/1xUfTL-00003V-1E: y@gone.example bounced',
      'bounced-by ex/1xUfTj-00004w-2a',
      'delayed-by ex/1xUfTj-00004w-2b',
      'bounced-by ex/1xUfTj-00004w-2c',
    ]);
    expect(told.report.chains).toHaveLength(4);
  });

  it('does not take the answer of a vacation filter for a notice', async () => {
    const told = await story(
      {
        ex: [
          arrival('1xUfTL-00003V-2E'),
          [1, 'exim[9]: 1xUfTL-00003V-2E => >ann@sender.example <kim@apps.example> R=vacation T=address_reply'],
          [1, 'exim[9]: 1xUfTL-00003V-2E => kim <kim@apps.example> R=local T=local_delivery'],
          [2, 'exim[9]: 1xUfTj-00004w-3a <= <> R=1xUfTL-00003V-2E U=kim P=local S=500'],
          [2, 'exim[9]: 1xUfTj-00004w-3a => ann <ann@sender.example> R=local T=local_delivery'],
          [2, 'exim[9]: 1xUfTj-00004w-3a Completed'],
          [2, 'exim[9]: 1xUfTL-00003V-2E Completed'],
        ],
      },
      'm1@sender.example',
    );
    expect(only(told).relatedChains).toEqual([]);
  });

  it('writes a refusal to two logs, and it happened once', async () => {
    const line = 'exim[9]: H=mx [192.0.2.11] F=<ann@sender.example> rejected RCPT <gone@apps.example>: mailbox closed';
    const told = await story(
      {
        ex: [
          [0.1, line],
          [0.101, line],
          [0.9, line],
          [0.9, line],
        ],
      },
      'gone@apps.example',
    );
    expect(told.report.rejects).toHaveLength(2);
    // Three refusals are six lines; rsyslog counts five after the first.
    const counted = `exim[9]: message repeated 5 times: [ ${line.slice('exim[9]: '.length)}]`;
    const reduced = await story(
      {
        ex: [
          [0.1, line],
          [0.2, counted],
        ],
      },
      'gone@apps.example',
    );
    expect(reduced.report.rejects).toHaveLength(3);
  });

  it('loses nobody when the postmaster removes a message', async () => {
    const told = await story(
      {
        ex: [
          arrival('1xUfTL-00003V-4E', ' for a@x.example b@x.example'),
          [1, 'exim[9]: 1xUfTL-00003V-4E == a@x.example R=dns T=smtp defer (110): Connection timed out'],
          [9, 'exim[10]: 1xUfTL-00003V-4E removed by root'],
          [9, 'exim[10]: 1xUfTL-00003V-4E Completed'],
        ],
      },
      'm1@sender.example',
    );
    expect(tellChain(only(told))).toEqual([
      'deleted',
      'ex/1xUfTL-00003V-4E: a@x.example deleted',
      'ex/1xUfTL-00003V-4E: b@x.example deleted after 0 tries',
    ]);
  });

  it('freezes what it cannot return', async () => {
    const told = await story(
      {
        ex: [
          arrival('1xUfTL-00003V-5E', ' for a@x.example'),
          [1, 'exim[9]: 1xUfTL-00003V-5E == a@x.example R=dns T=smtp defer (110): Connection timed out'],
          [2, 'exim[9]: 1xUfTL-00003V-5E frozen by root'],
        ],
      },
      'm1@sender.example',
    );
    expect(tellChain(only(told))).toEqual(['held', 'ex/1xUfTL-00003V-5E: a@x.example held']);
  });
});

const filtered = (reply: string): readonly Line[] => [
  [0, 'postfix/smtpd[1]: 4jWkFh3Btrzngw6: client=mx[192.0.2.11]'],
  [0, 'postfix/cleanup[2]: 4jWkFh3Btrzngw6: message-id=<m1@sender.example>'],
  [0, 'postfix/qmgr[3]: 4jWkFh3Btrzngw6: from=<ann@sender.example>, size=500, nrcpt=1 (queue active)'],
  [
    1,
    `postfix/smtp[5]: 4jWkFh3Btrzngw6: to=<carol@campus.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (${reply})`,
  ],
  [1, 'postfix/qmgr[3]: 4jWkFh3Btrzngw6: removed'],
];

const RELAYED = '250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4jWkFh4R3wzngwk';
const back = storedOnGw(
  '4jWkFh4R3wzngwk',
  1,
  'localhost[127.0.0.1], orig_queue_id=4jWkFh3Btrzngw6, orig_client=mx[192.0.2.11]',
);
const verdict =
  'Passed CLEAN {RelayedInbound}, [192.0.2.11]:56578 <ann@sender.example> -> <carol@campus.example>, Queue-ID: 4jWkFh3Btrzngw6, Message-ID: <m1@sender.example>, mail_id: Cfk7I0kV-CZE, Hits: -0.2, size: 668, queued_as: 4jWkFh4R3wzngwk, 153 ms';
const THROUGH = [
  'delivered',
  'gw/4jWkFh3Btrzngw6 > gw/Cfk7I0kV-CZE reinjection: carol@campus.example',
  'gw/Cfk7I0kV-CZE > gw/4jWkFh4R3wzngwk reinjection: carol@campus.example',
  'gw/4jWkFh3Btrzngw6: carol@campus.example sent',
  'gw/Cfk7I0kV-CZE: carol@campus.example sent',
  'gw/4jWkFh4R3wzngwk: carol@campus.example sent',
];

describe('amavis', () => {
  it('is a station of the way, and nothing passes beside it', async () => {
    const gw = [...filtered(RELAYED), [1, `amavis[6]: (00058-01) ${verdict}`] as const, ...back];
    const chain = only(await story({ gw }, 'm1@sender.example'));
    expect(tellChain(chain)).toEqual(THROUGH);
    expect(chain.transactions[1]?.filters).toEqual([{ source: 'amavis', action: 'Passed CLEAN', score: -0.2 }]);
  });

  it('is found between the two where it does not name the first', async () => {
    const gw = [
      ...filtered(RELAYED),
      [1, `amavis[6]: (00058-01) ${verdict.replace('Queue-ID: 4jWkFh3Btrzngw6, ', '')}`] as const,
      ...back,
    ];
    expect(tellChain(only(await story({ gw }, 'm1@sender.example')))).toEqual(THROUGH);
  });

  it.each([
    [0, 1],
    [1, 0],
  ])('is read where its line was cut, in whatever order a second of lines comes', async (first, second) => {
    const parts: readonly Line[] = [
      [1, `amavis[6]: (00058-01) ${verdict.slice(0, 100)}...`],
      [1, `amavis[6]: (00058-01) ...${verdict.slice(100)}`],
    ];
    const gw = [...filtered(RELAYED), parts[first]!, parts[second]!, ...back];
    for (const keyword of ['m1@sender.example', 'carol@campus.example', '4jWkFh4R3wzngwk']) {
      expect(tellChain(only(await story({ gw }, keyword)))).toEqual(THROUGH);
    }
  });

  it('throws away what it took', async () => {
    const gw = [
      ...filtered('250 2.7.0 Ok, discarded, id=00058-01 - BANNED: .exe'),
      [
        1,
        `amavis[6]: (00058-01) Blocked BANNED (.exe,run.exe) {DiscardedInbound,Quarantined}, [192.0.2.11]:56578 <ann@sender.example> -> <carol@campus.example>, quarantine: b/banned-Cfk7I0kV-CZE, Queue-ID: 4jWkFh3Btrzngw6, Message-ID: <m1@sender.example>, mail_id: Cfk7I0kV-CZE, Hits: -, size: 668, 95 ms`,
      ] as const,
    ];
    expect(tellChain(only(await story({ gw }, 'm1@sender.example')))).toEqual([
      'discarded',
      'gw/4jWkFh3Btrzngw6 > gw/Cfk7I0kV-CZE reinjection: carol@campus.example',
      'gw/4jWkFh3Btrzngw6: carol@campus.example discarded',
      'gw/Cfk7I0kV-CZE: carol@campus.example discarded',
    ]);
  });
});

describe('Dovecot', () => {
  const lmtp = (to: string, session: string): Line => [
    1,
    `postfix/lmtp[5]: 4jWkFh3Btrzngw6: to=<${to}>, relay=box[private/dovecot-lmtp], delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 <${to}> ${session} Saved)`,
  ];
  const arrived: readonly Line[] = [
    [0, 'postfix/smtpd[1]: 4jWkFh3Btrzngw6: client=mx[192.0.2.11]'],
    [0, 'postfix/cleanup[2]: 4jWkFh3Btrzngw6: message-id=<m1@sender.example>'],
    [0, 'postfix/qmgr[3]: 4jWkFh3Btrzngw6: from=<ann@sender.example>, size=500, nrcpt=2 (queue active)'],
    lmtp('alice@box.example', 'bFeAAelGAWudAAAAkCKbmg'),
    lmtp('bob@box.example', 'bFeAAelGAWudAAAAkCKbmg:R2'),
    [1, 'postfix/qmgr[3]: 4jWkFh3Btrzngw6: removed'],
  ];
  const says = (user: string, number: string, what: string): Line => [
    1,
    `dovecot: lmtp(${user})<157><bFeAAelGAWudAAAAkCKbmg${number}>: ${what}`,
  ];

  it('is one transaction for the recipients of one session', async () => {
    const box = [
      ...arrived,
      says('alice', '', `${ID}: saved mail to INBOX`),
      says('bob', ':R2', `sieve: ${ID}: stored mail into mailbox 'Junk'`),
    ];
    const chain = only(await story({ box }, 'm1@sender.example'));
    expect(tellChain(chain)).toEqual([
      'delivered',
      'box/4jWkFh3Btrzngw6 > box/bFeAAelGAWudAAAAkCKbmg reinjection: alice@box.example, bob@box.example',
      'box/4jWkFh3Btrzngw6: alice@box.example sent',
      'box/4jWkFh3Btrzngw6: bob@box.example sent',
      'box/bFeAAelGAWudAAAAkCKbmg: alice sent',
      'box/bFeAAelGAWudAAAAkCKbmg: bob sent',
    ]);
    expect(chain.summary).toContain('for all 2 recipients');
  });

  it('counts a recipient whose line was lost', async () => {
    const box = [...arrived, says('alice', '', `${ID}: saved mail to INBOX`)];
    expect(only(await story({ box }, 'm1@sender.example')).summary).toContain('for all 2 recipients');
  });

  it('throws away what a user told it to, unless it was kept as well', async () => {
    const gone = 'marked message to be discarded if not explicitly delivered (discard action)';
    const box = [
      ...arrived,
      says('alice', '', `sieve: ${ID}: ${gone}`),
      says('bob', ':R2', `sieve: ${ID}: stored mail into mailbox 'Archive'`),
      says('bob', ':R2', `sieve: ${ID}: ${gone}`),
    ];
    const chain = only(await story({ box }, 'm1@sender.example'));
    expect(tellChain(chain).slice(-2)).toEqual([
      'box/bFeAAelGAWudAAAAkCKbmg: alice discarded',
      'box/bFeAAelGAWudAAAAkCKbmg: bob sent after 2 tries',
    ]);
    expect(chain.verdict).toBe('partly-delivered');
  });

  it('sends on what a user told it to: the copy is found by its recipient', async () => {
    const box = [
      ...arrived,
      says('alice', '', `sieve: ${ID}: forwarded to <alice@home.example>`),
      says('bob', ':R2', `${ID}: saved mail to INBOX`),
      [2, 'postfix/pickup[7]: 5C1A3546A77: uid=5000 from=<alice@box.example>'] as const,
      [2, 'postfix/cleanup[2]: 5C1A3546A77: message-id=<m1@sender.example>'] as const,
      [2, 'postfix/qmgr[3]: 5C1A3546A77: from=<alice@box.example>, size=500, nrcpt=1 (queue active)'] as const,
      [
        3,
        'postfix/smtp[5]: 5C1A3546A77: to=<alice@home.example>, relay=mx.home.example[198.51.100.7]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)',
      ] as const,
      [3, 'postfix/qmgr[3]: 5C1A3546A77: removed'] as const,
    ];
    expect(tellChain(only(await story({ box }, 'm1@sender.example')))).toContain(
      'box/bFeAAelGAWudAAAAkCKbmg > box/5C1A3546A77 reinjection: alice@home.example',
    );
  });

  it('is never the far side of SMTP', async () => {
    const mx: readonly Line[] = [
      [0, 'postfix/smtpd[1]: A1A1A1A1: client=c[198.51.100.104]'],
      [0, 'postfix/cleanup[2]: A1A1A1A1: message-id=<m1@sender.example>'],
      [0, 'postfix/qmgr[3]: A1A1A1A1: from=<ann@sender.example>, size=500, nrcpt=1 (queue active)'],
      [
        1,
        'postfix/smtp[5]: A1A1A1A1: to=<alice@box.example>, relay=box.campus.example[192.0.2.40]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Thanks)',
      ],
      [1, 'postfix/qmgr[3]: A1A1A1A1: removed'],
    ];
    const box = [says('alice', '', `${ID}: saved mail to INBOX`)];
    const told = await story({ mx, box }, 'A1A1A1A1');
    expect(tellChain(only(told))[1]).toBe('mx/A1A1A1A1 > box/? gap unknown: alice@box.example');
  });
});

describe('filters beside the MTA', () => {
  const stored = storedOnGw('4jWkFh4R3wzngwk', 1, 'mx.sender.example[198.51.100.104]');
  const task =
    '<e5a3f1>; proxy; rspamd_task_write_log: id: <m1@sender.example>, qid: <4jWkFh4R3wzngwk>, ip: 198.51.100.104, from: <ann@sender.example>, (default: F (no action): [1.20/15.00] [X(0.00){}]), len: 1234, time: 120.500ms';

  it.each(['gw', 'spam'])('a result of rspamd on %s goes to the queue ID it names', async (host) => {
    const own: readonly Line[] = [[1.5, `rspamd_proxy[7]: ${task}`]];
    const hosts = host === 'gw' ? { gw: [...stored, ...own] } : { gw: stored, spam: own };
    const chain = only(await story(hosts, 'm1@sender.example'));
    expect(chain.transactions.map(({ mta, filters }) => [mta, filters])).toEqual([
      ['postfix', [{ source: 'rspamd', action: 'no action', score: 1.2 }]],
    ]);
  });

  it('a result that names the message-id, or the envelope, goes to the transaction it can only mean', async () => {
    const gw: readonly Line[] = [
      [
        0.5,
        'postgrey[8]: action=pass, reason=triplet found, delay=301, client_name=mx.sender.example, client_address=198.51.100.104, sender=ann@sender.example, recipient=carol@campus.example',
      ],
      [
        0.6,
        'policyd-spf[9]: prepend Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=198.51.100.104; helo=mx.sender.example; envelope-from=ann@sender.example; receiver=carol@campus.example',
      ],
      [
        0.7,
        'policyd-spf[9]: prepend Received-SPF: Fail (mailfrom) identity=mailfrom; client-ip=198.51.100.105; helo=mx.sender.example; envelope-from=ann@sender.example; receiver=carol@campus.example',
      ],
      ...stored,
      [
        1.5,
        'spamd[7]: spamd: result: . 2 - X scantime=0.2,size=1234,user=a,uid=1,required_score=5.0,rhost=localhost,raddr=127.0.0.1,rport=1,mid=<m1@sender.example>,autolearn=ham',
      ],
      [1.6, 'opendkim[7]: 4jWkFh4R3wzngwk: DKIM verification successful'],
      [1.7, 'opendmarc[7]: 4jWkFh4R3wzngwk: sender.example pass'],
    ];
    const chain = only(await story({ gw }, 'carol@campus.example'));
    const sources = chain.transactions[0]?.filters.map(({ source, action }) => `${source} ${action}`);
    expect(sources?.sort()).toEqual([
      'opendkim DKIM verification successful',
      'opendmarc dmarc=pass (sender.example)',
      'postgrey pass: triplet found',
      'spamassassin ham',
      'spf pass',
    ]);
  });

  it('a result that fits nothing is no transaction', async () => {
    const gw: readonly Line[] = [[1, `rspamd_proxy[7]: ${task}`]];
    expect(tell(await story({ gw }, 'm1@sender.example'))).toEqual([]);
  });
});

describe('KumoMTA', () => {
  const record = (at: number, type: string, more: object): Line => [
    at,
    JSON.stringify({
      type,
      id: '7928d04ee57911f1949c00017f000000',
      sender: 'ann@sender.example',
      recipient: 'carol@campus.example',
      queue: 'campus.example',
      site: '',
      size: 483,
      response: { code: 250, enhanced_code: null, content: '', command: null },
      peer_address: { name: 'c.sender.example', addr: '198.51.100.104' },
      timestamp: Date.parse(stamp(at)) / 1000,
      event_time: stamp(at),
      reception_protocol: 'ESMTP',
      ...more,
    }),
  ];

  it('hands on to Postfix', async () => {
    const kumo = [
      record(0, 'Reception', {}),
      record(1, 'Delivery', {
        peer_address: { name: 'gw.campus.example.', addr: '192.0.2.20' },
        response: {
          code: 250,
          enhanced_code: { class: 2, subject: 0, detail: 0 },
          content: 'Ok: queued as 4jWkFh4R3wzngwk',
          command: '.\r\n',
        },
        delivery_protocol: 'ESMTP',
      }),
    ];
    const gw = storedOnGw('4jWkFh4R3wzngwk', 1, 'kumo.campus.example[192.0.2.90]');
    for (const keyword of ['carol@campus.example', '4jWkFh4R3wzngwk', 'm1@sender.example']) {
      expect(tellChain(only(await story({ kumo, gw }, keyword)))).toEqual([
        'delivered',
        'kumo/7928d04ee57911f1949c00017f000000 > gw/4jWkFh4R3wzngwk queued-as: carol@campus.example',
        'kumo/7928d04ee57911f1949c00017f000000: carol@campus.example sent',
        'gw/4jWkFh4R3wzngwk: carol@campus.example sent',
      ]);
    }
  });

  it('keeps the recipients of one message apart: each has an ID, and their servers may share a machine', async () => {
    const ids = ['839c984ee57911f194b800017f000000', '839ca3c8e57911f194b900017f000000'];
    const kumo = ids.flatMap((id, index) => {
      const own = { id, recipient: `m${index}@ok.example`, headers: { 'Message-ID': '<k1@sender.example>' } };
      return [
        record(index, 'Reception', { ...own, peer_address: { name: '[127.0.0.1]', addr: '127.0.0.1' } }),
        record(2 + index, 'Delivery', {
          ...own,
          peer_address: { name: 'mx2.ok.example.', addr: '127.0.0.2' },
          response: { code: 250, enhanced_code: null, content: `Ok: queued as 716A70D41${index}`, command: null },
          delivery_protocol: 'ESMTP',
        }),
      ];
    });
    const { report } = await story({ kumo }, 'k1@sender.example');
    expect(report.chains.map(({ verdict, hops }) => [verdict, hops.map(({ to, gap }) => [to.host, gap])])).toEqual([
      ['delivered', [['mx2.ok.example', 'external']]],
      ['delivered', [['mx2.ok.example', 'external']]],
    ]);
  });
});

describe('OpenSMTPD', () => {
  it('is followed although its lines hold more than the queue ID', async () => {
    const bsd: readonly Line[] = [
      [0, 'smtpd[7]: 5e9ae9f5c8d7b1a2 smtp message msgid=0a5b2c3d size=1234 nrcpt=1 proto=ESMTP'],
      [
        0,
        'smtpd[7]: 5e9ae9f5c8d7b1a2 smtp envelope evpid=0a5b2c3d11223344 from=<ann@sender.example> to=<team@bsd.example>',
      ],
      [
        1,
        'smtpd[7]: 5e9ae9f6c8d7b1a3 mta delivery evpid=0a5b2c3d11223344 from=<ann@sender.example> to=<carol@campus.example> rcpt=<team@bsd.example> source="192.0.2.90" relay="192.0.2.20 (gw.campus.example)" delay=1s result="Ok" stat="250 2.0.0 Ok: queued as 4jWkFh4R3wzngwk"',
      ],
    ];
    const gw = storedOnGw('4jWkFh4R3wzngwk', 1, 'bsd.campus.example[192.0.2.90]');
    for (const keyword of ['team@bsd.example', '0a5b2c3d', 'm1@sender.example']) {
      expect(tellChain(only(await story({ bsd, gw }, keyword)))).toEqual([
        'delivered',
        'bsd/0a5b2c3d > gw/4jWkFh4R3wzngwk queued-as: carol@campus.example',
        'bsd/0a5b2c3d: carol@campus.example (team@bsd.example) sent',
        'gw/4jWkFh4R3wzngwk: carol@campus.example sent',
      ]);
    }
  });
});
