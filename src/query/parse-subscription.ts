/**
 * What a channel watches, as it is typed:
 * `bounced deferred [from: to: domain: relay: host: cluster: dsn:] [delay>5m] [over 20 in 10m]`. Kinds and the values of one
 * filter are alternatives; different filters must all hold.
 */
import {
  ALERT_KINDS,
  type AlertKind,
  FILTER_NAMES,
  type FilterName,
  type SubscriptionFilters,
  type Threshold,
} from '../domain/subscription.js';
import { MailtraceError } from '../errors.js';
import { readValue } from './command-words.js';
import { DAY_MS, DURATION_HINT, DURATION_PATTERN, formatDuration, readDuration } from './duration.js';
import { findNearest } from './nearest.js';
import { excerpt, plainMarks } from './plain-text.js';
import { filterText, readFilterValue, refuseFilter } from './subscription-filters.js';

/** Kinds in the order of `ALERT_KINDS`, each once. */
export type SubscriptionRule = Readonly<{
  kinds: readonly AlertKind[];
  /** With kind `slow`; null without. */
  slowMs: number | null;
  filters: SubscriptionFilters;
  threshold: Threshold | null;
}>;

export type Unsubscription = Readonly<
  | { kind: 'list' }
  | { kind: 'all' }
  /** No kinds: whatever is watched with these filters. */
  | { kind: 'some'; kinds: readonly AlertKind[]; filters: SubscriptionFilters }
>;

export const SUBSCRIBE_EXAMPLES = [
  '/mailtrace subscribe bounced deferred',
  '/mailtrace subscribe bounced expired from:x.example dsn:5.7.*',
  '/mailtrace subscribe deferred relay:mx.partner.example over 20 in 10m',
  '/mailtrace subscribe slow delay>5m cluster:mx',
] as const;

/** `slow` alone. */
const SLOW_MS = 5 * 60_000;
const SLOW_LEAST_MS = 1000;
const THRESHOLD_MAX = 1000;
const WINDOW_LEAST_MS = 60_000;
const VALUES_MAX = 50;

/** What was read so far. */
type Draft = {
  kinds: Set<AlertKind>;
  slowMs: number | null;
  filters: Map<FilterName, Set<string>>;
  over: Threshold | null;
};

/** @throws always */
const refuse = (problem: string, hint: string): never => {
  throw new MailtraceError('usage', `${problem}.`, `${hint}.`);
};

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  const sticky = new RegExp(pattern.source, 'iyu');
  sticky.lastIndex = at;
  return sticky.exec(text);
};

const END = '(?=[\\s,;]|$)';
const FILTER = new RegExp(`(?:${FILTER_NAMES.join('|')}):`);
const DELAY = new RegExp(`(?:delay|slow)\\s*(?:>|:|over|longer than)\\s*(${DURATION_PATTERN})${END}`);
const DELAY_START = /(?:delay|slow\s*[>:])/;
const OVER = new RegExp(`(?:over|more than|>)\\s*(\\d{1,9})\\s*(?:in|within|per|/)\\s*(${DURATION_PATTERN})${END}`);
const OVER_START = /(?:over|more than|>)(?=\s|\d|$)/;
const KIND = new RegExp(`(?:${ALERT_KINDS.join('|')})${END}`);
/** Between two kinds; between filters it would mean something else than it says. */
const JOINED = new RegExp(`\\s+(?:and|or)\\s+(?=(?:${ALERT_KINDS.join('|')})${END})`);
const WORD = /[^\s,;]+/;

const lengthOf = (phrase: string): number => {
  const reading = readDuration(phrase.toLowerCase().replace(/\s+/g, ' '));
  return reading.kind === 'duration'
    ? reading.duration.ms
    : refuse(`"${excerpt(phrase)}" is out of range`, DURATION_HINT);
};

const readDelay = (phrase: string): number => {
  const ms = lengthOf(phrase);
  return ms >= SLOW_LEAST_MS ? ms : refuse(`"${excerpt(phrase)}" is too short for a slow delivery`, 'Use at least 1s');
};

const readThreshold = (count: string, phrase: string): Threshold => {
  const windowMs = lengthOf(phrase);
  if (Number(count) < 1 || Number(count) > THRESHOLD_MAX) {
    refuse(`"over ${excerpt(count)}" is out of range`, `Use 1 to ${THRESHOLD_MAX}: over 20 in 10m`);
  }
  if (windowMs < WINDOW_LEAST_MS || windowMs > DAY_MS) {
    refuse(`"in ${excerpt(phrase)}" is out of range`, 'Use 1m to 1d: over 20 in 10m');
  }
  return { count: Number(count), windowMs };
};

/** A bare value ends at a blank or a comma; what is quoted or in angle brackets is taken as it is. */
const readItem = (line: string, at: number): Readonly<{ text: string; end: number }> => {
  const isBare = at === line.length || /[\p{L}\p{N}@*[.,;]/u.test(line[at]!);
  if (!isBare) return readValue(line, at);
  const text = matchAt(WORD, line, at)?.[0] ?? '';
  return { text: plainMarks(text), end: at + text.length };
};

/** A comma that touches both sides goes on with the list; before a blank or another filter it only separates. */
const isListComma = (line: string, at: number): boolean =>
  line[at] === ',' && /[^\s,;]/.test(line[at + 1] ?? ' ') && matchAt(FILTER, line, at + 1) === null;

/** One value, or several with commas between them. @returns where they end */
const readValues = (name: FilterName, line: string, start: number, draft: Draft): number => {
  const values = draft.filters.get(name) ?? new Set<string>();
  draft.filters.set(name, values);
  for (let at = start; ; at += 1) {
    while (line[at] === ' ') at += 1;
    const { text, end } = readItem(line, at);
    values.add(readFilterValue(name, text));
    if (values.size > VALUES_MAX) refuse(`${name}: has more than ${VALUES_MAX} values`, 'Use fewer');
    if (!isListComma(line, end)) return end;
    at = end;
  }
};

const isKind = (word: string): word is AlertKind => ALERT_KINDS.some((kind) => kind === word);

const KINDS_HINT = `There are ${ALERT_KINDS.join(', ')}`;

const refuseWord = (word: string): never => {
  if (/^[a-z-]+:/i.test(word)) return refuseFilter(word);
  const shown = `"${excerpt(word)}" is not understood`;
  const nearest = findNearest(word, [...ALERT_KINDS, ...FILTER_NAMES, 'over', 'delay', 'all']);
  if (nearest !== null && isKind(nearest)) return refuse(shown, `Did you mean ${nearest}? ${KINDS_HINT}`);
  const filter = FILTER_NAMES.find((name) => name === nearest);
  if (filter !== undefined) return refuse(shown, `A filter has a colon: ${filter}:…`);
  if (word.includes('@')) return refuse(shown, `Say whose address it is: from:${excerpt(word)} or to:${excerpt(word)}`);
  if (word.includes('.')) {
    return refuse(shown, `Say what it is: domain:${excerpt(word)}, relay:${excerpt(word)} or host:${excerpt(word)}`);
  }
  return refuse(shown, `${KINDS_HINT}. Write for example ${SUBSCRIBE_EXAMPLES[1]}`);
};

/** Reads what begins at `at`, which is no blank. @returns where it ends */
const readTerm = (line: string, at: number, draft: Draft): number => {
  const filter = matchAt(FILTER, line, at)?.[0];
  if (filter !== undefined) {
    const name = FILTER_NAMES.find((known) => `${known}:` === filter.toLowerCase())!;
    return readValues(name, line, at + filter.length, draft);
  }
  const delay = matchAt(DELAY, line, at);
  if (delay !== null) {
    draft.kinds.add('slow');
    draft.slowMs = readDelay(delay[1]!);
    return at + delay[0].length;
  }
  if (matchAt(DELAY_START, line, at)) refuse(`"${excerpt(line.slice(at))}" is not understood`, 'Write delay>5m');
  const over = matchAt(OVER, line, at);
  if (over !== null) {
    if (draft.over !== null) refuse('There are two thresholds', 'Keep one: over 20 in 10m');
    draft.over = readThreshold(over[1]!, over[2]!);
    return at + over[0].length;
  }
  if (matchAt(OVER_START, line, at)) {
    refuse(`"${excerpt(line.slice(at))}" is no threshold`, 'Write how many in what time: over 20 in 10m');
  }
  const kind = matchAt(KIND, line, at)?.[0];
  if (kind !== undefined) {
    draft.kinds.add(ALERT_KINDS.find((known) => known === kind.toLowerCase())!);
    const end = at + kind.length;
    return end + (matchAt(JOINED, line, end)?.[0].length ?? 0);
  }
  return refuseWord(matchAt(WORD, line, at)![0]);
};

const readTerms = (line: string): Draft => {
  const draft: Draft = { kinds: new Set(), slowMs: null, filters: new Map(), over: null };
  let at = 0;
  for (;;) {
    while (at < line.length && /[\s,;]/.test(line[at]!)) at += 1;
    if (at >= line.length) return draft;
    at = readTerm(line, at, draft);
  }
};

const kindsOf = ({ kinds }: Draft): readonly AlertKind[] => ALERT_KINDS.filter((kind) => kinds.has(kind));

const filtersOf = ({ filters }: Draft): SubscriptionFilters => {
  const valuesOf = (name: FilterName): readonly string[] => [...(filters.get(name) ?? [])];
  return {
    from: valuesOf('from'),
    to: valuesOf('to'),
    domain: valuesOf('domain'),
    relay: valuesOf('relay'),
    host: valuesOf('host'),
    cluster: valuesOf('cluster'),
    dsn: valuesOf('dsn'),
  };
};

/**
 * @param line what stands after `subscribe`; blanks are spaces
 * @throws MailtraceError `usage`, with the nearest word or an example
 */
export const parseSubscription = (line: string): SubscriptionRule => {
  const draft = readTerms(line);
  const kinds = kindsOf(draft);
  if (kinds.length === 0) {
    refuse('Say what to watch', `${KINDS_HINT}. Write for example ${SUBSCRIBE_EXAMPLES.join(' · ')}`);
  }
  const slowMs = kinds.includes('slow') ? (draft.slowMs ?? SLOW_MS) : null;
  return { kinds, slowMs, filters: filtersOf(draft), threshold: draft.over };
};

/**
 * The same shape, so that a `subscribe` line can be taken back as it stands; delay and threshold make no difference.
 * @throws MailtraceError `usage`
 */
export const parseUnsubscription = (line: string): Unsubscription => {
  const plain = line.trim();
  if (plain === '') return { kind: 'list' };
  if (/^all$/i.test(plain)) return { kind: 'all' };
  const draft = readTerms(line);
  return { kind: 'some', kinds: kindsOf(draft), filters: filtersOf(draft) };
};

const filterTexts = (filters: SubscriptionFilters): readonly string[] =>
  FILTER_NAMES.flatMap((name) => filters[name].map((value) => filterText(name, value)));

/** What is to be typed after `subscribe` to get this rule. */
export const subscriptionText = ({ kinds, slowMs, filters, threshold }: SubscriptionRule): string =>
  [
    ...kinds,
    ...(slowMs === null ? [] : [`delay>${formatDuration(slowMs)}`]),
    ...filterTexts(filters),
    ...(threshold === null ? [] : [`over ${threshold.count} in ${formatDuration(threshold.windowMs)}`]),
  ].join(' ');

/** What is to be typed after `unsubscribe` to end it. */
export const unsubscriptionText = ({ kinds, filters }: Pick<SubscriptionRule, 'kinds' | 'filters'>): string =>
  [...kinds, ...filterTexts(filters)].join(' ');
