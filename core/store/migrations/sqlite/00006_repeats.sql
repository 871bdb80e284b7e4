-- +goose Up
-- What a merchant wrote as a refund's reason beside what is sent of it, and which version of its payment or refund a stored answer shows.

ALTER TABLE refunds ADD COLUMN reason_given TEXT NOT NULL DEFAULT '';
ALTER TABLE idempotency ADD COLUMN answer_of INTEGER NOT NULL DEFAULT 0;
