-- +goose Up
-- What one endpoint waits for, oldest first: its lane fetches that, and its backlog is counted.

CREATE INDEX IF NOT EXISTS deliveries_lane ON deliveries (merchant_id, endpoint_id, next_at, id);
