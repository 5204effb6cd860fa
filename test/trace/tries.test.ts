/** Deliveries that are told in several lines: who is tried, where, and how it ended. */
import { describe, expect, it } from 'vitest';
import type { LogRecord, MtaEvent, Relay, TriedEvent } from '../../src/domain/event.ts';
import { hostName, queueId } from '../../src/domain/ids.ts';
import { createFold } from '../../src/trace/fold.ts';

const OF = { mta: 'newmta', queueId: queueId('A1.1') } as const;
const relay = (host: string): Relay => ({ host, ip: '192.0.2.25', port: null });

const to = (recipient: string): MtaEvent => ({ kind: 'try', ...OF, recipient, relay: null });
const at = (host: string): MtaEvent => ({ kind: 'try', ...OF, recipient: null, relay: relay(host) });
const ended = (status: TriedEvent['status'], facts: Partial<TriedEvent> = {}): MtaEvent => ({
  kind: 'tried',
  ...OF,
  status,
  dsn: null,
  replyCode: null,
  relay: null,
  response: null,
  recipient: null,
  isRemote: null,
  ...facts,
});

type Told = readonly [atMs: number, event: MtaEvent];

/** `address status: relay or agent status, …` of each recipient. */
const fold = (told: readonly Told[]): readonly string[] => {
  const whole = createFold(100);
  for (const [sequence, [timeMs, event]] of told.entries()) {
    const record: LogRecord = {
      host: hostName('nas1'),
      timeMs,
      program: 'newmta',
      pid: null,
      text: '',
      raw: '',
      sequence,
    };
    whole.add(record, [event]);
  }
  return whole.result().transactions.flatMap(({ recipients }) =>
    recipients.map(({ address, status, attempts }) => {
      const tries = attempts.map((each) => `${each.relay?.host ?? each.agent ?? each.by} ${each.status}`);
      return `${address} ${status}: ${tries.join(', ')}`;
    }),
  );
};

describe('what a line about the end of a try does not name', () => {
  it.each<readonly [string, readonly Told[], readonly string[]]>([
    [
      'is of the try before',
      [
        [0, to('kim@x')],
        [1, at('mx1')],
        [2, ended('deferred')],
      ],
      ['kim@x deferred: mx1 deferred'],
    ],
    [
      'is of the relay tried last',
      [
        [0, to('kim@x')],
        [1, at('mx1')],
        [2, at('mx2')],
        [3, ended('sent', { recipient: 'kim@x', isRemote: true })],
      ],
      ['kim@x sent: mx2 sent'],
    ],
    [
      'is of the try it follows, not of one that has ended',
      [
        [0, to('kim@x')],
        [1, at('mx1')],
        [2, ended('deferred')],
        [9, ended('deferred', { isRemote: true })],
      ],
      ['kim@x deferred: mx1 deferred, smtp deferred'],
    ],
    [
      'is told by what the others of the same stamp name',
      [
        [0, ended('sent', { recipient: 'kim@x', isRemote: true })],
        [0, ended('deferred', { relay: relay('mx1'), isRemote: true })],
        [0, at('mx2')],
        [0, at('mx1')],
        [0, to('kim@x')],
      ],
      ['kim@x sent: mx1 deferred, mx2 sent'],
    ],
    [
      'stays unknown where one stamp leaves it open',
      [
        [0, to('kim@x')],
        [0, at('mx1')],
        [0, at('mx2')],
        [0, ended('sent', { isRemote: true })],
      ],
      ['kim@x sent: smtp sent'],
    ],
    [
      'is this host where no relay was tried',
      [
        [0, to('ann')],
        [1, ended('sent')],
      ],
      ['ann sent: local sent'],
    ],
    [
      'is another host where one was',
      [
        [0, to('ann')],
        [1, at('smart')],
        [2, ended('sent')],
      ],
      ['ann sent: smart sent'],
    ],
    [
      'is of every recipient',
      [
        [0, to('ann')],
        [0, { kind: 'recipient', ...OF, recipient: 'ben', originalRecipient: null }],
        [1, ended('bounced')],
      ],
      ['ben bounced: local bounced', 'ann bounced: local bounced'],
    ],
    [
      'is of nobody when nobody is named',
      [
        [0, at('mx1')],
        [1, ended('bounced')],
      ],
      [],
    ],
    [
      'is not known before it ended',
      [
        [0, to('ann')],
        [1, at('mx1')],
      ],
      ['ann in-progress: '],
    ],
  ])('%s', (_, told, expected) => {
    expect(fold(told)).toEqual(expected);
  });

  it('is given up with what is still open', () => {
    const told: readonly Told[] = [
      [0, to('kim@x')],
      [1, at('mx1')],
      [2, ended('deferred')],
      [3, { kind: 'expired', ...OF, sender: null }],
    ];
    expect(fold(told)).toEqual(['kim@x expired: mx1 deferred']);
  });
});
