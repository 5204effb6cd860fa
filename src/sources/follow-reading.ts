/** One log during one poll: its files are read in order, each line becomes a record. Nothing is kept before the poll is over. */
import type { LogRecord } from '../domain/event.js';
import type { HostName } from '../domain/ids.js';
import type { Header, HeaderParser } from '../parsers/syslog-header.js';
import { FOLLOWED_CHUNK_BYTES, takeLines } from './follow-lines.js';
import type { LogPosition, Place } from './follow-position.js';
import type { FollowView } from './follow-store.js';
import type { FollowedLog, Held } from './follow-types.js';
import { decodeLine, type Line } from './line-scan.js';

/** A record without its number. */
export type FollowedLine = Omit<LogRecord, 'sequence'>;

/** What changes while a log is read. */
export type LogReading = {
  readonly log: FollowedLog;
  readonly position: LogPosition;
  readonly parse: HeaderParser;
  /** Decides the instant of a line of the repeated hour. */
  readonly settle: (host: HostName, header: Header) => number;
  held: readonly Held[];
  /** Files that have nothing more in this poll. */
  readonly ended: Set<string>;
  lastMs: number | null;
  /** `late`: there is more, but not in this poll. `changed`: a file is another one by now. */
  state: 'reading' | 'over' | 'late' | 'changed' | 'failed';
  bytesRead: number;
  /** Lines with a header, and those without. */
  linesRead: number;
  headless: number;
};

/** Files whose writer may still add to them: the live one, and the one before while its writer has not been told. */
const GROWING = 2;

const isFinal = ({ held }: LogReading, index: number): boolean => {
  const { piece } = held[index]!;
  return piece.isPacked || index < held.length - GROWING || (piece.isGone && index < held.length - 1);
};

const isAtEnd = ({ place, piece }: Held): boolean =>
  piece.isPacked ? place.isDone : !piece.isGone && piece.sizeBytes <= place.at;

const isSkipped = ({ skip }: Place, offset: number, header: Header): boolean =>
  skip !== null &&
  offset < skip.toOffset &&
  header.timeMs < skip.beforeMs &&
  (header.alternativeMs === null || header.alternativeMs < skip.beforeMs);

/** `isWanted`: is the host one of those that are followed? */
export type Taker = Readonly<{
  limit: number;
  isWanted: (host: HostName) => boolean;
  lines: FollowedLine[];
  losses: string[];
}>;

const takeLine = (reading: LogReading, place: Place, line: Line, { isWanted, lines }: Taker): void => {
  const raw = decodeLine(line);
  const header = reading.parse(raw);
  if (header === null) {
    if (raw !== '') reading.headless++;
    return;
  }
  reading.linesRead++;
  const host = reading.log.hostOf(header.host);
  const timeMs = reading.settle(host, header);
  reading.lastMs = timeMs;
  if (isSkipped(place, line.offset, header) || !isWanted(host)) return;
  const { program, pid, text } = header;
  lines.push({ host, timeMs, program, pid, text, raw });
};

const replace = (reading: LogReading, index: number, place: Place): void => {
  reading.held = reading.held.map((each, at) => (at === index ? { ...each, place } : each));
};

/** Index of the first file that is not read to its end. -1: all are. */
const nextIndex = ({ held, ended }: LogReading): number =>
  held.findIndex((each) => !ended.has(each.piece.id) && !isAtEnd(each));

/** Reads on by one chunk at most. */
export const readChunk = async (reading: LogReading, view: FollowView, taker: Taker): Promise<void> => {
  const index = nextIndex(reading);
  if (index < 0) {
    reading.state = 'over';
    return;
  }
  const { place, piece } = reading.held[index]!;
  const answer = await view.read(piece, place, FOLLOWED_CHUNK_BYTES);
  if (answer === 'changed' || answer === 'later') {
    reading.state = answer === 'later' ? 'late' : 'changed';
    return;
  }
  const { bytes, isEnd, damage } = answer;
  const most = taker.lines.length + taker.limit;
  let isStopped = false;
  const chunk = { bytes, offset: place.at, isInLine: place.isInLine, isWhole: isEnd && isFinal(reading, index) };
  const taken = takeLines(chunk, (line) => {
    takeLine(reading, place, line, taker);
    isStopped = taker.lines.length >= most;
    return !isStopped;
  });
  reading.bytesRead += taken.at - place.at;
  replace(reading, index, { ...place, ...taken });
  if (!isEnd || isStopped) return;
  reading.ended.add(piece.id);
  if (damage !== null) taker.losses.push(damage);
};

/**
 * Where the log stands after this poll. The newest file that was not empty stays, also when it was read, and so does the one
 * before the newest: what comes to stand behind the oldest of them is new.
 */
export const positionAfter = (reading: LogReading): LogPosition => {
  const { held, position, lastMs } = reading;
  const next = nextIndex(reading);
  const isRead = (index: number): boolean => next < 0 || index < next;
  const anchor = held.findLastIndex(({ place, piece }) => place.head.bytes > 0 && !piece.isGone);
  // What was deleted under its writer's hands is looked at once more.
  const isOver = ({ place, piece }: Held, index: number): boolean =>
    isRead(index) &&
    index < held.length - 1 &&
    (piece.isGone ? place.isDone : index < held.length - GROWING && index !== anchor);
  const kept = held.findIndex((each, index) => !isOver(each, index));
  const places = held.map(({ place }, index) => ({ ...place, isDone: isRead(index) && index < held.length - 1 }));
  return { ...position, lastMs, places: kept < 0 ? [] : places.slice(kept) };
};
