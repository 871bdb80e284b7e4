-- +goose Up
-- What one endpoint was told, or was not, in a time: a person has it sent again, oldest first.

SET @deliveries_ended = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'deliveries' AND index_name = 'deliveries_ended'),
  'DO 0', 'CREATE INDEX deliveries_ended ON deliveries (merchant_id, endpoint_id, state, created_at, id)');
PREPARE deliveries_ended FROM @deliveries_ended;
EXECUTE deliveries_ended;
DEALLOCATE PREPARE deliveries_ended;
