import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { causeOf, type Failure, normaliseReason } from '../../src/trace/cause.ts';

const PARTIES = ['erin@campus.example', 'john@partner.example'];

describe('a reason', () => {
  it.each([
    [
      'host mx.partner.example[203.0.113.25] said: 550 5.1.1 <john@partner.example>: Recipient address rejected: User unknown (in reply to RCPT TO command)',
      'recipient address rejected user unknown',
    ],
    ['550 5.1.1 User unknown', 'user unknown'],
    [
      '550-5.1.1 The email account that you tried to reach does not exist. 550 5.1.1  https://support.google.com/mail/?p=NoSuchUser a640c23a62f3a-abc12si1234567.89 - gsmtp',
      'the email account that you tried to reach does not exist gsmtp',
    ],
    [
      '550 5.4.1 Recipient address rejected: Access denied. [AM0EUR02FT012.eop-EUR02.prod.protection.outlook.com 2026-11-21T08:00:00.123Z 08DE12345678]',
      'recipient address rejected access denied',
    ],
    [
      '554 5.7.1 Service unavailable; Client host [203.0.113.9] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/203.0.113.9',
      'service unavailable client host blocked using zen.spamhaus.org',
    ],
    ['451 4.7.1 Greylisted, try again in 5 minutes', 'greylisted try again in'],
    ['451 4.7.1 Greylisted, try again in 1 minute', 'greylisted try again in'],
    ['connect to mx1.partner.example[203.0.113.25]:25: Connection timed out', 'connect to connection timed out'],
    ['connect to mx2.partner.example[2001:db8::25]:25: Connection timed out', 'connect to connection timed out'],
    ['452 4.2.2 mailbox john is over quota: 1.2 GB of 1 GB', 'mailbox is over quota of'],
    ['Message too old since Sat, 21 Nov 2026 08:00:00 +0000', 'message too old since'],
    ['Message too old since Sun, 22 Nov 2026 09:30:00 +0000', 'message too old since'],
    ['queued as AbCdEfGhIjKlMn refused', 'queued as refused'],
    ['', ''],
  ])('%s', (response, expected) => {
    expect(normaliseReason(response, PARTIES)).toBe(expected);
  });

  it('keeps the words that a local part happens to be', () => {
    expect(normaliseReason('550 User unknown', ['user@x.example'])).toBe('user unknown');
  });

  const TEMPLATES = [
    (v: Varying) => `550 5.1.1 <${v.to}>: Recipient address rejected: User unknown`,
    (v: Varying) => `host ${v.host}[${v.ip}] said: 550 ${v.to}: mailbox unavailable (id ${v.id})`,
    (v: Varying) => `452 4.2.2 ${v.to} is over quota, ${v.count} bytes used`,
    (v: Varying) => `421 4.7.0 [${v.ip}] Too many connections, see https://x.example/${v.id}?a=${v.count} - ${v.id}`,
  ];
  type Varying = Readonly<{ to: string; host: string; ip: string; id: string; count: number }>;
  const varying = fc.record({
    to: fc.stringMatching(/^[a-z]{3,9}\.?[a-z0-9]{2,9}@[a-z]{3,9}\.example$/),
    host: fc.stringMatching(/^mx[0-9]\.[a-z]{3,9}\.example$/),
    ip: fc.ipV4(),
    id: fc.stringMatching(/^[0-9][a-zA-Z0-9]{9,14}$/),
    count: fc.integer({ min: 2, max: 1e9 }),
  });

  it.each(TEMPLATES)('is the same whatever addresses, ids and numbers stand in it %#', (template) => {
    fc.assert(
      fc.property(varying, varying, (a, b) => {
        expect(normaliseReason(template(a), [a.to])).toBe(normaliseReason(template(b), [b.to]));
        expect(normaliseReason(template(a), [a.to])).not.toBe('');
      }),
      { numRuns: 200, seed: 20261121 },
    );
  });

  it('takes a long hostile text in no time', () => {
    const hostile = [
      'a'.repeat(100_000),
      '<'.repeat(50_000),
      'a@'.repeat(50_000),
      '1:'.repeat(50_000),
      'mon '.repeat(25_000),
      '[1'.repeat(40_000),
    ];
    const began = performance.now();
    for (const text of hostile) expect(normaliseReason(text, PARTIES).length).toBeLessThanOrEqual(160);
    expect(performance.now() - began).toBeLessThan(500);
  });
});

const failure: Failure = {
  host: 'mx1.campus.example',
  relay: { host: 'MX.Partner.example', ip: '203.0.113.25', port: 25 },
  sender: 'erin@campus.example',
  recipient: 'dave@Partner.example',
  originalRecipient: null,
  dsn: '5.1.1',
  replyCode: 550,
  response: '550 5.1.1 User unknown',
  delaysMs: [10, 20, 400_000, 30],
};

describe('a cause', () => {
  it.each<readonly [string, Partial<Failure>, Parameters<typeof causeOf>[1], string]>([
    ['names the relay', {}, 'bounced', 'mx.partner.example | 5.1 | user unknown'],
    [
      'else its address',
      { relay: { host: null, ip: '203.0.113.25', port: 25 } },
      'bounced',
      '203.0.113.25 | 5.1 | user unknown',
    ],
    ['else the domain of the recipient', { relay: null }, 'bounced', 'partner.example | 5.1 | user unknown'],
    ['else the host', { relay: null, recipient: null }, 'rejected', 'mx1.campus.example | 5.1 | user unknown'],
    ['reads the status in the text', { dsn: null }, 'bounced', 'mx.partner.example | 5.1 | user unknown'],
    [
      'else takes the first figure of the reply',
      { dsn: null, response: '550 User unknown' },
      'bounced',
      'mx.partner.example | 5 | user unknown',
    ],
    [
      'else has none',
      { dsn: null, replyCode: null, response: 'User unknown' },
      'bounced',
      'mx.partner.example | - | user unknown',
    ],
    ['says that there is no reason', { response: null }, 'bounced', 'mx.partner.example | 5.1 | no reason given'],
    ['says where a slow delivery waited', {}, 'slow', 'mx.partner.example | - | slow while connecting'],
    ['groups slow deliveries without delays', { delaysMs: null }, 'slow', 'mx.partner.example | - | slow delivery'],
  ])('%s', (_name, facts, kind, expected) => {
    const { at, dsnClass, reason } = causeOf({ ...failure, ...facts }, kind);
    expect(`${at} | ${dsnClass} | ${reason}`).toBe(expected);
  });
});
