/** From the lines that lookups found to the queue IDs whose lines are wanted as well. */
import type { HostName } from '../domain/ids.js';
import type { Reading } from './file-outcome.js';
import { toRecord } from './host-records.js';
import type { Ticket, TicketWish } from './search-ticket.js';

export const wishesOf = (ticket: Ticket): readonly TicketWish[] =>
  ticket.request.lookups.map((lookup) => ({ ...lookup, host: null, ticket, lookup }));

/** What the lines found lead to: for each lookup the queue IDs of each host. */
export const findRelated = (readings: readonly Reading[]): readonly TicketWish[] => {
  const ids = new Map<TicketWish, Map<HostName, Set<string>>>();
  for (const line of readings.flatMap(({ reading }) => reading.lines)) {
    for (const wish of line.wishes) {
      const hosts = ids.get(wish) ?? new Map<HostName, Set<string>>();
      const known = hosts.get(line.host) ?? new Set<string>();
      for (const id of wish.lookup?.related?.(toRecord(line, 0)) ?? []) known.add(id);
      ids.set(wish, hosts.set(line.host, known));
    }
  }
  return [...ids].flatMap(([{ ticket, lookup, window }, hosts]) =>
    [...hosts]
      .filter(([, known]) => known.size > 0)
      .map(([host, known]) => ({
        window: lookup?.relatedWindow ?? window,
        host,
        needles: [...known].map((text) => ({ text, ignoreCase: false, isWhole: true })),
        ticket,
        lookup: null,
      })),
  );
};
