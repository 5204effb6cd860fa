/** Log files of this machine, followed. A file that is being read stays open: what was deleted is read to its end. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FollowOptions, LogFollower } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import type { HeaderParser } from '../parsers/syslog-header.js';
import type { Zone } from '../zone.js';
import { createOpenPieces, type OpenPieces } from './follow-open.js';
import { fingerprintOf, NO_HEAD, type Place } from './follow-position.js';
import type { FollowStore, FollowView, LookRequest, Start } from './follow-store.js';
import type { FollowedLog, FollowedPiece, Held } from './follow-types.js';
import { hasMagic } from './glob.js';
import { createNaming } from './host-naming.js';
import { type Catalog, type HostLogs, listLogs, pieceId, resolveLogFile } from './log-catalog.js';
import { createLogFollower } from './log-follower.js';
import { choosePieces } from './piece-choice.js';
import { findRanges } from './piece-times.js';
import { readRotatedName } from './rotated-files.js';

export type FileFollowOptions = Readonly<{
  hosts: readonly HostLogs[];
  zoneOf: (host: HostName) => Zone;
  canonical: (name: string) => HostName;
  isConfigured: (host: HostName) => boolean;
  now: () => number;
}>;

/** Folders are listed anew when this many times the time has passed that it took, whatever their times say. */
const REST_FACTOR = 20;

/** Some file systems keep times in whole seconds. */
const FRESH_MS = 2000;

/** `changes`: of `folders`, from before they were listed. */
type Listing = Readonly<{
  catalog: Catalog;
  logs: readonly FollowedLog[];
  folders: readonly string[];
  changes: readonly number[];
}>;

/** What was written to a moment ago may be written to again without any trace. */
const versionOf = (sizeBytes: number, modifiedMs: number, nowMs: number) => ({
  sizeBytes,
  version: nowMs - modifiedMs < FRESH_MS ? null : `${sizeBytes} ${modifiedMs}`,
});

const partitionOf = (path: string): string => join(dirname(path), readRotatedName(basename(path)).log);

/** Files of one name in one folder are one log, whoever names them. */
const groupLogs = (catalog: Catalog, { hosts, zoneOf, canonical, isConfigured, now }: FileFollowOptions) => {
  const origins = new Map(hosts.map(({ host, logFiles }) => [host, logFiles.map(resolveLogFile)]));
  const groups = new Map<string, { owners: Set<HostName>; pieces: FollowedPiece[] }>();
  for (const { owners, pieces } of catalog.logs) {
    for (const piece of pieces) {
      const partition = partitionOf(piece.path);
      const group = groups.get(partition) ?? { owners: new Set(), pieces: [] };
      groups.set(partition, group);
      for (const owner of owners) group.owners.add(owner);
      group.pieces.push({ ...piece, ...versionOf(piece.sizeBytes, piece.modifiedMs, now()), isGone: false });
    }
  }
  return [...groups].map(([partition, group]): FollowedLog => {
    const owners = [...group.owners].sort();
    return {
      partition,
      origins: [...new Set(owners.flatMap((owner) => origins.get(owner) ?? []))],
      owners,
      pieces: group.pieces,
      hostOf: createNaming({ owners, pieces: [] }, canonical, isConfigured),
      zoneOf,
    };
  });
};

/** When names in these folders changed last; NaN, which is never the same, when it was just now: more may follow unseen. */
const readChanges = async (folders: readonly string[], nowMs: number): Promise<readonly number[]> => {
  const found = await Promise.all(folders.map((folder) => stat(folder).catch(() => null)));
  return found.map((status) => {
    const changedMs = status?.mtimeMs ?? 0;
    return nowMs - changedMs < FRESH_MS ? Number.NaN : changedMs;
  });
};

const foldersOf = (origins: readonly string[], logs: readonly FollowedLog[]): readonly string[] => [
  ...new Set([
    ...logs.map(({ partition }) => dirname(partition)),
    ...origins.filter((origin) => !hasMagic(origin)).map((origin) => dirname(origin)),
  ]),
];

const placesOf = (positions: LookRequest['positions'], partition: string) => positions.get(partition)?.places ?? [];

/**
 * Looks only at the files that are read and at the names of the live ones.
 * @returns null when one of them is another file now: then the folders have to be listed
 */
const lookAgain = async (
  logs: readonly FollowedLog[],
  positions: LookRequest['positions'],
  nowMs: number,
): Promise<readonly FollowedLog[] | null> => {
  const looked = await Promise.all(
    logs.map(async (log): Promise<FollowedLog | null> => {
      const tracked = new Set(placesOf(positions, log.partition).map(({ id }) => id));
      const live = log.pieces.find(({ path }) => path === log.partition);
      const status = await stat(log.partition).catch(() => null);
      if ((status === null ? undefined : pieceId(status)) !== live?.id) return null;
      const pieces = await Promise.all(
        log.pieces.map(async (piece): Promise<FollowedPiece | null> => {
          if (piece.id === live?.id && status !== null)
            return { ...piece, ...versionOf(status.size, status.mtimeMs, nowMs) };
          if (!tracked.has(piece.id)) return piece;
          const own = await stat(piece.path).catch(() => null);
          return own === null || pieceId(own) !== piece.id
            ? null
            : { ...piece, ...versionOf(own.size, own.mtimeMs, nowMs) };
        }),
      );
      const found = pieces.filter((piece) => piece !== null);
      return found.length === pieces.length ? { ...log, pieces: found } : null;
    }),
  );
  const found = looked.filter((log) => log !== null);
  return found.length === looked.length ? found : null;
};

/** Files that were deleted, or moved out of sight, but are still open. */
const addGone = (log: FollowedLog, places: readonly Place[], open: OpenPieces): FollowedLog => {
  const listed = new Set(log.pieces.map(({ id }) => id));
  const gone = places.flatMap(({ id }): readonly FollowedPiece[] => {
    const path = listed.has(id) ? null : open.pathOf(id);
    if (path === null) return [];
    const { rotation } = readRotatedName(basename(path));
    const sizeBytes = Number.POSITIVE_INFINITY;
    return [
      { path, id, rotation, isPacked: false, isNamed: false, sizeBytes, modifiedMs: 0, version: null, isGone: true },
    ];
  });
  return gone.length === 0 ? log : { ...log, pieces: [...log.pieces, ...gone] };
};

/** Where the lines since `fromMs` begin in one file. */
const startPiece = async (
  piece: FollowedPiece,
  isMixed: boolean,
  { fromMs, parse, open }: Readonly<{ fromMs: number; parse: HeaderParser; open: OpenPieces }>,
): Promise<Held> => {
  const file = await open.file(piece);
  const isPacked = file.packing !== 'plain';
  const window = { fromMs, toMs: Number.MAX_SAFE_INTEGER };
  const ranges = isMixed ? [] : await findRanges(file, [window], parse);
  const head = await open.head(piece);
  const toOffset = isPacked ? Number.MAX_SAFE_INTEGER : file.sizeBytes;
  return {
    piece: { ...piece, isPacked, sizeBytes: Math.max(piece.sizeBytes, file.sizeBytes) },
    place: {
      id: piece.id,
      at: isPacked ? 0 : (ranges[0]?.from ?? 0),
      head: head.length === 0 ? NO_HEAD : fingerprintOf(head),
      isInLine: false,
      isDone: false,
      skip: { beforeMs: fromMs, toOffset },
    },
  };
};

const startLog = async (log: FollowedLog, fromMs: number, parse: HeaderParser, open: OpenPieces): Promise<Start> => {
  const window = { fromMs, toMs: Number.MAX_SAFE_INTEGER };
  const choice = await choosePieces(log, [window], parse, new Map());
  const faults = choice.faults.map(({ text }) => text);
  const live = log.pieces.find(({ rotation }) => rotation.kind === 'live');
  if (choice.faults.some(({ path }) => path === live?.path)) return { held: null, faults };
  const held: Held[] = [];
  for (const { piece, isMixed } of choice.chosen) {
    const own = log.pieces.find(({ id }) => id === piece.id)!;
    held.push(await startPiece(own, isMixed, { fromMs, parse, open }));
  }
  // An empty file is not chosen; it is where the next line will come.
  if (live !== undefined && !held.some(({ piece }) => piece.id === live.id)) {
    held.push(await startPiece(live, true, { fromMs, parse, open }));
  }
  return { held, faults };
};

const viewOf = ({ catalog }: Listing, logs: readonly FollowedLog[], open: OpenPieces, isFull: boolean) => ({
  logs,
  faults: catalog.faults.map(({ host, fault: { text } }) => ({ host, status: 'unreadable' as const, error: text })),
  isFull,
  head: open.head,
  read: open.read,
  start: (log: FollowedLog, fromMs: number, parse: HeaderParser) => startLog(log, fromMs, parse, open),
});

/** A log whose last file vanished is still one as long as that is open. */
const withVanished = (logs: readonly FollowedLog[], former: readonly FollowedLog[]): readonly FollowedLog[] => {
  const listed = new Set(logs.map(({ partition }) => partition));
  const vanished = former.filter(({ partition }) => !listed.has(partition));
  return [...logs, ...vanished.map((log) => ({ ...log, pieces: [] }))];
};

const createFileStore = (options: FileFollowOptions): FollowStore => {
  const open = createOpenPieces();
  const origins = [...new Set(options.hosts.flatMap(({ logFiles }) => logFiles.map(resolveLogFile)))];
  let former: readonly FollowedLog[] = [];
  let listing: Listing | null = null;
  let restUntilMs = 0;
  const list = async (): Promise<Listing> => {
    const beganMs = performance.now();
    const folders = listing?.folders ?? foldersOf(origins, []);
    const changes = await readChanges(folders, options.now());
    const catalog = await listLogs(options.hosts);
    const logs = groupLogs(catalog, options);
    const now = foldersOf(origins, logs);
    // A folder that was not known before is listed once more.
    listing = { catalog, logs, folders: now, changes: now.map((each) => changes[folders.indexOf(each)] ?? Number.NaN) };
    restUntilMs = performance.now() * (1 + REST_FACTOR) - beganMs * REST_FACTOR;
    return listing;
  };
  /** What is known of the folders; null: they have changed. */
  const recall = async (): Promise<Listing | null> => {
    if (listing === null || performance.now() >= restUntilMs) return null;
    const { folders, changes } = listing;
    const now = await readChanges(folders, options.now());
    return changes.every((each, index) => each === now[index]) ? listing : null;
  };
  return {
    look: async ({ positions, isUrgent }, signal): Promise<FollowView> => {
      signal.throwIfAborted();
      await open.keepOnly(new Set([...positions.values()].flatMap(({ places }) => places?.map(({ id }) => id) ?? [])));
      const last = isUrgent ? null : await recall();
      const again = last === null ? null : await lookAgain(last.logs, positions, options.now());
      const known = again === null || last === null ? await list() : last;
      const logs = withVanished(again ?? known.logs, former)
        .map((log) => ({ ...log, pieces: open.mark(log.pieces) }))
        .map((log) => addGone(log, placesOf(positions, log.partition), open))
        .filter(({ pieces }) => pieces.length > 0);
      former = logs;
      return { ...viewOf(known, logs, open, again === null), origins };
    },
    close: () => open.keepOnly(new Set()),
  };
};

/** Follows the logs of those `options.hosts` that are asked for. */
export const followFiles = (options: FileFollowOptions, follow: FollowOptions): LogFollower => {
  const hosts = options.hosts.filter(({ host }) => follow.hosts.includes(host));
  return createLogFollower({
    store: createFileStore({ ...options, hosts }),
    follow,
    isConfigured: options.isConfigured,
    now: options.now,
  });
};
