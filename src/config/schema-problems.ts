/** What the schema says is wrong → problems in words, with the key that was meant. Values of secret keys are never repeated. */
import type { z } from 'zod';
import { allKeys, findNearest, knownKeys } from './known-keys.js';
import type { Path, Problem } from './yaml-text.js';

type Issue = z.core.$ZodIssue;

/** A problem before its line is looked up. */
export type Complaint = Omit<Problem, 'line'>;

/** `valueAt`: what stands at a path. `isPrivate`: whether it must not be repeated. */
export type Facts = Readonly<{ valueAt: (path: Path) => unknown; isPrivate: (path: Path) => boolean }>;

export const complaintsOf = (issues: readonly Issue[], facts: Facts): readonly Complaint[] => {
  const complaints = issues.flatMap((issue) => complaintsOfOne(issue, [], facts));
  const misspelt = complaints
    .filter(({ text }) => text.startsWith(UNKNOWN_KEY))
    .map(({ path }) => path.slice(0, -1).join('\0'));
  // A mapping that lacks something because its key is misspelt: one problem, not two.
  return complaints.filter(({ path, text }) => text.startsWith(UNKNOWN_KEY) || !misspelt.includes(path.join('\0')));
};

const UNKNOWN_KEY = 'unknown key.';

const complaintsOfOne = (issue: Issue, around: Path, facts: Facts): readonly Complaint[] => {
  const path = [...around, ...issue.path.filter((step) => typeof step !== 'symbol')];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], text: `${UNKNOWN_KEY} ${adviceFor(key, path)}` }));
    case 'invalid_type':
      return [{ path, text: typeText(issue.expected, facts.valueAt(path)) }];
    case 'invalid_value':
      return [{ path, text: wordText(issue.values.map(String), facts.valueAt(path), facts.isPrivate(path)) }];
    case 'too_small':
      return [{ path, text: smallText(issue) }];
    case 'too_big':
      return [{ path, text: `must be at most ${issue.maximum}` }];
    case 'invalid_union': {
      const meant = issue.errors.find((branch) => !branch.some(isOtherKind));
      if (meant === undefined) return [{ path, text: issue.message }];
      return meant.flatMap((inner) => complaintsOfOne(inner, path, facts));
    }
    case 'invalid_key':
      return [{ path, text: 'a name must not be empty' }];
    case 'invalid_format':
    case 'invalid_element':
    case 'not_multiple_of':
    case 'custom':
      return [{ path, text: issue.message }];
  }
};

/** This branch of a union is for another kind of value: a word, not a list. */
const isOtherKind = ({ code, path }: Issue): boolean =>
  path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');

/** Keys that others have and we have not, and what to do instead. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['known_hosts_file', 'Set UserKnownHostsFile in ssh_config_file.'],
  ['mx_discovery', 'Name the machines under clusters.'],
  ['bot_token', 'Set SLACK_BOT_TOKEN in the environment.'],
  ['app_token', 'Set SLACK_APP_TOKEN in the environment.'],
  ['signing_secret', 'Set SLACK_SIGNING_SECRET in the environment.'],
]);

const adviceFor = (key: string, path: Path): string => {
  const known = knownKeys(path);
  const nearest = findNearest(key, known);
  if (nearest !== null) return `Did you mean "${nearest}"?`;
  const advice = ADVICE.get(key);
  if (advice !== undefined) return advice;
  const elsewhere = allKeys().filter((place) => place.path.at(-1) === key);
  const nearby = elsewhere.filter((place) => place.path[0] === path[0]);
  const places = (nearby.length > 0 ? nearby : elsewhere).map((place) => place.path.join('.'));
  if (places.length > 0) return `It belongs elsewhere: ${places.join(' or ')}.`;
  return known.length === 0 ? 'No keys are known here.' : `Known here: ${known.join(', ')}.`;
};

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys',
  record: 'a mapping of keys',
};

const typeText = (expected: string, value: unknown): string => {
  const wanted = KINDS[expected] ?? expected;
  if (value === undefined || value === null) return `is missing; must be ${wanted}`;
  const isUnquoted = expected === 'string' && ['number', 'boolean'].includes(typeof value);
  return `must be ${wanted}, not ${kindOf(value)}${isUnquoted ? '; put it in quotes' : ''}`;
};

const kindOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping of keys';
  return KINDS[typeof value] ?? typeof value;
};

/** A wrong word is shown up to here. */
const MAX_SHOWN = 40;

const wordText = (words: readonly string[], value: unknown, isPrivate: boolean): string => {
  const wanted = words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  if (value === undefined || value === null) return `is missing; must be ${wanted}`;
  if (typeof value !== 'string') return `must be ${wanted}, not ${kindOf(value)}`;
  if (isPrivate || value.length > MAX_SHOWN) return `must be ${wanted}`;
  const nearest = findNearest(value, words);
  return `must be ${wanted}, not ${JSON.stringify(value)}${nearest === null ? '' : `; did you mean "${nearest}"?`}`;
};

const smallText = ({ origin, minimum, inclusive, message }: z.core.$ZodIssueTooSmall): string => {
  if (message.startsWith('must ')) return message;
  if (origin === 'string' || origin === 'array') return 'must not be empty';
  return `must be ${inclusive ? 'at least' : 'more than'} ${minimum}`;
};
