/**
 * Decides what to search next, given what is known; fetches nothing. The number of rounds does not grow with the number of
 * hops: one message-id finds every host's part at once. Nothing is asked twice: for each host and text the spans of time
 * already searched are kept.
 */
import type { HostName } from '../domain/ids.js';
import type { TimeWindow } from '../domain/time-window.js';
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

/** Was the beginning logged? A bounce has no arrival line, but its message-id line is its beginning. */
const hasBeginning = (t: Transaction): boolean => t.hasArrival || t.messageId !== null;

const isEnded = (t: Transaction): boolean =>
  t.removed || t.state === 'deleted' || t.state === 'discarded' || t.state === 'requeued';

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

/** Beyond the window's edges: the beginning and the end of what neither began nor ended inside. */
const wishesBeyond = (t: Transaction, { window, followLimitMs, nowMs }: PlannerOptions): Wish[] => {
  const wish = (span: TimeWindow): Wish => ({ host: t.host, needle: whole(t.queueId), window: span, isRelated: false });
  const back = { fromMs: window.fromMs - followLimitMs, toMs: window.fromMs };
  const onward = { fromMs: window.toMs, toMs: Math.min(window.toMs + followLimitMs, nowMs + SKEW_MS) };
  return [...(hasBeginning(t) ? [] : [wish(back)]), ...(isEnded(t) ? [] : [wish(onward)])];
};

const wishesOfTransactions = (known: Knowledge, options: PlannerOptions): Wish[] => {
  const { window, allHosts, followLimitMs } = options;
  const inWindow = [...textsOf(known.transactions)].flatMap((text) =>
    allHosts.map((host) => ({ host, needle: whole(text), window, isRelated: true })),
  );
  const beyond = followLimitMs === 0 ? [] : known.transactions.flatMap((t) => wishesBeyond(t, options));
  return [...inWindow, ...beyond];
};

/** Far sides that the window did not show: around the time of the hand-over, on every host, by every text that may name them. */
const wishesOfOpenEnds = (known: Knowledge, options: PlannerOptions): Wish[] =>
  known.openEnds
    // Somebody else's host ends the message here; a host that cannot be read would answer nothing.
    .filter(({ gap }) => gap === 'unknown' || gap === 'not-yet-logged')
    .flatMap((end): Wish[] => {
      const { messageId, queueId } = end.transaction;
      const named = end.direction === 'out' ? end.other.queueId : queueId;
      const texts = [named, messageId].filter((text) => text !== null);
      return options.allHosts.flatMap((host) =>
        texts.map((text) => ({ host, needle: whole(text), window: around(end.timeMs), isRelated: true })),
      );
    });

const wishesOfNotices = (known: Knowledge): Wish[] =>
  known.missingNotices.map(({ cause, queueId }) => ({
    host: cause.host,
    needle: whole(queueId),
    window: around(cause.lastSeenMs, cause.lastSeenMs - cause.firstSeenMs + SKEW_MS),
    isRelated: true,
  }));

/** The lines of the SMTP session bear no queue ID; they name the client as `name[address]`. */
const wishesOfSessions = (known: Knowledge): Wish[] =>
  known.unsettled.flatMap((t): Wish[] => {
    if (t.client?.ip == null) return [];
    const text = `${t.client.name ?? 'unknown'}[${t.client.ip}]`;
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
  const { window, followLimitMs, nowMs } = options;
  const bounds: TimeWindow =
    followLimitMs === 0
      ? window
      : {
          fromMs: window.fromMs - followLimitMs,
          toMs: Math.max(window.toMs, Math.min(window.toMs + followLimitMs, nowMs + SKEW_MS)),
        };
  const register = createRegister(bounds);
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
        ...wishesOfNotices(known),
        ...wishesOfSessions(known),
      ]),
  };
};
