/** Counts the spans that are lost, and says so in the log: at once, then at most once a minute for each reason. */
import type { Clock, Log } from '../app/ports.js';

export type DropCount = Readonly<{
  add: (spans: number, reason: string) => void;
  total: () => number;
  /** Says what has not been said yet. */
  flush: () => void;
}>;

const EVERY_MS = 60_000;
/** Reasons come from the receiver; more different ones than this are told as one. */
const REASONS_MAX = 20;
const OTHER = 'other reasons';

type Tally = { spans: number; saidAtMs: number };

export const createDropCount = (log: Log, now: Clock): DropCount => {
  const tallies = new Map<string, Tally>();
  let total = 0;

  const say = (reason: string, tally: Tally): void => {
    if (tally.spans === 0) return;
    log.error({ spans: tally.spans, droppedInAll: total, reason }, 'Spans were dropped.');
    tally.spans = 0;
    tally.saidAtMs = now();
  };

  return {
    add: (spans, given) => {
      if (spans === 0) return;
      total += spans;
      const reason = tallies.has(given) || tallies.size < REASONS_MAX ? given : OTHER;
      const tally = tallies.get(reason) ?? { spans: 0, saidAtMs: Number.NEGATIVE_INFINITY };
      tallies.set(reason, tally);
      tally.spans += spans;
      if (now() - tally.saidAtMs >= EVERY_MS) say(reason, tally);
    },
    total: () => total,
    flush: () => {
      for (const [reason, tally] of tallies) say(reason, tally);
    },
  };
};
