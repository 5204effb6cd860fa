/** Reading JSON that someone else wrote: nothing is taken on trust. */

export type JsonObject = { readonly [key: string]: unknown };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @returns `''` for anything but a string. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** @returns the objects among the elements; empty for anything but an array. */
export const objectsOf = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly unknown[]).filter(isObject) : [];

/** @returns undefined when `text` is no JSON. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};
