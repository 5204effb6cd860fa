/** What joins two transactions, and what must not. */
import { describe, expect, it } from 'vitest';
import { CAROL, createLogs, MESSAGE_ID, peer, SENDER } from '../support/postfix-log.ts';
import { only, tell, tellChain, trace } from '../support/trace-story.ts';

/** A message that arrives and is stored on one host. */
const stored = (logs: ReturnType<typeof createLogs>, host: string, id: string, at: number, facts = {}): void => {
  logs.on(host).gets(id, at, facts);
  logs.on(host).delivers(id, at + 1, facts);
  logs.on(host).removes(id, at + 1.1);
};

describe('queue IDs that are used again', () => {
  const twice = (
    laterS: number,
    messageIds: readonly [string, string] = ['m1@sender.example', 'm2@sender.example'],
  ) => {
    const logs = createLogs();
    for (const [index, at] of [0, laterS].entries()) {
      const facts = { messageId: messageIds[index]!, from: index === 0 ? SENDER : 'eve@other.example' };
      logs.on('mx1').gets('A1A1A1A1', at, facts);
      logs.hop('mx1', 'A1A1A1A1', 'gw', 'B2B2B2B2', {
        at: at + 1,
        to: index === 0 ? CAROL : 'dave@campus.example',
        ...facts,
      });
      logs.on('gw').delivers('B2B2B2B2', at + 2, { to: index === 0 ? CAROL : 'dave@campus.example' });
      logs.on('gw').removes('B2B2B2B2', at + 2.1);
    }
    return logs;
  };

  it.each([20, 120, 1800])('after %d s are kept apart on both hosts', async (laterS) => {
    for (const keyword of [SENDER, CAROL, MESSAGE_ID]) {
      const chain = only(await trace(twice(laterS), keyword));
      expect(tellChain(chain)).toEqual([
        'delivered',
        `mx1/A1A1A1A1 > gw/B2B2B2B2 queued-as: ${CAROL}`,
        `mx1/A1A1A1A1: ${CAROL} sent`,
        `gw/B2B2B2B2: ${CAROL} sent`,
      ]);
    }
  });

  it('stand for two messages when the queue ID itself is asked for', async () => {
    const { report } = await trace(twice(1800), 'A1A1A1A1');
    expect(report.chains.map(({ messageId }) => messageId)).toEqual(['m2@sender.example', 'm1@sender.example']);
  });

  it('are kept apart without message-ids', async () => {
    const { report } = await trace(twice(120, ['', '']), 'A1A1A1A1');
    expect(report.chains.map(({ transactions }) => transactions.map(({ sender }) => sender))).toEqual([
      ['eve@other.example', 'eve@other.example'],
      [SENDER, SENDER],
    ]);
  });

  it('are kept apart when the first one was never logged as removed', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0);
    logs.on('mx1').delivers('A1A1A1A1', 1, { status: 'deferred', relay: 'none', response: 'connect to x: timed out' });
    stored(logs, 'mx1', 'A1A1A1A1', 1800, { messageId: 'm2@sender.example', from: 'eve@other.example' });
    expect(tell(await trace(logs, SENDER))).toEqual([['deferred', `mx1/A1A1A1A1: ${CAROL} deferred`]]);
  });

  it('on another host never join strangers', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0);
    logs.hop('mx1', 'A1A1A1A1', 'gw', 'B2B2B2B2', { at: 1 });
    logs.on('gw').delivers('B2B2B2B2', 2);
    logs.on('gw').removes('B2B2B2B2', 2.1);
    stored(logs, 'mailbox', 'B2B2B2B2', 1, {
      messageId: 'other@x.example',
      from: 'eve@other.example',
      to: 'dave@campus.example',
    });
    expect(only(await trace(logs, SENDER)).transactions.map(({ host }) => host)).toEqual([
      'mx1.campus.example',
      'gw.campus.example',
    ]);
  });
});

describe('message-ids that say little', () => {
  it('keeps a message that was sent twice as two chains of one trace', async () => {
    const logs = createLogs();
    for (const [index, at] of [0, 30].entries()) {
      logs.on('mx1').gets(`A1A1A1A${index}`, at);
      logs.hop('mx1', `A1A1A1A${index}`, 'gw', `B2B2B2B${index}`, { at: at + 1 });
      logs.on('gw').delivers(`B2B2B2B${index}`, at + 2);
      logs.on('gw').removes(`B2B2B2B${index}`, at + 2.1);
    }
    const { report } = await trace(logs, MESSAGE_ID);
    expect(report.chains.map(({ transactions }) => transactions.map(({ queueId }) => queueId))).toEqual([
      ['A1A1A1A1', 'B2B2B2B1'],
      ['A1A1A1A0', 'B2B2B2B0'],
    ]);
    expect(report.chains[0]!.traceId).toBe(report.chains[1]!.traceId);
    expect(report.chains[0]!.id).not.toBe(report.chains[1]!.id);
  });

  it('keeps it so when the replies name no queue ID', async () => {
    const logs = createLogs();
    for (const [index, at] of [0, 30].entries()) {
      logs.on('mx1').gets(`A1A1A1A${index}`, at);
      logs.hop('mx1', `A1A1A1A${index}`, 'gw', `B2B2B2B${index}`, { at: at + 1, names: false });
      logs.on('gw').delivers(`B2B2B2B${index}`, at + 2);
      logs.on('gw').removes(`B2B2B2B${index}`, at + 2.1);
    }
    const { report } = await trace(logs, MESSAGE_ID);
    expect(report.chains.map(({ transactions }) => transactions.map(({ queueId }) => queueId))).toEqual([
      ['A1A1A1A1', 'B2B2B2B1'],
      ['A1A1A1A0', 'B2B2B2B0'],
    ]);
  });

  const constant = (count: number, senderOf: (index: number) => string) => {
    const logs = createLogs();
    for (let index = 0; index < count; index++) {
      const facts = { messageId: 'constant@scanner.example', from: senderOf(index), to: `user${index}@campus.example` };
      const [id, next] = [`A1A1${String(index).padStart(6, '0')}`, `B2B2${String(index).padStart(6, '0')}`];
      logs.on('mx1').gets(id, index, facts);
      logs.hop('mx1', id, 'gw', next, { at: index + 1, ...facts });
      logs.on('gw').delivers(next, index + 2, facts);
      logs.on('gw').removes(next, index + 2.1);
    }
    return logs;
  };

  it('joins a constant message-id of many senders by queue IDs only', async () => {
    const told = await trace(
      constant(150, (index) => `scanner${index}@campus.example`),
      'user7@campus.example',
    );
    expect(only(told).transactions.map(({ queueId }) => queueId)).toEqual(['A1A1000007', 'B2B2000007']);
  });

  it('names every message that bears a constant message-id when it is asked for', async () => {
    const { report } = await trace(
      constant(20, () => 'scanner@campus.example'),
      'constant@scanner.example',
    );
    expect(report.chains.map(({ transactions }) => transactions.length)).toEqual(Array(20).fill(2));
  });

  it('believes no reply that stands in a message-id', async () => {
    const logs = createLogs();
    const forged =
      'x, relay=gw.campus.example[192.0.2.20]:25, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as B2B2B2B2)';
    stored(logs, 'mx1', 'A1A1A1A1', 0, { messageId: forged });
    stored(logs, 'gw', 'B2B2B2B2', 1, {
      messageId: 'm2@sender.example',
      from: 'eve@other.example',
      client: peer('mx1'),
    });
    const told = await trace(logs, SENDER);
    expect(only(told).transactions.map(({ queueId }) => queueId)).toEqual(['A1A1A1A1']);
    expect(only(told).messageId).toBe(forged);
  });

  it('believes no queue ID that a foreign server claims', async () => {
    const logs = createLogs();
    logs.on('out').gets('A1A1A1A1', 0);
    logs.on('out').delivers('A1A1A1A1', 1, {
      relay: 'mx.evil.example[198.51.100.66]:25',
      response: '250 2.0.0 Ok: queued as B2B2B2B2',
    });
    logs.on('out').removes('A1A1A1A1', 1.1);
    stored(logs, 'gw', 'B2B2B2B2', 1, { messageId: 'm2@sender.example', from: 'eve@other.example' });
    expect(tell(await trace(logs, SENDER))).toEqual([
      ['delivered', `out/A1A1A1A1 > mx.evil.example/B2B2B2B2 gap external: ${CAROL}`, `out/A1A1A1A1: ${CAROL} sent`],
    ]);
  });
});

describe('relays by another name', () => {
  const through = (relay: string, response: string, client = peer('mx1')) => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0);
    logs.on('gw').gets('B2B2B2B2', 0.8, { client });
    logs.on('mx1').delivers('A1A1A1A1', 1, { relay, response });
    logs.on('mx1').removes('A1A1A1A1', 1.1);
    logs.on('gw').delivers('B2B2B2B2', 2);
    logs.on('gw').removes('B2B2B2B2', 2.1);
    return logs;
  };
  const joined = (evidence: string) => [
    'delivered',
    `mx1/A1A1A1A1 > gw/B2B2B2B2 ${evidence}: ${CAROL}`,
    `mx1/A1A1A1A1: ${CAROL} sent`,
    `gw/B2B2B2B2: ${CAROL} sent`,
  ];
  const NAMED = '250 2.0.0 Ok: queued as B2B2B2B2';

  it.each([
    ['its full name with a dot', 'gw.campus.example.[192.0.2.20]:25'],
    ['its short name', 'gw[192.0.2.20]:25'],
    ['upper case', 'GW.CAMPUS.EXAMPLE[192.0.2.20]:25'],
    ['another port', 'gw.campus.example[192.0.2.20]:10025'],
  ])('knows a machine by %s', async (_, relay) => {
    expect(tell(await trace(through(relay, NAMED), SENDER))).toEqual([joined('queued-as')]);
  });

  it.each([
    ['names the queue ID', NAMED, 'queued-as'],
    ['names nothing', '250 2.0.0 Ok', 'message-id'],
  ])('finds the machine behind a service name whose reply %s', async (_, response, evidence) => {
    const told = await trace(through('smtp-in.campus.example[192.0.2.99]:25', response), SENDER);
    expect(tell(told)).toEqual([joined(evidence)]);
  });

  it('learns the address of a machine from other lines', async () => {
    const logs = through('[192.0.2.20]:25', NAMED);
    expect(tell(await trace(logs, SENDER))).toEqual([joined('queued-as')]);
  });

  it('takes no stranger behind a service name', async () => {
    const logs = through('smtp-in.campus.example[192.0.2.99]:25', '250 2.0.0 Ok', 'c9.other.example[198.51.100.20]');
    const { report } = await trace(logs, 'qid:A1A1A1A1');
    expect(report.chains.flatMap(({ transactions }) => transactions.map(({ queueId }) => queueId))).toEqual([
      'A1A1A1A1',
    ]);
  });
});

describe('several recipients', () => {
  const both = { to: CAROL };
  it('go together in one delivery that names nothing', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: 2 });
    logs.on('gw').gets('B2B2B2B2', 0.8, { client: peer('mx1'), nrcpt: 2 });
    for (const [index, to] of [CAROL, 'dave@campus.example'].entries()) {
      logs
        .on('mx1')
        .delivers('A1A1A1A1', 1 + index / 1000, { to, relay: `${peer('gw')}:25`, response: '250 2.0.0 Ok' });
      // The next host rewrites both addresses.
      logs.on('gw').delivers('B2B2B2B2', 2 + index, { to: to.replace('campus', 'mail.campus') });
    }
    logs.on('mx1').removes('A1A1A1A1', 1.1);
    logs.on('gw').removes('B2B2B2B2', 3.1);
    expect(tell(await trace(logs, SENDER))).toEqual([
      [
        'delivered',
        `mx1/A1A1A1A1 > gw/B2B2B2B2 message-id: ${CAROL}, dave@campus.example`,
        `mx1/A1A1A1A1: ${CAROL} sent`,
        'mx1/A1A1A1A1: dave@campus.example sent',
        'gw/B2B2B2B2: carol@mail.campus.example sent',
        'gw/B2B2B2B2: dave@mail.campus.example sent',
      ],
    ]);
  });

  it('go each their own way to one host that names nothing', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: 2 });
    for (const [index, to] of ['dave@campus.example', CAROL].entries()) {
      const id = `B2B2B2B${index}`;
      logs.on('gw').gets(id, 0.8 + index / 10, { client: peer('mx1') });
      logs.on('gw').delivers(id, 2, { to });
      logs.on('gw').removes(id, 2.1);
    }
    for (const [index, to] of [CAROL, 'dave@campus.example'].entries()) {
      logs.on('mx1').delivers('A1A1A1A1', 1 + index / 10, { to, relay: `${peer('gw')}:25`, response: '250 2.0.0 Ok' });
    }
    logs.on('mx1').removes('A1A1A1A1', 1.3);
    expect(only(await trace(logs, SENDER)).hops.map(({ to, recipients }) => [to.queueId, ...recipients])).toEqual([
      ['B2B2B2B0', 'dave@campus.example'],
      ['B2B2B2B1', CAROL],
    ]);
  });

  it('fan out to several hosts', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: 3 });
    logs.hop('mx1', 'A1A1A1A1', 'gw', 'B2B2B2B2', { at: 1, ...both });
    logs.hop('mx1', 'A1A1A1A1', 'lists', 'C3C3C3C3', { at: 1.2, to: 'list@campus.example' });
    logs.on('mx1').delivers('A1A1A1A1', 1.4, {
      to: 'bob@partner.example',
      relay: 'mx.partner.example[198.51.100.1]:25',
      response: '250 ok dirdel',
    });
    logs.on('gw').delivers('B2B2B2B2', 2, both);
    logs.on('gw').removes('B2B2B2B2', 2.1);
    logs
      .on('lists')
      .delivers('C3C3C3C3', 2, { to: 'list@campus.example', status: 'bounced', response: 'unknown user: "list"' });
    logs.on('lists').removes('C3C3C3C3', 2.1);
    const chain = only(await trace(logs, 'list@campus.example'));
    expect(tellChain(chain)).toEqual([
      'partly-delivered',
      `mx1/A1A1A1A1 > gw/B2B2B2B2 queued-as: ${CAROL}`,
      'mx1/A1A1A1A1 > lists/C3C3C3C3 queued-as: list@campus.example',
      'mx1/A1A1A1A1 > mx.partner.example/? gap external: bob@partner.example',
      `mx1/A1A1A1A1: ${CAROL} sent`,
      'mx1/A1A1A1A1: list@campus.example sent',
      'mx1/A1A1A1A1: bob@partner.example sent',
      `gw/B2B2B2B2: ${CAROL} sent`,
      'lists/C3C3C3C3: list@campus.example bounced',
    ]);
    expect(chain.summary).toContain('2 of 3 recipients');
  });
});

describe('aliases, lists and forwards', () => {
  it('shows what an address became, and counts what it became', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: 2 });
    for (const [index, name] of ['carol', 'dave'].entries()) {
      logs.on('mx1').delivers('A1A1A1A1', 1 + index / 10, {
        to: `${name}@mail.campus.example`,
        origTo: 'sales@campus.example',
        relay: 'virtual',
      });
    }
    logs.on('mx1').removes('A1A1A1A1', 1.3);
    expect(tell(await trace(logs, 'sales@campus.example'))).toEqual([
      [
        'delivered',
        'mx1/A1A1A1A1: carol@mail.campus.example (sales@campus.example) sent',
        'mx1/A1A1A1A1: dave@mail.campus.example (sales@campus.example) sent',
      ],
    ]);
  });

  it('follows what local(8) forwards', async () => {
    const logs = createLogs();
    logs.on('lists').gets('A1A1A1A1', 0);
    // A forward is a transaction of its own that local(8) begins without an arrival line.
    logs.on('lists').makes('B2B2B2B2', 0.9, { from: SENDER, messageId: MESSAGE_ID, nrcpt: 2 });
    logs
      .on('lists')
      .delivers('A1A1A1A1', 1, { to: 'list@campus.example', relay: 'local', response: 'forwarded as B2B2B2B2' });
    logs.on('lists').removes('A1A1A1A1', 1.1);
    logs.hop('lists', 'B2B2B2B2', 'mailbox', 'C3C3C3C3', {
      at: 2,
      to: 'eve@campus.example',
      origTo: 'list@campus.example',
    });
    logs.on('lists').delivers('B2B2B2B2', 2, {
      to: 'bob@partner.example',
      relay: 'mx.partner.example[198.51.100.1]:25',
      status: 'deferred',
      response: 'host mx.partner.example[198.51.100.1] said: 450 4.2.0 later',
    });
    logs.on('mailbox').delivers('C3C3C3C3', 3, { to: 'eve@campus.example' });
    logs.on('mailbox').removes('C3C3C3C3', 3.1);
    const chain = only(await trace(logs, 'bob@partner.example'));
    expect(tellChain(chain).slice(0, 3)).toEqual([
      'deferred',
      'lists/A1A1A1A1 > lists/B2B2B2B2 forward: list@campus.example',
      'lists/B2B2B2B2 > mailbox/C3C3C3C3 queued-as: eve@campus.example',
    ]);
  });
});

describe('filters on the way', () => {
  it('joins what a content filter put back, by its reply', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0);
    logs.on('mx1').delivers('A1A1A1A1', 1, {
      relay: '127.0.0.1[127.0.0.1]:10024',
      response: '250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as B2B2B2B2',
    });
    logs.on('mx1').gets('B2B2B2B2', 0.9, { client: 'localhost[127.0.0.1]', origQueueId: 'A1A1A1A1' });
    logs.on('mx1').removes('A1A1A1A1', 1.1);
    logs.on('mx1').delivers('B2B2B2B2', 2);
    logs.on('mx1').removes('B2B2B2B2', 2.1);
    expect(tell(await trace(logs, SENDER))).toEqual([
      [
        'delivered',
        `mx1/A1A1A1A1 > mx1/B2B2B2B2 reinjection: ${CAROL}`,
        `mx1/A1A1A1A1: ${CAROL} sent`,
        `mx1/B2B2B2B2: ${CAROL} sent`,
      ],
    ]);
  });

  it.each([
    ['its origin', { origQueueId: 'A1A1A1A1', messageId: '' }, 'smtp'],
    ['the message-id', {}, 'smtp'],
    ['the message-id, over LMTP', {}, 'lmtp'],
  ])('joins what a filter put back without a word, by %s', async (_, facts, daemon) => {
    const logs = createLogs();
    const { messageId } = { messageId: MESSAGE_ID, ...facts };
    logs.on('mx1').gets('A1A1A1A1', 0, { messageId });
    logs.on('mx1').delivers('A1A1A1A1', 1, { relay: '127.0.0.1[127.0.0.1]:10024', response: '250 2.0.0 Ok', daemon });
    logs.on('mx1').gets('B2B2B2B2', 0.9, { client: 'localhost[127.0.0.1]', ...facts });
    logs.on('mx1').removes('A1A1A1A1', 1.1);
    logs.on('mx1').delivers('B2B2B2B2', 2, { to: 'carol@mail.campus.example' });
    logs.on('mx1').removes('B2B2B2B2', 2.1);
    expect(tell(await trace(logs, 'qid:A1A1A1A1'))).toEqual([
      [
        'delivered',
        `mx1/A1A1A1A1 > mx1/B2B2B2B2 reinjection: ${CAROL}`,
        `mx1/A1A1A1A1: ${CAROL} sent`,
        'mx1/B2B2B2B2: carol@mail.campus.example sent',
      ],
    ]);
  });

  it('joins what a pipe filter handed to the sendmail command', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0);
    logs.on('mx1').delivers('A1A1A1A1', 2, {
      relay: 'pfilter',
      response: 'delivered via pfilter service',
      delay: 1.5,
      daemon: 'pipe',
    });
    logs.on('mx1').picksUp('B2B2B2B2', 1.8);
    logs.on('mx1').removes('A1A1A1A1', 2.1);
    logs.on('mx1').delivers('B2B2B2B2', 3);
    logs.on('mx1').removes('B2B2B2B2', 3.1);
    expect(only(await trace(logs, SENDER)).hops.map(({ evidence }) => evidence)).toEqual(['reinjection']);
  });

  it('takes a delivery to a mailbox over LMTP for the end', async () => {
    const logs = createLogs();
    logs.on('mailbox').gets('A1A1A1A1', 0);
    logs.on('mailbox').delivers('A1A1A1A1', 1, {
      relay: 'mailbox.campus.example[private/dovecot-lmtp]',
      response: `250 2.0.0 <${CAROL}> r2Y3BpZkH2kBAAAA5Dfk8Q Saved`,
      daemon: 'lmtp',
    });
    logs.on('mailbox').removes('A1A1A1A1', 1.1);
    expect(tell(await trace(logs, SENDER))).toEqual([['delivered', `mailbox/A1A1A1A1: ${CAROL} sent`]]);
  });

  it('knows the client in front of a before-queue proxy', async () => {
    const logs = createLogs();
    logs.on('gw').gets('A1A1A1A1', 0);
    logs.on('gw').delivers('A1A1A1A1', 1, { relay: `${peer('mx1')}:25`, response: '250 2.0.0 Ok: queued as B2B2B2B2' });
    logs.on('gw').removes('A1A1A1A1', 1.1);
    logs.on('mx1').line(0.6, 'smtpd', `NOQUEUE: client=${peer('gw')}`, 300);
    logs.on('mx1').gets('B2B2B2B2', 0.8, { client: `localhost[127.0.0.1], orig_client=${peer('gw')}` });
    logs
      .on('mx1')
      .line(
        0.9,
        'smtpd',
        `proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as B2B2B2B2; from=<${SENDER}> to=<${CAROL}> proto=ESMTP helo=<gw>`,
        300,
      );
    logs.on('mx1').delivers('B2B2B2B2', 2);
    logs.on('mx1').removes('B2B2B2B2', 2.1);
    const chain = only(await trace(logs, SENDER));
    expect(chain.transactions.map(({ client }) => client?.name)).toEqual(['c104.sender.example', 'gw.campus.example']);
    expect(chain.hops.map(({ evidence }) => evidence)).toEqual(['queued-as']);
  });
});

describe('requeue', () => {
  it('goes on under the new queue ID, also twice', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0);
    logs.on('mx1').delivers('A1A1A1A1', 1, { status: 'deferred', relay: 'none', response: 'connect to x: timed out' });
    for (const [index, [from, to]] of [
      ['A1A1A1A1', 'B2B2B2B2'],
      ['B2B2B2B2', 'C3C3C3C3'],
    ].entries()) {
      logs.on('mx1').line(60 + index * 100, 'postsuper', `${from}: requeued`);
      logs.on('mx1').picksUp(to!, 90 + index * 100, { origId: from! });
    }
    logs.on('mx1').delivers('C3C3C3C3', 200);
    logs.on('mx1').removes('C3C3C3C3', 200.1);
    expect(tell(await trace(logs, SENDER))).toEqual([
      [
        'delivered',
        `mx1/A1A1A1A1 > mx1/B2B2B2B2 requeue: ${CAROL}`,
        `mx1/B2B2B2B2 > mx1/C3C3C3C3 requeue: ${CAROL}`,
        `mx1/A1A1A1A1: ${CAROL} deferred`,
        `mx1/C3C3C3C3: ${CAROL} sent`,
      ],
    ]);
  });

  it('still counts a recipient that was served before', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: 3 });
    logs.on('mx1').delivers('A1A1A1A1', 1, { to: 'bob@partner.example', relay: 'mx.partner.example[198.51.100.1]:25' });
    logs
      .on('mx1')
      .delivers('A1A1A1A1', 1, { to: 'x@gone.example', relay: 'none', status: 'bounced', response: 'Host not found' });
    logs.on('mx1').delivers('A1A1A1A1', 1, { status: 'deferred', relay: 'none', response: 'connect to x: timed out' });
    logs.on('mx1').line(60, 'postsuper', 'A1A1A1A1: requeued');
    logs.on('mx1').picksUp('B2B2B2B2', 90, { origId: 'A1A1A1A1' });
    logs.on('mx1').delivers('B2B2B2B2', 91);
    logs.on('mx1').removes('B2B2B2B2', 91.1);
    const chain = only(await trace(logs, SENDER));
    expect(chain.verdict).toBe('partly-delivered');
    expect(chain.summary).toContain('2 of 3 recipients');
  });
});
