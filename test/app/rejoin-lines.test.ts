/** Lines that were cut for syslog and whose parts come in different polls. */
import { describe, expect, it } from 'vitest';
import { createLineJoiner } from '../../src/app/rejoin-lines.ts';
import type { LogRecord } from '../../src/domain/event.ts';
import { hostName } from '../../src/domain/ids.ts';

let sequence = 0;
const record = (program: string, text: string): LogRecord => ({
  host: hostName('filter.example.com'),
  timeMs: 1_000_000,
  program,
  pid: 237,
  text,
  raw: text,
  sequence: sequence++,
});

const HEAD = record(
  'amavis',
  '(00237-03) Passed CLEAN {RelayedInbound}, [192.0.2.1] <a@example.org> -> <b@example.com>,...',
);
const TAIL = record('amavis', '(00237-03) ...<c@example.com>, Queue-ID: 4jWkG1, Hits: -1, queued_as: 4jWkG2, 12 ms');
const OTHER = record('postfix/qmgr', '4jWkG1: removed');
const WHOLE =
  '(00237-03) Passed CLEAN {RelayedInbound}, [192.0.2.1] <a@example.org> -> <b@example.com>,<c@example.com>, Queue-ID: 4jWkG1, Hits: -1, queued_as: 4jWkG2, 12 ms';

const textsOf = (records: readonly LogRecord[]): readonly string[] => records.map(({ text }) => text);

describe('parts of one line', () => {
  it('are one line, whether they come together or one after the other', () => {
    const together = createLineJoiner();
    expect(textsOf(together.take([HEAD, OTHER, TAIL], 0))).toEqual([WHOLE, OTHER.text]);
    expect(together.isHolding(0)).toBe(false);
    const apart = createLineJoiner();
    expect(textsOf(apart.take([HEAD, OTHER], 0))).toEqual([OTHER.text]);
    expect(apart.isHolding(1)).toBe(true);
    expect(textsOf(apart.take([OTHER, TAIL], 60_000))).toEqual([WHOLE, OTHER.text]);
    expect(apart.isHolding(60_000)).toBe(false);
  });

  it('come as they are when the others do not', () => {
    const joiner = createLineJoiner();
    expect(joiner.take([HEAD], 0)).toEqual([]);
    expect(joiner.take([OTHER], 4999)).toEqual([OTHER]);
    expect(joiner.take([OTHER], 5000)).toEqual([HEAD, OTHER]);
    expect(joiner.take([OTHER], 5001)).toEqual([OTHER]);
  });

  it('hold nothing up for longer than that, however many follow each other', () => {
    const joiner = createLineJoiner();
    const heads = Array.from({ length: 20 }, (_, n) => record('amavis', HEAD.text.replace('00237-03', `00237-${n}`)));
    heads.forEach((head, n) => {
      joiner.take([head], n * 1000);
    });
    expect(joiner.isHolding(19_000)).toBe(false);
    expect(joiner.take([], 30_000)).toHaveLength(5);
  });

  it('are bounded', () => {
    const joiner = createLineJoiner();
    const heads = Array.from({ length: 6000 }, (_, n) => record('amavis', HEAD.text.replace('00237-03', `00237-${n}`)));
    expect(joiner.take(heads, 0)).toHaveLength(1000);
  });
});
