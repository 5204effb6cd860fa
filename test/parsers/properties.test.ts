/**
 * What nobody may do to the parsers: make them throw, slow, or mix up lines. PARSER_RUNS sets how often each is tried:
 * `PARSER_RUNS=20000 npx vitest run --project unit test/parsers/properties.test.ts`.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../src/domain/event.ts';
import { hostName } from '../../src/domain/ids.ts';
import { joinParts, localQueueIds, parseRecord, parsers } from '../../src/parsers/registry.ts';
import { createHeaderParser } from '../../src/parsers/syslog-header.ts';
import { createZone } from '../../src/zone.ts';
import { SHAPES } from '../support/log-shapes.ts';
import { fixtureLines, type Pump, pumped, pumpsOf } from '../support/pumped.ts';

const runs = Number(process.env['PARSER_RUNS'] ?? 250);
const TIMEOUT = 60_000 + runs * 100;

const zone = createZone('UTC');
const NEAR_MS = Date.parse('2026-11-20T09:00:00Z');
const parseHeader = createHeaderParser({ zoneOf: () => zone, nearMs: NEAR_MS });
const HOSTS = ['mx1.campus.example', 'gw.campus.example'].map((name) => hostName(name));

const recordOf = (program: string, text: string, sequence = 0): LogRecord => ({
  host: HOSTS[sequence % 2]!,
  timeMs: NEAR_MS + Math.floor(sequence / 4) * 100,
  program,
  pid: 1 + (sequence % 2),
  text,
  raw: text,
  sequence,
});

type Source = Readonly<{ program: string; text: string }>;
const sourcesOf = (mta: string): readonly Source[] =>
  fixtureLines(mta).flatMap((raw) => {
    const header = parseHeader(raw);
    return header === null ? [] : [{ program: header.program, text: header.text }];
  });

/** No line is longer: sources cut it there. */
const LINE_MAX = 64 * 1024;
/** What a line of that length may take before it is looked at more closely. */
const SUSPECT_MS = 25;

/** In milliseconds of our own work: others may keep the machine busy. The collector of garbage comes by now and then. */
const fastest = (work: () => void, tries: number): number =>
  Math.min(
    ...Array.from({ length: tries }, () => {
      const begin = process.cpuUsage();
      work();
      const { user, system } = process.cpuUsage(begin);
      return (user + system) / 1000;
    }),
  );

/** Four times the text takes four times the time; quadratic time would take sixteen times. */
const isLinear = (work: (length: number) => void): boolean => {
  if (fastest(() => work(LINE_MAX), 1) < SUSPECT_MS) return true;
  for (let attempt = 0; attempt < 6; attempt++) {
    const part = fastest(() => work(LINE_MAX / 4), 9);
    const whole = fastest(() => work(LINE_MAX), 9);
    if (whole < SUSPECT_MS || whole / part < 9) return true;
  }
  return false;
};

/** A random one of all pumps of a text. */
const pumpOf = (text: string, dice: number): Pump => {
  const all = [...pumpsOf(text)];
  return all[dice % all.length]!;
};

describe.each(parsers.map((parser) => [parser.mta] as const))('the %s parser', (mta) => {
  it('takes linear time, whatever piece of a line is said over and over', { timeout: TIMEOUT }, () => {
    const sources = sourcesOf(mta);
    fc.assert(
      fc.property(fc.constantFrom(...sources), fc.nat(), ({ program, text }, dice) => {
        const pump = pumpOf(text, dice);
        const work = (length: number): void => {
          const record = recordOf(program, pumped(pump, length));
          parseRecord(record);
          parseRecord({ ...record, program: '' });
          localQueueIds(record);
          joinParts([record]);
        };
        expect(isLinear(work), JSON.stringify(pump)).toBe(true);
      }),
      { numRuns: runs },
    );
  });
});

describe('the header of a line', () => {
  it('takes linear time in every shape, whatever piece is said over and over', { timeout: TIMEOUT }, () => {
    const event = {
      timeMs: NEAR_MS,
      host: 'mx1',
      program: 'postfix/smtp',
      pid: 7,
      text: '4jWkFk143lznk7d: to=<"a b"@x.example>, relay=mx[192.0.2.1]:25, status=sent (250 ok)',
    };
    const lines = SHAPES.map(({ write }) => write(event));
    fc.assert(
      fc.property(fc.constantFrom(...lines), fc.nat(), (line, dice) => {
        const pump = pumpOf(line, dice);
        expect(
          isLinear((length) => void parseHeader(pumped(pump, length))),
          JSON.stringify(pump),
        ).toBe(true);
      }),
      { numRuns: runs * 2 },
    );
  });

  it('never throws for a line that was cut, spliced with another or filled with noise', { timeout: TIMEOUT }, () => {
    const event = { timeMs: NEAR_MS, host: 'mx1', program: 'postfix/smtp', pid: 7, text: '4jWkFk143lznk7d: removed' };
    const lines = SHAPES.map(({ write }) => write(event));
    const noise = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('', '\u0000', '{', '[', '"', '<22>', '\uFEFF', '\ud800'),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...lines),
        fc.constantFrom(...lines),
        fc.nat(120),
        fc.nat(120),
        noise,
        (one, other, at, from, between) => {
          const header = parseHeader(one.slice(0, at) + between + other.slice(from));
          expect(header === null || Number.isFinite(header.timeMs)).toBe(true);
        },
      ),
      { numRuns: runs * 10 },
    );
  });
});

describe('lines that were cut for syslog', () => {
  const sources = parsers.flatMap(({ mta }) => sourcesOf(mta));
  const lines = fc
    .array(fc.tuple(fc.constantFrom(...sources), fc.nat(300), fc.nat(300)), { maxLength: 60 })
    .map((list) =>
      list.map(([{ program, text }, from, length], index) =>
        recordOf(program, index % 3 === 0 ? text.slice(from, from + length) : text, index),
      ),
    );

  it('are put together without a throw, without loss, and never from two hosts', { timeout: TIMEOUT }, () => {
    fc.assert(
      fc.property(lines, (records) => {
        const joined = joinParts(records);
        const told = joined.flatMap(({ raw }) => raw.split('\n'));
        expect(told.sort()).toEqual(records.flatMap(({ raw }) => raw.split('\n')).sort());
        for (const { host, raw } of joined) {
          for (const part of raw.split('\n'))
            expect(records.some((each) => each.host === host && each.raw.includes(part))).toBe(true);
        }
      }),
      { numRuns: runs },
    );
  });

  it('take linear time, however many parts bear one name', () => {
    for (const text of ['(00237-03-30) ...x...', '[1\\2] 2026-11-21 07:24:23 1xUfTL-00003V-1E <= a', '[2\\2] b']) {
      const program = text.startsWith('(') ? 'amavis' : 'exim';
      const many = (count: number): LogRecord[] =>
        Array.from({ length: count }, (_, index) => ({ ...recordOf(program, text, index), host: HOSTS[0]!, pid: 1 }));
      const [few, all] = [many(16_384), many(65_536)];
      const [part, whole] = [fastest(() => joinParts(few), 3), fastest(() => joinParts(all), 3)];
      if (whole > 200) expect(whole / Math.max(part, 1), text).toBeLessThan(12);
    }
  });
});

describe('a repetition', () => {
  it('is told by its text where the header lost the program', () => {
    const text =
      'message repeated 2 times: [ NOQUEUE: reject: RCPT from a.example[192.0.2.1]: 550 5.1.1 <b@x.example>: no; from=<c@y.example> to=<b@x.example> proto=ESMTP helo=<a>]';
    for (const program of ['postfix/smtpd', 'postfix', '']) {
      const outcome = parseRecord(recordOf(program, text));
      expect(outcome).toMatchObject({
        kind: 'events',
        events: [{ kind: 'reject', count: 2, recipient: 'b@x.example' }],
      });
    }
  });
});
