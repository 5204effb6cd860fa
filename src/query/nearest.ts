/** "Did you mean …?" */

/** Edits between two short words; a swap of neighbours counts as one (optimal string alignment). */
const editDistance = (a: string, b: string): number => {
  let [before, previous]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let cost = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
    }
    [before, previous] = [previous, row];
  }
  return previous[b.length]!;
};

/** Longer input is no slip of the keyboard. */
const LENGTH_MAX = 40;

/** The name that was probably meant: a third of its letters may differ, or it begins with what was typed. */
export const findNearest = (typed: string, names: readonly string[]): string | null => {
  if (typed.length > LENGTH_MAX) return null;
  const word = typed.toLowerCase();
  const best = names
    .map((name) => ({ name, distance: editDistance(word, name.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)[0];
  if (best !== undefined && best.distance <= Math.max(1, Math.floor(best.name.length / 3))) return best.name;
  return word.length < 3 ? null : (names.find((name) => name.startsWith(word)) ?? null);
};
