-- +goose Up
-- What each account id of the configuration means; see accounts.go.

CREATE TABLE IF NOT EXISTS accounts (
  id TEXT NOT NULL,
  merchant_id TEXT NOT NULL,
  gateway TEXT NOT NULL,
  environment TEXT NOT NULL,
  app_id TEXT NOT NULL,
  seller_id TEXT NOT NULL,
  PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
