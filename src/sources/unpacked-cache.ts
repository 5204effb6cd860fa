/** What packed pieces hold, kept while one trace asks for the same time again and again. */
import type { ByteRange, OpenedFile } from './file-bytes.js';

/** Reads like `file.read`; what was unpacked once and found whole is not unpacked again. */
export type UnpackedCache = Readonly<{ read: (file: OpenedFile, range: ByteRange) => AsyncIterable<Buffer> }>;

/** Memory of one trace for this. First come, first kept: dropping pieces for others would only unpack both each time. */
const KEPT_BYTES = 64 * 1024 * 1024;

export const createUnpackedCache = (): UnpackedCache => {
  const kept = new Map<string, readonly Buffer[]>();
  let bytesLeft = KEPT_BYTES;
  async function* unpack(file: OpenedFile, range: ByteRange): AsyncGenerator<Buffer> {
    let parts: Buffer[] | null = [];
    let bytes = 0;
    const giveUp = (): void => {
      bytesLeft += bytes;
      bytes = 0;
      parts = null;
    };
    try {
      for await (const chunk of file.read(range)) {
        if (parts !== null && chunk.length <= bytesLeft) {
          bytesLeft -= chunk.length;
          bytes += chunk.length;
          parts.push(chunk);
        } else giveUp();
        yield chunk;
      }
      if (parts !== null && !kept.has(file.version)) {
        kept.set(file.version, parts);
        bytes = 0;
      }
    } finally {
      giveUp();
    }
  }
  return {
    read: (file, range) => {
      if (file.packing === 'plain') return file.read(range);
      const known = kept.get(file.version);
      return known === undefined ? unpack(file, range) : replay(known);
    },
  };
};

async function* replay(parts: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* parts;
}
