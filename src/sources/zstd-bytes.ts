/** Zstandard in JavaScript, for machines without the program zstd. It is 50 times slower, and needs nothing. */

/** A few bytes may stand for megabytes: so much is unpacked at a time, and given on before more is. */
const STEP_BYTES = 1024;
/** Greatest window of a first frame, which is memory: the program's own limit without `--memory`. */
const WINDOW_MAX = 128 * 1024 * 1024;
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

export type ZstdFault = Readonly<{ kind: 'unfinished' | 'too-large' | 'damaged'; text: string }>;

/** Codes of fzstd's errors (ZstdErrorCode). */
const KINDS: ReadonlyMap<unknown, ZstdFault['kind']> = new Map([
  [1, 'too-large'],
  [4, 'too-large'],
  [5, 'unfinished'],
]);

/** @returns null when the error is none of the decoder's. */
export const zstdFaultOf = (error: unknown): ZstdFault | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'number'
    ? { kind: KINDS.get(error.code) ?? 'damaged', text: error.message }
    : null;

/** RFC 8878 §3.1.1.1: bytes of the window of the frame that begins here; 0 where the frame says none. */
const windowOf = (head: Uint8Array): number => {
  const descriptor = head[4] ?? 0;
  if (MAGIC.some((byte, index) => head[index] !== byte) || (descriptor & 0x20) !== 0) return 0;
  const byte = head[5] ?? 0;
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
};

const tooLarge = (bytes: number): Error =>
  Object.assign(new Error(`its window of ${Math.round(bytes / 1024 / 1024)} MiB is too large`), { code: 1 });

/** Unpacked so far, and what then went wrong. */
type Step = Readonly<{ parts: readonly Buffer[]; fault: Error | null }>;

const createDecoder = async (): Promise<(bytes: Uint8Array, isLast: boolean) => Step> => {
  const { Decompress } = await import('fzstd');
  const ready: Buffer[] = [];
  const decoder = new Decompress((chunk) => {
    if (chunk.length > 0) ready.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
  });
  return (bytes, isLast) => {
    try {
      decoder.push(bytes, isLast);
      return { parts: ready.splice(0), fault: null };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // Of some damage the decoder only notices that its arrays are too short.
      const fault = zstdFaultOf(error) === null ? Object.assign(error, { code: 0 }) : error;
      return { parts: ready.splice(0), fault };
    }
  };
};

async function* inSteps(packed: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  for await (const chunk of packed) {
    // A copy: the decoder keeps what it cannot unpack yet, and the chunk's memory may be used again.
    for (let at = 0; at < chunk.length; at += STEP_BYTES) yield Uint8Array.from(chunk.subarray(at, at + STEP_BYTES));
  }
}

/**
 * Unpacks frame after frame; what comes before a fault is given out.
 * @throws errors for which `zstdFaultOf` tells the fault
 */
export async function* unpackZstd(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decode = await createDecoder();
  let isFirst = true;
  for await (const bytes of inSteps(packed)) {
    const window = isFirst ? windowOf(bytes) : 0;
    if (window > WINDOW_MAX) throw tooLarge(window);
    isFirst = false;
    const { parts, fault } = decode(bytes, false);
    yield* parts;
    if (fault !== null) throw fault;
  }
  const { parts, fault } = decode(new Uint8Array(0), true);
  yield* parts;
  if (fault !== null) throw fault;
}
