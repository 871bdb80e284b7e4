package store

import (
	"slices"

	"github.com/paymux/paymux/core"
)

// write is one row on its way into its table.
type write struct {
	table   *table
	row     any
	id      string
	version int64
	claims  []string
}

// writes are a unit's changes as rows.
type writes struct {
	guards  []write
	inserts []write
	// claims are the values that must be unique and the rows that are guarded: two units of one
	// commit may not share any.
	claims []string
}

func (w *writes) empty() bool { return len(w.guards)+len(w.inserts) == 0 }

// convert turns core's writes into rows, and refuses what no engine may be asked to store.
func (s *Store) convert(w core.Writes) (writes, error) {
	var out writes
	for _, g := range w.Guards {
		table, row, version := rowOf(g)
		t := s.tables[table]
		if t == nil || t.update == "" {
			return out, core.Errorf(core.CodeInternal, "a row of type %T cannot be guarded", g)
		}
		if err := t.fit(row); err != nil {
			return out, err
		}
		// A message or a delivery may be guarded alone: its job is safe to repeat, so an unknown
		// commit is reported and not looked up.
		if len(w.Inserts) == 0 && table != "inbox" && table != "deliveries" {
			return out, core.Errorf(core.CodeInternal, "a unit that guards %s must insert a row by which its commit can be recognised", table)
		}
		claimed := claims(g)
		out.guards = append(out.guards, write{t, row, g.RowID(), version, claimed})
		out.claims = append(out.claims, claimed...)
	}
	for _, r := range w.Inserts {
		table, row, _ := rowOf(r)
		t := s.tables[table]
		if t == nil || r.RowID() == "" {
			return out, core.Errorf(core.CodeInternal, "an inserted row of type %T has no table or no id", r)
		}
		if err := t.fit(row); err != nil {
			return out, err
		}
		claimed := claims(r)
		out.inserts = append(out.inserts, write{t, row, r.RowID(), 0, claimed})
		out.claims = append(out.claims, claimed...)
	}
	// Every unit takes its guards in the same order, so that two of them never wait for each other
	// in a circle (D02).
	slices.SortStableFunc(out.guards, compareWrites)
	return out, nil
}

func compareWrites(a, b write) int {
	if a.table.name != b.table.name {
		if a.table.name == "payments" || b.table.name != "payments" && a.table.name < b.table.name {
			return -1
		}
		return 1
	}
	if a.id < b.id {
		return -1
	}
	if a.id > b.id {
		return 1
	}
	return 0
}

// rowOf maps a row of core to its table, its row and its version; table "" for what no store keeps.
func rowOf(r core.Row) (table string, row any, version int64) {
	switch r := r.(type) {
	case *core.Payment:
		return "payments", paymentRowOf(r), r.Version
	case *core.Attempt:
		return "attempts", attemptRowOf(r), r.Version
	case *core.Refund:
		return "refunds", refundRowOf(r), r.Version
	case *core.Idempotency:
		return "idempotency", idempotencyRowOf(r), r.Version
	case *core.Inbox:
		return "inbox", inboxRowOf(r), r.Version
	case *core.Delivery:
		return "deliveries", deliveryRowOf(r), r.Version
	case *core.Event:
		return "events", eventRowOf(r), 0
	case *core.Entry:
		return "entries", entryRowOf(r), 0
	case *core.Audit:
		return "audits", auditRowOf(r), 0
	case *core.SealedPayer:
		return "payers", payerRowOf(r), 0
	case *core.Nonce:
		return "nonces", nonceRowOf(r), 0
	default:
		return "", nil, 0
	}
}

// claims lists what a row claims for itself alone.
func claims(row core.Row) []string {
	const sep = "\x00"
	switch r := row.(type) {
	case *core.Payment:
		return []string{"payment" + sep + r.ID, "order" + sep + r.MerchantID + sep + r.MerchantOrderNo}
	case *core.Attempt:
		all := []string{"attempt" + sep + r.ID, "out" + sep + r.OutTradeNo}
		if r.Token != "" {
			all = append(all, "token"+sep+r.Token)
		}
		if r.TradeNo != "" {
			all = append(all, "trade"+sep+string(r.Gateway)+sep+r.TradeNo)
		}
		return all
	case *core.Refund:
		all := []string{"refund" + sep + r.ID, "request" + sep + r.OutRequestNo}
		if r.MerchantRefundNo != "" {
			all = append(all, "refundno"+sep+r.MerchantID+sep+r.MerchantRefundNo)
		}
		return all
	case *core.Idempotency:
		return []string{"idempotency" + sep + r.ID, "key" + sep + r.MerchantID + sep + r.Operation + sep + r.Key}
	case *core.Inbox:
		return []string{"inbox" + sep + r.ID, "digest" + sep + r.Account + sep + r.Digest}
	case *core.Delivery:
		return []string{"delivery" + sep + r.ID, "sent" + sep + r.EventID + sep + r.EndpointID}
	case *core.Event:
		return []string{"event" + sep + r.ID, "row" + sep + r.Row}
	case *core.Nonce:
		return []string{"nonce" + sep + r.KeyID + sep + r.Nonce}
	case *core.Entry:
		return []string{"entry" + sep + r.ID}
	case *core.Audit:
		return []string{"audit" + sep + r.ID}
	case *core.SealedPayer:
		return []string{"payer" + sep + r.ID}
	default:
		return nil
	}
}
