/** Log text made safe for DOT: bounded, without control characters, escaped for the place where it stands. */

/** Longest node id: RFC 1035 allows 253 characters in a host name. */
const ID_MAX = 255;
/** Tooltips hold one reply; more than this only makes the file large. */
const TOOLTIP_MAX = 300;

/** Characters that draw nothing, or turn the text around them (bidi controls, RFC 3987 §4.1), and halves of surrogate pairs. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** Code points, so that no surrogate pair is cut in two. A text over `max` ends in `…`. */
const bound = (text: string, max: number): string => {
  // Two code units at most make a code point: nothing beyond is looked at, however long the log line was.
  const points = Array.from(text.slice(0, 2 * max + 2));
  return points.length > max ? `${points.slice(0, max - 1).join('')}…` : points.join('');
};

/** One line of at most `max` characters. Runs of blanks and line breaks become one blank, what cannot be drawn becomes `�`. */
export const cleanText = (text: string, max: number): string =>
  bound(
    text
      .slice(0, 4 * max + 64)
      .replace(/[\s\u0085]+/gu, ' ')
      .replace(INVISIBLE, '\uFFFD'),
    max,
  );

/**
 * A node id. An ID is no escString, so a backslash would stand for itself everywhere but before the closing quote
 * (Graphviz, "The DOT Language"); no host name has one, so it is replaced.
 */
export const cleanId = (name: string): string => cleanText(name, ID_MAX).replaceAll('\\', '\uFFFD');

export const quoteId = (id: string): string => `"${id.replaceAll('"', '\\"')}"`;

/** The inside of an escString: `\N`, `\G` and entities such as `&amp;` lose their meaning (Graphviz, "escString"). */
const escapeLabel = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('\\', '\\\\').replaceAll('"', '\\"');

/**
 * A plain label of left-justified lines. The lines are already clean.
 *
 * Graphviz knows the widths of the ASCII letters of DejaVu Sans only and takes others for 0.64 em (two UTF-8 bytes);
 * Cyrillic needs up to 1.05. No-break spaces at the end make up for it.
 */
export const quoteLines = (lines: readonly string[]): string =>
  `"${lines.map((line) => `${escapeLabel(line)}${'\u00a0'.repeat(padding(line))}\\l`).join('')}"`;

const padding = (line: string): number => Math.ceil((line.match(/[\u00c0-\u07ff]/g) ?? []).length / 2);

export const quoteTooltip = (text: string): string => `"${escapeLabel(cleanText(text, TOOLTIP_MAX))}"`;

/** Text inside an HTML-like label. */
export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Letters of DejaVu Sans that are nearly as wide as high, or wider. */
const WIDE = /[ЖМФШЩЫЮжмфшщыюЂЉЊЏљњ\u0800-\u1fff]/u;

const emsOf = (char: string): number => {
  if (char <= '\u007e') return 0.64;
  // DejaVu has no ideographs: Pango draws a box with the code point in it.
  if (char >= '\u2e80') return 1.3;
  if (char >= '\u2000') return 0.9;
  return WIDE.test(char) ? 1.02 : 0.75;
};

/** Points that `text` may need in DejaVu Sans, where Graphviz would guess too little; 0 when its own figure is right. */
export const leastWidth = (text: string, pointSize: number): number =>
  /[^\u0020-\u007e]/.test(text) ? Math.ceil(pointSize * [...text].reduce((sum, char) => sum + emsOf(char), 0)) : 0;

/** Where a line may be broken: after a blank, else after a mark that parts addresses, host names and ids. */
const breakBefore = (text: string, width: number): number => {
  const head = text.slice(0, width + 1);
  const blank = head.lastIndexOf(' ');
  if (blank > width / 5) return blank + 1;
  const isBefore = (at: number): boolean => '@.[<('.includes(text[at]!);
  const marks = [...head.slice(0, width).matchAll(/[@.[<(_/,:=-]/g)].map(({ index }) =>
    isBefore(index) ? index : index + 1,
  );
  const mark = marks.at(-1) ?? 0;
  if (mark > width / 4) return mark;
  return /[\uD800-\uDBFF]/.test(text[width - 1] ?? '') ? width - 1 : width;
};

/** At most `maxLines` lines of about `width` characters; a text cut short ends in `…`. */
export const wrapText = (text: string, width: number, maxLines: number): readonly string[] => {
  const lines: string[] = [];
  let rest = cleanText(text, width * maxLines).trim();
  while (rest.length > width && lines.length < maxLines - 1) {
    const at = breakBefore(rest, width);
    lines.push(rest.slice(0, at).trim());
    rest = rest.slice(at).trim();
  }
  return [...lines, cleanText(rest, width)];
};
