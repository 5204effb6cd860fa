/** Resolves when the signal aborts; at once when it has. */
export const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** The outcome of `work`, or `instead` as soon as the signal aborts. What `work` comes to then is nobody's business. */
export const orAborted = async <Outcome>(
  work: () => Promise<Outcome>,
  signal: AbortSignal,
  instead: Outcome,
): Promise<Outcome> => {
  if (signal.aborted) return instead;
  const ended = new AbortController();
  try {
    return await Promise.race([
      work(),
      new Promise<Outcome>((resolve) => {
        signal.addEventListener('abort', () => resolve(instead), { once: true, signal: ended.signal });
      }),
    ]);
  } finally {
    ended.abort();
  }
};
