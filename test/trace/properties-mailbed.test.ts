/**
 * What no log may do to the story of a real fleet (test/fixtures/mailbed: Postfix, Sendmail, Exim, Dovecot, amavis), however
 * it is shipped. FLEET_RUNS sets how often each is tried, FLEET_SEED with what: `FLEET_RUNS=200 npx vitest run …`.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LogRecord } from '../../src/domain/event.ts';
import type { HostDirectory } from '../../src/domain/host-names.ts';
import { joinParts, localQueueIds, parsers } from '../../src/parsers/registry.ts';
import { createHeaderParser } from '../../src/parsers/syslog-header.ts';
import { createZone } from '../../src/zone.ts';
import { readMailbed } from '../support/mailbed-records.ts';
import { fixtureLines } from '../support/pumped.ts';
import { readFleet, tellExactly, tellFleet } from '../support/whole-fleet.ts';

const UTC = createZone('UTC');
const MTAS = parsers.map(({ mta }) => mta);
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

/** Letters change places, so that an ID stays one of its kind. */
const otherId = (id: string): string => {
  const parts = id.split('-');
  const longest = parts.reduce((best, part, index) => (part.length > parts[best]!.length ? index : best), 0);
  const part = parts[longest]!;
  const turned = part.slice(0, -6) + part.slice(-6).split('').reverse().join('');
  parts[longest] = turned === part ? part.slice(0, -1) + (part.endsWith('7') ? '8' : '7') : turned;
  return parts.join('-');
};

type Retold = Readonly<{ laterMs: number; rename: boolean; newIds?: boolean }>;

/** The same traffic at another time: of other messages (`rename`: other queue IDs and processes; `newIds`: other message-ids). */
const retold = (records: readonly LogRecord[], { laterMs, rename, newIds = rename }: Retold): LogRecord[] => {
  // Lines that were cut for syslog name some only when they are put together.
  const ids = new Set([...records, ...joinParts(records)].flatMap(localQueueIds));
  // Dovecot's names of sessions are never used again.
  const sessions = new Set(records.filter(({ program }) => program === 'dovecot').flatMap(localQueueIds));
  const other = new Map([...ids].filter((id) => rename || sessions.has(id)).map((id) => [id, otherId(id)] as const));
  const tell = (text: string): string => {
    const named = text.replace(/[A-Za-z0-9+/_-]{6,}/g, (word) => other.get(word) ?? word);
    return newIds ? named.replace(/((?:message-id|msgid|mid|id)=<?|Message-ID: <)([0-9a-f]{8}-)/g, '$1x$2') : named;
  };
  return records.map((record) => ({
    ...record,
    timeMs: record.timeMs + laterMs,
    pid: record.pid === null || !rename ? record.pid : record.pid + 100_000,
    text: tell(record.text),
    raw: tell(record.raw),
  }));
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

  it('when as many other messages come in between, with message-ids that are empty, constant or forged', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant(0), fc.integer({ min: -600_000, max: 600_000 })), (laterMs) => {
        const others = retold(fine, { laterMs, rename: true });
        const mixed = [...fine, ...others].sort((a, b) => a.timeMs - b.timeMs);
        const story = tellFleet(readFleet(renumber(mixed), directory));
        const alone = tellFleet(readFleet(others, directory));
        expect(difference([...told, ...alone].sort(), story)).toEqual(SAME);
        expect(story).toHaveLength(told.length + alone.length);
      }),
      RUNS,
    );
  });

  it('when every queue ID is used again hours later, by other messages or by the same once more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 100 }), fc.boolean(), (hours, isOther) => {
        const again = retold(fine, { laterMs: hours * 3_600_000, rename: false, newIds: isOther });
        const story = tellFleet(readFleet(renumber([...fine, ...again]), directory));
        const later = tellFleet(readFleet(again, directory));
        expect(difference([...told, ...later].sort(), story)).toEqual(SAME);
        expect(story).toHaveLength(2 * told.length);
      }),
      RUNS,
    );
  });

  it('when lines of any bytes, and cut and spliced lines of every MTA, come in between', () => {
    const parse = createHeaderParser({ zoneOf: () => UTC, nearMs: fine[0]!.timeMs });
    const known = new Set(fine.flatMap(localQueueIds));
    // What bears a name of the fleet may well be about its messages.
    const isForeign = (text: string): boolean =>
      !/campus\.example/.test(text) && !(text.match(/[\w+/-]{6,}/g) ?? []).some((word) => known.has(word));
    const pieces = MTAS.flatMap(fixtureLines)
      .map((raw) => ({ program: parse(raw)?.program ?? '', text: parse(raw)?.text ?? raw }))
      .filter(({ text }) => isForeign(text));
    fc.assert(
      fc.property(
        seeds,
        fc.array(fc.string({ unit: 'binary', maxLength: 200 }), { minLength: 20, maxLength: 20 }),
        (from, noise) => {
          const dice = createDice(from);
          const garbage = Array.from({ length: 2000 }, (): LogRecord => {
            const [one, other] = [pieces[dice(pieces.length)]!, pieces[dice(pieces.length)]!];
            const spliced = [
              one.text,
              one.text.slice(0, dice(one.text.length + 1)) + other.text.slice(dice(other.text.length + 1)),
              noise[dice(noise.length)]! + one.text,
              noise[dice(noise.length)]!,
            ][dice(4)]!;
            const text = isForeign(spliced) ? spliced : one.text;
            const beside = fine[dice(fine.length)]!;
            const program = dice(3) === 0 ? beside.program : one.program;
            return { ...beside, program, pid: dice(9) === 0 ? null : 500_000 + dice(50), text, raw: text };
          });
          const mixed = [...fine, ...garbage].sort((a, b) => a.timeMs - b.timeMs);
          expect(difference(told, tellFleet(readFleet(renumber(mixed), directory))).lost).toEqual([]);
        },
      ),
      RUNS,
    );
  });
});
