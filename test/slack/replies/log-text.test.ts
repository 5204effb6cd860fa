import { describe, expect, it } from 'vitest';
import { cut, escapeNotification, neutralise } from '../../../src/slack/replies/log-text.ts';

describe('neutralise', () => {
  it.each([
    ['plain text stays', 'ann@x.example 4jWkFk143lznk7d', 'ann@x.example 4jWkFk143lznk7d'],
    ['letters of other scripts stay', 'Ünïcödé почта 邮件', 'Ünïcödé почта 邮件'],
    ['line breaks and tabs become blanks', 'a\r\nb\tc\u2028d', 'a  b c d'],
    ['control characters become pictures', 'a\u0000\u001b[31mb\u007f', 'a␀␛[31mb␡'],
    ['C1 controls become blanks', 'a\u009bb', 'a b'],
    ['direction overrides show their code', 'safe\u202eelpmaxe.live', 'safe‹U+202E›elpmaxe.live'],
    ['isolates show their code', '\u2066a\u2069', '‹U+2066›a‹U+2069›'],
    ['zero-width characters show their code', 'a\u200bb\u200dc\ufeffd\u2060', 'a‹U+200B›b‹U+200D›c‹U+FEFF›d‹U+2060›'],
    ['tag characters show their code', 'a\u{e0041}', 'a‹U+E0041›'],
    ['lone surrogates show their code', 'a\ud800b', 'a‹U+D800›b'],
    ['markup stays as it is: nothing parses it here', '<!channel> *bold* :smile:', '<!channel> *bold* :smile:'],
  ])('%s', (_name, text, expected) => {
    expect(neutralise(text, 500)).toBe(expected);
  });

  it('is bounded, also when codes are longer than what they stand for', () => {
    expect(neutralise('\u202e'.repeat(10_000), 100)).toHaveLength(100);
    expect(neutralise('x'.repeat(10_000_000), 100)).toBe(`${'x'.repeat(99)}…`);
  });
});

describe('cut', () => {
  it('leaves short text alone and marks a cut', () => {
    expect(cut('abc', 3)).toBe('abc');
    expect(cut('abcd', 3)).toBe('ab…');
  });

  it('never leaves half a character', () => {
    expect(cut('ab😀cd', 4)).toBe('ab…');
  });
});

describe('escapeNotification', () => {
  it.each([
    ['mentions', '<!channel> <@U1> <#C1>', '&lt;!channel&gt; &lt;@U1&gt; &lt;#C1&gt;'],
    ['links', '<http://evil.example|bank>', '&lt;http꞉//evil.example|bank&gt;'],
    ['entities', '&lt;!channel&gt; & co', '&amp;lt;!channel&amp;gt; &amp; co'],
    ['bold, strike and code', '*a* ~b~ `c`', '∗a∗ ∼b∼ ˋcˋ'],
    ['italics', '_a_ (_b_)', '＿a＿ (＿b＿)'],
    ['emoji', ':smile: :+1x: :100: :party_parrot:', '꞉smile: ꞉+1x: ꞉100: ꞉party_parrot:'],
    ['group words', '@channel @here @everyone', '＠channel ＠here ＠everyone'],
    ['breaks and overrides', 'a\n> b\u202e', 'a &gt; b‹U+202E›'],
  ])('disarms %s', (_name, text, expected) => {
    expect(escapeNotification(text, 1000)).toBe(expected);
  });

  it.each(['john_doe@x.example', 'at 09:00:04 and 10:15:20', 'mx1.campus.example:10025', 'a @ b', 'ann@here.example'])(
    'leaves %s as it is',
    (text) => {
      expect(escapeNotification(text, 1000)).toBe(text);
    },
  );
});
