/** One request while it is worked on: whose lines it may have, how many, and which it has. */
import type { Lookup, SearchRequest } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import type { Wish } from './line-wishes.js';

export type Ticket = Readonly<{
  request: SearchRequest;
  isAsked: (host: HostName) => boolean;
  /** Hands the line to this request; false when it has it already, or its budget is used up. */
  take: (id: string, bytes: number) => boolean;
  /** True when a line had to be refused: reading on makes no sense. */
  isFull: () => boolean;
}>;

/** `lookup`: what led to it; null for queue IDs that a lookup led to. */
export type TicketWish = Wish & Readonly<{ ticket: Ticket; lookup: Lookup | null }>;

/** @param hosts those of the source: any other can only be found in a shared log, and nobody could ask for it. */
export const createTicket = (request: SearchRequest, hosts: Readonly<{ has: (host: HostName) => boolean }>): Ticket => {
  const { maxLines, maxBytes } = request.budget;
  const asked = new Set(request.hosts);
  const taken = new Set<string>();
  let [bytesTaken, isFull] = [0, false];
  return {
    request,
    isAsked: (host) => asked.has(host) || !hosts.has(host),
    take: (id, bytes) => {
      if (taken.has(id)) return false;
      if (taken.size >= maxLines || bytesTaken + bytes > maxBytes) isFull = true;
      if (isFull) return false;
      taken.add(id);
      bytesTaken += bytes;
      return true;
    },
    isFull: () => isFull,
  };
};
