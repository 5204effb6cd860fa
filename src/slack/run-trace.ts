/** A trace that ends in time: when it is done, when the bot stops, or when it took too long. */
import type { TraceMessage } from '../app/tracer.js';
import type { TraceReport } from '../domain/chain.js';
import type { LiveMessage } from './live-message.js';
import type { Sleep } from './pace.js';
import type { Question } from './question.js';
import { tracingReply } from './replies/progress.js';

/** The bot is stopping. */
export class InterruptedError extends Error {
  constructor() {
    super('The bot is stopping.');
    this.name = 'InterruptedError';
  }
}

export class TooSlowError extends Error {
  constructor() {
    super('The trace took too long.');
    this.name = 'TooSlowError';
  }
}

export type RunDeps = Readonly<{ traceMessage: TraceMessage; sleep: Sleep; traceTimeoutMs: number }>;

const whenAborted = (signal: AbortSignal, error: () => Error): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(error());
    else signal.addEventListener('abort', () => reject(error()), { once: true });
  });

/**
 * `live` shows the rounds to those who may see everything.
 * @throws InterruptedError once `signal` is aborted, TooSlowError, and what the trace throws
 */
export const runTrace = async (
  { traceMessage, sleep, traceTimeoutMs }: RunDeps,
  { query, asked }: Pick<Question, 'query' | 'asked'>,
  live: Pick<LiveMessage, 'show'>,
  signal: AbortSignal,
): Promise<TraceReport> => {
  const ended = new AbortController();
  const tooSlow = new AbortController();
  void sleep(traceTimeoutMs, ended.signal).then(() => {
    if (!ended.signal.aborted) tooSlow.abort();
  });
  const options = { signal: AbortSignal.any([signal, tooSlow.signal]) };
  // Rounds and counts tell what there is: an asker with a narrower scope must not learn it.
  const trace =
    query.scope.kind === 'all'
      ? traceMessage(query, { ...options, onProgress: (progress) => live.show(tracingReply(asked, progress)) })
      : traceMessage(query, options);
  const interrupted = whenAborted(signal, () => new InterruptedError());
  const late = whenAborted(tooSlow.signal, () => new TooSlowError());
  // Whichever loses the race must not end as an unhandled rejection.
  for (const loser of [interrupted, late, trace]) loser.catch(() => {});
  try {
    const report = await Promise.race([interrupted, late, trace]);
    if (signal.aborted) throw new InterruptedError();
    return report;
  } catch (error) {
    // The trace may notice the abort first and throw something of its own.
    if (signal.aborted) throw new InterruptedError();
    if (tooSlow.signal.aborted) throw new TooSlowError();
    throw error;
  } finally {
    ended.abort();
  }
};
