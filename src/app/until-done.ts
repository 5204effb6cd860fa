/** Sinks fail and come back: what was read waits for them, and nothing more is read meanwhile. */
import { MailtraceError } from '../errors.js';
import type { Log, Meter } from './ports.js';

export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

export type Steps = Readonly<{
  /**
   * Does `work` until it succeeds.
   * @throws what is no MailtraceError; and the last failure once `signal` aborted
   */
  untilDone: <Result>(step: string, work: () => Promise<Result>, signal: AbortSignal) => Promise<Result>;
  /** What fails at present: step → why. */
  failing: () => ReadonlyMap<string, string>;
}>;

const FIRST_PAUSE_MS = 500;
const PAUSE_MAX_MS = 30_000;

export const createSteps = ({
  sleep,
  log,
  meter,
}: Readonly<{ sleep: Sleep; log: Log; meter: Pick<Meter, 'add'> }>): Steps => {
  const failing = new Map<string, string>();
  return {
    untilDone: async (step, work, signal) => {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS)) {
        try {
          const result = await work();
          if (failing.delete(step)) log.info({ step }, 'It works again.');
          return result;
        } catch (error) {
          if (!(error instanceof MailtraceError) || signal.aborted) throw error;
          failing.set(step, `${error.message} ${error.hint}`.trim());
          meter.add('mailtrace_sink_failures_total', 1, { step });
          log.warn({ step, error: error.message, hint: error.hint }, `Tried again in ${pauseMs / 1000} s.`);
        }
        await sleep(pauseMs, signal);
      }
    },
    failing: () => failing,
  };
};
