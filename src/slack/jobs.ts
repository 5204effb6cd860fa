/** The traces at work: how many at once, how many for one person, and how they end when the bot stops. */
import type { Sleep } from './pace.js';

export type Turn = Readonly<{
  /** How many must end first. */
  ahead: number;
  /** Resolves when it is its turn, or when the bot stops before that. */
  ready: Promise<void>;
  /** Aborted when the bot stops. */
  signal: AbortSignal;
}>;

export type Admission =
  | Readonly<{ kind: 'admitted'; done: Promise<void> }>
  | Readonly<{ kind: 'refused'; why: 'stopping' | 'yours' | 'all' | 'same' }>;

export type Job = Readonly<{
  user: string;
  /** Work with the same key is not done twice at once. */
  key: string;
  /** Must end soon after its signal is aborted. */
  run: (turn: Turn) => Promise<void>;
}>;

export type Jobs = Readonly<{
  add: (job: Job) => Admission;
  /** Takes and starts nothing new, lets running work end for `graceMs`, then aborts it and waits at most `endMs`. */
  stop: (limits: { graceMs: number; endMs: number }) => Promise<void>;
}>;

export type JobLimits = Readonly<{ atOnce: number; perUser: number; waiting: number }>;

type Entry = Readonly<{ user: string; key: string; start: () => void; interrupt: () => void }> & { isRunning: boolean };

const createEntry = ({ user, key }: Job): Readonly<{ entry: Entry; ready: Promise<void>; signal: AbortSignal }> => {
  const controller = new AbortController();
  let start = (): void => {};
  const ready = new Promise<void>((resolve) => {
    start = resolve;
  });
  const interrupt = (): void => {
    controller.abort();
    start();
  };
  return { entry: { user, key, start: () => start(), interrupt, isRunning: false }, ready, signal: controller.signal };
};

export const createJobs = (deps: { limits: JobLimits; sleep: Sleep }): Jobs => {
  const { limits, sleep } = deps;
  const entries = new Set<Entry>();
  const work = new Set<Promise<void>>();
  let isStopping = false;

  const startNext = (): void => {
    let running = [...entries].filter(({ isRunning }) => isRunning).length;
    for (const entry of entries) {
      if (isStopping || running >= limits.atOnce) return;
      if (entry.isRunning) continue;
      entry.isRunning = true;
      running += 1;
      entry.start();
    }
  };

  const refusal = ({ user, key }: Job): 'stopping' | 'yours' | 'all' | 'same' | null => {
    if (isStopping) return 'stopping';
    if ([...entries].some((entry) => entry.key === key)) return 'same';
    if ([...entries].filter((entry) => entry.user === user).length >= limits.perUser) return 'yours';
    return entries.size >= limits.atOnce + limits.waiting ? 'all' : null;
  };

  const add = (job: Job): Admission => {
    const why = refusal(job);
    if (why !== null) return { kind: 'refused', why };
    const ahead = Math.max(0, entries.size - limits.atOnce + 1);
    const { entry, ready, signal } = createEntry(job);
    entries.add(entry);
    const done = job.run({ ahead, ready, signal }).finally(() => {
      entries.delete(entry);
      work.delete(done);
      startNext();
    });
    work.add(done);
    startNext();
    return { kind: 'admitted', done };
  };

  const stop = async ({ graceMs, endMs }: { graceMs: number; endMs: number }): Promise<void> => {
    isStopping = true;
    for (const entry of entries) if (!entry.isRunning) entry.interrupt();
    const idle = new AbortController();
    const allDone = Promise.allSettled(work).then(() => idle.abort());
    await sleep(graceMs, idle.signal);
    for (const entry of entries) entry.interrupt();
    await Promise.race([allDone, sleep(endMs, idle.signal)]);
  };

  return { add, stop };
};
