-- +goose Up
-- What people look for: any number that somebody was given, a buyer, a status, a time; for one merchant, and (all) for operators over all of them. No list walks over rows
-- that it does not show: core/store/list_pages.go names the index of each.
-- MySQL has no CREATE INDEX IF NOT EXISTS, and a migration that was killed half way must be finished by the next start: so each index is looked for first.

SET @payments_status = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'payments' AND index_name = 'payments_status'),
  'DO 0', 'CREATE INDEX payments_status ON payments (merchant_id, status, created_at, id)');
PREPARE payments_status FROM @payments_status;
EXECUTE payments_status;
DEALLOCATE PREPARE payments_status;

SET @payments_all = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'payments' AND index_name = 'payments_all'),
  'DO 0', 'CREATE INDEX payments_all ON payments (created_at, id)');
PREPARE payments_all FROM @payments_all;
EXECUTE payments_all;
DEALLOCATE PREPARE payments_all;

SET @payments_all_status = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'payments' AND index_name = 'payments_all_status'),
  'DO 0', 'CREATE INDEX payments_all_status ON payments (status, created_at, id)');
PREPARE payments_all_status FROM @payments_all_status;
EXECUTE payments_all_status;
DEALLOCATE PREPARE payments_all_status;

SET @payments_all_attention = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'payments' AND index_name = 'payments_all_attention'),
  'DO 0', 'CREATE INDEX payments_all_attention ON payments (attention, created_at, id)');
PREPARE payments_all_attention FROM @payments_all_attention;
EXECUTE payments_all_attention;
DEALLOCATE PREPARE payments_all_attention;

SET @payments_order_no = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'payments' AND index_name = 'payments_order_no'),
  'DO 0', 'CREATE INDEX payments_order_no ON payments (merchant_order_no)');
PREPARE payments_order_no FROM @payments_order_no;
EXECUTE payments_order_no;
DEALLOCATE PREPARE payments_order_no;

SET @attempts_trade = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'attempts' AND index_name = 'attempts_trade'),
  'DO 0', 'CREATE INDEX attempts_trade ON attempts (trade_no)');
PREPARE attempts_trade FROM @attempts_trade;
EXECUTE attempts_trade;
DEALLOCATE PREPARE attempts_trade;

SET @attempts_payer = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'attempts' AND index_name = 'attempts_payer'),
  'DO 0', 'CREATE INDEX attempts_payer ON attempts (payer, payment_id)');
PREPARE attempts_payer FROM @attempts_payer;
EXECUTE attempts_payer;
DEALLOCATE PREPARE attempts_payer;

SET @refunds_all = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'refunds' AND index_name = 'refunds_all'),
  'DO 0', 'CREATE INDEX refunds_all ON refunds (created_at, id)');
PREPARE refunds_all FROM @refunds_all;
EXECUTE refunds_all;
DEALLOCATE PREPARE refunds_all;

SET @refunds_all_status = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'refunds' AND index_name = 'refunds_all_status'),
  'DO 0', 'CREATE INDEX refunds_all_status ON refunds (status, created_at, id)');
PREPARE refunds_all_status FROM @refunds_all_status;
EXECUTE refunds_all_status;
DEALLOCATE PREPARE refunds_all_status;

SET @refunds_order_no = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'refunds' AND index_name = 'refunds_order_no'),
  'DO 0', 'CREATE INDEX refunds_order_no ON refunds (merchant_refund_no)');
PREPARE refunds_order_no FROM @refunds_order_no;
EXECUTE refunds_order_no;
DEALLOCATE PREPARE refunds_order_no;

SET @inbox_state = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'inbox' AND index_name = 'inbox_state'),
  'DO 0', 'CREATE INDEX inbox_state ON inbox (state, id)');
PREPARE inbox_state FROM @inbox_state;
EXECUTE inbox_state;
DEALLOCATE PREPARE inbox_state;

SET @inbox_account = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'inbox' AND index_name = 'inbox_account'),
  'DO 0', 'CREATE INDEX inbox_account ON inbox (account, state, id)');
PREPARE inbox_account FROM @inbox_account;
EXECUTE inbox_account;
DEALLOCATE PREPARE inbox_account;

SET @inbox_of = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'inbox' AND index_name = 'inbox_of'),
  'DO 0', 'CREATE INDEX inbox_of ON inbox (payment_id)');
PREPARE inbox_of FROM @inbox_of;
EXECUTE inbox_of;
DEALLOCATE PREPARE inbox_of;

SET @inbox_number = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'inbox' AND index_name = 'inbox_number'),
  'DO 0', 'CREATE INDEX inbox_number ON inbox (out_trade_no)');
PREPARE inbox_number FROM @inbox_number;
EXECUTE inbox_number;
DEALLOCATE PREPARE inbox_number;

SET @audits_of = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'audits' AND index_name = 'audits_of'),
  'DO 0', 'CREATE INDEX audits_of ON audits (object, id)');
PREPARE audits_of FROM @audits_of;
EXECUTE audits_of;
DEALLOCATE PREPARE audits_of;

SET @audits_merchant = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'audits' AND index_name = 'audits_merchant'),
  'DO 0', 'CREATE INDEX audits_merchant ON audits (merchant_id, id)');
PREPARE audits_merchant FROM @audits_merchant;
EXECUTE audits_merchant;
DEALLOCATE PREPARE audits_merchant;

SET @deliveries_state = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'deliveries' AND index_name = 'deliveries_state'),
  'DO 0', 'CREATE INDEX deliveries_state ON deliveries (merchant_id, state, id)');
PREPARE deliveries_state FROM @deliveries_state;
EXECUTE deliveries_state;
DEALLOCATE PREPARE deliveries_state;

SET @deliveries_all_state = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'deliveries' AND index_name = 'deliveries_all_state'),
  'DO 0', 'CREATE INDEX deliveries_all_state ON deliveries (state, id)');
PREPARE deliveries_all_state FROM @deliveries_all_state;
EXECUTE deliveries_all_state;
DEALLOCATE PREPARE deliveries_all_state;
