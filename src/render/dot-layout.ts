/**
 * Keeps the picture narrow: on a phone 560 points are about as wide as small type can be read. A chain runs from top to
 * bottom anyway; what fans out to ends of the road is set one below the other.
 */
import type { HostName } from '../domain/ids.js';
import type { Edge } from './dot-model.js';

/** Two boxes beside each other are 560 points. */
const MAX_BESIDE = 2;

/** Lines from one machine to more than two ends of the road: to machines that nothing leaves and no other line reaches. */
export const findFans = (edges: readonly Edge[]): readonly (readonly Edge[])[] => {
  const isSource = new Set(edges.filter(({ from, to }) => from !== to).map(({ from }) => from));
  const incoming = new Map<HostName, number>();
  for (const { to } of edges) incoming.set(to, (incoming.get(to) ?? 0) + 1);
  const fans = new Map<HostName, readonly Edge[]>();
  for (const edge of edges) {
    const isEnd = edge.from !== edge.to && !isSource.has(edge.to) && incoming.get(edge.to) === 1;
    if (isEnd) fans.set(edge.from, [...(fans.get(edge.from) ?? []), edge]);
  }
  return [...fans.values()].filter((fan) => fan.length > MAX_BESIDE);
};
