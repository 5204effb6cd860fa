/** Arithmetic of half-open spans of time. */
import type { TimeWindow } from '../domain/time-window.js';

/** The parts of `window` that none of `taken` covers, in order of time. */
export const subtract = (window: TimeWindow, taken: readonly TimeWindow[]): readonly TimeWindow[] => {
  let parts: TimeWindow[] = window.fromMs < window.toMs ? [window] : [];
  for (const { fromMs, toMs } of taken) {
    parts = parts.flatMap((part) => {
      if (toMs <= part.fromMs || fromMs >= part.toMs) return [part];
      const before = { fromMs: part.fromMs, toMs: Math.min(fromMs, part.toMs) };
      const after = { fromMs: Math.max(toMs, part.fromMs), toMs: part.toMs };
      return [before, after].filter((span) => span.fromMs < span.toMs);
    });
  }
  return parts;
};
