-- +goose Up
-- What one endpoint was told, or was not, in a time: a person has it sent again, oldest first.

CREATE INDEX IF NOT EXISTS deliveries_ended ON deliveries (merchant_id, endpoint_id, state, created_at, id);
