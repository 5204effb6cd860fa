/** What somebody with limited rights may find and see: the scope is part of the query. */
import { describe, expect, it } from 'vitest';
import type { TraceReport } from '../../src/domain/chain.ts';
import type { Scope } from '../../src/query/trace-query.ts';
import { CAROL, createLogs, type Logs, MESSAGE_ID, peer, SENDER } from '../support/postfix-log.ts';
import { tell, trace } from '../support/trace-story.ts';

const DAVE = 'dave@campus.example';
const EVE = 'eve@partner.example';
const own = (address: string): Scope => ({ kind: 'own', address });

/** One message for Carol (rewritten on the way), Dave (who bounces) and Eve; its bounce; and a message of others. */
const story = (): Logs => {
  const logs = createLogs();
  logs.on('mx1').gets('A1A1A1A1', 0, { nrcpt: 3 });
  logs.on('mx1').handsOn('A1A1A1A1', 1, 'gw', 'B2B2B2B2');
  logs.on('mx1').handsOn('A1A1A1A1', 1, 'gw', 'B2B2B2B2', { to: DAVE });
  logs.on('mx1').delivers('A1A1A1A1', 1.2, {
    to: EVE,
    relay: 'mx.partner.example[198.51.100.1]:25',
    response: `250 2.0.0 <${EVE}> Ok`,
  });
  logs.on('mx1').removes('A1A1A1A1', 1.3);
  logs.on('gw').gets('B2B2B2B2', 0.8, { client: peer('mx1'), nrcpt: 2 });
  logs.on('gw').handsOn('B2B2B2B2', 2, 'mailbox', 'C3C3C3C3', { to: 'carol@mail.campus.example', origTo: CAROL });
  logs.on('gw').delivers('B2B2B2B2', 2, {
    to: 'dave@mail.campus.example',
    origTo: DAVE,
    relay: `${peer('mailbox')}:25`,
    status: 'bounced',
    response: 'host mailbox said: 550 5.1.1 <dave@mail.campus.example>: User unknown',
  });
  logs.on('gw').makes('D4D4D4D4', 2.1);
  logs.on('gw').line(2.15, 'bounce', 'B2B2B2B2: sender non-delivery notification: D4D4D4D4');
  logs.on('gw').delivers('D4D4D4D4', 3, { to: SENDER, relay: 'mx.sender.example[198.51.100.7]:25' });
  logs.on('gw').removes('D4D4D4D4', 3.1);
  logs.on('gw').removes('B2B2B2B2', 2.2);
  logs.on('mailbox').gets('C3C3C3C3', 1.9, { client: peer('gw') });
  logs.on('mailbox').delivers('C3C3C3C3', 3, { to: 'carol@mail.campus.example' });
  logs.on('mailbox').removes('C3C3C3C3', 3.1);
  logs.on('mx2').gets('F6F6F6F6', 10, { messageId: 'other@x.example', from: 'frank@other.example' });
  logs.on('mx2').delivers('F6F6F6F6', 11, { to: 'gina@campus.example' });
  logs.on('mx2').removes('F6F6F6F6', 11.1);
  logs
    .on('mx1')
    .line(
      20,
      'smtpd',
      `NOQUEUE: reject: RCPT from c104.sender.example[192.0.2.104]: 550 5.1.1 <zoe@campus.example>: User unknown; from=<${SENDER}> to=<zoe@campus.example> proto=ESMTP helo=<c104>`,
    );
  return logs;
};

const find = async (keyword: string | readonly string[], scope: Scope) => trace(story(), keyword, { scope });

/** All that was told, as one text. What was asked for is told back, so it is taken out. */
const textOf = ({ query: _, ...report }: TraceReport): string => JSON.stringify(report);

describe('own mail', () => {
  it('of a recipient shows his way through the alias, and only a count of the others', async () => {
    const told = await find(SENDER, own(CAROL));
    expect(tell(told)).toEqual([
      [
        'delivered',
        `mx1/A1A1A1A1 > gw/B2B2B2B2 queued-as: ${CAROL}`,
        'gw/B2B2B2B2 > mailbox/C3C3C3C3 queued-as: carol@mail.campus.example',
        `mx1/A1A1A1A1: ${CAROL} sent`,
        `gw/B2B2B2B2: carol@mail.campus.example (${CAROL}) sent`,
        'mailbox/C3C3C3C3: carol@mail.campus.example sent',
      ],
    ]);
    expect(told.report.chains[0]?.hiddenRecipients).toBe(2);
    expect(told.report.chains[0]?.summary).not.toMatch(/dave|eve/);
  });

  it.each([
    [CAROL, [/dave@/i, /eve@/i, /gina@/i, /frank@/i, /zoe@/i]],
    [DAVE, [/carol@/i, /eve@/i, /gina@/i, /frank@/i, /zoe@/i]],
    [EVE, [/carol@/i, /dave@/i, /gina@/i, /frank@/i, /zoe@/i]],
    [SENDER, [/carol@/i, /dave@/i, /eve@/i, /gina@/i, /frank@/i, /zoe@/i]],
  ] as const)('of %s names nobody else', async (address, hidden) => {
    for (const keyword of [SENDER, MESSAGE_ID, 'A1A1A1A1', 'text:A1A1A1A1', '192.0.2.104', address]) {
      const { report } = await find(keyword, own(address));
      for (const name of hidden) expect(textOf(report), keyword).not.toMatch(name);
    }
  });

  it.each([
    ['an address', DAVE],
    ['part of an address', 'dave'],
    ['the address after aliases', 'to:dave@mail.campus.example'],
    ['a domain', 'partner.example'],
    ['a relay', '198.51.100.1'],
    ['the text of a line', `text:to=<${DAVE}>`],
    ['the text of a reply', 'text:User unknown'],
  ])('answers no question about others: %s', async (_, keyword) => {
    for (const asked of [keyword, [MESSAGE_ID, keyword]]) {
      const { report } = await find(asked, own(CAROL));
      expect(report.chains, String(asked)).toEqual([]);
      expect(report.rejects).toEqual([]);
    }
  });

  it('of the sender shows whom he names, and counts the rest', async () => {
    const { report } = await find([MESSAGE_ID, EVE], own(SENDER));
    const chain = report.chains.find(({ isMatch }) => isMatch)!;
    expect(chain.transactions.flatMap(({ recipients }) => recipients.map(({ address }) => address))).toEqual([EVE]);
    expect(chain.hiddenRecipients).toBe(2);
    expect(chain.summary).toContain('of 3 recipients');
  });

  it('of the sender includes the bounce that told him', async () => {
    const { report } = await find(MESSAGE_ID, own(SENDER));
    expect(report.chains.map(({ relatedChains }) => relatedChains.map(({ relation }) => relation))).toEqual([
      ['bounce-of'],
      ['bounced-by'],
    ]);
  });

  it('names no chain that is not shown', async () => {
    const { report } = await find(MESSAGE_ID, own(CAROL));
    expect(report.chains.flatMap(({ relatedChains }) => relatedChains)).toEqual([]);
  });

  it('that was refused is told without the addressee, unless he was asked for', async () => {
    const { report } = await find(SENDER, own(SENDER));
    expect(report.rejects.map(({ recipient, text }) => [recipient, text])).toEqual([
      [null, '550 5.1.1 <…>: User unknown'],
    ]);
    const named = await find('zoe@campus.example', own(SENDER));
    expect(named.report.rejects.map(({ recipient }) => recipient)).toEqual(['zoe@campus.example']);
    expect((await find('zoe', own(SENDER))).report.rejects).toEqual([]);
  });

  it('is compared without regard to case', async () => {
    expect((await find(SENDER, own('Carol@Campus.Example'))).report.chains).toHaveLength(1);
  });

  it('of nobody is nothing: absent and out of scope are the same', async () => {
    const absent = await trace(createLogs(), 'frank@other.example', { scope: own(CAROL) });
    const hidden = await find('frank@other.example', own(CAROL));
    expect([hidden.report.chains, hidden.report.rejects, hidden.report.findings]).toEqual([
      absent.report.chains,
      absent.report.rejects,
      absent.report.findings,
    ]);
    expect(hidden.report.complete).toBe(absent.report.complete);
  });
});

describe('limited scopes', () => {
  const domains = (...names: string[]): Scope => ({ kind: 'limited', domains: names, hosts: [] });
  const hosts = (...names: string[]): Scope => ({
    kind: 'limited',
    domains: [],
    hosts: names.map((name) => `${name}.campus.example`),
  });

  it('to a domain show its mail whole, with its bounce', async () => {
    const { report } = await find(MESSAGE_ID, domains('partner.example'));
    expect(report.chains.map(({ hiddenRecipients, transactions }) => [hiddenRecipients, transactions.length])).toEqual([
      [0, 1],
      [0, 3],
    ]);
  });

  it('to a domain find nothing of another', async () => {
    expect((await find('frank@other.example', domains('partner.example'))).report.chains).toEqual([]);
    expect((await find(SENDER, domains('partner.example'))).report.rejects).toEqual([]);
  });

  it('to a cluster show what happened on its hosts, and nothing of the rest', async () => {
    const told = await find('gw.campus.example', hosts('mailbox'));
    expect(tell(told)).toEqual([['delivered', 'mailbox/C3C3C3C3: carol@mail.campus.example sent']]);
    expect(textOf(told.report)).not.toMatch(/dave|eve@/);
  });

  it('to a cluster answer no question about what happened elsewhere', async () => {
    for (const keyword of [DAVE, EVE, 'B2B2B2B2', 'text:User unknown']) {
      expect((await find(keyword, hosts('mailbox'))).report.chains, keyword).toEqual([]);
    }
  });

  it('to a cluster show its rejects', async () => {
    expect((await find(SENDER, hosts('mx1'))).report.rejects).toHaveLength(1);
    expect((await find(SENDER, hosts('mailbox'))).report.rejects).toHaveLength(0);
  });

  it('add up', async () => {
    const scope: Scope = {
      kind: 'any-of',
      scopes: [
        { kind: 'own', address: CAROL },
        { kind: 'limited', domains: [], hosts: ['mx1.campus.example'] },
      ],
    };
    const told = await find(MESSAGE_ID, scope);
    expect(
      told.report.chains.map(({ transactions }) => transactions.map(({ recipients }) => recipients.length)),
    ).toEqual([[3, 1, 1]]);
  });
});
