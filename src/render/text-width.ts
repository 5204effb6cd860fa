/**
 * Text in terminal cells: how wide it is, shortened, padded, wrapped; and made harmless, since log text may hold escape
 * sequences, line breaks or characters that turn the direction of writing.
 */

/** Characters of one base that a terminal stacks on each other; more is a prank ("zalgo"). */
const MARKS_MAX = 4;
/** Longer text is cut with an ellipsis. Syslog daemons cut lines at 8 KiB; nobody reads more in a table. */
const TEXT_MAX = 4000;
const NAMED_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
// Control and format characters (escape sequences, bidirectional overrides, zero-width, tags), lone surrogates, line separators.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const PILED_MARKS = new RegExp(`(\\p{M}{${MARKS_MAX}})\\p{M}+`, 'gu');
const PLAIN_ASCII = /^[\x20-\x7e]*$/;
// East Asian Wide and Fullwidth (UAX #11), and emoji shown as pictures (UTS #51).
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
// Marks, and the vowels and finals of decomposed Hangul, stand on the character before them.
const ZERO_WIDTH = /[\p{M}\p{Cc}\p{Cf}\u1160-\u11ff]/u;
const PICTURE = /\p{Extended_Pictographic}|\p{Regional_Indicator}/u;

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

const escapeOf = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  return (
    NAMED_ESCAPES[character] ??
    (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`)
  );
};

/**
 * The text on one line, with nothing in it that a terminal acts on.
 * @example printable('a\u001b[2Jb') // 'a\\x1b[2Jb'
 */
export const printable = (text: string): string => {
  if (text.length > TEXT_MAX) return `${printable(text.slice(0, TEXT_MAX))}…`;
  if (PLAIN_ASCII.test(text)) return text;
  const safe = text.replace(UNPRINTABLE, escapeOf).replace(PILED_MARKS, '$1');
  // A mark without a base would sit on whatever is printed before.
  return /^\p{M}/u.test(safe) ? `◌${safe}` : safe;
};

/** As terminals count (wcwidth): each base character of a cluster has its own cells, a picture has two at most. */
const clusterWidth = (cluster: string): number => {
  if (cluster.length === 1 && PLAIN_ASCII.test(cluster)) return 1;
  if (PICTURE.test(cluster)) return WIDE.test(cluster) ? 2 : 1;
  return [...cluster].reduce((sum, base) => sum + (ZERO_WIDTH.test(base) ? 0 : WIDE.test(base) ? 2 : 1), 0);
};

const clusters = (text: string): readonly string[] =>
  PLAIN_ASCII.test(text) ? [...text] : [...segmenter.segment(text)].map(({ segment }) => segment);

/** Terminal cells of a printable text. */
export const displayWidth = (text: string): number =>
  PLAIN_ASCII.test(text) ? text.length : clusters(text).reduce((sum, cluster) => sum + clusterWidth(cluster), 0);

const takeWidth = (parts: readonly string[], width: number): readonly string[] => {
  const taken: string[] = [];
  let used = 0;
  for (const part of parts) {
    used += clusterWidth(part);
    if (used > width) break;
    taken.push(part);
  }
  return taken;
};

/** Shortened in the middle to at most `width` cells. Two thirds stay of the head: that is where host names and addresses differ. */
export const shorten = (text: string, width: number): string => {
  if (displayWidth(text) <= width) return text;
  if (width < 2) return '…'.slice(0, Math.max(width, 0));
  const parts = clusters(text);
  const head = takeWidth(parts, Math.ceil(((width - 1) * 2) / 3)).join('');
  const tail = takeWidth(parts.toReversed(), width - 1 - displayWidth(head));
  return `${head}…${tail.toReversed().join('')}`;
};

export const padEnd = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)));

export const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - displayWidth(text))) + text;

/** Pieces of a word that is longer than a line; one cluster wider than the line still has to go somewhere. */
const splitWord = (word: string, width: number): readonly string[] => {
  const pieces: string[] = [];
  let piece = '';
  let used = 0;
  for (const cluster of clusters(word)) {
    const cells = clusterWidth(cluster);
    if (piece !== '' && used + cells > width) {
      pieces.push(piece);
      piece = '';
      used = 0;
    }
    piece += cluster;
    used += cells;
  }
  return [...pieces, piece];
};

/** Lines of at most `width` cells, broken at blanks and, where a word is longer than a line, inside it. Never empty. */
export const wrap = (text: string, width: number | null): readonly string[] => {
  if (width === null || displayWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text
    .split(' ')
    .flatMap((part) => (displayWidth(part) > width ? splitWord(part, width) : [part]))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (displayWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
};
