/** Which machine a relay is. A hop names it by its canonical name; a failed attempt only as the log line did. */
import type { Chain } from '../domain/chain.js';
import type { Relay } from '../domain/event.js';
import { type HostName, hostName } from '../domain/ids.js';
import type { DeliveryAttempt, Transaction } from '../domain/transaction.js';

const LOOPBACK = /^(?:localhost(?:\..*)?|127\.\d+\.\d+\.\d+|::1)$/;
/** Postfix logs `relay=none` and names the server in the text only (smtp_connect.c). */
const CONNECT_TO = /\bconnect to ([^\s[\]]{1,255})\[([0-9a-fA-F.:]{2,45})\](?::(\d{1,5}))?/;

/** One address with different ports is different machines (CONTRACT §5). */
const socketOf = ({ ip, port }: Relay): string => `${ip}:${port}`;

const plainName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');

/** True for `mx1` and `mx1.campus.example`, whichever is the longer. */
const isSameName = (a: string, b: string): boolean => a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);

export type MachineFinder = (attempt: DeliveryAttempt, own: HostName) => HostName | null;

/** Sockets of machines whose canonical name an accepted hand-over of the same chains tells. */
const learnSockets = (chains: readonly Chain[]): ReadonlyMap<string, HostName> => {
  const sockets = new Map<string, HostName>();
  for (const { transactions, hops } of chains) {
    const targets = new Map(hops.map(({ to }) => [to.queueId, to.host]));
    for (const { relay, nextQueueIds } of transactions.flatMap(attemptsOf)) {
      const target = nextQueueIds.map((id) => targets.get(id)).find((host) => host !== undefined);
      if (relay?.ip != null && target !== undefined) sockets.set(socketOf(relay), target);
    }
  }
  return sockets;
};

const attemptsOf = ({ recipients }: Transaction): readonly DeliveryAttempt[] =>
  recipients.flatMap(({ attempts }) => attempts);

const relayOf = ({ relay, response }: DeliveryAttempt): Relay | null => {
  if (relay !== null && relay.host !== 'none' && (relay.host !== null || relay.ip !== null)) return relay;
  const match = CONNECT_TO.exec((response ?? '').slice(0, 1000));
  return match === null
    ? null
    : { host: match[1]!, ip: match[2]!, port: match[3] === undefined ? 25 : Number(match[3]) };
};

/**
 * @param configured canonical names of the fleet, beside those that the chains name.
 * @returns a finder; it gives null where an attempt spoke to no machine (no relay, a socket or pipe of the same host).
 */
export const createMachineFinder = (chains: readonly Chain[], configured: readonly string[]): MachineFinder => {
  const sockets = learnSockets(chains);
  const inChains = chains.flatMap(({ transactions, hops }) => [
    ...transactions.map(({ host }) => host),
    ...hops.map(({ to }) => to.host),
  ]);
  const names = new Set<string>([...inChains, ...configured]);
  const found = new Map<string, HostName>();
  const byName = (name: string): HostName => {
    const known = found.get(name);
    if (known !== undefined) return known;
    const alike = name === '' ? [] : [...names].filter((other) => isSameName(other, name));
    const host = hostName(alike.length === 1 ? alike[0]! : name);
    found.set(name, host);
    return host;
  };
  return (attempt, own) => {
    const relay = relayOf(attempt);
    if (relay === null || relay.host?.includes('/') || relay.ip?.includes('/')) return null;
    const name = plainName(relay.host ?? relay.ip ?? '');
    if (names.has(name)) return hostName(name);
    const learnt = sockets.get(socketOf(relay));
    if (learnt !== undefined) return learnt;
    return LOOPBACK.test(relay.ip ?? name) || LOOPBACK.test(name) ? own : byName(name);
  };
};
