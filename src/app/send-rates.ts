/** How fast messages may go out: one a second in each channel, so many a minute in all, and not at all while Slack says wait. */

export type SendRates = Readonly<{
  /** When a message of this kind may be sent there; not after `nowMs`: at once. */
  freeAtMs: (channel: string, isUpdate: boolean, nowMs: number) => number;
  /** A message of this kind is being sent. */
  take: (isUpdate: boolean, nowMs: number) => void;
  /** It went, or was refused: the channel rests. */
  ended: (channel: string, nowMs: number) => void;
  succeeded: () => void;
  /** @param afterMs what the service asked for; null: the pause grows with each failure. @returns when it is over */
  failed: (afterMs: number | null, nowMs: number) => number;
  /** Failures since the last success. */
  failures: () => number;
}>;

/** Slack takes one message a second and channel; clocks and networks jitter. */
const CHANNEL_GAP_MS = 1050;
/** chat.update is a Tier 3 method: some 50 a minute in the whole workspace. */
const UPDATES = { everyMs: 1250, burst: 6 };
/** chat.postMessage: "several hundred a minute" for a workspace. */
const POSTS = { everyMs: 300, burst: 20 };

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** Channels without a message for so long need not be remembered. */
const KEPT_CHANNELS = 1000;

type Rate = Readonly<{ everyMs: number; burst: number }>;

/** A bucket that fills with one token every `everyMs`; kept as the time when it was full. */
const createBucket = ({ everyMs, burst }: Rate) => {
  let emptyAtMs = Number.NEGATIVE_INFINITY;
  return {
    freeAtMs: (): number => emptyAtMs + everyMs,
    take: (nowMs: number): void => {
      emptyAtMs = Math.max(emptyAtMs, nowMs - burst * everyMs) + everyMs;
    },
  };
};

export const createSendRates = (): SendRates => {
  const updates = createBucket(UPDATES);
  const posts = createBucket(POSTS);
  const restUntilMs = new Map<string, number>();
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let failures = 0;
  return {
    freeAtMs: (channel, isUpdate, nowMs) =>
      Math.max(nowMs, pausedUntilMs, restUntilMs.get(channel) ?? nowMs, (isUpdate ? updates : posts).freeAtMs()),
    take: (isUpdate, nowMs) => (isUpdate ? updates : posts).take(nowMs),
    ended: (channel, nowMs) => {
      if (restUntilMs.size >= KEPT_CHANNELS) {
        for (const [name, untilMs] of restUntilMs) if (untilMs <= nowMs) restUntilMs.delete(name);
      }
      restUntilMs.set(channel, nowMs + CHANNEL_GAP_MS);
    },
    succeeded: () => {
      failures = 0;
    },
    failed: (afterMs, nowMs) => {
      const growing = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
      failures += 1;
      pausedUntilMs = Math.max(pausedUntilMs, nowMs + (afterMs ?? growing));
      return pausedUntilMs;
    },
    failures: () => failures,
  };
};
