-- +goose Up
-- Times are milliseconds since 1970 in UTC, 0 for never. What callers choose byte by byte is VARBINARY: even binary collations ignore trailing blanks.
-- IF NOT EXISTS: DDL commits by itself on MySQL, so a migration that was killed half way is finished by the next start.
-- A unique key that callers react to is named as core.Unique names it.

CREATE TABLE IF NOT EXISTS payments (
  id VARCHAR(64) NOT NULL,
  merchant_id VARCHAR(64) NOT NULL,
  merchant_order_no VARBINARY(64) NOT NULL,
  environment VARCHAR(32) NOT NULL,
  platform VARCHAR(32) NOT NULL,
  amount_fen BIGINT NOT NULL,
  currency VARCHAR(8) NOT NULL,
  subject VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  goods_lines MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  metadata TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  return_url VARCHAR(2048) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  fingerprint VARCHAR(128) NOT NULL,
  status VARCHAR(32) NOT NULL,
  settling BOOLEAN NOT NULL,
  paid_fen BIGINT NOT NULL,
  reserved_fen BIGINT NOT NULL,
  refunded_fen BIGINT NOT NULL,
  active_attempt VARCHAR(64) NOT NULL,
  paid_attempt VARCHAR(64) NOT NULL,
  close_reason VARCHAR(64) NOT NULL,
  late_fen BIGINT NOT NULL,
  late_refund_id VARCHAR(64) NOT NULL,
  sequence BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  paid_at BIGINT NOT NULL,
  closed_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY merchant_order_no (merchant_id, merchant_order_no),
  KEY payments_newest (merchant_id, created_at, id),
  CONSTRAINT payments_money CHECK (0 <= refunded_fen AND refunded_fen <= reserved_fen AND reserved_fen <= paid_fen)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS attempts (
  id VARCHAR(64) NOT NULL,
  payment_id VARCHAR(64) NOT NULL,
  merchant_id VARCHAR(64) NOT NULL,
  out_trade_no VARCHAR(64) NOT NULL,
  token VARBINARY(128) NULL,
  platform VARCHAR(32) NOT NULL,
  channel VARCHAR(32) NOT NULL,
  gateway VARCHAR(32) NOT NULL,
  account VARCHAR(64) NOT NULL,
  amount_fen BIGINT NOT NULL,
  funding TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  payer_ref VARCHAR(64) NOT NULL,
  payer VARCHAR(128) NOT NULL,
  client_ip VARCHAR(64) NOT NULL,
  state VARCHAR(32) NOT NULL,
  settling BOOLEAN NOT NULL,
  superseded BOOLEAN NOT NULL,
  trade_no VARCHAR(64) NULL,
  channel_state BLOB NOT NULL,
  action TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  key_version VARCHAR(128) NOT NULL,
  paid_fen BIGINT NOT NULL,
  receipt_fen BIGINT NOT NULL,
  gateway_paid BIGINT NOT NULL,
  reason VARCHAR(64) NOT NULL,
  time_expire BIGINT NOT NULL,
  opened_at BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY out_trade_no (out_trade_no),
  UNIQUE KEY token (token),
  UNIQUE KEY trade_no (gateway, trade_no),
  KEY attempts_of (payment_id),
  KEY attempts_due (next_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS refunds (
  id VARCHAR(64) NOT NULL,
  payment_id VARCHAR(64) NOT NULL,
  attempt_id VARCHAR(64) NOT NULL,
  merchant_id VARCHAR(64) NOT NULL,
  merchant_refund_no VARBINARY(64) NULL,
  out_request_no VARCHAR(64) NOT NULL,
  origin VARCHAR(32) NOT NULL,
  amount_fen BIGINT NOT NULL,
  actual_fen BIGINT NOT NULL,
  reason VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  fingerprint VARCHAR(128) NOT NULL,
  status VARCHAR(32) NOT NULL,
  settling BOOLEAN NOT NULL,
  fail_code VARCHAR(64) NOT NULL,
  asker VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  approver VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  channel_state BLOB NOT NULL,
  key_version VARCHAR(128) NOT NULL,
  sent_at BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY merchant_refund_no (merchant_id, merchant_refund_no),
  UNIQUE KEY out_request_no (out_request_no),
  KEY refunds_of (payment_id),
  KEY refunds_due (next_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS idempotency (
  id VARCHAR(64) NOT NULL,
  merchant_id VARCHAR(64) NOT NULL,
  operation VARCHAR(64) NOT NULL,
  request_key VARBINARY(255) NOT NULL,
  fingerprint VARCHAR(128) NOT NULL,
  object_id VARCHAR(64) NOT NULL,
  done BOOLEAN NOT NULL,
  status BIGINT NOT NULL,
  answer MEDIUMBLOB NOT NULL,
  created_at BIGINT NOT NULL,
  delete_after BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY idempotency (merchant_id, operation, request_key),
  KEY idempotency_end (delete_after)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS inbox (
  id VARCHAR(64) NOT NULL,
  gateway VARCHAR(32) NOT NULL,
  account VARCHAR(64) NOT NULL,
  digest VARCHAR(128) NOT NULL,
  sealed MEDIUMBLOB NOT NULL,
  state VARCHAR(32) NOT NULL,
  code VARCHAR(64) NOT NULL,
  repeats BIGINT NOT NULL,
  out_trade_no VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  payment_id VARCHAR(64) NOT NULL,
  key_version VARCHAR(128) NOT NULL,
  next_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  delete_after BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY inbox_digest (account, digest),
  KEY inbox_due (next_at, id),
  KEY inbox_end (delete_after)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS events (
  id VARCHAR(64) NOT NULL,
  row_id VARCHAR(64) NOT NULL,
  merchant_id VARCHAR(64) NOT NULL,
  payment_id VARCHAR(64) NOT NULL,
  refund_id VARCHAR(64) NOT NULL,
  event_type VARCHAR(64) NOT NULL,
  sequence BIGINT NOT NULL,
  body MEDIUMBLOB NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY row_id (row_id),
  KEY events_list (merchant_id, row_id),
  KEY events_of (payment_id)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS deliveries (
  id VARCHAR(64) NOT NULL,
  event_id VARCHAR(64) NOT NULL,
  merchant_id VARCHAR(64) NOT NULL,
  endpoint_id VARCHAR(64) NOT NULL,
  state VARCHAR(32) NOT NULL,
  tries BIGINT NOT NULL,
  last_status BIGINT NOT NULL,
  last_error VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  next_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY delivery (event_id, endpoint_id),
  KEY deliveries_list (merchant_id, id),
  KEY deliveries_due (next_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS entries (
  id VARCHAR(64) NOT NULL,
  posting_id VARCHAR(64) NOT NULL,
  merchant_id VARCHAR(64) NOT NULL,
  payment_id VARCHAR(64) NOT NULL,
  refund_id VARCHAR(64) NOT NULL,
  account VARCHAR(32) NOT NULL,
  owner VARCHAR(64) NOT NULL,
  amount_fen BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (id),
  KEY entries_sums (merchant_id, account, owner, amount_fen),
  KEY entries_of (payment_id)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS audits (
  id VARCHAR(64) NOT NULL,
  merchant_id VARCHAR(64) NOT NULL,
  actor VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  key_id VARCHAR(64) NOT NULL,
  action VARCHAR(64) NOT NULL,
  object VARCHAR(128) NOT NULL,
  detail VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at BIGINT NOT NULL,
  seal BIGINT NOT NULL,
  PRIMARY KEY (id),
  KEY audits_by_seal (seal, id)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS audit_seals (
  seq BIGINT NOT NULL,
  first_id VARCHAR(64) NOT NULL,
  last_id VARCHAR(64) NOT NULL,
  rows_sealed BIGINT NOT NULL,
  prev_hash VARCHAR(64) NOT NULL,
  hash VARCHAR(64) NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (seq)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS payers (
  id VARCHAR(64) NOT NULL,
  merchant_id VARCHAR(64) NOT NULL,
  pseudonym VARCHAR(128) NOT NULL,
  sealed BLOB NOT NULL,
  created_at BIGINT NOT NULL,
  delete_after BIGINT NOT NULL,
  PRIMARY KEY (id),
  KEY payers_end (delete_after)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS nonces (
  key_id VARCHAR(64) NOT NULL,
  nonce VARBINARY(128) NOT NULL,
  delete_after BIGINT NOT NULL,
  PRIMARY KEY (key_id, nonce),
  KEY nonces_end (delete_after)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE IF NOT EXISTS nodes (
  id VARCHAR(64) NOT NULL,
  started BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;
