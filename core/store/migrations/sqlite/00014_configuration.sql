-- +goose Up
-- What the configuration in force looks like, without any value of it: so a start says what it changes. One row; see configuration.go.

CREATE TABLE IF NOT EXISTS configuration (
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  imprint TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
