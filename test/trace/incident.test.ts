import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostName } from '../../src/domain/ids.ts';
import {
  AFFECTED_MAX,
  type Alert,
  type Incident,
  isManyCauses,
  quietMs,
  type Subscription,
} from '../../src/domain/subscription.ts';
import { reduceIncidents } from '../../src/trace/incident.ts';
import { subscribe, T0 } from '../support/alert-lines.ts';

const MINUTE = 60_000;

const at = (minutes: number): number => T0 + minutes * MINUTE;

/** A match of the rule, minutes after T0. */
const alert = (
  subscription: Subscription,
  minutes: number,
  facts: Partial<Alert> & { cause?: Alert['cause'] } = {},
): Alert => ({
  id: `${minutes}-${facts.recipient ?? ''}-${facts.cause?.reason ?? ''}`,
  subscriptionId: subscription.id,
  channel: subscription.channel,
  kind: 'bounced',
  times: 1,
  timeMs: at(minutes),
  host: hostName('mx1'),
  queueId: null,
  messageId: null,
  traceId: 'a'.repeat(32),
  chainId: null,
  sender: 'erin@campus.example',
  recipient: 'dave@partner.example',
  relay: 'mx.partner.example',
  dsn: '5.1.1',
  replyCode: 550,
  response: '550 5.1.1 User unknown',
  delayMs: 1000,
  cause: { at: 'mx.partner.example', dsnClass: '5.1', reason: 'user unknown' },
  ...facts,
});

/** The incidents after each of these rounds, as they would be in the store. */
const run = (
  subscription: Subscription,
  rounds: readonly Readonly<{ alerts: readonly Alert[]; minutes: number }>[],
): readonly Incident[] => {
  const store = new Map<string, Incident>();
  for (const { alerts, minutes } of rounds) {
    const { changed } = reduceIncidents({
      live: [...store.values()].filter(({ state }) => state !== 'closed'),
      alerts: alerts.toSorted((a, b) => a.timeMs - b.timeMs),
      subscriptions: new Map([[subscription.id, subscription]]),
      timeMs: at(minutes),
    });
    // What is stored shares nothing with what was counted.
    for (const incident of changed) store.set(incident.id, structuredClone(incident));
  }
  return [...store.values()];
};

const once = (
  subscription: Subscription,
  alerts: readonly Alert[],
  minutes = Math.max(...alerts.map(({ timeMs }) => (timeMs - T0) / MINUTE)),
) => run(subscription, [{ alerts, minutes }]);

const ANY = subscribe('bounced deferred');
const OVER = subscribe('bounced over 3 in 10m');

describe('an incident', () => {
  it('opens at the first match when there is no threshold, and counts', () => {
    const [incident, ...rest] = once(ANY, [
      alert(ANY, 0),
      alert(ANY, 1, { recipient: 'Bob@partner.example' }),
      alert(ANY, 2, {
        recipient: 'bob@partner.example',
        sender: '',
        response: '550 5.1.1 Unknown user',
        kind: 'deferred',
      }),
    ]);
    expect(rest).toEqual([]);
    expect(incident).toMatchObject({
      state: 'open',
      openedAtMs: at(0),
      firstMs: at(0),
      lastMs: at(2),
      count: 3,
      senders: 2,
      recipients: 2,
      kinds: ['bounced', 'deferred'],
      channel: ANY.channel,
      topReasons: [{ text: '550 5.1.1 User unknown', count: 3 }],
      tally: {
        someSenders: ['erin@campus.example', ''],
        someRecipients: ['dave@partner.example', 'Bob@partner.example'],
      },
    });
    expect(incident?.example?.timeMs).toBe(at(2));
  });

  it.each([
    ['three are not over three', [0, 1, 2], 'pending'],
    ['four are', [0, 1, 2, 3], 'open'],
    ['four in more than ten minutes are not', [0, 4, 8, 11], 'pending'],
    ['four within the last ten minutes are', [0, 4, 8, 11, 13], 'open'],
    ['the edge of the window counts', [0, 1, 2, 10], 'open'],
    ['lines out of order count alike', [3, 0, 2, 1], 'open'],
  ] as const)('with "over 3 in 10m": %s', (_name, minutes, state) => {
    const [incident] = run(
      OVER,
      minutes.map((minute) => ({ alerts: [alert(OVER, minute)], minutes: minute })),
    );
    expect(incident).toMatchObject({ state, count: minutes.length });
  });

  it('counts what rsyslog repeated', () => {
    expect(once(OVER, [alert(OVER, 0, { times: 3 })])[0]).toMatchObject({ state: 'pending', count: 3 });
    expect(once(OVER, [alert(OVER, 0, { times: 4 })])[0]).toMatchObject({ state: 'open', count: 4 });
  });

  it('is another one for another place, class of status or reason', () => {
    const base = alert(ANY, 0).cause;
    const causes = [
      base,
      { ...base, at: 'mx.other.example' },
      { ...base, dsnClass: '5.7' },
      { ...base, reason: 'spam' },
    ];
    expect(
      once(
        ANY,
        causes.map((cause, index) => alert(ANY, index, { cause })),
      ).map(({ cause }) => cause),
    ).toEqual(causes);
  });

  it('ranks reasons by code and shows the newest alert that can be traced', () => {
    const other = { dsn: '5.1.2', response: '550 5.1.2 User unknown' };
    const [incident] = once(ANY, [
      alert(ANY, 0),
      alert(ANY, 1, other),
      alert(ANY, 2, other),
      alert(ANY, 3, { traceId: null }),
    ]);
    expect(incident?.topReasons).toEqual([
      { text: '550 5.1.1 User unknown', count: 2 },
      { text: '550 5.1.2 User unknown', count: 2 },
    ]);
    expect(incident?.example?.timeMs).toBe(at(2));
  });

  it('stays bounded', () => {
    const many = Array.from({ length: AFFECTED_MAX + 200 }, (_, index) =>
      alert(ANY, index / 1000, {
        recipient: `r${index}@x.example`,
        dsn: `5.1.${index % 999}`,
        response: `reason ${index}`,
      }),
    );
    const [incident] = once(ANY, many);
    expect(incident).toMatchObject({ count: AFFECTED_MAX + 200, recipients: AFFECTED_MAX });
    expect(incident?.tally.reasons.length).toBeLessThanOrEqual(50);
    expect(JSON.stringify(incident).length).toBeLessThan(40_000);
  });
});

describe('the end of an incident', () => {
  it('takes twice the window, at least 15 minutes', () => {
    expect(quietMs(null)).toBe(15 * MINUTE);
    expect(quietMs({ count: 1, windowMs: 5 * MINUTE })).toBe(15 * MINUTE);
    expect(quietMs({ count: 1, windowMs: 10 * MINUTE })).toBe(20 * MINUTE);
  });

  it.each([
    [14.9, 'open', null],
    [15, 'closed', at(15)],
    [600, 'closed', at(15)],
  ] as const)('%d minutes after the last match it is %s', (minutes, state, closedAtMs) => {
    const [incident] = run(ANY, [
      { alerts: [alert(ANY, 0)], minutes: 0 },
      { alerts: [], minutes },
    ]);
    expect(incident).toMatchObject({ state, closedAtMs });
  });

  it('is followed by a new incident when it begins again, also within one round of reading a backlog', () => {
    const incidents = once(ANY, [alert(ANY, 0), alert(ANY, 10), alert(ANY, 30), alert(ANY, 100)]);
    expect(incidents.map(({ state, count, closedAtMs }) => [state, count, closedAtMs])).toEqual([
      ['closed', 2, at(25)],
      ['closed', 1, at(45)],
      ['open', 1, null],
    ]);
    expect(new Set(incidents.map(({ id }) => id)).size).toBe(3);
  });

  it('forgets what never opened', () => {
    const [pending] = run(OVER, [
      { alerts: [alert(OVER, 0)], minutes: 0 },
      { alerts: [], minutes: 20 },
    ]);
    expect(pending).toMatchObject({ state: 'closed', openedAtMs: null });
  });
});

describe('many causes at once', () => {
  const causes = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      alert(ANY, index / 1000, { cause: { at: `mx${index}.example`, dsnClass: '5.1', reason: 'user unknown' } }),
    );

  it('share one incident beyond thirty', () => {
    const incidents = once(ANY, causes(200));
    expect(incidents).toHaveLength(31);
    const [shared] = incidents.filter(({ cause }) => isManyCauses(cause));
    expect(shared).toMatchObject({ count: 170, state: 'open' });
    expect(incidents.reduce((sum, { count }) => sum + count, 0)).toBe(200);
  });

  it('leave those that are open as they are', () => {
    const incidents = run(ANY, [
      { alerts: causes(40), minutes: 1 },
      {
        alerts: [alert(ANY, 2, { cause: { at: 'mx3.example', dsnClass: '5.1', reason: 'user unknown' } })],
        minutes: 2,
      },
    ]);
    expect(incidents.find(({ cause }) => cause.at === 'mx3.example')?.count).toBe(2);
  });
});

describe('rounds', () => {
  const matches = fc.array(
    fc.record({
      minutes: fc.integer({ min: 0, max: 120 }),
      cause: fc.constantFrom('user unknown', 'spam', 'mailbox full'),
      who: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      times: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 60 },
  );

  it('may be cut anywhere: the incidents are the same, and every match is counted once', () => {
    fc.assert(
      fc.property(matches, fc.array(fc.nat(60)), fc.constantFrom(ANY, OVER), (all, cuts, subscription) => {
        const alerts = all
          .map(({ minutes, cause, who, times }, index) => ({
            ...alert(subscription, minutes, { recipient: `${who}@x.example`, times }),
            id: String(index),
            cause: { at: 'mx.x.example', dsnClass: '5.1', reason: cause },
          }))
          .sort((a, b) => a.timeMs - b.timeMs);
        const edges = [0, ...cuts.filter((cut) => cut < alerts.length).sort((a, b) => a - b), alerts.length];
        const pieces = edges.slice(1).map((end, index) => {
          const piece = alerts.slice(edges[index], end);
          // Between rounds the clock is where the next line is at the latest.
          return { alerts: piece, minutes: ((piece.at(-1)?.timeMs ?? T0) - T0) / MINUTE };
        });
        const last = { alerts: [], minutes: 1000 };
        const byId = (a: Incident, b: Incident) => (a.id < b.id ? -1 : 1);
        const whole = run(subscription, [{ alerts, minutes: 120 }, last]).toSorted(byId);
        expect(run(subscription, [...pieces, last]).toSorted(byId)).toEqual(whole);
        expect(whole.reduce((sum, { count }) => sum + count, 0)).toBe(
          alerts.reduce((sum, { times }) => sum + times, 0),
        );
        expect(whole.every(({ state }) => state === 'closed')).toBe(true);
      }),
      { numRuns: 300, seed: 20261121 },
    );
  });
});
