-- +goose Up
-- What the gateway said when it refused, for the merchant's people; whose matter it is; and, of an attempt, how many calls may have opened its trade and how
-- many of them were turned away, verified, for a fault of ours. Of attempts made before this one call counts as unknown, as it always was.
-- One statement for each table, and only if it was not made before: MySQL has no ADD COLUMN IF NOT EXISTS, and a migration that was killed half way must be
-- finished by the next start.

SET @attempts_refusals = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'attempts' AND column_name = 'fault'),
  'DO 0', 'ALTER TABLE attempts ADD COLUMN calls BIGINT NOT NULL DEFAULT 1, ADD COLUMN turned_away BIGINT NOT NULL DEFAULT 0, ADD COLUMN fault VARCHAR(64) NOT NULL DEFAULT '''', ADD COLUMN gateway_code VARCHAR(64) NOT NULL DEFAULT '''', ADD COLUMN gateway_sub_code VARCHAR(64) NOT NULL DEFAULT '''', ADD COLUMN gateway_message VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT ''''');
PREPARE attempts_refusals FROM @attempts_refusals;
EXECUTE attempts_refusals;
DEALLOCATE PREPARE attempts_refusals;

SET @refunds_refusals = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'refunds' AND column_name = 'fault'),
  'DO 0', 'ALTER TABLE refunds ADD COLUMN fault VARCHAR(64) NOT NULL DEFAULT '''', ADD COLUMN gateway_code VARCHAR(64) NOT NULL DEFAULT '''', ADD COLUMN gateway_sub_code VARCHAR(64) NOT NULL DEFAULT '''', ADD COLUMN gateway_message VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT ''''');
PREPARE refunds_refusals FROM @refunds_refusals;
EXECUTE refunds_refusals;
DEALLOCATE PREPARE refunds_refusals;
