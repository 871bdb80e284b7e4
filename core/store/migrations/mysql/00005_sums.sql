-- +goose Up
-- What a trade has refunded in all, as its gateway says; what a bank sent back; and what a person must look at. Columns of their own with defaults: an older
-- program that still runs writes rows without them. MySQL has no ADD COLUMN IF NOT EXISTS, and a migration that was killed half way must be finished by the
-- next start: so each is looked for first.

SET @attempts_sum_fen = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'attempts' AND column_name = 'sum_fen'),
  'DO 0', 'ALTER TABLE attempts ADD COLUMN sum_fen BIGINT NOT NULL DEFAULT 0');
PREPARE attempts_sum_fen FROM @attempts_sum_fen;
EXECUTE attempts_sum_fen;
DEALLOCATE PREPARE attempts_sum_fen;

SET @attempts_excess_fen = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'attempts' AND column_name = 'excess_fen'),
  'DO 0', 'ALTER TABLE attempts ADD COLUMN excess_fen BIGINT NOT NULL DEFAULT 0');
PREPARE attempts_excess_fen FROM @attempts_excess_fen;
EXECUTE attempts_excess_fen;
DEALLOCATE PREPARE attempts_excess_fen;

SET @attempts_sum_at = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'attempts' AND column_name = 'sum_at'),
  'DO 0', 'ALTER TABLE attempts ADD COLUMN sum_at BIGINT NOT NULL DEFAULT 0');
PREPARE attempts_sum_at FROM @attempts_sum_at;
EXECUTE attempts_sum_at;
DEALLOCATE PREPARE attempts_sum_at;

SET @attempts_doubt = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'attempts' AND column_name = 'doubt'),
  'DO 0', 'ALTER TABLE attempts ADD COLUMN doubt VARCHAR(64) NOT NULL DEFAULT ''''');
PREPARE attempts_doubt FROM @attempts_doubt;
EXECUTE attempts_doubt;
DEALLOCATE PREPARE attempts_doubt;

SET @refunds_sum_fen = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'refunds' AND column_name = 'sum_fen'),
  'DO 0', 'ALTER TABLE refunds ADD COLUMN sum_fen BIGINT NOT NULL DEFAULT 0');
PREPARE refunds_sum_fen FROM @refunds_sum_fen;
EXECUTE refunds_sum_fen;
DEALLOCATE PREPARE refunds_sum_fen;

SET @refunds_returned_fen = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'refunds' AND column_name = 'returned_fen'),
  'DO 0', 'ALTER TABLE refunds ADD COLUMN returned_fen BIGINT NOT NULL DEFAULT 0');
PREPARE refunds_returned_fen FROM @refunds_returned_fen;
EXECUTE refunds_returned_fen;
DEALLOCATE PREPARE refunds_returned_fen;

SET @refunds_returned_at = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'refunds' AND column_name = 'returned_at'),
  'DO 0', 'ALTER TABLE refunds ADD COLUMN returned_at BIGINT NOT NULL DEFAULT 0');
PREPARE refunds_returned_at FROM @refunds_returned_at;
EXECUTE refunds_returned_at;
DEALLOCATE PREPARE refunds_returned_at;

SET @payments_attention = IF(
  EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'payments' AND column_name = 'attention'),
  'DO 0', 'ALTER TABLE payments ADD COLUMN attention VARCHAR(256) NOT NULL DEFAULT ''''');
PREPARE payments_attention FROM @payments_attention;
EXECUTE payments_attention;
DEALLOCATE PREPARE payments_attention;

SET @payments_by_attention = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'payments' AND index_name = 'payments_attention'),
  'DO 0', 'CREATE INDEX payments_attention ON payments (merchant_id, attention, created_at, id)');
PREPARE payments_by_attention FROM @payments_by_attention;
EXECUTE payments_by_attention;
DEALLOCATE PREPARE payments_by_attention;
