-- +goose Up
-- A merchant's refunds, newest first: all of them, and those of one status, since the few that wait for approval lie among the many that are done.

CREATE INDEX IF NOT EXISTS refunds_newest ON refunds (merchant_id, created_at, id);
CREATE INDEX IF NOT EXISTS refunds_newest_of ON refunds (merchant_id, status, created_at, id);
