/** StateStore and TransactionIndex in memory, for tests of what uses them. They pass the same contracts as the real ones. */
import type {
  OutboxEntry,
  StateChanges,
  StateStore,
  TransactionIndex,
  TransactionRecord,
} from '../../src/app/ports.ts';
import type { Incident, Subscription } from '../../src/domain/subscription.ts';

/** What is kept shares nothing with what was handed over. Throws on what is not JSON, as the real ones do. */
const copyOf = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

type StateTables = {
  positions: Map<string, Map<string, string>>;
  incidents: Map<string, Incident>;
  alerts: Map<string, StateChanges['alertIds'][number]>;
  outbox: Map<string, OutboxEntry>;
};

const commitTo = ({ positions, incidents, alerts, outbox }: StateTables, changes: Partial<StateChanges>): void => {
  // A Map keeps the place of a key that is set again, as the outbox asks for.
  for (const { source, partition, position } of changes.positions ?? []) {
    const partitions = positions.get(source) ?? new Map<string, string>();
    positions.set(source, partitions.set(partition, position));
  }
  for (const alert of changes.alertIds ?? []) if (!alerts.has(alert.id)) alerts.set(alert.id, alert);
  for (const incident of changes.incidents ?? []) incidents.set(incident.id, incident);
  for (const entry of changes.outbox ?? []) outbox.set(entry.id, entry);
  for (const id of changes.done ?? []) outbox.delete(id);
};

/** Starts empty. */
export const memoryStateStore = (): StateStore => {
  const tables: StateTables = { positions: new Map(), incidents: new Map(), alerts: new Map(), outbox: new Map() };
  const subscriptions = new Map<string, Subscription>();

  const hasOutbox = (id: string): boolean => [...tables.outbox.values()].some(({ incidentId }) => incidentId === id);

  return {
    positions: async (source) => new Map(tables.positions.get(source)),
    commit: async (changes) => commitTo(tables, copyOf(changes)),
    subscriptions: async () =>
      [...subscriptions.values()].map(copyOf).toSorted((a, b) => a.createdAtMs - b.createdAtMs || byText(a.id, b.id)),
    putSubscription: async (subscription) => {
      subscriptions.set(subscription.id, copyOf(subscription));
    },
    removeSubscription: async (id) => {
      subscriptions.delete(id);
    },
    liveIncidents: async () =>
      [...tables.incidents.values()]
        .filter(({ id, state }) => state !== 'closed' || hasOutbox(id))
        .map(copyOf)
        .toSorted((a, b) => a.firstMs - b.firstMs || byText(a.id, b.id)),
    findIncident: async (id) => copyOf(tables.incidents.get(id) ?? null),
    knownAlerts: async (ids) => new Set(ids.filter((id) => tables.alerts.has(id))),
    outbox: async (limit) => [...tables.outbox.values()].slice(0, limit).map(copyOf),
    prune: async (beforeMs) => {
      for (const { id, timeMs } of tables.alerts.values()) if (timeMs < beforeMs) tables.alerts.delete(id);
      for (const { id, closedAtMs, state } of tables.incidents.values()) {
        if (state !== 'closed' || closedAtMs === null || closedAtMs >= beforeMs || hasOutbox(id)) continue;
        tables.incidents.delete(id);
      }
    },
    close: async () => {},
  };
};

const byArrival = (a: TransactionRecord, b: TransactionRecord): number =>
  a.transaction.arrivedAtMs - b.transaction.arrivedAtMs || byText(a.key, b.key);

type Pairs = Parameters<TransactionIndex['findOpen']>[0];

const textOf = ({ host, queueId }: Pairs[number]): string => `${host}\0${queueId}`;

/** The distinct pairs asked for, each with its records. */
const groupByPair = (records: readonly TransactionRecord[], pairs: Pairs): TransactionRecord[][] => {
  const groups = new Map<string, TransactionRecord[]>(pairs.map((pair) => [textOf(pair), []]));
  for (const record of records) groups.get(textOf(record.transaction))?.push(record);
  return [...groups.values()];
};

/** Starts empty. */
export const memoryIndex = (): TransactionIndex => {
  const records = new Map<string, TransactionRecord>();
  const open = (): TransactionRecord[] => [...records.values()].filter(({ resume }) => resume !== null);
  const closed = (): TransactionRecord[] => [...records.values()].filter(({ resume }) => resume === null);

  return {
    write: async (changes) => {
      const { put, remove, close } = copyOf(changes);
      for (const { key } of remove) records.delete(key);
      for (const record of put) records.set(record.key, record);
      for (const { key } of close) {
        const record = records.get(key);
        if (record) records.set(key, { ...record, resume: null });
      }
    },
    findOpen: async (pairs) => groupByPair(open(), pairs).flat().map(copyOf),
    findClosed: async (pairs) =>
      groupByPair(closed(), pairs)
        .map((group) => group.toSorted(byArrival).at(-1))
        .filter((record) => record !== undefined)
        .map(copyOf),
    listOpen: async ({ arrivedBeforeMs, after, limit }) =>
      open()
        .toSorted(byArrival)
        .filter(({ key, transaction: { arrivedAtMs } }) => {
          if (arrivedAtMs >= arrivedBeforeMs) return false;
          if (after === null || arrivedAtMs > after.arrivedAtMs) return true;
          return arrivedAtMs === after.arrivedAtMs && key > after.key;
        })
        .slice(0, limit)
        .map(copyOf),
    countOpen: async () => open().length,
    findByMessageIds: async (ids, limit) =>
      [...new Set(ids)].flatMap((id) =>
        [...records.values()]
          .filter(({ transaction }) => transaction.messageId === id)
          .toSorted(byArrival)
          .slice(0, limit)
          .map(({ transaction }) => copyOf(transaction)),
      ),
    prune: async (lastSeenBeforeMs) => {
      const old = closed().filter(
        ({ state, transaction }) => state === 'ended' && transaction.lastSeenMs < lastSeenBeforeMs,
      );
      for (const { key } of old) records.delete(key);
      return old.length;
    },
    close: async () => {},
  };
};
