/** One message a second and channel: Slack's limit for posting. Order within a channel is kept. */

/** Waits; ends early, without an error, when `signal` is aborted. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

export type Pacer = Readonly<{
  /**
   * Runs `send` when it is the channel's turn and returns its result. Calls for one channel run one after the other, in the
   * order of asking; `isFirst` goes before those that wait: the first sign of a new answer, which belongs to none of them.
   */
  run: <T>(channel: string, send: () => Promise<T>, options?: Readonly<{ isFirst: boolean }>) => Promise<T>;
}>;

/** Those who wait for their turn: `() => void` begins it. A lane exists while somebody is at work in it, or was just now. */
type Lane = Readonly<{ first: (() => void)[]; rest: (() => void)[] }>;

/** A little more than Slack's second: clocks and networks jitter. */
const MESSAGE_GAP_MS = 1050;

/** Bounded by its callers: an answer waits for each of its messages, and the number of answers at work is limited. */
export const createPacer = ({ sleep, gapMs = MESSAGE_GAP_MS }: { sleep: Sleep; gapMs?: number }): Pacer => {
  const lanes = new Map<string, Lane>();

  const takeTurn = async (channel: string, isFirst: boolean): Promise<Lane> => {
    const lane = lanes.get(channel);
    if (lane !== undefined) {
      await new Promise<void>((begin) => (isFirst ? lane.first : lane.rest).push(begin));
      return lane;
    }
    const empty: Lane = { first: [], rest: [] };
    lanes.set(channel, empty);
    return empty;
  };

  const passOn = async (channel: string, { first, rest }: Lane): Promise<void> => {
    // Counted from the end: a call that had to wait for a 429 has used up the second that came after it.
    await sleep(gapMs);
    const next = first.shift() ?? rest.shift();
    if (next === undefined) lanes.delete(channel);
    else next();
  };

  return {
    run: async (channel, send, { isFirst } = { isFirst: false }) => {
      const lane = await takeTurn(channel, isFirst);
      try {
        return await send();
      } finally {
        void passOn(channel, lane);
      }
    },
  };
};
