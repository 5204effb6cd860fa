/** One request to a remote shell: calls with numbers only; paths and texts travel as data in a quoted here-document. */
import { randomBytes } from 'node:crypto';
import type { Needle } from '../app/ports.js';
import { searchedTexts } from './line-wishes.js';

/** Times in epoch milliseconds. `needles` empty: every line. */
export type RemoteSpan = Readonly<{
  /** Names the span in the answer. */
  number: number;
  fromMs: number;
  toMs: number;
  needles: readonly Needle[];
  /** Also the lines of the queue IDs in what is found. */
  isRelated: boolean;
  /** The clocks were set back in this span. */
  hasSetBack: boolean;
}>;

/** Files that have one offset for stamps without one. `firstIndex`: number of the first path in the answer. */
export type RemoteFiles = Readonly<{
  paths: readonly string[];
  firstIndex: number;
  offsetMs: number;
  /** Lines of several hosts stand in one file. */
  isShared: boolean;
  spans: readonly RemoteSpan[];
}>;

export type RemoteRequest = Readonly<{
  files: readonly RemoteFiles[];
  /** Middle of what is searched: a stamp without a year gets the one nearest to it. */
  middleMs: number;
  /** Read every file to its end: names and stamps do not fit. */
  isEvery: boolean;
}>;

/** `end`: the last line of the answer. */
export type RequestText = Readonly<{ text: string; end: string }>;

/** grep gets its texts as one argument: Linux allows 128 KiB (MAX_ARG_STRLEN). */
const BATCH_BYTES = 48 * 1024;
const SECOND_MS = 1000;
/** Beyond these no log reaches, and the shell's sums stay in bounds. */
const EARLIEST_S = 0;
const LATEST_S = 4_102_444_800;

const seconds = (ms: number, round: (value: number) => number): number =>
  Math.min(LATEST_S, Math.max(EARLIEST_S, round(ms / SECOND_MS)));

/** A path or text with a line break or NUL cannot be sent. */
export const isSendable = (text: string): boolean => text !== '' && !/[\n\r\0]/.test(text);

const createData = () => {
  const lines: string[] = [];
  return {
    lines,
    /** First and last line number. */
    add: (texts: readonly string[]): readonly [number, number] => {
      lines.push(...texts);
      return [lines.length - texts.length + 1, lines.length];
    },
    /** The same in parts of limited size, as `1-40,41-77`. */
    addBatches: (texts: readonly string[]): string => {
      const batches: string[] = [];
      let [from, bytes] = [lines.length + 1, 0];
      for (const text of texts) {
        const more = Buffer.byteLength(text) + 1;
        if (bytes > 0 && bytes + more > BATCH_BYTES) {
          batches.push(`${from}-${lines.length}`);
          [from, bytes] = [lines.length + 1, 0];
        }
        lines.push(text);
        bytes += more;
      }
      if (bytes > 0) batches.push(`${from}-${lines.length}`);
      return batches.join(',');
    },
  };
};

type Data = ReturnType<typeof createData>;

const flag = (isSet: boolean): string => (isSet ? '1' : '0');

const spanCall = (span: RemoteSpan, { isShared }: RemoteFiles, data: Data): string | null => {
  const isAll = span.needles.length === 0;
  const { texts, anchors } = isAll ? { texts: [''], anchors: [] } : searchedTexts(span.needles);
  if (texts.length === 0) return null;
  return [
    'mt_span',
    span.number,
    seconds(span.fromMs, Math.floor),
    seconds(span.toMs, Math.ceil),
    isShared ? 's' : '-',
    flag(span.needles.some(({ ignoreCase }) => ignoreCase)),
    flag(span.isRelated && !isAll),
    flag(span.hasSetBack),
    data.addBatches(texts),
    `'${data.addBatches(anchors)}'`,
  ].join(' ');
};

type Framed = Pick<RemoteRequest, 'middleMs' | 'isEvery'> &
  Readonly<{ lines: readonly string[]; calls: readonly string[] }>;

const frame = ({ lines, calls, middleMs, isEvery }: Framed): RequestText => {
  const nonce = `MT_${randomBytes(16).toString('hex')}`;
  const text = [
    `mt_data <<'${nonce}'`,
    ...lines,
    nonce,
    `mt_begin ${new Date(middleMs).getUTCFullYear()} ${seconds(middleMs, Math.floor)} ${flag(isEvery)}`,
    ...calls,
    `mt_end ${nonce}`,
    '',
  ].join('\n');
  return { text, end: `Z ${nonce}` };
};

/** What a doctor wants to know of a path. `offsetMs`: of its stamps without one. */
export type ExaminedPath = Readonly<{ path: string; offsetMs: number }>;

/** @param tailsBytes packed files are unpacked to their end, up to so many bytes of them; null: no file is read. */
export const buildExamination = (
  paths: readonly ExaminedPath[],
  nowMs: number,
  tailsBytes: number | null,
): RequestText => {
  const tails = tailsBytes === null ? [] : ['mt_tails'];
  const calls = paths.flatMap(({ offsetMs }, index) => [
    `mt_say "A ${index}"`,
    `mt_files ${index + 1} ${index + 1} ${Math.round(offsetMs / SECOND_MS)} ${index}`,
    ...tails,
  ]);
  return frame({
    lines: paths.map(({ path }) => path),
    calls: [...(tailsBytes === null ? [] : [`MT_LEFT=${tailsBytes}`]), ...calls],
    middleMs: nowMs,
    isEvery: false,
  });
};

export const buildRequest = ({ files, middleMs, isEvery }: RemoteRequest): RequestText => {
  const data = createData();
  const calls = files.flatMap((each) => {
    const [first, last] = data.add(each.paths);
    const call = `mt_files ${first} ${last} ${Math.round(each.offsetMs / SECOND_MS)} ${each.firstIndex}`;
    return [call, ...each.spans.map((span) => spanCall(span, each, data)).filter((line) => line !== null)];
  });
  return frame({ lines: data.lines, calls, middleMs, isEvery });
};
