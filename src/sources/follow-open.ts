/** Files that are being followed, kept open. Packed ones are unpacked on, from poll to poll. */
import { MailtraceError } from '../errors.js';
import type { OpenedFile } from './file-bytes.js';
import { openFile } from './file-bytes.js';
import { HEAD_BYTES, hasFingerprint, type Place } from './follow-position.js';
import { FileChanged, type ReadAnswer } from './follow-store.js';
import type { FollowedPiece } from './follow-types.js';

/** Files open at a time; those that were used last. More than a process is allowed on some systems would be too many. */
const OPEN_MAX = 256;
/** gzip ends with the size of what was packed, modulo 2^32 (RFC 1952 §2.3.1). */
const GZIP_TAIL_BYTES = 4;

/** What was unpacked and is still wanted: `window` begins at the byte `at`. */
type Unpacking = { at: number; window: Buffer; readonly chunks: AsyncIterator<Buffer>; damage: MailtraceError | null };

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

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** What was listed a moment ago may be rotated away by now. */
const orChanged = (error: unknown): never => {
  throw isMissing(error) ? new FileChanged() : error;
};

const openListed = async ({ path, id }: FollowedPiece): Promise<OpenedFile> => {
  const file = await openFile(path).catch(orChanged);
  if (file.version.startsWith(`${id}:`)) return file;
  await file.close();
  throw new FileChanged();
};

const unpackFrom = (file: OpenedFile): Unpacking => ({
  at: 0,
  window: Buffer.alloc(0),
  chunks: file.read({ from: 0, to: file.sizeBytes })[Symbol.asyncIterator](),
  damage: null,
});

/** Damage is an end: what came before it counts. */
const nextChunk = async (unpacking: Unpacking): Promise<Buffer | null> => {
  if (unpacking.damage !== null) return null;
  try {
    const next: IteratorResult<Buffer, unknown> = await unpacking.chunks.next();
    return next.done === true ? null : next.value;
  } catch (error) {
    if (!(error instanceof MailtraceError)) throw error;
    unpacking.damage = error;
    return null;
  }
};

/** Unpacks on until there are `length` bytes behind `at`, or no more. */
const fill = async (unpacking: Unpacking, at: number, length: number): Promise<Buffer> => {
  const parts = [unpacking.window.subarray(at - unpacking.at)];
  let have = parts[0]!.length;
  let place = unpacking.at + unpacking.window.length;
  while (have < length) {
    const value = await nextChunk(unpacking);
    if (value === null) break;
    // A copy: the memory of chunks is used again.
    const wanted = Buffer.from(value.subarray(Math.min(value.length, Math.max(0, at - place))));
    place += value.length;
    have += wanted.length;
    if (wanted.length > 0) parts.push(wanted);
  }
  unpacking.at = at;
  unpacking.window = parts.length === 1 ? parts[0]! : Buffer.concat(parts, have);
  return unpacking.window.subarray(0, length);
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

const readPacked = async (opened: Opened, at: number, maxBytes: number): Promise<ReadAnswer> => {
  const { file } = opened;
  if (opened.unpacking === null && at > 0 && (await isPackedSize(file, at)))
    return { bytes: Buffer.alloc(0), isEnd: true, damage: null };
  if (opened.unpacking !== null && opened.unpacking.at > at) await endUnpacking(opened);
  opened.unpacking ??= unpackFrom(file);
  try {
    const bytes = await fill(opened.unpacking, at, maxBytes);
    const isEnd = bytes.length < maxBytes;
    const { damage } = opened.unpacking;
    if (bytes.length === 0) await endUnpacking(opened);
    return { bytes, isEnd, damage: isEnd && damage !== null ? `${damage.message}; ${damage.hint}` : null };
  } catch (error) {
    await endUnpacking(opened);
    return orChanged(error);
  }
};

const readPlain = async ({ file }: Opened, { at, head: known }: Place, maxBytes: number): Promise<ReadAnswer> => {
  const bytes = await file.readAt(at, maxBytes);
  // The file may have been truncated and written anew since it was looked at.
  const isSame = bytes.length === 0 || hasFingerprint(await file.readAt(0, known.bytes), known);
  return isSame ? { bytes, isEnd: bytes.length < maxBytes, damage: null } : 'changed';
};

/** Its name may be another one since the file was opened: it is opened anew. */
const readPackedHead = async (piece: FollowedPiece): Promise<Buffer> => {
  const file = await openListed(piece);
  const unpacking = unpackFrom(file);
  try {
    return await fill(unpacking, 0, HEAD_BYTES).catch(orChanged);
  } finally {
    await unpacking.chunks.return?.();
    await file.close();
  }
};

/** Opened files, those that were used last at the end. */
const createHandles = () => {
  const opened = new Map<string, Opened>();
  const close = async (id: string): Promise<void> => {
    const one = opened.get(id);
    opened.delete(id);
    if (one === undefined) return;
    await endUnpacking(one);
    await one.file.close();
  };
  return {
    opened,
    close,
    take: async (piece: FollowedPiece): Promise<Opened> => {
      const known = opened.get(piece.id);
      // Unpacking begins by the name, which rotation may have changed.
      const isUsable = known?.file.packing === 'plain' || known?.unpacking || known?.path === piece.path;
      if (known === undefined || !isUsable) await close(piece.id);
      const one =
        known !== undefined && isUsable ? known : { file: await openListed(piece), path: piece.path, unpacking: null };
      opened.delete(piece.id);
      opened.set(piece.id, one);
      const eldest = opened.keys().next();
      if (opened.size > OPEN_MAX && eldest.done !== true) await close(eldest.value);
      return one;
    },
  };
};

export const createOpenPieces = (): OpenPieces => {
  const { opened, close, take: takeHandle } = createHandles();
  const packed = new Set<string>();
  const take = async (piece: FollowedPiece): Promise<Opened> => {
    const one = await takeHandle(piece);
    if (one.file.packing !== 'plain') packed.add(piece.id);
    return one;
  };
  return {
    file: async (piece) => (await take(piece)).file,
    head: async (piece) => {
      const { file } = await take(piece);
      return file.packing === 'plain' ? file.readAt(0, HEAD_BYTES) : readPackedHead(piece);
    },
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
      for (const id of opened.keys()) if (!ids.has(id)) await close(id);
      for (const id of packed) if (!ids.has(id)) packed.delete(id);
    },
  };
};
