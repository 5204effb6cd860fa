/**
 * Lines that were cut for syslog, put together while logs are followed: the parts of one line may come in two polls. A part waits
 * for the others; as long as one waits the checkpoint stays where it is, so that a crash loses none.
 */
import type { LogRecord } from '../domain/event.js';
import { isPart, joinParts } from '../parsers/registry.js';

export type LineJoiner = Readonly<{
  /** @returns the records to deal with now; parts whose others are missing come when their time is over, as they are */
  take: (records: readonly LogRecord[], nowMs: number) => readonly LogRecord[];
  /** Whether parts wait; never for longer than `HOLD_MS` at a stretch. */
  isHolding: (nowMs: number) => boolean;
}>;

/** One process writes the parts at once; shippers may tear them apart by so much. */
const HOLD_MS = 5000;
/** Beyond, a part is not waited for. */
const HELD_MAX = 5000;

export const createLineJoiner = (): LineJoiner => {
  /** Part → since when it waits; wall clock. */
  let held: ReadonlyMap<LogRecord, number> = new Map();
  /** Since when there always was one that waits. */
  let sinceMs = 0;
  const take = (records: readonly LogRecord[], nowMs: number): readonly LogRecord[] => {
    if (held.size === 0 && !records.some(isPart)) return records;
    if (held.size === 0) sinceMs = nowMs;
    const waiting = new Map<LogRecord, number>();
    const out = joinParts([...held.keys(), ...records]).filter((record) => {
      if (!isPart(record)) return true;
      const fromMs = held.get(record) ?? nowMs;
      if (nowMs - fromMs >= HOLD_MS || waiting.size >= HELD_MAX) return true;
      waiting.set(record, fromMs);
      return false;
    });
    held = waiting;
    return out;
  };
  return { take, isHolding: (nowMs) => held.size > 0 && nowMs - sinceMs < HOLD_MS };
};
