/** Files that are being followed, kept open. Packed ones are unpacked on, from poll to poll. */
import type { OpenedFile } from './file-bytes.js';
import { openFile } from './file-bytes.js';
import type { FollowedPiece } from './follow-pieces.js';
import { HEAD_BYTES, hasFingerprint, type Place } from './follow-position.js';
import { FileChanged, type ReadAnswer } from './follow-store.js';

/** Files open at a time; those that were used last. More than a process is allowed on some systems would be too many. */
const OPEN_MAX = 256;
/** gzip ends with the size of what was packed, modulo 2^32 (RFC 1952 §2.3.1). */
const GZIP_TAIL_BYTES = 4;

/** What is left of a packed file behind `at`. */
type Unpacking = { at: number; rest: Buffer; readonly chunks: AsyncIterator<Buffer> };

type Opened = { readonly file: OpenedFile; readonly path: string; unpacking: Unpacking | null };

export type OpenPieces = Readonly<{
  /** @throws FileChanged when the path leads to another file by now */
  file: (piece: FollowedPiece) => Promise<OpenedFile>;
  head: (piece: FollowedPiece) => Promise<Buffer>;
  read: (piece: FollowedPiece, place: Place, maxBytes: number) => Promise<ReadAnswer>;
  /** Under which path a plain file was opened; null when it is not open. */
  pathOf: (id: string) => string | null;
  /** Files that were found to be packed whatever their name says. */
  mark: (pieces: readonly FollowedPiece[]) => readonly FollowedPiece[];
  /** Closes all others. */
  keepOnly: (ids: ReadonlySet<string>) => Promise<void>;
}>;

/** What was listed a moment ago may be rotated away by now. */
const openListed = async ({ path, id }: FollowedPiece): Promise<OpenedFile> => {
  const file = await openFile(path).catch((error: unknown) => {
    throw error instanceof Error && 'code' in error && error.code === 'ENOENT' ? new FileChanged() : error;
  });
  if (file.version.startsWith(`${id}:`)) return file;
  await file.close();
  throw new FileChanged();
};

const unpackFrom = (file: OpenedFile): Unpacking => ({
  at: 0,
  rest: Buffer.alloc(0),
  chunks: file.read({ from: 0, to: file.sizeBytes })[Symbol.asyncIterator](),
});

/** Reads on until there are `length` bytes behind `at`, or no more. */
const fill = async (unpacking: Unpacking, at: number, length: number): Promise<Buffer> => {
  const parts: Buffer[] = [];
  let have = 0;
  for (;;) {
    const skipped = Math.min(unpacking.rest.length, Math.max(0, at + have - unpacking.at));
    unpacking.at += skipped;
    const rest = unpacking.rest.subarray(skipped);
    const taken = unpacking.at === at + have ? rest.subarray(0, length - have) : rest.subarray(0, 0);
    // A copy: chunks share memory.
    if (taken.length > 0) parts.push(Buffer.from(taken));
    have += taken.length;
    unpacking.at += taken.length;
    unpacking.rest = rest.subarray(taken.length);
    if (have === length) return Buffer.concat(parts, have);
    const { done, value } = await unpacking.chunks.next();
    if (done === true) return Buffer.concat(parts, have);
    unpacking.rest = value;
  }
};

const isPackedSize = async (file: OpenedFile, at: number): Promise<boolean> => {
  if (file.packing !== 'gzip' || file.sizeBytes < GZIP_TAIL_BYTES) return false;
  const tail = await file.readAt(file.sizeBytes - GZIP_TAIL_BYTES, GZIP_TAIL_BYTES);
  return tail.length === GZIP_TAIL_BYTES && tail.readUInt32LE(0) === at % 2 ** 32;
};

const endUnpacking = async (opened: Opened): Promise<void> => {
  const { unpacking } = opened;
  opened.unpacking = null;
  await unpacking?.chunks.return?.();
};

const readPacked = async (opened: Opened, at: number, maxBytes: number): Promise<Buffer> => {
  const { file } = opened;
  if (opened.unpacking === null && at > 0 && (await isPackedSize(file, at))) return Buffer.alloc(0);
  if (opened.unpacking !== null && opened.unpacking.at > at) await endUnpacking(opened);
  opened.unpacking ??= unpackFrom(file);
  return fill(opened.unpacking, at, maxBytes);
};

export const createOpenPieces = (): OpenPieces => {
  const opened = new Map<string, Opened>();
  const packed = new Set<string>();
  const closeOne = async (id: string): Promise<void> => {
    const one = opened.get(id);
    opened.delete(id);
    if (one === undefined) return;
    await endUnpacking(one);
    await one.file.close();
  };
  const take = async (piece: FollowedPiece): Promise<Opened> => {
    const known = opened.get(piece.id);
    if (known !== undefined) {
      opened.delete(piece.id);
      opened.set(piece.id, known);
      return known;
    }
    const file = await openListed(piece);
    const one: Opened = { file, path: piece.path, unpacking: null };
    opened.set(piece.id, one);
    if (file.packing !== 'plain') packed.add(piece.id);
    const eldest = opened.keys().next();
    if (opened.size > OPEN_MAX && eldest.done !== true) await closeOne(eldest.value);
    return one;
  };
  const head = async (piece: FollowedPiece): Promise<Buffer> => {
    const one = await take(piece);
    if (one.file.packing === 'plain') return one.file.readAt(0, HEAD_BYTES);
    const unpacking = unpackFrom(one.file);
    try {
      return await fill(unpacking, 0, HEAD_BYTES);
    } finally {
      await unpacking.chunks.return?.();
    }
  };
  const readPlain = async ({ file }: Opened, { at, head: known }: Place, maxBytes: number): Promise<ReadAnswer> => {
    const bytes = await file.readAt(at, maxBytes);
    // The file may have been truncated and written anew since it was looked at.
    const isSame = bytes.length === 0 || hasFingerprint(await file.readAt(0, known.bytes), known);
    return isSame ? bytes : 'changed';
  };
  return {
    file: async (piece) => (await take(piece)).file,
    head,
    read: async (piece, place, maxBytes) => {
      const one = await take(piece);
      return one.file.packing === 'plain' ? readPlain(one, place, maxBytes) : readPacked(one, place.at, maxBytes);
    },
    pathOf: (id) => {
      const one = opened.get(id);
      return one === undefined || one.file.packing !== 'plain' ? null : one.path;
    },
    mark: (pieces) => pieces.map((piece) => (packed.has(piece.id) ? { ...piece, isPacked: true } : piece)),
    keepOnly: async (ids) => {
      for (const id of [...opened.keys()]) if (!ids.has(id)) await closeOne(id);
      for (const id of packed) if (!ids.has(id)) packed.delete(id);
    },
  };
};
