/** The bytes of files on another machine: those that came with the list, and those that are asked for besides. */

import { MailtraceError } from '../errors.js';
import type { HeaderParser } from '../parsers/syslog-header.js';
import { FOLLOWED_LINE_MAX } from './follow-lines.js';
import { fingerprintOf, HEAD_BYTES, hasFingerprint, NO_HEAD, type Place } from './follow-position.js';
import { FileChanged, type FollowView, type ReadAnswer, type Start } from './follow-store.js';
import type { FollowedLog, FollowedPiece, Held } from './follow-types.js';
import { type AskMachine, type MachineLook, PART_BLOCKS } from './ssh-follow-machine.js';
import { type FollowReply, type Part, REMOTE_BLOCK, REMOTE_LINE_MAX } from './ssh-follow-wire.js';
import { describeRemoteFault } from './ssh-path-faults.js';

/** Kept from look to look. */
export type RemoteMemory = Readonly<{
  /** Files that are packed whatever their name says: inode → packing. */
  packed: Map<string, string>;
  /** First bytes of packed files, which do not change: inode and size → bytes. */
  heads: Map<string, Buffer>;
}>;

type Context = Readonly<{
  look: MachineLook;
  memory: RemoteMemory;
  ask: AskMachine;
  now: () => number;
  signal: AbortSignal;
}>;

/** Unpacked bytes of one request: each begins to unpack anew. */
const UNPACKED_BYTES = 4 * 1024 * 1024;
const HEADS_MAX = 1000;
const NEWLINE = 0x0a;

const SUFFIXES: readonly (readonly [RegExp, string])[] = [
  [/\.(?:gz|Z)$/, 'gz'],
  [/\.zst$/, 'zst'],
  [/\.xz$/, 'xz'],
  [/\.bz2$/, 'bz2'],
  [/\.lz4$/, 'lz4'],
];

const MAGIC: readonly (readonly [string, readonly number[]])[] = [
  ['gz', [0x1f, 0x8b]],
  ['zst', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bz2', [0x42, 0x5a, 0x68]],
];

const packingOf = ({ id, path }: FollowedPiece, { packed }: RemoteMemory): string =>
  packed.get(id) ?? SUFFIXES.find(([suffix]) => suffix.test(path))?.[1] ?? '-';

const fileLine = (piece: FollowedPiece, memory: RemoteMemory): string =>
  `${piece.id} ${packingOf(piece, memory)} ${piece.path}`;

/** @throws what kept the file from being read */
const fail = (piece: FollowedPiece, { refused }: FollowReply, { look, memory }: Context): never => {
  const code = refused.get(piece.id);
  if (code === undefined) throw new FileChanged();
  const detail = code === 't' ? packingOf(piece, memory) : '';
  const { text } = describeRemoteFault({ code, pathIndexes: [], detail, path: piece.path }, look.ground.info);
  const [message = text, ...hint] = text.split('; ');
  throw new MailtraceError('source', message, hint.join('; '));
};

const noteMagic = (piece: FollowedPiece, head: Buffer, { memory }: Context): void => {
  if (packingOf(piece, memory) !== '-') return;
  const found = MAGIC.find(([, magic]) => head.length >= magic.length && magic.every((byte, at) => head[at] === byte));
  if (found === undefined) return;
  memory.packed.set(piece.id, found[0]);
  throw new FileChanged();
};

const headName = ({ id, sizeBytes }: FollowedPiece): string => `${id} ${sizeBytes}`;

/** Heads of one log are asked for together: whoever looks for a file looks at all. */
const createHeads = (context: Context): FollowView['head'] => {
  const { look, memory, ask, signal } = context;
  const known = new Map(look.reply.heads);
  const logOf = (piece: FollowedPiece): readonly FollowedPiece[] =>
    look.logs.find(({ pieces }) => pieces.some(({ id }) => id === piece.id))?.pieces ?? [piece];
  const keep = (piece: FollowedPiece, head: Buffer): void => {
    known.set(piece.id, head);
    if (!piece.isPacked) return;
    if (memory.heads.size >= HEADS_MAX) memory.heads.clear();
    memory.heads.set(headName(piece), head);
  };
  const findKnown = (piece: FollowedPiece): Buffer | undefined =>
    known.get(piece.id) ?? (piece.isPacked ? memory.heads.get(headName(piece)) : undefined);
  return async (piece) => {
    let head = findKnown(piece);
    if (head === undefined) {
      const asked = logOf(piece).filter((each) => findKnown(each) === undefined);
      const lines = asked.map((each) => fileLine(each, memory));
      const reply = await ask(async () => ({ lines, calls: [`mtf_heads 1 ${lines.length} NONCE`] }), signal);
      for (const each of asked) {
        const bytes = reply.heads.get(each.id);
        if (bytes !== undefined) keep(each, bytes);
      }
      head = known.get(piece.id) ?? fail(piece, reply, context);
    }
    noteMagic(piece, head, context);
    return head.subarray(0, HEAD_BYTES);
  };
};

/** What came of a plain file, from the block on that was asked for. */
const partOf = ({ id }: FollowedPiece, block: number, { heads, parts }: FollowReply): Part | null => {
  const [head, part] = [heads.get(id), parts.get(id)];
  if (head === undefined || part === undefined) return null;
  return block > 0 ? part : { ...part, offset: 0, bytes: Buffer.concat([head, part.bytes]) };
};

/** Bytes that are here. `isEnd`: there are no more at present. */
type Stock = Readonly<{ offset: number; bytes: Buffer; isEnd: boolean; damage: string | null }>;

/** Null: what is left is not even a line. */
const serve = ({ offset, bytes, isEnd, damage }: Stock, place: Place, maxBytes: number): ReadAnswer | null => {
  const rest = bytes.subarray(Math.max(0, place.at - offset));
  if (rest.length > maxBytes) return { bytes: rest.subarray(0, maxBytes), isEnd: false, damage: null };
  const isUseful = isEnd || rest.length >= FOLLOWED_LINE_MAX || rest.includes(NEWLINE);
  return isUseful ? { bytes: rest, isEnd, damage: isEnd ? damage : null } : null;
};

const unpack = async (piece: FollowedPiece, at: number, bytes: number, context: Context): Promise<Stock> => {
  const { memory, ask, signal } = context;
  const call = `mtf_packed ${at + 1} ${bytes} 1 NONCE`;
  const reply = await ask(async () => ({ lines: [fileLine(piece, memory)], calls: [call] }), signal);
  const part = reply.parts.get(piece.id) ?? fail(piece, reply, context);
  if (part.isCut && bytes > REMOTE_LINE_MAX) return unpack(piece, at, REMOTE_LINE_MAX, context);
  const isEnd = part.bytes.length < bytes;
  // Who unpacks is stopped when there is enough; only at the end its status tells.
  const isDamaged = isEnd && reply.statuses.get(piece.id) !== 0;
  const damage = `${piece.path}: damaged; the lines before the damage were read; restore it from a copy, or move it away`;
  return { offset: at, bytes: part.bytes, isEnd, damage: isDamaged ? damage : null };
};

const createReadPacked = (context: Context): FollowView['read'] => {
  const stocks = new Map<string, Stock>();
  return async (piece, place, maxBytes) => {
    const known = stocks.get(piece.id);
    const served = known === undefined ? null : serve(known, place, maxBytes);
    if (served !== null) return served;
    const stock = await unpack(piece, place.at, UNPACKED_BYTES, context);
    stocks.set(piece.id, stock);
    return serve(stock, place, maxBytes) ?? 'later';
  };
};

/** A file is asked for once in a poll: with the list, or when it turns out to be new. */
const createReadPlain = (context: Context): FollowView['read'] => {
  const { look, memory, ask, signal } = context;
  const parts = new Map<string, Part | null>();
  const heads = new Map(look.reply.heads);
  const fetchPart = async (piece: FollowedPiece, block: number): Promise<Part> => {
    const call = `mtf_read 1 ${block} ${PART_BLOCKS} NONCE`;
    const reply = await ask(async () => ({ lines: [fileLine(piece, memory)], calls: [call] }), signal);
    const part = partOf(piece, block, reply) ?? fail(piece, reply, context);
    heads.set(piece.id, reply.heads.get(piece.id)!);
    return part;
  };
  /** Null: it was wished for, and there was no room for more. A new file may have the inode of one that was wished for. */
  const findPart = async (piece: FollowedPiece, { at }: Place): Promise<Part | null> => {
    const block = Math.floor(at / REMOTE_BLOCK);
    if (look.wished.get(piece.id) !== at) return fetchPart(piece, block);
    if (look.reply.refused.has(piece.id)) return fail(piece, look.reply, context);
    return partOf(piece, block, look.reply);
  };
  return async (piece, place, maxBytes) => {
    if (!parts.has(piece.id)) parts.set(piece.id, await findPart(piece, place));
    const part = parts.get(piece.id) ?? null;
    if (part === null) return 'later';
    if (!hasFingerprint(heads.get(piece.id)!, place.head)) return 'changed';
    const isEnd = part.offset + part.bytes.length >= piece.sizeBytes;
    return serve({ ...part, isEnd, damage: null }, place, maxBytes) ?? 'later';
  };
};

const createRead = (context: Context): FollowView['read'] => {
  const [readPlain, readPacked] = [createReadPlain(context), createReadPacked(context)];
  return (piece, place, maxBytes) => (piece.isPacked ? readPacked : readPlain)(piece, place, maxBytes);
};

const SECOND_MS = 1000;
const DAY_MS = 86_400_000;

/** Asks once for all logs of the machine: where do the lines since then begin? */
const createStarts = ({ look, ask, now, signal }: Context) => {
  const asked = new Map<number, Promise<FollowReply>>();
  const askAll = (fromMs: number): Promise<FollowReply> => {
    const nowMs = now();
    const range = `${Math.max(0, Math.floor(fromMs / SECOND_MS))} ${Math.floor((nowMs + DAY_MS) / SECOND_MS)}`;
    const calls = look.paths.flatMap(({ zone }, index) => [
      `mt_files ${index + 1} ${index + 1} ${Math.round(zone.offsetMsAt(nowMs) / SECOND_MS)} ${index}`,
      `mtf_starts ${range}`,
    ]);
    return ask(async () => ({ lines: look.paths.map(({ path }) => path), calls }), signal);
  };
  return (fromMs: number): Promise<FollowReply> => {
    const reply = asked.get(fromMs) ?? askAll(fromMs);
    asked.set(fromMs, reply);
    return reply;
  };
};

const startLog = async (
  log: FollowedLog,
  fromMs: number,
  { starts, faults }: FollowReply,
  head: FollowView['head'],
  { look }: Context,
): Promise<Start> => {
  const own = faults
    .filter(({ path }) => log.pieces.some((piece) => piece.path === path))
    .map((each) => ({ path: each.path, text: describeRemoteFault(each, look.ground.info).text }));
  const live = log.pieces.find(({ rotation }) => rotation.kind === 'live');
  const texts = own.map(({ text }) => text);
  if (own.some(({ path }) => path === live?.path)) return { held: null, faults: texts };
  const byInode = new Map(starts.map((each) => [each.inode, each]));
  const timeOf = ({ id, rotation }: FollowedPiece): number =>
    rotation.kind === 'live' ? Number.POSITIVE_INFINITY : (byInode.get(id)?.timeMs ?? Number.NEGATIVE_INFINITY);
  const chosen = log.pieces
    .filter((piece) => byInode.has(piece.id) || piece === live)
    .sort((a, b) => (timeOf(a) === timeOf(b) ? 0 : timeOf(a) - timeOf(b)));
  const held: Held[] = [];
  for (const piece of chosen) {
    const bytes = await head(piece);
    const block = piece.isPacked ? 0 : (byInode.get(piece.id)?.block ?? 0);
    const place: Place = {
      id: piece.id,
      at: block * REMOTE_BLOCK,
      head: bytes.length === 0 ? NO_HEAD : fingerprintOf(bytes),
      // The script counts from the first whole line of a block.
      isInLine: block > 0,
      isDone: false,
      skip: { beforeMs: fromMs, toOffset: piece.isPacked ? Number.MAX_SAFE_INTEGER : piece.sizeBytes },
    };
    held.push({ piece, place });
  }
  return { held, faults: texts };
};

export const createRemoteBytes = (
  context: Context,
): Pick<FollowView, 'head' | 'read'> & {
  start: (log: FollowedLog, fromMs: number, parse: HeaderParser) => Promise<Start>;
} => {
  const head = createHeads(context);
  const startsOf = createStarts(context);
  return {
    head,
    read: createRead(context),
    start: async (log, fromMs) => startLog(log, fromMs, await startsOf(fromMs), head, context),
  };
};
