/** A message that is updated while work goes on: at most once a second, in order, and what is said last stays. */
import type { Sleep } from './pace.js';
import type { Reply } from './replies/blocks.js';

export type LiveMessage = Readonly<{
  /** Shown soon, unless something newer comes first. A failure is given to `onFault`: the next one may pass. */
  show: (reply: Reply) => void;
  /** Shown after all that went before; nothing is shown after it. @throws what `update` throws */
  finish: (reply: Reply) => Promise<void>;
  /** Waits for an update on its way; nothing is shown after it. */
  close: () => Promise<void>;
}>;

const FIRST_GAP_MS = 1050;
/** chat.update takes some 50 a minute of the whole workspace: long traces slow down. */
const LAST_GAP_MS = 10_000;
const GAP_GROWTH = 1.5;

export const createLiveMessage = (deps: {
  update: (reply: Reply) => Promise<void>;
  sleep: Sleep;
  onFault: (error: unknown) => void;
}): LiveMessage => {
  const { update, sleep, onFault } = deps;
  const closing = new AbortController();
  let waiting: Reply | null = null;
  let running: Promise<void> | null = null;
  let gapMs = FIRST_GAP_MS;

  const pump = async (): Promise<void> => {
    for (let next = waiting; next !== null && !closing.signal.aborted; next = waiting) {
      waiting = null;
      try {
        await update(next);
      } catch (error) {
        onFault(error);
      }
      await sleep(gapMs, closing.signal);
      gapMs = Math.min(gapMs * GAP_GROWTH, LAST_GAP_MS);
    }
    running = null;
  };

  const close = async (): Promise<void> => {
    closing.abort();
    waiting = null;
    await running;
  };

  return {
    show: (reply) => {
      if (closing.signal.aborted) return;
      waiting = reply;
      running ??= pump();
    },
    finish: async (reply) => {
      await close();
      await update(reply);
    },
    close,
  };
};
