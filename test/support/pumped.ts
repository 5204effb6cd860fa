/**
 * Texts that make a careless pattern slow: a piece of a real line said over and over, before an end that fits nothing. Whoever
 * sends mail may choose such pieces (addresses, names of hosts, replies, subjects).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FIXTURES = join(import.meta.dirname, '../fixtures/parsers');

/** Every line of the fixtures of a parser. */
export const fixtureLines = (mta: string): readonly string[] =>
  readdirSync(join(FIXTURES, mta))
    .filter((name) => name.endsWith('.log'))
    .flatMap((name) =>
      readFileSync(join(FIXTURES, mta, name), 'utf8')
        .split('\n')
        .filter(Boolean),
    );

/** What no fixture holds over and over, and what patterns look for. */
const PLAIN = [
  ' ',
  '[',
  ']',
  '(',
  ')',
  '<',
  '>',
  '"',
  '\\',
  '\\"',
  ',',
  ', ',
  '=',
  ': ',
  ';',
  '; ',
  ' to=<',
  '>,<',
  '\n',
  '\u00fc',
];
/** What may stand behind: nothing, what fits nothing, a line break (`.` and `$` stop there), an open quote. */
const ENDS = ['', '\u0000', '\n!', '"', ' <'];

const tokensOf = (text: string): readonly string[] => text.match(/[\w.@+/-]+|\s+|[^\w\s]/g) ?? [];

/** `head`, then `piece` as often as wanted, then `end`. */
export type Pump = Readonly<{ head: string; piece: string; end: string }>;

export const pumped = ({ head, piece, end }: Pump, length: number): string =>
  head + piece.repeat(Math.ceil(length / piece.length)).slice(0, length) + end;

/** Pieces of up to this many words and marks: what a pattern can begin with, and so begin with again. */
const PIECE_TOKENS = 14;

/** Every way to say a piece of the text over and over; `tail`: whether the rest of the line follows. */
export function* pumpsOf(text: string): Generator<Pump> {
  const tokens = tokensOf(text);
  for (let from = 0; from < tokens.length; from++) {
    const head = tokens.slice(0, from).join('');
    for (const piece of PLAIN) yield { head, piece, end: ENDS[from % ENDS.length]! };
    for (let to = from + 1; to <= Math.min(tokens.length, from + PIECE_TOKENS); to++) {
      const piece = tokens.slice(from, to).join('');
      const rest = tokens.slice(to).join('');
      yield { head, piece, end: (from + to) % 2 === 0 ? ENDS[to % ENDS.length]! : `${rest}${ENDS[to % ENDS.length]!}` };
    }
  }
}
