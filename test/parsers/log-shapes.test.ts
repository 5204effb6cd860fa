/** One event reads the same however it is shipped: lines of every MTA in every shape. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { LogRecord } from '../../src/domain/event.ts';
import { createHeaderParser } from '../../src/parsers/syslog-header.ts';
import { createZone } from '../../src/zone.ts';
import { type Logged, SHAPES } from '../support/log-shapes.ts';
import { readMailbed } from '../support/mailbed-records.ts';

let lines: readonly Logged[];

beforeAll(async () => {
  const { records } = await readMailbed('rfc3339');
  const kinds = new Map<string, LogRecord[]>();
  for (const record of records) kinds.set(record.program, [...(kinds.get(record.program) ?? []), record]);
  // Of every program the first lines, the longest, and some in between.
  lines = [...kinds.values()].flatMap((list) => {
    const longest = list.toSorted((a, b) => b.text.length - a.text.length).slice(0, 3);
    return [...longest, ...list.filter((_, index) => index < 5 || index % 97 === 0)];
  });
});

/** Zones differ where a stamp has none, so that one that is read in the wrong way shows. */
const UTC = createZone('UTC');

describe('an event', () => {
  it('is of every kind', () => {
    expect(new Set(lines.map(({ program }) => program)).size).toBeGreaterThan(12);
    expect(lines.length).toBeGreaterThan(150);
  });

  it.each(SHAPES.map((shape) => [shape.name, shape] as const))('is the same as %s', (_, { write, keeps }) => {
    for (const { timeMs, host, program, pid, text } of lines) {
      const parse = createHeaderParser({ zoneOf: () => UTC, nearMs: timeMs + 3_600_000 });
      const line = write({ timeMs, host, program, pid, text });
      const header = parse(line);
      expect(header, line).not.toBeNull();
      expect(
        {
          timeMs: header!.timeMs,
          host: header!.host,
          program: header!.program,
          pid: header!.pid,
          text: header!.text,
        },
        line,
      ).toEqual({
        timeMs: keeps.fraction === false ? Math.floor(timeMs / 1000) * 1000 : timeMs,
        host: keeps.host === false ? null : host,
        program: keeps.daemon === false ? program.split('/')[0] : program,
        pid: keeps.pid === false ? (pid ?? 1) : pid,
        text,
      });
    }
  });
});
