/** Requests to remote-follow.sh, and what it answers. Total: an odd line of an answer is left out. */
import { randomBytes } from 'node:crypto';
import type { RemoteFault } from './ssh-answer.js';
import type { RequestText } from './ssh-request.js';

/** Files are read in such blocks (MTF_B). */
export const REMOTE_BLOCK = 4096;

export type ListedFile = Readonly<{
  pathIndexes: readonly number[];
  kind: 'named' | 'sibling' | 'glob';
  inode: string;
  sizeBytes: number;
  path: string;
}>;

/** Bytes of a file from `offset` on. `isCut`: a line among them was too long for the channel and is not whole. */
export type Part = Readonly<{ offset: number; bytes: Buffer; isCut: boolean }>;

/** No line that travels may be longer (ssh-shell.ts). */
export const REMOTE_LINE_MAX = 1024 * 1024;

/** Where a file begins to matter. `timeMs`: of its first stamp; null: there is none. */
export type StartedFile = Readonly<{ inode: string; block: number; timeMs: number | null }>;

export type FollowReply = Readonly<{
  files: readonly ListedFile[];
  faults: readonly RemoteFault[];
  /** By inode. */
  heads: ReadonlyMap<string, Buffer>;
  parts: ReadonlyMap<string, Part>;
  /** By inode: why it cannot be read. */
  refused: ReadonlyMap<string, string>;
  /** By inode: how unpacking ended; 0 is well. */
  statuses: ReadonlyMap<string, number>;
  starts: readonly StartedFile[];
}>;

/** Calls get the nonce as their last argument where they send bytes. */
export const buildFollowRequest = (
  lines: readonly string[],
  calls: readonly string[],
  nowMs: number,
): RequestText & Readonly<{ nonce: string }> => {
  const nonce = `MT_${randomBytes(16).toString('hex')}`;
  const text = [
    `mt_data <<'${nonce}'`,
    ...lines,
    nonce,
    `mt_begin ${new Date(nowMs).getUTCFullYear()} ${Math.floor(nowMs / 1000)} 0`,
    ...calls.map((call) => call.replace('NONCE', nonce)),
    `mt_end ${nonce}`,
    '',
  ].join('\n');
  return { text, end: `Z ${nonce}`, nonce };
};

const CONTROL = 0x01;
/** The blocks that remote-search.sh counts in (MT_B). */
const SEARCH_BLOCK = 65_536;
const NEWLINE = Buffer.from('\n');

const KINDS: Readonly<Record<string, ListedFile['kind']>> = { n: 'named', s: 'sibling', g: 'glob' };

/** Splits off `count` words; the last one keeps its blanks. */
const wordsOf = (text: string, count: number): readonly string[] => {
  const words: string[] = [];
  let place = 0;
  for (let blank = text.indexOf(' '); words.length < count - 1 && blank >= 0; blank = text.indexOf(' ', place)) {
    words.push(text.slice(place, blank));
    place = blank + 1;
  }
  return [...words, text.slice(place)];
};

const indexesOf = (text: string): readonly number[] => text.split(',').map(Number);

const readFile = (rest: string): ListedFile => {
  const [paths = '', kind = '', inode = '', size = '', path = ''] = wordsOf(rest, 5);
  return { pathIndexes: indexesOf(paths), kind: KINDS[kind] ?? 'glob', inode, sizeBytes: Number(size), path };
};

type Draft = {
  files: ListedFile[];
  faults: RemoteFault[];
  heads: Map<string, Buffer>;
  parts: Map<string, Part>;
  refused: Map<string, string>;
  statuses: Map<string, number>;
  starts: StartedFile[];
  /** Number of a file → its inode and first stamp. */
  numbered: Map<string, Readonly<{ inode: string; timeMs: number | null }>>;
};

/** The bytes that come now. `offset` null: the first ones. */
type Open = Readonly<{ inode: string; offset: number | null; lines: Buffer[] }>;

const readControl = (draft: Draft, text: string): Open | null => {
  const rest = text.slice(2);
  const words = rest.split(' ');
  switch (text[0]) {
    case 'L':
      draft.files.push(readFile(rest));
      break;
    case 'X': {
      const [code = '', paths = '', detail = '', path = ''] = wordsOf(rest, 4);
      draft.faults.push({ code, pathIndexes: indexesOf(paths), detail, path });
      break;
    }
    case 'T':
      return { inode: rest, offset: null, lines: [] };
    case 'D':
      return { inode: words[0] ?? '', offset: Number(words[1]) * REMOTE_BLOCK, lines: [] };
    case 'U':
      draft.refused.set(words[1] ?? '', words[0] ?? '');
      break;
    case 'W':
      draft.statuses.set(words[0] ?? '', Number(words[1]));
      break;
    case 'P': {
      const seconds = Number(words[5]);
      draft.numbered.set(words[0] ?? '', { inode: words[3] ?? '', timeMs: seconds > 0 ? seconds * 1000 : null });
      break;
    }
    case 'A': {
      const known = draft.numbered.get(words[0] ?? '');
      if (known) draft.starts.push({ ...known, block: (Number(words[1]) * SEARCH_BLOCK) / REMOTE_BLOCK });
      break;
    }
    default:
  }
  return null;
};

/** A line break was added behind the bytes: between lines there is one, and behind the last there is none. */
const joinLines = (lines: readonly Buffer[]): Buffer =>
  Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [NEWLINE, line])));

const keepBytes = (draft: Draft, { inode, offset, lines }: Open): void => {
  const bytes = joinLines(lines);
  if (offset === null) draft.heads.set(inode, bytes);
  else draft.parts.set(inode, { offset, bytes, isCut: lines.some(({ length }) => length > REMOTE_LINE_MAX) });
};

/** `take` is given every line; it tells whether the answer is complete. */
export const createReplyReader = ({ end, nonce }: Readonly<{ end: string; nonce: string }>) => {
  const draft: Draft = {
    files: [],
    faults: [],
    heads: new Map(),
    parts: new Map(),
    refused: new Map(),
    statuses: new Map(),
    starts: [],
    numbered: new Map(),
  };
  const endOfBytes = Buffer.from(`\u0001E ${nonce}`);
  let open: Open | null = null;
  return {
    take: (line: Buffer): boolean => {
      if (open !== null) {
        if (!line.equals(endOfBytes)) open.lines.push(line);
        else {
          keepBytes(draft, open);
          open = null;
        }
        return false;
      }
      if (line[0] !== CONTROL) return false;
      const text = line.toString('utf8', 1);
      if (text === end) return true;
      open = readControl(draft, text);
      return false;
    },
    reply: (): FollowReply => draft,
  };
};
