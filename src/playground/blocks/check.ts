/** The small checks that Block Kit's rules are made of. Words of the messages as Slack writes them. */
import { isObject, type JsonObject } from '../json.js';

/** `pointer` is a JSON pointer from the root of the call's arguments. */
export type Report = (problem: string, pointer: string) => void;

/** Where blocks may stand. */
export type Surface = 'message' | 'modal' | 'home';

export type TextRule = Readonly<{ max: number; types: readonly ('plain_text' | 'mrkdwn')[] }>;

export const plainText = (max: number): TextRule => ({ max, types: ['plain_text'] });
export const anyText = (max: number): TextRule => ({ max, types: ['plain_text', 'mrkdwn'] });

const quote = (text: string): string => text.slice(0, 100);

/** A string of 1 to `max` characters. */
export const checkString = (value: unknown, max: number, pointer: string, report: Report): void => {
  if (typeof value !== 'string') {
    report('must be a string', pointer);
    return;
  }
  if (value.length === 0) report('must be more than 0 characters', pointer);
  if (value.length > max) report(`must be less than ${max + 1} characters`, pointer);
};

export const checkOptionalString = (
  owner: JsonObject,
  key: string,
  max: number,
  pointer: string,
  report: Report,
): void => {
  if (owner[key] !== undefined) checkString(owner[key], max, `${pointer}/${key}`, report);
};

/** Slack refuses keys it does not know. */
export const checkKeys = (owner: JsonObject, known: readonly string[], pointer: string, report: Report): void => {
  for (const key of Object.keys(owner)) {
    if (!known.includes(key)) report(`invalid additional property: ${quote(key)}`, pointer);
  }
};

const TEXT_KEYS = ['type', 'text', 'emoji', 'verbatim'];

/** A text object: /reference/block-kit/composition-objects/text-object. */
export const checkText = (value: unknown, rule: TextRule, pointer: string, report: Report): void => {
  if (!isObject(value)) {
    report('must be an object', pointer);
    return;
  }
  checkKeys(value, TEXT_KEYS, pointer, report);
  const known = rule.types.some((type) => type === value['type']);
  if (!known) report(`unsupported type: ${quote(String(value['type']))}`, `${pointer}/type`);
  if (value['type'] === 'plain_text' && value['verbatim'] !== undefined) {
    report('invalid additional property: verbatim', pointer);
  }
  if (value['type'] === 'mrkdwn' && value['emoji'] !== undefined) report('invalid additional property: emoji', pointer);
  checkString(value['text'], rule.max, `${pointer}/text`, report);
};

export const checkOptionalText = (
  owner: JsonObject,
  key: string,
  rule: TextRule,
  pointer: string,
  report: Report,
): void => {
  if (owner[key] !== undefined) checkText(owner[key], rule, `${pointer}/${key}`, report);
};

/** @returns the items that are objects, with their pointers; complains about number and kind. */
export const checkItems = (
  owner: JsonObject,
  key: string,
  bounds: Readonly<{ min: number; max: number }>,
  pointer: string,
  report: Report,
): readonly Readonly<{ item: JsonObject; at: string }>[] => {
  const value = owner[key];
  const here = `${pointer}/${key}`;
  if (value === undefined) {
    report(`missing required field: ${key}`, pointer);
    return [];
  }
  if (!Array.isArray(value)) {
    report('must be an array', here);
    return [];
  }
  const items = value as readonly unknown[];
  if (items.length < bounds.min) report(`no fewer than ${bounds.min} items allowed`, here);
  if (items.length > bounds.max) report(`no more than ${bounds.max} items allowed`, here);
  return items.flatMap((item, index) => {
    const at = `${here}/${index}`;
    if (isObject(item)) return [{ item, at }];
    report('must be an object', at);
    return [];
  });
};

/** Slack's answer carries a bare list and the same with `[ERROR]`. */
export const renderProblem = (problem: string, pointer: string): string => `${problem} [json-pointer:${pointer}]`;
