/** Pieces that option schemas are made of. A key without a value (`null`) counts as not set, as does a missing one. */
import { z } from 'zod';
import { parseNetwork } from '../domain/keyword.js';
import { isZone } from '../zone.js';

const unset = (value: unknown): unknown => (value === null ? undefined : value);

/** The words that PyYAML (YAML 1.1) reads as booleans; YAML 1.2 and `${ENV}` leave them text. */
const FLAG_WORDS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['no', false],
  ['off', false],
]);

const readFlag = (value: unknown): unknown =>
  typeof value === 'string' ? (FLAG_WORDS.get(value.toLowerCase()) ?? value) : unset(value);

/** A number that came through `${ENV}` is text. */
const readNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : unset(value);

/** A mapping in which every key is known. Left out or empty, each of its keys has its default. */
export const section = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.preprocess((value) => value ?? {}, z.strictObject(shape));

export const text = (preset: string) => z.preprocess(unset, z.string().default(preset));

export const optionalText = () => z.preprocess(unset, z.string().optional());

export const flag = (preset: boolean) => z.preprocess(readFlag, z.boolean().default(preset));

export const wholeNumber = (preset: number, least: number, most: number = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(readNumber, z.int().min(least).max(most).default(preset));

/** Seconds, also fractions; more than none. */
export const seconds = (preset: number) => z.preprocess(readNumber, z.number().positive().default(preset));

export const fraction = (preset: number) => z.preprocess(readNumber, z.number().min(0).max(1).default(preset));

export const choice = <const Words extends readonly [string, ...string[]]>(words: Words, preset: Words[number]) =>
  z.preprocess(unset, z.enum(words).default(preset as z.core.util.NoUndefined<Words[number]>));

export const port = (preset: number) => wholeNumber(preset, 1, 65_535);

/** An http or https address, or nothing. */
export const webAddress = () =>
  z.preprocess(
    (value) => (value === '' ? undefined : unset(value)),
    z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' }).optional(),
  );

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** @returns milliseconds, or null. @example durationMs('1h30m') // 5400000 */
export const durationMs = (phrase: string): number | null => {
  if (!/^(\d{1,9}[smhdw])+$/.test(phrase)) return null;
  return [...phrase.matchAll(/(\d+)([smhdw])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit!]!,
    0,
  );
};

/** A duration as on the command line: `90s`, `30m`, `4h`, `6d`, `2w`, `1h30m`. */
export const duration = (preset: string) =>
  z.preprocess(
    unset,
    z
      .string()
      .refine((phrase) => durationMs(phrase) !== null, 'must be a duration like 90s, 30m, 4h, 6d or 1h30m')
      .default(preset),
  );

/** An IANA name that this machine knows; a fixed offset (`+08:00`) where there is no daylight saving. */
export const zoneName = z.string().refine(isZone, 'must be a time zone by name, like Europe/Berlin or UTC');

export const optionalZone = () => z.preprocess(unset, zoneName.optional());

/** An IP address or CIDR. */
export const networkText = z
  .string()
  .refine((value) => parseNetwork(value) !== null, 'must be an IP address or a network like 10.0.0.0/8');
