/** What is looked for in the lines of a log, as bytes. */
import type { Needle } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import type { TimeWindow } from '../domain/time-window.js';
import type { Line } from './line-scan.js';
import { buildNeedleSearch, type Pattern, type SearchNeedles } from './needle-search.js';

/** Lines of `host` (null: of any) in `window` that hold one of `needles` (none: every line). */
export type Wish = Readonly<{ window: TimeWindow; host: HostName | null; needles: readonly Needle[] }>;

/** The text of the message, decoded where it stands in JSON. */
type DecodeMessage = () => string | null;

/** True when the line holds a needle. The decoded message counts as well as the line as logged. */
export type HoldsNeedle = (line: Line, decodeMessage: DecodeMessage) => boolean;

/** What JSON writers escape: quotes, backslash, everything but printable ASCII; some also `/`, and Go `<`, `>`, `&`. */
const ESCAPED = /[^ -~]|["\\/<>&]/;
/** A shorter piece of a needle stands in nearly every line. */
const ANCHOR_MIN = 3;

const toPattern = ({ text, ignoreCase, isWhole }: Needle): Pattern => ({
  bytes: Buffer.from(text, 'utf8'),
  ignoreCase,
  isWhole,
});

/** The longest part of a needle that is the same in JSON; null when that is the whole needle, or nothing worth searching. */
const anchorOf = ({ text, ignoreCase }: Needle): Pattern | null => {
  const parts = text.split(new RegExp(ESCAPED, 'g'));
  const longest = parts.reduce((best, part) => (part.length > best.length ? part : best), '');
  return parts.length === 1 || longest.length < ANCHOR_MIN
    ? null
    : toPattern({ text: longest, ignoreCase, isWhole: false });
};

/** `journalctl -o json` writes a text that is not UTF-8 as numbers: only its decoded form can tell. */
const BYTES: Pattern = { bytes: Buffer.from('"MESSAGE":['), ignoreCase: false, isWhole: false };

/** A needle with a line break stands in no line. */
const isPossible = ({ text }: Needle): boolean => !/[\n\r]/.test(text);

/** The needles themselves first, then their anchors. */
const toPatterns = (needles: readonly Needle[]) => {
  const known = new Map(needles.filter(isPossible).map((needle) => [JSON.stringify(needle), needle]));
  const unique = [...known.values()];
  const anchors = unique.map(anchorOf).filter((anchor) => anchor !== null);
  return { patterns: [...unique.map(toPattern), ...anchors, BYTES], exact: unique.length };
};

/** What a tool that knows no JSON has to look for: the texts themselves, and in JSON lines also these parts of them. */
export const searchedTexts = (
  needles: readonly Needle[],
): Readonly<{ texts: readonly string[]; anchors: readonly string[] }> => {
  const possible = needles.filter((needle) => isPossible(needle) && needle.text !== '' && !needle.text.includes('\0'));
  const anchors = possible
    .map(anchorOf)
    .flatMap((anchor) => (anchor === null ? [] : [Buffer.from(anchor.bytes).toString('utf8')]));
  return { texts: [...new Set(possible.map(({ text }) => text))], anchors: [...new Set(anchors)] };
};

/** Finds every line that may hold a needle of any of these wishes. Null: every line has to be looked at. */
export const buildWishSearch = (wishes: readonly Wish[]): SearchNeedles | null =>
  wishes.some(({ needles }) => needles.length === 0)
    ? null
    : buildNeedleSearch(toPatterns(wishes.flatMap(({ needles }) => needles)).patterns);

/** Tells exactly whether a line holds one of `needles`. */
export const buildNeedleTest = (needles: readonly Needle[]): HoldsNeedle => {
  if (needles.length === 0) return () => true;
  const { patterns, exact } = toPatterns(needles);
  const search = buildNeedleSearch(patterns);
  const find = (bytes: Buffer, from: number, to: number): 'yes' | 'maybe' | 'no' => {
    let answer: 'yes' | 'maybe' | 'no' = 'no';
    search(bytes, from, to, ({ pattern, isSure, start }) => {
      if (pattern < exact && isSure) answer = 'yes';
      else if (answer === 'no') answer = 'maybe';
      return answer === 'yes' ? to : start + 1;
    });
    return answer;
  };
  return ({ bytes, from, to }, decodeMessage) => {
    const answer = find(bytes, from, to);
    const message = answer === 'maybe' ? decodeMessage() : null;
    if (message === null) return answer === 'yes';
    const decoded = Buffer.from(message, 'utf8');
    return find(decoded, 0, decoded.length) === 'yes';
  };
};
