-- +goose Up
-- A person has seen to a refund that came back: who, when, and what they did. Columns with defaults: an older program that still runs writes rows without
-- them. And events by their time, of one merchant or, for operators, of all.

ALTER TABLE refunds ADD COLUMN handled_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE refunds ADD COLUMN handled_by TEXT NOT NULL DEFAULT '';
ALTER TABLE refunds ADD COLUMN handled_why TEXT NOT NULL DEFAULT '';
CREATE INDEX IF NOT EXISTS events_since ON events (merchant_id, created_at, row_id);
CREATE INDEX IF NOT EXISTS events_all ON events (created_at, row_id);
