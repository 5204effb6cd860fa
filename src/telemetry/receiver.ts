/** What is known of the receiver: is it there, and when is it worth while to ask again? */
import type { Clock, Log } from '../app/ports.js';

export type Trouble = Readonly<{ reason: string; isDoubtful: boolean }>;

export type Receiver = Readonly<{
  isUp: () => boolean;
  /** Up, or the wait since the last failure is over. */
  isDue: () => boolean;
  /** Until it is due. */
  waitMs: () => number;
  /** How the last request went: null = accepted. */
  note: (trouble: Trouble | null) => void;
}>;

export type ReceiverOptions = Readonly<{
  /** For the log. */
  endpoint: string;
  log: Log;
  now: Clock;
  /** A request failed. */
  onDown: () => void;
}>;

const FIRST_WAIT_MS = 500;
/** Who restarts a receiver does not want to wait; a request that fails costs next to nothing. */
const MAX_WAIT_MS = 10_000;

export const createReceiver = ({ endpoint, log, now, onDown }: ReceiverOptions): Receiver => {
  let failures = 0;
  let dueAtMs = Number.NEGATIVE_INFINITY;
  let downSinceMs = 0;

  const noteFailure = (reason: string): void => {
    // Requests that were under way together fail together.
    if (now() < dueAtMs) return;
    if (failures === 0) {
      downSinceMs = now();
      log.warn({ endpoint, reason }, 'The OTLP receiver takes no spans; they wait on disk until it does.');
    }
    dueAtMs = now() + Math.min(FIRST_WAIT_MS * 2 ** failures, MAX_WAIT_MS);
    failures += 1;
    onDown();
  };

  return {
    isUp: () => failures === 0,
    isDue: () => now() >= dueAtMs,
    // A clock that is set back must not prolong it.
    waitMs: () => Math.min(Math.max(0, dueAtMs - now()), MAX_WAIT_MS),
    note: (trouble) => {
      if (trouble !== null) {
        noteFailure(trouble.reason);
        return;
      }
      if (failures > 0) log.info({ endpoint, downMs: now() - downSinceMs }, 'The OTLP receiver takes spans again.');
      failures = 0;
      dueAtMs = Number.NEGATIVE_INFINITY;
    },
  };
};
