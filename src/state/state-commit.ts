/** What one commit of the StateStore writes. */
import type { Transaction } from 'kysely';
import type { OutboxEntry, StateChanges } from '../app/ports.js';
import type { Incident } from '../domain/subscription.js';
import type { StateTables } from './tables.js';

/** Rows of one statement; SQLite takes 32,766 parameters, PostgreSQL 65,535. */
export const CHUNK = 500;

export const chunks = <Item>(items: readonly Item[]): (readonly Item[])[] =>
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

/** Within the transaction `db`. */
export const commitChanges = async (db: Db, changes: Partial<StateChanges>): Promise<void> => {
  await putPositions(db, changes.positions ?? []);
  await putAlertIds(db, changes.alertIds ?? []);
  await putIncidents(db, changes.incidents ?? []);
  await putOutbox(db, changes.outbox ?? []);
  for (const ids of chunks(changes.done ?? [])) await db.deleteFrom('outbox').where('id', 'in', ids).execute();
};
