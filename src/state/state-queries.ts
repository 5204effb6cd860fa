/** The queries of the StateStore, for any database that Kysely speaks to. */
import type { Kysely, Transaction } from 'kysely';
import type { OutboxEntry, StateChanges, StateStore } from '../app/ports.js';
import type { Incident, Subscription } from '../domain/subscription.js';
import type { OutboxTable, StateTables } from './tables.js';

/** Rows of one statement; SQLite takes 32,766 parameters, PostgreSQL 65,535. */
const CHUNK = 500;

const chunks = <Item>(items: readonly Item[]): (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / CHUNK) }, (_, index) =>
    items.slice(index * CHUNK, (index + 1) * CHUNK),
  );

/** PostgreSQL refuses a statement that touches one row twice; the last of equal ones is meant. */
const lastOfEach = <Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] => [
  ...new Map(items.map((item) => [keyOf(item), item])).values(),
];

type Db = Transaction<StateTables>;

const putPositions = async (db: Db, positions: StateChanges['positions']): Promise<void> => {
  const rows = lastOfEach(positions, ({ source, partition }) => JSON.stringify([source, partition]));
  for (const values of chunks(rows)) {
    await db
      .insertInto('positions')
      .values(values.map(({ source, partition, position }) => ({ source, partition, position })))
      .onConflict((conflict) =>
        conflict.columns(['source', 'partition']).doUpdateSet((eb) => ({ position: eb.ref('excluded.position') })),
      )
      .execute();
  }
};

const putAlertIds = async (db: Db, alertIds: StateChanges['alertIds']): Promise<void> => {
  for (const values of chunks(alertIds)) {
    await db
      .insertInto('counted_alerts')
      .values(values.map(({ id, incidentId, timeMs }) => ({ id, incident_id: incidentId, time_ms: timeMs })))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  }
};

const putIncidents = async (db: Db, incidents: readonly Incident[]): Promise<void> => {
  for (const values of chunks(lastOfEach(incidents, ({ id }) => id))) {
    await db
      .insertInto('incidents')
      .values(
        values.map((incident) => ({
          id: incident.id,
          state: incident.state,
          first_ms: incident.firstMs,
          closed_at_ms: incident.closedAtMs,
          content: JSON.stringify(incident),
        })),
      )
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet((eb) => ({
          state: eb.ref('excluded.state'),
          first_ms: eb.ref('excluded.first_ms'),
          closed_at_ms: eb.ref('excluded.closed_at_ms'),
          content: eb.ref('excluded.content'),
        })),
      )
      .execute();
  }
};

const lastSequence = async (db: Db): Promise<number> => {
  const row = await db
    .selectFrom('outbox')
    .select((eb) => eb.fn.max('sequence').as('last'))
    .executeTakeFirst();
  return Number(row?.last ?? 0);
};

/** An entry that is there already keeps its place in the order. */
const putOutbox = async (db: Db, entries: readonly OutboxEntry[]): Promise<void> => {
  const rows = lastOfEach(entries, ({ id }) => id);
  if (rows.length === 0) return;
  const last = await lastSequence(db);
  const numbered = rows.map((entry, index) => ({ ...entry, sequence: last + 1 + index }));
  for (const values of chunks(numbered)) {
    await db
      .insertInto('outbox')
      .values(
        values.map((entry) => ({
          id: entry.id,
          sequence: entry.sequence,
          channel: entry.channel,
          incident_id: entry.incidentId,
          kind: entry.kind,
          content: entry.content,
          created_at_ms: entry.createdAtMs,
          due_at_ms: entry.dueAtMs,
          tries: entry.tries,
        })),
      )
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet((eb) => ({
          channel: eb.ref('excluded.channel'),
          incident_id: eb.ref('excluded.incident_id'),
          kind: eb.ref('excluded.kind'),
          content: eb.ref('excluded.content'),
          created_at_ms: eb.ref('excluded.created_at_ms'),
          due_at_ms: eb.ref('excluded.due_at_ms'),
          tries: eb.ref('excluded.tries'),
        })),
      )
      .execute();
  }
};

const toOutboxEntry = (row: OutboxTable): OutboxEntry => ({
  id: row.id,
  channel: row.channel,
  incidentId: row.incident_id,
  kind: row.kind,
  content: row.content,
  createdAtMs: Number(row.created_at_ms),
  dueAtMs: Number(row.due_at_ms),
  tries: row.tries,
});

const commit = async (db: Db, changes: Partial<StateChanges>): Promise<void> => {
  await putPositions(db, changes.positions ?? []);
  await putAlertIds(db, changes.alertIds ?? []);
  await putIncidents(db, changes.incidents ?? []);
  await putOutbox(db, changes.outbox ?? []);
  for (const ids of chunks(changes.done ?? [])) await db.deleteFrom('outbox').where('id', 'in', ids).execute();
};

const parseIncident = ({ content }: { content: string }): Incident => JSON.parse(content) as Incident;

const liveIncidents = async (db: Kysely<StateTables>): Promise<Incident[]> => {
  const rows = await db
    .selectFrom('incidents')
    .select('content')
    .where((eb) =>
      eb.or([
        eb('state', '!=', 'closed'),
        eb.exists(eb.selectFrom('outbox').select('outbox.id').whereRef('outbox.incident_id', '=', 'incidents.id')),
      ]),
    )
    .orderBy('first_ms')
    .orderBy('id')
    .execute();
  return rows.map(parseIncident);
};

const knownAlerts = async (db: Kysely<StateTables>, ids: readonly string[]): Promise<Set<string>> => {
  const known = new Set<string>();
  for (const part of chunks(ids)) {
    const rows = await db.selectFrom('counted_alerts').select('id').where('id', 'in', part).execute();
    for (const { id } of rows) known.add(id);
  }
  return known;
};

/** In steps: other queries go between. @returns true while there is more */
const pruneSome = async (db: Kysely<StateTables>, beforeMs: number): Promise<boolean> => {
  const alerts = await db
    .selectFrom('counted_alerts')
    .select('id')
    .where('time_ms', '<', beforeMs)
    .limit(CHUNK)
    .execute();
  const incidents = await db
    .selectFrom('incidents')
    .select('id')
    .where('state', '=', 'closed')
    .where('closed_at_ms', '<', beforeMs)
    .where((eb) =>
      eb.not(
        eb.exists(eb.selectFrom('outbox').select('outbox.id').whereRef('outbox.incident_id', '=', 'incidents.id')),
      ),
    )
    .limit(CHUNK)
    .execute();
  const idsOf = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id);
  if (alerts.length > 0) await db.deleteFrom('counted_alerts').where('id', 'in', idsOf(alerts)).execute();
  if (incidents.length > 0) await db.deleteFrom('incidents').where('id', 'in', idsOf(incidents)).execute();
  return alerts.length === CHUNK || incidents.length === CHUNK;
};

/** @param explain makes what a person can act on of an error of the database */
export const stateStoreOver = (db: Kysely<StateTables>, explain: (error: unknown) => Error): StateStore => {
  const attempt = async <Value>(work: Promise<Value>): Promise<Value> => {
    try {
      return await work;
    } catch (error) {
      throw explain(error);
    }
  };

  const positions = async (source: string): Promise<Map<string, string>> => {
    const rows = await db
      .selectFrom('positions')
      .select(['partition', 'position'])
      .where('source', '=', source)
      .execute();
    return new Map(rows.map(({ partition, position }) => [partition, position]));
  };

  const subscriptions = async (): Promise<Subscription[]> => {
    const rows = await db
      .selectFrom('subscriptions')
      .select('content')
      .orderBy('created_at_ms')
      .orderBy('id')
      .execute();
    return rows.map(({ content }) => JSON.parse(content) as Subscription);
  };

  const putSubscription = async (subscription: Subscription): Promise<void> => {
    const row = { created_at_ms: subscription.createdAtMs, content: JSON.stringify(subscription) };
    await db
      .insertInto('subscriptions')
      .values({ id: subscription.id, ...row })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
      .execute();
  };

  const findIncident = async (id: string): Promise<Incident | null> => {
    const row = await db.selectFrom('incidents').select('content').where('id', '=', id).executeTakeFirst();
    return row ? parseIncident(row) : null;
  };

  const outbox = async (limit: number): Promise<OutboxEntry[]> =>
    (await db.selectFrom('outbox').selectAll().orderBy('sequence').orderBy('id').limit(limit).execute()).map(
      toOutboxEntry,
    );

  const prune = async (beforeMs: number): Promise<void> => {
    while (await pruneSome(db, beforeMs));
  };

  return {
    positions: (source) => attempt(positions(source)),
    commit: (changes) => attempt(db.transaction().execute((transaction) => commit(transaction, changes))),
    subscriptions: () => attempt(subscriptions()),
    putSubscription: (subscription) => attempt(putSubscription(subscription)),
    removeSubscription: async (id) => {
      await attempt(db.deleteFrom('subscriptions').where('id', '=', id).execute());
    },
    liveIncidents: () => attempt(liveIncidents(db)),
    findIncident: (id) => attempt(findIncident(id)),
    knownAlerts: (ids) => attempt(knownAlerts(db, ids)),
    outbox: (limit) => attempt(outbox(limit)),
    prune: (beforeMs) => attempt(prune(beforeMs)),
    close: () => attempt(db.destroy()),
  };
};
