/** Lets only so many pieces of work run at one time; the others wait in line. */
export type Limiter = <Result>(work: () => Promise<Result>) => Promise<Result>;

export const createLimiter = (most: number): Limiter => {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // The place is handed on, so that nobody can slip in between.
      if (next) next();
      else running--;
    }
  };
};
