/** Reads what the remote script says (remote-search.sh names the lines). Total: an odd line is left out. */

export type RemotePiece = Readonly<{
  number: number;
  path: string;
  /** Which paths of the request mean it. */
  pathIndexes: readonly number[];
  kind: 'named' | 'sibling' | 'glob';
  id: string;
  /** Letters: l(ocal time), m(any hosts), n(ested), o(ther than a log), j(son). */
  flags: string;
  sizeBytes: number;
  /** First stamp as the script read it; null when it read none. */
  startMs: number | null;
  /** With a stamp; '' when there is none. A long one is cut. */
  firstLine: string;
}>;

export type RemoteFault = Readonly<{
  code: string;
  pathIndexes: readonly number[];
  /** Of a file that may not be read: mode, owner, group. Of packing: the program that is missing. */
  detail: string;
  path: string;
}>;

/** `offset` grows along a piece; the first line of a part at block n has at least n blocks. */
export type RemoteLine = Readonly<{ piece: number; span: number; offset: number; bytes: Buffer }>;

export type Answer = Readonly<{
  /** Programs that the machine has not: it could search nothing. */
  missingTools: readonly string[];
  pieces: ReadonlyMap<number, RemotePiece>;
  faults: readonly RemoteFault[];
  /** By piece: why unpacking ended early. */
  damages: ReadonlyMap<number, string>;
  /** By piece: why reading ended early. */
  failures: ReadonlyMap<number, string>;
  /** Files were rotated in the meantime. */
  isMoved: boolean;
  ids: ReadonlySet<string>;
  lines: readonly RemoteLine[];
  /** Lines between which a clock was set back. */
  setBacks: readonly RemoteLine[];
}>;

const BLOCK_BYTES = 65_536;
const CONTROL = 0x01;
const COLON = 0x3a;
const DIGIT_0 = 0x30;

const KINDS: Readonly<Record<string, RemotePiece['kind']>> = { n: 'named', s: 'sibling', g: 'glob' };

const indexesOf = (text: string): readonly number[] => text.split(',').map(Number);

/** Splits off `count` words; the last one keeps its blanks. */
const wordsOf = (text: string, count: number): readonly string[] => {
  const words: string[] = [];
  let place = 0;
  while (words.length < count - 1) {
    const blank = text.indexOf(' ', place);
    if (blank < 0) break;
    words.push(text.slice(place, blank));
    place = blank + 1;
  }
  return [...words, text.slice(place)];
};

type Part = Readonly<{ piece: number; span: number; base: number; isSetBack: boolean }>;

const readPart = (rest: string, isSetBack: boolean): Part => {
  const [piece = '', span = '', block = ''] = rest.split(' ');
  return { piece: Number(piece), span: Number(span), base: Number(block) * BLOCK_BYTES, isSetBack };
};

const readPiece = (rest: string): RemotePiece => {
  const [number = '', paths = '', kind = '', inode = '', size = '', time = '', flags = '', firstLine = ''] = wordsOf(
    rest,
    8,
  );
  return {
    number: Number(number),
    path: '',
    pathIndexes: indexesOf(paths),
    kind: KINDS[kind] ?? 'glob',
    id: `${inode}:${size}`,
    flags,
    sizeBytes: Number(size),
    startMs: Number(time) > 0 ? Number(time) * 1000 : null,
    firstLine,
  };
};

/** `12:line`. */
const readLine = (line: Buffer, { piece, span, base }: Part): RemoteLine | null => {
  const colon = line.indexOf(COLON);
  let number = 0;
  for (let place = 0; place < colon; place++) number = number * 10 + line[place]! - DIGIT_0;
  // A copy: what arrived would otherwise be kept for one line of it.
  return colon > 0 && Number.isSafeInteger(number)
    ? { piece, span, offset: base + number, bytes: Buffer.from(line.subarray(colon + 1)) }
    : null;
};

/** What was said so far. */
type Draft = {
  missingTools: readonly string[];
  isMoved: boolean;
  readonly pieces: Map<number, RemotePiece>;
  readonly faults: RemoteFault[];
  readonly damages: Map<number, string>;
  readonly failures: Map<number, string>;
  readonly ids: Set<string>;
  part: Part | null;
};

const addPath = ({ pieces }: Draft, rest: string): void => {
  const [number = '', path = ''] = wordsOf(rest, 2);
  const piece = pieces.get(Number(number));
  if (piece) pieces.set(piece.number, { ...piece, path });
};

const addFault = ({ faults }: Draft, rest: string): void => {
  const [code = '', paths = '', detail = '', path = ''] = wordsOf(rest, 4);
  faults.push({ code, pathIndexes: indexesOf(paths), detail, path });
};

const addReason = (reasons: Map<number, string>, rest: string): void => {
  const [number = '', why = ''] = wordsOf(rest, 2);
  reasons.set(Number(number), why);
};

const addPiece = ({ pieces }: Draft, rest: string): void => {
  const piece = readPiece(rest);
  pieces.set(piece.number, piece);
};

const CONTROLS: Readonly<Record<string, (draft: Draft, rest: string) => void>> = {
  P: addPiece,
  Q: addPath,
  X: addFault,
  E: ({ damages }, rest) => addReason(damages, rest),
  G: ({ failures }, rest) => addReason(failures, rest),
  I: ({ ids }, rest) => {
    ids.add(rest);
  },
  N: (draft, rest) => {
    draft.missingTools = rest.split(' ');
  },
  R: (draft) => {
    draft.isMoved = true;
  },
  F: (draft, rest) => {
    draft.part = readPart(rest, false);
  },
  B: (draft, rest) => {
    draft.part = readPart(rest, true);
  },
};

/** `take` is given every line; it tells whether the answer is complete. */
export const createAnswerReader = (end: string) => {
  const draft: Draft = {
    missingTools: [],
    isMoved: false,
    pieces: new Map(),
    faults: [],
    damages: new Map(),
    failures: new Map(),
    ids: new Set(),
    part: null,
  };
  const found = new Map<string, RemoteLine>();
  const setBacks: RemoteLine[] = [];
  let bytes = 0;
  const takeControl = (text: string): boolean => {
    if (text === end) return true;
    CONTROLS[text[0] ?? '']?.(draft, text.slice(2));
    return false;
  };
  return {
    take: (line: Buffer): boolean => {
      if (line[0] === CONTROL) return takeControl(line.toString('utf8', 1));
      const { part } = draft;
      const read = part === null ? null : readLine(line, part);
      if (part === null || read === null) return false;
      bytes += line.length;
      // Several passes over one part find a line several times.
      if (part.isSetBack) setBacks.push(read);
      else found.set(`${read.piece} ${read.span} ${read.offset}`, read);
      return false;
    },
    /** Of the lines so far. */
    bytes: () => bytes,
    answer: (): Answer => {
      const { missingTools, isMoved, pieces, faults, damages, failures, ids } = draft;
      return { missingTools, isMoved, pieces, faults, damages, failures, ids, lines: [...found.values()], setBacks };
    },
  };
};
