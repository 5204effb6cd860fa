/**
 * Decides what to search next, given what is known; fetches nothing. The number of rounds does not grow with the number of
 * hops: one message-id finds every host's part at once. Nothing is asked twice: for each host and text the spans of time
 * already searched are kept.
 */
import type { Mta } from '../domain/event.js';
import type { HostName } from '../domain/ids.js';
import { isInside, type TimeWindow } from '../domain/time-window.js';
import type { Transaction } from '../domain/transaction.js';
import { overloadedMessageIds } from './find-next.js';
import type { OpenEnd } from './link.js';
import type { NeedleText } from './needles.js';
import { subtract } from './spans.js';

export type PlannedLookup = Readonly<{
  window: TimeWindow;
  needles: readonly NeedleText[];
  /** Also fetch the other lines of the queue IDs found. */
  isRelated: boolean;
}>;

/** Host → what to ask it. Empty: everything is known that can be. */
export type Plan = ReadonlyMap<HostName, readonly PlannedLookup[]>;

export type PlannerOptions = Readonly<{
  window: TimeWindow;
  startHosts: readonly HostName[];
  allHosts: readonly HostName[];
  /** null: every line is wanted. */
  needles: readonly NeedleText[] | null;
  /** How far beyond the window's edges a message is followed; 0 = not at all. */
  followLimitMs: number;
  nowMs: number;
  /** Do lines of this MTA hold its queue IDs only as the beginning of longer words? */
  isIdPrefix?: (mta: Mta) => boolean;
}>;

/** What the rounds so far have shown about the messages that are followed. */
export type Knowledge = Readonly<{
  transactions: readonly Transaction[];
  openEnds: readonly OpenEnd[];
  /** Arrived, but it is not known whether the message was accepted, or for whom. */
  unsettled: readonly Transaction[];
  /** Notices named by a transaction and not found yet. */
  missingNotices: readonly Readonly<{ cause: Transaction; queueId: string }>[];
}>;

export type Planner = Readonly<{ first: () => Plan; next: (known: Knowledge) => Plan }>;

/** Clocks of two hosts may differ by so much; see handover.ts. */
const SKEW_MS = 10 * 60_000;
/** An SMTP session that ends without a message does so within this time (smtpd_timeout is 300 s). */
const SESSION_MS = 30 * 60_000;

type Wish = Readonly<{ host: HostName; needle: NeedleText; window: TimeWindow; isRelated: boolean }>;

const whole = (text: string): NeedleText => ({ text, ignoreCase: false, isWhole: true });

const around = (timeMs: number, before = SKEW_MS, after = SKEW_MS): TimeWindow => ({
  fromMs: timeMs - before,
  toMs: timeMs + after + 1,
});

const clip = (window: TimeWindow, bounds: TimeWindow): TimeWindow => ({
  fromMs: Math.max(window.fromMs, bounds.fromMs),
  toMs: Math.min(window.toMs, bounds.toMs),
});

/** A session may take so long from `client=` to the message-id: a big message over a slow line. */
const ARRIVING_MS = 3_600_000;

const isEnded = (t: Transaction): boolean =>
  t.removed || t.state === 'deleted' || t.state === 'discarded' || t.state === 'requeued';

/** What is read at most of a message that is found in `window`. */
export const followRange = ({
  window,
  followLimitMs,
  nowMs,
}: Pick<PlannerOptions, 'window' | 'followLimitMs' | 'nowMs'>): TimeWindow =>
  followLimitMs === 0
    ? window
    : {
        fromMs: window.fromMs - followLimitMs,
        toMs: Math.max(window.toMs, Math.min(window.toMs + followLimitMs, nowMs + SKEW_MS)),
      };

/** Every text that names a part of these messages on some host. */
const textsOf = (transactions: readonly Transaction[]): ReadonlySet<string> => {
  const overloaded = overloadedMessageIds(transactions);
  return new Set(
    transactions.flatMap((t) => [
      t.queueId,
      ...(t.messageId === null || overloaded.has(t.messageId) ? [] : [t.messageId]),
      ...[t.reinjectedFrom, t.requeuedFrom].filter((id) => id !== null),
      ...t.recipients.flatMap(({ attempts }) => attempts.flatMap(({ nextQueueIds }) => nextQueueIds)),
      ...t.notices.map(({ queueId }) => queueId),
    ]),
  );
};

/** Mailbox servers and content filters keep no queue: all they log of a message, they log while they have it. */
const WITHOUT_QUEUE: ReadonlySet<Transaction['mta']> = new Set(['dovecot', 'amavis', 'rspamd']);
const HAVING_MS = 60_000;

/** All that its host logged about it: back to the arrival, unless that was read, and on to the end, unless that was read. */
const wishOfWhole = (t: Transaction, options: PlannerOptions): Wish => {
  if (WITHOUT_QUEUE.has(t.mta)) {
    const window = { fromMs: t.firstSeenMs - HAVING_MS, toMs: t.lastSeenMs + HAVING_MS };
    return { host: t.host, needle: whole(t.queueId), window, isRelated: false };
  }
  const range = followRange(options);
  // Bounces have no arrival line; of other mail it is logged shortly before the message-id.
  const beginning = t.messageId === null ? range.fromMs : t.firstSeenMs - ARRIVING_MS;
  const window = {
    fromMs: t.hasArrival ? t.firstSeenMs : beginning,
    toMs: isEnded(t) ? t.lastSeenMs + 1 : range.toMs,
  };
  const needle = { ...whole(t.queueId), isWhole: options.isIdPrefix?.(t.mta) !== true };
  return { host: t.host, needle, window, isRelated: false };
};

const wishesOfTransactions = (known: Knowledge, options: PlannerOptions): Wish[] => {
  const inWindow = [...textsOf(known.transactions)].flatMap((text) =>
    options.allHosts.map((host) => ({ host, needle: whole(text), window: options.window, isRelated: true })),
  );
  return [...inWindow, ...known.transactions.map((t) => wishOfWhole(t, options))];
};

const everywhere = (texts: readonly (string | null)[], timeMs: number, { allHosts }: PlannerOptions): Wish[] =>
  allHosts.flatMap((host) =>
    texts
      .filter((text) => text !== null)
      .map((text) => ({ host, needle: whole(text), window: around(timeMs), isRelated: true })),
  );

/** Far sides that the window did not show: around the time of the hand-over, on every host, by every text that may name them. */
const wishesOfOpenEnds = (known: Knowledge, options: PlannerOptions): Wish[] =>
  known.openEnds
    .filter(({ gap, timeMs }) => {
      // A host that cannot be read would answer nothing.
      if (gap === 'unreachable') return false;
      // Somebody else's host ends the message here, unless its name stands for machines of ours; in the window that was asked.
      return gap === 'unknown' || gap === 'not-yet-logged' || !isInside(options.window, timeMs);
    })
    .flatMap((end) => {
      const { messageId, queueId } = end.transaction;
      return everywhere([end.direction === 'out' ? end.other.queueId : queueId, messageId], end.timeMs, options);
    });

/** A message that arrived outside the window may come from a machine whose address no name is known for. */
const wishesOfArrivals = (known: Knowledge, options: PlannerOptions): Wish[] => {
  const overloaded = overloadedMessageIds(known.transactions);
  return known.transactions
    .filter((t) => t.hasArrival && t.via === 'smtp' && !isInside(options.window, t.arrivedAtMs))
    .flatMap((t) => {
      const isShared = t.messageId !== null && overloaded.has(t.messageId);
      return everywhere([t.queueId, isShared ? null : t.messageId], t.arrivedAtMs, options);
    });
};

const wishesOfNotices = (known: Knowledge): Wish[] =>
  known.missingNotices.map(({ cause, queueId }) => ({
    host: cause.host,
    needle: whole(queueId),
    window: around(cause.lastSeenMs, cause.lastSeenMs - cause.firstSeenMs + SKEW_MS),
    isRelated: true,
  }));

/** The lines of the SMTP session bear no queue ID; they name the client as `name[address]`, and its name may change. */
const wishesOfSessions = (known: Knowledge): Wish[] =>
  known.unsettled.flatMap((t): Wish[] => {
    if (t.client?.ip == null) return [];
    const text = `[${t.client.ip}]`;
    const window = around(t.arrivedAtMs, SKEW_MS, SESSION_MS);
    return [{ host: t.host, needle: { text, ignoreCase: false, isWhole: false }, window, isRelated: false }];
  });

const keyOf = ({ text, ignoreCase, isWhole }: NeedleText): string =>
  `${ignoreCase ? 'i' : 'c'}${isWhole ? 'w' : 's'}${text}`;

/** Takes off what was searched before, remembers the rest as searched, and gathers needles of one window into one lookup. */
const createRegister = (bounds: TimeWindow) => {
  const searched = new Map<string, TimeWindow[]>();
  return (wishes: readonly Wish[]): Plan => {
    const lookups = new Map<
      HostName,
      Map<string, { window: TimeWindow; isRelated: boolean; needles: Map<string, NeedleText> }>
    >();
    for (const { host, needle, window, isRelated } of wishes) {
      const key = `${host}\0${keyOf(needle)}`;
      const before = searched.get(key) ?? [];
      const wanted = clip(window, bounds);
      for (const span of subtract(wanted, before)) {
        const ofHost =
          lookups.get(host) ??
          new Map<string, { window: TimeWindow; isRelated: boolean; needles: Map<string, NeedleText> }>();
        lookups.set(host, ofHost);
        const spanKey = `${span.fromMs} ${span.toMs} ${isRelated}`;
        const lookup = ofHost.get(spanKey) ?? { window: span, isRelated, needles: new Map<string, NeedleText>() };
        ofHost.set(spanKey, lookup);
        lookup.needles.set(keyOf(needle), needle);
      }
      searched.set(key, [...before, wanted]);
    }
    return new Map(
      [...lookups].map(([host, ofHost]) => [
        host,
        [...ofHost.values()].map(({ window, isRelated, needles }) => ({
          window,
          isRelated,
          needles: [...needles.values()],
        })),
      ]),
    );
  };
};

export const createPlanner = (options: PlannerOptions): Planner => {
  const { window } = options;
  const register = createRegister(followRange(options));
  return {
    first: () =>
      new Map(
        options.startHosts.map((host) => [
          host,
          [{ window, needles: options.needles ?? [], isRelated: true }] as const,
        ]),
      ),
    next: (known) =>
      register([
        ...wishesOfTransactions(known, options),
        ...wishesOfOpenEnds(known, options),
        ...wishesOfArrivals(known, options),
        ...wishesOfNotices(known),
        ...wishesOfSessions(known),
      ]),
  };
};
