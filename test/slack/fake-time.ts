/** Time that passes only when a test says so. */
import type { Sleep } from '../../src/slack/pace.ts';

export type FakeTime = Readonly<{
  now: () => number;
  sleep: Sleep;
  /** Lets so much time pass, waking each sleeper at its time and letting it work before the next one wakes. */
  pass: (ms: number) => Promise<void>;
}>;

type Sleeper = Readonly<{ atMs: number; wake: () => void }>;

/** Promises that wait for nothing but each other are done after this. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

export const createFakeTime = (startMs = Date.UTC(2026, 10, 21, 8)): FakeTime => {
  let nowMs = startMs;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const stop = (): void => {
          sleepers.delete(sleeper);
          resolve();
        };
        const wake = (): void => {
          signal?.removeEventListener('abort', stop);
          resolve();
        };
        const sleeper: Sleeper = { atMs: nowMs + ms, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', stop);
      }),
    pass: async (ms) => {
      const endMs = nowMs + ms;
      await settle();
      for (;;) {
        const next = [...sleepers].toSorted((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined || next.atMs > endMs) break;
        nowMs = Math.max(nowMs, next.atMs);
        sleepers.delete(next);
        next.wake();
        await settle();
      }
      nowMs = endMs;
    },
  };
};
