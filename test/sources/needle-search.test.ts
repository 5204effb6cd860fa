import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildNeedleSearch, type Pattern } from '../../src/sources/needle-search.ts';

type Place = Readonly<{ start: number; end: number; isSure: boolean }>;

const pattern = (text: string, more: Partial<Pattern> = {}): Pattern => ({
  bytes: Buffer.from(text, 'latin1'),
  ignoreCase: false,
  isWhole: false,
  ...more,
});

/** Every place where a hit begins, one for each start. */
const findAll = (patterns: readonly Pattern[], text: string): readonly Place[] => {
  const bytes = Buffer.from(text, 'latin1');
  const found: Place[] = [];
  buildNeedleSearch(patterns)(bytes, 0, bytes.length, ({ start, end, isSure }) => {
    found.push({ start, end, isSure });
    return start + 1;
  });
  return found;
};

const WORD = /[A-Za-z0-9_-]/;

/** The definition, byte by byte. */
const startsByDefinition = (patterns: readonly Pattern[], text: string): readonly number[] => {
  const fold = (given: string, isFolded: boolean): string =>
    isFolded ? given.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : given;
  return Array.from(text, (_, start) => start).filter((start) =>
    patterns.some(({ bytes, ignoreCase, isWhole }) => {
      const wanted = Buffer.from(bytes).toString('latin1');
      const end = start + wanted.length;
      if (wanted === '' || fold(text.slice(start, end), ignoreCase) !== fold(wanted, ignoreCase)) return false;
      return !isWhole || (!WORD.test(text[start - 1] ?? ' ') && !WORD.test(text[end] ?? ' '));
    }),
  );
};

// Few letters, so that patterns overlap, repeat and nearly match.
const letters = fc.constantFrom('a', 'b', 'A', 'B', '-', ' ', '\xe4', '1');
const word = (maxLength: number) => fc.array(letters, { minLength: 1, maxLength }).map((parts) => parts.join(''));
const patternOf = (maxLength: number) =>
  fc
    .record({ text: word(maxLength), ignoreCase: fc.boolean(), isWhole: fc.boolean() })
    .map(({ text, ...more }) => pattern(text, more));

describe('the search for many needles', { timeout: 60_000 }, () => {
  it.each([
    ['one needle', 1, 1, 12],
    ['a few short ones', 2, 6, 3],
    ['a few of any length', 2, 12, 40],
    ['many of any length', 65, 120, 40],
  ])('finds exactly what is there: %s', (_, minLength, maxLength, longest) => {
    fc.assert(
      fc.property(
        fc.array(patternOf(longest), { minLength, maxLength }),
        fc.array(word(longest), { maxLength: 12 }).map((parts) => parts.join('')),
        (patterns, text) => {
          expect(findAll(patterns, text).map(({ start }) => start)).toEqual(startsByDefinition(patterns, text));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('finds thousands of needles that begin and end alike', () => {
    const ids = Array.from({ length: 5000 }, (_, index) => `4jWk${index.toString(36).padStart(4, '0')}546A0F`);
    const text = ids.map((id) => `x ${id}: y`).join('\n');
    expect(
      findAll(
        ids.map((id) => pattern(id, { isWhole: true })),
        text,
      ),
    ).toHaveLength(5000);
    expect(
      findAll(
        ids.map((id) => pattern(id, { isWhole: true })),
        text.replaceAll('546A0F', '546A0E'),
      ),
    ).toEqual([]);
  });

  it('goes on where it is told to', () => {
    const bytes = Buffer.from('aa ab\naa ab\naa');
    const starts: number[] = [];
    buildNeedleSearch([pattern('aa'), pattern('ab')])(bytes, 0, bytes.length, ({ start }) => {
      starts.push(start);
      return bytes.indexOf('\n', start) + 1 || bytes.length;
    });
    expect(starts).toEqual([0, 6, 12]);
  });

  it('stays between its bounds', () => {
    const bytes = Buffer.from('needle needle needle');
    const starts: number[] = [];
    buildNeedleSearch([pattern('needle')])(bytes, 1, 19, ({ start }) => {
      starts.push(start);
      return start + 1;
    });
    expect(starts).toEqual([7]);
  });

  it.each(['\\n4jWk:', '\\t4jWk', '\\u003c4jWk'])('is unsure behind the JSON escape in %j', (text) => {
    expect(findAll([pattern('4jWk', { isWhole: true })], text)).toMatchObject([{ isSure: false }]);
  });

  it('finds nothing when there is nothing to find', () => {
    expect(findAll([], 'text')).toEqual([]);
    expect(findAll([pattern('')], 'text')).toEqual([]);
    expect(findAll([pattern('text')], '')).toEqual([]);
  });
});
