/** What a trace needs: the opened sources, the names of the machines, and bounds. */
import type { Architecture } from '../domain/architecture.js';
import type { HostDirectory } from '../domain/host-names.js';
import { learnAddresses } from '../domain/host-names.js';
import type { HostName } from '../domain/ids.js';
import type { FindingLimits } from '../trace/findings.js';
import type { FoldResult } from '../trace/fold.js';
import type { Machines } from '../trace/machines.js';
import type { Clock, LogSource } from './ports.js';

export type TraceLimits = FindingLimits &
  Readonly<{
    maxRounds: number;
    maxTransactions: number;
    maxLines: number;
    maxBytes: number;
    followLimitMs: number;
    /** A log may lag behind so long before a missing line means something. */
    logLagMs: number;
  }>;

export type TraceDeps = Readonly<{
  sources: readonly LogSource[];
  directory: HostDirectory;
  /** Every configured host that has a source, in the order of the configuration. */
  hosts: readonly HostName[];
  architecture: Architecture;
  clusters: Readonly<Record<string, readonly string[]>>;
  /** Domain of the own machines; '' when not configured. */
  domain: string;
  limits: TraceLimits;
  timeZone: string;
  now: Clock;
}>;

/** Names that logs pair with addresses: `relay=gw.campus.example[10.20.0.20]:25`, `client=mx1.campus.example[10.20.0.11]`. */
const pairsOf = (folded: FoldResult): readonly Readonly<{ host: string; ip: string }>[] => {
  const pairs = new Map<string, { host: string; ip: string }>();
  const add = (host: string | null | undefined, ip: string | null | undefined): void => {
    if (host != null && ip != null && host !== ip) pairs.set(`${host}\0${ip}`, { host, ip });
  };
  for (const t of folded.transactions) {
    add(t.client?.name, t.client?.ip);
    for (const { attempts } of t.recipients) for (const { relay } of attempts) add(relay?.host, relay?.ip);
  }
  return [...pairs.values()];
};

/** The configured names, and the addresses that the logs read so far attest for them. */
export const machinesOf = (deps: Pick<TraceDeps, 'directory'>, folded: FoldResult): Machines =>
  learnAddresses(deps.directory, pairsOf(folded));
