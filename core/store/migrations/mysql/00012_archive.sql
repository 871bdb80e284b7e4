-- +goose Up
-- What stays of orders that have left for an archive: which archive, under which numbers people and gateways know them, and what they add up to. An audit
-- seal whose rows have left names their archive.

CREATE TABLE IF NOT EXISTS archives (
  id VARCHAR(64) NOT NULL,
  manifest VARCHAR(64) NOT NULL,
  orders BIGINT NOT NULL,
  first_seal BIGINT NOT NULL,
  last_seal BIGINT NOT NULL,
  gone BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  done_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS archived_orders (
  id VARCHAR(64) NOT NULL,
  merchant_id VARCHAR(64) NOT NULL,
  merchant_order_no VARBINARY(64) NOT NULL,
  archive VARCHAR(64) NOT NULL,
  archived_at BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY merchant_order_no (merchant_id, merchant_order_no),
  KEY archived_orders_order_no (merchant_order_no),
  KEY archived_orders_of (archive, id)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS archived_numbers (
  number VARBINARY(64) NOT NULL,
  kind VARCHAR(32) NOT NULL,
  payment_id VARCHAR(64) NOT NULL,
  PRIMARY KEY (number, kind, payment_id)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS archived_sums (
  merchant_id VARCHAR(64) NOT NULL,
  account VARCHAR(32) NOT NULL,
  owner VARCHAR(64) NOT NULL,
  archive VARCHAR(64) NOT NULL,
  amount_fen BIGINT NOT NULL,
  entries BIGINT NOT NULL,
  PRIMARY KEY (merchant_id, account, owner, archive)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

SET @seal_archive = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'audit_seals' AND column_name = 'archive'),
  'DO 0', 'ALTER TABLE audit_seals ADD COLUMN archive VARCHAR(64) NOT NULL DEFAULT ''''');
PREPARE seal_archive FROM @seal_archive;
EXECUTE seal_archive;
DEALLOCATE PREPARE seal_archive;
