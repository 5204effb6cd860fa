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

const show = (line: string, near = '2026-11-21T07:24:00Z'): string => {
  const header = createHeaderParser({ zoneOf: () => UTC, nearMs: Date.parse(near) })(line);
  if (header === null) return 'no header';
  const { timeMs, host, program, pid, text } = header;
  return [new Date(timeMs).toISOString(), host, program, pid, text].join(' | ');
};

describe('a line without a tag', () => {
  it.each([
    [
      'Nov 21 07:24:23 gw 4jWkFk143lznk7d: client=a.example[192.0.2.1]',
      '2026-11-21T07:24:23.000Z | gw |  |  | 4jWkFk143lznk7d: client=a.example[192.0.2.1]',
    ],
    ['Nov 21 07:24:23 gw 68D80546A0F: removed', '2026-11-21T07:24:23.000Z | gw |  |  | 68D80546A0F: removed'],
    ['Nov 21 07:24:23 gw NOQUEUE: reject: x', '2026-11-21T07:24:23.000Z | gw |  |  | NOQUEUE: reject: x'],
    ['Nov 21 07:24:23 gw warning: x', '2026-11-21T07:24:23.000Z | gw |  |  | warning: x'],
    [
      '{"@timestamp":"2026-11-21T07:24:23Z","host":"gw","message":"6AL7O155000210: to=<a@x.example>"}',
      '2026-11-21T07:24:23.000Z | gw |  |  | 6AL7O155000210: to=<a@x.example>',
    ],
    ['2026-11-21T07:24:23Z stdout F 68D80546A0F: removed', '2026-11-21T07:24:23.000Z |  |  |  | 68D80546A0F: removed'],
    // A name with a number behind it is a program.
    ['Nov 21 07:24:23 gw exim4: x', '2026-11-21T07:24:23.000Z | gw | exim4 |  | x'],
    ['Nov 21 07:24:23 gw amavisd2: x', '2026-11-21T07:24:23.000Z | gw | amavisd2 |  | x'],
  ])('keeps its queue ID: %s', (line, expected) => {
    expect(show(line)).toBe(expected);
  });
});

describe('Dovecot’s own log', () => {
  it.each([
    [
      'Nov 21 07:24:23 lmtp(carol)<157><GIGNCxNHAWudAAAAkCKbmg>: Info: msgid=<a@x.example>: saved mail to INBOX',
      'lmtp(carol)<157><GIGNCxNHAWudAAAAkCKbmg>: msgid=<a@x.example>: saved mail to INBOX',
    ],
    [
      'Nov 21 07:24:23 lmtp(157, carol): Info: GIGNCxNHAWudAAAAkCKbmg: msgid=<a@x.example>: saved mail to INBOX',
      'lmtp(157, carol): GIGNCxNHAWudAAAAkCKbmg: msgid=<a@x.example>: saved mail to INBOX',
    ],
    ['2026-11-21 07:24:23 master: Warning: Killed with signal 15', 'master: Killed with signal 15'],
  ])('reads as its syslog does: %s', (line, text) => {
    expect(show(line)).toBe(`2026-11-21T07:24:23.000Z |  | dovecot |  | ${text}`);
  });
});

describe('a shipped line whose own stamp has no year', () => {
  it.each([
    // Read long after it was written: a line is never of the future.
    ['2027-01-20T09:00:00Z', 'Dec 31 23:59:59', '2026-12-31T23:59:59.000Z'],
    ['2027-01-20T09:00:00Z', 'Feb  3 10:00:00', '2026-02-03T10:00:00.000Z'],
    ['2028-03-01T00:00:01Z', 'Feb 29 23:59:59', '2028-02-29T23:59:59.000Z'],
    // The shipper's clock is a minute slow.
    ['2026-12-31T23:59:30Z', 'Jan  1 00:00:30', '2027-01-01T00:00:30.000Z'],
  ])('was written before %s', (shipped, stamp, expected) => {
    const line = JSON.stringify({ '@timestamp': shipped, host: 'box', message: `${stamp} gw postfix/qmgr[9]: x` });
    expect(show(line, shipped)).toBe(`${expected} | gw | postfix/qmgr | 9 | x`);
  });
});

describe('text that looks like a header', () => {
  it.each([
    // Somebody may choose the subject, the HELO name and the name of his host.
    [
      'Nov 21 07:24:23 gw postfix/cleanup[9]: 4jWk: message-id=<Nov 20 10:00:00 gw postfix/smtpd[1]: x>',
      'gw | postfix/cleanup | 9',
    ],
    [
      'Nov 21 07:24:23 gw app: {"program":"postfix/smtpd","time":"2026-01-01T00:00:00Z","notes":"no message"}',
      'gw | app | ',
    ],
    ['Nov 21 07:24:23 gw postfix/smtpd[9]: warning: relay gw postfix/smtpd[3]: x', 'gw | postfix/smtpd | 9'],
    ['Nov 21 07:24:23 gw last message repeated 2 times', 'gw |  | '],
  ])('is text: %s', (line, expected) => {
    expect(show(line)).toContain(`2026-11-21T07:24:23.000Z | ${expected} | `);
  });
});
