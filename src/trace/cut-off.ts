/** Did the search end before the message did? Then what is told of it is not all, and a finding says so (CONTRACT §1). */
import type { Finding } from '../domain/chain.js';
import type { TimeWindow } from '../domain/time-window.js';
import { isFinal, type Transaction } from '../domain/transaction.js';
import type { Component } from './components.js';

/** How far messages are followed. `range`: what is read of a message at most; the log ends at `nowMs`. */
export type Reach = Readonly<{ range: TimeWindow; nowMs: number; isOnlyWindow: boolean }>;

/** Clocks and shippers lag; a hop so near to the edge of what was read may lie behind it. */
const EDGE_MS = 60_000;

const isOpen = (t: Transaction): boolean => {
  if (t.removed || t.state === 'deleted' || t.state === 'discarded' || t.state === 'requeued') return false;
  return t.recipients.length === 0 || t.recipients.some(({ status }) => !isFinal(status));
};

const isEndCut = (t: Transaction, { range, nowMs }: Reach): boolean => range.toMs < nowMs && isOpen(t);

/** When the message came in, as the delay of its first attempt tells (log_adhoc.c: time since arrival). */
const arrivalOf = (t: Transaction): number => {
  const told = t.recipients.flatMap(({ attempts }) => attempts.map(({ timeMs, delayMs }) => timeMs - (delayMs ?? 0)));
  return Math.min(t.firstSeenMs, ...told);
};

const isBeginningCut = (t: Transaction, { range, isOnlyWindow }: Reach): boolean => {
  if (t.hasArrival || t.messageId !== null) return false;
  return isOnlyWindow
    ? t.firstSeenMs < range.fromMs + EDGE_MS || arrivalOf(t) < range.fromMs
    : arrivalOf(t) < range.fromMs;
};

const limitOf = ({ isOnlyWindow }: Reach): string =>
  isOnlyWindow ? 'only the window was read' : 'a message is followed only so far';

const cut = (t: Transaction, reach: Reach, text: string): Finding => ({
  code: 'limit',
  severity: 'warning',
  text: `${text} (${limitOf(reach)}).`,
  host: t.host,
});

/** At most one for a beginning and one for an end. */
export const findCutOffs = ({ transactions, openEnds }: Component, reach: Reach): readonly Finding[] => {
  const begun = transactions.find((t) => isBeginningCut(t, reach));
  const open = transactions.find((t) => isEndCut(t, reach));
  const edge = openEnds.find(
    ({ gap, timeMs }) =>
      gap === 'unknown' &&
      (timeMs < reach.range.fromMs + EDGE_MS ||
        (timeMs > reach.range.toMs - EDGE_MS && reach.range.toMs < reach.nowMs)),
  )?.transaction;
  return [
    ...(begun === undefined
      ? []
      : [cut(begun, reach, `How ${begun.queueId} came to ${begun.host} lies before what was read`)]),
    ...(open === undefined
      ? []
      : [
          cut(
            open,
            reach,
            `${open.host} still had ${open.queueId} when the search ended; what happened later was not read`,
          ),
        ]),
    ...(edge === undefined || open !== undefined
      ? []
      : [cut(edge, reach, `The way of ${edge.queueId} of ${edge.host} goes on beyond what was read`)]),
  ];
};
