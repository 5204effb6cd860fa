/** Reads the lines that are wanted out of one log: the pieces that overlap, their parts that do, the lines that hold a needle. */
import type { Budget } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { isInside, type TimeWindow } from '../domain/time-window.js';
import type { Header, HeaderParser } from '../parsers/syslog-header.js';
import { type ByteRange, type OpenedFile, openFile } from './file-bytes.js';
import { describeFault, type FileFault } from './file-faults.js';
import { decodeLine, forEachHitLine, forEachLine, type Line, wholeLines } from './line-scan.js';
import { buildNeedleTest, buildWishSearch, type Wish } from './line-wishes.js';
import type { Log, Piece } from './log-catalog.js';
import type { SearchNeedles } from './needle-search.js';
import { type ChosenPiece, choosePieces } from './piece-choice.js';
import { findRanges, type HeadCache } from './piece-times.js';
import { createSetBacks, type SetBacks } from './repeated-hour.js';

export type FoundLine = Readonly<{
  /** Piece and offset: the same line is never found twice. */
  id: string;
  /** The first stamp of its piece, and its place there: the order of lines in a log. */
  pieceMs: number;
  offset: number;
  host: HostName;
  header: Header;
  /** The whole line, at most 64 KiB. */
  raw: string;
  /** Wishes that it fulfils, by their place in the list. */
  wishes: readonly number[];
}>;

/** Counts what all readers of a search found. */
export type Meter = Readonly<{
  /** False when the budget does not allow it: then reading ends. */
  take: (bytes: number) => boolean;
  isFull: () => boolean;
}>;

export const createMeter = ({ maxLines, maxBytes }: Budget): Meter => {
  let [lines, bytes, isFull] = [0, 0, false];
  return {
    take: (more) => {
      if (isFull || lines + 1 > maxLines || bytes + more > maxBytes) isFull = true;
      else [lines, bytes] = [lines + 1, bytes + more];
      return !isFull;
    },
    isFull: () => isFull,
  };
};

/** One reading of one log. */
export type LogTask = Readonly<{
  log: Log;
  wishes: readonly Wish[];
  parse: HeaderParser;
  /** The machine that a header's host means in this log. */
  hostOf: (name: string | null) => HostName;
  /** Lines of other hosts are left out. */
  isAsked: (host: HostName) => boolean;
  /** Lines found before. */
  isKnown: (id: string) => boolean;
  meter: Meter;
  heads: HeadCache;
  signal: AbortSignal;
}>;

export type LogReading = Readonly<{
  lines: readonly FoundLine[];
  faults: readonly FileFault[];
  foreign: readonly Piece[];
  readable: number;
  /** Lines that hold a needle and have no header. */
  headless: number;
  /** False when the budget ended the reading. */
  isComplete: boolean;
}>;

/** A line that was copied out of its block, to be looked at later. */
const copyLine = ({ bytes, from, to, offset }: Line): Line => ({
  bytes: Buffer.from(bytes.subarray(from, to)),
  from: 0,
  to: to - from,
  offset,
});

const isIn = (window: TimeWindow, { timeMs, alternativeMs }: Header): boolean =>
  isInside(window, timeMs) || (alternativeMs !== null && isInside(window, alternativeMs));

const OPEN_BRACE = 0x7b;

type Judge = (line: Line, header: Header, host: HostName) => readonly number[];

/** Tells which wishes a line fulfils. */
const createJudge = (wishes: readonly Wish[]): Judge => {
  const tests = wishes.map(({ needles }) => buildNeedleTest(needles));
  return (line, header, host) => {
    const decodeMessage = () => (line.bytes[line.from] === OPEN_BRACE ? header.text : null);
    const fulfilled: number[] = [];
    for (const [index, wish] of wishes.entries()) {
      if (wish.host !== null && wish.host !== host) continue;
      if (isIn(wish.window, header) && tests[index]!(line, decodeMessage)) fulfilled.push(index);
    }
    return fulfilled;
  };
};

/** Of two instants that stay possible, one inside a window that was asked for. */
const preferInside = (header: Header, wishes: readonly Wish[], fulfilled: readonly number[]): Header => {
  const { timeMs, alternativeMs } = header;
  if (alternativeMs === null || fulfilled.some((index) => isInside(wishes[index]!.window, timeMs))) return header;
  return { ...header, timeMs: alternativeMs, alternativeMs: timeMs };
};

/** Collects the lines of one piece. Lines of a repeated hour wait in `open` until the set-back is known. */
const createCollector = (task: LogTask, judge: Judge, { piece, startMs: pieceMs }: ChosenPiece) => {
  const { wishes, parse, hostOf, isAsked, isKnown, meter } = task;
  const found: FoundLine[] = [];
  const open: Line[] = [];
  let headless = 0;
  const keep = (line: Line, raw: string, header: Header, host: HostName): void => {
    const fulfilled = judge(line, header, host);
    const { offset } = line;
    const id = `${piece.id}:${offset}`;
    if (fulfilled.length === 0 || isKnown(id) || !meter.take(raw.length)) return;
    const settled = preferInside(header, wishes, fulfilled);
    found.push({ id, pieceMs, offset, host, header: settled, raw, wishes: fulfilled });
  };
  const visit = (line: Line, setBacks: SetBacks | null): void => {
    const raw = decodeLine(line);
    const header = parse(raw);
    if (header === null) {
      headless++;
      return;
    }
    const host = hostOf(header.host);
    if (!isAsked(host)) return;
    if (setBacks !== null) keep(line, raw, setBacks.settle(host, header, line.offset), host);
    else if (header.alternativeMs === null) keep(line, raw, header, host);
    else if (judge(line, header, host).length > 0) open.push(copyLine(line));
  };
  return {
    visit: (line: Line) => visit(line, null),
    open,
    settle: (setBacks: SetBacks) => {
      for (const line of open) visit(line, setBacks);
    },
    result: () => ({ lines: found, headless }),
  };
};

/** Calls `visit` for each line of the ranges that may be wanted; `search` null: for each. False when the budget ended it. */
const readRanges = async (
  file: OpenedFile,
  ranges: readonly ByteRange[],
  search: SearchNeedles | null,
  visit: (line: Line) => void,
  { meter, signal }: LogTask,
): Promise<boolean> => {
  for (const range of ranges) {
    for await (const block of wholeLines(file.read(range), range.from)) {
      signal.throwIfAborted();
      if (search === null) forEachLine(block, visit);
      else forEachHitLine(block, search, visit);
      if (meter.isFull()) return false;
    }
  }
  return true;
};

/** Reads every line around the repeated hour once more, in order. Happens for lines of one hour in a year. */
const findSetBacks = async (file: OpenedFile, ranges: readonly ByteRange[], task: LogTask): Promise<SetBacks> => {
  const setBacks = createSetBacks();
  for (const range of ranges) {
    for await (const block of wholeLines(file.read(range), range.from)) {
      task.signal.throwIfAborted();
      forEachLine(block, (line) => {
        const header = task.parse(decodeLine(line));
        if (header !== null) setBacks.add(task.hostOf(header.host), header, line.offset);
      });
    }
  }
  return setBacks;
};

type PieceReading = Pick<LogReading, 'lines' | 'headless' | 'isComplete' | 'faults'>;

type Guard = <Result>(work: () => Promise<Result>) => Promise<Result | null>;

/** Turns what a file does wrong into faults; an abort and bugs go on. */
const createGuard = (path: string, signal: AbortSignal): Readonly<{ guard: Guard; faults: readonly FileFault[] }> => {
  const faults: FileFault[] = [];
  const guard: Guard = async (work) => {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw error;
      faults.push(await describeFault(path, error));
      return null;
    }
  };
  return { guard, faults };
};

type Tools = Readonly<{ search: SearchNeedles | null; judge: Judge }>;

/** Damage ends the reading of a piece; what came before it counts. */
const readPiece = async (chosen: ChosenPiece, task: LogTask, tools: Tools): Promise<PieceReading> => {
  const { piece, isMixed } = chosen;
  const { guard, faults } = createGuard(piece.path, task.signal);
  const collector = createCollector(task, tools.judge, chosen);
  let isComplete = true;
  const file = await guard(() => openFile(piece.path));
  if (file === null) return { lines: [], headless: 0, isComplete, faults };
  try {
    const whole = [{ from: 0, to: file.sizeBytes }];
    const windows = task.wishes.map(({ window }) => window);
    const ranges = isMixed ? whole : ((await guard(() => findRanges(file, windows, task.parse))) ?? whole);
    isComplete = (await guard(() => readRanges(file, ranges, tools.search, collector.visit, task))) ?? true;
    if (collector.open.length > 0) {
      collector.settle((await guard(() => findSetBacks(file, ranges, task))) ?? createSetBacks());
    }
  } finally {
    await file.close();
  }
  return { ...collector.result(), isComplete: isComplete && !task.meter.isFull(), faults };
};

/** Reads one log. Files that cannot be read are faults; only an abort, or a bug, is thrown. */
export const readLog = async (task: LogTask): Promise<LogReading> => {
  const windows = task.wishes.map(({ window }) => window);
  const choice = await choosePieces(task.log, windows, task.parse, task.heads);
  const tools = { search: buildWishSearch(task.wishes), judge: createJudge(task.wishes) };
  const readings: PieceReading[] = [];
  for (const chosen of choice.chosen) {
    task.signal.throwIfAborted();
    if (task.meter.isFull()) break;
    readings.push(await readPiece(chosen, task, tools));
  }
  const faults = new Map(
    [...choice.faults, ...readings.flatMap((reading) => reading.faults)].map((each) => [each.text, each]),
  );
  return {
    lines: readings.flatMap(({ lines }) => lines),
    faults: [...faults.values()],
    foreign: choice.foreign,
    readable: choice.readable,
    headless: readings.reduce((sum, reading) => sum + reading.headless, 0),
    isComplete: readings.length === choice.chosen.length && readings.every((reading) => reading.isComplete),
  };
};
