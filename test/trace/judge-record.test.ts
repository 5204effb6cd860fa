/** A sender's record beside the logs. */
import { describe, expect, it } from 'vitest';
import type { Chain, Verdict } from '../../src/domain/chain.ts';
import type { SenderRecord } from '../../src/domain/sender-record.ts';
import type { Reject } from '../../src/domain/transaction.ts';
import { type Evidence, judgeRecords } from '../../src/trace/judge-record.ts';
import { bouncedChains, deliveredChain, rejectedReport } from '../support/chains.ts';

const base = deliveredChain();
const QUEUE_ID = base.transactions[0]!.queueId;
const MESSAGE_ID = base.messageId!;
const bounced = bouncedChains().find(({ verdict }) => verdict === 'bounced')!;

const record = (facts: Partial<SenderRecord> = {}): SenderRecord => ({
  line: 1,
  queueId: QUEUE_ID,
  messageId: MESSAGE_ID,
  success: true,
  statusCode: null,
  given: {},
  ...facts,
});

const judge = (facts: Partial<SenderRecord>, evidence: Partial<Evidence> = {}) => {
  const [result] = judgeRecords([record(facts)], {
    chains: [base],
    rejects: [],
    isComplete: true,
    mayBeLate: false,
    ...evidence,
  });
  return [result!.verdict, result!.agreement, result!.note];
};

const ended = (verdict: Verdict): Evidence => ({
  chains: [{ ...base, verdict }],
  rejects: [],
  isComplete: true,
  mayBeLate: false,
});

describe('the sender says success', () => {
  it.each<readonly [Verdict, string, unknown]>([
    ['delivered', 'agrees', null],
    ['deferred', 'open', 'it is not delivered yet: deferred'],
    ['held', 'open', 'it is not delivered yet: held'],
    ['in-progress', 'open', 'it is not delivered yet: in-progress'],
    ['unknown', 'unknown', 'the logs do not show its end'],
    ['discarded', 'disagrees', expect.stringMatching(/^the sender says success, but later it was discarded/)],
    ['deleted', 'disagrees', expect.stringMatching(/but later it was deleted/)],
    ['loop', 'disagrees', 'the sender says success, but later it went round in a loop'],
    ['partly-delivered', 'disagrees', expect.stringMatching(/but later it was partly-delivered/)],
  ])('the logs say %s: %s', (verdict, agreement, note) => {
    expect(judge({}, ended(verdict))).toEqual([verdict, agreement, note]);
  });

  it('and it bounced later: where, and with what', () => {
    const [verdict, agreement, note] = judge({ queueId: null, messageId: bounced.messageId }, { chains: [bounced] });
    expect([verdict, agreement]).toEqual(['bounced', 'disagrees']);
    expect(note).toMatch(
      /^the sender says success, but later it was bounced on \S+\.campus\.example with 550 5\.1\.1$/,
    );
  });

  it('and contradicts itself', () => {
    expect(judge({ statusCode: 550 })).toEqual([
      'delivered',
      'disagrees',
      'the record contradicts itself: success is true, status_code 550',
    ]);
  });
});

describe('the sender says failure', () => {
  it('but it was accepted and delivered: sent again, it comes twice', () => {
    const [, agreement, note] = judge({ success: false, statusCode: 451 });
    expect(agreement).toBe('disagrees');
    expect(note).toBe(
      `the sender says failure (451), but ${base.transactions[0]!.host} took it as ${QUEUE_ID} and it was delivered: sent again, it arrives twice`,
    );
  });
  it.each<readonly [Verdict, string]>([
    ['deferred', 'disagrees'],
    ['partly-delivered', 'disagrees'],
    ['bounced', 'agrees'],
    ['expired', 'agrees'],
  ])('the logs say %s: %s', (verdict, agreement) => {
    const [, found, note] = judge({ success: false, statusCode: 451 }, ended(verdict));
    expect(found).toBe(agreement);
    // That a queue ID exists is told in any case.
    expect(note).toContain(`took it as ${QUEUE_ID}`);
  });
});

describe('which message is meant', () => {
  const twin: Chain = {
    ...base,
    id: 'twin',
    transactions: base.transactions.map((t) => ({ ...t, queueId: 'TWIN1' as typeof t.queueId })),
  };

  it.each<readonly [string, Partial<SenderRecord>, readonly Chain[], readonly unknown[]]>([
    ['both ids: that one of two with one message-id', {}, [twin, base], ['delivered', 'agrees', null]],
    ['a message-id alone', { queueId: null }, [base], ['delivered', 'agrees', null]],
    [
      'a message-id that was sent twice',
      { queueId: null },
      [twin, base],
      ['delivered', 'agrees', '2 messages have this id'],
    ],
    [
      'two with different ends',
      { queueId: null },
      [{ ...twin, verdict: 'bounced' }, base],
      ['several', 'disagrees', expect.stringContaining('2 messages have this id; the sender says success, but later')],
    ],
    ['a queue ID alone', { messageId: null }, [base], ['delivered', 'agrees', null]],
    [
      'the queue ID of a system whose log is not here',
      { queueId: 'FOREIGN1' },
      [base],
      ['delivered', 'agrees', 'no log has the queue ID FOREIGN1; found by its message-id'],
    ],
    [
      'a queue ID that was used again',
      { messageId: 'other@x.example' },
      [base],
      ['not-found', 'disagrees', expect.stringContaining(`the queue ID ${QUEUE_ID} is that of another message`)],
    ],
    [
      'a message of which no message-id was read',
      { messageId: 'other@x.example' },
      [{ ...base, messageId: null, transactions: base.transactions.map((t) => ({ ...t, messageId: null })) }],
      ['delivered', 'agrees', null],
    ],
  ])('%s', (_, facts, chains, expected) => {
    expect(judge(facts, { chains })).toEqual(expected);
  });
});

describe('a message that was refused', () => {
  const reject: Reject = {
    ...rejectedReport().rejects[0]!,
    queueId: QUEUE_ID,
    replyCode: 550,
    dsn: '5.7.1',
    messageId: MESSAGE_ID,
  };
  const refused = (facts: Partial<SenderRecord>, change: Partial<Reject> = {}) =>
    judge(facts, { chains: [], rejects: [{ ...reject, ...change }] });

  it.each<readonly [Partial<SenderRecord>, readonly unknown[]]>([
    [{ success: false, statusCode: 550 }, ['rejected', 'agrees', expect.stringContaining('refused it with 550 5.7.1')]],
    [{ success: false }, ['rejected', 'agrees', expect.anything()]],
    [
      { success: false, statusCode: 451 },
      ['rejected', 'disagrees', expect.stringContaining('the sender says 451, but')],
    ],
    [{ success: true }, ['rejected', 'disagrees', expect.stringContaining('the sender says success, but')]],
    [{ success: false, queueId: null }, ['rejected', 'agrees', expect.anything()]],
  ])('%o', (facts, expected) => {
    expect(refused(facts)).toEqual(expected);
  });
  it('is not another one with the same queue ID', () => {
    expect(refused({ success: false }, { messageId: null })).toEqual(['rejected', 'agrees', expect.anything()]);
    expect(refused({ success: false, messageId: 'other@x.example' })).toEqual([
      'not-found',
      'agrees',
      expect.anything(),
    ]);
  });
});

describe('a message that is nowhere', () => {
  const none = { chains: [] };
  it.each<readonly [Partial<SenderRecord>, Partial<Evidence>, string, string]>([
    [{ success: true }, none, 'disagrees', 'the sender says success, but no log in the window has it'],
    [{ success: true }, { ...none, mayBeLate: true }, 'unknown', 'not found; its lines may not have arrived yet'],
    [{ success: true }, { ...none, isComplete: false }, 'unknown', 'not found, but not all logs could be read'],
    [{ success: false }, none, 'agrees', 'no log in the window has it: it was not accepted here'],
    [{ success: null }, none, 'unknown', 'no log in the window has it'],
  ])('%o %o', (facts, evidence, agreement, note) => {
    expect(judge(facts, evidence)).toEqual(['not-found', agreement, note]);
  });
});
