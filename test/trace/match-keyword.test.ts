/** CONTRACT §1: what a keyword means. */
import { describe, expect, it } from 'vitest';
import { hostName, queueId } from '../../src/domain/ids.ts';
import type { Reject, Transaction } from '../../src/domain/transaction.ts';
import { parseKeyword } from '../../src/query/trace-query.ts';
import { matchesReject, matchesTransaction } from '../../src/trace/match-keyword.ts';
import { needlesOf } from '../../src/trace/needles.ts';
import { attempt, client, handedTo, recipient, relay, transaction } from '../support/chains.ts';
import { holdsNeedle } from '../support/memory-source.ts';

const MAIL: Transaction = transaction({
  host: 'mx1.campus.example',
  queueId: '4jWkFk143lznk7d',
  messageId: 'A.b-1@mail.sender.example',
  sender: 'Ann@Sender.example',
  client: client('c104.sender.example', '198.51.100.104', 'ann.s'),
  recipients: [
    recipient('carol+tag@mail.campus.example', [handedTo('gw.campus.example', '10.20.0.20', 'B2B2B2B2')], {
      originalAddress: 'sales@campus.example',
    }),
    recipient('bob@Straße.example', [attempt({ relay: relay('mx6.partner.example', '2001:db8::25') })]),
  ],
});
const BOUNCE: Transaction = transaction({ host: 'mx1.campus.example', queueId: 'D4D4D4D4', sender: '', client: null });

const REFUSED: Reject = {
  timeMs: 0,
  host: hostName('mx1.campus.example'),
  queueId: queueId('A1A1A1A1'),
  client: client('pc17.campus.example', '192.0.2.17', 'alice'),
  sender: 'ann@sender.example',
  recipient: 'nobody@campus.example',
  replyCode: 550,
  dsn: '5.1.1',
  stage: 'RCPT',
  text: '550 5.1.1 no',
};

const noText = (): boolean => false;
const holds = (keyword: string, t: Transaction = MAIL): boolean => matchesTransaction(parseKeyword(keyword), t, noText);
const refused = (keyword: string): boolean => matchesReject(parseKeyword(keyword), REFUSED, noText);

describe('a queue ID with a dot in it', () => {
  it.each([
    ['998162.558f3342f9a0', true],
    ['qid:998162.558f3342f9a0', true],
    ['998162.558f3342f9a', false],
    ['998162', false],
  ])('%s: %s', (keyword, expected) => {
    expect(holds(keyword, transaction({ host: 'nas1', queueId: '998162.558f3342f9a0' }))).toBe(expected);
  });
});

describe('a keyword', () => {
  it.each([
    // A whole address, or a message-id.
    ['ann@sender.example', true],
    ['ANN@SENDER.EXAMPLE', true],
    ['<ann@sender.example>', true],
    ['joann@sender.example', false],
    ['nn@sender.example', false],
    ['ann@sender.example.org', false],
    ['ann@sender.exampl', false],
    ['sales@campus.example', true],
    ['carol+tag@mail.campus.example', true],
    ['carol@mail.campus.example', false],
    ['A.b-1@mail.sender.example', true],
    ['<A.b-1@mail.sender.example>', true],
    ['a.b-1@mail.sender.example', false],
    ['.b-1@mail.sender.example', false],
    // A domain with its sub-domains, or a host.
    ['sender.example', true],
    ['Sender.Example', true],
    ['ender.example', false],
    ['mail.campus.example', true],
    ['campus.example', true],
    ['us.example', false],
    ['c104.sender.example', true],
    ['gw.campus.example', true],
    ['mx6.partner.example', true],
    ['partner.example', false],
    // Addresses and networks of client and relays.
    ['198.51.100.104', true],
    ['198.51.100.10', false],
    ['198.51.100.0/24', true],
    ['198.51.100.0/29', false],
    ['10.20.0.20', true],
    ['10.0.0.0/8', true],
    ['0.0.0.0/0', true],
    ['2001:db8::25', true],
    ['2001:DB8:0:0::25', true],
    ['[2001:db8::25]', true],
    ['2001:db8::/32', true],
    ['2001:db9::/32', false],
    // A queue ID as logged, a SASL user, a part of a local part.
    ['4jWkFk143lznk7d', true],
    ['4JWKFK143LZNK7D', false],
    ['4jWkFk143lznk7', false],
    ['B2B2B2B2', true],
    ['arol', true],
    ['AROL+T', true],
    ['sal', true],
    ['campus', false],
    // Forced meanings.
    ['from:ann@sender.example', true],
    ['from:sales@campus.example', false],
    ['from:sender.example', true],
    ['from:<>', false],
    ['to:sales@campus.example', true],
    ['to:ann@sender.example', false],
    ['to:mail.campus.example', true],
    ['id:A.b-1@mail.sender.example', true],
    ['id:ann@sender.example', false],
    ['qid:4jWkFk143lznk7d', true],
    ['qid:B2B2B2B2', true],
    ['qid:4jwkfk143lznk7d', false],
    ['qid:ann', false],
    ['client:c104.sender.example', true],
    ['client:sender.example', true],
    ['client:198.51.100.0/24', true],
    ['client:10.20.0.20', false],
    ['sasl:ann.s', true],
    ['sasl:ANN.S', true],
    ['sasl:ann', false],
    ['FROM:ann@sender.example', true],
  ])('%s is %s', (keyword, expected) => {
    expect(holds(keyword)).toBe(expected);
  });

  it('from:<> means the null sender', () => {
    expect([holds('from:<>', BOUNCE), holds('from:<>', MAIL)]).toEqual([true, false]);
  });

  it('matches no fact that is absent', () => {
    const bare = transaction({ host: 'mx1.campus.example', queueId: 'A1A1A1A1', client: null });
    for (const keyword of ['198.51.100.104', 'client:c104.sender.example', 'sasl:ann', 'id:x', '0.0.0.0/0']) {
      expect(holds(keyword, { ...bare, sender: null }), keyword).toBe(false);
    }
  });

  it.each([
    ['ann@sender.example', true],
    ['nobody@campus.example', true],
    ['campus.example', true],
    ['pc17.campus.example', true],
    ['192.0.2.0/24', true],
    ['alice', true],
    ['sasl:alice', true],
    ['A1A1A1A1', true],
    ['nobod', true],
    ['to:ann@sender.example', false],
    ['id:A1A1A1A1', false],
  ])('%s is %s for a reject', (keyword, expected) => {
    expect(refused(keyword)).toBe(expected);
  });
});

describe('the text to search for', () => {
  const LINES = [
    'Nov 20 mx1 postfix/smtpd[1]: 4jWkFk143lznk7d: client=c104.sender.example[198.51.100.104], sasl_username=ann.s',
    'Nov 20 mx1 postfix/cleanup[1]: 4jWkFk143lznk7d: message-id=<A.b-1@mail.sender.example>',
    'Nov 20 mx1 postfix/qmgr[1]: 4jWkFk143lznk7d: from=<Ann@Sender.example>, size=1, nrcpt=2 (queue active)',
    'Nov 20 mx1 postfix/smtp[1]: 4jWkFk143lznk7d: to=<carol+tag@mail.campus.example>, orig_to=<sales@campus.example>, relay=gw.campus.example[10.20.0.20]:25, status=sent (250 Ok: queued as B2B2B2B2)',
    'Nov 20 mx1 postfix/smtp[1]: 4jWkFk143lznk7d: to=<bob@Straße.example>, relay=mx6.partner.example[2001:db8::25]:25, status=sent (250 Ok)',
    'Nov 20 mx1 postfix/qmgr[1]: D4D4D4D4: from=<>, size=1, nrcpt=1 (queue active)',
  ];

  // Else a source that searches for it would miss what the keyword means.
  it.each([
    'ann@sender.example',
    'SALES@campus.example',
    'A.b-1@mail.sender.example',
    'sender.example',
    'mail.campus.example',
    'c104.sender.example',
    '198.51.100.104',
    '198.51.100.0/24',
    '198.51.96.0/20',
    '10.0.0.0/8',
    '2001:db8::25',
    '2001:DB8:0:0::25',
    '2001:db8::/32',
    '2001:db8::/33',
    '4jWkFk143lznk7d',
    'AROL+T',
    'from:ann@sender.example',
    'from:<>',
    'to:campus.example',
    'id:A.b-1@mail.sender.example',
    'qid:B2B2B2B2',
    'client:sender.example',
    'client:198.51.100.0/24',
    'sasl:ANN.S',
    'text:queued as B2',
  ])('for %s stands in a line', (keyword) => {
    const needles = needlesOf(parseKeyword(keyword));
    expect(needles).not.toBeNull();
    expect(LINES.some((line) => needles!.some((needle) => holdsNeedle(line, needle)))).toBe(true);
  });

  it.each(['0.0.0.0/0', '128.0.0.0/2', '::/0'])('for %s is none: every line is read', (keyword) => {
    expect(needlesOf(parseKeyword(keyword))).toBeNull();
  });

  it.each(['qid:4jWkFk143lznk7', 'qid:jWkFk143lznk7d', '198.51.100.10', '198.51.10.0/24'])(
    'for %s stands in none',
    (keyword) => {
      const needles = needlesOf(parseKeyword(keyword))!;
      expect(LINES.filter((line) => needles.some((needle) => holdsNeedle(line, needle)))).toEqual([]);
    },
  );
});
