/** Lengths of time in words. */

/** `90 s`, `5 min`, `66.7 min`, `4 h`, `5 days`: the largest unit in which it is at least two, or a whole number. */
export const formatSeconds = (ms: number): string => {
  const units = [
    ['days', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
  ] as const;
  for (const [unit, size] of units) {
    if (ms >= 2 * size || (ms >= size && ms % size === 0)) {
      const count = Math.round((ms / size) * 10) / 10;
      return count === 1 && unit === 'days' ? '1 day' : `${count} ${unit}`;
    }
  }
  return `${Math.round(ms / 100) / 10} s`;
};
