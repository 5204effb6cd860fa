/**
 * Keeps the picture narrow: on a phone 560 points are about as wide as small type can be read. A chain runs from top to
 * bottom anyway; what fans out to ends of the road is set one below the other.
 */
import type { HostName } from '../domain/ids.js';
import type { Edge } from './dot-model.js';

/** Two boxes beside each other are 560 points. */
const MAX_BESIDE = 2;

/**
 * Lines from one machine to several ends of the road: to machines that nothing leaves and no other line reaches. Only where
 * more lines leave the machine than fit beside each other.
 */
export const findFans = (edges: readonly Edge[]): readonly (readonly Edge[])[] => {
  const between = edges.filter(({ from, to }) => from !== to);
  const targets = new Map<HostName, Set<HostName>>();
  const incoming = new Map<HostName, number>();
  for (const { from, to } of between) {
    targets.set(from, (targets.get(from) ?? new Set()).add(to));
    incoming.set(to, (incoming.get(to) ?? 0) + 1);
  }
  const fans = new Map<HostName, readonly Edge[]>();
  for (const edge of between) {
    const isEnd = !targets.has(edge.to) && incoming.get(edge.to) === 1;
    if (isEnd) fans.set(edge.from, [...(fans.get(edge.from) ?? []), edge]);
  }
  return [...fans]
    .filter(([from, fan]) => fan.length > 1 && (targets.get(from)?.size ?? 0) > MAX_BESIDE)
    .map(([, fan]) => fan);
};
