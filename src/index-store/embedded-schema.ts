/**
 * The tables of `index.db`. `transactions` has one row for each transaction: itself as JSON (`content`), and beside it what
 * is searched for. `outcomes` has one row for each recipient and each distinct outcome an attempt for it had. Addresses,
 * domains and names of hosts are in lower case; message-ids and queue IDs are as logged. Times: epoch milliseconds.
 */

/** `PRAGMA user_version` of the file. A change of the tables is a further entry of `UPGRADES`, never a changed one. */
const CREATE_TABLES = `
CREATE TABLE transactions (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  host TEXT NOT NULL,
  queue_id TEXT NOT NULL,
  arrived_at_ms INTEGER NOT NULL,
  message_id TEXT,
  sender TEXT,
  sender_domain TEXT,
  client_name TEXT,
  client_ip TEXT,
  first_seen_ms INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  content TEXT NOT NULL,
  resume TEXT
);
CREATE INDEX transactions_by_queue_id ON transactions (queue_id, host, arrived_at_ms);
CREATE INDEX transactions_by_message_id ON transactions (message_id, arrived_at_ms) WHERE message_id IS NOT NULL;
CREATE INDEX transactions_by_time ON transactions (first_seen_ms);
CREATE INDEX transactions_by_host ON transactions (host, first_seen_ms);
CREATE INDEX transactions_by_sender ON transactions (sender_domain, sender) WHERE sender IS NOT NULL;
CREATE INDEX transactions_by_client ON transactions (client_name) WHERE client_name IS NOT NULL;
CREATE INDEX transactions_by_client_ip ON transactions (client_ip) WHERE client_ip IS NOT NULL;
CREATE INDEX open_by_queue_id ON transactions (queue_id, host) WHERE resume IS NOT NULL;
CREATE INDEX open_by_arrival ON transactions (arrived_at_ms, key) WHERE resume IS NOT NULL;

CREATE TABLE outcomes (
  transaction_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  address TEXT NOT NULL,
  domain TEXT NOT NULL,
  original_address TEXT,
  original_domain TEXT,
  status TEXT NOT NULL,
  attempt_status TEXT NOT NULL,
  relay_host TEXT,
  relay_ip TEXT,
  dsn TEXT,
  delay_ms INTEGER,
  PRIMARY KEY (transaction_id, position)
) WITHOUT ROWID;
CREATE INDEX outcomes_by_address ON outcomes (domain, address);
CREATE INDEX outcomes_by_original ON outcomes (original_domain, original_address) WHERE original_address IS NOT NULL;
CREATE INDEX outcomes_by_relay ON outcomes (relay_host) WHERE relay_host IS NOT NULL;
CREATE INDEX outcomes_by_relay_ip ON outcomes (relay_ip) WHERE relay_ip IS NOT NULL;
-- What is looked for is seldom what went well: these stay small.
CREATE INDEX outcomes_by_status ON outcomes (status) WHERE status <> 'sent';
CREATE INDEX outcomes_by_attempt_status ON outcomes (attempt_status) WHERE attempt_status <> 'sent';
CREATE INDEX outcomes_by_dsn ON outcomes (dsn) WHERE dsn >= '3';
CREATE INDEX outcomes_by_delay ON outcomes (delay_ms) WHERE delay_ms >= 60000;
`;

/** From version n to n + 1. */
export const UPGRADES: readonly string[] = [CREATE_TABLES];
