/** One file of the spool: records one after the other, appended once and read once. */
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { decodeHead, HEAD_BYTES } from './spool-record.js';

/** Spans name people and what they received: for the owner only. */
const FILE_MODE = 0o600;

/** A file that is appended to. `bytes`: what is safe on disk. */
export type SegmentWriter = Readonly<{
  path: string;
  bytes: () => number;
  /** Resolves when the record is on disk. @throws the disk's error; the file is as before then, or `isBroken`. */
  append: (record: Buffer) => Promise<void>;
  /** Nothing may be appended any more: what a failed write left behind could not be taken back. */
  isBroken: () => boolean;
  close: () => Promise<void>;
}>;

/** @throws the disk's error, also when the file exists */
export const createSegment = async (path: string): Promise<SegmentWriter> => {
  const file = await open(path, 'wx', FILE_MODE);
  let bytes = 0;
  let isBroken = false;
  return {
    path,
    bytes: () => bytes,
    append: async (record) => {
      try {
        await file.writev([record], bytes);
        await file.datasync();
        bytes += record.length;
      } catch (error) {
        // Half a record must not stand before the next one.
        await file.truncate(bytes).catch(() => {
          isBroken = true;
        });
        throw error;
      }
    },
    isBroken: () => isBroken,
    close: () => file.close(),
  };
};

/** `end`: up to here the file consists of whole records, as far as their heads tell. `bytes`: of the file. */
export type SegmentScan = Readonly<{ spans: number; end: number; bytes: number }>;

const readAt = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
};

/** Steps over the records. The last one may be torn: the process ended while it was written, and nobody was told it was safe. */
export const scanSegment = async (path: string): Promise<SegmentScan> => {
  const { size } = await stat(path);
  const file = await open(path, 'r');
  try {
    let end = 0;
    let spans = 0;
    while (end + HEAD_BYTES <= size) {
      const head = decodeHead(await readAt(file, end, HEAD_BYTES));
      if (head === null || end + head.bytes > size) break;
      end += head.bytes;
      spans += head.spans;
    }
    return { spans, end, bytes: size };
  } finally {
    await file.close();
  }
};

export type SegmentReader = Readonly<{
  /** The record at `position`; null when there is none. */
  recordAt: (position: number) => Promise<Readonly<{ bytes: Buffer; spans: number }> | null>;
  close: () => Promise<void>;
}>;

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** Where nothing can be read. */
export const NO_SEGMENT: SegmentReader = { recordAt: async () => null, close: async () => undefined };

/** @returns null when there is no such file */
export const openSegment = async (path: string): Promise<SegmentReader | null> => {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (file === null) return null;
  return {
    recordAt: async (position) => {
      const head = decodeHead(await readAt(file, position, HEAD_BYTES));
      if (head === null) return null;
      const bytes = await readAt(file, position, head.bytes);
      return bytes.length === head.bytes ? { bytes, spans: head.spans } : null;
    },
    close: () => file.close(),
  };
};

export const removeSegment = (path: string): Promise<void> => rm(path, { force: true });
