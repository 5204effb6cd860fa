import { describe, expect, it } from 'vitest';
import { formatDelay, formatRelay, gapText, HOP_COLUMNS, hopRows } from '../../src/render/rows.ts';
import {
  at,
  attempt,
  bouncedChains,
  chain,
  deferredThenSentChain,
  deliveredChain,
  externalGapChain,
  intoMailbox,
  listChain,
  recipient,
  relay,
  transaction,
} from '../support/chains.ts';

describe('formatDelay', () => {
  it.each([
    [0, '0 s'],
    [4, '0 s'],
    [50, '0.05 s'],
    [310, '0.3 s'],
    [1000, '1 s'],
    [9949, '9.9 s'],
    [9960, '10 s'],
    [42_400, '42 s'],
    [59_700, '1 min'],
    [125_000, '2 min 5 s'],
    [3_599_600, '1 h'],
    [3_660_000, '1 h 1 min'],
    [86_399_000, '1 d'],
    [187_200_000, '2 d 4 h'],
    [-1500, '-1.5 s'],
  ])('%d ms is %s', (ms, text) => expect(formatDelay(ms)).toBe(text));
});

describe('formatRelay', () => {
  it.each([
    [relay('mx.example', '192.0.2.1', 25), 'mx.example'],
    [relay('mx.example', '192.0.2.1', null), 'mx.example'],
    [relay('mx.example', '192.0.2.1', 587), 'mx.example:587'],
    [relay(null, '192.0.2.1', 10025), '192.0.2.1:10025'],
    [relay(null, '2001:db8::1', 25), '2001:db8::1'],
    [relay(null, '2001:db8::1', 2525), '[2001:db8::1]:2525'],
    [relay(null, null, 25), ''],
  ])('%j is %s', (value, text) => expect(formatRelay(value)).toBe(text));
});

describe('hopRows', () => {
  it('names the columns as the contract does, in order', () =>
    expect(HOP_COLUMNS.map(({ header }) => header)).toEqual([
      'hop',
      'host',
      'queue ID',
      'recipient',
      'status',
      'DSN',
      'reply code',
      'delay',
      'relay',
    ]));

  it('has one row per delivery, each with host and queue ID', () => {
    const rows = hopRows(deliveredChain());
    expect(rows.map(({ hop, host, queueId, relay: to }) => [hop, host, queueId, to])).toEqual([
      ['1', 'mx1.campus.example', '4jWkFk143lznk7d', '127.0.0.1:10024'],
      ['2', 'mx1.campus.example', '4jWkFm2Qr1znk7f', 'mailbox1.campus.example'],
      ['3', 'mailbox1.campus.example', '2D6F4546A3F', 'local'],
    ]);
    expect(rows[0]).toMatchObject({
      status: 'sent',
      dsn: '2.0.0',
      replyCode: '250',
      delay: '1.9 s',
      tries: 1,
      gap: null,
    });
    expect(rows[2]?.replyCode).toBe('');
  });

  it('makes repeated deferrals one row with first and last time', () => {
    const [deferred, sent] = hopRows(deferredThenSentChain());
    expect(deferred).toMatchObject({
      status: 'deferred',
      tries: 2,
      firstMs: at(11),
      lastMs: at(311),
      delay: '5 min 1 s',
    });
    expect(sent).toMatchObject({ hop: '1', status: 'sent', tries: 1, firstMs: at(664) });
  });

  it('keeps deferrals with other codes apart', () => {
    const attempts = ['4.4.1', '4.4.1', '4.2.0', '4.4.1'].map((dsn, index) =>
      attempt({ timeMs: at(index), status: 'deferred', dsn, replyCode: null }),
    );
    const rows = hopRows({
      transactions: [transaction({ host: 'a', queueId: 'A1', recipients: [recipient('x@y', attempts)] })],
      hops: [],
    });
    expect(rows.map(({ dsn, tries }) => [dsn, tries])).toEqual([
      ['4.4.1', 2],
      ['4.2.0', 1],
      ['4.4.1', 1],
    ]);
  });

  it('adds the final state that no attempt shows', () => {
    const deferred = attempt({ timeMs: at(9), status: 'deferred', dsn: '4.4.1' });
    const rows = hopRows({
      transactions: [
        transaction({ host: 'a', queueId: 'A1', recipients: [recipient('x@y', [deferred], { status: 'expired' })] }),
      ],
      hops: [],
    });
    expect(rows.map(({ status, dsn, tries }) => [status, dsn, tries])).toEqual([
      ['deferred', '4.4.1', 1],
      ['expired', '', 0],
    ]);
  });

  it.each([
    ['held', false, 'held'],
    ['deleted', true, 'deleted'],
    ['discarded', true, 'discarded'],
    ['requeued', false, 'in-progress'],
    ['active', false, 'in-progress'],
    ['active', true, 'unknown'],
  ] as const)('shows a transaction without recipients by its state: %s, removed %s', (state, removed, status) => {
    const rows = hopRows({ transactions: [transaction({ host: 'a', queueId: 'A1', state, removed })], hops: [] });
    expect(rows).toMatchObject([
      { hop: '1', host: 'a', queueId: 'A1', status, recipient: '', tries: 0, firstMs: at(0) },
    ]);
  });

  it('shows a recipient before any attempt', () => {
    const rows = hopRows({
      transactions: [transaction({ host: 'a', queueId: 'A1', recipients: [recipient('x@y', [], { status: 'held' })] })],
      hops: [],
    });
    expect(rows).toMatchObject([{ recipient: 'x@y', status: 'held', tries: 0 }]);
  });

  it('puts the far side of a gap under its transaction', () => {
    const rows = hopRows(externalGapChain());
    expect(rows).toHaveLength(2);
    expect(rows[1]).toMatchObject({
      hop: '',
      host: 'mx.elsewhere.example',
      queueId: 'AbC123',
      recipient: 'grace@elsewhere.example',
      status: '',
      gap: 'external',
      lastMs: at(302),
    });
    expect(hopRows(deliveredChain()).every(({ gap }) => gap === null)).toBe(true);
  });

  it('lists every recipient of a list, and keeps the response verbatim', () => {
    expect(hopRows(listChain()).map(({ hop, recipient: to }) => [hop, to])).toEqual([
      ['1', 'staff@lists.campus.example'],
      ['2', 'bob@campus.example'],
      ['2', 'carol@campus.example'],
      ['2', 'frank@partner.example'],
      ['3', 'bob@campus.example'],
      ['4', 'carol@campus.example'],
    ]);
    expect(hopRows(bouncedChains()[0])[0]?.response).toContain('said: 550 5.1.1 <dave@partner.example>');
  });

  it('names the agent of a local delivery', () => {
    const through = (facts: Parameters<typeof attempt>[0]): string | undefined =>
      hopRows({
        transactions: [transaction({ host: 'a', queueId: 'A1', recipients: [recipient('x@y', [attempt(facts)])] })],
        hops: [],
      })[0]?.relay;
    expect(through({ relay: null, agent: 'procmail', by: 'local' })).toBe('procmail');
    expect(through({ relay: null, agent: null, by: 'forward' })).toBe('local');
    expect(through({ relay: null, agent: null, by: 'smtp' })).toBe('');
    expect(through({ ...intoMailbox() })).toBe('local');
  });

  it('has words for every gap', () =>
    expect((['external', 'unread', 'unreachable', 'not-yet-logged', 'unknown'] as const).map(gapText)).toEqual([
      'no log: external',
      'no log: not read',
      'no log: unreachable',
      'not yet logged',
      'no log: unknown host',
    ]));

  it('has no rows for no transactions', () =>
    expect(
      hopRows({
        ...chain({ verdict: 'unknown', summary: '', transactions: [transaction({ host: 'a', queueId: 'A' })] }),
        transactions: [],
      }),
    ).toEqual([]));
});
