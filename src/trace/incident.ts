/**
 * Alerts → incidents: those of one subscription with one cause, from the first until nothing matched for a while. Time is that of
 * the log lines.
 */
import { hashParts } from '../domain/ids.js';
import {
  type Alert,
  type Cause,
  type Incident,
  MANY_CAUSES,
  quietMs,
  type Subscription,
  type Threshold,
} from '../domain/subscription.js';
import { type Counting, countInto, EMPTY_TALLY } from './tally.js';

/** Of one subscription; further causes share one incident. */
const OPEN_MAX = 30;
const PENDING_MAX = 500;

export type IncidentInput = Readonly<{
  /** Pending and open ones. */
  live: readonly Incident[];
  /** None of them counted before; in the order of time. */
  alerts: readonly Alert[];
  subscriptions: ReadonlyMap<string, Subscription>;
  /** All logs have reached it: what was quiet until then is over. */
  timeMs: number;
}>;

export type IncidentOutcome = Readonly<{
  /** New and changed ones, in the order of their beginning. */
  changed: readonly Incident[];
  /** Alert → id of its incident. */
  homes: ReadonlyMap<Alert, string>;
}>;

const keyOf = (subscriptionId: string, { at, dsnClass, reason }: Cause): string =>
  JSON.stringify([subscriptionId, at, dsnClass, reason]);

const begin = (alert: Alert, cause: Cause): Incident => ({
  id: hashParts('incident', keyOf(alert.subscriptionId, cause), alert.id).toString('hex').slice(0, 32),
  subscriptionId: alert.subscriptionId,
  channel: alert.channel,
  cause,
  kinds: [],
  state: 'pending',
  openedAtMs: null,
  firstMs: alert.timeMs,
  lastMs: alert.timeMs,
  closedAtMs: null,
  count: 0,
  senders: 0,
  recipients: 0,
  topReasons: [],
  example: null,
  messageTs: null,
  acknowledgedBy: null,
  acknowledgedUntilMs: null,
  mutedUntilMs: null,
  tally: EMPTY_TALLY,
});

/** When it is over unless something matches before. */
export const quietAtMs = ({ lastMs }: Pick<Incident, 'lastMs'>, subscription: Subscription | undefined): number =>
  lastMs + quietMs(subscription?.threshold ?? null);

/** The live incidents of one subscription. */
type Shelf = Readonly<{
  subscription: Subscription | undefined;
  threshold: Threshold | null;
  byKey: Map<string, Counting>;
  /** So many of them are open. */
  open: { count: number };
}>;

/** In the order of their beginning: those that were touched, in their last state. */
type Touched = Map<string, Counting | Incident>;

const put = ({ byKey, open }: Shelf, incident: Incident): Counting => {
  const counting = countInto(incident);
  byKey.set(keyOf(incident.subscriptionId, incident.cause), counting);
  if (counting.state() === 'open') open.count += 1;
  return counting;
};

const end = ({ byKey, open }: Shelf, key: string, counting: Counting, touched: Touched, atMs: number): void => {
  byKey.delete(key);
  if (counting.state() === 'open') open.count -= 1;
  touched.set(counting.id, { ...counting.get(), state: 'closed', closedAtMs: atMs });
};

/** The incident this cause has then; one that was quiet for too long before is over. */
const current = (shelf: Shelf, cause: Cause, alert: Alert, touched: Touched): Counting | undefined => {
  const key = keyOf(alert.subscriptionId, cause);
  const counting = shelf.byKey.get(key);
  if (counting === undefined) return undefined;
  const overAtMs = quietAtMs({ lastMs: counting.lastMs() }, shelf.subscription);
  if (alert.timeMs < overAtMs) return counting;
  end(shelf, key, counting, touched, overAtMs);
  return undefined;
};

/** Where an alert is counted: with its cause, unless there are too many causes already. */
const homeOf = (shelf: Shelf, alert: Alert, touched: Touched): Counting => {
  const known = current(shelf, alert.cause, alert, touched);
  if (known?.state() === 'open') return known;
  const opens = known === undefined ? shelf.threshold === null : known.opensWith(alert, shelf.threshold);
  const isFull = opens ? shelf.open.count >= OPEN_MAX : shelf.byKey.size - shelf.open.count >= PENDING_MAX;
  if (known !== undefined && !(opens && isFull)) return known;
  if (!isFull) return put(shelf, begin(alert, alert.cause));
  return current(shelf, MANY_CAUSES, alert, touched) ?? put(shelf, begin(alert, MANY_CAUSES));
};

export const reduceIncidents = ({ live, alerts, subscriptions, timeMs }: IncidentInput): IncidentOutcome => {
  const shelves = new Map<string, Shelf>();
  const touched: Touched = new Map();
  const homes = new Map<Alert, string>();
  const shelfOf = (id: string): Shelf => {
    const subscription = subscriptions.get(id);
    const empty = {
      subscription,
      threshold: subscription?.threshold ?? null,
      byKey: new Map<string, Counting>(),
      open: { count: 0 },
    };
    const shelf = shelves.get(id) ?? empty;
    shelves.set(id, shelf);
    return shelf;
  };
  for (const incident of live) put(shelfOf(incident.subscriptionId), incident);
  for (const alert of alerts) {
    const shelf = shelfOf(alert.subscriptionId);
    const counting = homeOf(shelf, alert, touched);
    const wasOpen = counting.state() === 'open';
    counting.add(alert, shelf.threshold);
    if (!wasOpen && counting.state() === 'open') shelf.open.count += 1;
    touched.set(counting.id, counting);
    homes.set(alert, counting.id);
  }
  for (const shelf of shelves.values()) {
    for (const [key, counting] of shelf.byKey) {
      const overAtMs = quietAtMs({ lastMs: counting.lastMs() }, shelf.subscription);
      if (timeMs >= overAtMs) end(shelf, key, counting, touched, overAtMs);
    }
  }
  return { changed: [...touched.values()].map((it) => ('get' in it ? it.get() : it)), homes };
};

/** Somebody looks after it until then. */
export const acknowledge = (incident: Incident, by: string, untilMs: number): Incident => ({
  ...incident,
  acknowledgedBy: by,
  acknowledgedUntilMs: untilMs,
});

export const withdrawAcknowledgement = (incident: Incident): Incident => ({
  ...incident,
  acknowledgedBy: null,
  acknowledgedUntilMs: null,
});

export const isAcknowledged = ({ acknowledgedUntilMs }: Incident, nowMs: number): boolean =>
  acknowledgedUntilMs !== null && nowMs < acknowledgedUntilMs;

/** By its own button, or with its channel. */
export const mutedUntilMs = (incident: Incident, subscription: Subscription | null, nowMs: number): number | null => {
  const untilMs = Math.max(incident.mutedUntilMs ?? 0, subscription?.mutedUntilMs ?? 0);
  return untilMs > nowMs ? untilMs : null;
};
