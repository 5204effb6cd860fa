/** How the paths and stamps of one machine have to be understood. */
import { posix } from 'node:path';
import type { HostName } from '../domain/ids.js';
import { isZone, type Zone } from '../zone.js';
import type { Site } from './ssh-evaluate.js';
import type { OwnedPath } from './ssh-plan.js';
import { isSendable } from './ssh-request.js';
import type { ShellInfo } from './ssh-shell.js';

export type MachineHost = Readonly<{ host: HostName; logFiles: readonly string[] }>;

export type GroundOptions = Readonly<{
  /** Whose logs lie on this machine. */
  hosts: readonly MachineHost[];
  /** Is it a host of the whole source? */
  isConfigured: (host: HostName) => boolean;
  /** Of every host of the source: the zone that the configuration gives it. */
  ownZoneOf: ReadonlyMap<HostName, string | null>;
  zoneNamed: (name: string) => Zone;
  fallbackZone: string;
  canonical: (name: string) => HostName;
}>;

/** The zone that the machine names and whose offset is the one its clock shows; else that offset. */
const findMachineZone = (info: ShellInfo, { zoneNamed, fallbackZone }: GroundOptions): Zone => {
  const offset = zoneNamed(isZone(info.offset) ? info.offset : fallbackZone);
  const named = info.zones
    .filter((name) => /^[A-Za-z]/.test(name) && isZone(name))
    .map(zoneNamed)
    .find((zone) => zone.offsetMsAt(info.clockMs) === offset.offsetMsAt(info.clockMs));
  return named ?? offset;
};

export type Ground = Readonly<{
  info: ShellInfo;
  /** Of the machine. */
  zone: Zone;
  /** Paths of these hosts, each with all hosts of the machine that name it. */
  pathsOf: (asked: readonly HostName[]) => readonly OwnedPath[];
  /** `paths`: of the request, by their index. */
  siteOf: (paths: readonly OwnedPath[]) => Site;
}>;

/** Relative paths begin at home, as `~` does. */
const resolvePath = (path: string, { home }: ShellInfo): string =>
  posix.resolve(home, /^~(?=\/|$)/.test(path) ? `.${path.slice(1)}` : path);

export const createGround = (options: GroundOptions, info: ShellInfo): Ground => {
  const zone = findMachineZone(info, options);
  const zoneOf = (host: HostName): Zone => {
    const own = options.ownZoneOf.get(host) ?? null;
    return own === null ? zone : options.zoneNamed(own);
  };
  const owners = new Map<string, HostName[]>();
  for (const { host, logFiles } of options.hosts) {
    for (const path of new Set(logFiles.map((each) => resolvePath(each, info)))) {
      owners.set(path, [...(owners.get(path) ?? []), host]);
    }
  }
  return {
    info,
    zone,
    pathsOf: (asked) =>
      [...owners]
        .filter(([path, hosts]) => isSendable(path) && hosts.some((host) => asked.includes(host)))
        .map(([path, hosts]) => ({ path, owners: hosts, zone: zoneOf(hosts[0]!) })),
    siteOf: (paths) => ({
      ownersOf: (index) => paths[index]?.owners ?? [],
      canonical: options.canonical,
      isConfigured: options.isConfigured,
      zoneOf,
    }),
  };
};
