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

const UPDATE_GAP_MS = 1050;

export const createLiveMessage = (deps: {
  update: (reply: Reply) => Promise<void>;
  sleep: Sleep;
  onFault: (error: unknown) => void;
}): LiveMessage => {
  const { update, sleep, onFault } = deps;
  const closing = new AbortController();
  let waiting: Reply | null = null;
  let running: Promise<void> | null = null;

  const pump = async (): Promise<void> => {
    for (let next = waiting; next !== null && !closing.signal.aborted; next = waiting) {
      waiting = null;
      try {
        await update(next);
      } catch (error) {
        onFault(error);
      }
      await sleep(UPDATE_GAP_MS, closing.signal);
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
