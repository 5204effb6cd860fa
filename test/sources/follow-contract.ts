/** What every LogFollower promises (src/app/ports.ts). An adapter passes by calling `testLogFollower` with logs that grow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FollowOptions, FollowPoll, LogFollower, LogSource, Position } from '../../src/app/ports.ts';
import type { LogRecord } from '../../src/domain/event.ts';
import { hostName } from '../../src/domain/ids.ts';
import type { ContractLine } from './source-contract.ts';

/** Logs of a few hosts, as an adapter keeps them. One host has one log. */
export type GrowingLogs = Readonly<{
  /** The line can be read as soon as this resolves. */
  append: (host: string, lines: readonly ContractLine[]) => Promise<void>;
  /** The log goes on under its name in a new place: a new file, a new index. */
  rotate: (host: string) => Promise<void>;
  /** The log of the host cannot be reached, or can again. */
  cut: (host: string) => Promise<void>;
  mend: (host: string) => Promise<void>;
  open: (hosts: readonly string[]) => Promise<LogSource>;
  remove: () => Promise<void>;
}>;

export const START_MS = Date.parse('2026-11-21T07:00:00Z');
const STEP_MS = 10;

let counter = 0;

/** Lines that differ, `count` of them. */
const someLines = (count: number, atMs = START_MS + counter * STEP_MS): readonly ContractLine[] =>
  Array.from({ length: count }, (_, index) => {
    counter++;
    const time = new Date(atMs + index * STEP_MS).toISOString();
    return { time, program: 'postfix/qmgr', pid: 7, text: `${counter.toString(16).toUpperCase()}0: removed` };
  });

/** Lines of one partition have an order, those of several need not. */
const sortedTexts = (lines: readonly Readonly<{ text: string }>[]): readonly string[] => [...textsOf(lines)].sort();

export const textsOf = (lines: readonly Readonly<{ text: string }>[]): readonly string[] =>
  lines.map(({ text }) => text);

const signalOf = (): AbortSignal => new AbortController().signal;

/** One consumer of a source: what it was given, and what it committed. */
export const createConsumer = (source: LogSource, more: Partial<FollowOptions> = {}) => {
  let positions = new Map<string, Position>(more.positions);
  let follower: LogFollower | null = null;
  const open = (): LogFollower => {
    if (source.follow === undefined) throw new Error('cannot be followed');
    follower ??= source.follow({ hosts: source.hosts, startAtMs: START_MS, maxRecords: 10_000, ...more, positions });
    return follower;
  };
  const poll = async (): Promise<FollowPoll> => open().poll(signalOf());
  const commit = ({ positions: moved }: FollowPoll): void => {
    positions = new Map([...positions, ...moved]);
  };
  const drain = async (): Promise<readonly LogRecord[]> => {
    const records: LogRecord[] = [];
    for (let round = 0; round < 200; round++) {
      const polled = await poll();
      records.push(...polled.records);
      commit(polled);
      if (polled.isCaughtUp) return records;
    }
    throw new Error('never caught up');
  };
  return {
    poll,
    commit,
    /** Polls and commits until it is caught up. */
    drain,
    /** Ends as a killed process does: what was not committed is forgotten. */
    abandon: async (): Promise<void> => {
      await follower?.close();
      follower = null;
    },
    positions: (): ReadonlyMap<string, Position> => positions,
  };
};

export const testLogFollower = (name: string, make: () => Promise<GrowingLogs>): void => {
  describe(`${name} keeps the promises of a LogFollower`, () => {
    let logs: GrowingLogs;
    let source: LogSource;
    const closing: (() => Promise<void>)[] = [];
    beforeEach(async () => {
      logs = await make();
      await logs.append('mx1', someLines(3, START_MS - 3_600_000));
      await logs.append('mx2', someLines(1, START_MS - 3_600_000));
      source = await logs.open(['mx1', 'mx2']);
    });
    afterEach(async () => {
      for (const close of closing.splice(0)) await close();
      await source.close();
      await logs.remove();
    });
    const consume = (more: Partial<FollowOptions> = {}) => {
      const consumer = createConsumer(source, more);
      closing.push(consumer.abandon);
      return consumer;
    };

    it('gives no line from before the start, and every one since, once', async () => {
      const early = someLines(2);
      await logs.append('mx1', early);
      const consumer = consume();
      expect(sortedTexts(await consumer.drain())).toEqual(sortedTexts(early));
      expect(textsOf(await consumer.drain())).toEqual([]);
      const later = someLines(3);
      await logs.append('mx1', later);
      const records = await consumer.drain();
      expect(sortedTexts(records)).toEqual(sortedTexts(later));
      const byTime = [...records].sort((a, b) => a.timeMs - b.timeMs);
      expect(byTime.map(({ host, timeMs, program, pid }) => [host, timeMs, program, pid])).toEqual(
        later.map(({ time }) => ['mx1', Date.parse(time), 'postfix/qmgr', 7]),
      );
      expect(textsOf(await consumer.drain())).toEqual([]);
    });

    it('gives lines that are written late with an old stamp', async () => {
      const consumer = consume();
      await logs.append('mx1', someLines(2, START_MS + 3_600_000));
      await consumer.drain();
      const late = someLines(2, START_MS - 60_000);
      await logs.append('mx1', late);
      expect(sortedTexts(await consumer.drain())).toEqual(sortedTexts(late));
    });

    it('numbers lines through, in the order of each log', async () => {
      const consumer = consume();
      const [one, two] = [someLines(300), someLines(200)];
      await logs.append('mx1', one);
      await logs.append('mx2', two);
      const records = [...(await consumer.drain())];
      const more = someLines(5);
      await logs.append('mx1', more);
      records.push(...(await consumer.drain()));
      const sequences = records.map(({ sequence }) => sequence);
      expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
      expect(new Set(sequences).size).toBe(505);
      expect(sortedTexts(records.filter(({ host }) => host === 'mx2'))).toEqual(sortedTexts(two));
      expect(new Set(textsOf(records.filter(({ host }) => host === 'mx1')))).toEqual(
        new Set(textsOf([...one, ...more])),
      );
    });

    it('returns no more than was asked for, and says that there is more', async () => {
      const lines = someLines(250);
      await logs.append('mx1', lines);
      const consumer = consume({ maxRecords: 100 });
      const found: string[] = [];
      const sizes: number[] = [];
      for (;;) {
        const polled = await consumer.poll();
        consumer.commit(polled);
        found.push(...textsOf(polled.records));
        sizes.push(polled.records.length);
        if (polled.isCaughtUp) break;
      }
      expect([...found].sort()).toEqual(sortedTexts(lines));
      expect(sizes.slice(0, 2)).toEqual([100, 100]);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
    });

    it('goes on after a restart from what was committed, and brings what was not once more', async () => {
      const consumer = consume({ maxRecords: 40 });
      const lines = someLines(100);
      await logs.append('mx1', lines);
      const first = await consumer.poll();
      consumer.commit(first);
      const lost = await consumer.poll();
      await consumer.abandon();
      const rest = await consumer.drain();
      expect(sortedTexts([...first.records, ...rest])).toEqual(sortedTexts(lines));
      expect(textsOf(rest)).toEqual(expect.arrayContaining([...textsOf(lost.records)]));
      await consumer.abandon();
      expect(textsOf(await consumer.drain())).toEqual([]);
    });

    it('says only where it moved, and nothing when nothing came', async () => {
      const consumer = consume();
      await logs.append('mx2', someLines(1));
      await consumer.drain();
      const idle = await consumer.poll();
      expect(idle).toMatchObject({ records: [], isCaughtUp: true, faults: [], losses: [] });
      expect([...idle.positions]).toEqual([]);
      await logs.append('mx2', someLines(1));
      const moved = await consumer.poll();
      expect(moved.positions.size).toBe(1);
    });

    it('keeps positions short', async () => {
      const consumer = consume();
      await logs.append('mx1', someLines(500));
      await logs.rotate('mx1');
      await logs.append('mx1', someLines(5));
      await consumer.drain();
      for (const text of consumer.positions().values()) expect(text.length).toBeLessThan(600);
    });

    it('takes a position that it does not understand as none', async () => {
      const lines = someLines(4);
      await logs.append('mx1', lines);
      const first = consume();
      await first.drain();
      const broken = new Map([...first.positions().keys()].map((partition) => [partition, '{"v":99}']));
      const second = consume({ positions: broken });
      expect(sortedTexts(await second.drain())).toEqual(sortedTexts(lines));
    });

    it('goes through rotations', async () => {
      const consumer = consume();
      const lines = Array.from({ length: 4 }, () => someLines(20));
      await logs.append('mx1', lines[0]!);
      const found = [...(await consumer.drain())];
      await logs.append('mx1', lines[1]!);
      await logs.rotate('mx1');
      found.push(...(await consumer.drain()));
      await logs.append('mx1', lines[2]!);
      await logs.rotate('mx1');
      await logs.append('mx1', lines[3]!);
      found.push(...(await consumer.drain()));
      expect(sortedTexts(found)).toEqual(sortedTexts(lines.flat()));
    });

    it('finds what was rotated away while it was not running', async () => {
      const consumer = consume();
      const lines = Array.from({ length: 4 }, () => someLines(20));
      await logs.append('mx1', lines[0]!);
      const found = [...(await consumer.drain())];
      await consumer.abandon();
      await logs.append('mx1', lines[1]!);
      await logs.rotate('mx1');
      await logs.append('mx1', lines[2]!);
      await logs.rotate('mx1');
      await logs.append('mx1', lines[3]!);
      found.push(...(await consumer.drain()));
      expect(sortedTexts(found)).toEqual(sortedTexts(lines.flat()));
    });

    it('names a log that cannot be reached, reads the others, and goes on where it was', async () => {
      const consumer = consume();
      const before = someLines(2);
      await logs.append('mx1', before);
      await consumer.drain();
      await logs.cut('mx1');
      const other = someLines(2);
      await logs.append('mx2', other);
      const polled = await consumer.poll();
      consumer.commit(polled);
      const named = polled.faults.map(({ host, status, error }) => [host, status !== undefined, error.length > 20]);
      expect(named).toEqual([[polled.faults[0]!.host === null ? null : 'mx1', true, true]]);
      await logs.mend('mx1');
      const after = someLines(2);
      await logs.append('mx1', after);
      const found = [...polled.records];
      // What is far away is not asked again at once.
      for (const endMs = Date.now() + 20_000; Date.now() < endMs; await sleep(50)) {
        const again = await consumer.poll();
        consumer.commit(again);
        found.push(...again.records);
        if (again.faults.length === 0 && again.isCaughtUp) break;
      }
      expect(sortedTexts(found)).toEqual(sortedTexts([...other, ...after]));
      expect((await consumer.poll()).faults).toEqual([]);
    });

    it('follows only the hosts it was asked for', async () => {
      const consumer = consume({ hosts: [hostName('mx2')] });
      const own = someLines(2);
      await logs.append('mx1', someLines(2));
      await logs.append('mx2', own);
      expect(sortedTexts(await consumer.drain())).toEqual(sortedTexts(own));
    });

    it('gives up when it is told to, and has lost nothing by it', async () => {
      const consumer = consume();
      const lines = someLines(50);
      await logs.append('mx1', lines);
      const reason = new Error('enough');
      const follower = source.follow!({
        hosts: source.hosts,
        positions: new Map(),
        startAtMs: START_MS,
        maxRecords: 10,
      });
      await expect(follower.poll(AbortSignal.abort(reason))).rejects.toBe(reason);
      const ending = new AbortController();
      const polling = follower.poll(ending.signal);
      ending.abort(reason);
      await polling.catch((error: unknown) => expect(error).toBe(reason));
      await follower.close();
      expect(sortedTexts(await consumer.drain())).toEqual(sortedTexts(lines));
    });
  });
};
