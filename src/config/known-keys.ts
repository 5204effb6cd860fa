/** What the schema knows: keys at a place, places of a key, and the key that was meant. */
import { z } from 'zod';
import { configSchema } from './schema.js';
import type { Path } from './yaml-text.js';

/** One place of the schema, as JSON Schema tells it. */
type Place = Readonly<{
  properties?: Readonly<Record<string, Place>>;
  additionalProperties?: Place | boolean;
  items?: Place;
  anyOf?: readonly Place[];
  description?: string;
}>;

/** The whole schema as a tree; made anew at each call, and only when something is wrong. */
const rootPlace = (): Place => z.toJSONSchema(configSchema, { io: 'input' }) as Place;

const withKeys = (place: Place): Place | undefined =>
  [place, ...(place.anyOf ?? [])].find(({ properties, additionalProperties, items }) =>
    Boolean(properties ?? items ?? typeof additionalProperties === 'object'),
  );

const stepInto = (place: Place, step: string | number): Place | undefined => {
  const inner = withKeys(place);
  if (typeof step === 'number') return inner?.items;
  const other = inner?.additionalProperties;
  return inner?.properties?.[step] ?? (typeof other === 'object' ? other : undefined);
};

/** Keys that may stand in the mapping at `path`. */
export const knownKeys = (path: Path): readonly string[] => {
  let place: Place | undefined = rootPlace();
  for (const step of path) place &&= stepInto(place, step);
  return Object.keys((place && withKeys(place))?.properties ?? {});
};

export type KnownKey = Readonly<{
  /** `<name>` and `[]` stand for any. */
  path: readonly string[];
  description: string;
}>;

/** Every key of the schema, in its order, from the outermost in. */
export const allKeys = (): readonly KnownKey[] => keysUnder(rootPlace(), []);

const keysUnder = (place: Place, path: readonly string[]): readonly KnownKey[] => {
  const { properties = {}, additionalProperties, items } = withKeys(place) ?? {};
  return [
    ...Object.entries(properties).flatMap(([name, inner]) => [
      { path: [...path, name], description: inner.description ?? '' },
      ...keysUnder(inner, [...path, name]),
    ]),
    ...(typeof additionalProperties === 'object' ? keysUnder(additionalProperties, [...path, '<name>']) : []),
    ...(items ? keysUnder(items, [...path, '[]']) : []),
  ];
};

/** @returns the one of `words` that was most likely meant; null when none is near. */
export const findNearest = (word: string, words: readonly string[]): string | null => {
  const plain = (text: string): string => text.toLowerCase().replaceAll('-', '_');
  const ranked = words
    .map((candidate) => ({ candidate, distance: editDistance(plain(word), plain(candidate)) }))
    .filter(
      ({ candidate: { length }, distance }) => distance < length && distance <= Math.max(1, Math.floor(length / 3)),
    )
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate ?? null;
};

/** Longer words are no misspelt keys; the table grows with the product of both lengths. */
const MAX_WORD = 64;

/** Letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
const editDistance = (from: string, to: string): number => {
  if (from.length > MAX_WORD) return Number.POSITIVE_INFINITY;
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        rows[row - 1]![column]! + 1,
        current[column - 1]! + 1,
        rows[row - 1]![column - 1]! + (isSame ? 0 : 1),
        isSwap ? rows[row - 2]![column - 2]! + 1 : Number.POSITIVE_INFINITY,
      );
    }
    rows.push(current);
  }
  return rows[from.length]![to.length]!;
};
