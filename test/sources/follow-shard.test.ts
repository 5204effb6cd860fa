import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createShardCursor, EMPTY_SHARD, OVERLAP, openSkip, type ShardHit } from '../../src/sources/follow-shard.ts';

const hit = (sequence: number, more: Partial<ShardHit> = {}): ShardHit => ({
  id: `d${sequence}`,
  sequence,
  term: 1,
  sortMs: sequence * 1000,
  ...more,
});

const cursorAt = (...sequences: readonly number[]) => {
  const cursor = createShardCursor(EMPTY_SHARD);
  for (const sequence of sequences) cursor.take(hit(sequence));
  return cursor;
};

describe('a shard that is followed', () => {
  it('remembers where it stands, and the first document', () => {
    expect(cursorAt(0, 1, 2).position()).toMatchObject({
      at: 2,
      term: 1,
      lastId: 'd2',
      first: { at: 0, id: 'd0' },
      holes: [],
      lastMs: 2000,
    });
  });

  it('asks again for numbers that were passed over, and takes each once', () => {
    const cursor = cursorAt(0, 1, 4, 7);
    expect(cursor.position().holes).toEqual([
      { from: 2, to: 3 },
      { from: 5, to: 6 },
    ]);
    expect([3, 5, 3].map((sequence) => cursor.take(hit(sequence)))).toEqual([true, true, false]);
    expect(cursor.position().holes).toEqual([
      { from: 2, to: 2 },
      { from: 6, to: 6 },
    ]);
    expect(cursor.position().at).toBe(7);
  });

  it('gives a hole up when it is old and far behind', () => {
    const cursor = cursorAt(0, 2);
    cursor.settle(0, true);
    for (let sequence = 3; sequence < OVERLAP + 10; sequence++) cursor.take(hit(sequence));
    cursor.settle(1000, true);
    expect(cursor.position().holes).toEqual([{ from: 1, to: 1 }]);
    cursor.settle(60_000, true);
    expect(cursor.position().holes).toEqual([]);
  });

  it('keeps a hole near the end however long nothing comes', () => {
    const cursor = cursorAt(0, 2);
    for (const ms of [0, 60_000, 3_600_000]) cursor.settle(ms, true);
    expect(cursor.position().holes).toEqual([{ from: 1, to: 1 }]);
  });

  it('looks behind when another primary took over, and knows what it gave out', () => {
    const cursor = cursorAt(...Array.from({ length: 100 }, (_, sequence) => sequence));
    // The new primary never had 98 and 99, and gave their numbers to others before it came to 100.
    expect(cursor.take(hit(100, { term: 2 }))).toBe(true);
    expect(cursor.position().holes).toEqual([{ from: 0, to: 99 }]);
    const again = Array.from({ length: 98 }, (_, sequence) => cursor.take(hit(sequence)));
    expect(again).not.toContain(true);
    expect([98, 99].map((sequence) => cursor.take(hit(sequence, { id: `new${sequence}`, term: 2 })))).toEqual([
      true,
      true,
    ]);
    expect(cursor.position().holes).toEqual([]);
  });

  it('goes back when the shard is shorter than what was read', () => {
    const cursor = cursorAt(...Array.from({ length: 100 }, (_, sequence) => sequence));
    cursor.readAgain({ at: 89, term: 2, lastId: 'd89' });
    expect(cursor.position()).toMatchObject({ at: 89, holes: [{ from: 0, to: 89 }] });
    expect(cursor.take(hit(50))).toBe(false);
    expect(cursor.take(hit(90, { id: 'new90', term: 2 }))).toBe(true);
  });

  it('leaves the first documents out as long as one of them may still come', () => {
    const skip = { beforeMs: 5000, toOffset: 10 };
    const cursor = createShardCursor({ ...EMPTY_SHARD, skip });
    cursor.take(hit(6));
    expect(openSkip(cursor.position())).toEqual(skip);
    cursor.take(hit(12));
    // 0 to 5 were passed over: they are old ones.
    expect(openSkip(cursor.position())).toEqual(skip);
    expect(openSkip({ ...cursor.position(), holes: [{ from: 11, to: 11 }] })).toBe(null);
  });

  it('changes a copy alone', () => {
    const cursor = cursorAt(0, 1);
    const copy = cursor.copy();
    copy.take(hit(2));
    expect([cursor.position().at, copy.position().at]).toEqual([1, 2]);
    expect(copy.take(hit(1))).toBe(false);
  });

  it('takes every document once, in whatever order its neighbours become visible', () => {
    const order = fc.array(fc.nat({ max: 4 }), { minLength: 30, maxLength: 200 });
    fc.assert(
      fc.property(order, (delays) => {
        const cursor = createShardCursor(EMPTY_SHARD);
        const taken = new Map<number, number>();
        const visibleAt = delays.map((delay, sequence) => sequence + delay);
        for (let step = 0; step <= delays.length + 5; step++) {
          const { at, holes } = cursor.position();
          const asked = delays
            .map((_, sequence) => sequence)
            .filter((sequence) => visibleAt[sequence]! <= step)
            .filter((sequence) => sequence > at || holes.some(({ from, to }) => sequence >= from && sequence <= to));
          for (const sequence of asked) {
            if (cursor.take(hit(sequence))) taken.set(sequence, (taken.get(sequence) ?? 0) + 1);
          }
          cursor.settle(step * 100, true);
        }
        expect([...taken].filter(([, count]) => count !== 1)).toEqual([]);
        expect(taken.size).toBe(delays.length);
      }),
    );
  });
});
