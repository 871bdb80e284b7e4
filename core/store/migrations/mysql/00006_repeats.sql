-- +goose Up
-- What a merchant wrote as a refund's reason beside what is sent of it, and which version of its payment or refund a stored answer shows.
-- MySQL has no ADD COLUMN IF NOT EXISTS, and a migration that was killed half way must be finished by the next start: so each column is looked for first.

SET @reason_given = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'refunds' AND column_name = 'reason_given'),
  'DO 0', 'ALTER TABLE refunds ADD COLUMN reason_given VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT ''''');
PREPARE reason_given FROM @reason_given;
EXECUTE reason_given;
DEALLOCATE PREPARE reason_given;

SET @answer_of = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'idempotency' AND column_name = 'answer_of'),
  'DO 0', 'ALTER TABLE idempotency ADD COLUMN answer_of BIGINT NOT NULL DEFAULT 0');
PREPARE answer_of FROM @answer_of;
EXECUTE answer_of;
DEALLOCATE PREPARE answer_of;
