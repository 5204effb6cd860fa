/**
 * Which spans of a transaction are due (CONTRACT §3): its deliveries when they are logged; its own span once, at its end or
 * after `holdMs` if it is still open, and a second time when it fails for good after that; the root with it.
 */
import { rootSpanId } from '../domain/ids.js';
import type { Span } from '../domain/span.js';
import type { Transaction } from '../domain/transaction.js';
import {
  deliverySpans,
  hasFailed,
  isDrawn,
  isEntry,
  isSampled,
  rootSpan,
  type SpanMachines,
  transactionSpan,
} from '../render/spans.js';
import type { LiveTransaction } from '../trace/live-place.js';
import type { Decision } from '../trace/live-records.js';
import type { SentSpans } from '../trace/live-resume.js';
import type { EventClock } from './event-time.js';

export type SpanRules = Readonly<{
  machines: SpanMachines;
  /** A transaction still open so long after its arrival is sent as open. */
  holdMs: number;
  /** So late lines come in the ordinary way: an ended transaction of which some seem to be missing waits for them. */
  lateMs: number;
  /** Share of messages that are sent, 0 to 1. */
  share: number;
}>;

type Clock = Pick<EventClock, 'of' | 'settledOf' | 'isCaughtUp'>;

const NOTHING_SENT: Omit<SentSpans, 'atMs' | 'messageId'> = {
  arrivedAtMs: null,
  parentSpanId: null,
  transaction: null,
  hasRoot: false,
  deliveries: {},
};

/** The last transaction span that is to be sent for what is known now. */
const wantedState = ({ phase, transaction }: LiveTransaction): NonNullable<SentSpans['transaction']> => {
  if (phase !== 'ended') return 'open';
  return hasFailed(transaction) ? 'failed' : 'ended';
};

/**
 * Event time at which the transaction's own span is due; null: not before something is logged. Where lines come later than they
 * are stamped (a shipper that lags), what seems to be missing is given the same time from when the last one was read. While
 * catching up that is settled: what is older was read.
 */
const transactionDueMs = (live: LiveTransaction, { holdMs, lateMs }: SpanRules, clock: Clock): number | null => {
  const { phase, transaction, isComplete, sent } = live;
  const last = sent?.transaction ?? null;
  const readAtMs = clock.isCaughtUp() ? live.readAtMs : Number.NEGATIVE_INFINITY;
  if (phase === 'ended') {
    const isDone = last === 'failed' || (last !== null && !hasFailed(transaction));
    if (isDone) return null;
    return isComplete ? Number.NEGATIVE_INFINITY : Math.max(transaction.lastSeenMs, readAtMs) + lateMs;
  }
  if (last !== null) return null;
  return Math.max(transaction.arrivedAtMs + holdMs, readAtMs + Math.min(lateMs, holdMs));
};

/** False also where it was decided not to send anything. */
const wasSent = (sent: SentSpans | null): sent is SentSpans =>
  sent !== null && (sent.parentSpanId !== null || Object.keys(sent.deliveries).length > 0);

/** The transaction under the identity that was sent already. */
const identified = ({ transaction, sent }: LiveTransaction): Transaction =>
  wasSent(sent)
    ? { ...transaction, messageId: sent.messageId, arrivedAtMs: sent.arrivedAtMs ?? transaction.arrivedAtMs }
    : transaction;

const countEvents = ({ events, droppedEvents }: Span): number => events.length + droppedEvents;

type Plan = Readonly<{ spans: readonly Span[]; decision: Decision }>;

/** Deliveries that were not sent yet, or to which a further recipient has come. */
const dueDeliveries = (transaction: Transaction, sent: SentSpans | null, settledMs: number): readonly Span[] =>
  deliverySpans(
    transaction,
    ({ spanId, events, endMs }) => endMs <= settledMs && (sent?.deliveries[spanId] ?? 0) < events,
  );

const ownSpans = (live: LiveTransaction, transaction: Transaction, { machines }: SpanRules): readonly Span[] => {
  const { sent, cause, phase } = live;
  const drawn = transactionSpan(transaction, machines, { isOpen: phase !== 'ended', cause });
  const isFirst = sent === null || sent.parentSpanId === null;
  const own = isFirst ? drawn : { ...drawn, parentSpanId: sent.parentSpanId };
  const hasOwnRoot = isFirst ? isEntry(transaction, machines) : own.parentSpanId === rootSpanId(transaction);
  return hasOwnRoot && sent?.hasRoot !== true ? [own, rootSpan(transaction)] : [own];
};

/** What was sent when these spans are. */
const sentAfter = (
  live: LiveTransaction,
  transaction: Transaction,
  deliveries: readonly Span[],
  own: readonly Span[],
): SentSpans => {
  const { sent } = live;
  const [ownSpan, root] = own;
  const isPinned = ownSpan !== undefined || transaction.messageId === null;
  return {
    atMs: sent?.atMs ?? transaction.arrivedAtMs,
    messageId: transaction.messageId,
    arrivedAtMs: sent?.arrivedAtMs ?? (isPinned ? transaction.arrivedAtMs : null),
    parentSpanId: sent?.parentSpanId ?? ownSpan?.parentSpanId ?? null,
    transaction: ownSpan === undefined ? (sent?.transaction ?? null) : wantedState(live),
    hasRoot: sent?.hasRoot === true || root !== undefined,
    deliveries: {
      ...sent?.deliveries,
      ...Object.fromEntries(deliveries.map((span) => [span.spanId, countEvents(span)])),
    },
  };
};

/** Not among the share that is sent: decided all the same, so that it is not looked at again and again. */
const skipped = (live: LiveTransaction, isDue: boolean): SentSpans | null => {
  const { sent, transaction } = live;
  if (!isDue) return sent;
  const { arrivedAtMs, messageId } = transaction;
  return { ...NOTHING_SENT, atMs: arrivedAtMs, messageId, ...sent, transaction: wantedState(live) };
};

const planOne = (live: LiveTransaction, rules: SpanRules, clock: Clock): Plan => {
  const { phase, sent } = live;
  // What was not accepted is no mail, and leaves no trace.
  const isMail = phase !== 'arriving' && phase !== 'refused';
  if (!isMail || !isDrawn(live.transaction)) return { spans: [], decision: { sent, wakeAtMs: null } };
  const dueMs = transactionDueMs(live, rules, clock);
  const isDue = dueMs !== null && dueMs <= clock.of(live.transaction.host);
  const wakeAtMs = isDue ? null : dueMs;
  const transaction = identified(live);
  if (rules.share < 1 && !isSampled(transaction, rules.share) && !hasFailed(transaction)) {
    return { spans: [], decision: { sent: skipped(live, isDue), wakeAtMs } };
  }
  // Without the message-id it would be a trace of its own: the line may come late.
  if (!wasSent(sent) && !live.isIdentityKnown && !isDue) return { spans: [], decision: { sent, wakeAtMs } };
  const settledMs = isDue && phase === 'ended' ? Number.POSITIVE_INFINITY : clock.settledOf(transaction.host);
  const deliveries = dueDeliveries(transaction, sent, settledMs);
  const own = isDue ? ownSpans(live, transaction, rules) : [];
  const spans = [...deliveries, ...own];
  const isMoreToCome = transaction.recipients.some(({ attempts }) => (attempts.at(-1)?.timeMs ?? 0) > settledMs);
  return {
    spans,
    decision: {
      sent: spans.length === 0 ? sent : sentAfter(live, transaction, deliveries, own),
      wakeAtMs: isMoreToCome ? Number.NEGATIVE_INFINITY : wakeAtMs,
    },
  };
};

export type SpanPlan = Readonly<{ spans: readonly Span[]; decisions: ReadonlyMap<LiveTransaction, Decision> }>;

export const planSpans = (lives: readonly LiveTransaction[], rules: SpanRules, clock: Clock): SpanPlan => {
  const spans: Span[] = [];
  const decisions = new Map<LiveTransaction, Decision>();
  for (const live of lives) {
    const plan = planOne(live, rules, clock);
    spans.push(...plan.spans);
    decisions.set(live, plan.decision);
  }
  return { spans, decisions };
};
