/** Which files hold the logs of which hosts: paths and globs become logs, each with its rotated pieces. */
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { HostName } from '../domain/ids.js';
import { describeFault, type FileFault, fault } from './file-faults.js';
import { expandGlob, hasMagic } from './glob.js';
import { isPieceOf, type Rotation, readRotatedName } from './rotated-files.js';

/** `logFiles`: absolute or relative paths and globs; `~` is the home of the user we run as. */
export type HostLogs = Readonly<{ host: HostName; logFiles: readonly string[] }>;

/** One file. `id`: device and inode: the same file under two names is one piece. `isNamed`: the configuration names it in full. */
export type Piece = Readonly<{
  path: string;
  id: string;
  rotation: Rotation;
  isPacked: boolean;
  isNamed: boolean;
  sizeBytes: number;
  /** 0: not known. */
  modifiedMs: number;
}>;

/** One log with its history, written by the same hosts: more than one `owners` share it. */
export type Log = Readonly<{ owners: readonly HostName[]; pieces: readonly Piece[] }>;

export type HostFault = Readonly<{ host: HostName; fault: FileFault }>;

export type Catalog = Readonly<{ logs: readonly Log[]; faults: readonly HostFault[] }>;

export const pieceId = ({ dev, ino }: Stats): string => `${dev}:${ino}`;

/** What the listing of one host's paths found. */
type Found = Readonly<{ paths: ReadonlyMap<string, boolean>; faults: readonly FileFault[] }>;
type ListFolder = (folder: string) => Promise<readonly string[]>;

/** An absolute path or pattern. */
export const resolveLogFile = (logFile: string): string => resolve(expandHome(logFile));

const expandHome = (path: string): string => (/^~(?=\/|$)/.test(path) ? join(homedir(), path.slice(1)) : path);

/** Reads each folder once. */
const createLister = (): ListFolder => {
  const folders = new Map<string, Promise<readonly string[]>>();
  return (folder) => {
    const known = folders.get(folder) ?? readdir(folder);
    folders.set(folder, known);
    return known;
  };
};

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const findSiblings = async (path: string, listFolder: ListFolder): Promise<readonly string[]> => {
  const folder = dirname(path);
  const name = basename(path);
  return (await listFolder(folder)).filter((other) => isPieceOf(other, name)).map((other) => join(folder, other));
};

const findNamed = async (path: string, listFolder: ListFolder): Promise<Found> => {
  try {
    const siblings = await findSiblings(path, listFolder);
    // Between a rotation and the next line the live file may be missing: nothing is lost then.
    const isThere = siblings.length === 0 || (await exists(path));
    return {
      paths: new Map([...(isThere ? [path] : []), ...siblings].map((each) => [each, each === path])),
      faults: [],
    };
  } catch (error) {
    if (await exists(path)) {
      const { text } = await describeFault(dirname(path), error);
      return {
        paths: new Map([[path, true]]),
        faults: [fault(path, `its rotated pieces could not be looked for: ${text}`)],
      };
    }
    return { paths: new Map([[path, true]]), faults: [] };
  }
};

const findGlob = async (pattern: string, listFolder: ListFolder): Promise<Found> => {
  const { paths, failures } = await expandGlob(pattern);
  const faults = await Promise.all([...failures].map(([folder, error]) => describeFault(folder, error)));
  if (paths.length === 0 && faults.length === 0)
    faults.push(fault(pattern, 'no file matches; correct log_files of this host'));
  // A folder that cannot be listed is a fault already.
  const siblings = await Promise.all(paths.map((path) => findSiblings(path, listFolder).catch(() => [])));
  return { paths: new Map([...paths, ...siblings.flat()].map((path) => [path, false])), faults };
};

const findFiles = async (logFile: string, listFolder: ListFolder): Promise<Found> => {
  const path = resolveLogFile(logFile);
  return hasMagic(path) && !(await exists(path)) ? findGlob(path, listFolder) : findNamed(path, listFolder);
};

type Member = Readonly<{ piece: Piece; owners: Set<HostName> }>;
type Seen = Readonly<{ path: string; isNamed: boolean; result: Stats | FileFault | null }>;

/** A folder matched by a glob is no log; one that is named is a mistake. A pipe would never end. */
const checkKind = (path: string, status: Stats): FileFault | null => {
  if (status.isFile()) return null;
  return status.isDirectory()
    ? fault(path, `is a directory; name the files in it, e.g. ${path}/*.log`)
    : fault(path, 'is no regular file; correct log_files of this host');
};

/** What nobody named and is gone since the folder was listed was rotated away: `result` null. */
const look = async ([path, isNamed]: readonly [string, boolean]): Promise<Seen> => {
  try {
    const status = await stat(path);
    const wrong = checkKind(path, status);
    return { path, isNamed, result: wrong === null ? status : isNamed ? wrong : null };
  } catch (error) {
    const problem = await describeFault(path, error);
    const isGone = !isNamed && error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return { path, isNamed, result: isGone ? null : problem };
  }
};

const isFault = (result: Stats | FileFault): result is FileFault => 'text' in result;

const addMember = (members: Map<string, Member>, host: HostName, { path, isNamed }: Seen, status: Stats): void => {
  const id = pieceId(status);
  const { rotation, isPacked } = readRotatedName(basename(path));
  const piece = { path, id, rotation, isPacked, isNamed, sizeBytes: status.size, modifiedMs: status.mtimeMs };
  const member = members.get(id) ?? { piece, owners: new Set() };
  member.owners.add(host);
  members.set(id, member);
};

/** Pieces are of one log when folder, name without its rotation mark, and owners are the same. */
const groupMembers = (members: Iterable<Member>): readonly Log[] => {
  const logs = new Map<string, { owners: readonly HostName[]; pieces: Piece[] }>();
  for (const { piece, owners } of members) {
    const names = [...owners].sort();
    const key = [dirname(piece.path), readRotatedName(basename(piece.path)).log, ...names].join('\0');
    const log = logs.get(key) ?? { owners: names, pieces: [] };
    log.pieces.push(piece);
    logs.set(key, log);
  }
  return [...logs.values()];
};

const findHostFiles = async ({ logFiles }: HostLogs, listFolder: ListFolder) => {
  const all = await Promise.all(logFiles.map((logFile) => findFiles(logFile, listFolder)));
  const named = all
    .flatMap(({ paths }) => [...paths])
    .sort(([, isNamed], [, other]) => Number(isNamed) - Number(other));
  const seen = await Promise.all([...new Map(named)].map(look));
  return { seen, faults: all.flatMap(({ faults }) => faults) };
};

/** Looks up every host's files. Missing and unreadable ones are faults of their hosts; the rest is listed. */
export const listLogs = async (hosts: readonly HostLogs[]): Promise<Catalog> => {
  const listFolder = createLister();
  const members = new Map<string, Member>();
  const faults: HostFault[] = [];
  const all = await Promise.all(hosts.map((each) => findHostFiles(each, listFolder)));
  for (const [index, found] of all.entries()) {
    const { host } = hosts[index]!;
    faults.push(...found.faults.map((each) => ({ host, fault: each })));
    for (const each of found.seen) {
      if (each.result === null) continue;
      if (isFault(each.result)) faults.push({ host, fault: each.result });
      else addMember(members, host, each, each.result);
    }
  }
  return { logs: groupMembers(members.values()), faults };
};
