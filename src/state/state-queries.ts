/** The queries of the StateStore, for any database that Kysely speaks to. */
import type { Kysely } from 'kysely';
import type { OutboxEntry, StateChanges, StateStore } from '../app/ports.js';
import type { Incident, Subscription } from '../domain/subscription.js';
import { CHUNK, chunks, commitChanges } from './state-commit.js';
import type { OutboxTable, StateTables } from './tables.js';

type Db = Kysely<StateTables>;

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

const parseIncident = ({ content }: { content: string }): Incident => JSON.parse(content) as Incident;

const liveIncidents = async (db: Db): Promise<Incident[]> => {
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

const knownAlerts = async (db: Db, ids: readonly string[]): Promise<Set<string>> => {
  const known = new Set<string>();
  for (const part of chunks(ids)) {
    const rows = await db.selectFrom('counted_alerts').select('id').where('id', 'in', part).execute();
    for (const { id } of rows) known.add(id);
  }
  return known;
};

/** One step, a transaction of its own: other queries go between. @returns true while there is more */
const pruneSome = async (db: Db, beforeMs: number): Promise<boolean> => {
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

const findPositions = async (db: Db, source: string): Promise<Map<string, string>> => {
  const rows = await db
    .selectFrom('positions')
    .select(['partition', 'position'])
    .where('source', '=', source)
    .execute();
  return new Map(rows.map(({ partition, position }) => [partition, position]));
};

const listSubscriptions = async (db: Db): Promise<Subscription[]> => {
  const rows = await db.selectFrom('subscriptions').select('content').orderBy('created_at_ms').orderBy('id').execute();
  return rows.map(({ content }) => JSON.parse(content) as Subscription);
};

const putSubscription = async (db: Db, subscription: Subscription): Promise<void> => {
  const row = { created_at_ms: subscription.createdAtMs, content: JSON.stringify(subscription) };
  await db
    .insertInto('subscriptions')
    .values({ id: subscription.id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
};

const findIncident = async (db: Db, id: string): Promise<Incident | null> => {
  const row = await db.selectFrom('incidents').select('content').where('id', '=', id).executeTakeFirst();
  return row ? parseIncident(row) : null;
};

const listOutbox = async (db: Db, limit: number): Promise<OutboxEntry[]> =>
  (await db.selectFrom('outbox').selectAll().orderBy('sequence').orderBy('id').limit(limit).execute()).map(
    toOutboxEntry,
  );

const prune = async (db: Db, beforeMs: number): Promise<void> => {
  while (await db.transaction().execute((transaction) => pruneSome(transaction, beforeMs)));
};

/** Nothing came: no transaction, no wait for the disk. */
const isEmpty = (changes: Partial<StateChanges>): boolean => Object.values(changes).every((list) => list.length === 0);

/** @param explain makes what a person can act on of an error of the database */
export const stateStoreOver = (db: Db, explain: (error: unknown) => Error): StateStore => {
  const attempt = async <Value>(work: Promise<Value>): Promise<Value> => {
    try {
      return await work;
    } catch (error) {
      throw explain(error);
    }
  };

  return {
    positions: (source) => attempt(findPositions(db, source)),
    commit: async (changes) => {
      if (isEmpty(changes)) return;
      await attempt(db.transaction().execute((transaction) => commitChanges(transaction, changes)));
    },
    subscriptions: () => attempt(listSubscriptions(db)),
    putSubscription: (subscription) => attempt(putSubscription(db, subscription)),
    removeSubscription: async (id) => {
      await attempt(db.deleteFrom('subscriptions').where('id', '=', id).execute());
    },
    liveIncidents: () => attempt(liveIncidents(db)),
    findIncident: (id) => attempt(findIncident(db, id)),
    knownAlerts: (ids) => attempt(knownAlerts(db, ids)),
    outbox: (limit) => attempt(listOutbox(db, limit)),
    prune: (beforeMs) => attempt(prune(db, beforeMs)),
    close: () => attempt(db.destroy()),
  };
};
