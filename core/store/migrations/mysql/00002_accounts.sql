-- +goose Up
-- What each account id of the configuration means; see accounts.go.

CREATE TABLE IF NOT EXISTS accounts (
  id VARCHAR(64) NOT NULL,
  merchant_id VARCHAR(64) NOT NULL,
  gateway VARCHAR(64) NOT NULL,
  environment VARCHAR(32) NOT NULL,
  app_id VARCHAR(64) NOT NULL,
  seller_id VARCHAR(64) NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;
