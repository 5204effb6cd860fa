/**
 * How the tables came to be, oldest first. A migration that was released is never changed; the next one goes on from it.
 * Types and statements are those that SQLite and PostgreSQL share.
 */
import type { Kysely, Migration } from 'kysely';

const createTables: Migration = {
  up: async (db: Kysely<unknown>) => {
    await db.schema
      .createTable('positions')
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('partition', 'text', (column) => column.notNull())
      .addColumn('position', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('positions_key', ['source', 'partition'])
      .execute();
    await db.schema
      .createTable('subscriptions')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('content', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('incidents')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('first_ms', 'bigint', (column) => column.notNull())
      .addColumn('closed_at_ms', 'bigint')
      .addColumn('content', 'text', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('incidents_by_state').on('incidents').columns(['state', 'closed_at_ms']).execute();
    await db.schema
      .createTable('counted_alerts')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('incident_id', 'text', (column) => column.notNull())
      .addColumn('time_ms', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('counted_alerts_by_time').on('counted_alerts').column('time_ms').execute();
    await createOutbox(db);
  },
};

const createOutbox = async (db: Kysely<unknown>): Promise<void> => {
  await db.schema
    .createTable('outbox')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('incident_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('content', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('due_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('tries', 'integer', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('outbox_by_sequence').on('outbox').column('sequence').execute();
  await db.schema.createIndex('outbox_by_incident').on('outbox').column('incident_id').execute();
};

/** Name → migration. They run in the order of their names. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = { '0001-create-tables': createTables };
