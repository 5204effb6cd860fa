/** A span of instants. */

/** Half-open: `fromMs` ≤ t < `toMs`. Milliseconds since the epoch, UTC. */
export type TimeWindow = Readonly<{ fromMs: number; toMs: number }>;

export const isInside = (window: TimeWindow, timeMs: number): boolean =>
  timeMs >= window.fromMs && timeMs < window.toMs;

export const widen = (window: TimeWindow, beforeMs: number, afterMs: number = beforeMs): TimeWindow => ({
  fromMs: window.fromMs - beforeMs,
  toMs: window.toMs + afterMs,
});

/** The smallest window that holds both. */
export const unite = (a: TimeWindow, b: TimeWindow): TimeWindow => ({
  fromMs: Math.min(a.fromMs, b.fromMs),
  toMs: Math.max(a.toMs, b.toMs),
});
