-- +goose Up
-- What this database knows of the installation that it belongs to; see installation.go.

CREATE TABLE IF NOT EXISTS installation (
  name VARCHAR(64) NOT NULL,
  value VARCHAR(255) NOT NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;
