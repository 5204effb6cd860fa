/** What is sent of a transaction: ids and parents of CONTRACT §3, times, status, and what the spans tell. */
import { describe, expect, it } from 'vitest';
import type { Span } from '../../src/domain/span.ts';
import type { Transaction } from '../../src/domain/transaction.ts';
import {
  deliverySpans,
  hasFailed,
  isEntry,
  isSampled,
  parentOf,
  rootSpan,
  transactionSpan,
} from '../../src/render/spans.ts';
import { CAROL, createLogs, type Logs, MESSAGE_ID, peer, SENDER, T0 } from '../support/postfix-log.ts';
import { fleetDirectory, foldStory, idsOf } from './spans-story.ts';

const MX1 = 'mx1.campus.example';
const GW = 'gw.campus.example';
const OUT = 'out.campus.example';
const PARTNER = 'mx.partner.example[198.51.100.1]:25';
const USER_UNKNOWN =
  'host mx.partner.example[198.51.100.1] said: 550 5.1.1 <bob@partner.example>: User unknown (in reply to RCPT TO command)';

const directory = fleetDirectory();
const iso = (at: number): string => new Date(T0 + Math.round(at * 1000)).toISOString();

const find = (transactions: readonly Transaction[], queueId: string): Transaction => {
  const found = transactions.filter((t) => t.queueId === queueId);
  if (found.length !== 1) throw new Error(`${found.length} transactions are called ${queueId}.`);
  return found[0]!;
};

/** The transaction `queueId` of a story. */
const read = (tell: (logs: Logs) => void, queueId: string): Transaction => {
  const logs = createLogs();
  tell(logs);
  return find(foldStory(logs), queueId);
};

const closed = (transaction: Transaction): Span =>
  transactionSpan(transaction, directory, { isOpen: false, cause: null });

const ids = idsOf(MESSAGE_ID);

describe('the ids of a message with a message-id', () => {
  const story = (logs: Logs): void => {
    logs.on('mx1').gets('A1A1A1A1', 0);
    logs.hop('mx1', 'A1A1A1A1', 'gw', 'B2B2B2B2', { at: 1 });
    logs.on('gw').delivers('B2B2B2B2', 2);
    logs.on('gw').removes('B2B2B2B2', 2.1);
  };

  it('are those of the contract, on the host where it comes in', () => {
    const transaction = read(story, 'A1A1A1A1');
    const [delivery, ...others] = deliverySpans(transaction);
    expect(others).toEqual([]);
    expect([rootSpan(transaction), closed(transaction), delivery!].map(idsAndParent)).toEqual([
      [ids.trace, ids.root, null],
      [ids.trace, ids.transaction(MX1, 'A1A1A1A1'), ids.root],
      [ids.trace, ids.handover('B2B2B2B2'), ids.transaction(MX1, 'A1A1A1A1')],
    ]);
  });

  it('link the next host to the delivery that it has never seen', () => {
    const transaction = read(story, 'B2B2B2B2');
    expect(isEntry(transaction, directory)).toBe(false);
    expect([closed(transaction), ...deliverySpans(transaction)].map(idsAndParent)).toEqual([
      [ids.trace, ids.transaction(GW, 'B2B2B2B2'), ids.handover('B2B2B2B2')],
      [ids.trace, ids.attempt(GW, 'B2B2B2B2', 'local', iso(2)), ids.transaction(GW, 'B2B2B2B2')],
    ]);
  });
});

const idsAndParent = ({ traceId, spanId, parentSpanId }: Span) => [traceId, spanId, parentSpanId];

describe('a message without a message-id', () => {
  it('is a trace of its own on every host', () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { messageId: '' });
    logs.hop('mx1', 'A1A1A1A1', 'gw', 'B2B2B2B2', { at: 1, messageId: '' });
    const transactions = foldStory(logs);
    const first = find(transactions, 'A1A1A1A1');
    const second = find(transactions, 'B2B2B2B2');
    const here = idsOf(null, [MX1, 'A1A1A1A1', iso(0)]);
    const there = idsOf(null, [GW, 'B2B2B2B2', iso(0.8)]);
    expect([rootSpan(first), closed(first), ...deliverySpans(first), closed(second)].map(idsAndParent)).toEqual([
      [here.trace, here.root, null],
      [here.trace, here.transaction(MX1, 'A1A1A1A1'), here.root],
      [here.trace, here.handover('B2B2B2B2'), here.transaction(MX1, 'A1A1A1A1')],
      [there.trace, there.transaction(GW, 'B2B2B2B2'), there.handover('B2B2B2B2')],
    ]);
    expect(closed(first).attributes).not.toHaveProperty('messaging.message.id');
  });
});

describe('the parent of a transaction', () => {
  const arrives = (client: string) => (logs: Logs) => logs.on('gw').gets('B2B2B2B2', 0, { client });
  it.each([
    ['a stranger', arrives('c104.sender.example[192.0.2.104]'), 'root'],
    ['a stranger without a name', arrives('unknown[192.0.2.104]'), 'root'],
    ['a stranger who has a name of ours elsewhere', arrives('mx1.sender.example[192.0.2.104]'), 'root'],
    ['a configured machine, by its full name', arrives(peer('mx1')), 'handover'],
    ['a configured machine, by its short name', arrives('mx1[192.0.2.11]'), 'handover'],
    ['this host by its name', arrives(peer('gw')), 'handover'],
    ['a filter on this host', arrives('localhost[127.0.0.1]'), 'handover'],
    ['a filter on this host, by IPv6', arrives('localhost[::1]'), 'handover'],
    ['a filter on this host that calls itself something else', arrives('amavis.invalid[127.0.0.1]'), 'handover'],
    ['somebody who calls himself localhost', arrives('localhost[192.0.2.104]'), 'root'],
    ['pickup', (logs: Logs) => logs.on('gw').picksUp('B2B2B2B2', 0), 'root'],
    [
      'nobody: the host made it itself',
      (logs: Logs) => logs.on('gw').makes('B2B2B2B2', 0, { messageId: MESSAGE_ID }),
      'root',
    ],
  ])('which came from %s', (_, tell, parent) => {
    const transaction = read(tell, 'B2B2B2B2');
    const expected = parent === 'root' ? ids.root : ids.handover('B2B2B2B2');
    expect(parentOf(transaction, directory)).toBe(expected);
    expect(closed(transaction).parentSpanId).toBe(expected);
    expect(isEntry(transaction, directory)).toBe(parent === 'root');
  });

  it('is a delivery when the client is configured by its address alone', () => {
    const transaction = read(arrives('unknown[192.0.2.77]'), 'B2B2B2B2');
    const canonical = (name: string) => directory.canonical(name === '192.0.2.77' ? MX1 : name);
    expect(parentOf(transaction, { ...directory, canonical })).toBe(ids.handover('B2B2B2B2'));
  });
});

describe('a delivery span', () => {
  const out = (tell: (log: ReturnType<Logs['on']>) => void) => (logs: Logs) => {
    logs.on('out').gets('A1A1A1A1', 0, { nrcpt: 3 });
    tell(logs.on('out'));
  };
  const spansOf = (tell: (log: ReturnType<Logs['on']>) => void) => deliverySpans(read(out(tell), 'A1A1A1A1'));
  const recipientsOf = (spans: readonly Span[]) =>
    spans.map(({ spanId, events }) => [spanId, events.map(({ attributes }) => attributes['email.recipient'])]);

  it('is one for the recipients that went to one relay in one millisecond', () => {
    const spans = spansOf((log) => {
      log.delivers('A1A1A1A1', 1, { to: 'a@partner.example', relay: PARTNER });
      log.delivers('A1A1A1A1', 1, { to: 'b@partner.example', relay: PARTNER });
      log.delivers('A1A1A1A1', 1.001, { to: 'c@partner.example', relay: PARTNER });
    });
    expect(recipientsOf(spans)).toEqual([
      [ids.attempt(OUT, 'A1A1A1A1', 'mx.partner.example', iso(1)), ['a@partner.example', 'b@partner.example']],
      [ids.attempt(OUT, 'A1A1A1A1', 'mx.partner.example', iso(1.001)), ['c@partner.example']],
    ]);
  });

  it('is one for the recipients that got one next queue ID, whatever the millisecond', () => {
    const spans = spansOf((log) => {
      log.handsOn('A1A1A1A1', 1, 'gw', 'B2B2B2B2', { to: 'a@campus.example' });
      log.handsOn('A1A1A1A1', 1.02, 'gw', 'B2B2B2B2', { to: 'b@campus.example' });
      log.handsOn('A1A1A1A1', 1.02, 'gw', 'C3C3C3C3', { to: 'c@campus.example' });
    });
    expect(recipientsOf(spans)).toEqual([
      [ids.handover('B2B2B2B2'), ['a@campus.example', 'b@campus.example']],
      [ids.handover('C3C3C3C3'), ['c@campus.example']],
    ]);
    expect(spans[0]).toMatchObject({ endMs: T0 + 1020 });
  });

  it('says "local" where no relay is named', () => {
    const spans = spansOf((log) => {
      log.delivers('A1A1A1A1', 2, { to: 'b@campus.example', relay: 'local', daemon: 'local' });
      log.delivers('A1A1A1A1', 3, { to: 'c@campus.example', relay: 'none', status: 'deferred', response: 'no route' });
    });
    expect(spans.map(({ spanId, kind }) => [spanId, kind])).toEqual([
      [ids.attempt(OUT, 'A1A1A1A1', 'local', iso(2)), 'internal'],
      [ids.attempt(OUT, 'A1A1A1A1', 'local', iso(3)), 'client'],
    ]);
  });

  it.each([
    [{ host: 'gw.campus.example', ip: '192.0.2.20', port: 25 }, 'gw.campus.example'],
    [{ host: null, ip: '192.0.2.20', port: 25 }, '192.0.2.20'],
    [{ host: null, ip: null, port: null }, 'local'],
    [null, 'local'],
  ])('of relay %j is made with %s', (relay, name) => {
    const transaction = read(
      out((log) => log.delivers('A1A1A1A1', 1)),
      'A1A1A1A1',
    );
    const [recipient] = transaction.recipients;
    const attempt = { ...recipient!.attempts[0]!, relay };
    const [span] = deliverySpans({ ...transaction, recipients: [{ ...recipient!, attempts: [attempt] }] });
    expect(span!.spanId).toBe(ids.attempt(OUT, 'A1A1A1A1', name, iso(1)));
  });

  it('tells each recipient by an event: status, codes, response and all four delays', () => {
    const [span] = spansOf((log) =>
      log.delivers('A1A1A1A1', 5, {
        to: 'bob@partner.example',
        origTo: 'sales@campus.example',
        relay: PARTNER,
        status: 'bounced',
        delay: 4.5,
        delays: '1/2/0.5/1',
        response: USER_UNKNOWN,
      }),
    );
    expect(span!.events).toEqual([
      {
        name: 'email.recipient',
        timeMs: T0 + 5000,
        attributes: {
          'email.recipient': 'bob@partner.example',
          'email.recipient.original': 'sales@campus.example',
          'email.status': 'bounced',
          'email.enhanced_status_code': '5.1.1',
          'email.reply_code': 550,
          'email.response': USER_UNKNOWN,
          'email.delay.total_ms': 4500,
          'email.delay.before_qmgr_ms': 1000,
          'email.delay.in_qmgr_ms': 2000,
          'email.delay.conn_setup_ms': 500,
          'email.delay.transmission_ms': 1000,
        },
      },
    ]);
    expect(span).toMatchObject({
      kind: 'client',
      serviceName: OUT,
      startMs: T0 + 3500,
      endMs: T0 + 5000,
      attributes: {
        'messaging.message.id': MESSAGE_ID,
        'email.sender': SENDER,
        'email.recipients': ['bob@partner.example'],
        'email.queue_id': 'A1A1A1A1',
        'server.address': 'mx.partner.example',
        'server.port': 25,
        'network.peer.address': '198.51.100.1',
        'network.peer.port': 25,
        'network.protocol.name': 'smtp',
        'error.type': '5.1.1',
      },
      error: { text: `bounced 5.1.1: ${USER_UNKNOWN}` },
    });
  });

  it.each([
    ['connecting and sending lie before the line', { delay: 4.5, delays: '1/2/0.5/1' }, 5, 3.5],
    ['but not before the arrival', { delay: 40, delays: '1/2/3/34' }, 5, 0],
    ['time in the queue does not count', { delay: 3600, delays: '3599/1/0/0' }, 3600, 3600],
  ])('starts and ends: %s', (_, facts, at, start) => {
    const [span] = spansOf((log) => log.delivers('A1A1A1A1', at, facts));
    expect([span!.startMs - T0, span!.endMs - T0]).toEqual([start * 1000, at * 1000]);
  });

  it('takes the whole delay where the parts are not logged, and nothing where none is', () => {
    const transaction = read(
      out((log) => log.delivers('A1A1A1A1', 5)),
      'A1A1A1A1',
    );
    const withDelay = (delayMs: number | null, timeMs = T0 + 5000) => {
      const [recipient] = transaction.recipients;
      const attempt = { ...recipient!.attempts[0]!, delaysMs: null, delayMs, timeMs };
      return deliverySpans({ ...transaction, recipients: [{ ...recipient!, attempts: [attempt] }] })[0]!;
    };
    expect(withDelay(2000)).toMatchObject({ startMs: T0 + 3000, endMs: T0 + 5000 });
    expect(withDelay(9000)).toMatchObject({ startMs: T0, endMs: T0 + 5000 });
    expect(withDelay(null)).toMatchObject({ startMs: T0 + 5000, endMs: T0 + 5000 });
    // A clock that was set back: the line is older than the arrival.
    expect(withDelay(2000, T0 - 1000)).toMatchObject({ startMs: T0 - 1000, endMs: T0 - 1000 });
  });

  it('keeps its start when a further recipient of it is read later', () => {
    const first = spansOf((log) => log.handsOn('A1A1A1A1', 1, 'gw', 'B2B2B2B2', { to: 'a@campus.example' }));
    const both = spansOf((log) => {
      log.handsOn('A1A1A1A1', 1, 'gw', 'B2B2B2B2', { to: 'a@campus.example' });
      log.handsOn('A1A1A1A1', 1.5, 'gw', 'B2B2B2B2', { to: 'b@campus.example', delays: '0/0/0/1.4' });
    });
    const identity = ({ spanId, parentSpanId, name, serviceName, startMs }: Span) => [
      spanId,
      parentSpanId,
      name,
      serviceName,
      startMs,
    ];
    expect(both.map(identity)).toEqual(first.map(identity));
  });

  it('holds no more than 128 events; those of failures stay', () => {
    const spans = spansOf((log) => {
      for (let index = 0; index < 200; index++) {
        const fate = index === 190 ? { status: 'bounced', response: USER_UNKNOWN } : {};
        log.delivers('A1A1A1A1', 1, { to: `r${index}@partner.example`, relay: PARTNER, ...fate });
      }
    });
    expect(spans).toHaveLength(1);
    expect(spans[0]!.events).toHaveLength(128);
    expect(spans[0]!.droppedEvents).toBe(72);
    expect(spans[0]!.events.map(({ attributes }) => attributes['email.recipient'])).toContain('r190@partner.example');
    expect(spans[0]!.attributes['email.recipients']).toHaveLength(100);
    expect(spans[0]!.attributes['mailtrace.recipients_left_out']).toBe(100);
  });
});

describe('ERROR', () => {
  const attempt = (facts: object) => (logs: Logs) => {
    logs.on('out').gets('A1A1A1A1', 0);
    logs.on('out').delivers('A1A1A1A1', 1, { relay: PARTNER, ...facts });
  };
  const DEFERRED = { status: 'deferred', response: 'host x[1] said: 450 4.2.0 try later' };
  it.each([
    ['sent', attempt({}), [false, false]],
    ['deferred', attempt(DEFERRED), [false, false]],
    ['bounced', attempt({ status: 'bounced', response: USER_UNKNOWN }), [true, true]],
    [
      'expired by the queue manager',
      (logs: Logs) => {
        attempt(DEFERRED)(logs);
        logs.on('out').line(90, 'qmgr', `A1A1A1A1: from=<${SENDER}>, status=expired, returned to sender`);
      },
      [false, true],
    ],
    [
      'deferred, then sent',
      (logs: Logs) => {
        attempt(DEFERRED)(logs);
        logs.on('out').delivers('A1A1A1A1', 2, { relay: PARTNER });
      },
      [false, false, false],
    ],
    [
      'deferred, then bounced',
      (logs: Logs) => {
        attempt(DEFERRED)(logs);
        logs.on('out').delivers('A1A1A1A1', 2, { relay: PARTNER, status: 'bounced', response: USER_UNKNOWN });
      },
      [false, true, true],
    ],
    [
      'sent to one, bounced for another',
      (logs: Logs) => {
        attempt({})(logs);
        logs.on('out').delivers('A1A1A1A1', 2, { to: 'x@y.example', relay: PARTNER, status: 'bounced' });
      },
      [false, true, true],
    ],
    ['discarded', attempt({ relay: 'none', response: 'silently' }), [false, false]],
  ])('stands where it failed for good, and nowhere else: %s', (_, tell, expected) => {
    const transaction = read(tell, 'A1A1A1A1');
    const spans = [...deliverySpans(transaction), closed(transaction)];
    expect(spans.map(({ error }) => error !== null)).toEqual(expected);
    expect(hasFailed(transaction)).toBe(expected.at(-1));
    expect(rootSpan(transaction).error).toBeNull();
    for (const { error, attributes } of spans) expect('error.type' in attributes).toBe(error !== null);
  });

  it.each(['bounced', 'expired', 'rejected'] as const)('stands on an attempt that was %s', (status) => {
    const transaction = read(attempt({}), 'A1A1A1A1');
    const [recipient] = transaction.recipients;
    const failed = { ...recipient!, status, attempts: [{ ...recipient!.attempts[0]!, status }] };
    const spans = [
      ...deliverySpans({ ...transaction, recipients: [failed] }),
      closed({ ...transaction, recipients: [failed] }),
    ];
    expect(spans.map(({ error }) => error?.text.split(' ', 1)[0])).toEqual([status, status]);
  });
});

describe('a transaction span', () => {
  const story = (logs: Logs): void => {
    const mx1 = logs.on('mx1');
    const client = 'c104.sender.example[192.0.2.104]';
    mx1.line(-0.3, 'smtpd', `connect from ${client}`, 101);
    mx1.line(
      -0.2,
      'smtpd',
      `Anonymous TLS connection established from ${client}: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)`,
      101,
    );
    mx1.gets('A1A1A1A1', 0, { client, sasl: 'ann', size: 4711 });
    mx1.handsOn('A1A1A1A1', 1, 'gw', 'B2B2B2B2');
    mx1.removes('A1A1A1A1', 1.1);
  };

  it('tells who sent what, from where, how encrypted, and what became of it', () => {
    expect(closed(read(story, 'A1A1A1A1'))).toEqual({
      traceId: ids.trace,
      spanId: ids.transaction(MX1, 'A1A1A1A1'),
      parentSpanId: ids.root,
      name: 'email.transaction',
      kind: 'server',
      serviceName: MX1,
      startMs: T0,
      endMs: T0 + 1100,
      attributes: {
        'messaging.message.id': MESSAGE_ID,
        'messaging.message.envelope.size': 4711,
        'email.sender': SENDER,
        'email.recipients': [CAROL],
        'email.recipient_count': 1,
        'email.queue_id': 'A1A1A1A1',
        'email.status': ['sent'],
        'email.client.name': 'c104.sender.example',
        'server.address': MX1,
        'client.address': '192.0.2.104',
        'network.peer.address': '192.0.2.104',
        'user.name': 'ann',
        'tls.protocol.name': 'tls',
        'tls.protocol.version': '1.3',
        'tls.cipher': 'TLS_AES_256_GCM_SHA384',
        'mailtrace.mta': 'postfix',
        'mailtrace.via': 'smtp',
        'mailtrace.state': 'active',
        'mailtrace.removed': true,
      },
      events: [],
      droppedEvents: 0,
      links: [],
      error: null,
    });
  });

  it('says that it is open, and otherwise is the same span as at its end', () => {
    const early = read((logs) => logs.on('mx1').gets('A1A1A1A1', 0), 'A1A1A1A1');
    const open = transactionSpan(early, directory, { isOpen: true, cause: null });
    const atEnd = closed(read(story, 'A1A1A1A1'));
    const identity = ({ spanId, traceId, parentSpanId, name, serviceName, startMs, kind }: Span) => [
      spanId,
      traceId,
      parentSpanId,
      name,
      serviceName,
      startMs,
      kind,
    ];
    expect(identity(open)).toEqual(identity(atEnd));
    expect(open.attributes['mailtrace.open']).toBe(true);
    expect(open.endMs).toBe(T0 + 20);
    expect(atEnd.attributes).not.toHaveProperty('mailtrace.open');
  });

  it('does not take the encryption of another session of the same server process', () => {
    const transaction = read((logs) => {
      const mx1 = logs.on('mx1');
      const client = 'c104.sender.example[192.0.2.104]';
      mx1.line(-9, 'smtpd', `connect from ${client}`, 101);
      mx1.line(
        -8,
        'smtpd',
        `Anonymous TLS connection established from ${client}: TLSv1.3 with cipher X (256/256 bits)`,
        101,
      );
      mx1.line(-7, 'smtpd', `disconnect from ${client}`, 101);
      mx1.line(-1, 'smtpd', `connect from ${client}`, 101);
      mx1.gets('A1A1A1A1', 0, { client });
    }, 'A1A1A1A1');
    expect(closed(transaction).attributes).not.toHaveProperty('tls.protocol.version');
  });

  it('shows by an event what no attempt shows', () => {
    const transaction = read((logs) => {
      logs.on('out').gets('A1A1A1A1', 0);
      logs.on('out').delivers('A1A1A1A1', 1, { relay: PARTNER, status: 'deferred', response: 'timed out' });
      logs.on('out').line(90, 'qmgr', `A1A1A1A1: from=<${SENDER}>, status=expired, returned to sender`);
    }, 'A1A1A1A1');
    expect(closed(transaction).events).toEqual([
      {
        name: 'email.recipient',
        timeMs: T0 + 90_000,
        attributes: { 'email.recipient': CAROL, 'email.status': 'expired' },
      },
    ]);
  });

  it('never ends before it starts', () => {
    const transaction = read(story, 'A1A1A1A1');
    const odd = { ...transaction, lastSeenMs: transaction.arrivedAtMs - 5 };
    expect(closed(odd).endMs).toBe(odd.arrivedAtMs);
    expect(rootSpan(odd).endMs).toBe(odd.arrivedAtMs);
  });

  it('holds no text that a receiver would refuse', () => {
    const transaction = read(story, 'A1A1A1A1');
    const hostile = `a\u0000\u001b[31m\ud800${'é'.repeat(5000)}\udc00`;
    const span = closed({ ...transaction, sender: hostile, client: { name: hostile, ip: null, sasl: hostile } });
    for (const name of ['email.sender', 'email.client.name', 'user.name', 'client.address']) {
      const value = String(span.attributes[name]);
      expect(value.startsWith('a\ufffd\ufffd[31m\ufffdéé')).toBe(true);
      expect(value).toHaveLength(1000);
      expect(Buffer.from(value, 'utf8').toString('utf8')).toBe(value);
    }
  });
});

describe('the root', () => {
  it('has one name and service whatever host it is sent for, and the times of that entry', () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0);
    logs.on('mx1').removes('A1A1A1A1', 1);
    logs.on('out').gets('B2B2B2B2', 60);
    logs.on('out').removes('B2B2B2B2', 62);
    const roots = foldStory(logs).map(rootSpan);
    expect(roots).toHaveLength(2);
    for (const root of roots) {
      expect(root).toMatchObject({
        spanId: ids.root,
        parentSpanId: null,
        name: 'email.delivery',
        serviceName: 'mailtrace',
      });
    }
    expect(roots.map(({ startMs, endMs }) => [startMs - T0, endMs - T0])).toEqual([
      [0, 1000],
      [60_000, 62_000],
    ]);
  });
});

describe('a bounce', () => {
  it('is a trace of its own with a link to the transaction that it is about', () => {
    const logs = createLogs();
    logs.on('out').gets('A1A1A1A1', 0);
    logs.on('out').delivers('A1A1A1A1', 1, { relay: PARTNER, status: 'bounced', response: USER_UNKNOWN });
    logs.on('out').line(1.1, 'bounce', 'A1A1A1A1: sender non-delivery notification: B2B2B2B2');
    logs.on('out').makes('B2B2B2B2', 1.05, { messageId: 'b2@out.campus.example' });
    const transactions = foldStory(logs);
    const cause = find(transactions, 'A1A1A1A1');
    const [notice] = cause.notices;
    const bounce = find(transactions, notice!.queueId);
    const span = transactionSpan(bounce, directory, {
      isOpen: false,
      cause: { transaction: cause, kind: notice!.kind },
    });
    const own = idsOf('b2@out.campus.example');
    expect(idsAndParent(span)).toEqual([own.trace, own.transaction(OUT, 'B2B2B2B2'), own.root]);
    expect(span.kind).toBe('internal');
    expect(span.links).toEqual([
      {
        traceId: ids.trace,
        spanId: ids.transaction(OUT, 'A1A1A1A1'),
        attributes: { 'mailtrace.relation': 'bounce-of', 'email.queue_id': 'A1A1A1A1' },
      },
    ]);
  });
});

describe('sampling', () => {
  const identities = Array.from({ length: 20_000 }, (_, index) => ({
    ...read((logs) => logs.on('mx1').gets('A1A1A1A1', 0), 'A1A1A1A1'),
    messageId: `${index}@sender.example` as Transaction['messageId'],
  }));

  it('takes all at 1 and none at 0', () => {
    expect(identities.every((identity) => isSampled(identity, 1))).toBe(true);
    expect(identities.some((identity) => isSampled(identity, 0))).toBe(false);
  });

  it.each([0.01, 0.1, 0.5])('takes its share at %d', (share) => {
    const taken = identities.filter((identity) => isSampled(identity, share)).length / identities.length;
    // Four standard deviations of a fair draw.
    expect(Math.abs(taken - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / identities.length));
  });

  it('decides by the message-id alone, and keeps at a larger share what it took at a smaller', () => {
    for (const identity of identities.slice(0, 2000)) {
      const elsewhere = { ...identity, host: directory.canonical('gw'), arrivedAtMs: 0 };
      expect(isSampled(elsewhere, 0.3)).toBe(isSampled(identity, 0.3));
      if (isSampled(identity, 0.1)) expect(isSampled(identity, 0.3)).toBe(true);
    }
  });
});
