-- +goose Up
-- A person has seen to a refund that came back: who, when, and what they did. Columns with defaults: an older program that still runs writes rows without
-- them. And events by their time, of one merchant or, for operators, of all.

SET @refunds_handled_at = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'refunds' AND column_name = 'handled_at'),
  'DO 0', 'ALTER TABLE refunds ADD COLUMN handled_at BIGINT NOT NULL DEFAULT 0');
PREPARE refunds_handled_at FROM @refunds_handled_at;
EXECUTE refunds_handled_at;
DEALLOCATE PREPARE refunds_handled_at;

SET @refunds_handled_by = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'refunds' AND column_name = 'handled_by'),
  'DO 0', 'ALTER TABLE refunds ADD COLUMN handled_by VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT ''''');
PREPARE refunds_handled_by FROM @refunds_handled_by;
EXECUTE refunds_handled_by;
DEALLOCATE PREPARE refunds_handled_by;

SET @refunds_handled_why = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'refunds' AND column_name = 'handled_why'),
  'DO 0', 'ALTER TABLE refunds ADD COLUMN handled_why VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT ''''');
PREPARE refunds_handled_why FROM @refunds_handled_why;
EXECUTE refunds_handled_why;
DEALLOCATE PREPARE refunds_handled_why;

SET @events_since = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'events' AND index_name = 'events_since'),
  'DO 0', 'CREATE INDEX events_since ON events (merchant_id, created_at, row_id)');
PREPARE events_since FROM @events_since;
EXECUTE events_since;
DEALLOCATE PREPARE events_since;

SET @events_all = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'events' AND index_name = 'events_all'),
  'DO 0', 'CREATE INDEX events_all ON events (created_at, row_id)');
PREPARE events_all FROM @events_all;
EXECUTE events_all;
DEALLOCATE PREPARE events_all;
