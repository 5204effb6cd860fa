/** What a remote answer means: its lines are judged by the same rules as those of local files. */
import { basename, dirname } from 'node:path';
import type { HostName } from '../domain/ids.js';
import { createHeaderParser, type HeaderParser } from '../parsers/syslog-header.js';
import type { Zone } from '../zone.js';
import { type FileFault, fault } from './file-faults.js';
import type { Reading } from './file-outcome.js';
import { createNaming } from './host-naming.js';
import type { Line } from './line-scan.js';
import type { Log, Piece } from './log-catalog.js';
import { createCollector, createJudge, type FoundLine } from './log-reading.js';
import type { ChosenPiece } from './piece-choice.js';
import { MIXED_DISORDER_MS } from './piece-times.js';
import { findRelated, wishesOf } from './related-wishes.js';
import { createSetBacks } from './repeated-hour.js';
import { compareAge, isKumoSegment, readRotatedName, unpackedName } from './rotated-files.js';
import type { Ticket, TicketWish } from './search-ticket.js';
import type { Answer, RemoteLine, RemotePiece } from './ssh-answer.js';

/** The logs of one machine, as its lines have to be understood. */
export type Site = Readonly<{
  /** By the index of a path in the request: hosts whose log it is. */
  ownersOf: (pathIndex: number) => readonly HostName[];
  canonical: (name: string) => HostName;
  /** Hosts of the whole source. */
  isConfigured: (host: HostName) => boolean;
  zoneOf: (host: HostName) => Zone;
}>;

/** One search of one machine. `spans`: number in the request → lookups that lie in it. */
export type Job = Readonly<{
  ticket: Ticket;
  middleMs: number;
  spans: ReadonlyMap<number, readonly number[]>;
}>;

export type Evaluation = Readonly<{
  readings: readonly Reading[];
  /** Queue IDs that lines led to, by lookup. */
  related: readonly TicketWish[];
  /** False when names and first stamps of rotated pieces contradict each other. */
  isInOrder: boolean;
}>;

type Placed = Readonly<{ remote: RemotePiece; log: Log; chosen: ChosenPiece }>;

export const toPiece = ({ path, id, kind, sizeBytes }: RemotePiece): Piece => {
  const { rotation, isPacked } = readRotatedName(basename(path));
  return { path, id, rotation, isPacked, isNamed: kind === 'named', sizeBytes, modifiedMs: 0 };
};

/** The script looks at names less closely than we do. */
export const isLogPiece = ({ kind, path }: RemotePiece): boolean => {
  const { rotation } = readRotatedName(basename(path));
  return kind !== 'sibling' || rotation.kind !== 'live';
};

/** While logrotate packs a piece, both files exist. */
export const isPackedCopy = (piece: RemotePiece, all: readonly RemotePiece[]): boolean =>
  all.some(
    (other) =>
      other !== piece &&
      unpackedName(piece.path) === other.path &&
      (piece.firstLine === '' || piece.firstLine === other.firstLine),
  );

/** Pieces are of one log when folder, name without its rotation mark, and owners are the same. */
const placePieces = (answer: Answer, site: Site, job: Job): readonly Placed[] => {
  const logs = new Map<string, { owners: readonly HostName[]; pieces: Piece[] }>();
  const all = [...answer.pieces.values()].filter(isLogPiece);
  return all
    .filter((remote) => !isPackedCopy(remote, all))
    .map((remote) => {
      const owners = [...new Set(remote.pathIndexes.flatMap(site.ownersOf))].sort();
      const key = [dirname(remote.path), readRotatedName(basename(remote.path)).log, ...owners].join('\0');
      const log = logs.get(key) ?? { owners, pieces: [] };
      logs.set(key, log);
      const piece = toPiece(remote);
      log.pieces.push(piece);
      const header = parserFor(log, site, job)(remote.firstLine);
      const startMs = header?.timeMs ?? remote.startMs ?? Number.NEGATIVE_INFINITY;
      return { remote, log, chosen: { piece, startMs, isMixed: false } };
    })
    .filter(({ log }) => log.owners.length > 0);
};

const namingFor = (log: Log, { canonical, isConfigured }: Site) => createNaming(log, canonical, isConfigured);

const parserFor = (log: Log, site: Site, { middleMs }: Job): HeaderParser => {
  const hostOf = namingFor(log, site);
  return createHeaderParser({ zoneOf: (name) => site.zoneOf(hostOf(name)), nearMs: middleMs });
};

/** No piece that is newer by its name begins before an older one. */
const isInOrder = (placed: readonly Placed[]): boolean =>
  placed.every((older) =>
    placed.every((newer) => {
      if (older.log !== newer.log || older.chosen.startMs === Number.NEGATIVE_INFINITY) return true;
      const age = compareAge(newer.chosen.piece.rotation, older.chosen.piece.rotation);
      const isLater = newer.chosen.startMs >= older.chosen.startMs - MIXED_DISORDER_MS;
      return age === null || age >= 0 || newer.chosen.startMs === Number.NEGATIVE_INFINITY || isLater;
    }),
  );

const asLine = ({ bytes, offset }: RemoteLine): Line => ({ bytes, from: 0, to: bytes.length, offset });

type Pass = Readonly<{
  answer: Answer;
  site: Site;
  job: Job;
  placed: readonly Placed[];
  /** Wishes for the lines of a span. */
  wishesIn: (span: number) => readonly TicketWish[];
}>;

type Collected = Readonly<{ lines: readonly FoundLine[]; headless: number }>;

/** The lines of one piece in one span. */
const collect = (
  { site, job, answer, wishesIn }: Pass,
  { log, chosen }: Placed,
  span: number,
  { lines, cut }: Readonly<{ lines: readonly RemoteLine[]; cut: Set<Ticket> }>,
): Collected => {
  const hostOf = namingFor(log, site);
  const parse = parserFor(log, site, job);
  // Spans lie apart, but their parts may touch: a line has another name in each, and fulfils the wishes of one.
  const piece = { ...chosen.piece, id: `${chosen.piece.id}/${span}` };
  const tools = { judge: createJudge(wishesIn(span)), cut };
  const collector = createCollector({ parse, hostOf }, tools, { ...chosen, piece });
  for (const line of lines) collector.visit(asLine(line));
  if (collector.open.length > 0) {
    const setBacks = createSetBacks();
    for (const line of answer.setBacks) {
      const header = line.piece === lines[0]?.piece && line.span === span ? parse(line.bytes.toString('utf8')) : null;
      if (header !== null) setBacks.add(hostOf(header.host), header, line.offset);
    }
    collector.settle(setBacks);
  }
  return collector.result();
};

const groupLines = (answer: Answer): ReadonlyMap<number, ReadonlyMap<number, readonly RemoteLine[]>> => {
  const pieces = new Map<number, Map<number, RemoteLine[]>>();
  for (const line of answer.lines) {
    const spans = pieces.get(line.piece) ?? new Map<number, RemoteLine[]>();
    pieces.set(line.piece, spans);
    const lines = spans.get(line.span) ?? [];
    spans.set(line.span, lines);
    lines.push(line);
  }
  for (const spans of pieces.values()) {
    for (const lines of spans.values()) lines.sort((a, b) => a.offset - b.offset);
  }
  return pieces;
};

/** The newest segment of KumoMTA is being written: its last frame has no end yet (the program zstd says so). */
const isBeingWritten = (damage: string, path: string, all: readonly Placed[]): boolean =>
  isKumoSegment(basename(path)) &&
  damage.includes('premature end') &&
  !all.some(({ remote }) => remote.path > path && dirname(remote.path) === dirname(path));

export const damageOf = (
  answer: Answer,
  { path, number }: RemotePiece,
  all: readonly Placed[] = [],
): readonly FileFault[] => {
  if (isBeingWritten(answer.damages.get(number) ?? '', path, all)) return [];
  const [damage, failure] = [answer.damages.get(number), answer.failures.get(number)];
  if (damage !== undefined) {
    const remedy = 'the lines before the damage were read; restore it from a copy, or move it away';
    return [fault(path, `damaged (${damage}); ${remedy}`)];
  }
  if (failure === undefined) return [];
  const remedy = 'look at the disk, the memory and the system log of that machine, then ask again';
  return [fault(path, `could not be read to its end (${failure}); ${remedy}`)];
};

const readPass = (pass: Pass, grouped: ReturnType<typeof groupLines>): readonly Reading[] => {
  const logs = new Map<Log, Placed[]>();
  for (const placed of pass.placed) {
    const pieces = logs.get(placed.log) ?? [];
    logs.set(placed.log, pieces);
    pieces.push(placed);
  }
  return [...logs].map(([log, pieces]) => {
    const cut = new Set<Ticket>();
    const collected = pieces.flatMap((placed) =>
      [...(grouped.get(placed.remote.number) ?? [])]
        .filter(([span]) => pass.job.spans.has(span))
        .map(([span, lines]) => collect(pass, placed, span, { lines, cut })),
    );
    const foreign = pieces.filter(({ remote }) => remote.flags.includes('o'));
    return {
      log,
      reading: {
        lines: collected.flatMap(({ lines }) => lines),
        faults: pieces.flatMap(({ remote }) => damageOf(pass.answer, remote, pieces)),
        foreign: foreign.map(({ chosen }) => chosen.piece),
        readable: pieces.length - foreign.length,
        headless: collected.reduce((sum, { headless }) => sum + headless, 0),
        cut,
      },
    };
  });
};

/** The lookups in what came, then the queue IDs they led to. */
export const evaluate = (answer: Answer, site: Site, job: Job): Evaluation => {
  const lookups = wishesOf(job.ticket);
  const placed = placePieces(answer, site, job);
  const grouped = groupLines(answer);
  const ownLookups = (span: number) => (job.spans.get(span) ?? []).map((index) => lookups[index]!);
  const base = { answer, site, job, placed };
  const first = readPass({ ...base, wishesIn: ownLookups }, grouped);
  const related = findRelated(first);
  if (related.length === 0) return { readings: first, related, isInOrder: isInOrder(placed) };
  const relatedIn = (span: number): readonly TicketWish[] => {
    const windows = new Set(ownLookups(span).map(({ lookup, window }) => lookup?.relatedWindow ?? window));
    return related.filter(({ window }) => windows.has(window));
  };
  const second = readPass({ ...base, wishesIn: relatedIn }, grouped);
  // What was said of files in the first pass is not said again.
  const more = second.map(({ log, reading }) => ({
    log,
    reading: { ...reading, faults: [], foreign: [], readable: 0, headless: 0 },
  }));
  return { readings: [...first, ...more], related, isInOrder: isInOrder(placed) };
};
