import { describe, expect, it } from 'vitest';
import type { AlertMessage } from '../../src/app/ports.ts';
import { type AlertBench, openBench, type SentMessage } from '../support/alert-bench.ts';
import { type Mail, mail, subscribe, T0 } from '../support/alert-lines.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const BOUNCES = subscribe('bounced');

let serial = 0;
/** Bounces that are logged now, each a message of its own. */
const bounces = (bench: AlertBench, count = 1, facts: Mail = {}) =>
  Array.from({ length: count }, () => {
    serial += 1;
    return mail(`A${String(serial).padStart(6, '0')}`, (bench.time.now() - T0) / SECOND, facts);
  }).flat();

const CAUSES = ['user unknown', 'spam', 'mailbox full', 'relay denied', 'too big'];
const causeOf = (index: number): Mail => ({
  response: `host mx.partner.example[203.0.113.25] said: 550 5.1.1 ${CAUSES[index % 5]}`,
});

/** `parent 3 open`, `detail 2+1`, `summary 3`. */
const say = ({ message }: SentMessage): string => {
  switch (message.kind) {
    case 'parent':
      return `${message.incident.messageTs === null ? 'post' : 'update'} ${message.incident.count} ${message.incident.state}`;
    case 'detail':
      return `detail ${message.alerts.length}+${message.more}`;
    case 'summary':
      return `summary ${message.incident.count}`;
    case 'notice':
      return `notice ${message.subscription.suspended?.reason}`;
  }
};

const said = ({ sent }: AlertBench): readonly string[] => sent.map(say);

const gaps = ({ sent }: AlertBench): readonly number[] =>
  sent.slice(1).map(({ atMs }, index) => atMs - sent[index]!.atMs);

/** As the polls of following do: time alone closes. */
const idle = async (bench: AlertBench, ms: number): Promise<void> => {
  for (let passed = 0; passed < ms; passed += 30 * SECOND) {
    await bench.time.pass(Math.min(30 * SECOND, ms - passed));
    await bench.read([]);
  }
  await bench.time.pass(10 * SECOND);
};

describe('an incident in a channel', () => {
  it('is posted, updated, told about in its thread, and closed with a summary', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    const stop = bench.start();
    await bench.read(bounces(bench));
    await bench.time.pass(SECOND);
    expect(said(bench)).toEqual(['post 1 open']);
    await bench.time.pass(MINUTE);
    await bench.read(bounces(bench, 7));
    await bench.time.pass(MINUTE);
    expect(said(bench)).toEqual(['post 1 open', 'update 8 open', 'detail 5+2']);
    await idle(bench, 16 * MINUTE);
    expect(said(bench).slice(3)).toEqual(['update 8 closed', 'summary 8']);
    expect(await bench.store.outbox(10)).toEqual([]);
    expect(await bench.incidents()).toEqual([]);
    await stop();
  });

  it('shows the newest state however many updates wait', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    for (let round = 0; round < 50; round++) await bench.read(bounces(bench));
    const stop = bench.start();
    await bench.time.pass(2 * SECOND);
    expect(said(bench)).toEqual(['post 50 open']);
    await stop();
  });

  it('is shown once more when it changed while it was sent', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    const stop = bench.start();
    await bench.read(bounces(bench));
    await bench.time.pass(50);
    await bench.read(bounces(bench));
    await bench.time.pass(5 * SECOND);
    expect(said(bench).slice(0, 2)).toEqual(['post 1 open', 'update 2 open']);
    await stop();
  });

  it('tells ever more rarely about ever more of the same', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    const stop = bench.start();
    for (let second = 0; second < 1200; second += 5) {
      await bench.read(bounces(bench, 3));
      await bench.time.pass(5 * SECOND);
    }
    const details = bench.sent
      .filter(({ message }) => message.kind === 'detail')
      .map(({ atMs }) => Math.round((atMs - T0) / SECOND));
    expect(details.length).toBeLessThan(8);
    expect(details.slice(1).every((at, index) => at - details[index]! >= 30)).toBe(true);
    const updates = bench.sent.filter(({ message }) => message.kind === 'parent').map(({ atMs }) => atMs);
    expect(Math.max(...updates.slice(1).map((at, index) => at - updates[index]!))).toBeLessThan(10 * SECOND);
    await stop();
  });

  it('that opened and closed in a backlog is one message', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    const stop = bench.start();
    await bench.read(bounces(bench, 4));
    await bench.time.pass(0);
    await stop();
    const late = await openBench({ subscriptions: [BOUNCES] });
    await late.time.pass(10 * 3600 * SECOND);
    const lines = bounces({ ...late, time: { ...late.time, now: () => T0 + 60 * SECOND } }, 4);
    await late.read(lines);
    const end = late.start();
    await late.time.pass(MINUTE);
    expect(said(late)).toEqual(['post 4 closed']);
    expect(await late.store.outbox(10)).toEqual([]);
    await end();
  });
});

describe('the pace', () => {
  it('is one message a second in a channel, and each message is current within ten', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    const stop = bench.start();
    /** When a line was read that its message did not show yet. */
    const staleMs: number[] = [];
    for (let second = 0; second < 120; second += 1) {
      for (let cause = 0; cause < 5; cause++) await bench.read(bounces(bench, 2, causeOf(cause)));
      await bench.time.pass(SECOND);
    }
    await bench.time.pass(20 * SECOND);
    const parents = bench.sent.filter(({ message }) => message.kind === 'parent');
    for (const incident of await bench.store.liveIncidents()) {
      const own = parents.filter(({ message }) => 'incident' in message && message.incident.id === incident.id);
      expect(own.at(-1)?.message).toMatchObject({ incident: { count: 240 } });
      // Every line is shown by the next update after it.
      for (const [index, { atMs }] of own.slice(1).entries()) staleMs.push(atMs - own[index]!.atMs);
    }
    expect(await bench.store.liveIncidents()).toHaveLength(5);
    expect(Math.max(...staleMs)).toBeLessThan(9 * SECOND);
    expect(Math.min(...gaps(bench))).toBeGreaterThanOrEqual(SECOND);
    const updates = parents.filter(({ message }) => 'incident' in message && message.incident.messageTs !== null);
    expect(updates.length / 2).toBeLessThanOrEqual(50);
    await stop();
  });

  it('of one channel does not slow down another', async () => {
    const other = subscribe('bounced', { channel: 'C02OTHER' });
    const bench = await openBench({ subscriptions: [BOUNCES, other] });
    for (let cause = 0; cause < 5; cause++) await bench.read(bounces(bench, 1, causeOf(cause)));
    const stop = bench.start();
    await bench.time.pass(2.5 * SECOND);
    const channels = bench.sent.map(({ message }) => ('incident' in message ? message.incident.channel : ''));
    expect(channels.filter((channel) => channel === 'C02OTHER')).toHaveLength(3);
    expect(channels.filter((channel) => channel === BOUNCES.channel)).toHaveLength(3);
    await stop();
  });
});

describe('a service that does not take it', () => {
  it('says how long to wait, and that is done; nothing is lost', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    let limited = 3;
    bench.sink.answer = () => (limited-- > 0 ? { kind: 'later', afterMs: 7 * SECOND, error: 'ratelimited' } : null);
    const stop = bench.start();
    await bench.read(bounces(bench, 2));
    await bench.time.pass(MINUTE);
    expect(bench.sent.slice(0, 4).map(({ receipt }) => receipt.kind)).toEqual(['later', 'later', 'later', 'sent']);
    expect(
      gaps(bench)
        .slice(0, 3)
        .every((gap) => gap >= 7 * SECOND),
    ).toBe(true);
    expect(said(bench).filter((_, index) => bench.sent[index]?.receipt.kind === 'sent')).toEqual([
      'post 2 open',
      'detail 2+0',
    ]);
    await stop();
  });

  it('is tried again with growing pauses while it is away, and gets everything in the end', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    bench.sink.answer = () => ({ kind: 'later', afterMs: null, error: 'unreachable' });
    const stop = bench.start();
    for (let round = 0; round < 120; round++) {
      await bench.read(bounces(bench, 2, causeOf(round)));
      await bench.time.pass(5 * SECOND);
    }
    expect(bench.sent.length).toBeLessThan(60);
    expect((await bench.store.outbox(1000)).length).toBeLessThan(20);
    bench.sink.answer = null;
    bench.sent.length = 0;
    await bench.time.pass(2 * MINUTE);
    expect(
      said(bench)
        .filter((text) => text.startsWith('post'))
        .sort(),
    ).toEqual(Array(5).fill('post 48 open'));
    expect(await bench.store.outbox(10)).toEqual([]);
    expect(bench.logged.filter((line) => line.includes('wait to be sent') && line.startsWith('warn'))).toHaveLength(1);
    expect(bench.logged).toContain('info: alerts can be sent again');
    await stop();
  });

  it('for good: the message is given up, the others go on', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    bench.sink.answer = ({ kind }: AlertMessage) =>
      kind === 'detail' ? { kind: 'refused', error: 'invalid_blocks' } : null;
    const stop = bench.start();
    await bench.read(bounces(bench, 3));
    await bench.time.pass(30 * SECOND);
    await bench.read(bounces(bench, 1));
    await bench.time.pass(4 * SECOND);
    expect(said(bench)).toEqual(['post 3 open', 'detail 3+0', 'update 4 open']);
    expect(bench.logged.join()).toContain('refused and is given up');
    await stop();
  });

  it('a bug in drawing one of them does not keep the others', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    bench.sink.answer = (message) => {
      if (message.kind === 'parent' && message.incident.cause.reason === 'spam') throw new TypeError('a bug');
      return null;
    };
    const stop = bench.start();
    await bench.read([...bounces(bench, 1, causeOf(1)), ...bounces(bench, 1, causeOf(0))]);
    await bench.time.pass(10 * SECOND);
    expect(said(bench)).toEqual(['post 1 open']);
    expect(bench.logged).toContain('error: bug');
    await stop();
  });

  it('as the channel is gone: its subscriptions sleep, their creators are told, the others go on', async () => {
    const here = subscribe('deferred', { createdBy: 'U02BOB' });
    const other = subscribe('bounced', { channel: 'C02OTHER' });
    const filtered = subscribe('bounced from:campus.example');
    const bench = await openBench({ subscriptions: [filtered, here, other] });
    bench.sink.answer = (message) =>
      'incident' in message && message.incident.channel === BOUNCES.channel
        ? { kind: 'no-channel', error: 'is_archived' }
        : null;
    const stop = bench.start();
    await bench.read(bounces(bench, 2));
    await bench.time.pass(10 * SECOND);
    expect(said(bench).toSorted()).toEqual([
      'detail 2+0',
      'notice is_archived',
      'notice is_archived',
      'post 2 open',
      'post 2 open',
    ]);
    expect(
      (await bench.store.subscriptions()).map(({ channel, suspended }) => `${channel} ${suspended?.reason}`).toSorted(),
    ).toEqual([`${BOUNCES.channel} is_archived`, `${BOUNCES.channel} is_archived`, 'C02OTHER undefined']);
    await bench.read(bounces(bench, 2));
    await bench.time.pass(MINUTE);
    expect(await bench.store.outbox(10)).toEqual([]);
    expect((await bench.incidents()).map(({ channel, count }) => [channel, count])).toEqual([['C02OTHER', 4]]);
    await stop();
  });

  it('as somebody deleted the message: an open incident gets a new one', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    const stop = bench.start();
    await bench.read(bounces(bench));
    await bench.time.pass(10 * SECOND);
    let gone = 1;
    bench.sink.answer = () => (gone-- > 0 ? { kind: 'no-message' } : null);
    await bench.read(bounces(bench));
    await bench.time.pass(20 * SECOND);
    expect(said(bench)).toEqual(['post 1 open', 'update 2 open', 'post 2 open', 'detail 1+0']);
    await stop();
  });
});

describe('a restart', () => {
  it('goes on with the same message', async () => {
    const first = await openBench({ subscriptions: [BOUNCES] });
    const stop = first.start();
    await first.read(bounces(first, 2));
    await first.time.pass(2 * SECOND);
    await stop();
    await first.read(bounces(first, 1));
    const second = await openBench({ before: first });
    const end = second.start();
    await second.time.pass(MINUTE);
    expect(said(first)).toEqual(['post 2 open']);
    expect(said(second)).toEqual(['update 3 open', 'detail 3+0']);
    await end();
  });

  it('waits for what is on its way, and writes it down', async () => {
    const first = await openBench({ subscriptions: [BOUNCES] });
    const stop = first.start();
    await first.read(bounces(first, 1));
    // On its way when the process is told to stop.
    await first.time.pass(50);
    await stop();
    const second = await openBench({ before: first });
    const end = second.start();
    await second.time.pass(MINUTE);
    expect([said(first), said(second)]).toEqual([['post 1 open'], []]);
    await end();
  });

  it('between sending and writing it down sends once more, and only that', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    await bench.read(bounces(bench, 2));
    const stop = bench.start();
    // On its way when the process dies.
    await bench.time.pass(50);
    const next = await openBench({ before: bench });
    const end = next.start();
    await next.time.pass(MINUTE);
    expect(said(next)).toEqual(['post 2 open', 'detail 2+0']);
    await stop();
    await end();
  });

  it('does not send twice what the store could not take at once', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    await bench.read(bounces(bench, 1));
    const commit = bench.store.commit;
    let broken = true;
    bench.store.commit = async (changes) => {
      if (broken) throw new Error('disk full');
      await commit(changes);
    };
    const stop = bench.start();
    await bench.time.pass(MINUTE);
    broken = false;
    await bench.time.pass(MINUTE);
    expect(said(bench)).toEqual(['post 1 open']);
    expect(await bench.store.outbox(10)).toEqual([]);
    expect(bench.logged.join()).toContain('could not be written down');
    await stop();
  });
});

describe('quiet on demand', () => {
  it('a muted channel gets nothing new, and what is there stays current', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    const stop = bench.start();
    await bench.read(bounces(bench, 1, causeOf(0)));
    await bench.time.pass(2 * SECOND);
    await bench.subscriptions.mute(BOUNCES.channel, bench.time.now() + 10 * MINUTE);
    await bench.read([...bounces(bench, 2, causeOf(0)), ...bounces(bench, 3, causeOf(1))]);
    await bench.time.pass(9 * MINUTE);
    expect(said(bench)).toEqual(['post 1 open', 'update 3 open']);
    await bench.time.pass(2 * MINUTE);
    expect(said(bench).slice(2).toSorted()).toEqual(['detail 2+0', 'detail 3+0', 'post 3 open']);
    await stop();
  });

  it('a muted incident is updated silently, and closes without a reply', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    const stop = bench.start();
    await bench.read(bounces(bench));
    await bench.time.pass(2 * SECOND);
    const [incident] = await bench.incidents();
    const of = { id: incident?.id ?? '', channel: BOUNCES.channel };
    expect(await bench.act(of, { kind: 'mute', untilMs: bench.time.now() + 60 * MINUTE })).toBe('done');
    await bench.time.pass(5 * SECOND);
    await bench.read(bounces(bench, 5));
    await idle(bench, 20 * MINUTE);
    expect(said(bench)).toEqual(['post 1 open', 'update 1 open', 'update 6 open', 'update 6 closed']);
    expect(await bench.act(of, { kind: 'mute', untilMs: null })).toBe('closed');
    expect(await bench.act({ ...of, channel: 'C02OTHER' }, { kind: 'withdraw' })).toBe('elsewhere');
    await stop();
  });

  it('an acknowledged incident calls nobody until the acknowledgement times out', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    const stop = bench.start();
    await bench.read(bounces(bench));
    await bench.time.pass(2 * SECOND);
    const [incident] = await bench.incidents();
    const of = { id: incident?.id ?? '', channel: BOUNCES.channel };
    await bench.act(of, { kind: 'acknowledge', by: 'Bob', untilMs: bench.time.now() + 10 * MINUTE });
    await bench.time.pass(5 * SECOND);
    await bench.read(bounces(bench, 3));
    await bench.time.pass(5 * MINUTE);
    expect(said(bench)).toEqual(['post 1 open', 'update 1 open', 'update 4 open']);
    expect(bench.sent.at(-1)?.message).toMatchObject({ incident: { acknowledgedBy: 'Bob' } });
    await bench.time.pass(6 * MINUTE);
    expect(said(bench).slice(3).toSorted()).toEqual(['detail 3+0', 'update 4 open']);
    expect(bench.sent.at(-1)?.message).toMatchObject({
      incident: { acknowledgedBy: 'Bob', acknowledgedUntilMs: null },
    });
    await stop();
  });

  it('unsubscribing ends incidents, and their messages say so', async () => {
    const bench = await openBench({ subscriptions: [BOUNCES] });
    const stop = bench.start();
    await bench.read(bounces(bench, 3));
    await bench.time.pass(2 * SECOND);
    await bench.subscriptions.unsubscribe(BOUNCES.channel, { kind: 'all' });
    await bench.time.pass(MINUTE);
    expect(said(bench)).toEqual(['post 3 open', 'update 3 closed']);
    expect(bench.sent.at(-1)?.message).toMatchObject({ subscription: null });
    expect(await bench.store.outbox(10)).toEqual([]);
    await stop();
  });
});
