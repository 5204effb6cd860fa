/** `-h`: a host or cluster of the configuration → the hosts that are asked. */
import type { HostName } from '../domain/ids.js';
import { MailtraceError } from '../errors.js';
import type { TraceDeps } from './trace-deps.js';

/** Names that a refusal lists. */
const LISTED_MAX = 30;

/**
 * @param startHost null: every host that has a source.
 * @throws MailtraceError `usage` for a name that is no configured host or cluster; `config` when there is none at all.
 */
export const resolveStartHosts = (
  startHost: string | null,
  { directory, hosts, clusters }: Pick<TraceDeps, 'directory' | 'hosts' | 'clusters'>,
): readonly HostName[] => {
  if (hosts.length === 0) {
    throw new MailtraceError(
      'config',
      'The configuration names no machine whose log could be read.',
      'Name them under hosts or clusters; host_config says where their logs are.',
    );
  }
  if (startHost === null) return hosts;
  const found = directory.resolveStart(startHost);
  if (found === null || found.length === 0) {
    throw new MailtraceError(
      'usage',
      `"${startHost}" is no configured host or cluster.`,
      `Use one of: ${[...Object.keys(clusters), ...hosts].slice(0, LISTED_MAX).join(', ')}.`,
    );
  }
  return found;
};
