/**
 * Which instant a line of the repeated hour means. When clocks are set back, 02:30 comes twice; in a log the stamps then jump
 * back once, and the lines before that jump are of the first hour, those after it of the second.
 */
import type { HostName } from '../domain/ids.js';
import type { Header } from '../parsers/syslog-header.js';

/** Lines of a log may be out of order by this much without the clock having been set back. */
const DISORDER_MS = 5 * 60_000;

/** Where a host's stamps jumped back, by the repeated hour (told by its first instants) they jumped in. */
export type SetBacks = Readonly<{
  /** Looks at a line of the log; lines must come in log order. */
  add: (host: HostName, header: Header, offset: number) => void;
  /** The header with its instant decided, or as it was when the order of lines does not tell. */
  settle: (host: HostName, header: Header, offset: number) => Header;
}>;

type Seen = Readonly<{ latestMs: number; jumpOffset: number | null }>;

const HOUR_MS = 3_600_000;

/** One repeated hour of one host. No zone was ever set back by less than half an hour or more than once a day. */
const keyOf = (host: HostName, timeMs: number): string => `${host} ${Math.floor(timeMs / (24 * HOUR_MS))}`;

export const createSetBacks = (): SetBacks => {
  const hours = new Map<string, Seen>();
  return {
    add: (host, { timeMs, alternativeMs }, offset) => {
      if (alternativeMs === null) return;
      const key = keyOf(host, timeMs);
      const { latestMs, jumpOffset } = hours.get(key) ?? { latestMs: timeMs, jumpOffset: null };
      const isJump = jumpOffset === null && timeMs < latestMs - DISORDER_MS;
      hours.set(key, { latestMs: Math.max(latestMs, timeMs), jumpOffset: isJump ? offset : jumpOffset });
    },
    settle: (host, header, offset) => {
      if (header.alternativeMs === null) return header;
      const jumpOffset = hours.get(keyOf(host, header.timeMs))?.jumpOffset ?? null;
      if (jumpOffset === null) return header;
      return offset < jumpOffset
        ? { ...header, alternativeMs: null }
        : { ...header, timeMs: header.alternativeMs, alternativeMs: null };
    },
  };
};
