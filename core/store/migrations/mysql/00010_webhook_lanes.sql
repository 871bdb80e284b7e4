-- +goose Up
-- What one endpoint waits for, oldest first: its lane fetches that, and its backlog is counted.

SET @deliveries_lane = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'deliveries' AND index_name = 'deliveries_lane'),
  'DO 0', 'CREATE INDEX deliveries_lane ON deliveries (merchant_id, endpoint_id, next_at, id)');
PREPARE deliveries_lane FROM @deliveries_lane;
EXECUTE deliveries_lane;
DEALLOCATE PREPARE deliveries_lane;
