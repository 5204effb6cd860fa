/**
 * Wall clock ⇄ instant of a time zone, by `Intl` alone. An instant is in milliseconds since the epoch. A wall clock is a number
 * too: what `Date.UTC` gives for the fields a clock on the wall shows; it names no instant until a zone reads it.
 */

export type WallFields = Readonly<{
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
}>;

/** The instants at which the clocks of a zone show one wall time. */
export type Instants =
  | Readonly<{ kind: 'one'; ms: number }>
  /**
   * Never shown: the clocks jumped over it at `jumpMs`. `beforeMs` reads it with the offset in force before the jump (an
   * instant after it), `afterMs` with the offset after (an instant before it).
   */
  | Readonly<{ kind: 'gap'; beforeMs: number; afterMs: number; jumpMs: number }>
  /** Shown twice: the clocks were set back. `firstMs` < `secondMs`. */
  | Readonly<{ kind: 'repeated'; firstMs: number; secondMs: number }>;

/** Remembers what it computed, so make one and keep it. Good for the years 0 to 9999. */
export type Zone = Readonly<{
  /** As given. */
  name: string;
  /** What to add to UTC for local time; whole seconds. */
  offsetMsAt: (ms: number) => number;
  wallAt: (ms: number) => number;
  instantsOf: (wallMs: number) => Instants;
  /** `CET`, `EDT`; null where people know the zone by its offset only. */
  abbreviationAt: (ms: number) => string | null;
}>;

type Span = Readonly<{ fromMs: number; toMs: number; offsetMs: number }>;

const HOUR_MS = 3_600_000;
/** No zone changes its offset and returns to it within this (every zone of tzdata 2025c, 1970 to 2040). */
const CHUNK_MS = 8 * 24 * HOUR_MS;
/** About 90 years of chunks. Log lines with wild dates must not fill the memory. */
const MAX_CHUNKS = 4096;
/** More than any zone was ever away from UTC (Manila before 1844: 15:56). */
const MAX_OFFSET_MS = 16 * HOUR_MS;

/** @returns null for a date or time that no calendar has, such as 30 February or 24:00. */
export const buildWall = (fields: Partial<WallFields> & Pick<WallFields, 'year' | 'month' | 'day'>): number | null => {
  const { year, month, day, hour = 0, minute = 0, second = 0, millisecond = 0 } = fields;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isDay = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  const isTime = isBelow(hour, 24) && isBelow(minute, 60) && isBelow(second, 60) && isBelow(millisecond, 1000);
  return isDay && isTime ? date.setUTCHours(hour, minute, second, millisecond) : null;
};

const isBelow = (value: number, limit: number): boolean => Number.isInteger(value) && value >= 0 && value < limit;

export const wallFields = (wallMs: number): WallFields => {
  const date = new Date(wallMs);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
  };
};

/** `Z`, `UTC`, `GMT`, `+08:00`, `+0800`, `-05`, `UTC+8:30` → milliseconds; null when it is no fixed offset. */
export const parseOffset = (text: string): number | null => {
  if (/^(?:z|utc|gmt)$/i.test(text)) return 0;
  const match = /^(?:utc|gmt)?([+-])(\d{1,2})(?::?(\d{2}))?$/i.exec(text);
  if (match === null) return null;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  if (Number(match[2]) > 23 || Number(match[3] ?? 0) > 59) return null;
  return minutes * 60_000 * (match[1] === '-' ? -1 : 1) || 0;
};

/** True for an IANA name that this runtime knows, and for what `parseOffset` reads. */
export const isZone = (name: string): boolean => {
  if (parseOffset(name) !== null) return true;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

/** IANA name of the machine's own zone. */
export const systemZone = (): string => new Intl.DateTimeFormat('en-US').resolvedOptions().timeZone;

/** @throws RangeError for a name that is no zone; ask `isZone` first. */
export const createZone = (name: string): Zone => {
  const fixedMs = parseOffset(name);
  const spanAt = fixedMs === null ? createSpans(createProbe(name)) : everywhere(fixedMs);
  const offsetMsAt = (ms: number): number => spanAt(ms).offsetMs;
  return {
    name,
    offsetMsAt,
    wallAt: (ms) => ms + offsetMsAt(ms),
    instantsOf: (wallMs) => findInstants(wallMs, spanAt),
    abbreviationAt: fixedMs === null ? createAbbreviations(name) : () => (fixedMs === 0 ? 'UTC' : null),
  };
};

const everywhere = (offsetMs: number): ((ms: number) => Span) => {
  const span = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY, offsetMs };
  return () => span;
};

/** Asks `Intl`, about 1 µs. `longOffset` prints `GMT`, `GMT+05:45`, or `GMT-00:01:15` before standard time. */
const createProbe = (name: string): ((ms: number) => number) => {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  return (ms) => {
    const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(format.format(ms));
    if (match === null) throw new Error(`Intl prints no offset for ${name}.`);
    const [, sign = '+', hours = '0', minutes = '0', seconds = '0'] = match;
    const offsetMs = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
    return sign === '-' ? -offsetMs : offsetMs;
  };
};

/** Finds the span of constant offset around an instant. A log runs forward, so the last span is tried first. */
const createSpans = (probe: (ms: number) => number): ((ms: number) => Span) => {
  const chunks = new Map<number, readonly Span[]>();
  let last: Span = { fromMs: 0, toMs: 0, offsetMs: 0 };
  return (ms) => {
    if (ms >= last.fromMs && ms < last.toMs) return last;
    const index = Math.floor(ms / CHUNK_MS);
    let spans = chunks.get(index);
    if (spans === undefined) {
      if (chunks.size >= MAX_CHUNKS) chunks.clear();
      spans = findSpans(index * CHUNK_MS, (index + 1) * CHUNK_MS, probe);
      chunks.set(index, spans);
    }
    last = spans.find((span) => ms < span.toMs) ?? spans[0]!;
    return last;
  };
};

/** Splits until both ends agree; zones change their offset at whole seconds. */
const findSpans = (fromMs: number, toMs: number, probe: (ms: number) => number): Span[] => {
  const offsetMs = probe(fromMs);
  if (toMs - fromMs <= 1000 || offsetMs === probe(toMs - 1000)) return [{ fromMs, toMs, offsetMs }];
  const middleMs = fromMs + Math.floor((toMs - fromMs) / 2000) * 1000;
  const [left, right] = [findSpans(fromMs, middleMs, probe), findSpans(middleMs, toMs, probe)];
  const [end, begin] = [left.at(-1)!, right[0]!];
  if (end.offsetMs !== begin.offsetMs) return [...left, ...right];
  return [...left.slice(0, -1), { ...end, toMs: begin.toMs }, ...right.slice(1)];
};

const findInstants = (wallMs: number, spanAt: (ms: number) => Span): Instants => {
  const early = spanAt(wallMs - MAX_OFFSET_MS);
  const late = wallMs + MAX_OFFSET_MS < early.toMs ? early : spanAt(wallMs + MAX_OFFSET_MS);
  const beforeMs = wallMs - early.offsetMs;
  const afterMs = wallMs - late.offsetMs;
  if (beforeMs === afterMs) return { kind: 'one', ms: beforeMs };
  const isBefore = spanAt(beforeMs).offsetMs === early.offsetMs;
  const isAfter = spanAt(afterMs).offsetMs === late.offsetMs;
  if (isBefore && isAfter) return { kind: 'repeated', firstMs: beforeMs, secondMs: afterMs };
  if (isBefore || isAfter) return { kind: 'one', ms: isBefore ? beforeMs : afterMs };
  let span = spanAt(afterMs);
  while (span.offsetMs !== late.offsetMs) span = spanAt(span.toMs);
  return { kind: 'gap', beforeMs, afterMs, jumpMs: span.fromMs };
};

/** Each locale knows the abbreviations of its own part of the world and prints `GMT+1` for the rest. */
const ABBREVIATION_LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-CA', 'en-IN'];

const createAbbreviations = (name: string): ((ms: number) => string | null) => {
  let formats: readonly Intl.DateTimeFormat[] | null = null;
  return (ms) => {
    formats ??= ABBREVIATION_LOCALES.map(
      (locale) => new Intl.DateTimeFormat(locale, { timeZone: name, timeZoneName: 'short' }),
    );
    for (const format of formats) {
      const part = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName');
      if (part !== undefined && part.value !== 'GMT' && /^[A-Z]{2,5}$/.test(part.value)) return part.value;
    }
    return null;
  };
};

const pad = (value: number, length = 2): string => String(value).padStart(length, '0');

/** `UTC+05:45`, `UTC` for zero. */
export const formatOffset = (offsetMs: number): string => {
  if (offsetMs === 0) return 'UTC';
  const seconds = Math.abs(offsetMs) / 1000;
  const tail = seconds % 60 === 0 ? '' : `:${pad(seconds % 60)}`;
  return `UTC${offsetMs < 0 ? '-' : '+'}${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}${tail}`;
};

/** `2026-11-20 10:00`, with seconds when there are some; never milliseconds. */
export const formatWall = (wallMs: number): string => {
  const { year, month, day, hour, minute, second } = wallFields(wallMs);
  return `${pad(year, 4)}-${pad(month)}-${pad(day)} ${pad(hour)}:${pad(minute)}${second === 0 ? '' : `:${pad(second)}`}`;
};

const zoneOf = (zone: Zone | string): Zone => (typeof zone === 'string' ? createZone(zone) : zone);

/** @example formatInstant(Date.UTC(2026, 10, 20, 9), 'Europe/Berlin') // 2026-11-20 10:00 CET (UTC+01:00) */
export const formatInstant = (ms: number, zone: Zone | string): string => {
  const { wallAt, offsetMsAt, abbreviationAt } = zoneOf(zone);
  const offset = formatOffset(offsetMsAt(ms));
  const short = abbreviationAt(ms);
  return `${formatWall(wallAt(ms))} ${short === null || short === offset ? offset : `${short} (${offset})`}`;
};

/**
 * Both ends of a window with their zone; a change of the offset in between shows.
 * @example 2026-11-20 06:00 to 2026-11-20 14:00 (Asia/Taipei, UTC+08:00)
 * @example 2026-10-25 00:00 CEST to 2026-10-26 00:00 CET (Europe/Berlin, UTC+02:00 to UTC+01:00)
 */
export const formatWindow = (window: Readonly<{ fromMs: number; toMs: number }>, zone: Zone | string): string => {
  const { name, wallAt, offsetMsAt, abbreviationAt } = zoneOf(zone);
  const ends = [window.fromMs, window.toMs].map((ms) => ({
    offset: formatOffset(offsetMsAt(ms)),
    short: abbreviationAt(ms),
    wall: formatWall(wallAt(ms)),
  }));
  const offsets = [...new Set(ends.map(({ offset }) => offset))].join(' to ');
  const text = ends
    .map(({ wall, short }) => (short === null || short === name ? wall : `${wall} ${short}`))
    .join(' to ');
  return `${text} (${parseOffset(name) === null ? `${name}, ` : ''}${offsets})`;
};
