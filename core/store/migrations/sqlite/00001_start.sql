-- +goose Up
-- The same schema for SQLite. Text compares byte by byte there without being told. STRICT tables refuse values of another type.

CREATE TABLE IF NOT EXISTS payments (
  id TEXT NOT NULL,
  merchant_id TEXT NOT NULL,
  merchant_order_no TEXT NOT NULL,
  environment TEXT NOT NULL,
  platform TEXT NOT NULL,
  amount_fen INTEGER NOT NULL,
  currency TEXT NOT NULL,
  subject TEXT NOT NULL,
  goods_lines TEXT NOT NULL,
  metadata TEXT NOT NULL,
  return_url TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status TEXT NOT NULL,
  settling INTEGER NOT NULL,
  paid_fen INTEGER NOT NULL,
  reserved_fen INTEGER NOT NULL,
  refunded_fen INTEGER NOT NULL,
  active_attempt TEXT NOT NULL,
  paid_attempt TEXT NOT NULL,
  close_reason TEXT NOT NULL,
  late_fen INTEGER NOT NULL,
  late_refund_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  paid_at INTEGER NOT NULL,
  closed_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT payments_money CHECK (0 <= refunded_fen AND refunded_fen <= reserved_fen AND reserved_fen <= paid_fen)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS payments_by_merchant_order_no ON payments (merchant_id, merchant_order_no);
CREATE INDEX IF NOT EXISTS payments_newest ON payments (merchant_id, created_at, id);

CREATE TABLE IF NOT EXISTS attempts (
  id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  merchant_id TEXT NOT NULL,
  out_trade_no TEXT NOT NULL,
  token TEXT NULL,
  platform TEXT NOT NULL,
  channel TEXT NOT NULL,
  gateway TEXT NOT NULL,
  account TEXT NOT NULL,
  amount_fen INTEGER NOT NULL,
  funding TEXT NOT NULL,
  payer_ref TEXT NOT NULL,
  payer TEXT NOT NULL,
  client_ip TEXT NOT NULL,
  state TEXT NOT NULL,
  settling INTEGER NOT NULL,
  superseded INTEGER NOT NULL,
  trade_no TEXT NULL,
  channel_state BLOB NOT NULL,
  action TEXT NOT NULL,
  key_version TEXT NOT NULL,
  paid_fen INTEGER NOT NULL,
  receipt_fen INTEGER NOT NULL,
  gateway_paid INTEGER NOT NULL,
  reason TEXT NOT NULL,
  time_expire INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS attempts_by_out_trade_no ON attempts (out_trade_no);
CREATE UNIQUE INDEX IF NOT EXISTS attempts_by_token ON attempts (token);
CREATE UNIQUE INDEX IF NOT EXISTS attempts_by_trade_no ON attempts (gateway, trade_no);
CREATE INDEX IF NOT EXISTS attempts_of ON attempts (payment_id);
CREATE INDEX IF NOT EXISTS attempts_due ON attempts (next_at, id);

CREATE TABLE IF NOT EXISTS refunds (
  id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  attempt_id TEXT NOT NULL,
  merchant_id TEXT NOT NULL,
  merchant_refund_no TEXT NULL,
  out_request_no TEXT NOT NULL,
  origin TEXT NOT NULL,
  amount_fen INTEGER NOT NULL,
  actual_fen INTEGER NOT NULL,
  reason TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status TEXT NOT NULL,
  settling INTEGER NOT NULL,
  fail_code TEXT NOT NULL,
  asker TEXT NOT NULL,
  approver TEXT NOT NULL,
  channel_state BLOB NOT NULL,
  key_version TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS refunds_by_merchant_refund_no ON refunds (merchant_id, merchant_refund_no);
CREATE UNIQUE INDEX IF NOT EXISTS refunds_by_out_request_no ON refunds (out_request_no);
CREATE INDEX IF NOT EXISTS refunds_of ON refunds (payment_id);
CREATE INDEX IF NOT EXISTS refunds_due ON refunds (next_at, id);

CREATE TABLE IF NOT EXISTS idempotency (
  id TEXT NOT NULL,
  merchant_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  request_key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  object_id TEXT NOT NULL,
  done INTEGER NOT NULL,
  status INTEGER NOT NULL,
  answer BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  delete_after INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS idempotency_by_idempotency ON idempotency (merchant_id, operation, request_key);
CREATE INDEX IF NOT EXISTS idempotency_end ON idempotency (delete_after);

CREATE TABLE IF NOT EXISTS inbox (
  id TEXT NOT NULL,
  gateway TEXT NOT NULL,
  account TEXT NOT NULL,
  digest TEXT NOT NULL,
  sealed BLOB NOT NULL,
  state TEXT NOT NULL,
  code TEXT NOT NULL,
  repeats INTEGER NOT NULL,
  out_trade_no TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  key_version TEXT NOT NULL,
  next_at INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  delete_after INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS inbox_by_inbox_digest ON inbox (account, digest);
CREATE INDEX IF NOT EXISTS inbox_due ON inbox (next_at, id);
CREATE INDEX IF NOT EXISTS inbox_end ON inbox (delete_after);

CREATE TABLE IF NOT EXISTS events (
  id TEXT NOT NULL,
  row_id TEXT NOT NULL,
  merchant_id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  refund_id TEXT NOT NULL,
  event_type TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  body BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS events_by_row_id ON events (row_id);
CREATE INDEX IF NOT EXISTS events_list ON events (merchant_id, row_id);
CREATE INDEX IF NOT EXISTS events_of ON events (payment_id);

CREATE TABLE IF NOT EXISTS deliveries (
  id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  merchant_id TEXT NOT NULL,
  endpoint_id TEXT NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL,
  last_status INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  next_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS deliveries_by_delivery ON deliveries (event_id, endpoint_id);
CREATE INDEX IF NOT EXISTS deliveries_list ON deliveries (merchant_id, id);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (next_at, id);

CREATE TABLE IF NOT EXISTS entries (
  id TEXT NOT NULL,
  posting_id TEXT NOT NULL,
  merchant_id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  refund_id TEXT NOT NULL,
  account TEXT NOT NULL,
  owner TEXT NOT NULL,
  amount_fen INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_sums ON entries (merchant_id, account, owner, amount_fen);
CREATE INDEX IF NOT EXISTS entries_of ON entries (payment_id);

CREATE TABLE IF NOT EXISTS audits (
  id TEXT NOT NULL,
  merchant_id TEXT NOT NULL,
  actor TEXT NOT NULL,
  key_id TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  detail TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seal INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS audits_by_seal ON audits (seal, id);

CREATE TABLE IF NOT EXISTS audit_seals (
  seq INTEGER NOT NULL,
  first_id TEXT NOT NULL,
  last_id TEXT NOT NULL,
  rows_sealed INTEGER NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS payers (
  id TEXT NOT NULL,
  merchant_id TEXT NOT NULL,
  pseudonym TEXT NOT NULL,
  sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  delete_after INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT;
CREATE INDEX IF NOT EXISTS payers_end ON payers (delete_after);

CREATE TABLE IF NOT EXISTS nonces (
  key_id TEXT NOT NULL,
  nonce TEXT NOT NULL,
  delete_after INTEGER NOT NULL,
  PRIMARY KEY (key_id, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nonces_end ON nonces (delete_after);

CREATE TABLE IF NOT EXISTS nodes (
  id TEXT NOT NULL,
  started INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
