/**
 * Subscriptions, live incidents and the outbox of this process: what the store holds, in memory, changed by one at a time. The
 * lines that are followed, the sending, and the buttons all change incidents; none may undo what another one did.
 */
import type { Incident, Subscription } from '../domain/subscription.js';
import type { AlertChanges } from './alerting.js';
import type { OutboxEntry, StateStore } from './ports.js';

export type Ledger = Readonly<{
  subscriptions: () => readonly Subscription[];
  subscription: (id: string) => Subscription | undefined;
  /** Pending and open ones, and closed ones that are still to be shown. */
  incidents: () => readonly Incident[];
  incident: (id: string) => Incident | undefined;
  /** Oldest first. */
  outbox: () => readonly OutboxEntry[];
  /** Entries that are being sent: nothing is added to them. */
  sending: Set<string>;
  /** Lets `work` read and write while nobody else does. Not to be called from within `work`. */
  alone: <T>(work: () => Promise<T>) => Promise<T>;
  /** Only within `alone`. `write` takes the place of the store's own commit. Nothing has changed when it throws. */
  commit: (changes: Partial<AlertChanges>, write?: (changes: AlertChanges) => Promise<void>) => Promise<void>;
  /** Only within `alone`. */
  putSubscription: (subscription: Subscription) => Promise<void>;
  /** Only within `alone`. */
  removeSubscription: (id: string) => Promise<void>;
  /** Also a closed one that is no longer in memory. */
  findIncident: (id: string) => Promise<Incident | null>;
  /** Which of these alerts were counted already. */
  knownAlerts: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
  /** `listener` is called after every change. */
  onChange: (listener: () => void) => void;
}>;

/** More cannot be: each live incident has a parent, a summary and few details, and incidents are bounded. */
const OUTBOX_MAX = 100_000;

type Store = Omit<StateStore, 'positions' | 'prune' | 'close'>;

/** One after the other, in the order of asking. */
const createTurns = (): Ledger['alone'] => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
};

const mapById = <Item extends Readonly<{ id: string }>>(items: readonly Item[]): Map<string, Item> =>
  new Map(items.map((item) => [item.id, item]));

/** @throws what the store throws */
export const openLedger = async (store: Store): Promise<Ledger> => {
  const subscriptions = mapById(await store.subscriptions());
  const incidents = mapById(await store.liveIncidents());
  const outbox = mapById(await store.outbox(OUTBOX_MAX));
  const listeners: (() => void)[] = [];
  const changed = (): void => {
    for (const listener of listeners) listener();
  };

  const apply = ({ incidents: written, outbox: entries, done }: AlertChanges): void => {
    for (const incident of written) incidents.set(incident.id, incident);
    for (const entry of entries) outbox.set(entry.id, entry);
    for (const id of done) outbox.delete(id);
    const shown = new Set([...outbox.values()].map(({ incidentId }) => incidentId));
    for (const [id, { state }] of incidents) if (state === 'closed' && !shown.has(id)) incidents.delete(id);
  };

  return {
    subscriptions: () => [...subscriptions.values()],
    subscription: (id) => subscriptions.get(id),
    incidents: () => [...incidents.values()],
    incident: (id) => incidents.get(id),
    outbox: () => [...outbox.values()],
    sending: new Set(),
    alone: createTurns(),
    commit: async (partial, write = (changes) => store.commit(changes)) => {
      const changes = { alertIds: [], incidents: [], outbox: [], done: [], ...partial };
      await write(changes);
      if (changes.incidents.length + changes.outbox.length + changes.done.length === 0) return;
      apply(changes);
      changed();
    },
    putSubscription: async (subscription) => {
      await store.putSubscription(subscription);
      subscriptions.set(subscription.id, subscription);
      changed();
    },
    removeSubscription: async (id) => {
      await store.removeSubscription(id);
      subscriptions.delete(id);
      changed();
    },
    findIncident: async (id) => incidents.get(id) ?? (await store.findIncident(id)),
    knownAlerts: (ids) => store.knownAlerts(ids),
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
};
