import { describe, expect, it } from 'vitest';
import { transactionRecordKey } from '../../src/domain/ids.ts';
import { termOf, termOfKey, termsOf } from '../../src/index-store/search-terms.ts';
import { attempt, recipient, transaction } from './index-contract.ts';

describe('search terms', () => {
  it('are what was stored before: a change of these numbers makes old files unfindable', () => {
    expect(termOf('recipient', 'bob@campus.example')).toBe(95_253_147_841_206);
    expect(termOf('domain', 'grüße.example')).toBe(70_342_956_801_949);
    expect(termOf('slow', '')).toBe(54_323_547_607_465);
    expect(termOfKey('ff'.repeat(32))).toBe(2 ** 47 - 1);
    expect(termOfKey('7fffffffffff'.padEnd(64, '0'))).toBe(2 ** 47 - 1);
    expect(termOfKey('000000000001'.padEnd(64, 'f'))).toBe(1);
  });

  it('are without case, but for queue IDs and message-ids', () => {
    expect(termOf('recipient', 'Bob@Campus.EXAMPLE')).toBe(termOf('recipient', 'bob@campus.example'));
    expect(termOf('queue-id', 'aBc')).not.toBe(termOf('queue-id', 'abc'));
    expect(termOf('message-id', 'A@x')).not.toBe(termOf('message-id', 'a@x'));
  });

  it('are numbers of 47 bits that seldom meet', () => {
    const terms = Array.from({ length: 200_000 }, (_, number) => termOf('recipient', `user${number}@campus.example`));
    expect(new Set(terms).size).toBe(terms.length);
    expect(terms.every((term) => Number.isInteger(term) && term >= 0 && term < 2 ** 47)).toBe(true);
    // Even spread: each of 64 buckets, by the highest and by the lowest bits, has about its share.
    for (const bucketOf of [(term: number) => Math.floor(term / 2 ** 41), (term: number) => term % 64]) {
      const counts = new Map<number, number>();
      for (const term of terms) counts.set(bucketOf(term), (counts.get(bucketOf(term)) ?? 0) + 1);
      expect(counts.size).toBe(64);
      expect(Math.max(...counts.values())).toBeLessThan((terms.length / 64) * 1.15);
    }
  });

  it('hold everything a transaction is searched by', () => {
    const it = transaction('4jWkFk143lznk7d', {
      sender: 'Ann@Sender.example',
      recipients: [
        recipient('carol@mail.campus.example', {
          originalAddress: 'sales@campus.example',
          attempts: [
            attempt({ status: 'deferred', dsn: '4.4.1', relay: null, delayMs: 59_999 }),
            attempt({ delayMs: 60_000 }),
          ],
        }),
        recipient('eve', { status: 'held', attempts: [] }),
      ],
    });
    const key = transactionRecordKey(it);
    const expected = [
      termOfKey(key),
      termOf('host', 'mx1.campus.example'),
      termOf('queue-id', '4jWkFk143lznk7d'),
      termOf('message-id', '4jWkFk143lznk7d@x.example'),
      termOf('sender', 'ann@sender.example'),
      termOf('domain', 'sender.example'),
      termOf('client', 'c104.sender.example'),
      termOf('client', '198.51.100.104'),
      termOf('recipient', 'carol@mail.campus.example'),
      termOf('domain', 'mail.campus.example'),
      termOf('recipient', 'sales@campus.example'),
      termOf('domain', 'campus.example'),
      termOf('recipient', 'eve'),
      termOf('relay', 'lists1.campus.example'),
      termOf('relay', '10.20.0.30'),
      termOf('ever', 'deferred'),
      termOf('dsn', '4.4.1'),
      termOf('slow', ''),
      termOf('status', 'held'),
      termOf('ever', 'held'),
    ];
    expect(termsOf(key, it).toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
  });

  it('are few for what has little: a null sender, nothing else known', () => {
    const it = transaction('Q1', { sender: '', client: null, messageId: null, recipients: [] });
    const key = transactionRecordKey(it);
    expect(termsOf(key, it)).toEqual([
      termOfKey(key),
      termOf('host', 'mx1.campus.example'),
      termOf('queue-id', 'Q1'),
      termOf('sender', ''),
    ]);
  });
});
