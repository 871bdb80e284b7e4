-- +goose Up
-- What a trade has refunded in all, as its gateway says; what a bank sent back; and what a person must look at. Columns of their own with defaults: an older
-- program that still runs writes rows without them.

ALTER TABLE attempts ADD COLUMN sum_fen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN excess_fen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN sum_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN doubt TEXT NOT NULL DEFAULT '';
ALTER TABLE refunds ADD COLUMN sum_fen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE refunds ADD COLUMN returned_fen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE refunds ADD COLUMN returned_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN attention TEXT NOT NULL DEFAULT '';
CREATE INDEX IF NOT EXISTS payments_attention ON payments (merchant_id, attention, created_at, id);
