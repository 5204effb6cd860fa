/** Hosts and clusters as a person types them → as they are configured. */
import type { SubscriptionFilters } from '../domain/subscription.js';
import { MailtraceError } from '../errors.js';
import { findNearest } from '../query/nearest.js';
import type { Clusters } from '../trace/match-subscription.js';

export type KnownNames = Readonly<{
  /** Canonical names. */
  hosts: readonly string[];
  clusters: Clusters;
}>;

/** What becomes of a name that nobody knows. */
type Unknown = (kind: 'host' | 'cluster', name: string) => string;

const SHOWN = 10;

/** The one host of this name, or with this first label. */
const findHost = (name: string, hosts: readonly string[]): string | null => {
  const lower = name.toLowerCase();
  const exact = hosts.find((host) => host.toLowerCase() === lower);
  if (exact !== undefined || lower.includes('.')) return exact ?? null;
  const alike = hosts.filter((host) => host.toLowerCase().split('.', 1)[0] === lower);
  return alike.length === 1 ? alike[0]! : null;
};

const findCluster = (name: string, clusters: Clusters): string | null => {
  const names = Object.keys(clusters);
  const alike = names.filter((known) => known.toLowerCase() === name.toLowerCase());
  return names.find((known) => known === name) ?? (alike.length === 1 ? alike[0]! : null);
};

/** @param unknown may throw */
export const resolveNames = (
  filters: SubscriptionFilters,
  { hosts, clusters }: KnownNames,
  unknown: Unknown,
): SubscriptionFilters => ({
  ...filters,
  host: filters.host.map((name) => findHost(name, hosts) ?? unknown('host', name)),
  cluster: filters.cluster.map((name) => findCluster(name, clusters) ?? unknown('cluster', name)),
});

/** @throws MailtraceError `usage`, with the nearest name */
export const refuseUnknown =
  ({ hosts, clusters }: KnownNames): Unknown =>
  (kind, name) => {
    const known = kind === 'host' ? hosts : Object.keys(clusters);
    // A short name is near to short names.
    const labels = kind === 'host' && !name.includes('.') ? hosts.map((host) => host.split('.', 1)[0] ?? host) : [];
    const nearest = findNearest(name, [...known, ...labels]);
    const guess = nearest === null ? '' : `Did you mean ${kind}:${nearest}? `;
    const more = known.length > SHOWN ? ', …' : '';
    const names = known.length === 0 ? `There is no ${kind}.` : `There are ${known.slice(0, SHOWN).join(', ')}${more}.`;
    throw new MailtraceError('usage', `No ${kind} is called "${name}".`, `${guess}${names}`);
  };

/** A machine may be gone from the configuration while a subscription still names it. */
export const keepUnknown: Unknown = (_kind, name) => name;
