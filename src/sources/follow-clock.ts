/**
 * Which instant a line of the repeated hour means, told while lines come: when clocks are set back, stamps without an offset
 * jump back once. Lines before the jump are of the first hour, those after it of the second.
 */
import type { HostName } from '../domain/ids.js';
import type { Header } from '../parsers/syslog-header.js';

/** Lines of a log may be out of order by this much without the clock having been set back. */
const DISORDER_MS = 5 * 60_000;
/** A line of another day says nothing about this hour. */
const NEAR_MS = 3 * 3_600_000;
/** Names that a hostile shared log may bring are not remembered without end. */
const HOSTS_MAX = 1024;

export type Settle = (host: HostName, of: Pick<Header, 'timeMs' | 'alternativeMs' | 'isLocalTime'>) => number;

/** @param lastMs time of the log's last line before; null: none */
export const createSettle = (lastMs: number | null): Settle => {
  const latest = new Map<HostName, number>();
  return (host, { timeMs, alternativeMs, isLocalTime }) => {
    if (!isLocalTime) return timeMs;
    const before = latest.get(host) ?? lastMs;
    const isSecond = before !== null && before - timeMs > DISORDER_MS && before - timeMs < NEAR_MS;
    const settled = alternativeMs !== null && isSecond ? alternativeMs : timeMs;
    if (latest.size >= HOSTS_MAX) latest.clear();
    latest.set(host, Math.max(settled, latest.get(host) ?? settled));
    return settled;
  };
};
