/**
 * Needles → a query that finds every line which holds one, and few others. What is found is looked at again: a query may find
 * too much, but never too little.
 */
import type { Needle } from '../app/ports.js';
import type { Analysis } from './opensearch-analysis.js';

export type Clause = Readonly<Record<string, unknown>>;

/** `clauses` count against `indices.query.bool.max_clause_count`; `scans` of them walk through all terms of the field. */
export type Piece = Readonly<{ clause: Clause; clauses: number; scans: number }>;

type Tokens = Extract<Analysis, Readonly<{ kind: 'tokens' }>>;

/** Letters and digits in a row: no analyser in use cuts them, and the probe shows it. */
type Run = Readonly<{ text: string; isStart: boolean; isEnd: boolean }>;

/** `index.max_regex_length` is 1,000 by default. */
const REGEXP_MAX = 900;
/** Terms of one needle that are asked for; a further one hardly narrows. */
const TERMS_MAX = 6;

const runsOf = (text: string, separators: ReadonlySet<string>): readonly Run[] =>
  [...text.matchAll(/[0-9A-Za-z]+/g)].map(({ 0: run, index }) => ({
    text: run.toLowerCase(),
    isStart: index > 0 && separators.has(text[index - 1]!),
    isEnd: separators.has(text[index + run.length] ?? ''),
  }));

const longestOf = (runs: readonly Run[]): Run | null =>
  runs.reduce<Run | null>((best, run) => (best === null || run.text.length > best.text.length ? run : best), null);

/** Rare enough to be asked for alone. */
const isTelling = ({ text }: Run): boolean => text.length >= 8 || (text.length >= 5 && /\d/.test(text));

/** `infix`: a run that has to stand somewhere in a term, and nothing else is to be asked. Null: every line. */
type Plan =
  | Readonly<{ kind: 'infix'; run: string }>
  | Readonly<{ kind: 'all'; clauses: readonly Clause[]; scans: number }>;

const withCase = (value: string, isLowerCase: boolean) => (isLowerCase ? { value } : { value, case_insensitive: true });

/**
 * Text between two separators is a term. A run at an end of the needle may go on in the line (`user` in `foo:user@…`), so it
 * is looked for inside terms.
 */
const planTokens = (field: string, text: string, { separators, maxLength, isLowerCase }: Tokens): Plan | null => {
  const runs = runsOf(text, separators);
  const whole = runs.filter((run) => run.isStart && run.isEnd && run.text.length <= maxLength);
  const open = runs.filter((run) => !(run.isStart && run.isEnd) && run.text.length <= maxLength);
  const terms = [...whole].sort((a, b) => b.text.length - a.text.length).slice(0, TERMS_MAX);
  const begun = longestOf(open.filter(({ isStart }) => isStart));
  const clauses = terms.map(({ text: value }): Clause => ({ term: { [field]: withCase(value, isLowerCase) } }));
  if (begun !== null) clauses.push({ prefix: { [field]: withCase(begun.text, isLowerCase) } });
  const inner = longestOf(open.filter(({ isStart }) => !isStart));
  const needsMore = !terms.some(isTelling) && !(begun !== null && inner === null);
  if (!needsMore || inner === null) return clauses.length === 0 ? null : { kind: 'all', clauses, scans: 0 };
  if (clauses.length === 0 && !inner.isEnd) return { kind: 'infix', run: inner.text };
  const tail = inner.isEnd ? `*${inner.text}` : `*${inner.text}*`;
  return { kind: 'all', clauses: [...clauses, { wildcard: { [field]: withCase(tail, isLowerCase) } }], scans: 1 };
};

/** The runs of the needle in their order, in one value. */
const planValue = (field: string, text: string): Plan | null => {
  const runs = runsOf(text, NO_SEPARATORS);
  if (runs.length === 0) return null;
  if (runs.length === 1) return { kind: 'infix', run: runs[0]!.text };
  const value = `*${runs.map((run) => run.text).join('*')}*`;
  return { kind: 'all', clauses: [{ wildcard: { [field]: withCase(value, false) } }], scans: 1 };
};

const NO_SEPARATORS: ReadonlySet<string> = new Set();

/** As many runs in one regular expression as may be: each is one walk through the terms. */
const joinInfixes = (field: string, runs: readonly string[], isLowerCase: boolean): readonly Clause[] => {
  const groups: string[] = [];
  let group = '';
  for (const run of new Set(runs)) {
    const longer = group === '' ? run : `${group}|${run}`;
    if (longer.length > REGEXP_MAX && group !== '') {
      groups.push(group);
      group = run;
    } else group = longer;
  }
  if (group !== '') groups.push(group);
  return groups.map((each) => ({ regexp: { [field]: { ...withCase(`.*(${each}).*`, isLowerCase), flags: 'NONE' } } }));
};

/** A line with a term that was cut may hold a run on the cut. */
const cutTerms = (field: string, { maxLength }: Tokens): Clause => ({
  regexp: { [field]: { value: `.{${maxLength}}.*`, flags: 'NONE' } },
});

/** Too long for keyword's `ignore_above`, the text is kept but cannot be found. */
const unindexed = (field: string): Clause => ({ bool: { must_not: [{ exists: { field } }] } });

type Known = Exclude<Analysis, Readonly<{ kind: 'opaque' }>>;

const planOf = (field: string, { text }: Needle, analysis: Known): Plan | null =>
  analysis.kind === 'value' ? planValue(field, text) : planTokens(field, text, analysis);

/** Any of `pieces` finds its needles. @returns null when no query can narrow it down: every line has to be looked at */
export const buildPieces = (field: string, needles: readonly Needle[], analysis: Analysis): readonly Piece[] | null => {
  if (analysis.kind === 'opaque' || needles.length === 0) return null;
  const plans = needles.map((needle) => planOf(field, needle, analysis));
  if (plans.some((plan) => plan === null)) return null;
  const isLowerCase = analysis.kind === 'tokens' && analysis.isLowerCase;
  const runs = plans.flatMap((plan) => (plan?.kind === 'infix' ? [plan.run] : []));
  const infixes = joinInfixes(field, runs, isLowerCase).map((clause): Piece => ({ clause, clauses: 1, scans: 1 }));
  const others = plans.flatMap((plan): Piece[] =>
    plan?.kind === 'all'
      ? [{ clause: { bool: { filter: plan.clauses } }, clauses: plan.clauses.length, scans: plan.scans }]
      : [],
  );
  return [...infixes, ...others];
};

/** Lines that hold one of the pieces' needles, also where the index did not take the line as it is. */
export const joinPieces = (field: string, pieces: readonly Piece[], analysis: Analysis): Clause => {
  const should = pieces.map(({ clause }) => clause);
  if (analysis.kind === 'value') should.push(unindexed(field));
  if (analysis.kind === 'tokens' && pieces.some(({ scans }) => scans > 0)) should.push(cutTerms(field, analysis));
  return { bool: { should, minimum_should_match: 1 } };
};
