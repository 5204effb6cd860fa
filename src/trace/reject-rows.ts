/** Reject events → rows of CONTRACT §2: what a line lacks is taken from the other lines of its queue ID; a line read twice counts once. */
import type { RejectEvent } from '../domain/event.js';
import type { Reject, Transaction } from '../domain/transaction.js';
import type { Occurrence } from './fold.js';

/** rsyslog's `message repeated n times` is a count from outside; more rows than this say nothing further. */
const REPEATS_MAX = 1000;
/** Exim writes a refusal to its main and to its reject log; syslog gets both (log.c), files bear two stamps. */
const ECHO_MS = 1000;
/** Sendmail logs the milter's answer first, and whom it hit a moment later. */
const SAME_REFUSAL_MS = 5000;

const rowOf = (occurrence: Occurrence, event: RejectEvent, session: Transaction | undefined): Reject => ({
  timeMs: occurrence.timeMs,
  host: occurrence.host,
  queueId: event.queueId,
  client: event.client ?? session?.client ?? null,
  sender: event.sender ?? session?.sender ?? null,
  recipient: event.recipient,
  replyCode: event.replyCode,
  dsn: event.dsn,
  stage: event.stage,
  text: event.text,
});

/** True for the second of two identical lines, which is the copy in the other log. */
const createEchoes = () => {
  const last = new Map<string, number>();
  return (row: Reject, pid: number | null): boolean => {
    const key = JSON.stringify([{ ...row, timeMs: 0 }, pid]);
    const before = last.get(key);
    if (before !== undefined && row.timeMs - before <= ECHO_MS) {
      last.delete(key);
      return true;
    }
    last.set(key, row.timeMs);
    return false;
  };
};

const isSameRefusal = (named: Reject, coded: Reject): boolean =>
  named.recipient !== null &&
  named.replyCode === null &&
  coded.recipient === null &&
  coded.replyCode !== null &&
  named.host === coded.host &&
  named.queueId === coded.queueId &&
  named.stage === coded.stage &&
  Math.abs(named.timeMs - coded.timeMs) <= SAME_REFUSAL_MS &&
  coded.text.includes(named.text);

/** One line has the reply, others say whom it hit: a row for each of those. */
const joinHalves = (rows: readonly Reject[]): readonly Reject[] => {
  const queued = new Map<string, Reject[]>();
  for (const row of rows) {
    if (row.queueId === null) continue;
    const key = `${row.host}\0${row.queueId}`;
    queued.set(key, [...(queued.get(key) ?? []), row]);
  }
  const siblings = (row: Reject): readonly Reject[] => queued.get(`${row.host}\0${row.queueId ?? ''}`) ?? [];
  return rows.flatMap((row) => {
    if (siblings(row).some((named) => isSameRefusal(named, row))) return [];
    const coded = siblings(row).find((other) => isSameRefusal(row, other));
    return coded === undefined ? [row] : [{ ...row, replyCode: coded.replyCode, dsn: coded.dsn, text: coded.text }];
  });
};

/**
 * @param occurrences reject lines, sorted by time
 * @param sessionOf what else was logged under the queue ID of a line
 */
export const rejectRows = (
  occurrences: readonly Occurrence[],
  sessionOf: (occurrence: Occurrence, event: RejectEvent) => Transaction | undefined,
): readonly Reject[] => {
  const rows: Reject[] = [];
  const seen = new Set<string>();
  const isEcho = createEchoes();
  for (const occurrence of occurrences) {
    const { event, pid } = occurrence;
    if (event.kind !== 'reject') continue;
    const row = rowOf(occurrence, event, sessionOf(occurrence, event));
    const key = JSON.stringify([row, pid, event.count]);
    // The same line read twice; stamps of whole seconds cannot tell that from two refusals in one second.
    if (seen.has(key) && occurrence.timeMs % 1000 !== 0) continue;
    seen.add(key);
    const isExim = event.mta === 'exim';
    if (isExim && event.count === 1 && isEcho(row, pid)) continue;
    // Of Exim's lines that rsyslog counted, every second is the copy in the other log; the first stands for itself.
    const count = isExim && event.count > 1 ? Math.floor(event.count / 2) : event.count;
    for (let index = 0; index < Math.min(count, REPEATS_MAX); index++) rows.push(row);
  }
  return joinHalves(rows);
};
