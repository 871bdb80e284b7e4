-- +goose Up
-- What stays of orders that have left for an archive: which archive, under which numbers people and gateways know them, and what they add up to. An audit
-- seal whose rows have left names their archive.

CREATE TABLE IF NOT EXISTS archives (
  id TEXT NOT NULL,
  manifest TEXT NOT NULL,
  orders INTEGER NOT NULL,
  first_seal INTEGER NOT NULL,
  last_seal INTEGER NOT NULL,
  gone INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  done_at INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS archived_orders (
  id TEXT NOT NULL,
  merchant_id TEXT NOT NULL,
  merchant_order_no TEXT NOT NULL,
  archive TEXT NOT NULL,
  archived_at INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS archived_orders_by_merchant_order_no ON archived_orders (merchant_id, merchant_order_no);
CREATE INDEX IF NOT EXISTS archived_orders_order_no ON archived_orders (merchant_order_no);
CREATE INDEX IF NOT EXISTS archived_orders_of ON archived_orders (archive, id);

CREATE TABLE IF NOT EXISTS archived_numbers (
  number TEXT NOT NULL,
  kind TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  PRIMARY KEY (number, kind, payment_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS archived_sums (
  merchant_id TEXT NOT NULL,
  account TEXT NOT NULL,
  owner TEXT NOT NULL,
  archive TEXT NOT NULL,
  amount_fen INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, account, owner, archive)
) STRICT, WITHOUT ROWID;

ALTER TABLE audit_seals ADD COLUMN archive TEXT NOT NULL DEFAULT '';
