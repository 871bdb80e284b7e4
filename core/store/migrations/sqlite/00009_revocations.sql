-- +goose Up
-- API keys that answer no more, whatever a configuration file says; see revocations.go. Rows are never changed or deleted.

CREATE TABLE IF NOT EXISTS key_revocations (
  key_id TEXT NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  revoked_at INTEGER NOT NULL,
  PRIMARY KEY (key_id)
) STRICT, WITHOUT ROWID;
