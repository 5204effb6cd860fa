/**
 * The tables of `index.db`. Times: epoch milliseconds.
 *
 * - `transactions`: one row each, the whole of it as JSON in `content`; `id` grows, so rows lie in the order in which they
 *   were first written.
 * - `open_transactions`: those with `resume`, by the same `id`. Small, however large the other is.
 * - `terms`: what transactions are found by (search-terms.ts), as numbers. A segment is a run of `SEGMENT` ids.
 *
 * Why terms and not an index for each column: new rows are scattered over an index on addresses or message-ids, and once it is
 * larger than the memory for it, each row costs as many random pages as there are such indexes. Terms of new rows all fall
 * into the last segment, which stays in memory. A look-up asks each segment: one step per 32,768 transactions.
 */

/** Transactions of one segment of `terms`. Never changes: it is part of what is stored. */
export const SEGMENT = 32_768;

/** Common table expression: the segments there are, newest first. */
export const SEGMENTS = `segments (segment) AS (
  SELECT newest FROM (SELECT (SELECT max(id) FROM transactions) / ${SEGMENT} AS newest) WHERE newest IS NOT NULL
  UNION ALL SELECT segment - 1 FROM segments WHERE segment > (SELECT min(id) FROM transactions) / ${SEGMENT})`;

const CREATE_TABLES = `
CREATE TABLE transactions (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL,
  host TEXT NOT NULL,
  queue_id TEXT NOT NULL,
  arrived_at_ms INTEGER NOT NULL,
  message_id TEXT,
  first_seen_ms INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  content TEXT NOT NULL
);
-- The arrival is part of what the key is made of, so this is unique for the key alone, and new ones come at the end.
CREATE UNIQUE INDEX transactions_by_key ON transactions (arrived_at_ms, key);
CREATE INDEX transactions_by_time ON transactions (first_seen_ms);

CREATE TABLE open_transactions (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL,
  host TEXT NOT NULL,
  queue_id TEXT NOT NULL,
  arrived_at_ms INTEGER NOT NULL,
  resume TEXT NOT NULL
);
CREATE INDEX open_by_key ON open_transactions (key);
CREATE INDEX open_by_queue_id ON open_transactions (queue_id, host);
CREATE INDEX open_by_arrival ON open_transactions (arrived_at_ms, key);

CREATE TABLE terms (
  segment INTEGER NOT NULL,
  term INTEGER NOT NULL,
  id INTEGER NOT NULL,
  PRIMARY KEY (segment, term, id)
) WITHOUT ROWID;
`;

/** Who closes or removes a transaction knows its queue ID: `open_by_queue_id` finds it. */
const DROP_OPEN_BY_KEY = 'DROP INDEX open_by_key';

/** From `PRAGMA user_version` n to n + 1. A change of the tables is a further entry, never a changed one. */
export const UPGRADES: readonly string[] = [CREATE_TABLES, DROP_OPEN_BY_KEY];
