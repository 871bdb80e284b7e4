-- +goose Up
-- What people look for: any number that somebody was given, a buyer, a status, a time; for one merchant, and (all) for operators over all of them. No list walks over rows
-- that it does not show: core/store/list_pages.go names the index of each.

CREATE INDEX IF NOT EXISTS payments_status ON payments (merchant_id, status, created_at, id);
CREATE INDEX IF NOT EXISTS payments_all ON payments (created_at, id);
CREATE INDEX IF NOT EXISTS payments_all_status ON payments (status, created_at, id);
CREATE INDEX IF NOT EXISTS payments_all_attention ON payments (attention, created_at, id);
CREATE INDEX IF NOT EXISTS payments_order_no ON payments (merchant_order_no);
CREATE INDEX IF NOT EXISTS attempts_trade ON attempts (trade_no);
CREATE INDEX IF NOT EXISTS attempts_payer ON attempts (payer, payment_id);
CREATE INDEX IF NOT EXISTS refunds_all ON refunds (created_at, id);
CREATE INDEX IF NOT EXISTS refunds_all_status ON refunds (status, created_at, id);
CREATE INDEX IF NOT EXISTS refunds_order_no ON refunds (merchant_refund_no);
CREATE INDEX IF NOT EXISTS inbox_state ON inbox (state, id);
CREATE INDEX IF NOT EXISTS inbox_account ON inbox (account, state, id);
CREATE INDEX IF NOT EXISTS inbox_of ON inbox (payment_id);
CREATE INDEX IF NOT EXISTS inbox_number ON inbox (out_trade_no);
CREATE INDEX IF NOT EXISTS audits_of ON audits (object, id);
CREATE INDEX IF NOT EXISTS audits_merchant ON audits (merchant_id, id);
CREATE INDEX IF NOT EXISTS deliveries_state ON deliveries (merchant_id, state, id);
CREATE INDEX IF NOT EXISTS deliveries_all_state ON deliveries (state, id);
