/**
 * What no log may do to the story of a real fleet (test/fixtures/mailbed: Postfix, Sendmail, Exim, Dovecot, amavis), however
 * it is shipped. FLEET_RUNS sets how often each is tried, FLEET_SEED with what: `FLEET_RUNS=200 npx vitest run …`.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LogRecord } from '../../src/domain/event.ts';
import type { HostDirectory } from '../../src/domain/host-names.ts';
import { readMailbed } from '../support/mailbed-records.ts';
import { readFleet, tellExactly, tellFleet } from '../support/whole-fleet.ts';

const env = process.env;
const numRuns = Number(env['FLEET_RUNS'] ?? 4);
const seed = env['FLEET_SEED'];
const RUNS = { numRuns, ...(seed === undefined ? {} : { seed: Number(seed) }), endOnFailure: true };
const TIMEOUT = 60_000 + numRuns * 10_000;

let seconds: readonly LogRecord[];
let fine: readonly LogRecord[];
let directory: HostDirectory;
let hosts: readonly string[];
let told: readonly string[];
let toldExactly: readonly string[];
let toldOfSeconds: readonly string[];

beforeAll(async () => {
  const old = await readMailbed('rfc3164');
  const iso = await readMailbed('rfc3339');
  [seconds, fine, directory] = [old.records, iso.records, iso.directory];
  hosts = [...new Set(fine.map(({ host }) => host))];
  const story = readFleet(fine, directory);
  [told, toldExactly] = [tellFleet(story), tellExactly(story)];
  toldOfSeconds = tellFleet(readFleet(seconds, directory));
}, 60_000);

/** What one story has and the other has not: shorter to read than both. */
const difference = (one: readonly string[], other: readonly string[]): Readonly<Record<'lost' | 'new', string[]>> => {
  const [a, b] = [new Set(one), new Set(other)];
  return { lost: one.filter((each) => !b.has(each)), new: other.filter((each) => !a.has(each)) };
};
const SAME = { lost: [], new: [] };

/** Random numbers from one seed: streams of thousands are too much to shrink. */
const createDice = (from: number) => {
  let state = from >>> 0;
  return (sides: number): number => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
};
const seeds = fc.nat(0xffffffff);

/** Lines as they came: a new place in the log is a new number. */
const renumber = (records: readonly LogRecord[]): LogRecord[] =>
  records.map((record, sequence) => ({ ...record, sequence }));

const shuffled = <Item>(items: readonly Item[], dice: (sides: number) => number): Item[] => {
  const list = [...items];
  for (let place = list.length - 1; place > 0; place--) {
    const other = dice(place + 1);
    [list[place], list[other]] = [list[other]!, list[place]!];
  }
  return list;
};

describe('the story of the fleet stays the same', { timeout: TIMEOUT }, () => {
  it('is a story', () => {
    expect(told.length).toBeGreaterThan(500);
    expect(difference(toldOfSeconds, told)).toEqual(SAME);
  });

  it('when lines of one host and one stamp change places', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom('seconds', 'fine'), (from, stamps) => {
        const dice = createDice(from);
        const mixed = (stamps === 'fine' ? fine : seconds).map((record) => ({ record, die: dice(1 << 30) }));
        mixed.sort((a, b) => a.record.timeMs - b.record.timeMs || a.die - b.die);
        const story = readFleet(renumber(mixed.map(({ record }) => record)), directory);
        expect(difference(told, tellFleet(story))).toEqual(SAME);
        if (stamps === 'fine') expect(difference(toldExactly, tellExactly(story))).toEqual(SAME);
      }),
      RUNS,
    );
  });

  it('when lines are read twice, wherever', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 3 }), (from, every) => {
        const dice = createDice(from);
        const again = fine.flatMap((record) => (dice(every) === 0 ? [record, record] : [record]));
        expect(difference(toldExactly, tellExactly(readFleet(renumber(again), directory)))).toEqual(SAME);
      }),
      RUNS,
    );
  });

  it('when the lines are read in any order', () => {
    fc.assert(
      fc.property(seeds, (from) => {
        const records = shuffled(fine, createDice(from));
        expect(difference(told, tellFleet(readFleet(renumber(records), directory)))).toEqual(SAME);
      }),
      RUNS,
    );
  });

  it('when the clock of one host is up to three minutes wrong', () => {
    fc.assert(
      fc.property(fc.constantFrom(...hosts), fc.integer({ min: -180_000, max: 180_000 }), (host, shiftMs) => {
        const records = fine.map((each) => (each.host === host ? { ...each, timeMs: each.timeMs + shiftMs } : each));
        expect(difference(told, tellFleet(readFleet(records, directory)))).toEqual(SAME);
      }),
      RUNS,
    );
  });

  it('when the clocks of all hosts are up to three minutes wrong', () => {
    fc.assert(
      fc.property(seeds, (from) => {
        const dice = createDice(from);
        const shift = new Map(hosts.map((host) => [host, dice(360_001) - 180_000]));
        const records = fine.map((each) => ({ ...each, timeMs: each.timeMs + shift.get(each.host)! }));
        expect(difference(told, tellFleet(readFleet(records, directory)))).toEqual(SAME);
      }),
      RUNS,
    );
  });
});
