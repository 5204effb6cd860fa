/**
 * Spans that wait on disk for the OTLP receiver: oldest first, bounded by bytes, whole after a crash. What was appended is safe;
 * what was taken but not released comes again after a restart, with the same ids.
 */
import { mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../app/ports.js';
import type { Span } from '../domain/span.js';
import { MailtraceError } from '../errors.js';
import { decodeRecord, encodeRecord } from './spool-record.js';
import {
  createSegment,
  NO_SEGMENT,
  openSegment,
  removeSegment,
  type SegmentReader,
  type SegmentWriter,
  scanSegment,
} from './spool-segment.js';

export type SpoolOptions = Readonly<{
  folder: string;
  /** Of all files together; 0 keeps nothing. */
  maxBytes: number;
  log: Log;
}>;

/** `unreadable`: spans of damaged records that were stepped over. */
export type SpoolBatch = Readonly<{ spans: readonly Span[]; unreadable: number }>;

export type Spool = Readonly<{
  /** Resolves when all that has room is on disk. A batch is stored whole or not at all. */
  append: (
    batches: readonly (readonly Span[])[],
  ) => Promise<Readonly<{ stored: number; full: number; failed: number; error: unknown }>>;
  /** The oldest records, up to `maxSpans` spans but at least one record; null when there is none. Until `release` it stays. */
  peek: (maxSpans: number) => Promise<SpoolBatch | null>;
  /** Forgets what the last `peek` returned. */
  release: () => Promise<void>;
  state: () => Readonly<{ spans: number; bytes: number }>;
  close: () => Promise<void>;
}>;

const FOLDER_MODE = 0o700;
/** A segment frees its room on disk when all of it was sent. */
const SEGMENT_MAX = 4 * 1_048_576;
const SEGMENTS_MIN = 8;
const NAME = /^(\d{12})\.spans$/;

/** `end`: whole records up to here. `bytes`: room on disk. `spans`: not yet released. */
type Segment = { path: string; number: number; end: number; bytes: number; spans: number };

const nameOf = (number: number): string => `${String(number).padStart(12, '0')}.spans`;

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
};

/** The segments of an earlier run, oldest first. */
const findSegments = async ({ folder, log }: SpoolOptions): Promise<Segment[]> => {
  const numbers = (await readdir(folder)).flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
  const segments: Segment[] = [];
  for (const number of numbers.sort((a, b) => a - b)) {
    const path = join(folder, nameOf(number));
    const { spans, end, bytes } = await scanSegment(path);
    if (end < bytes) {
      log.warn(
        { file: path, unreadableBytes: bytes - end },
        'The end of a spool file cannot be read. A record that was being written in a crash is made anew from the logs.',
      );
    }
    if (end === 0) await removeSegment(path);
    else segments.push({ path, number, end, bytes, spans });
  }
  return segments;
};

/** One step after the other: files are appended to, read and removed by two loops at once. */
const createTurns = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
};

type Tail = Readonly<{
  /** Appends to the newest segment, or to a new one. @throws the disk's error */
  store: (record: Buffer, spans: number) => Promise<void>;
  isWriting: (segment: Segment) => boolean;
  /** What comes next goes into a new segment. */
  end: () => Promise<void>;
}>;

/** The end of the spool that is written to. */
const createTail = (folder: string, segments: Segment[], segmentMax: number): Tail => {
  let nextNumber = (segments.at(-1)?.number ?? 0) + 1;
  let writing: Readonly<{ writer: SegmentWriter; segment: Segment }> | null = null;

  const end = async (): Promise<void> => {
    const old = writing;
    writing = null;
    if (old === null) return;
    await old.writer.close();
    if (old.segment.end === 0) await forget(segments, old.segment);
  };

  const begin = async (): Promise<NonNullable<typeof writing>> => {
    const number = nextNumber++;
    const path = join(folder, nameOf(number));
    const writer = await createSegment(path);
    await syncFolder(folder);
    const segment = { path, number, end: 0, bytes: 0, spans: 0 };
    segments.push(segment);
    writing = { writer, segment };
    return writing;
  };

  return {
    store: async (record, spans) => {
      const isFull = writing !== null && writing.segment.bytes + record.length > segmentMax;
      if (isFull || writing?.writer.isBroken()) await end();
      const { writer, segment } = writing ?? (await begin());
      await writer.append(record);
      segment.end = writer.bytes();
      segment.bytes = writer.bytes();
      segment.spans += spans;
    },
    isWriting: (segment) => writing?.segment === segment,
    end,
  };
};

const forget = async (segments: Segment[], segment: Segment): Promise<void> => {
  await removeSegment(segment.path);
  segments.splice(segments.indexOf(segment), 1);
};

type Reading = { reader: SegmentReader; segment: Segment; position: number };
/** `counted`: spans of the records that were stepped over, readable or not. */
type Taken = SpoolBatch & Readonly<{ position: number; counted: number }>;

/** Reads records from `position` on, up to `maxSpans` spans, but at least one record. */
const take = async ({ reader, segment, position }: Reading, maxSpans: number, log: Log): Promise<Taken> => {
  const spans: Span[] = [];
  let [at, counted, unreadable] = [position, 0, 0];
  while (at < segment.end) {
    const record = await reader.recordAt(at);
    if (record === null) {
      const lost = segment.spans - counted;
      log.error({ file: segment.path, position: at, spans: lost }, 'A spool file is damaged; the rest of it is lost.');
      return { spans, unreadable: unreadable + lost, position: segment.end, counted: segment.spans };
    }
    if (counted > 0 && counted + record.spans > maxSpans) break;
    const decoded = await decodeRecord(record.bytes);
    if (decoded === null) {
      unreadable += record.spans;
      log.error(
        { file: segment.path, position: at, spans: record.spans },
        'A record of the spool is damaged and lost.',
      );
    }
    spans.push(...(decoded ?? []));
    counted += record.spans;
    at += record.bytes.length;
  }
  return { spans, unreadable, position: at, counted };
};

/** The end of the spool that is read from. */
const createHead = (segments: Segment[], tail: Tail, log: Log) => {
  let reading: Reading | null = null;
  let taken: Taken | null = null;

  const end = async (): Promise<void> => {
    await reading?.reader.close();
    reading = null;
  };

  /** A file that somebody took away is read like one that is damaged from its beginning. */
  const begin = async (): Promise<Reading | null> => {
    const segment = segments[0];
    if (segment === undefined || segment.end === 0) return null;
    return { reader: (await openSegment(segment.path)) ?? NO_SEGMENT, segment, position: 0 };
  };

  return {
    peek: async (maxSpans: number): Promise<SpoolBatch | null> => {
      reading ??= await begin();
      taken = reading === null ? null : await take(reading, maxSpans, log);
      return taken;
    },
    release: async (): Promise<void> => {
      if (reading === null || taken === null) return;
      const { segment } = reading;
      const { position, counted } = taken;
      taken = null;
      reading.position = position;
      if (position < segment.end) {
        segment.spans -= counted;
        return;
      }
      await end();
      // Its room on disk becomes free.
      if (tail.isWriting(segment)) await tail.end();
      await forget(segments, segment);
    },
    end,
  };
};

const createSpool = ({ folder, maxBytes, log }: SpoolOptions, segments: Segment[]): Spool => {
  const inTurn = createTurns();
  const tail = createTail(folder, segments, Math.min(SEGMENT_MAX, Math.ceil(maxBytes / SEGMENTS_MIN)));
  const head = createHead(segments, tail, log);
  const usedBytes = (): number => segments.reduce((sum, { bytes }) => sum + bytes, 0);

  const append: Spool['append'] = async (batches) => {
    let [stored, full, failed] = [0, 0, 0];
    let error: unknown = null;
    for (const batch of batches) {
      const record = await encodeRecord(batch);
      if (usedBytes() + record.length > maxBytes) {
        full += batch.length;
        continue;
      }
      try {
        await tail.store(record, batch.length);
        stored += batch.length;
      } catch (caught) {
        failed += batch.length;
        error = caught;
      }
    }
    return { stored, full, failed, error };
  };

  return {
    append: (batches) => inTurn(() => append(batches)),
    peek: (maxSpans) => inTurn(() => head.peek(maxSpans)),
    release: () => inTurn(head.release),
    state: () => ({ spans: segments.reduce((sum, { spans }) => sum + spans, 0), bytes: usedBytes() }),
    close: () =>
      inTurn(async () => {
        await head.end();
        await tail.end();
      }),
  };
};

/** @throws MailtraceError `config` when the folder cannot be used */
export const openSpool = async (options: SpoolOptions): Promise<Spool> => {
  try {
    await mkdir(options.folder, { recursive: true, mode: FOLDER_MODE });
    return createSpool(options, await findSegments(options));
  } catch (error) {
    throw new MailtraceError(
      'config',
      `The folder for spans that wait, ${options.folder}, cannot be used: ${textOf(error)}.`,
      'Set MAILTRACE_DATA_DIR or store.data_dir to a folder that mailtrace may write to, on a disk with room.',
      { cause: error },
    );
  }
};
