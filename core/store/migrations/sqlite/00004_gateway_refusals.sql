-- +goose Up
-- What the gateway said when it refused, for the merchant's people; whose matter it is; and, of an attempt, how many calls may have opened its trade and how
-- many of them were turned away, verified, for a fault of ours. Of attempts made before this one call counts as unknown, as it always was.

ALTER TABLE attempts ADD COLUMN calls INTEGER NOT NULL DEFAULT 1;
ALTER TABLE attempts ADD COLUMN turned_away INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN fault TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN gateway_code TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN gateway_sub_code TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN gateway_message TEXT NOT NULL DEFAULT '';
ALTER TABLE refunds ADD COLUMN fault TEXT NOT NULL DEFAULT '';
ALTER TABLE refunds ADD COLUMN gateway_code TEXT NOT NULL DEFAULT '';
ALTER TABLE refunds ADD COLUMN gateway_sub_code TEXT NOT NULL DEFAULT '';
ALTER TABLE refunds ADD COLUMN gateway_message TEXT NOT NULL DEFAULT '';
