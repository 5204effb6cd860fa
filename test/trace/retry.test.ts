/** When a deferred message is tried again: by the rule of its MTA, never by a made-up number. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RetrySettings } from '../../src/domain/architecture.ts';
import type { Mta } from '../../src/domain/event.ts';
import { hostName } from '../../src/domain/ids.ts';
import type { Transaction } from '../../src/domain/transaction.ts';
import { estimateRetries, overdueFindings } from '../../src/trace/retry.ts';
import { attempt, recipient, transaction } from '../support/chains.ts';

const T0 = Date.UTC(2026, 10, 20, 9);
const OUT = 'out.campus.example';
const DAY = 86_400;

/** Arrived at T0; deferred so many seconds later. */
const waiting = (tries: readonly number[], facts: Partial<Transaction> = {}, response = 'timed out'): Transaction =>
  transaction({
    host: OUT,
    queueId: 'A1A1A1A1',
    arrivedAtMs: T0,
    removed: false,
    recipients: [
      recipient(
        'bob@partner.example',
        tries.map((at) => attempt({ timeMs: T0 + at * 1000, status: 'deferred', response, delayMs: at * 1000 })),
      ),
    ],
    ...facts,
  } as Parameters<typeof transaction>[0]);

const NONE: RetrySettings = {
  minimalBackoffMs: null,
  maximalBackoffMs: null,
  queueRunDelayMs: null,
  maximalQueueLifetimeMs: null,
  queueIntervalMs: null,
};

const estimate = (t: Transaction, settings: Partial<RetrySettings> | null = null, now = 0) =>
  estimateRetries([t], {
    retry: new Map(settings === null ? [] : [[hostName(OUT), { ...NONE, ...settings }]]),
    nowMs: T0 + now * 1000,
    logLagMs: 600_000,
  });

const told = (...args: Parameters<typeof estimate>) =>
  estimate(...args).map(({ earliestMs, latestMs, givesUpMs, basis }) => [
    (earliestMs - T0) / 1000,
    (latestMs - T0) / 1000,
    (givesUpMs - T0) / 1000,
    basis,
  ]);

describe('Postfix waits as long as the mail is old, between its two bounds, then for the next scan', () => {
  it.each<readonly [readonly number[], Partial<RetrySettings> | null, readonly unknown[]]>([
    // Younger than minimal_backoff_time (300 s).
    [[1], null, [301, 601, 5 * DAY, 'default']],
    [[1, 310], null, [620, 920, 5 * DAY, 'default']],
    [[1, 310, 930], null, [1860, 2160, 5 * DAY, 'default']],
    [[1, 310, 930, 1900], null, [3800, 4100, 5 * DAY, 'default']],
    // Older than maximal_backoff_time (4000 s).
    [[1, 310, 930, 1900, 3900, 7900], null, [11_900, 12_200, 5 * DAY, 'default']],
    [[90_000], null, [94_000, 94_300, 5 * DAY, 'default']],
    // Configured.
    [[1], { minimalBackoffMs: 60_000 }, [61, 361, 5 * DAY, 'configured']],
    [[1000], { maximalBackoffMs: 600_000 }, [1600, 1900, 5 * DAY, 'configured']],
    [[1000], { maximalBackoffMs: 600_000, queueRunDelayMs: 60_000 }, [1600, 1660, 5 * DAY, 'configured']],
    [[1], { maximalQueueLifetimeMs: DAY * 1000 }, [301, 601, DAY, 'default']],
    // A minimum above the maximum: the minimum counts (qmgr_active.c compares with it last).
    [[1], { minimalBackoffMs: 600_000, maximalBackoffMs: 300_000 }, [601, 901, 5 * DAY, 'configured']],
    // One short wait may have been forced; two are how this Postfix is set.
    [[1, 20], null, [320, 620, 5 * DAY, 'default']],
    [[1, 9, 17], null, [34, 42, 5 * DAY, 'observed']],
    // The wait no longer grows: that is its longest.
    [[1, 9, 17, 33, 49, 65, 81], null, [97, 105, 5 * DAY, 'observed']],
    [[1, 9, 310], null, [620, 920, 5 * DAY, 'default']],
  ])('tries at %j, settings %j', (tries, settings, expected) => {
    expect(told(waiting(tries), settings)).toEqual([expected]);
  });

  it('never tries sooner than the least wait, nor later than the longest and one scan', () => {
    const settings = fc.record({
      minimalBackoffMs: fc.integer({ min: 1000, max: 600_000 }),
      maximalBackoffMs: fc.integer({ min: 600_000, max: 20_000_000 }),
      queueRunDelayMs: fc.integer({ min: 1000, max: 600_000 }),
    });
    fc.assert(
      fc.property(settings, fc.integer({ min: 1, max: 400_000 }), (chosen, at) => {
        const [retry] = estimate(waiting([at]), chosen);
        const wait = retry!.earliestMs - (T0 + at * 1000);
        expect(wait).toBe(Math.min(Math.max(at * 1000, chosen.minimalBackoffMs), chosen.maximalBackoffMs));
        expect(retry!.latestMs - retry!.earliestMs).toBe(chosen.queueRunDelayMs);
      }),
    );
  });

  it('knows the age from the delay where the arrival was not read', () => {
    const late = waiting([1000], { hasArrival: false, arrivedAtMs: T0 + 1_000_000 });
    expect(told(late)).toEqual([[2000, 2300, 5 * DAY, 'default']]);
  });

  it('takes the last try of any recipient, and several servers of one round as one try', () => {
    const t = waiting([1, 1.4, 310]);
    const other = recipient('eve@partner.example', [
      attempt({ timeMs: T0 + 320_000, status: 'deferred', delayMs: 320_000 }),
    ]);
    expect(told({ ...t, recipients: [...t.recipients, other] })).toEqual([[640, 940, 5 * DAY, 'default']]);
    expect(estimate(waiting([1, 1.4, 2.1, 2.9]))[0]?.basis).toBe('default');
  });
});

const of = (mta: Mta): Partial<Transaction> => ({ mta });

describe('Exim: F,2h,15m; G,16h,1h,1.5; F,4d,6h, counted from the first failure', () => {
  it.each<readonly [readonly number[], Partial<RetrySettings> | null, readonly unknown[] | null]>([
    [[1], null, [901, 2701, 4 * DAY + 1, 'default']],
    [[1, 1801, 7000], null, [7900, 9700, 4 * DAY + 1, 'default']],
    [[0, 7200], null, [7200 + 10_800, 7200 + 12_600, 4 * DAY, 'default']],
    [[0, 7200, 9000], null, [9000 + 3600, 9000 + 5400, 4 * DAY, 'default']],
    [[0, 60_000], null, [60_000 + 21_600, 60_000 + 23_400, 4 * DAY, 'default']],
    [[1], { queueIntervalMs: 600_000 }, [901, 1501, 4 * DAY + 1, 'configured']],
    // The rule has ended: it would have given up.
    [[0, 4 * DAY], null, null],
  ])('tries at %j', (tries, settings, expected) => {
    expect(told(waiting(tries, of('exim')), settings)).toEqual(expected === null ? [] : [expected]);
  });

  it('does not count what it only put off', () => {
    expect(estimate(waiting([1], of('exim'), 'retry time not reached for any host'))).toEqual([]);
  });
});

describe('Sendmail tries with every queue run, and nothing says how often that is', () => {
  it.each<readonly [readonly number[], Partial<RetrySettings> | null, readonly unknown[] | null]>([
    [[1], null, null],
    [[1], { queueIntervalMs: 1_800_000 }, [1, 1801, 5 * DAY, 'configured']],
    [[1, 601, 1201], null, [1801, 1801, 5 * DAY, 'observed']],
    [[1, 601, 1261], null, [1861, 1921, 5 * DAY, 'observed']],
  ])('tries at %j, settings %j', (tries, settings, expected) => {
    expect(told(waiting(tries, of('sendmail')), settings)).toEqual(expected === null ? [] : [expected]);
  });
});

describe('where there is nothing to go by', () => {
  it.each([
    ['it is gone', waiting([1], { removed: true })],
    ['it is held', waiting([1], { state: 'held' })],
    ['it is a probe', waiting([1], { isProbe: true })],
    ['nobody waits', waiting([], { recipients: [recipient('bob@partner.example', [attempt()])] })],
    ['nobody knows the rule of the MTA', waiting([1], of('kumomta'))],
    ['the same of OpenSMTPD', waiting([1], of('opensmtpd'))],
  ])('tells nothing: %s', (_, t) => {
    expect(estimate(t)).toEqual([]);
  });
});

it('says on what it rests', () => {
  expect(estimate(waiting([1]))[0]?.because).toBe(
    "Postfix waits as long as the mail is old, 5 min to 66.7 min (Postfix's default), and then for the next scan of its queue",
  );
  expect(estimate(waiting([1]), { minimalBackoffMs: 60_000 })[0]?.because).toContain(
    'as configured under architecture.retry',
  );
  expect(estimate(waiting([1, 9, 17]))[0]?.because).toContain('as the 3 tries so far show');
  expect(estimate(waiting([1], of('exim')))[0]?.because).toContain('exinext DOMAIN');
});

it('says that a try is overdue only after the log had time to arrive', () => {
  const at = (now: number) => overdueFindings(estimate(waiting([1]), null, now), () => 'postqueue -p');
  expect(at(1200)).toEqual([]);
  expect(at(1202)).toMatchObject([{ code: 'retry-overdue', host: OUT, severity: 'warning' }]);
  expect(at(1202)[0]?.text).toBe(
    `${OUT} should have tried A1A1A1A1 again by 2026-11-20T09:10:01Z (an estimate), and its log shows no try: either the log does not reach so far, or the queue stands still (postqueue -p on ${OUT}).`,
  );
});
