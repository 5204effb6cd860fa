/** What the fleet is expected to look like (config section `architecture`), with every name resolved to machines. */
import type { HostName } from './ids.js';
import type { Network } from './keyword.js';

/**
 * Where a message comes from and goes to. `forwarded`: from outside for an address of ours that leads outside again (alias,
 * `.forward`, list). `notices`: mail that an MTA made itself (bounces, delay reports).
 */
export type Direction = 'inbound' | 'outbound' | 'internal' | 'forwarded' | 'notices';

export const DIRECTIONS: readonly Direction[] = ['inbound', 'outbound', 'internal', 'forwarded', 'notices'];

/** One place of a route: any of `hosts`. `star`: any number of them one after the other, also none. */
export type RouteStep = Readonly<{
  /** As configured: a role, cluster or host. */
  name: string;
  hosts: ReadonlySet<HostName>;
  times: 'one' | 'optional' | 'star';
}>;

/** Names as configured, and the machines they stand for. */
export type Place = Readonly<{ names: readonly string[]; hosts: ReadonlySet<HostName> }>;

export type DirectionPlan = Readonly<{
  /** Hosts and clusters, as `-h` takes them, where a search begins; empty when neither said nor to be read off the routes. */
  start: readonly string[];
  /** null: any machine. */
  entry: Place | null;
  exit: Place | null;
  /** Empty: any way between entry and exit. */
  routes: readonly (readonly RouteStep[])[];
}>;

/** Times of a queue, milliseconds; null = not configured, so the MTA's default is assumed. Names as in Postfix (postconf(5)). */
export type RetrySettings = Readonly<{
  minimalBackoffMs: number | null;
  maximalBackoffMs: number | null;
  queueRunDelayMs: number | null;
  maximalQueueLifetimeMs: number | null;
  /** Sendmail and Exim: `-q` of their queue runner. */
  queueIntervalMs: number | null;
}>;

export type Architecture = Readonly<{
  /** Domains of ours with their sub-domains, lower case. */
  domains: readonly string[];
  /** Clients of ours. */
  networks: readonly Network[];
  /** Own machines whose logs are not here. */
  untracked: ReadonlySet<HostName>;
  /** A direction that is not here is not checked. */
  plans: ReadonlyMap<Direction, DirectionPlan>;
  retry: ReadonlyMap<HostName, RetrySettings>;
}>;

export const NO_ARCHITECTURE: Architecture = {
  domains: [],
  networks: [],
  untracked: new Set(),
  plans: new Map(),
  retry: new Map(),
};
