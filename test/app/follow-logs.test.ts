/** What is sent when, and what survives: rounds with a clock of the test's own. */
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../src/domain/event.ts';
import { parseMessageId } from '../../src/domain/ids.ts';
import type { Span } from '../../src/domain/span.ts';
import { MailtraceError } from '../../src/errors.ts';
import { idsOf } from '../render/spans-story.ts';
import { createDisk, DAY, HOUR, MINUTE, recordsOf, SECOND, startFollowing } from '../support/follow-bench.ts';
import { createLogs, FLEET, fullName, type Logs, MESSAGE_ID, peer, T0 } from '../support/postfix-log.ts';

const PARTNER = 'mx.partner.example[198.51.100.1]:25';
const MX1 = fullName('mx1');
const ids = idsOf(MESSAGE_ID);

const story = (tell: (logs: Logs) => void): readonly LogRecord[] => {
  const logs = createLogs();
  tell(logs);
  return recordsOf(logs);
};

/** Name, state and failure: `email.transaction open`, `email.attempt error`. */
const words = ({ name, attributes, error }: Span): string =>
  [name, ...(attributes['mailtrace.open'] === true ? ['open'] : []), ...(error === null ? [] : ['error'])].join(' ');

const wordsOf = (spans: readonly Span[]): readonly string[] => spans.map(words);

/** Lines between these seconds of the story. */
const between = (records: readonly LogRecord[], fromS: number, toS = Number.POSITIVE_INFINITY): readonly LogRecord[] =>
  records.filter(({ timeMs }) => timeMs >= T0 + fromS * SECOND && timeMs < T0 + toS * SECOND);

const received = (logs: Logs, id = 'A1AAAAA', facts = {}): void => logs.on('mx1').gets(id, 0, facts);

describe('a message that comes in one poll', () => {
  it('is a root, a transaction and its delivery, under the ids of the contract', async () => {
    const records = story((logs) => {
      received(logs);
      logs.on('mx1').handsOn('A1AAAAA', 1, 'gw', 'B1BBBBB');
      logs.on('mx1').removes('A1AAAAA', 1.01);
    });
    const bench = startFollowing();
    const spans = await bench.feed(records, { atMs: T0 + 2 * SECOND });
    expect(wordsOf(spans)).toEqual(['email.attempt', 'email.transaction', 'email.delivery']);
    const [attempt, transaction, root] = spans;
    expect(attempt).toMatchObject({
      traceId: ids.trace,
      spanId: ids.handover('B1BBBBB'),
      parentSpanId: transaction?.spanId,
    });
    expect(transaction).toMatchObject({
      spanId: ids.transaction(MX1, 'A1AAAAA'),
      parentSpanId: ids.root,
      endMs: T0 + 1010,
    });
    expect(root).toMatchObject({ spanId: ids.root, parentSpanId: null, startMs: T0 });
    expect(await bench.feed([], { atMs: T0 + HOUR })).toEqual([]);
    await bench.stop();
  });

  it('hangs under the delivery that brought it, when its client is ours', async () => {
    const records = story((logs) => {
      logs.hop('mx1', 'A1AAAAA', 'gw', 'B1BBBBB');
      logs.on('gw').delivers('B1BBBBB', 2);
      logs.on('gw').removes('B1BBBBB', 2.01);
    });
    const bench = startFollowing();
    const spans = await bench.feed(records, { atMs: T0 + HOUR });
    const next = spans.find(({ spanId }) => spanId === ids.transaction(fullName('gw'), 'B1BBBBB'));
    expect(next?.parentSpanId).toBe(ids.handover('B1BBBBB'));
    await bench.stop();
  });

  it('is known as ours by its address, once a log has paired that with its name', async () => {
    const records = story((logs) => {
      logs.on('gw').gets('B1BBBBB', 5, { client: `unknown[${FLEET['mx1']}]` });
      logs.on('gw').delivers('B1BBBBB', 6);
      logs.on('gw').removes('B1BBBBB', 6.01);
      logs.on('mx2').gets('C1CCCCC', 0, { client: peer('mx1'), messageId: 'other@sender.example' });
    });
    const bench = startFollowing();
    const spans = await bench.feed(records, { atMs: T0 + MINUTE });
    expect(spans.find(({ spanId }) => spanId === ids.transaction(fullName('gw'), 'B1BBBBB'))?.parentSpanId).toBe(
      ids.handover('B1BBBBB'),
    );
    await bench.stop();
  });
});

describe('a delivery that is logged later', () => {
  const records = story((logs) => {
    received(logs);
    logs.on('mx1').delivers('A1AAAAA', 1, { relay: 'none', status: 'deferred', dsn: '4.4.1', response: 'timed out' });
    logs.on('mx1').handsOn('A1AAAAA', 3 * 86_400, 'gw', 'B1BBBBB');
    logs.on('mx1').removes('A1AAAAA', 3 * 86_400 + 0.01);
  });
  const early = between(records, 0, HOUR / SECOND);
  const late = between(records, HOUR / SECOND);

  it('lands in its transaction three days later, and so over a restart', async () => {
    for (const isRestarted of [false, true]) {
      const disk = createDisk();
      const first = startFollowing({ disk });
      expect(wordsOf(await first.feed(early, { atMs: T0 + 2 * SECOND }))).toEqual(['email.attempt']);
      expect(wordsOf(await first.feed([], { atMs: T0 + 299 * SECOND }))).toEqual([]);
      const held = await first.feed([], { atMs: T0 + 301 * SECOND });
      expect(wordsOf(held)).toEqual(['email.transaction open', 'email.delivery']);
      if (isRestarted) await first.stop();
      const second = isRestarted ? startFollowing({ disk }) : first;
      const spans = await second.feed(late, { atMs: T0 + 3 * DAY + MINUTE });
      expect(wordsOf(spans)).toEqual(['email.attempt']);
      expect(spans[0]).toMatchObject({
        spanId: ids.handover('B1BBBBB'),
        parentSpanId: ids.transaction(MX1, 'A1AAAAA'),
      });
      expect(wordsOf(await second.feed([], { atMs: T0 + 3 * DAY + HOUR }))).toEqual([]);
      expect(await disk.index.countOpen()).toBe(0);
      const [stored] = await disk.index.findByMessageIds([records[0]!.text as never, MESSAGE_ID as never], 9);
      expect(stored).toMatchObject({ queueId: 'A1AAAAA', removed: true, arrivedAtMs: T0 });
      expect(stored?.recipients[0]?.attempts).toHaveLength(2);
      await second.stop();
    }
  });

  it('that fails for good after it was sent as open sends the transaction a second time, with an error', async () => {
    const bounced = story((logs) => {
      received(logs);
      logs
        .on('mx1')
        .delivers('A1AAAAA', 600, { relay: PARTNER, status: 'bounced', response: '550 5.1.1 no such user' });
      logs.on('mx1').removes('A1AAAAA', 600.01);
    });
    const bench = startFollowing();
    await bench.feed(between(bounced, 0, 600), { atMs: T0 + SECOND });
    const [open] = await bench.feed([], { atMs: T0 + 301 * SECOND });
    const spans = await bench.feed(between(bounced, 600), { atMs: T0 + 601 * SECOND });
    expect(wordsOf(spans)).toEqual(['email.attempt error', 'email.transaction error']);
    const again = ({ spanId, parentSpanId, name, serviceName, startMs }: Span) => ({
      spanId,
      parentSpanId,
      name,
      serviceName,
      startMs,
    });
    expect(again(spans[1]!)).toEqual(again(open!));
    expect(await bench.feed([], { atMs: T0 + DAY })).toEqual([]);
    await bench.stop();
  });
});

describe('a transaction of which lines are missing', () => {
  it('waits twenty seconds for those that come late', async () => {
    const records = story((logs) => {
      logs.on('mx1').gets('A1AAAAA', 0, { nrcpt: 2 });
      logs.on('mx1').handsOn('A1AAAAA', 1, 'gw', 'B1BBBBB', { to: 'a@campus.example' });
      logs.on('mx1').handsOn('A1AAAAA', 2, 'gw', 'B2BBBBB', { to: 'b@campus.example' });
      logs.on('mx1').removes('A1AAAAA', 2.5);
    });
    const late = records.filter(({ text }) => text.includes('B1BBBBB'));
    const bench = startFollowing();
    const first = await bench.feed(
      records.filter((record) => !late.includes(record)),
      { atMs: T0 + 3 * SECOND },
    );
    expect(wordsOf(first)).toEqual(['email.attempt']);
    expect(await bench.feed([], { atMs: T0 + 20 * SECOND })).toEqual([]);
    const second = await bench.feed(late, { atMs: T0 + 21 * SECOND });
    expect(wordsOf(second)).toEqual(['email.attempt', 'email.transaction', 'email.delivery']);
    await bench.stop();
  });

  it('is sent without them when they do not come', async () => {
    const records = story((logs) => {
      logs.on('mx1').gets('A1AAAAA', 0, { nrcpt: 2 });
      logs.on('mx1').handsOn('A1AAAAA', 1, 'gw', 'B1BBBBB');
      logs.on('mx1').removes('A1AAAAA', 2);
    });
    const bench = startFollowing();
    expect(wordsOf(await bench.feed(records, { atMs: T0 + 3 * SECOND }))).toEqual(['email.attempt']);
    expect(wordsOf(await bench.feed([], { atMs: T0 + 23_001 }))).toEqual(['email.transaction', 'email.delivery']);
    await bench.stop();
  });

  it('waits as long when all lines come later than they are stamped', async () => {
    const records = story((logs) => {
      received(logs);
      logs.on('mx1').handsOn('A1AAAAA', 1, 'gw', 'B1BBBBB');
      logs.on('mx1').removes('A1AAAAA', 1.01);
    });
    const late = records.filter(({ text }) => text.includes('message-id='));
    const bench = startFollowing();
    const others = records.filter((record) => !late.includes(record));
    expect(await bench.feed(others, { atMs: T0 + HOUR })).toEqual([]);
    expect(await bench.feed([], { atMs: T0 + HOUR + 10 * SECOND })).toEqual([]);
    const spans = await bench.feed(late, { atMs: T0 + HOUR + 11 * SECOND });
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([ids.trace]));
    await bench.stop();
  });

  it('waits for its message-id, so that it is not taken for a trace of its own', async () => {
    const records = story((logs) => {
      received(logs);
      logs.on('mx1').delivers('A1AAAAA', 1, { relay: 'none', status: 'deferred', dsn: '4.4.1', response: 'timed out' });
    });
    const late = records.filter(({ text }) => text.includes('message-id='));
    const bench = startFollowing();
    expect(
      await bench.feed(
        records.filter((record) => !late.includes(record)),
        { atMs: T0 + 2 * SECOND },
      ),
    ).toEqual([]);
    const [attempt] = await bench.feed(late, { atMs: T0 + 17 * SECOND });
    expect(attempt).toMatchObject({ traceId: ids.trace, name: 'email.attempt' });
    await bench.stop();
  });

  it('is a trace of its own when it has none, the same over a restart', async () => {
    const records = story((logs) => {
      received(logs, 'A1AAAAA', { messageId: '' });
      logs.on('mx1').delivers('A1AAAAA', 1, { relay: 'none', status: 'deferred', dsn: '4.4.1', response: 'timed out' });
      logs.on('mx1').delivers('A1AAAAA', 900, { relay: PARTNER });
      logs.on('mx1').removes('A1AAAAA', 900.01);
    });
    const own = idsOf(null, [MX1, 'A1AAAAA', new Date(T0).toISOString()]);
    const disk = createDisk();
    const first = startFollowing({ disk });
    await first.feed(between(records, 0, 600), { atMs: T0 + 2 * SECOND });
    await first.feed([], { atMs: T0 + 400 * SECOND });
    await first.stop();
    const second = startFollowing({ disk });
    await second.feed(between(records, 600), { atMs: T0 + 901 * SECOND });
    expect(wordsOf(disk.spans)).toEqual(['email.attempt', 'email.transaction open', 'email.delivery', 'email.attempt']);
    expect(new Set(disk.spans.map(({ traceId }) => traceId))).toEqual(new Set([own.trace]));
    expect(disk.spans[1]).toMatchObject({ spanId: own.transaction(MX1, 'A1AAAAA'), parentSpanId: own.root });
    await second.stop();
  });
});

describe('what is no mail', () => {
  it('leaves no span: a client that went away, however long it took', async () => {
    const records = story((logs) => {
      const mx1 = logs.on('mx1');
      mx1.line(0, 'smtpd', 'connect from c104.sender.example[192.0.2.104]', 101);
      mx1.line(0.1, 'smtpd', 'A1AAAAA: client=c104.sender.example[192.0.2.104]', 101);
      mx1.line(0.2, 'cleanup', `A1AAAAA: message-id=<${MESSAGE_ID}>`);
      mx1.line(700, 'smtpd', 'lost connection after DATA (1200 bytes) from c104.sender.example[192.0.2.104]', 101);
      mx1.line(700, 'smtpd', 'disconnect from c104.sender.example[192.0.2.104] ehlo=1 mail=1 rcpt=1 data=0/1', 101);
    });
    const disk = createDisk();
    const bench = startFollowing({ disk });
    await bench.feed(between(records, 0, 600), { atMs: T0 + SECOND });
    await bench.feed([], { atMs: T0 + 400 * SECOND });
    expect(await disk.index.countOpen()).toBe(1);
    await bench.feed(between(records, 600), { atMs: T0 + 701 * SECOND });
    await bench.feed([], { atMs: T0 + 800 * SECOND });
    expect(disk.spans).toEqual([]);
    expect(await disk.index.countOpen()).toBe(0);
    expect(disk.alerts.flatMap(({ aborted }) => aborted)).toMatchObject([
      { queueId: 'A1AAAAA', text: 'lost connection after DATA from c104.sender.example[192.0.2.104]' },
    ]);
    await bench.stop();
  });
});

describe('a bounce', () => {
  it('is a trace of its own, linked to its cause, whichever is read first', async () => {
    const records = story((logs) => {
      received(logs);
      logs.on('mx1').delivers('A1AAAAA', 1, { relay: PARTNER, status: 'bounced', response: '550 5.1.1 no such user' });
      logs.on('mx1').makes('F1FFFFF', 1.1);
      logs.on('mx1').line(1.2, 'bounce', 'A1AAAAA: sender non-delivery notification: F1FFFFF');
      logs.on('mx1').removes('A1AAAAA', 1.21);
      logs.on('mx1').delivers('F1FFFFF', 1.3, { relay: PARTNER, to: 'ann@sender.example' });
      logs.on('mx1').removes('F1FFFFF', 1.31);
    });
    const notice = records.filter(({ text }) => text.includes('notification'));
    const others = records.filter((record) => !notice.includes(record));
    const orders = [[records], [others, notice], [notice, others]];
    for (const order of orders) {
      const disk = createDisk();
      const bench = startFollowing({ disk });
      for (const [at, batch] of order.entries()) await bench.feed(batch, { atMs: T0 + (2 + at) * SECOND });
      await bench.feed([], { atMs: T0 + 30 * SECOND });
      const bounce = disk.spans.find(
        ({ spanId }) => spanId === idsOf('F1FFFFF@mailer.example').transaction(MX1, 'F1FFFFF'),
      );
      expect(bounce?.links).toMatchObject([{ traceId: ids.trace, spanId: ids.transaction(MX1, 'A1AAAAA') }]);
      await bench.stop();
    }
  });
});

describe('catching up', () => {
  const records = story((logs) => {
    received(logs);
    logs.on('mx1').delivers('A1AAAAA', 2 * 3600, { relay: PARTNER });
    logs.on('mx1').removes('A1AAAAA', 2 * 3600 + 0.01);
  });

  it('takes nothing for open whose end stands further on in the backlog', async () => {
    const bench = startFollowing();
    const atMs = T0 + DAY;
    expect(await bench.feed(between(records, 0, 60), { atMs, isCaughtUp: false })).toEqual([]);
    const spans = await bench.feed(between(records, 60), { atMs, isCaughtUp: true });
    expect(wordsOf(spans)).toEqual(['email.attempt', 'email.transaction', 'email.delivery']);
    expect(spans[1]?.attributes['mailtrace.open']).toBeUndefined();
    await bench.stop();
  });

  it('takes for open what the log of its host has left behind', async () => {
    const further = story((logs) => logs.on('mx1').gets('A2AAAAA', 7000, { messageId: 'm2@sender.example' }));
    const bench = startFollowing();
    const atMs = T0 + DAY;
    await bench.feed(between(records, 0, 60), { atMs, isCaughtUp: false });
    const spans = await bench.feed(further, { atMs, isCaughtUp: false });
    expect(wordsOf(spans)).toEqual(['email.transaction open', 'email.delivery']);
    await bench.stop();
  });

  it('waits for a host whose log cannot be read, for a quarter of an hour', async () => {
    const faults = [{ host: records[0]!.host, status: 'unreachable' as const, error: 'down' }];
    const bench = startFollowing();
    await bench.feed(between(records, 0, 60), { atMs: T0 + SECOND });
    await bench.feed([], { atMs: T0 + MINUTE, faults });
    expect(await bench.feed([], { atMs: T0 + 10 * MINUTE, faults })).toEqual([]);
    expect(wordsOf(await bench.feed([], { atMs: T0 + 17 * MINUTE, faults }))).toEqual([
      'email.transaction open',
      'email.delivery',
    ]);
    await bench.stop();
  });
});

describe('the end of following a transaction', () => {
  it('comes five minutes after its removal; a line that comes even later does not begin another one', async () => {
    const records = story((logs) => {
      received(logs);
      logs.on('mx1').delivers('A1AAAAA', 1, { relay: PARTNER });
      logs.on('mx1').removes('A1AAAAA', 1.01);
    });
    const late = story((logs) =>
      logs.on('mx1').delivers('A1AAAAA', 0.9, { relay: PARTNER, to: 'eve@partner.example' }),
    );
    const disk = createDisk();
    const bench = startFollowing({ disk });
    await bench.feed(records, { atMs: T0 + 2 * SECOND });
    await bench.feed([], { atMs: T0 + 300 * SECOND });
    expect(await disk.index.countOpen()).toBe(1);
    await bench.feed([], { atMs: T0 + 302 * SECOND });
    expect(await disk.index.countOpen()).toBe(0);
    expect(await bench.feed(late, { atMs: T0 + 400 * SECOND })).toEqual([]);
    expect(bench.metric('mailtrace_late_lines_total')).toBe(1);
    expect(disk.alerts.at(-1)?.transactions).toMatchObject([{ queueId: 'A1AAAAA', messageId: MESSAGE_ID }]);
    await bench.feed([], { atMs: T0 + DAY });
    expect(disk.spans).toHaveLength(3);
    await bench.stop();
  });

  it('comes when nothing is logged for the follow limit, six days', async () => {
    const records = story((logs) => {
      received(logs);
      logs.on('mx1').delivers('A1AAAAA', 1, { relay: 'none', status: 'deferred', dsn: '4.4.1', response: 'timed out' });
    });
    const disk = createDisk();
    const bench = startFollowing({ disk });
    await bench.feed(records, { atMs: T0 + 2 * SECOND });
    await bench.feed([], { atMs: T0 + 301 * SECOND });
    await bench.feed([], { atMs: T0 + 6 * DAY - MINUTE });
    expect(await disk.index.countOpen()).toBe(1);
    await bench.feed([], { atMs: T0 + 6 * DAY + 2 * HOUR });
    expect(await disk.index.countOpen()).toBe(0);
    expect(wordsOf(disk.spans)).toEqual(['email.attempt', 'email.transaction open', 'email.delivery']);
    await bench.stop();
  });

  it('leaves a record that is kept for index.retention', async () => {
    const records = story((logs) => {
      received(logs);
      logs.on('mx1').delivers('A1AAAAA', 1, { relay: PARTNER });
      logs.on('mx1').removes('A1AAAAA', 1.01);
    });
    const disk = createDisk();
    const bench = startFollowing({ disk, retentionMs: 30 * DAY });
    const isKept = async (): Promise<boolean> =>
      (await disk.index.findByMessageIds([parseMessageId(MESSAGE_ID)!], 10)).length > 0;
    await bench.feed(records, { atMs: T0 + 2 * SECOND });
    await bench.feed([], { atMs: T0 + HOUR });
    await bench.feed([], { atMs: T0 + 30 * DAY - MINUTE });
    expect(await isKept()).toBe(true);
    await bench.feed([], { atMs: T0 + 30 * DAY + 2 * HOUR });
    expect(await isKept()).toBe(false);
    await bench.stop();
  });

  it('does not come while its lines may have to be read again', async () => {
    const records = story((logs) => {
      received(logs);
      logs.on('mx1').delivers('A1AAAAA', 1, { relay: PARTNER });
      logs.on('mx1').removes('A1AAAAA', 1.01);
    });
    const disk = createDisk();
    const first = startFollowing({ disk });
    await first.feed(between(records, 0, 0.5), { atMs: T0 + SECOND });
    const seen = await first.feed(between(records, 0.5), { atMs: T0 + HOUR });
    // The index was written, the checkpoint was not: the last lines come again.
    first.kill();
    const second = startFollowing({ disk });
    expect(await second.feed(between(records, 0.5), { atMs: T0 + HOUR })).toEqual([]);
    await second.feed([], { atMs: T0 + DAY });
    expect(disk.spans).toHaveLength(seen.length);
    await second.stop();
  });
});

describe('a checkpoint', () => {
  it('waits for the other part of a line that was cut', async () => {
    const part = (text: string, sequence: number): LogRecord => {
      const [record] = story((logs) => logs.on('mx1').removes('A1AAAAA', 1));
      return { ...record!, program: 'amavis', text: `(00237-03) ${text}`, sequence };
    };
    const head = part('Passed CLEAN {RelayedInbound}, [192.0.2.1] <a@example.org> -> <b@example.com>,...', 1);
    const tail = part('...<c@example.com>, Queue-ID: A1AAAAA, mail_id: abcDEF123456, Hits: -1, queued_as: A2AAAAA', 2);
    const disk = createDisk();
    const bench = startFollowing({ disk });
    await bench.feed([head], { atMs: T0 + 2 * SECOND });
    expect([...(await disk.state.positions('file'))]).toEqual([]);
    await bench.feed([tail], { atMs: T0 + 3 * SECOND });
    expect([...(await disk.state.positions('file'))]).toEqual([['all', '2']]);
    const transactions = disk.alerts.flatMap((batch) => batch.transactions);
    expect(transactions.at(-1)).toMatchObject({ mta: 'amavis', queueId: 'abcDEF123456', reinjectedFrom: 'A1AAAAA' });
    expect(transactions.at(-1)?.recipients.map(({ address }) => address)).toEqual(['b@example.com', 'c@example.com']);
    await bench.stop();
  });
});

describe('sampling', () => {
  const delivered = story((logs) => {
    received(logs);
    logs.on('mx1').handsOn('A1AAAAA', 1, 'gw', 'B1BBBBB');
    logs.on('mx1').removes('A1AAAAA', 1.01);
  });
  const failed = story((logs) => {
    received(logs);
    logs.on('mx1').delivers('A1AAAAA', 1, { relay: 'none', status: 'deferred', dsn: '4.4.1', response: 'timed out' });
    logs.on('mx1').delivers('A1AAAAA', 600, { relay: PARTNER, status: 'bounced', response: '550 5.1.1 no such user' });
    logs.on('mx1').removes('A1AAAAA', 600.01);
  });

  it('sends nothing of what is left out, and all of what failed', async () => {
    const bench = startFollowing({ share: 0 });
    expect(await bench.feed(delivered, { atMs: T0 + MINUTE })).toEqual([]);
    await bench.stop();
    const other = startFollowing({ share: 0 });
    expect(await other.feed(between(failed, 0, 500), { atMs: T0 + MINUTE })).toEqual([]);
    expect(await other.feed([], { atMs: T0 + 301 * SECOND })).toEqual([]);
    expect(wordsOf(await other.feed(between(failed, 500), { atMs: T0 + 601 * SECOND }))).toEqual([
      'email.attempt',
      'email.attempt error',
      'email.transaction error',
      'email.delivery',
    ]);
    await other.stop();
  });
});

describe('sinks that fail', () => {
  const records = story((logs) => {
    received(logs);
    logs.on('mx1').handsOn('A1AAAAA', 1, 'gw', 'B1BBBBB');
    logs.on('mx1').removes('A1AAAAA', 1.01);
  });

  it('get the same again until they take it, and are said to fail meanwhile', async () => {
    const disk = createDisk();
    let failures = 3;
    const write: typeof disk.index.write = async (changes) => {
      if (failures-- > 0) throw new MailtraceError('config', 'The disk is full.', 'Make room.');
      await disk.index.write(changes);
    };
    const bench = startFollowing({ disk, index: { write } });
    await bench.feed(records, { atMs: T0 + MINUTE });
    expect(disk.spans).toHaveLength(3);
    expect(await disk.index.countOpen()).toBe(1);
    expect(bench.metric('mailtrace_sink_failures_total')).toBe(3);
    expect(bench.readiness()).toEqual({ isReady: true, reasons: [] });
    await bench.stop();
  });

  it('do not hold up the end: what was not committed is read again', async () => {
    const disk = createDisk();
    const write = (): Promise<void> => Promise.reject(new MailtraceError('config', 'The disk is full.', 'Make room.'));
    const bench = startFollowing({ disk, index: { write } });
    void bench.feed(records, { atMs: T0 + MINUTE });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(bench.readiness()).toEqual({ isReady: false, reasons: ['index: The disk is full. Make room.'] });
    await bench.stop();
    expect(await disk.state.positions('file')).toEqual(new Map());
  });

  it('that have a fault of ours end it', async () => {
    const bench = startFollowing({ sink: { send: () => Promise.reject(new TypeError('a bug')) } });
    bench.feed(records, { atMs: T0 + MINUTE }).catch(() => {});
    await expect(bench.ended).rejects.toThrow('a bug');
  });
});

describe('the checkpoint', () => {
  it('is committed with the round, and not without need', async () => {
    const disk = createDisk();
    let commits = 0;
    const commit: typeof disk.state.commit = async (changes) => {
      commits++;
      await disk.state.commit(changes);
    };
    const bench = startFollowing({ disk: { ...disk, state: { ...disk.state, commit } } });
    await bench.feed(
      story((logs) => received(logs)),
      { atMs: T0, positions: new Map([['mail.log', '17']]) },
    );
    await bench.feed([], { atMs: T0 + SECOND, positions: new Map() });
    expect(commits).toBe(1);
    expect(await disk.state.positions('file')).toEqual(new Map([['mail.log', '17']]));
    await bench.stop();
  });
});
