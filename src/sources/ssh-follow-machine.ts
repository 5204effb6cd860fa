/** The followed files of one machine: one request lists them and brings what is new in those that are read. */
import { posix } from 'node:path';
import type { FollowFault } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import type { MailtraceError } from '../errors.js';
import type { LogPosition } from './follow-position.js';
import type { FollowedLog, FollowedPiece } from './follow-types.js';
import { createNaming } from './host-naming.js';
import { readRotatedName } from './rotated-files.js';
import {
  buildFollowRequest,
  createReplyReader,
  type FollowReply,
  type ListedFile,
  REMOTE_BLOCK,
} from './ssh-follow-wire.js';
import { createGround, type Ground, type GroundOptions } from './ssh-ground.js';
import type { Machine, Visit } from './ssh-machine.js';
import { describeRemoteFault } from './ssh-path-faults.js';
import type { OwnedPath } from './ssh-plan.js';
import type { Route } from './ssh-route.js';
import type { ShellInfo } from './ssh-shell.js';

/** A machine of the source. */
export type FollowPlace = Readonly<{ machine: Machine; ground: GroundOptions; routeOf: (host: HostName) => Route }>;

type Request = Readonly<{ lines: readonly string[]; calls: readonly string[] }>;

/** Sends a request that is made when there is a shell. @throws MailtraceError; the reason of the signal */
export type AskMachine = (build: (visit: Visit) => Promise<Request>, signal: AbortSignal) => Promise<FollowReply>;

/** How many timeouts may pass without a line: files are unpacked without a word. */
const SILENCE_FACTOR = 3;
/** Of one file in one request; the channel cuts longer lines. */
export const PART_BLOCKS = 256;

export const createAskMachine = (machine: Machine, script: string, now: () => number): AskMachine => {
  // A shell is known by what it said of itself.
  const loaded = new WeakSet<ShellInfo>();
  return (build, signal) =>
    machine.visit(async (visit) => {
      const { lines, calls } = await build(visit);
      const request = buildFollowRequest(lines, calls, now());
      const reader = createReplyReader(request);
      const text = loaded.has(visit.info) ? request.text : `${script}\n${request.text}`;
      await visit.talk(text, reader.take, SILENCE_FACTOR);
      loaded.add(visit.info);
      return reader.reply();
    }, signal);
};

export type MachineLook = Readonly<{
  ground: Ground;
  paths: readonly OwnedPath[];
  logs: readonly FollowedLog[];
  faults: readonly FollowFault[];
  origins: readonly string[];
  reply: FollowReply;
  /** Files whose new bytes were asked for: inode → from which byte on. */
  wished: ReadonlyMap<string, number>;
}>;

export type MachineLookOptions = Readonly<{
  place: FollowPlace;
  hosts: readonly HostName[];
  positions: ReadonlyMap<string, LogPosition>;
  maxBytes: number;
  /** Files that are packed whatever their name says. */
  packed: ReadonlySet<string>;
  ask: AskMachine;
  signal: AbortSignal;
}>;

const partitionOf = (owner: HostName, path: string): string => `${owner} ${path}`;
const ownerOf = (partition: string): string => partition.slice(0, partition.indexOf(' '));

type Wish = Readonly<{ inode: string; at: number; line: string }>;

/** What lags most comes first: there may be more than is wanted. */
const wishesOf = ({ positions, hosts, packed }: MachineLookOptions): readonly Wish[] => {
  const own = [...positions].filter(([partition]) => hosts.some((host) => host === ownerOf(partition)));
  own.sort(([, a], [, b]) => (a.lastMs ?? a.fromMs) - (b.lastMs ?? b.fromMs));
  return own.flatMap(([, { places }]) =>
    (places ?? [])
      .filter(({ id, at }) => /^\d+$/.test(id) && Number.isSafeInteger(at + 1) && !packed.has(id))
      .map(({ id, at }) => ({
        inode: id,
        at,
        line: `${id} ${at} ${Math.floor(at / REMOTE_BLOCK)} ${PART_BLOCKS}`,
      })),
  );
};

/** The script looks at names less closely than we do. */
const isLogFile = ({ kind, path }: ListedFile): boolean =>
  kind !== 'sibling' || readRotatedName(posix.basename(path)).rotation.kind !== 'live';

const toPiece = ({ path, inode, kind, sizeBytes }: ListedFile, packed: ReadonlySet<string>): FollowedPiece => {
  const { rotation, isPacked } = readRotatedName(posix.basename(path));
  return {
    path,
    id: inode,
    rotation,
    isPacked: isPacked || packed.has(inode),
    isNamed: kind === 'named',
    sizeBytes,
    modifiedMs: 0,
    isGone: false,
    version: String(sizeBytes),
  };
};

type Group = { owners: Set<HostName>; origins: Set<string>; pieces: FollowedPiece[] };

/** Files of one name in one folder are one log, whoever names them. */
const groupFiles = (
  { files }: FollowReply,
  paths: readonly OwnedPath[],
  packed: ReadonlySet<string>,
): ReadonlyMap<string, Group> => {
  const groups = new Map<string, Group>();
  for (const file of files.filter(isLogFile)) {
    const path = posix.join(posix.dirname(file.path), readRotatedName(posix.basename(file.path)).log);
    const group = groups.get(path) ?? { owners: new Set(), origins: new Set(), pieces: [] };
    groups.set(path, group);
    group.pieces.push(toPiece(file, packed));
    for (const index of file.pathIndexes) {
      for (const owner of paths[index]?.owners ?? []) {
        group.owners.add(owner);
        group.origins.add(partitionOf(owner, paths[index]!.path));
      }
    }
  }
  return groups;
};

const toLogs = (reply: FollowReply, ground: Ground, paths: readonly OwnedPath[], options: MachineLookOptions) => {
  const site = ground.siteOf(paths);
  return [...groupFiles(reply, paths, options.packed)].map(([path, { owners: all, origins, pieces }]): FollowedLog => {
    const owners = [...all].sort();
    // The first owner names it, unless it had another one before.
    const known = owners.map((owner) => partitionOf(owner, path)).find((name) => options.positions.has(name));
    return {
      partition: known ?? partitionOf(owners[0]!, path),
      origins: [...origins],
      owners,
      pieces,
      hostOf: createNaming({ owners, pieces: [] }, site.canonical, site.isConfigured),
      zoneOf: site.zoneOf,
    };
  });
};

const faultText = ({ message, hint }: MailtraceError): string => `${message}; ${hint}`;

const faultsOf = ({ faults }: FollowReply, paths: readonly OwnedPath[], { info }: Ground): readonly FollowFault[] =>
  faults.flatMap((each): readonly FollowFault[] => {
    const hosts = new Set(each.pathIndexes.flatMap((index) => paths[index]?.owners ?? []));
    const { text: error } = describeRemoteFault(each, info);
    return [...hosts].map((host) => ({ host, status: 'unreadable', error }));
  });

/** Hosts whose key is wrong under their name are not followed there. */
const checkKeys = async (visit: Visit, { hosts, place }: MachineLookOptions) => {
  const checked = await Promise.all(
    hosts.map(async (host) => ({ host, fault: await visit.keyFault(place.routeOf(host)) })),
  );
  return {
    allowed: checked.filter(({ fault }) => fault === null).map(({ host }) => host),
    faults: checked.flatMap(({ host, fault }): readonly FollowFault[] =>
      fault === null ? [] : [{ host, status: 'unreachable', error: faultText(fault) }],
    ),
  };
};

/** @throws MailtraceError when the machine cannot be reached; the reason of the signal */
export const lookAtMachine = async (options: MachineLookOptions): Promise<MachineLook> => {
  const { place, maxBytes, ask, signal } = options;
  const wishes = wishesOf(options);
  const seen: { ground: Ground | null; paths: readonly OwnedPath[]; refused: readonly FollowFault[] } = {
    ground: null,
    paths: [],
    refused: [],
  };
  const reply = await ask(async (visit) => {
    const ground = createGround(place.ground, visit.info);
    const { allowed, faults } = await checkKeys(visit, options);
    const paths = ground.pathsOf(allowed);
    Object.assign(seen, { ground, paths, refused: faults });
    const lines = [...paths.map(({ path }) => path), ...wishes.map(({ line }) => line)];
    const left = Math.ceil(maxBytes / REMOTE_BLOCK);
    const look = `mtf_look 1 ${paths.length} ${paths.length + 1} ${lines.length} ${left} NONCE`;
    return { lines, calls: paths.length === 0 ? [] : [look] };
  }, signal);
  const { ground, paths, refused } = seen;
  if (ground === null) throw new Error('A machine answered that nobody asked.');
  return {
    ground,
    paths,
    logs: toLogs(reply, ground, paths, options),
    faults: [...refused, ...faultsOf(reply, paths, ground)],
    origins: paths.flatMap(({ path, owners }) => owners.map((owner) => partitionOf(owner, path))),
    reply,
    wished: new Map(wishes.map(({ inode, at }) => [inode, at])),
  };
};
