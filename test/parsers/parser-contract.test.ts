/**
 * What every parser of the registry promises. A parser needs fixtures in test/fixtures/parsers/<mta>/: `*.log`, one situation
 * each; the golden file beside it says what each line means. `vitest -u` writes it; read the difference before you commit it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogRecord, ParseOutcome } from '../../src/domain/event.ts';
import { hostName } from '../../src/domain/ids.ts';
import type { Parser } from '../../src/parsers/parser.ts';
import { localQueueIds, parseRecord, parserFor, parsers } from '../../src/parsers/registry.ts';
import { createHeaderParser } from '../../src/parsers/syslog-header.ts';
import { createZone } from '../../src/zone.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/parsers');
const zone = createZone('UTC');
const parseHeader = createHeaderParser({ zoneOf: () => zone, nearMs: Date.parse('2026-11-20T09:00:00Z') });

const recordOf = (raw: string, sequence: number): LogRecord => {
  const header = parseHeader(raw);
  if (header === null) throw new Error(`no header: ${raw}`);
  const { timeMs, program, pid, text } = header;
  return { host: hostName('mx1.campus.example'), timeMs, program, pid, text, raw, sequence };
};

const lineOf = (program: string, text: string): LogRecord => ({
  host: hostName('mx1.campus.example'),
  timeMs: 0,
  program,
  pid: 1,
  text,
  raw: text,
  sequence: 0,
});

const logsOf = (mta: string): readonly string[] => {
  const folder = join(FIXTURES, mta);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .map((name) => join(folder, name));
};

const linesOf = (path: string): readonly string[] => readFileSync(path, 'utf8').split('\n').filter(Boolean);

/** Facts that are absent are left out, to keep a golden file readable; `null` and absent mean the same in an event. */
const withoutNulls = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, part: unknown) => (part === null ? undefined : part)));

const goldenLine = (record: LogRecord, outcome: ParseOutcome): string => {
  const says = JSON.stringify(`${record.program}: ${record.text.slice(0, 70)}`);
  if (outcome.kind !== 'events') return `  { "line": ${says}, "is": "${outcome.kind}" }`;
  const events = outcome.events.map((event) => `      ${JSON.stringify(withoutNulls(event))}`);
  return `  {\n    "line": ${says},\n    "events": [\n${events.join(',\n')}\n    ]\n  }`;
};

const golden = (path: string): string =>
  `[\n${linesOf(path)
    .map(recordOf)
    .map((record) => goldenLine(record, parseRecord(record)))
    .join(',\n')}\n]\n`;

/** Texts made of what the fixtures of an MTA are made of: they come deeper into a parser than random characters do. */
const textsLike = (mta: string): fc.Arbitrary<string> => {
  const pieces = logsOf(mta)
    .flatMap(linesOf)
    .flatMap((line, index) => recordOf(line, index).text.split(/(?<=[:;,=<>()[\]"]) ?/));
  return fc.array(fc.constantFrom(...new Set(pieces)), { maxLength: 30 }).map((list) => list.join(' '));
};

const programsOf = (mta: string): readonly string[] => [
  ...new Set(logsOf(mta).flatMap((path) => linesOf(path).map((line, index) => recordOf(line, index).program))),
  '',
];

const MEGABYTE = 1_000_000;
const FILLERS = ['a', ' ', '<', '>', '"', ', ', '; from=<', ' to=<', ': ', 'queued as ', '\\', '[', '=<a>', '> '];

/** The shortest of a few runs: on a busy machine the others measure its other work. */
const parseTimeMs = (parser: Parser, program: string, text: string): number => {
  const record = lineOf(program, text);
  const times = [1, 2, 3].map(() => {
    const begin = performance.now();
    parser.parse(record);
    return performance.now() - begin;
  });
  return Math.min(...times);
};

/** A line of which one part is as long as it gets: what a hostile client, server or address can do. */
const stretched = (text: string, filler: string, length: number): string => {
  const half = Math.floor(text.length / 2);
  return text.slice(0, half) + filler.repeat(Math.ceil(length / filler.length)).slice(0, length) + text.slice(half);
};

describe.each(parsers.map((parser) => [parser.mta, parser] as const))('the %s parser', (mta, parser) => {
  it('has fixtures', () => {
    expect(logsOf(mta).length).toBeGreaterThan(0);
  });

  it.each(logsOf(mta).map((path) => [basename(path, '.log'), path] as const))('reads %s', async (_, path) => {
    await expect(golden(path)).toMatchFileSnapshot(path.replace(/\.log$/, '.golden.json'));
  });

  it('owns the lines of its fixtures', () => {
    for (const record of logsOf(mta).flatMap((path) => linesOf(path).map(recordOf))) {
      expect(parserFor(record.program, record.text)?.mta, record.raw).toBe(mta);
    }
  });

  it('never throws, whatever the text and the program', () => {
    const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), textsLike(mta));
    const programs = fc.constantFrom(...programsOf(mta));
    fc.assert(
      fc.property(programs, texts, (program, text) => {
        const record = lineOf(program, text);
        expect(['events', 'ignored', 'unknown']).toContain(parser.parse(record).kind);
        expect(typeof parser.recognises(text)).toBe('boolean');
        expect(typeof parser.ownsProgram(text)).toBe('boolean');
        expect(Array.isArray(localQueueIds(record))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('takes time in proportion to the length of the line', () => {
    const lines = logsOf(mta).flatMap((path) => linesOf(path).map(recordOf));
    // Every line with every filler would take minutes: the lines take turns with the fillers.
    for (const [index, { program, text }] of lines.entries()) {
      const filler = FILLERS[index % FILLERS.length]!;
      const timeMs = (length: number): number => parseTimeMs(parser, program, stretched(text, filler, length));
      // Eight times the text takes eight times the time; quadratic time would take sixty-four times.
      const [part, whole] = [timeMs(MEGABYTE / 64), timeMs(MEGABYTE / 8)];
      if (whole > 20) expect(whole / Math.max(part, 0.5), `${filler} in ${text}`).toBeLessThan(24);
      expect(timeMs(MEGABYTE), `${filler} in ${text}`).toBeLessThan(1000);
    }
  }, 60_000);
});
