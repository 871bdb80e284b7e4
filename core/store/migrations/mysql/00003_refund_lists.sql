-- +goose Up
-- A merchant's refunds, newest first: all of them, and those of one status, since the few that wait for approval lie among the many that are done.
-- MySQL has no CREATE INDEX IF NOT EXISTS, and a migration that was killed half way must be finished by the next start: so each index is looked for first.

SET @refunds_newest = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'refunds' AND index_name = 'refunds_newest'),
  'DO 0', 'CREATE INDEX refunds_newest ON refunds (merchant_id, created_at, id)');
PREPARE refunds_newest FROM @refunds_newest;
EXECUTE refunds_newest;
DEALLOCATE PREPARE refunds_newest;

SET @refunds_newest_of = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'refunds' AND index_name = 'refunds_newest_of'),
  'DO 0', 'CREATE INDEX refunds_newest_of ON refunds (merchant_id, status, created_at, id)');
PREPARE refunds_newest_of FROM @refunds_newest_of;
EXECUTE refunds_newest_of;
DEALLOCATE PREPARE refunds_newest_of;
