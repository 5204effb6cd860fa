// @ts-nocheck Plain data in, plain data out.
// Counts of one corpus: cases, fields, and why something has no place in our model.

const add = (map, key, by = 1) => map.set(key, (map.get(key) ?? 0) + by);

/** @param {string} name of the corpus */
export const createTally = (name) => {
  const misses = [];
  const reasons = new Map();
  const outOfScope = new Map();
  let [cases, wrongCases, fields] = [0, 0, 0];
  const fieldsOf = (reason) => {
    if (!reasons.has(reason)) reasons.set(reason, new Map());
    return reasons.get(reason);
  };
  return {
    /** @param {string} label of a case @param {(check: object) => void} judge */
    judge: (label, judge) => {
      const before = misses.length;
      const miss = (text) => void misses.push(`${label}: ${text}`);
      judge({
        miss,
        /** A field with a place in our model: it must be equal. */
        field: (field, expected, got) => {
          fields++;
          if (got !== expected) miss(`${field} is ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`);
        },
        /** A field without a place; without a reason that is a miss. */
        withoutPlace: (field, reason) => {
          if (reason === undefined) miss(`${field} is neither compared nor declared to have no place`);
          else add(fieldsOf(reason), field);
        },
      });
      cases++;
      if (misses.length > before) wrongCases++;
    },
    /** @param {string} reason why these cases are none for mailtrace */
    leaveOut: (reason, count = 1) => add(outOfScope, reason, count),
    result: () => ({ name, cases, right: cases - wrongCases, fields, misses, reasons, outOfScope }),
  };
};

const byCount = (map) => [...map].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
const listOf = (map) =>
  byCount(map)
    .map(([field, count]) => `${field} ${count}`)
    .join(', ');

/** @returns {string} for people */
export const renderTally = ({ name, cases, right, fields, misses, reasons, outOfScope }) =>
  [
    `${name}: ${right} of ${cases} cases right, ${fields} fields compared, ${misses.length} misses`,
    ...misses.map((text) => `    miss: ${text}`),
    ...byCount(outOfScope).map(([reason, count]) => `    out of scope (${count}): ${reason}`),
    ...[...reasons].map(([reason, counts]) => `    no place: ${reason}: ${listOf(counts)}`),
  ].join('\n');
