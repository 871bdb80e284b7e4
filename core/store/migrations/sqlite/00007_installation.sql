-- +goose Up
-- What this database knows of the installation that it belongs to; see installation.go.

CREATE TABLE IF NOT EXISTS installation (
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;
