/** Lines that were cut for syslog, put together again. */
import type { LogRecord } from '../domain/event.js';

/** Records that are parts of one line, and that line. */
export type Joined = Readonly<{ parts: readonly LogRecord[]; whole: LogRecord }>;

const byTime = (a: LogRecord, b: LogRecord): number => a.timeMs - b.timeMs || a.sequence - b.sequence;

/** Groups are no larger than this; a line in more parts than that is not put together. */
const GROUP_MAX = 1000;

const groupBy = (
  records: readonly LogRecord[],
  keyOf: (record: LogRecord) => string | null,
): readonly (readonly LogRecord[])[] => {
  const groups = new Map<string, LogRecord[]>();
  for (const record of records) {
    const key = keyOf(record);
    if (key === null) continue;
    const group = groups.get(`${record.host}\0${key}`);
    if (group) group.push(record);
    else groups.set(`${record.host}\0${key}`, [record]);
  }
  return [...groups.values()].filter(({ length }) => length > 1 && length <= GROUP_MAX);
};

/**
 * @param keyOf what the parts of one line have in common, besides their host; null for a record that is no part
 * @param join which records of a group (in order of time) are one line
 * @returns each joined line in place of its first part, the other parts left out, all else as it was
 */
export const joinGroups = (
  records: readonly LogRecord[],
  keyOf: (record: LogRecord) => string | null,
  join: (group: readonly LogRecord[]) => readonly Joined[],
): readonly LogRecord[] => {
  const joined = groupBy(records, keyOf).flatMap((group) => join([...group].sort(byTime)));
  if (joined.length === 0) return records;
  const wholes = new Map(joined.map(({ parts, whole }) => [parts[0]!, whole]));
  const taken = new Set(joined.flatMap(({ parts }) => parts));
  return records.flatMap((record) => {
    const whole = wholes.get(record);
    if (whole !== undefined) return [whole];
    return taken.has(record) ? [] : [record];
  });
};

/** A part that bears its number, counted from 1. `isLast`: no further one follows. */
export type NumberedPart = Readonly<{ key: string; number: number; isLast: boolean; text: string }>;

const runOf = (
  parts: ReadonlyMap<number, Readonly<{ record: LogRecord; part: NumberedPart }>>,
): readonly Readonly<{ record: LogRecord; part: NumberedPart }>[] | null => {
  const run: Readonly<{ record: LogRecord; part: NumberedPart }>[] = [];
  for (let number = 1; ; number++) {
    const next = parts.get(number);
    if (next === undefined) return null;
    run.push(next);
    if (next.part.isLast) return run;
  }
};

/** For lines whose parts are numbered: joined when all are there and none is there twice. */
export const joinNumbered = (
  records: readonly LogRecord[],
  partOf: (record: LogRecord) => NumberedPart | null,
  textOf: (key: string, text: string) => string,
): readonly LogRecord[] =>
  joinGroups(
    records,
    (record) => partOf(record)?.key ?? null,
    (group) => {
      const numbered = group.map((record) => ({ record, part: partOf(record)! }));
      const byNumber = new Map(numbered.map((each) => [each.part.number, each]));
      const run = byNumber.size === numbered.length ? runOf(byNumber) : null;
      if (run === null || run.length !== numbered.length) return [];
      const first = run[0]!;
      const text = textOf(first.part.key, run.map(({ part }) => part.text).join(''));
      const raw = run.map(({ record }) => record.raw).join('\n');
      return [{ parts: run.map(({ record }) => record), whole: { ...first.record, text, raw } }];
    },
  );
