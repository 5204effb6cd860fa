/**
 * What an index does to a text before it can be found: learnt by having the cluster analyse a text of our own, which rides on
 * a search (the suggester returns the tokens of its text). docs/decisions/0080-exact-search-over-any-analyser.md says why.
 */

/** How literal text can be looked for. */
export type Analysis =
  /** Terms are pieces of the text. */
  | Readonly<{
      kind: 'tokens';
      /** False: terms keep the case of the text. */
      isLowerCase: boolean;
      /** Characters that stand in no term: what lies between two of them is a term of its own. */
      separators: ReadonlySet<string>;
      /** Longer terms are cut into pieces of this length. */
      maxLength: number;
    }>
  /** The text is one term (keyword), or is searched as one (wildcard). */
  | Readonly<{ kind: 'value' }>
  /** Nothing is certain: stemmed, cut, folded or mixed. Every line has to be looked at. */
  | Readonly<{ kind: 'opaque' }>;

/** One token of the suggester's answer. Offsets count UTF-16 units. */
export type Token = Readonly<{ text: string; offset: number; length: number }>;

const PUNCTUATION = '\t !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'.split('');
/** Letters and digits meet each character in every combination: tokenizers treat `a.b`, `1.2` and `a1.2` differently. */
const around = (mark: string): string => ` ka${mark}kb 1${mark}2 k1${mark}2k k3${mark}kx 4k${mark}5 ${mark}kc${mark} `;
/** Words that stemmers shorten, stop lists drop and word delimiters cut; what some tokenizers keep whole; Turkish `I`. */
const WORDS =
  'Queued RUNNING addresses from to and of the is be studies removed 4jWkFk143lznk7d 0F9FBCD13 MixedCase PowerShot500 ' +
  'it mail.example.com:20261121 http://www.example.com:80801/x user77@mail77.example.com <ann@x.example> http://www.example.com/a/b?c=1#d wi-fi XL-5000 1.2.3.4 INFIX &amp; ';
/** Terms longer than any limit in use, except that of Lucene itself (32,766 bytes). */
const LONG = 1030;
const HEAD = `${WORDS}${PUNCTUATION.map(around).join('')}`;

export const PROBE_TEXT = `${HEAD}${'k7'.repeat(LONG / 2)}`;

/** Limits below this would make every message-id a long term. */
const LEAST_LIMIT = 64;

const isAlphanumeric = (character: string): boolean => /^[0-9A-Za-z]$/.test(character);

const isIn = ({ offset, length }: Token, from: number, to: number): boolean => offset <= from && offset + length >= to;

type Spelling = 'lower' | 'same' | 'either' | 'other';

const spellingOf = ({ text, offset, length }: Token): Spelling => {
  const source = PROBE_TEXT.slice(offset, offset + length);
  const [isLower, isSame] = [text === source.toLowerCase(), text === source];
  if (isLower && isSame) return 'either';
  return isLower ? 'lower' : isSame ? 'same' : 'other';
};

/** Length of the pieces that the long word was cut into; null when a part of it is missing. */
const limitOf = (tokens: readonly Token[]): number | null => {
  const pieces = tokens.filter(({ offset }) => offset >= HEAD.length);
  const covered = pieces.reduce((sum, { length }) => sum + length, 0);
  const [first] = pieces;
  return first === undefined || covered !== LONG ? null : first.length;
};

/** Reads the tokens of `PROBE_TEXT`. */
export const readAnalysis = (tokens: readonly Token[]): Analysis => {
  const [only] = tokens;
  if (tokens.length === 1 && only?.length === PROBE_TEXT.length) {
    return spellingOf(only) === 'other' ? { kind: 'opaque' } : { kind: 'value' };
  }
  const spellings = new Set(tokens.map(spellingOf));
  const maxLength = limitOf(tokens);
  if (spellings.has('other') || (spellings.has('lower') && spellings.has('same'))) return { kind: 'opaque' };
  if (maxLength === null || maxLength < LEAST_LIMIT) return { kind: 'opaque' };
  const runs = [...HEAD.matchAll(/[0-9A-Za-z]+/g)];
  const isWhole = runs.every(({ 0: run, index }) => tokens.some((token) => isIn(token, index, index + run.length)));
  if (!isWhole) return { kind: 'opaque' };
  const joined = new Set(tokens.flatMap(({ offset, length }) => PROBE_TEXT.slice(offset, offset + length).split('')));
  const separators = new Set(PUNCTUATION.filter((mark) => !joined.has(mark) && !isAlphanumeric(mark)));
  return { kind: 'tokens', isLowerCase: !spellings.has('same'), separators, maxLength };
};

/**
 * The standard analyser, OpenSearch's default: words of UAX #29, in lower case, cut at 255. `foo:bar`, `a.b`, `1,2` and `a_b`
 * are one term. What is assumed of a text field until the first answer has shown it.
 */
export const STANDARD: Analysis = {
  kind: 'tokens',
  isLowerCase: true,
  separators: new Set(PUNCTUATION.filter((mark) => !".,:;'_".includes(mark))),
  maxLength: 255,
};

/** True when a query made under `assumed` finds all that it must under `actual`. */
export const isSafe = (assumed: Analysis, actual: Analysis): boolean => {
  if (assumed.kind === 'opaque') return true;
  if (assumed.kind === 'value') return actual.kind === 'value';
  if (actual.kind !== 'tokens') return false;
  const isCaseSafe = !assumed.isLowerCase || actual.isLowerCase;
  const isLimitSafe = actual.maxLength >= assumed.maxLength;
  return isCaseSafe && isLimitSafe && [...assumed.separators].every((mark) => actual.separators.has(mark));
};
