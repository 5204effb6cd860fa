/** Reads the lines that are wanted out of one log: the pieces that overlap, their parts that do, the lines that hold a needle. */
import type { HostName } from '../domain/ids.js';
import { isInside, type TimeWindow } from '../domain/time-window.js';
import type { Header, HeaderParser } from '../parsers/syslog-header.js';
import { type ByteRange, type OpenedFile, openFile } from './file-bytes.js';
import { describeFault, type FileFault } from './file-faults.js';
import { decodeLine, forEachHitLine, forEachLine, type Line, wholeLines } from './line-scan.js';
import { buildNeedleTest, buildWishSearch } from './line-wishes.js';
import type { Log, Piece } from './log-catalog.js';
import type { SearchNeedles } from './needle-search.js';
import { type ChosenPiece, choosePieces } from './piece-choice.js';
import { findRanges, type HeadCache } from './piece-times.js';
import { createSetBacks, type SetBacks } from './repeated-hour.js';
import type { Ticket, TicketWish } from './search-ticket.js';
import type { UnpackedCache } from './unpacked-cache.js';

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
  /** What it fulfils. */
  wishes: readonly TicketWish[];
}>;

/** One reading of one log, for any number of requests. */
export type LogTask = Readonly<{
  log: Log;
  wishes: readonly TicketWish[];
  parse: HeaderParser;
  /** The machine that a header's host means in this log. */
  hostOf: (name: string | null) => HostName;
  heads: HeadCache;
  unpacked: UnpackedCache;
  signal: AbortSignal;
}>;

export type LogReading = Readonly<{
  lines: readonly FoundLine[];
  faults: readonly FileFault[];
  foreign: readonly Piece[];
  readable: number;
  /** Lines that hold a needle and have no header. */
  headless: number;
  /** Requests whose budget ended the reading: they miss lines of this log. */
  cut: ReadonlySet<Ticket>;
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

/** Made once for a log. */
type Tools = Readonly<{ search: SearchNeedles | null; judge: Judge; cut: Set<Ticket> }>;

type Judge = (line: Line, header: Header, host: HostName) => readonly TicketWish[];

const mayBeOf = ({ host: wanted, ticket }: TicketWish, host: HostName): boolean =>
  wanted === null ? ticket.isAsked(host) : wanted === host;

/** Tells which wishes a line fulfils. */
export const createJudge = (wishes: readonly TicketWish[]): Judge => {
  const tested = wishes.map((wish) => ({ wish, holdsNeedle: buildNeedleTest(wish.needles) }));
  return (line, header, host) => {
    // JSON may also stand inside a line, behind a header of another kind.
    const decodeMessage = (): string => header.text;
    const fulfilled: TicketWish[] = [];
    for (const { wish, holdsNeedle } of tested) {
      if (!mayBeOf(wish, host) || !isIn(wish.window, header)) continue;
      if (holdsNeedle(line, decodeMessage)) fulfilled.push(wish);
    }
    return fulfilled;
  };
};

/** Of two instants that stay possible, one inside a window that was asked for. */
const preferInside = (header: Header, fulfilled: readonly TicketWish[]): Header => {
  const { timeMs, alternativeMs } = header;
  if (alternativeMs === null || fulfilled.some(({ window }) => isInside(window, timeMs))) return header;
  return { ...header, timeMs: alternativeMs, alternativeMs: timeMs };
};

/** Hands a line to every request that wants it. @returns the wishes of those that took it. */
const handOut = (
  fulfilled: readonly TicketWish[],
  id: string,
  bytes: number,
  cut: Set<Ticket>,
): readonly TicketWish[] => {
  const takers = new Map<Ticket, boolean>();
  for (const { ticket } of fulfilled) {
    if (takers.has(ticket)) continue;
    const isTaken = ticket.take(id, bytes);
    takers.set(ticket, isTaken);
    if (!isTaken && ticket.isFull()) cut.add(ticket);
  }
  return fulfilled.filter(({ ticket }) => takers.get(ticket));
};

/** Collects the lines of one piece. Lines of a repeated hour wait in `open` until the set-back is known. */
export const createCollector = (
  { parse, hostOf }: Pick<LogTask, 'parse' | 'hostOf'>,
  { judge, cut }: Pick<Tools, 'judge' | 'cut'>,
  { piece, startMs: pieceMs }: ChosenPiece,
) => {
  const found: FoundLine[] = [];
  const open: Line[] = [];
  let headless = 0;
  const keep = (line: Line, raw: string, header: Header, host: HostName): void => {
    const fulfilled = judge(line, header, host);
    if (fulfilled.length === 0) return;
    const { offset } = line;
    const id = `${piece.id}:${offset}`;
    const wishes = handOut(fulfilled, id, raw.length, cut);
    if (wishes.length > 0) found.push({ id, pieceMs, offset, host, header: preferInside(header, wishes), raw, wishes });
  };
  const visit = (line: Line, setBacks: SetBacks | null): void => {
    const raw = decodeLine(line);
    const header = parse(raw);
    if (header === null) {
      headless++;
      return;
    }
    const host = hostOf(header.host);
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

const isAllFull = ({ wishes }: LogTask): boolean => wishes.every(({ ticket }) => ticket.isFull());

/** Calls `visit` for each line of the ranges that may be wanted; `search` null: for each. Ends when every budget is used up. */
const readRanges = async (
  file: OpenedFile,
  ranges: readonly ByteRange[],
  { search, cut }: Tools,
  visit: (line: Line) => void,
  task: LogTask,
): Promise<void> => {
  for (const range of ranges) {
    for await (const block of wholeLines(task.unpacked.read(file, range), range.from)) {
      task.signal.throwIfAborted();
      if (search === null) forEachLine(block, visit);
      else forEachHitLine(block, search, visit);
      if (!isAllFull(task)) continue;
      for (const { ticket } of task.wishes) cut.add(ticket);
      return;
    }
  }
};

/** Reads every line around the repeated hour once more, in order. Happens for lines of one hour in a year. */
const findSetBacks = async (file: OpenedFile, ranges: readonly ByteRange[], task: LogTask): Promise<SetBacks> => {
  const setBacks = createSetBacks();
  for (const range of ranges) {
    for await (const block of wholeLines(task.unpacked.read(file, range), range.from)) {
      task.signal.throwIfAborted();
      forEachLine(block, (line) => {
        const header = task.parse(decodeLine(line));
        if (header !== null) setBacks.add(task.hostOf(header.host), header, line.offset);
      });
    }
  }
  return setBacks;
};

type PieceReading = Pick<LogReading, 'lines' | 'headless' | 'faults'>;

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

/** Damage ends the reading of a piece; what came before it counts. */
const readPiece = async (chosen: ChosenPiece, task: LogTask, tools: Tools): Promise<PieceReading> => {
  const { piece, isMixed } = chosen;
  const { guard, faults } = createGuard(piece.path, task.signal);
  const collector = createCollector(task, tools, chosen);
  const file = await guard(() => openFile(piece.path));
  if (file === null) return { lines: [], headless: 0, faults };
  try {
    const whole = [{ from: 0, to: file.sizeBytes }];
    const windows = task.wishes.map(({ window }) => window);
    const ranges = isMixed ? whole : ((await guard(() => findRanges(file, windows, task.parse))) ?? whole);
    await guard(() => readRanges(file, ranges, tools, collector.visit, task));
    if (collector.open.length > 0) {
      collector.settle((await guard(() => findSetBacks(file, ranges, task))) ?? createSetBacks());
    }
  } finally {
    await file.close();
  }
  return { ...collector.result(), faults };
};

/** Reads one log. Files that cannot be read are faults; only an abort, or a bug, is thrown. */
export const readLog = async (task: LogTask): Promise<LogReading> => {
  const windows = task.wishes.map(({ window }) => window);
  const choice = await choosePieces(task.log, windows, task.parse, task.heads);
  const cut = new Set<Ticket>();
  const tools: Tools = { search: buildWishSearch(task.wishes), judge: createJudge(task.wishes), cut };
  const readings: PieceReading[] = [];
  for (const chosen of choice.chosen) {
    task.signal.throwIfAborted();
    if (isAllFull(task)) for (const { ticket } of task.wishes) cut.add(ticket);
    else readings.push(await readPiece(chosen, task, tools));
  }
  const faults = [...choice.faults, ...readings.flatMap((reading) => reading.faults)];
  return {
    lines: readings.flatMap(({ lines }) => lines),
    faults: [...new Map(faults.map((each) => [each.text, each])).values()],
    foreign: choice.foreign,
    readable: choice.readable,
    headless: readings.reduce((sum, reading) => sum + reading.headless, 0),
    cut,
  };
};
