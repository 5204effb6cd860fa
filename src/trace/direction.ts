/**
 * From where to where a message goes, by what its logs attest: who handed it in, and in whose domain it ends. What they do not
 * attest is not guessed: the direction is null then, with the reason.
 */
import type { Architecture, Direction } from '../domain/architecture.js';
import type { Client } from '../domain/event.js';
import { isLoopback } from '../domain/host-names.js';
import type { HostName } from '../domain/ids.js';
import { isInNetwork, parseNetwork } from '../domain/keyword.js';
import type { Transaction } from '../domain/transaction.js';
import type { Machines } from './machines.js';
import type { FinalOutcome } from './verdict.js';

export type Origin = Readonly<{ kind: 'inside' | 'outside' | 'notice' } | { kind: 'unknown'; reason: string }>;

export type Told = Readonly<{ direction: Direction | null; reason: string | null }>;

type Ground = Readonly<{ architecture: Architecture; machines: Machines }>;

const isUnder = (name: string, domain: string): boolean => name === domain || name.endsWith(`.${domain}`);

const isOurDomain = ({ domains }: Architecture, name: string): boolean =>
  domains.some((domain) => isUnder(name.toLowerCase().replace(/\.$/, ''), domain));

/** RFC 1918, RFC 4193, RFC 3927, RFC 4291: addresses that say nothing about whose they are. */
const PRIVATE = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
  'fe80::/10',
]
  .map((text) => parseNetwork(text))
  .filter((network) => network !== null);

const nameOf = ({ name }: Client): string | null => (name === null || /^unknown$/i.test(name) ? null : name);

export const isOwnMachine = (host: HostName, { architecture, machines }: Ground): boolean =>
  machines.isConfigured(host) || architecture.untracked.has(host);

/**
 * Mail enters the fleet on some machines only from inside, on others only from outside: then the machine alone tells.
 * @returns null when it does not
 */
const originByEntry = (host: HostName, { plans }: Architecture): 'inside' | 'outside' | null => {
  const isEntryOf = (direction: Direction): boolean => plans.get(direction)?.entry?.hosts.has(host) === true;
  const fromOutside = isEntryOf('inbound') || isEntryOf('forwarded');
  const fromInside = isEntryOf('outbound') || isEntryOf('internal');
  if (fromOutside === fromInside) return null;
  return fromOutside ? 'outside' : 'inside';
};

const originOfClient = (client: Client, ground: Ground): Origin => {
  const { architecture, machines } = ground;
  const { ip } = client;
  const name = nameOf(client);
  if (client.sasl !== null) return { kind: 'inside' };
  if ([name, ip].some((text) => text !== null && isLoopback(text))) return { kind: 'inside' };
  if (ip !== null && architecture.networks.some((network) => isInNetwork(network, ip))) return { kind: 'inside' };
  if ([name, ip].some((text) => text !== null && isOwnMachine(machines.canonical(text), ground)))
    return { kind: 'inside' };
  if (name !== null && isOurDomain(architecture, name)) return { kind: 'inside' };
  if (ip === null && name === null) return { kind: 'unknown', reason: 'the log does not name the client' };
  if (ip !== null && PRIVATE.some((network) => isInNetwork(network, ip))) {
    const reason = `the client ${ip} has a private address; name its network under architecture.networks if it is yours`;
    return { kind: 'unknown', reason };
  }
  return { kind: 'outside' };
};

/** @param cameFrom the machine of ours that handed it in and whose part is not at hand */
export const originOf = (entry: Transaction, cameFrom: HostName | null, ground: Ground): Origin => {
  if (entry.via === 'internal') return { kind: 'notice' };
  if (cameFrom !== null) {
    const kind = originByEntry(cameFrom, ground.architecture);
    return kind === null
      ? { kind: 'unknown', reason: `it came from ${cameFrom}, and how it came there is not in these logs` }
      : { kind };
  }
  if (entry.via === 'pickup') return { kind: 'inside' };
  if (entry.client !== null) return originOfClient(entry.client, ground);
  const kind = originByEntry(entry.host, ground.architecture);
  return kind === null ? { kind: 'unknown', reason: 'the line of its arrival is not in these logs' } : { kind };
};

const isKept = ({ recipient, status, takenBy }: FinalOutcome): boolean =>
  status === 'sent' && takenBy === null && recipient?.attempts.at(-1)?.relay == null;

/** Is the end of the way ours? null: the log names no recipient. */
const isEndInside = (outcome: FinalOutcome, { architecture }: Ground): boolean | null => {
  const address = outcome.recipient?.address ?? null;
  if (address === null) return null;
  const domain = /@([^@]*)$/.exec(address)?.[1];
  // A user, file or command of the machine itself.
  if (domain === undefined) return true;
  return isOurDomain(architecture, domain) || isKept(outcome);
};

export const directionOf = (
  origin: Origin,
  outcome: FinalOutcome,
  addressedTo: string | null,
  ground: Ground,
): Told => {
  if (origin.kind === 'unknown') return { direction: null, reason: origin.reason };
  if (origin.kind === 'notice') return { direction: 'notices', reason: null };
  if (ground.architecture.domains.length === 0) {
    return { direction: null, reason: 'no domains of yours are named (architecture.domains)' };
  }
  const isInside = isEndInside(outcome, ground);
  if (isInside === null) return { direction: null, reason: 'the log names no recipient' };
  if (origin.kind === 'inside') return { direction: isInside ? 'internal' : 'outbound', reason: null };
  if (isInside) return { direction: 'inbound', reason: null };
  const first = /@([^@]*)$/.exec(addressedTo ?? '')?.[1];
  if (first !== undefined && !isOurDomain(ground.architecture, first)) {
    const reason = `it came from outside for ${first}, which is not under architecture.domains`;
    return { direction: null, reason };
  }
  return { direction: 'forwarded', reason: null };
};
