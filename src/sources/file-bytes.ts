/** The bytes of a log file, chunk by chunk: plain, gzip, or what a program of the machine unpacks. */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { constants, createGunzip } from 'node:zlib';
import { MailtraceError } from '../errors.js';
import { isKumoSegment } from './rotated-files.js';
import { unpackZstd, zstdFaultOf } from './zstd-bytes.js';

export type Packing = 'plain' | 'gzip' | 'zstd' | 'xz' | 'bzip2';

/** Half-open range of bytes of the file as it lies on the disk. */
export type ByteRange = Readonly<{ from: number; to: number }>;

const CHUNK_BYTES = 512 * 1024;
/** Unpacked at a time: such a buffer is made for each file, however small. */
const UNPACKED_BYTES = 128 * 1024;
/** A damaged file is read again in such small steps, so that nearly all before the damage is kept. */
const CAREFUL_BYTES = 1024;
const STDERR_MAX = 4096;
/** Nothing of ours is passed on. */
const CHILD_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin', LC_ALL: 'C' };

const MAGIC: readonly (readonly [Packing, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
];

const SUFFIX: ReadonlyMap<string, Packing> = new Map([
  ['.gz', 'gzip'],
  ['.zst', 'zstd'],
  ['.xz', 'xz'],
  ['.bz2', 'bzip2'],
]);

const PACKAGE: Readonly<Record<'zstd' | 'xz' | 'bzip2', string>> = { zstd: 'zstd', xz: 'xz-utils', bzip2: 'bzip2' };

const RESTORE = 'restore it from a copy, or move it away';

/** Damage that shows while reading: what came before it was delivered. */
const damaged = (path: string, why: string): MailtraceError =>
  new MailtraceError('source', `${path}: damaged (${why})`, `the lines before the damage were read; ${RESTORE}`);

/**
 * Told by the first bytes, not by the name: `mail.log.1` may be packed.
 * @throws MailtraceError when the name promises a packed file and the bytes are none.
 */
const readPacking = async (path: string, handle: FileHandle): Promise<Packing> => {
  const head = Buffer.alloc(6);
  const { bytesRead } = await handle.read(head, 0, head.length, 0);
  const found = MAGIC.find(
    ([, magic]) => bytesRead >= magic.length && magic.every((byte, index) => head[index] === byte),
  );
  const promised = SUFFIX.get(/\.[a-z0-9]+$/.exec(path)?.[0] ?? '');
  if (found === undefined && promised !== undefined) {
    const why = bytesRead === 0 ? 'the file is empty' : `it is not in ${promised} format`;
    throw new MailtraceError('source', `${path}: damaged (${why})`, RESTORE);
  }
  return found?.[0] ?? 'plain';
};

/** Reads ahead by one chunk. A chunk is valid until the next but one is asked for. */
async function* readPlain(handle: FileHandle, range: ByteRange): AsyncGenerator<Buffer> {
  const size = Math.max(1, Math.min(CHUNK_BYTES, range.to - range.from));
  const buffers: [Buffer, Buffer] = [Buffer.allocUnsafe(size), Buffer.allocUnsafe(size)];
  let place = range.from;
  const readNext = (buffer: Buffer) => handle.read(buffer, 0, Math.min(size, range.to - place), place);
  let pending = range.to > place ? readNext(buffers[0]) : null;
  try {
    for (let turn = 0; pending !== null; turn ^= 1) {
      const { bytesRead } = await pending;
      place += bytesRead;
      pending = bytesRead > 0 && place < range.to ? readNext(buffers[turn ^ 1]!) : null;
      if (bytesRead > 0) yield buffers[turn]!.subarray(0, bytesRead);
    }
  } finally {
    // The reader may have left early: what it did not wait for must not fail unseen.
    await pending?.catch(() => null);
  }
}

async function* unzip(path: string): AsyncGenerator<Buffer> {
  const input = createReadStream(path, { highWaterMark: UNPACKED_BYTES });
  const output = createGunzip({ chunkSize: UNPACKED_BYTES });
  input.on('error', (error) => output.destroy(error));
  input.pipe(output);
  try {
    for await (const chunk of output) yield chunk as Buffer;
  } finally {
    input.destroy();
    output.destroy();
  }
}

const isZlibFault = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');

/** A packed file in small steps, from `fineFrom` on byte by byte. */
async function* readSteps(path: string, fineFrom: number): AsyncGenerator<Buffer> {
  let place = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CAREFUL_BYTES })) {
    const bytes = chunk as Buffer;
    const step = place + bytes.length > fineFrom ? 1 : bytes.length;
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
    place += bytes.length;
  }
}

/** Unpacks step by step until one fails. `good.bytes`: how much of the packed file went well. */
async function* unzipSteps(path: string, fineFrom: number, good: { bytes: number }): AsyncGenerator<Buffer> {
  const output = createGunzip({ chunkSize: CAREFUL_BYTES, finishFlush: constants.Z_SYNC_FLUSH });
  const unpacked: Buffer[] = [];
  let isFaulty = false;
  let wake = (): void => {};
  output.on('data', (chunk: Buffer) => unpacked.push(chunk));
  // A write that fails does not call back.
  output.on('error', () => {
    isFaulty = true;
    wake();
  });
  try {
    for await (const step of readSteps(path, fineFrom)) {
      // What a step unpacks is there before the next one begins; a failing one takes its own with it.
      await new Promise<void>((resolve) => {
        wake = resolve;
        output.write(step, () => resolve());
      });
      yield* unpacked.splice(0);
      if (isFaulty) return;
      good.bytes += step.length;
    }
  } finally {
    output.destroy();
  }
}

/** What a whole reading did not deliver of a damaged file, nearly to the byte of the damage. */
async function* readRest(path: string, delivered: number): AsyncGenerator<Buffer> {
  let known = delivered;
  // First to the step that fails, then through that byte by byte.
  for (let turn = 0, fineFrom = Number.MAX_SAFE_INTEGER; turn < 2; turn++) {
    const good = { bytes: 0 };
    let place = 0;
    for await (const chunk of unzipSteps(path, fineFrom, good)) {
      const skipped = Math.max(0, Math.min(chunk.length, known - place));
      place += chunk.length;
      if (skipped < chunk.length) yield chunk.subarray(skipped);
    }
    known = Math.max(known, place);
    fineFrom = good.bytes + 1;
  }
}

/** zlib drops what the failing step had unpacked; a second reading gets it, also where merely something stands behind the end. */
async function* readGzip(path: string): AsyncGenerator<Buffer> {
  let delivered = 0;
  try {
    for await (const chunk of unzip(path)) {
      delivered += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (!isZlibFault(error)) throw error;
    yield* readRest(path, delivered);
    throw damaged(path, error.message);
  }
}

/** The program gets an open file, never a name; its arguments are constant. */
async function* readByProgram(path: string, program: 'zstd' | 'xz' | 'bzip2'): AsyncGenerator<Buffer> {
  const handle = await open(path, 'r');
  const child = spawn(program, ['-dc'], { stdio: [handle.fd, 'pipe', 'pipe'], env: CHILD_ENVIRONMENT });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('A child started with pipes has none.');
  let said = '';
  stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(0, STDERR_MAX);
  });
  const ended = new Promise<number | Error>((resolve) => {
    child.on('error', resolve);
    child.on('close', (code) => resolve(code ?? 1));
  });
  try {
    for await (const chunk of stdout) yield chunk as Buffer;
    const result = await ended;
    if (result instanceof Error) {
      throw new MailtraceError(
        'source',
        `${path}: needs the program ${program}, which did not start`,
        `install the package ${PACKAGE[program]}`,
        { cause: result },
      );
    }
    if (result !== 0) throw damaged(path, said.trim().split('\n').at(-1) ?? `${program} ended with ${result}`);
  } finally {
    child.kill();
    await handle.close();
  }
}

const isMissing = (error: MailtraceError): boolean =>
  error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'ENOENT';

/** For want of the program. */
async function* readZstdHere(path: string): AsyncGenerator<Buffer> {
  const input = createReadStream(path, { highWaterMark: UNPACKED_BYTES });
  try {
    yield* unpackZstd(input as AsyncIterable<Buffer>);
  } catch (error) {
    const fault = zstdFaultOf(error);
    if (fault === null) throw error;
    const hint = `install the package ${PACKAGE.zstd}`;
    throw fault.kind === 'too-large'
      ? new MailtraceError('source', `${path}: needs the program zstd (${fault.text})`, hint, { cause: error })
      : damaged(path, fault.kind === 'unfinished' ? PREMATURE : fault.text);
  } finally {
    input.destroy();
  }
}

/** What zstd says of a frame without an end. */
const PREMATURE = 'premature end';

/** @param isBeingWritten the last frame has no end yet: what is there is all that there is */
async function* readZstd(path: string, isBeingWritten: boolean): AsyncGenerator<Buffer> {
  try {
    try {
      yield* readByProgram(path, 'zstd');
    } catch (error) {
      if (!(error instanceof MailtraceError && isMissing(error))) throw error;
      yield* readZstdHere(path);
    }
  } catch (error) {
    if (!(isBeingWritten && error instanceof MailtraceError && error.message.includes(PREMATURE))) throw error;
  }
}

const WRITABLE = 0o222;

/** An opened file. `read` may be called again and again; a range is only for plain files, others are read whole. */
export type OpenedFile = Readonly<{
  packing: Packing;
  sizeBytes: number;
  /** Changes when the file does. */
  version: string;
  /** A block of the plain file: for probes. */
  readAt: (offset: number, length: number) => Promise<Buffer>;
  read: (range: ByteRange) => AsyncIterable<Buffer>;
  close: () => Promise<void>;
}>;

/** @throws errors of the file system, and MailtraceError for a packed file that is none. Reading may throw MailtraceError too. */
export const openFile = async (path: string): Promise<OpenedFile> => {
  const handle = await open(path, 'r');
  try {
    const packing = await readPacking(path, handle);
    const { dev, ino, size, mtimeMs, mode } = await handle.stat();
    // KumoMTA takes the right to write from a segment when it is done (kumo-server-common/src/log.rs).
    const isBeingWritten = isKumoSegment(basename(path)) && (mode & WRITABLE) !== 0;
    return {
      packing,
      sizeBytes: size,
      version: `${dev}:${ino}:${size}:${mtimeMs}`,
      readAt: async (offset, length) => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
        return buffer.subarray(0, bytesRead);
      },
      read: (range) => {
        switch (packing) {
          case 'plain':
            return readPlain(handle, range);
          case 'gzip':
            return readGzip(path);
          case 'zstd':
            return readZstd(path, isBeingWritten);
          case 'xz':
          case 'bzip2':
            return readByProgram(path, packing);
        }
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
};
