/** What became of a message: the verdict, told in a sentence that can be read out. */
import { describe, expect, it } from 'vitest';
import { CAROL, createLogs, FLEET, type Logs, MESSAGE_ID, peer, SENDER } from '../support/postfix-log.ts';
import { findingCodes, only, tell, trace } from '../support/trace-story.ts';

const PARTNER = 'mx.partner.example[198.51.100.1]:25';
const TIMED_OUT = {
  status: 'deferred',
  relay: 'none',
  dsn: '4.4.1',
  response: `connect to ${PARTNER}: Connection timed out`,
};
const UNKNOWN_USER = {
  status: 'bounced',
  relay: PARTNER,
  response:
    'host mx.partner.example[198.51.100.1] said: 550 5.1.1 <bob@partner.example>: User unknown (in reply to RCPT TO command)',
};

/** A message for one recipient, or for several with these deliveries, on one host. */
const message = (deliveries: readonly object[], tell: (logs: Logs) => void = () => undefined): Logs => {
  const logs = createLogs();
  logs.on('out').gets('A1A1A1A1', 0, { nrcpt: deliveries.length || 1 });
  for (const [index, facts] of deliveries.entries()) {
    logs.on('out').delivers('A1A1A1A1', 1 + index / 10, { to: `r${index}@partner.example`, ...facts });
  }
  tell(logs);
  return logs;
};

const SENT = { relay: PARTNER, response: '250 2.0.0 Ok' };
const DISCARDED = { relay: 'none', response: 'silently' };

describe('the verdict', () => {
  const remove = (logs: Logs): void => logs.on('out').removes('A1A1A1A1', 2);
  const expire = (logs: Logs): void => {
    logs.on('out').line(90, 'qmgr', `A1A1A1A1: from=<${SENDER}>, status=expired, returned to sender`);
    logs.on('out').removes('A1A1A1A1', 90.1);
  };
  it.each([
    ['delivered', [SENT], remove],
    ['delivered', [SENT, SENT], remove],
    ['deferred', [TIMED_OUT], undefined],
    ['deferred', [SENT, TIMED_OUT, UNKNOWN_USER], undefined],
    ['bounced', [UNKNOWN_USER], remove],
    ['bounced', [UNKNOWN_USER, UNKNOWN_USER], remove],
    ['bounced', [UNKNOWN_USER, DISCARDED], remove],
    ['partly-delivered', [SENT, UNKNOWN_USER], remove],
    ['partly-delivered', [SENT, DISCARDED], remove],
    ['partly-delivered', [SENT, TIMED_OUT], expire],
    ['discarded', [DISCARDED], remove],
    ['expired', [TIMED_OUT], expire],
    ['expired', [TIMED_OUT, TIMED_OUT], expire],
    ['bounced', [UNKNOWN_USER, TIMED_OUT], expire],
    ['in-progress', [], undefined],
    ['loop', [{ status: 'bounced', relay: 'none', dsn: '5.4.6', response: 'mail for x loops back to myself' }], remove],
    [
      'loop',
      [
        SENT,
        { status: 'bounced', relay: PARTNER, dsn: '5.4.0', response: 'host x[1] said: 554 5.4.0 Error: too many hops' },
      ],
      remove,
    ],
    ['unknown', [], remove],
  ] as const)('is %s for %j', async (verdict, deliveries, end) => {
    expect(only(await trace(message(deliveries, end), SENDER)).verdict).toBe(verdict);
  });

  it('is in-progress while a recipient has not been tried', async () => {
    const logs = createLogs();
    logs.on('out').gets('A1A1A1A1', 0, { nrcpt: 2 });
    logs.on('out').delivers('A1A1A1A1', 1, SENT);
    expect(only(await trace(logs, SENDER)).verdict).toBe('in-progress');
  });

  it('is in-progress while the queue manager has not taken up what was accepted', async () => {
    const logs = createLogs();
    logs.on('mx1').line(-0.1, 'smtpd', 'connect from c104.sender.example[192.0.2.104]', 101);
    logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: null });
    logs
      .on('mx1')
      .line(
        1,
        'smtpd',
        'disconnect from c104.sender.example[192.0.2.104] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5',
        101,
      );
    expect(tell(await trace(logs, MESSAGE_ID))).toEqual([['in-progress']]);
  });
});

describe('a client that keeps its connection open', () => {
  it('and times out after the message was accepted refuses nothing', async () => {
    const client = 'c104.sender.example[192.0.2.104]';
    const logs = createLogs();
    logs.on('mx1').line(-0.1, 'smtpd', `connect from ${client}`, 101);
    logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: null });
    logs.on('mx1').line(300, 'smtpd', `timeout after END-OF-MESSAGE from ${client}`, 101);
    logs.on('mx1').line(300, 'smtpd', `disconnect from ${client} ehlo=1 mail=1 rcpt=1 data=1 commands=4`, 101);
    expect(tell(await trace(logs, MESSAGE_ID))).toEqual([['in-progress']]);
  });
});

describe('hold', () => {
  it('is kept until the postmaster releases the message', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: null });
    logs
      .on('mx1')
      .line(
        0.05,
        'cleanup',
        `A1A1A1A1: hold: header Subject: x from c104.sender.example[192.0.2.104]; from=<${SENDER}> to=<${CAROL}> proto=ESMTP helo=<c104>`,
      );
    expect(tell(await trace(logs, SENDER))).toEqual([['held', `mx1/A1A1A1A1: ${CAROL} held after 0 tries`]]);
    logs.on('mx1').line(60, 'postsuper', 'A1A1A1A1: released from hold');
    logs.on('mx1').line(61, 'qmgr', `A1A1A1A1: from=<${SENDER}>, size=1000, nrcpt=1 (queue active)`);
    expect(only(await trace(logs, SENDER)).verdict).toBe('in-progress');
    logs.on('mx1').delivers('A1A1A1A1', 62);
    logs.on('mx1').removes('A1A1A1A1', 62.1);
    expect(tell(await trace(logs, SENDER))).toEqual([['delivered', `mx1/A1A1A1A1: ${CAROL} sent`]]);
  });

  it('by an access rule does so also when the whole session bears one stamp, in any order', async () => {
    const client = 'c104.sender.example[192.0.2.104]';
    const logs = createLogs();
    logs.on('mx1').line(0, 'smtpd', `connect from ${client}`, 101);
    logs
      .on('mx1')
      .line(
        0.1,
        'smtpd',
        `NOQUEUE: hold: RCPT from ${client}: <${CAROL}>: x; from=<${SENDER}> to=<${CAROL}> proto=ESMTP helo=<c104>`,
        101,
      );
    logs.on('mx1').gets('A1A1A1A1', 0.2, { nrcpt: null });
    logs.on('mx1').line(0.5, 'smtpd', `disconnect from ${client} ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5`, 101);
    for (const arrange of [(lines: readonly string[]) => lines, (lines: readonly string[]) => [...lines].reverse()]) {
      expect(tell(await trace(logs, MESSAGE_ID, { format: 'rfc3164', arrange }))).toEqual([
        ['held', `mx1/A1A1A1A1: ${CAROL} held after 0 tries`],
      ]);
    }
  });

  it('by an access rule gives its recipient to the message of the same session', async () => {
    const logs = createLogs();
    const client = 'c104.sender.example[192.0.2.104]';
    logs.on('mx1').line(-1, 'smtpd', `connect from ${client}`, 101);
    logs
      .on('mx1')
      .line(
        -0.5,
        'smtpd',
        `NOQUEUE: hold: RCPT from ${client}: <${CAROL}>: Recipient address triggers HOLD action; from=<${SENDER}> to=<${CAROL}> proto=ESMTP helo=<c104>`,
        101,
      );
    logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: null });
    logs.on('mx1').line(1, 'smtpd', `disconnect from ${client} ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5`, 101);
    expect(tell(await trace(logs, MESSAGE_ID))).toEqual([['held', `mx1/A1A1A1A1: ${CAROL} held after 0 tries`]]);
  });

  it('forgets the address that aliases turned into others', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: null });
    logs
      .on('mx1')
      .line(
        0.05,
        'smtpd',
        `A1A1A1A1: hold: RCPT from c104.sender.example[192.0.2.104]: <Sales@campus.example>: x; from=<${SENDER}> to=<Sales@campus.example> proto=ESMTP helo=<c104>`,
        101,
      );
    logs.on('mx1').line(60, 'postsuper', 'A1A1A1A1: released from hold');
    logs.on('mx1').line(61, 'qmgr', `A1A1A1A1: from=<${SENDER}>, size=1000, nrcpt=2 (queue active)`);
    logs.on('mx1').delivers('A1A1A1A1', 62, { to: CAROL, origTo: 'sales@campus.example' });
    logs.on('mx1').delivers('A1A1A1A1', 62.1, { to: 'dave@campus.example', origTo: 'sales@campus.example' });
    logs.on('mx1').removes('A1A1A1A1', 62.2);
    expect(tell(await trace(logs, SENDER))).toEqual([
      [
        'delivered',
        `mx1/A1A1A1A1: ${CAROL} (sales@campus.example) sent`,
        'mx1/A1A1A1A1: dave@campus.example (sales@campus.example) sent',
      ],
    ]);
  });

  it('by the postmaster holds what is already in the queue', async () => {
    const logs = message([TIMED_OUT]);
    logs.on('out').line(60, 'postsuper', 'A1A1A1A1: placed on hold');
    expect(only(await trace(logs, SENDER)).verdict).toBe('held');
  });
});

describe('mail that is taken out', () => {
  it.each(['rfc3339', 'rfc5424'] as const)('deleted by the postmaster is deleted (%s)', async (format) => {
    const logs = message([TIMED_OUT]);
    logs.on('out').line(60, 'postsuper', 'A1A1A1A1: removed');
    expect(tell(await trace(logs, SENDER, { format }))).toEqual([
      ['deleted', 'out/A1A1A1A1: r0@partner.example deleted'],
    ]);
  });

  it('deleted after a part was delivered keeps what was delivered', async () => {
    const logs = message([SENT, TIMED_OUT]);
    logs.on('out').line(60, 'postsuper', 'A1A1A1A1: removed');
    const chain = only(await trace(logs, SENDER));
    expect([chain.verdict, ...chain.transactions[0]!.recipients.map(({ status }) => status)]).toEqual([
      'partly-delivered',
      'sent',
      'deleted',
    ]);
  });

  it('discarded by a header rule is discarded', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: null });
    logs
      .on('mx1')
      .line(
        0.05,
        'cleanup',
        `A1A1A1A1: discard: header Subject: x from c104.sender.example[192.0.2.104]; from=<${SENDER}> to=<${CAROL}> proto=ESMTP helo=<c104>`,
      );
    expect(tell(await trace(logs, SENDER))).toEqual([['discarded', `mx1/A1A1A1A1: ${CAROL} discarded after 0 tries`]]);
  });

  it('discarded by the content filter is no delivery', async () => {
    const logs = message(
      [
        {
          relay: '127.0.0.1[127.0.0.1]:10024',
          dsn: '2.7.0',
          response: '250 2.7.0 Ok, discarded, id=00334-03 - BANNED: .exe',
        },
      ],
      (all) => all.on('out').removes('A1A1A1A1', 2),
    );
    expect(only(await trace(logs, SENDER)).verdict).toBe('discarded');
  });

  it('a probe of an address is no mail', async () => {
    const logs = message([{ ...SENT, status: 'deliverable' }]);
    expect(tell(await trace(logs, SENDER))).toEqual([]);
  });
});

/** `id` is refused and its sender told by `noticeId`, which goes to the sender's server. */
const bounce = (
  logs: Logs,
  id: string,
  noticeId: string,
  at: number,
  notice = 'sender non-delivery notification',
): void => {
  logs.on('out').makes(noticeId, at);
  logs.on('out').line(at + 0.05, 'bounce', `${id}: ${notice}: ${noticeId}`);
  logs
    .on('out')
    .delivers(noticeId, at + 1, { to: SENDER, relay: 'mx.sender.example[198.51.100.7]:25', response: '250 2.0.0 Ok' });
  logs.on('out').removes(noticeId, at + 1.1);
};

describe('notices', () => {
  it('belong to the answer as a chain of their own, joined to their cause', async () => {
    const logs = message([UNKNOWN_USER]);
    bounce(logs, 'A1A1A1A1', 'D4D4D4D4', 1.2);
    logs.on('out').removes('A1A1A1A1', 1.4);
    for (const keyword of [MESSAGE_ID, 'r0@partner.example', 'A1A1A1A1']) {
      expect(tell(await trace(logs, keyword))).toEqual([
        [
          `delivered${keyword === 'A1A1A1A1' ? '' : ', only related'}`,
          `out/D4D4D4D4 > mx.sender.example/? gap external: ${SENDER}`,
          `out/D4D4D4D4: ${SENDER} sent`,
          'bounce-of out/A1A1A1A1',
        ].map((line) => line.replace(/^delivered$/, 'delivered, only related')),
        ['bounced', 'out/A1A1A1A1: r0@partner.example bounced', 'bounced-by out/D4D4D4D4'],
      ]);
    }
  });

  it('name their cause when only the notice was asked for', async () => {
    const logs = message([UNKNOWN_USER]);
    bounce(logs, 'A1A1A1A1', 'D4D4D4D4', 1.2);
    logs.on('out').removes('A1A1A1A1', 1.4);
    const { report } = await trace(logs, 'id:D4D4D4D4@mailer.example');
    expect(
      report.chains.map(({ relatedChains }) => relatedChains.map(({ relation, messageId }) => [relation, messageId])),
    ).toEqual([[['bounce-of', MESSAGE_ID]]]);
  });

  it('are found beyond the window, days after their cause', async () => {
    const logs = message([TIMED_OUT]);
    logs.on('out').delivers('A1A1A1A1', 4 * 86_400, { to: 'r0@partner.example', ...TIMED_OUT });
    bounce(logs, 'A1A1A1A1', 'E5E5E5E5', 14_400, 'sender delay notification');
    logs.on('out').line(5 * 86_400, 'qmgr', `A1A1A1A1: from=<${SENDER}>, status=expired, returned to sender`);
    bounce(logs, 'A1A1A1A1', 'D4D4D4D4', 5 * 86_400 + 1);
    logs.on('out').removes('A1A1A1A1', 5 * 86_400 + 2);
    const { report } = await trace(logs, MESSAGE_ID, { window: [-60, 60] });
    expect(
      report.chains.map((chain) => [chain.verdict, ...chain.relatedChains.map(({ relation }) => relation)]),
    ).toEqual([
      ['delivered', 'bounce-of'],
      ['delivered', 'delay-notice-of'],
      ['expired', 'delayed-by', 'bounced-by'],
    ]);
    expect(report.complete).toBe(true);
  });

  it('that bounce themselves tell the postmaster, and the chain of notices is told', async () => {
    const logs = message([UNKNOWN_USER]);
    logs.on('out').line(1.25, 'bounce', 'A1A1A1A1: sender non-delivery notification: D4D4D4D4');
    logs.on('out').makes('D4D4D4D4', 1.2);
    logs.on('out').delivers('D4D4D4D4', 2, {
      to: SENDER,
      relay: 'none',
      status: 'bounced',
      dsn: '5.4.4',
      response: 'Host not found',
    });
    logs.on('out').line(2.25, 'bounce', 'D4D4D4D4: postmaster non-delivery notification: F6F6F6F6');
    logs.on('out').makes('F6F6F6F6', 2.2, { from: 'double-bounce@out.campus.example' });
    logs.on('out').delivers('F6F6F6F6', 3, { to: 'postmaster@campus.example' });
    for (const [id, at] of [
      ['A1A1A1A1', 1.4],
      ['D4D4D4D4', 2.4],
      ['F6F6F6F6', 3.1],
    ] as const)
      logs.on('out').removes(id, at);
    const { report } = await trace(logs, 'r0@partner.example');
    expect(
      report.chains.map((chain) => [chain.verdict, ...chain.relatedChains.map(({ relation }) => relation)]),
    ).toEqual(
      [
        ['delivered', 'bounce-of'],
        ['bounced', 'bounced-by', 'bounce-of'].sort((a) => (a === 'bounced' ? -1 : 0)),
        ['bounced', 'bounced-by'],
      ]
        .map((row) => row.sort((a, b) => (a < b ? -1 : 1)))
        .map((row) => expect.arrayContaining(row) as string[]),
    );
  });

  it('of success are told as such', async () => {
    const logs = message([SENT]);
    bounce(logs, 'A1A1A1A1', 'D4D4D4D4', 1.2, 'sender delivery status notification');
    logs.on('out').removes('A1A1A1A1', 1.4);
    const { report } = await trace(logs, MESSAGE_ID);
    expect(
      report.chains.map((chain) => [chain.verdict, ...chain.relatedChains.map(({ relation }) => relation)]),
    ).toEqual([
      ['delivered', 'delivery-report-of'],
      ['delivered', 'reported-by'],
    ]);
  });
});

describe('a loop', () => {
  it('is a message that comes to one host with one address three times', async () => {
    const logs = createLogs();
    const ways = ['mx1', 'gw', 'mx1', 'gw', 'mx1', 'gw'];
    const id = (index: number): string => `A1A1A1A${index}`;
    logs.on('mx1').gets(id(0), 0);
    for (let index = 0; index + 1 < ways.length; index++) {
      logs.hop(ways[index]!, id(index), ways[index + 1]!, id(index + 1), { at: index + 1 });
    }
    logs.on('gw').delivers(id(5), 10, { ...TIMED_OUT });
    const chain = only(await trace(logs, SENDER));
    expect(chain.verdict).toBe('loop');
    expect(findingCodes(chain)).toEqual(expect.arrayContaining(['loop', 'revisited']));
  });

  it('is none when a message passes a host twice on purpose', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0);
    logs.hop('mx1', 'A1A1A1A1', 'gw', 'B2B2B2B2', { at: 1 });
    logs.hop('gw', 'B2B2B2B2', 'mx1', 'C3C3C3C3', { at: 2 });
    logs.on('mx1').delivers('C3C3C3C3', 3);
    logs.on('mx1').removes('C3C3C3C3', 3.1);
    const chain = only(await trace(logs, SENDER));
    expect(chain.verdict).toBe('delivered');
    expect(chain.findings.map(({ code, severity }) => `${code} ${severity}`)).toContain('revisited info');
  });

  it('that ends at the hop limit is refused, and told from both sides', async () => {
    const logs = createLogs();
    logs.on('gw').gets('A1A1A1A1', 0);
    logs.on('mx1').gets('B2B2B2B2', 0.8, { client: peer('gw'), nrcpt: null });
    logs.on('mx1').line(0.9, 'cleanup', 'warning: B2B2B2B2: message rejected: hopcount exceeded');
    logs.on('gw').delivers('A1A1A1A1', 1, {
      relay: `${peer('mx1')}:25`,
      status: 'bounced',
      dsn: '5.4.0',
      response: `host ${peer('mx1')} said: 554 5.4.0 Error: too many hops (in reply to end of DATA command)`,
    });
    logs.on('gw').removes('A1A1A1A1', 1.1);
    expect(tell(await trace(logs, MESSAGE_ID)).slice(0, 1)).toEqual([['loop', `gw/A1A1A1A1: ${CAROL} bounced`]]);
  });
});

describe('a host in between that says nothing', () => {
  const way = (): Logs => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0);
    logs.hop('mx1', 'A1A1A1A1', 'gw', 'B2B2B2B2', { at: 1 });
    logs.hop('gw', 'B2B2B2B2', 'mailbox', 'C3C3C3C3', { at: 2 });
    logs.on('mailbox').delivers('C3C3C3C3', 3);
    logs.on('mailbox').removes('C3C3C3C3', 3.1);
    return logs;
  };

  it('and cannot be reached is bridged when the message came out of it again', async () => {
    const told = await trace(way(), SENDER, { dead: ['gw'] });
    expect(tell(told)).toEqual([
      [
        'delivered',
        `mx1/A1A1A1A1 > gw/B2B2B2B2 gap unreachable: ${CAROL}`,
        `gw/B2B2B2B2 > mailbox/C3C3C3C3 gap unreachable: ${CAROL}`,
        `mx1/A1A1A1A1: ${CAROL} sent`,
        `mailbox/C3C3C3C3: ${CAROL} sent`,
      ],
    ]);
    expect(told.report.complete).toBe(false);
    expect(findingCodes(only(told))).toContain('unread-host');
    expect(told.report.sources.find(({ host }) => host === 'gw.campus.example')).toMatchObject({
      status: 'unreachable',
      error: 'no route to host',
    });
  });

  it('leaves open what became of a recipient who did not come out', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: 2 });
    for (const to of [CAROL, 'dave@campus.example']) {
      logs
        .on('mx1')
        .delivers('A1A1A1A1', 1, { to, relay: `${peer('gw')}:25`, response: '250 2.0.0 Ok: queued as B2B2B2B2' });
    }
    logs.on('mx1').removes('A1A1A1A1', 1.1);
    logs.on('mailbox').gets('C3C3C3C3', 2, { client: peer('gw') });
    logs.on('mailbox').delivers('C3C3C3C3', 3);
    logs.on('mailbox').removes('C3C3C3C3', 3.1);
    const chain = only(await trace(logs, SENDER, { dead: ['gw'] }));
    expect(chain.verdict).toBe('unknown');
    expect(chain.summary).toContain('dave@campus.example');
  });

  it('at the end leaves the verdict unknown', async () => {
    const told = await trace(way(), SENDER, { dead: ['gw', 'mailbox'] });
    expect(tell(told)).toEqual([
      ['unknown', `mx1/A1A1A1A1 > gw/B2B2B2B2 gap unreachable: ${CAROL}`, `mx1/A1A1A1A1: ${CAROL} sent`],
    ]);
    expect(only(told).nextStep).toContain('gw.campus.example');
  });

  it('at the beginning is named', async () => {
    expect(tell(await trace(way(), CAROL, { dead: ['mx1'] }))[0]?.slice(0, 3)).toEqual([
      'delivered',
      `gw/B2B2B2B2 > mailbox/C3C3C3C3 queued-as: ${CAROL}`,
      `mx1/? > gw/B2B2B2B2 gap unreachable: ${CAROL}`,
    ]);
  });

  it('and whose log is read by nobody ends the way as delivered', async () => {
    const told = await trace(way(), SENDER, { hosts: ['mx1', 'gw'] });
    expect(tell(told)[0]?.slice(0, 3)).toEqual([
      'delivered',
      `mx1/A1A1A1A1 > gw/B2B2B2B2 queued-as: ${CAROL}`,
      `gw/B2B2B2B2 > mailbox/C3C3C3C3 gap unread: ${CAROL}`,
    ]);
    expect(findingCodes(only(told))).toContain('unread-host');
    expect(told.report.complete).toBe(true);
  });

  it('and whose log is read by nobody is bridged', async () => {
    expect(tell(await trace(way(), SENDER, { hosts: ['mx1', 'mailbox'] }))).toEqual([
      [
        'delivered',
        `mx1/A1A1A1A1 > gw/B2B2B2B2 gap unread: ${CAROL}`,
        `gw/B2B2B2B2 > mailbox/C3C3C3C3 gap unread: ${CAROL}`,
        `mx1/A1A1A1A1: ${CAROL} sent`,
        `mailbox/C3C3C3C3: ${CAROL} sent`,
      ],
    ]);
  });

  it('is no gap before the first host when it may be anybody’s desk', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { client: 'pc17.campus.example[192.0.2.117]' });
    logs.on('mx1').delivers('A1A1A1A1', 1);
    logs.on('mx1').removes('A1A1A1A1', 1.1);
    expect(tell(await trace(logs, SENDER))).toEqual([['delivered', `mx1/A1A1A1A1: ${CAROL} sent`]]);
  });

  it('may log later, when the hand-over is a moment ago', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0);
    logs.on('mx1').handsOn('A1A1A1A1', 1, 'gw', 'B2B2B2B2');
    logs.on('mx1').removes('A1A1A1A1', 1.1);
    expect(tell(await trace(logs, SENDER, { now: 30 }))).toEqual([
      ['in-progress', `mx1/A1A1A1A1 > gw/B2B2B2B2 gap not-yet-logged: ${CAROL}`, `mx1/A1A1A1A1: ${CAROL} sent`],
    ]);
    expect(only(await trace(logs, SENDER, { now: 3600 })).verdict).toBe('unknown');
  });
});

describe('rejects', () => {
  const CLIENT = 'c104.sender.example[192.0.2.104]';
  const reject = (
    logs: Logs,
    at: number,
    facts: Partial<{ id: string; to: string; from: string; reply: string; stage: string }> = {},
  ): void => {
    const { id = 'NOQUEUE', to = 'nobody@campus.example', from = SENDER, stage = 'RCPT' } = facts;
    const { reply = `550 5.1.1 <${to}>: Recipient address rejected: User unknown` } = facts;
    logs
      .on('mx1')
      .line(
        at,
        'smtpd',
        `${id}: reject: ${stage} from ${CLIENT}: ${reply}; from=<${from}> to=<${to}> proto=ESMTP helo=<c104>`,
        101,
      );
  };

  it('are rows that fit the query, and no chain', async () => {
    const logs = createLogs();
    reject(logs, 0);
    reject(logs, 5, { from: 'eve@other.example' });
    for (const keyword of [
      SENDER,
      'from:ann@sender.example',
      'text:nobody@campus.example>: Recipient address rejected: User unknown; from=<ann',
    ]) {
      expect(tell(await trace(logs, keyword))).toEqual([
        [
          `reject mx1/- RCPT 550 5.1.1 ${SENDER} > nobody@campus.example`,
          '550 5.1.1 <nobody@campus.example>: Recipient address rejected: User unknown',
        ],
      ]);
    }
    expect((await trace(logs, 'nobody@campus.example')).report.rejects).toHaveLength(2);
    expect((await trace(logs, '192.0.2.104')).report.rejects).toHaveLength(2);
    expect((await trace(logs, ['nobody@campus.example', 'eve@other.example'])).report.rejects).toHaveLength(1);
    expect((await trace(logs, 'dave@campus.example')).report.rejects).toHaveLength(0);
  });

  it('of one recipient stand beside the message for the others', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0);
    reject(logs, 0.005, { id: 'A1A1A1A1' });
    logs.on('mx1').delivers('A1A1A1A1', 1);
    logs.on('mx1').removes('A1A1A1A1', 1.1);
    // The queue ID is used again, and one of its recipients is refused as well.
    logs.on('mx1').gets('A1A1A1A1', 1800, { messageId: 'm2@sender.example', from: 'eve@other.example' });
    reject(logs, 1800.005, { id: 'A1A1A1A1', from: 'eve@other.example', to: 'x@campus.example' });
    logs.on('mx1').delivers('A1A1A1A1', 1801);
    logs.on('mx1').removes('A1A1A1A1', 1801.1);
    expect(tell(await trace(logs, MESSAGE_ID))).toEqual([
      ['delivered', `mx1/A1A1A1A1: ${CAROL} sent`],
      [
        `reject mx1/A1A1A1A1 RCPT 550 5.1.1 ${SENDER} > nobody@campus.example`,
        '550 5.1.1 <nobody@campus.example>: Recipient address rejected: User unknown',
      ],
    ]);
  });

  it('after the content are rows too, and the queue ID makes no chain', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: null });
    logs
      .on('mx1')
      .line(
        0.1,
        'cleanup',
        `A1A1A1A1: milter-reject: END-OF-MESSAGE from ${CLIENT}: 5.7.1 Spam message rejected; from=<${SENDER}> to=<${CAROL}> proto=ESMTP helo=<c104>`,
      );
    expect(tell(await trace(logs, SENDER))).toEqual([
      [`reject mx1/A1A1A1A1 DATA - 5.7.1 ${SENDER} > ${CAROL}`, '5.7.1 Spam message rejected'],
    ]);
  });

  it.each([
    ['lost connection after DATA (200 bytes) from', 'lost connection after DATA from'],
    ['A1A1A1A1: lost connection after DATA (200 bytes) from', 'lost connection after DATA (200 bytes) from'],
  ])('are what a client left in the middle: %s', async (line, text) => {
    const logs = createLogs();
    logs.on('mx1').line(-1, 'smtpd', `connect from ${CLIENT}`, 101);
    logs.on('mx1').gets('A1A1A1A1', 0, { messageId: null, nrcpt: null });
    logs.on('mx1').line(1, 'smtpd', `${line} ${CLIENT}`, 101);
    logs.on('mx1').line(1, 'smtpd', `disconnect from ${CLIENT} ehlo=1 mail=1 rcpt=1 data=0/1 commands=3/4`, 101);
    expect(tell(await trace(logs, '192.0.2.104'))).toEqual([
      ['reject mx1/A1A1A1A1 DATA - - - > -', `${text} ${CLIENT}`],
    ]);
  });

  it('are what a client left in the middle, also when all lines bear one stamp, in any order', async () => {
    const logs = createLogs();
    logs.on('mx1').line(0, 'smtpd', `connect from ${CLIENT}`, 101);
    logs.on('mx1').gets('A1A1A1A1', 0.1, { nrcpt: null });
    logs.on('mx1').line(0.5, 'smtpd', `lost connection after DATA (200 bytes) from ${CLIENT}`, 101);
    logs.on('mx1').line(0.6, 'smtpd', `disconnect from ${CLIENT} ehlo=1 mail=1 rcpt=1 data=0/1 commands=3/4`, 101);
    for (const arrange of [(lines: readonly string[]) => lines, (lines: readonly string[]) => [...lines].reverse()]) {
      expect(tell(await trace(logs, '192.0.2.104', { format: 'rfc3164', arrange }))).toEqual([
        ['reject mx1/A1A1A1A1 DATA - - - > -', `lost connection after DATA from ${CLIENT}`],
      ]);
    }
  });

  it('count as often as rsyslog says they were repeated', async () => {
    const logs = createLogs();
    reject(logs, 0);
    logs
      .on('mx1')
      .line(
        1,
        'smtpd',
        `message repeated 2 times: [ NOQUEUE: reject: RCPT from ${CLIENT}: 550 5.1.1 <nobody@campus.example>: Recipient address rejected: User unknown; from=<${SENDER}> to=<nobody@campus.example> proto=ESMTP helo=<c104>]`,
        101,
      );
    expect((await trace(logs, SENDER)).report.rejects).toHaveLength(3);
  });

  it('of a failed login are found by the name and the address', async () => {
    const logs = createLogs();
    logs
      .on('mx1')
      .line(
        0,
        'submission/smtpd',
        'warning: pc17.campus.example[192.0.2.17]: SASL PLAIN authentication failed: (reason unavailable), sasl_username=alice',
        101,
      );
    for (const keyword of ['sasl:alice', 'alice', '192.0.2.17', 'client:pc17.campus.example']) {
      expect((await trace(logs, keyword)).report.rejects.map(({ stage }) => stage)).toEqual(['AUTH']);
    }
  });
});

describe('clocks', () => {
  it.each([-180_000, -40_000, 0, 40_000, 180_000])(
    'that are %d ms wrong on one host change no story',
    async (shift) => {
      const logs = createLogs();
      logs.on('mx1').gets('A1A1A1A1', 0);
      logs.hop('mx1', 'A1A1A1A1', 'gw', 'B2B2B2B2', { at: 1 });
      logs.hop('gw', 'B2B2B2B2', 'mailbox', 'C3C3C3C3', { at: 2 });
      logs.on('mailbox').delivers('C3C3C3C3', 3);
      logs.on('mailbox').removes('C3C3C3C3', 3.1);
      const straight = tell(await trace(logs, SENDER));
      for (const host of ['mx1', 'gw', 'mailbox']) {
        const told = await trace(logs, SENDER, { shiftMs: { [host]: shift } });
        expect(tell(told)).toEqual(straight);
        expect(findingCodes(only(told)).includes('clock-skew')).toBe(shift !== 0);
      }
    },
  );
});

describe('findings', () => {
  it('name the slow hop, its part, and the host', async () => {
    const logs = message([{ ...SENT, delay: 300, delays: '0.1/290/5/4.9' }], (all) =>
      all.on('out').removes('A1A1A1A1', 2),
    );
    expect(
      only(await trace(logs, SENDER)).findings.find(({ code }) => code === 'slow-hop')?.text,
    ).toMatchInlineSnapshot(`"out.campus.example kept A1A1A1A1 for 5 min, 5 min of it waiting in the queue."`);
  });

  it('name more hosts than usual', async () => {
    const names = Object.keys(FLEET);
    const logs = createLogs();
    logs.on(names[0]!).gets('A1A1A1A0', 0);
    for (let index = 0; index < 4; index++) {
      logs.hop(names[index]!, `A1A1A1A${index}`, names[index + 1]!, `A1A1A1A${index + 1}`, { at: index + 1 });
    }
    expect(findingCodes(only(await trace(logs, SENDER, { limits: { manyHops: 3 } })))).toContain('many-hops');
    expect(findingCodes(only(await trace(logs, SENDER)))).not.toContain('many-hops');
  });

  it('call two ways that meet on one host no second visit', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: 2 });
    logs.hop('mx1', 'A1A1A1A1', 'gw', 'B2B2B2B2', { at: 1 });
    logs.on('gw').gets('B2B2B2B3', 1, { client: peer('mx1') });
    logs.on('mx1').handsOn('A1A1A1A1', 1.005, 'gw', 'B2B2B2B3', { to: 'dave@campus.example' });
    expect(findingCodes(only(await trace(logs, SENDER)))).not.toContain('revisited');
  });

  it('count what is put off', async () => {
    const chain = only(await trace(message([TIMED_OUT, { ...TIMED_OUT, to: 'r0@partner.example' }]), SENDER));
    expect(chain.findings.map(({ text }) => text)).toContain(
      'out.campus.example put r0@partner.example off 2 times; now: deferred.',
    );
  });
});

describe('the sentence and the next step', () => {
  const lines = async (logs: Logs, options = {}): Promise<string[]> => {
    const chain = (await trace(logs, MESSAGE_ID, options)).report.chains.find(({ isMatch }) => isMatch)!;
    return [chain.summary, chain.nextStep ?? '–'];
  };
  const remove = (logs: Logs): void => logs.on('out').removes('A1A1A1A1', 2);

  it('can be read out', async () => {
    const bounced = message([UNKNOWN_USER]);
    bounce(bounced, 'A1A1A1A1', 'D4D4D4D4', 1.2);
    bounced.on('out').removes('A1A1A1A1', 1.4);
    const held = message([]);
    held.on('out').line(60, 'postsuper', 'A1A1A1A1: placed on hold');
    const deleted = message([TIMED_OUT]);
    deleted.on('out').line(60, 'postsuper', 'A1A1A1A1: removed');
    const handedOn = message([]);
    handedOn.on('out').handsOn('A1A1A1A1', 1, 'gw', 'B2B2B2B2');
    handedOn.on('out').removes('A1A1A1A1', 1.1);
    const stories: Record<string, string[]> = {
      delivered: await lines(message([SENT], remove)),
      'delivered to several': await lines(message([SENT, SENT, SENT], remove)),
      'delivered here': await lines(message([{}], remove)),
      deferred: await lines(message([TIMED_OUT, SENT])),
      bounced: await lines(bounced),
      'partly-delivered': await lines(message([SENT, UNKNOWN_USER], remove)),
      expired: await lines(
        message([TIMED_OUT], (logs) =>
          logs.on('out').line(90, 'qmgr', `A1A1A1A1: from=<${SENDER}>, status=expired, returned to sender`),
        ),
      ),
      discarded: await lines(message([DISCARDED], remove)),
      held: await lines(held),
      deleted: await lines(deleted),
      'in-progress': await lines(message([])),
      unreachable: await lines(handedOn, { dead: ['gw'] }),
      unread: await lines(handedOn, { hosts: ['out'] }),
    };
    const text = Object.entries(stories).map(([name, [summary, next]]) => `${name}\n  ${summary}\n  > ${next}`);
    await expect(`${text.join('\n')}\n`).toMatchFileSnapshot('summaries.golden.txt');
  });
});
