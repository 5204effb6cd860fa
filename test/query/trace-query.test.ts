import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Keyword } from '../../src/domain/keyword.ts';
import { MailtraceError } from '../../src/errors.ts';
import { parseKeyword } from '../../src/query/trace-query.ts';

const show = (keyword: Keyword): string => `${keyword.kind} ${keyword.text}`;

describe('a keyword', () => {
  it.each([
    ['ann@x.example', 'address-or-id ann@x.example'],
    ['Ann@X.Example', 'address-or-id Ann@X.Example'],
    [' ann@x.example ', 'address-or-id ann@x.example'],
    ['<ann@x.example>', 'address-or-id ann@x.example'],
    ['<CAF=abc+1@mail.example>', 'address-or-id CAF=abc+1@mail.example'],
    ["o'brien@x.example", "address-or-id o'brien@x.example"],
    ['"john doe"@x.example', 'address-or-id "john doe"@x.example'],
    ['<!&!AAAA==@x.example>', 'address-or-id !&!AAAA==@x.example'],
    ['x.example', 'domain-or-host x.example'],
    ['mx1.x.example.', 'domain-or-host mx1.x.example'],
    ['192.0.2.1', 'network 192.0.2.1'],
    ['192.0.2.0/24', 'network 192.0.2.0/24'],
    ['2001:db8::1', 'network 2001:db8::1'],
    ['[192.0.2.1]', 'network [192.0.2.1]'],
    ['192.0.2.256', 'domain-or-host 192.0.2.256'],
    ['4bXyz1AbCdz', 'word 4bXyz1AbCdz'],
    ['1vKx9A-0000001abc-2Def', 'word 1vKx9A-0000001abc-2Def'],
    ['ann', 'word ann'],
    ['yesterday', 'word yesterday'],
    // Literal, whatever it looks like elsewhere.
    ['.*', 'domain-or-host .*'],
    ['$(reboot)', 'word $(reboot)'],
    ['a OR b', 'word a OR b'],
    ['text:status=deferred (host', 'text status=deferred (host'],
    ['text:<@U123>', 'text <@U123>'],
    ['text:from:x', 'text from:x'],
    ['from:ann@x.example', 'from ann@x.example'],
    ['From: <ann@x.example>', 'from ann@x.example'],
    ['FROM:ann@x.example', 'from ann@x.example'],
    ['from:<>', 'from '],
    ['to:bob@y.example', 'to bob@y.example'],
    ['id:<a b@c>', 'id a b@c'],
    ['id:20261120.ABC', 'id 20261120.ABC'],
    ['qid:4bXyz', 'qid 4bXyz'],
    ['sasl:ann@x.example', 'sasl ann@x.example'],
    ['client:mx1.x.example', 'client mx1.x.example'],
    ['client:192.0.2.0/24', 'client 192.0.2.0/24'],
    ['fromage:x', 'word fromage:x'],
  ])('%j means %j', (input, expected) => {
    expect(show(parseKeyword(input))).toBe(expected);
  });

  it('of a client is a network where it reads as one', () => {
    expect(parseKeyword('client:192.0.2.0/24')).toMatchObject({ network: { bytes: [192, 0, 2, 0], prefix: 24 } });
    expect(parseKeyword('client:mx1.x.example')).toMatchObject({ network: null });
  });

  it.each([
    ['', 'is empty'],
    ['   ', 'is empty'],
    ['<>', 'is empty'],
    ['< >', 'is empty'],
    ['.', 'is empty'],
    ['<.>', 'is empty'],
    ['to:', 'is empty'],
    ['to:<>', 'is empty'],
    ['id:<>', 'is empty'],
    ['text: ', 'is empty'],
    ['qid:', 'is empty'],
    ['ann\n@x.example', 'line break'],
    ['text:a\0b', 'NUL'],
    [`text:${'a'.repeat(1001)}`, '1001 characters'],
  ])('%j is refused', (input, piece) => {
    expect(() => parseKeyword(input)).toThrow(MailtraceError);
    expect(() => parseKeyword(input)).toThrow(
      expect.objectContaining({ code: 'keyword', message: expect.stringContaining(piece) }),
    );
  });

  it('is read or refused, and never empty but for the null sender', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string().map((text) => `<${text}>`),
          fc.string().map((text) => `id:${text}`),
        ),
        (input) => {
          try {
            const keyword = parseKeyword(input);
            expect(keyword.kind === 'from' || keyword.text.trim() !== '').toBe(true);
          } catch (error) {
            if (!(error instanceof MailtraceError)) throw error;
            expect(error.code).toBe('keyword');
          }
        },
      ),
      { numRuns: 2000, seed: 20261121 },
    );
  });
});
