/** What went through and still deserves a look; and who was not told. */
import { describe, expect, it } from 'vitest';
import type { Chain } from '../../src/domain/chain.ts';
import type { DeliveryAttempt, Transaction } from '../../src/domain/transaction.ts';
import { findRedFlags, senderNotTold } from '../../src/trace/red-flags.ts';
import type { FinalOutcome } from '../../src/trace/verdict.ts';
import {
  attempt,
  bouncedChains,
  deliveredChain,
  intoMailbox,
  recipient,
  relay,
  transaction,
} from '../support/chains.ts';

const OUT = 'out.campus.example';
const PARTNER = relay('mx.partner.example', '198.51.100.1');

const flagsOf = (t: Transaction): readonly string[] => {
  const outcomes = t.recipients.map(
    (to): FinalOutcome => ({ transaction: t, recipient: to, status: to.status, takenBy: null, gap: null }),
  );
  return findRedFlags([t], outcomes).map(({ code, text }) => `${code}: ${text}`);
};

const withAnswers = (...answers: readonly Partial<DeliveryAttempt>[]): Transaction =>
  transaction({
    host: OUT,
    queueId: 'A1A1A1A1',
    recipients: answers.map((facts, index) =>
      recipient(`r${index}@partner.example`, [attempt({ relay: PARTNER, ...facts })]),
    ),
  });

describe('a final answer that is not a plain 250', () => {
  it.each<readonly [Partial<DeliveryAttempt>, string]>([
    [{ replyCode: 251, response: '251 User not local; will forward' }, 'forwards it to another address'],
    [{ replyCode: 252, response: '252 Cannot VRFY user' }, 'did not check whether the recipient exists'],
    [{ replyCode: 220, response: '220 odd' }, 'the reply code is 220, not 250'],
    [{ response: '250 2.7.0 Ok, discarded, id=00334-03 - BANNED' }, '“discarded”'],
    [{ response: '250 queued for human moderation' }, '“moderation”'],
    [{ response: '250 OK message held for review' }, '“held”'],
    [{ response: '250 Ok: quarantined as x1' }, '“quarantined”'],
    [{ response: '250 silently ignored' }, '“silently”'],
    [{ dsn: '2.7.1', response: '250 2.7.1 fine' }, '2.7.1 is that of a policy or filter'],
    [
      { relay: null, by: 'local', agent: 'local', response: 'delivered to file: /dev/null' },
      '/dev/null: nobody has it',
    ],
  ])('%o', (facts, words) => {
    const flags = flagsOf(withAnswers(facts));
    expect(flags).toHaveLength(1);
    expect(flags[0]).toMatch(/^non-250: /);
    expect(flags[0]).toContain(words);
    expect(flags[0]).toContain(`A1A1A1A1 on ${OUT}`);
  });

  it.each<readonly [Partial<DeliveryAttempt>]>([
    [{}],
    [{ response: '250 2.0.0 OK  1732180000 a1-20020a0560001a0100b003 - gsmtp' }],
    [{ response: '250 2.6.0 <quarantined@x.example> [InternalId=1] Queued mail for delivery' }],
    [{ response: '250 2.0.0 Ok: queued as HELD1234' }],
    [{ response: '250 2.1.5 discarded@x.example OK' }],
    [{ replyCode: null, dsn: null, response: 'Sent (Message accepted for delivery)' }],
    [{ replyCode: null, relay: null, by: 'local', response: 'delivered to command: /usr/bin/held-mail' }],
    [{ status: 'bounced', replyCode: 550, response: '550 discarded' }],
  ])('not for %o', (facts) => {
    expect(flagsOf(withAnswers(facts))).toEqual([]);
  });

  it('is told once for all whom it concerns', () => {
    const odd = { response: '250 2.0.0 held for moderation' };
    expect(flagsOf(withAnswers(odd, odd, {}, odd))).toEqual([
      expect.stringContaining('mx.partner.example accepted it for r0@partner.example and 2 more, but'),
    ]);
  });
});

describe('filters', () => {
  const filtered = (source: string, action: string, score: number | null = null): readonly string[] =>
    flagsOf(
      transaction({
        host: OUT,
        queueId: 'A1',
        filters: [{ source, action, score }],
        recipients: [recipient('a@x', [intoMailbox()])],
      }),
    );
  it.each([
    ['rspamd', 'add header', 7.2],
    ['spamassassin', 'spam', 12],
    ['amavis', 'Passed SPAMMY', 6],
    ['amavis', 'Blocked INFECTED', null],
    ['postgrey', 'greylist: new', null],
    ['opendmarc', 'fail', null],
  ])('%s: %s', (source, action, score) => {
    expect(filtered(source, action, score)).toEqual([
      expect.stringMatching(`^filtered: ${source} on ${OUT} said “${action}”`),
    ]);
  });

  it.each([
    ['rspamd', 'no action'],
    ['spamassassin', 'ham'],
    ['amavis', 'Passed CLEAN'],
    ['opendmarc', 'pass'],
    ['postgrey', 'pass: client AWL'],
    ['sieve', "stored mail into mailbox 'INBOX'"],
  ])('%s lets it pass: %s', (source, action) => {
    expect(filtered(source, action)).toEqual([]);
  });
});

it('says that a copy may have come twice', () => {
  const lost = {
    status: 'deferred',
    response: 'lost connection with mx while sending end of data -- message may be sent more than once',
  } as const;
  const tries = [attempt({ relay: PARTNER, ...lost }), attempt({ relay: PARTNER })];
  const t = (attempts: readonly DeliveryAttempt[]) =>
    transaction({ host: OUT, queueId: 'A1', recipients: [recipient('a@x.example', attempts)] });
  expect(flagsOf(t(tries))).toEqual([
    expect.stringMatching(/^possible-duplicate: .*a@x\.example may have it twice\.$/),
  ]);
  expect(flagsOf(t(tries.slice(0, 1)))).toEqual([]);
});

describe('who was told of a failure', () => {
  const [first, second] = bouncedChains();
  const failed: Chain = first.verdict === 'bounced' ? first : second;
  const bounce: Chain = { ...deliveredChain(), id: 'bounce' };
  const silent = (facts: Partial<Transaction> = {}): Chain => ({
    ...failed,
    findings: [],
    transactions: failed.transactions.map((t) => ({ ...t, notices: [], removed: true, ...facts })),
  });
  const codes = (...args: Parameters<typeof senderNotTold>) =>
    senderNotTold(...args).map(({ severity, text }) => `${severity} ${text}`);

  it('nobody: no bounce is logged', () => {
    expect(codes(silent(), [])).toEqual([expect.stringMatching(/^warning .* logged no bounce message for/)]);
  });
  it('nobody: the bounce bounced', () => {
    expect(codes(silent(), [{ ...bounce, verdict: 'bounced' }])).toEqual([
      'warning The bounce message to the sender did not arrive either (bounced).',
    ]);
  });
  it('nobody, as it must be: the null sender', () => {
    expect(codes(silent({ sender: '' }), [])).toEqual([expect.stringMatching(/^info .* has the null sender/)]);
  });
  it.each([
    ['the bounce was delivered', silent(), [bounce]],
    ['one of two arrived', silent(), [{ ...bounce, verdict: 'bounced' as const }, bounce]],
    ['it was delivered', deliveredChain(), []],
    ['it is still in the queue', silent({ removed: false }), []],
    ['its MTA does not log bounces', silent({ mta: 'dovecot' }), []],
    [
      'not all was read',
      { ...silent(), findings: [{ code: 'limit' as const, severity: 'warning' as const, text: '', host: null }] },
      [],
    ],
  ])('says nothing when %s', (_, chain, bounces) => {
    expect(codes(chain, bounces)).toEqual([]);
  });
});
