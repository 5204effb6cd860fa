/**
 * What every TransactionIndex promises (src/app/ports.ts). An adapter passes by calling `testTransactionIndex` with a way to
 * open an empty one.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IndexChanges, TransactionIndex, TransactionRecord } from '../../src/app/ports.ts';
import {
  hostName,
  type MessageId,
  parseMessageId,
  queueId,
  type RecordRef,
  transactionRecordKey,
} from '../../src/domain/ids.ts';
import type { DeliveryAttempt, Recipient, Transaction } from '../../src/domain/transaction.ts';

export type IndexMaker = Readonly<{
  /** A new, empty index. */
  open: () => Promise<TransactionIndex>;
  /** Closes `index` and opens the same again; null: it lives in memory only. */
  reopen: ((index: TransactionIndex) => Promise<TransactionIndex>) | null;
  /** Takes away what `open` made. */
  remove: () => Promise<void>;
}>;

const T0 = Date.parse('2026-11-21T09:00:00.123Z');

/** Log text is hostile: SQL, JSON, wildcards, what UTF-8 cannot say, and length. */
const HOSTILE = `it's "quoted"); DROP TABLE transactions; -- \\ %_*? \u0000 \u2028 \ud800 grüße 日本語 😀 ${'x'.repeat(20_000)}`;

const messageId = (text: string): MessageId => {
  const id = parseMessageId(text);
  if (id === null) throw new Error('A message-id is needed.');
  return id;
};

export const attempt = (changes: Partial<DeliveryAttempt> = {}): DeliveryAttempt => ({
  timeMs: T0 + 300,
  status: 'sent',
  dsn: '2.0.0',
  replyCode: 250,
  relay: { host: 'lists1.campus.example', ip: '10.20.0.30', port: 25 },
  response: '250 2.0.0 Ok: queued as 2D6F4546A3F',
  delayMs: 310,
  delaysMs: [10, 0, 20, 280],
  nextQueueId: queueId('2D6F4546A3F'),
  nextQueueIds: [queueId('2D6F4546A3F')],
  nextIs: 'relay',
  by: 'smtp',
  agent: null,
  ...changes,
});

export const recipient = (address: string, changes: Partial<Recipient> = {}): Recipient => ({
  address,
  originalAddress: null,
  status: 'sent',
  attempts: [attempt()],
  ...changes,
});

export const transaction = (id: string, changes: Partial<Transaction> = {}): Transaction => ({
  host: hostName('mx1.campus.example'),
  queueId: queueId(id),
  mta: 'postfix',
  messageId: messageId(`<${id}@x.example>`),
  sender: 'ann@sender.example',
  client: { name: 'c104.sender.example', ip: '198.51.100.104', sasl: null },
  via: 'smtp',
  sizeBytes: 1234,
  recipientCount: 1,
  arrivedAtMs: T0,
  hasArrival: true,
  firstSeenMs: T0,
  lastSeenMs: T0 + 400,
  removed: false,
  recipients: [recipient('bob@campus.example')],
  filters: [{ source: 'rspamd', action: 'reject', score: 15.2 }],
  notices: [],
  reinjectedFrom: null,
  requeuedFrom: null,
  causedBy: null,
  isProbe: false,
  state: 'active',
  ...changes,
});

export const record = (
  it: Transaction,
  changes: Partial<Omit<TransactionRecord, 'key' | 'transaction'>> = {},
): TransactionRecord => ({
  key: transactionRecordKey(it),
  transaction: it,
  state: 'open',
  resume: JSON.stringify({ of: it.queueId }),
  ...changes,
});

const changes = (some: Partial<IndexChanges>): IndexChanges => ({ put: [], remove: [], close: [], ...some });

const pairOf = ({ transaction: { host, queueId: id } }: TransactionRecord) => ({ host, queueId: id });
export const refOf = ({ key, transaction: { host, queueId } }: TransactionRecord): RecordRef => ({
  key,
  host,
  queueId,
});
const refsOf = (records: readonly TransactionRecord[]): RecordRef[] => records.map(refOf);
const byKey = (records: readonly TransactionRecord[]): TransactionRecord[] =>
  records.toSorted((a, b) => (a.key < b.key ? -1 : 1));
const FIRST_PAGE = { arrivedBeforeMs: Number.MAX_SAFE_INTEGER, after: null, limit: 100_000 };

const many = (count: number, prefix = 'Q'): TransactionRecord[] =>
  Array.from({ length: count }, (_, index) => record(transaction(`${prefix}${index}`, { arrivedAtMs: T0 + index })));

export const testTransactionIndex = (name: string, { open, reopen, remove }: IndexMaker): void => {
  describe(`${name} as a TransactionIndex`, () => {
    let index: TransactionIndex;

    beforeEach(async () => {
      index = await open();
    });

    afterEach(async () => {
      await index.close();
      await remove();
    });

    const open1 = async (): Promise<readonly TransactionRecord[]> => index.listOpen(FIRST_PAGE);

    it('begins empty', async () => {
      const pair = pairOf(record(transaction('Q1')));
      expect(await index.findOpen([])).toEqual([]);
      expect(await index.findOpen([pair])).toEqual([]);
      expect(await index.findClosed([pair])).toEqual([]);
      expect(await open1()).toEqual([]);
      expect(await index.countOpen()).toBe(0);
      expect(await index.findByMessageIds([messageId('<a@b>')], 5)).toEqual([]);
      await index.write(changes({}));
    });

    const absent: Partial<Transaction> = {
      messageId: null,
      sender: null,
      client: null,
      via: null,
      sizeBytes: null,
      recipientCount: null,
      recipients: [],
      filters: [],
    };
    const deferred = attempt({ status: 'deferred', dsn: '4.4.1', relay: null, delayMs: null, delaysMs: null });
    it.each<readonly [string, Partial<Transaction>]>([
      ['everything known', {}],
      ['nothing known', absent],
      [
        'a null sender, and a client without name or address',
        { sender: '', client: { name: null, ip: null, sasl: null } },
      ],
      ['addresses in mixed case and without domain', { sender: 'Ann@Sender.EXAMPLE', recipients: [recipient('root')] }],
      [
        'hostile text wherever a log line has a say',
        {
          messageId: messageId(`<${HOSTILE}>`),
          sender: HOSTILE,
          client: { name: HOSTILE, ip: HOSTILE, sasl: HOSTILE },
          recipients: [
            recipient(HOSTILE, {
              originalAddress: HOSTILE,
              attempts: [attempt({ response: HOSTILE, dsn: HOSTILE, agent: HOSTILE })],
            }),
          ],
        },
      ],
      [
        'one recipient deferred 500 times',
        {
          recipients: [
            recipient('bob@campus.example', {
              status: 'deferred',
              attempts: Array.from({ length: 500 }, (_, minute) => ({ ...deferred, timeMs: T0 + minute * 60_000 })),
            }),
          ],
        },
      ],
      [
        'the same recipient twice, and one that waits',
        {
          recipients: [
            recipient('bob@campus.example'),
            recipient('bob@campus.example', { originalAddress: 'all@campus.example', attempts: [attempt(), deferred] }),
            recipient('eve@campus.example', { status: 'in-progress', attempts: [] }),
          ],
        },
      ],
      [
        'twelve thousand recipients',
        {
          recipients: Array.from({ length: 12_000 }, (_, number) => recipient(`user${number}@campus.example`)),
        },
      ],
    ])('gives a transaction back as it was written: %s', async (_, parts) => {
      const written = record(transaction('4jWkFk143lznk7d', parts));
      await index.write(changes({ put: [written] }));
      expect(await index.findOpen([pairOf(written)])).toEqual([written]);
      const { messageId: id } = written.transaction;
      if (id !== null) expect(await index.findByMessageIds([id], 1)).toEqual([written.transaction]);
    });

    it('updates a record in place, whatever of it changed', async () => {
      const first = record(transaction('Q1', { messageId: null, sender: null, client: null, recipients: [] }));
      const grown = record(
        transaction('Q1', { recipients: [recipient('a@x.example'), recipient('b@x.example')], lastSeenMs: T0 + 9000 }),
        { resume: 'later' },
      );
      const shrunk = record(transaction('Q1', { recipients: [recipient('c@x.example')], removed: true }), {
        state: 'ended',
      });
      for (const next of [first, grown, grown, shrunk]) {
        await index.write(changes({ put: [next] }));
        expect(await open1()).toEqual([next]);
      }
      expect(await index.findByMessageIds([messageId('<Q1@x.example>')], 5)).toEqual([shrunk.transaction]);
    });

    it('takes the last of two records with one key', async () => {
      const [first, last] = [record(transaction('Q1'), { resume: '1' }), record(transaction('Q1'), { resume: '2' })];
      await index.write(changes({ put: [first, record(transaction('Q2')), last] }));
      expect(await index.findOpen([pairOf(last)])).toEqual([last]);
    });

    it('finds the open records of pairs: by host and queue ID, each once, all that there are', async () => {
      const here = record(transaction('Q1'));
      const elsewhere = record(transaction('Q1', { host: hostName('mx2.campus.example') }));
      const reused = record(transaction('Q1', { arrivedAtMs: T0 + 86_400_000 }), { state: 'ended' });
      const closed = record(transaction('Q1', { arrivedAtMs: T0 - 86_400_000 }), { state: 'ended', resume: null });
      const otherCase = record(transaction('q1'));
      await index.write(changes({ put: [here, elsewhere, reused, closed, otherCase] }));
      const pair = pairOf(here);
      expect(byKey(await index.findOpen([pair, pair]))).toEqual(byKey([here, reused]));
      expect(await index.findOpen([{ ...pair, host: hostName('mx3.campus.example') }])).toEqual([]);
      expect(byKey(await index.findOpen([pair, pairOf(elsewhere)]))).toEqual(byKey([here, reused, elsewhere]));
    });

    it('finds the newest closed record of each pair', async () => {
      const at = (arrivedAtMs: number, resume: string | null): TransactionRecord =>
        record(transaction('Q1', { arrivedAtMs }), { state: 'ended', resume });
      const other = record(transaction('Q2'), { state: 'ended', resume: null });
      const open2 = record(transaction('Q3'));
      await index.write(changes({ put: [at(T0, null), at(T0 + 2000, null), at(T0 + 1000, null), at(T0 + 3000, 'r')] }));
      await index.write(changes({ put: [other, open2] }));
      const found = await index.findClosed([pairOf(at(T0, null)), pairOf(other), pairOf(open2), pairOf(other)]);
      expect(byKey(found)).toEqual(byKey([at(T0 + 2000, null), other]));
    });

    it('closes ended records: they are no longer found as open', async () => {
      const ended = many(250).map((it): TransactionRecord => ({ ...it, state: 'ended' }));
      const open2 = record(transaction('open'));
      await index.write(changes({ put: [...ended, open2] }));
      expect(await index.countOpen()).toBe(251);
      await index.write(changes({ close: [...refsOf(ended), { ...refOf(ended[0]!), key: 'ab'.repeat(32) }] }));
      expect(await open1()).toEqual([open2]);
      expect(await index.findClosed([pairOf(ended[7]!)])).toEqual([{ ...ended[7]!, resume: null }]);
      // Late lines open it again.
      await index.write(changes({ put: [ended[7]!] }));
      expect(await index.findOpen([pairOf(ended[7]!)])).toEqual([ended[7]]);
    });

    it('removes first, puts then, closes last', async () => {
      const moved = record(transaction('Q1'));
      const to = record(transaction('Q1', { arrivedAtMs: T0 - 5000 }));
      const kept = record(transaction('Q2'), { state: 'ended' });
      await index.write(changes({ put: [moved, kept] }));
      await index.write(
        changes({
          put: [to, kept],
          remove: [refOf(moved), refOf(kept), { ...refOf(moved), key: 'cd'.repeat(32) }],
          close: [refOf(kept)],
        }),
      );
      expect(await open1()).toEqual([to]);
      expect(await index.findClosed([pairOf(kept)])).toEqual([{ ...kept, resume: null }]);
      expect(await index.findByMessageIds([messageId('<Q1@x.example>')], 5)).toEqual([to.transaction]);
    });

    it('lists open records by arrival in pages that neither repeat nor leave out', async () => {
      const put = Array.from({ length: 30 }, (_, number) =>
        record(transaction(`Q${number}`, { arrivedAtMs: T0 + 1000 * Math.floor(number / 4) })),
      );
      const closed = record(transaction('closed'), { state: 'ended', resume: null });
      await index.write(changes({ put: [...put.toReversed(), closed] }));
      const inOrder = put.toSorted(
        (a, b) => a.transaction.arrivedAtMs - b.transaction.arrivedAtMs || (a.key < b.key ? -1 : 1),
      );
      const pages: TransactionRecord[][] = [];
      for (let after: { arrivedAtMs: number; key: string } | null = null; pages.length < 10; ) {
        const page = await index.listOpen({ arrivedBeforeMs: T0 + 5000, after, limit: 7 });
        const last = page.at(-1);
        if (!last) break;
        pages.push([...page]);
        after = { arrivedAtMs: last.transaction.arrivedAtMs, key: last.key };
      }
      expect(pages.map(({ length }) => length)).toEqual([7, 7, 6]);
      expect(pages.flat()).toEqual(inOrder.slice(0, 20));
    });

    it('finds transactions by message-id, oldest first, no more than asked for of each', async () => {
      const of = (id: string, text: string, arrivedAtMs: number): TransactionRecord =>
        record(transaction(id, { messageId: messageId(text), arrivedAtMs }), { resume: null, state: 'ended' });
      const [second, first, third] = [of('A', '<m1@x>', T0), of('B', '<m1@x>', T0 - 1), of('C', '<m1@x>', T0 + 1)];
      const other = of('D', '<m2@x>', T0);
      await index.write(changes({ put: [second, first, third, other, of('E', '<M1@x>', T0)] }));
      const [m1, m2] = [messageId('<m1@x>'), messageId('<m2@x>')];
      const find = async (ids: readonly MessageId[], limit: number): Promise<string[]> =>
        (await index.findByMessageIds(ids, limit)).map((it) => it.queueId);
      expect(await find([m1], 10)).toEqual(['B', 'A', 'C']);
      expect(await find([m1], 2)).toEqual(['B', 'A']);
      expect((await find([m2, m1, m2, messageId('<m3@x>')], 1)).toSorted()).toEqual(['B', 'D']);
    });

    it('writes and finds thousands at once', async () => {
      const put = many(2500);
      await index.write(changes({ put }));
      expect(await index.countOpen()).toBe(2500);
      expect(byKey(await index.findOpen(put.map(pairOf)))).toEqual(byKey(put));
      const ids = put.flatMap(({ transaction: { messageId: id } }) => (id === null ? [] : [id]));
      expect(await index.findByMessageIds(ids, 3)).toHaveLength(2500);
      await index.write(changes({ remove: refsOf(put.slice(0, 2000)), put: put.slice(2000) }));
      expect(await open1()).toEqual(put.slice(2000));
    });

    it('writes all or nothing', async () => {
      const before = many(3, 'old');
      await index.write(changes({ put: before }));
      const cyclic: Record<string, unknown> = {};
      cyclic['self'] = cyclic;
      const broken = record(transaction('broken', { filters: [cyclic as never] }));
      await expect(index.write(changes({ put: [...many(300), broken], remove: refsOf(before) }))).rejects.toThrow(
        'circular',
      );
      expect(await open1()).toEqual(before);
      // And goes on.
      await index.write(changes({ put: many(2), remove: refsOf(before) }));
      expect(await index.countOpen()).toBe(2);
    });

    it('takes calls that come at once; readers see whole writes only', async () => {
      const counts: number[] = [];
      const read = async (): Promise<void> => {
        for (let turn = 0; turn < 20; turn++) counts.push(await index.countOpen());
      };
      const batches = Array.from({ length: 8 }, (_, number) => many(300, `B${number}-`));
      await Promise.all([...batches.map((put) => index.write(changes({ put }))), read(), read()]);
      expect(await index.countOpen()).toBe(2400);
      expect(counts.filter((count) => count % 300 !== 0)).toEqual([]);
    });

    it('forgets what ended before, and tells how many', async () => {
      const seen = (id: string, firstSeenMs: number, lastSeenMs: number): Transaction =>
        transaction(id, { arrivedAtMs: firstSeenMs, firstSeenMs, lastSeenMs });
      const closed = { state: 'ended', resume: null } as const;
      const kept = [
        record(seen('open', T0 - 9000, T0 - 8000)),
        record(seen('ended', T0 - 9000, T0 - 8000), { state: 'ended' }),
        record(seen('long', T0 - 9000, T0), closed),
      ];
      const old = Array.from({ length: 230 }, (_, number) => record(seen(`old${number}`, T0 - 9000, T0 - 1), closed));
      await index.write(changes({ put: [...old, ...kept] }));
      expect(await index.prune(T0)).toBe(230);
      expect(await index.prune(T0)).toBe(0);
      expect(byKey(await open1())).toEqual(byKey(kept.slice(0, 2)));
      expect(await index.findClosed([...old, ...kept].map(pairOf))).toEqual([kept[2]]);
      expect(await index.findByMessageIds([messageId('<old7@x.example>')], 1)).toEqual([]);
    });

    if (reopen) {
      it('has everything again when it is opened again', async () => {
        const put = many(120);
        await index.write(changes({ put, close: [refOf(put[3]!)] }));
        index = await reopen(index);
        expect(await open1()).toEqual(put.toSpliced(3, 1));
        expect(await index.findClosed([pairOf(put[3]!)])).toEqual([{ ...put[3]!, resume: null }]);
      });
    }
  });
};
