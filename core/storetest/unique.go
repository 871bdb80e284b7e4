package storetest

import "github.com/paymux/paymux/core"

// uniqueKey is one value that may exist once.
type uniqueKey struct {
	unique core.Unique
	scope  string
	value  string
	more   string
}

// uniqueKeys lists the unique values of a row, its own id first.
func uniqueKeys(row core.Row) []uniqueKey {
	t := tableOf(row)
	keys := []uniqueKey{{core.UniqueID, string(t), row.RowID(), ""}}
	add := func(u core.Unique, scope, value, more string) {
		keys = append(keys, uniqueKey{u, scope, value, more})
	}
	switch r := row.(type) {
	case *core.Payment:
		add(core.UniqueMerchantOrder, r.MerchantID, r.MerchantOrderNo, "")
	case *core.Attempt:
		add(core.UniqueOutTradeNo, "", r.OutTradeNo, "")
		if r.Token != "" {
			add(core.UniqueToken, "", r.Token, "")
		}
		if r.TradeNo != "" {
			add(core.UniqueTradeNo, string(r.Gateway), r.TradeNo, "")
		}
	case *core.Refund:
		add(core.UniqueOutRequestNo, "", r.OutRequestNo, "")
		if r.MerchantRefundNo != "" {
			add(core.UniqueMerchantRefund, r.MerchantID, r.MerchantRefundNo, "")
		}
	case *core.Idempotency:
		add(core.UniqueIdempotency, r.MerchantID, r.Operation, r.Key)
	case *core.Inbox:
		add(core.UniqueInboxDigest, r.Account, r.Digest, "")
	case *core.Delivery:
		add(core.UniqueDelivery, r.EventID, r.EndpointID, "")
	case *core.Event:
		add(core.UniqueID, "events.row_id", r.Row, "")
	case *core.Nonce:
		return []uniqueKey{{core.UniqueNonce, r.KeyID, r.Nonce, ""}}
	}
	return keys
}
