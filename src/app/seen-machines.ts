/** The configured machines, with the addresses that the followed logs give them: a client may be named by its address alone. */

import type { MtaEvent } from '../domain/event.js';
import { type AddressSighting, type HostDirectory, learnAddresses } from '../domain/host-names.js';
import type { HostName } from '../domain/ids.js';
import type { ReadLine } from '../trace/live-fold.js';

export type SeenMachines = Readonly<{
  note: (lines: readonly ReadLine[]) => void;
  directory: () => HostDirectory;
}>;

/** Pairs of other machines are looked at once; log lines must not fill the memory. */
const PAIRS_MAX = 50_000;

/** The peer that an event names: by whom it was handed in, or whom it was handed to. */
const peerOf = (event: MtaEvent): Readonly<{ host: string | null; ip: string | null }> | null => {
  if (event.kind === 'delivery' || event.kind === 'try') return event.relay;
  if (event.kind !== 'arrival' || event.client === null) return null;
  return { host: event.client.name, ip: event.client.ip };
};

const sightingOf = (event: MtaEvent): AddressSighting | null => {
  const { host = null, ip = null } = peerOf(event) ?? {};
  return host === null || ip === null || host === ip ? null : { host, ip };
};

/** The same directory; it need not think twice about a name. */
const remembering = (directory: HostDirectory): HostDirectory => {
  const known = new Map<string, HostName>();
  return {
    ...directory,
    canonical: (name) => {
      const before = known.get(name);
      if (before !== undefined) return before;
      if (known.size >= PAIRS_MAX) known.clear();
      const host = directory.canonical(name);
      known.set(name, host);
      return host;
    },
  };
};

export const createSeenMachines = (configured: HostDirectory): SeenMachines => {
  const seen = new Set<string>();
  let directory = remembering(configured);
  const isNew = ({ host, ip }: AddressSighting): boolean => {
    const pair = `${host}\0${ip}`;
    if (seen.has(pair)) return false;
    if (seen.size >= PAIRS_MAX) seen.clear();
    seen.add(pair);
    return configured.isConfigured(configured.canonical(host));
  };
  return {
    note: (lines) => {
      const sightings: AddressSighting[] = [];
      for (const { events } of lines) {
        for (const event of events) {
          const sighting = sightingOf(event);
          if (sighting !== null && isNew(sighting)) sightings.push(sighting);
        }
      }
      if (sightings.length > 0) directory = remembering(learnAddresses(directory, sightings));
    },
    directory: () => directory,
  };
};
