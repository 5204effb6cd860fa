/** Resolves when the signal aborts; at once when it has. */
export const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** The outcome of `work`, or `instead` as soon as the signal aborts. What `work` comes to then is nobody's business. */
export const orAborted = <Outcome>(
  work: () => Promise<Outcome>,
  signal: AbortSignal,
  instead: Outcome,
): Promise<Outcome> => {
  if (signal.aborted) return Promise.resolve(instead);
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(instead);
    signal.addEventListener('abort', stop, { once: true });
    // The signal lives as long as the pipeline: listeners must not pile up on it.
    const end = (): void => signal.removeEventListener('abort', stop);
    void work().then(resolve, reject).finally(end);
  });
};
