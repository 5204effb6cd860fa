/** Why the far side of a hop has no transaction: the host is not ours, was not read, could not be read, or shows nothing. */
import type { Gap, SourceReport } from '../domain/chain.js';
import type { HostName } from '../domain/ids.js';
import type { TraceDeps } from './trace-deps.js';

export const createGapReason = (
  deps: Pick<TraceDeps, 'directory' | 'domain' | 'hosts' | 'limits' | 'architecture'>,
  sources: readonly SourceReport[],
  nowMs: number,
): ((host: HostName, timeMs: number) => Gap) => {
  const statusOf = new Map(sources.map(({ host, status }) => [host, status]));
  const withSource = new Set(deps.hosts);
  const { untracked } = deps.architecture;
  const isOwn = (host: HostName): boolean =>
    untracked.has(host) || (deps.domain !== '' && (host === deps.domain || host.endsWith(`.${deps.domain}`)));
  return (host, timeMs) => {
    if (!deps.directory.isConfigured(host)) return isOwn(host) ? 'unread' : 'external';
    if (!withSource.has(host)) return 'unread';
    const status = statusOf.get(host);
    if (status === 'unreachable' || status === 'unreadable') return 'unreachable';
    return nowMs - timeMs < deps.limits.logLagMs ? 'not-yet-logged' : 'unknown';
  };
};
