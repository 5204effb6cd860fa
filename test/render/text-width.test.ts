import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth, padEnd, padStart, printable, shorten, wrap } from '../../src/render/text-width.ts';

describe('printable', () => {
  it.each([
    ['plain text', 'plain text'],
    ['a\u001b[2J\u001b]0;title\u0007b', 'a\\x1b[2J\\x1b]0;title\\x07b'],
    ['two\nlines\r\n\tx', 'two\\nlines\\r\\n\\tx'],
    ['\u009b31m', '\\x9b31m'],
    ['moc\u202eelpmaxe', 'moc\\u{202e}elpmaxe'],
    ['a\u200bb\ufeffc', 'a\\u{200b}b\\u{feff}c'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['line\u2028end', 'line\\u{2028}end'],
    ['half\ud800', 'half\\u{d800}'],
    ['y'.repeat(10_000), `${'y'.repeat(4000)}…`],
    ['Grüße 日本語 🙂', 'Grüße 日本語 🙂'],
    ['e\u0301', 'e\u0301'],
    ['\u0301x', '◌\u0301x'],
    [`a${'\u0301'.repeat(50)}`, `a${'\u0301'.repeat(4)}`],
  ])('%j becomes %j', (text, expected) => expect(printable(text)).toBe(expected));

  it(
    'never leaves a character that a terminal acts on',
    () =>
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), (text) => {
          expect(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(printable(text))).toBe(false);
        }),
      ),
    30_000,
  );
});

describe('displayWidth', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['日本語', 6],
    ['Grüße', 5],
    ['e\u0301e\u0301', 2],
    ['한국', 4],
    ['ｆｕｌｌ', 8],
    ['🙂', 2],
    ['🇩🇪', 2],
    ['☺\ufe0f', 2],
    ['…', 1],
    ['→', 1],
    ['हिन्दी', 3],
    ['한국', 4],
    ['👍🏽', 2],
  ])('%s takes %d cells', (text, width) => expect(displayWidth(text)).toBe(width));
});

describe('shorten', () => {
  it.each([
    ['mailbox1.campus.example', 14, 'mailbox1.…mple'],
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['abcd', 1, '…'],
    ['abcd', 0, ''],
    ['日本語日本語', 7, '日本…語'],
  ])('%s in %d cells is %s', (text, width, expected) => expect(shorten(text, width)).toBe(expected));

  it('keeps both ends and the limit', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 40 }), (text, width) => {
        const safe = printable(text);
        const short = shorten(safe, width);
        expect(displayWidth(short)).toBeLessThanOrEqual(width);
        if (displayWidth(safe) <= width) expect(short).toBe(safe);
      }),
    ));
});

describe('pads', () => {
  it('by cells, not by characters', () => {
    expect(padEnd('日本', 6)).toBe('日本  ');
    expect(padStart('日本', 6)).toBe('  日本');
    expect(padEnd('toolong', 3)).toBe('toolong');
  });
});

describe('wrap', () => {
  it.each([
    ['one two three', 7, ['one two', 'three']],
    ['', 7, ['']],
    ['abcdefghij', 4, ['abcd', 'efgh', 'ij']],
    ['x abcdefghij y', 4, ['x', 'abcd', 'efgh', 'ij y']],
    ['日本語', 4, ['日本', '語']],
  ])('%s at %d', (text, width, lines) => expect(wrap(text, width)).toEqual(lines));

  it('leaves a text alone when there is no limit', () => expect(wrap('a b '.repeat(100), null)).toHaveLength(1));

  it('loses nothing but blanks', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 30 }), (text, width) => {
        const safe = printable(text);
        const lines = wrap(safe, width);
        expect(lines.join('').replaceAll(' ', '')).toBe(safe.replaceAll(' ', ''));
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      }),
    ));
});
