/** The tables of the StateStore as its queries see them. What only the domain understands is one JSON text. Times: epoch ms. */
import type { OutboxEntry } from '../app/ports.js';

export type PositionsTable = { source: string; partition: string; position: string };

export type SubscriptionsTable = {
  id: string;
  created_at_ms: number;
  /** `Subscription`. */
  content: string;
};

export type IncidentsTable = {
  id: string;
  state: string;
  first_ms: number;
  closed_at_ms: number | null;
  /** `Incident`. */
  content: string;
};

export type CountedAlertsTable = { id: string; incident_id: string; time_ms: number };

export type OutboxTable = {
  id: string;
  /** Order in which entries were first put. */
  sequence: number;
  channel: string;
  incident_id: string;
  kind: OutboxEntry['kind'];
  content: string;
  created_at_ms: number;
  due_at_ms: number;
  tries: number;
};

export type StateTables = {
  positions: PositionsTable;
  subscriptions: SubscriptionsTable;
  incidents: IncidentsTable;
  counted_alerts: CountedAlertsTable;
  outbox: OutboxTable;
};
