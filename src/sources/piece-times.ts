/** When the lines of a file were written: its first stamp, and the parts of it that may hold lines of a window. */
import { type TimeWindow, widen } from '../domain/time-window.js';
import { MailtraceError } from '../errors.js';
import type { Header, HeaderParser } from '../parsers/syslog-header.js';
import type { ByteRange, OpenedFile } from './file-bytes.js';
import { decodeLine, forEachLine, wholeLines } from './line-scan.js';

/** What the first lines of a file say. */
export type Head = Readonly<{
  /** Instant of the earliest of the first lines; null when none of them has a stamp. */
  firstMs: number | null;
  firstLine: string | null;
  isEmpty: boolean;
  /** True when there are lines and none has a stamp: this is no log. */
  isForeign: boolean;
  /** True when stamps have no UTC offset. */
  isLocalTime: boolean;
  hasSeveralHosts: boolean;
}>;

/** Lines of a head, kept for packed files: they cannot change, and unpacking costs. */
export type HeadCache = Map<string, readonly string[]>;

const MINUTE_MS = 60_000;
/** Lines of a log are in order but for this: clocks are corrected by minutes, and local time is set back by an hour. */
export const DISORDER_MS = 65 * MINUTE_MS;
/**
 * Hosts of several zones in one file, without offsets: a zone that is not configured puts lines in a wrong place. Zones lie
 * 26 hours apart (-12:00 to +14:00).
 */
export const MIXED_DISORDER_MS = DISORDER_MS + 26 * 60 * MINUTE_MS;

const HEAD_BYTES = 64 * 1024;
const HEAD_LINES = 50;
/** The first stamps may be out of order by a line or two. */
const FIRST_STAMPS = 5;
const CACHE_MAX = 4096;

const PROBE_BYTES = 32 * 1024;
/** A smaller file is read whole: it costs less than finding the place. */
const BISECT_MIN_BYTES = 1024 * 1024;
/** Where the bisection ends. */
const STEP_BYTES = 128 * 1024;
/** Places that are looked at besides those of the bisection, to see whether the stamps run forward at all. */
const CHECK_PLACES = 8;

/** Whole lines of a block that was cut out of a file; the last one may be cut. */
export const linesOf = (bytes: Buffer, limit: number): string[] => {
  const lines: string[] = [];
  const last = bytes.lastIndexOf(0x0a);
  forEachLine({ bytes, from: 0, to: last < 0 ? bytes.length : last + 1, offset: 0 }, (line) => {
    if (lines.length < limit) lines.push(decodeLine(line));
  });
  return lines.filter((line) => line !== '');
};

/** What is damaged shows when the piece is read; here what came before it is enough. */
const readHeadBytes = async (file: OpenedFile): Promise<Buffer> => {
  if (file.packing === 'plain') return file.readAt(0, Math.min(HEAD_BYTES, file.sizeBytes));
  const parts: Buffer[] = [];
  try {
    for await (const { bytes, from, to } of wholeLines(file.read({ from: 0, to: file.sizeBytes }), 0)) {
      parts.push(Buffer.from(bytes.subarray(from, to)), Buffer.from('\n'));
      if (parts.reduce((sum, part) => sum + part.length, 0) >= HEAD_BYTES) break;
    }
  } catch (error) {
    if (!(error instanceof MailtraceError)) throw error;
  }
  return Buffer.concat(parts);
};

const readHeadLines = async (file: OpenedFile, cache: HeadCache): Promise<readonly string[]> => {
  const known = cache.get(file.version);
  if (known !== undefined) return known;
  const lines = linesOf(await readHeadBytes(file), HEAD_LINES);
  if (file.packing !== 'plain') {
    if (cache.size >= CACHE_MAX) cache.clear();
    cache.set(file.version, lines.slice(0, FIRST_STAMPS));
  }
  return lines;
};

/** @throws errors of the file system. */
export const readHead = async (file: OpenedFile, parse: HeaderParser, cache: HeadCache): Promise<Head> => {
  const lines = await readHeadLines(file, cache);
  const headers = lines.map(parse).filter((header) => header !== null);
  const times = headers.slice(0, FIRST_STAMPS).map(({ timeMs }) => timeMs);
  return {
    firstMs: times.length === 0 ? null : Math.min(...times),
    firstLine: lines[0] ?? null,
    isEmpty: file.sizeBytes === 0,
    isForeign: lines.length > 0 && headers.length === 0,
    isLocalTime: headers.some(({ isLocalTime }) => isLocalTime),
    hasSeveralHosts: new Set(headers.map(({ host }) => host)).size > 1,
  };
};

/** First stamped line at or after a place. `offset`: where that line begins. */
type Probe = Readonly<{ place: number; offset: number; timeMs: number }>;

const probeAt = async (file: OpenedFile, place: number, parse: HeaderParser): Promise<Probe | null> => {
  const bytes = await file.readAt(place, PROBE_BYTES);
  const from = place === 0 ? 0 : bytes.indexOf(0x0a) + 1;
  if (from === 0 && place > 0) return null;
  let found: Probe | null = null;
  const to = bytes.lastIndexOf(0x0a) + 1;
  forEachLine({ bytes, from, to, offset: place + from }, (line) => {
    const header: Header | null = found === null ? parse(decodeLine(line)) : null;
    if (header !== null) found = { place, offset: line.offset, timeMs: header.timeMs };
  });
  return found;
};

/** A place without a stamp, or stamps that do not run forward, mean: read it all. */
class Unsorted extends Error {}

type Prober = (place: number) => Promise<Probe>;

const createProber = (file: OpenedFile, parse: HeaderParser): Readonly<{ probe: Prober; seen: readonly Probe[] }> => {
  const seen: Probe[] = [];
  const probe = async (place: number): Promise<Probe> => {
    const found = await probeAt(file, place, parse);
    if (found === null) throw new Unsorted();
    seen.push(found);
    return found;
  };
  return { probe, seen };
};

/** The last probed line whose stamp is before `timeMs`, and the first one that is not; all between is unknown. */
const bisect = async (
  probe: Prober,
  sizeBytes: number,
  timeMs: number,
): Promise<Readonly<{ before: number; after: number }>> => {
  let [low, high] = [0, sizeBytes];
  let [before, after] = [0, sizeBytes];
  while (high - low > STEP_BYTES) {
    const middle = Math.floor((low + high) / 2);
    // Near the end there may be no whole line left: the rest is read.
    if (sizeBytes - middle < PROBE_BYTES) break;
    const found = await probe(middle);
    if (found.timeMs < timeMs) [low, before] = [middle, found.offset];
    else [high, after] = [middle, found.offset];
  }
  return { before, after };
};

const isForward = (probes: readonly Probe[]): boolean => {
  let latestMs = Number.NEGATIVE_INFINITY;
  return [...probes]
    .sort((a, b) => a.place - b.place)
    .every(({ timeMs }) => {
      latestMs = Math.max(latestMs, timeMs);
      return timeMs >= latestMs - DISORDER_MS;
    });
};

/** Sorted, and joined where they touch. */
const uniteRanges = (ranges: readonly ByteRange[]): readonly ByteRange[] => {
  const united: ByteRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = united.at(-1);
    if (last !== undefined && range.from <= last.to)
      united[united.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    else united.push(range);
  }
  return united;
};

/**
 * The parts of a file that hold all its lines of the windows, each beginning at a line. A plain file whose stamps run forward
 * is bisected; any other is read whole.
 */
export const findRanges = async (
  file: OpenedFile,
  windows: readonly TimeWindow[],
  parse: HeaderParser,
): Promise<readonly ByteRange[]> => {
  const whole = [{ from: 0, to: file.sizeBytes }];
  if (file.packing !== 'plain' || file.sizeBytes < BISECT_MIN_BYTES) return whole;
  const { probe, seen } = createProber(file, parse);
  try {
    for (let count = 0; count < CHECK_PLACES; count++) await probe(Math.floor((file.sizeBytes / CHECK_PLACES) * count));
    const ranges: ByteRange[] = [];
    for (const { fromMs, toMs } of windows.map((window) => widen(window, DISORDER_MS))) {
      const { before } = await bisect(probe, file.sizeBytes, fromMs);
      const { after } = await bisect(probe, file.sizeBytes, toMs);
      if (after > before) ranges.push({ from: before, to: after });
    }
    return isForward(seen) ? uniteRanges(ranges) : whole;
  } catch (error) {
    if (error instanceof Unsorted) return whole;
    throw error;
  }
};
