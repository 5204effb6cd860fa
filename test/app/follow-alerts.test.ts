import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertScopeOf } from '../../src/app/subscriptions.ts';
import { openBench } from '../support/alert-bench.ts';
import { arrival, delivery, MX1, mail, subscribe, T0, type TimedLine } from '../support/alert-lines.ts';

const id = (index: number): string => `A${String(index).padStart(5, '0')}`;

const BOUNCES = subscribe('bounced');

const counts = async (bench: Awaited<ReturnType<typeof openBench>>) =>
  (await bench.incidents()).map(({ cause, count, state }) => `${cause.at} ${cause.reason}: ${count} ${state}`).sort();

const USER_UNKNOWN = 'mx.partner.example recipient address rejected user unknown';

describe('lines', () => {
  it('become incidents, an outbox and known alerts in one commit', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    const commits: string[] = [];
    await bench.read([...mail(id(1), 5), ...mail(id(2), 6)], async (changes) => {
      commits.push(
        Object.entries(changes)
          .map(([name, list]) => `${name} ${list.length}`)
          .join(', '),
      );
      await bench.store.commit({ ...changes, positions: [{ source: 's', partition: 'p', position: '1' }] });
    });
    expect(commits).toEqual(['alertIds 2, incidents 1, outbox 2, done 0']);
    expect(await counts(bench)).toEqual([`${USER_UNKNOWN}: 2 open`]);
    expect((await bench.store.outbox(10)).map(({ kind }) => kind)).toEqual(['parent', 'detail']);
    expect(bench.metered.get('mailtrace_alerts_total')).toBe(2);
  });

  it('count once, however often they are read', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    await bench.read(mail(id(1), 5));
    await bench.read(mail(id(1), 5));
    await bench.read([...mail(id(1), 5), ...mail(id(2), 6)]);
    const next = await openBench({ before: bench });
    await next.read([...mail(id(1), 5), ...mail(id(2), 6), ...mail(id(3), 7)]);
    expect(await counts(next)).toEqual([`${USER_UNKNOWN}: 3 open`]);
  });

  it('count again when what they made was not committed', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    const full = new Error('disk full');
    await expect(bench.read(mail(id(1), 5), () => Promise.reject(full))).rejects.toBe(full);
    expect(bench.ledger.incidents()).toEqual([]);
    await bench.read(mail(id(1), 5));
    expect(await counts(bench)).toEqual([`${USER_UNKNOWN}: 1 open`]);
  });

  it('close what was quiet, by the time of the logs', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    await bench.read(mail(id(1), 0));
    await bench.time.pass(14 * 60_000);
    await bench.read([]);
    expect(await counts(bench)).toEqual([`${USER_UNKNOWN}: 1 open`]);
    await bench.time.pass(60_000);
    await bench.read([]);
    expect(await counts(bench)).toEqual([`${USER_UNKNOWN}: 1 closed`]);
  });

  it('need no work when nobody is subscribed', async () => {
    const bench = await openBench();
    await bench.read(mail(id(1), 5));
    expect(await bench.store.knownAlerts([])).toEqual(new Set());
    expect(bench.ledger.outbox()).toEqual([]);
  });
});

describe('which of them', () => {
  const SUBDOMAIN = mail(id(1), 5, { from: 'erin@eu.campus.example', to: 'dave@partner.example' });
  const MX2 = mail(id(1), 5, { host: 'mx2.campus.example' });
  const limited = (domains: readonly string[], hosts: readonly string[] = []) =>
    ({ kind: 'limited', domains, hosts }) as const;

  it.each([
    ['all is all', { kind: 'all' } as const, SUBDOMAIN, 1],
    ['the sender is in the domain', limited(['campus.example']), SUBDOMAIN, 1],
    ['the recipient is', limited(['partner.example']), SUBDOMAIN, 1],
    ['neither is', limited(['sender.example']), SUBDOMAIN, 0],
    ['it happened on the host', limited([], [MX1]), SUBDOMAIN, 1],
    ['it happened elsewhere', limited([], [MX1]), MX2, 0],
    ['nothing is covered', limited([]), SUBDOMAIN, 0],
  ])('a subscriber sees only what his rules cover: %s', async (_name, scope, lines, count) => {
    const bench = await openBench({ subscriptions: [subscribe('bounced', { scope })] });
    await bench.read(lines);
    expect(await bench.incidents()).toHaveLength(count);
  });

  it('another recipient in the domain makes the whole message visible', async () => {
    const bench = await openBench({ subscriptions: [subscribe('bounced', { scope: limited(['other.example']) })] });
    await bench.read([
      ...arrival(id(1), 1),
      delivery(id(1), 2, { to: 'carol@other.example', status: 'sent' }),
      delivery(id(1), 3, { to: 'dave@partner.example' }),
    ]);
    expect(await bench.incidents()).toMatchObject([{ example: { recipient: 'dave@partner.example' } }]);
  });

  it.each([
    ['Slack’s notification', { from: 'feedback@slack.com', to: 'ann@partner.example' }],
    ['one from a sub-domain', { from: 'x@mail.slack.com', to: 'ann@partner.example' }],
    ['one that was forwarded', { from: 'SRS0=Ab1+=TT=slack.com=feedback@campus.example', to: 'ann@partner.example' }],
    ['one that was forwarded twice', { from: 'SRS1=xyz=first.example==Ab1=TT=slack.com=feedback@campus.example' }],
    ['a bounce of it', { from: '', to: 'feedback@slack.com' }],
    ['a bounce of what was forwarded', { from: '', to: 'srs0=ab1+=tt=slack.com=feedback@campus.example' }],
    ['one under another sender', { from: 'list@campus.example', messageId: '123@slack.com' }],
  ])('there is no alert about %s', async (_name, facts) => {
    const bench = await openBench({ subscriptions: [subscribe('bounced')] });
    await bench.read(mail(id(1), 5, facts));
    expect(await bench.incidents()).toEqual([]);
  });

  it('there is one about a bounce to somebody else, and about a name that only looks alike', async () => {
    const bench = await openBench({ subscriptions: [subscribe('bounced')] });
    await bench.read([
      ...mail(id(1), 5, { from: '', to: 'ann@partner.example' }),
      ...mail(id(2), 6, { from: 'a@notslack.com' }),
    ]);
    expect(await bench.incidents()).toMatchObject([{ count: 2 }]);
  });

  it('what was long before the subscription is over and done with', async () => {
    const bench = await openBench({ subscriptions: [subscribe('bounced', { createdAtMs: T0 + 20 * 60_000 })] });
    await bench.read([...mail(id(1), 9 * 60), ...mail(id(2), 11 * 60)]);
    expect(await bench.incidents()).toMatchObject([{ count: 1 }]);
  });

  it('a subscription that sleeps matches nothing', async () => {
    const suspended = { sinceMs: T0, reason: 'the channel is gone' };
    const bench = await openBench({ subscriptions: [subscribe('bounced', { suspended })] });
    await bench.read(mail(id(1), 5));
    expect(await bench.incidents()).toEqual([]);
  });

  it('own mail is nothing for a channel', () => {
    const own = { kind: 'own', address: 'ann@x.example' } as const;
    expect(alertScopeOf(own)).toBeNull();
    expect(alertScopeOf({ kind: 'any-of', scopes: [own, limited(['x.example'])] })).toEqual(limited(['x.example']));
  });
});

describe('an alert', () => {
  it('carries the chain it belongs to, from its first host on', async () => {
    const bench = await openBench({ subscriptions: [subscribe('bounced')] });
    const messageId = 'm1@sender.example';
    await bench.read([
      ...arrival('A10001', 1, { host: 'mx2.campus.example', messageId }),
      delivery('A10001', 2, {
        host: 'mx2.campus.example',
        relay: `${MX1}[10.20.0.11]:25`,
        status: 'sent',
        response: '250 2.0.0 Ok: queued as B10001',
      }),
      [2, 'postfix/smtpd[101]: B10001: client=mx2.campus.example[10.20.0.12]'],
      [2, `postfix/cleanup[102]: B10001: message-id=<${messageId}>`],
      [2, 'postfix/qmgr[103]: B10001: from=<erin@campus.example>, size=1234, nrcpt=1 (queue active)'],
      delivery('B10001', 3),
    ]);
    const [incident] = await bench.incidents();
    expect(incident?.example).toMatchObject({
      queueId: 'B10001',
      messageId,
      chainId: 'mx2.campus.example/A10001/2026-11-21T08:00:01.000Z',
    });
    expect(incident?.example?.traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('learns its message-id from a line that comes late, without counting again', async () => {
    const bench = await openBench({ subscriptions: [subscribe('bounced')] });
    await bench.read([delivery(id(1), 5)]);
    const [before] = await bench.incidents();
    await bench.read(arrival(id(1), 3));
    const [after] = await bench.incidents();
    expect(before?.example?.messageId).toBeNull();
    expect(after).toMatchObject({ count: 1, example: { messageId: `${id(1)}@campus.example` } });
    expect(after?.example?.traceId).not.toBe(before?.example?.traceId);
  });
});

describe('mail that goes round', () => {
  const hosts = ['mx2.campus.example', MX1];

  /** n passes over both hosts: X1 on mx2, X2 on mx1, X3 on mx2, … */
  const passes = (count: number): TimedLine[] =>
    Array.from({ length: count }, (_, pass) => {
      const host = hosts[pass % 2]!;
      const from = hosts[(pass + 1) % 2]!;
      const own = `C0000${pass + 1}`;
      const client = pass === 0 ? 'c104.sender.example[198.51.100.104]' : `${from}[10.20.0.1${pass % 2}]`;
      const at = pass * 2;
      return [
        [at, `postfix/smtpd[101]: ${own}: client=${client}`, host],
        [at, `postfix/cleanup[102]: ${own}: message-id=<round@sender.example>`, host],
        [at, `postfix/qmgr[103]: ${own}: from=<ann@sender.example>, size=1234, nrcpt=1 (queue active)`, host],
        delivery(own, at + 1, {
          host,
          to: 'bob@campus.example',
          relay: `${from}[10.20.0.1${(pass + 1) % 2}]:25`,
          status: 'sent',
          response: `250 2.0.0 Ok: queued as C0000${pass + 2}`,
        }),
      ] satisfies TimedLine[];
    }).flat();

  it.each([
    [2, 0],
    [4, 0],
    [5, 1],
    [7, 3],
  ])('is a loop from the third pass over one host on: %d hand-overs, %d alerts', async (count, alerts) => {
    const bench = await openBench({ subscriptions: [subscribe('loop')] });
    await bench.read(passes(count));
    const found = await bench.incidents();
    expect(found.reduce((sum, incident) => sum + incident.count, 0)).toBe(alerts);
    // Read line by line it is the same.
    const slow = await openBench({ subscriptions: [subscribe('loop')] });
    for (const line of passes(count)) await slow.read([line]);
    expect(await slow.incidents()).toMatchObject(
      found.map(({ id: same, count: total }) => ({ id: same, count: total })),
    );
  });
});

describe('whatever is read again', () => {
  it('the incidents are those of reading once', async () => {
    const lines = Array.from({ length: 30 }, (_, index) =>
      mail(id(index), index * 20, index % 3 === 0 ? { response: 'host x[192.0.2.1] said: 554 5.7.1 spam' } : {}),
    ).flat();
    const once = await openBench({ subscriptions: [subscribe('bounced')] });
    await once.read(lines);
    const expected = await counts(once);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(lines.length), fc.nat(20)), { maxLength: 12 }), async (cuts) => {
        let bench = await openBench({ subscriptions: [subscribe('bounced')] });
        let from = 0;
        for (const [to, back] of [...cuts].sort(([a], [b]) => a - b)) {
          await bench.read(lines.slice(from, Math.max(from, to)));
          // A crash: the next process begins some lines before.
          bench = await openBench({ before: bench });
          from = Math.max(0, Math.max(from, to) - back);
        }
        await bench.read(lines.slice(from));
        expect(await counts(bench)).toEqual(expected);
      }),
      { numRuns: 60, seed: 20261121 },
    );
  });
});
