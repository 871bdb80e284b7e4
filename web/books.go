package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/paymux/paymux/core"
)

// listEvents shows what merchants were told, oldest first: each event as the bytes that were sent.
// In lists over all merchants the merchant's id stands before them.
func (s *Server) listEvents(c *call) error {
	q := c.query("payment_id", "created_from", "created_to", "limit", "cursor")
	ask := core.EventQuery{MerchantID: c.key.MerchantID, All: c.everyone(), PaymentID: q.name("payment_id", "is not an id"), Limit: q.limit()}
	ask.CreatedFrom, ask.CreatedTo = q.span("created_from", "created_to")
	if ask.ByTime() {
		ask.AfterCreated, ask.AfterRow = q.newest(eventTimeList)
	} else {
		ask.AfterRow = q.last(eventList)
	}
	if err := q.err(); err != nil {
		return err
	}
	found, err := s.Cashier.EventPage(c.ctx(), ask)
	if err != nil {
		return err
	}
	rows := make([]json.RawMessage, len(found))
	for i, event := range found {
		rows[i] = event.Body
		if ask.All {
			rows[i] = slices.Concat([]byte(`{"merchant_id":"`+event.MerchantID+`",`), bytes.TrimPrefix(event.Body, []byte("{")))
		}
	}
	page, err := listOf(rows, ask.Limit, func(i int) string { return eventCursor(found[i], ask.ByTime()) })
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, page)
}

// accountView is one account of the ledger with what it is for.
type accountView struct {
	Account  core.LedgerAccount `json:"account"`
	Owner    string             `json:"owner"`
	Fen      core.Fen           `json:"balance_fen"`
	Entries  int64              `json:"entries"`
	Clearing bool               `json:"clearing"`
	Meaning  string             `json:"meaning"`
}

// listBalances shows the merchant's ledger. Accounts that hold nothing are shown too, so that zero
// is a statement.
func (s *Server) listBalances(c *call) error {
	balances, err := s.Cashier.Balances(c.ctx(), c.key.MerchantID)
	if err != nil {
		return err
	}
	views := []accountView{}
	for _, account := range core.LedgerAccounts() {
		view := accountView{Account: account, Clearing: account.Clearing(), Meaning: meaning(account)}
		entries := 0
		for _, b := range balances {
			if b.Account == account {
				view.Owner, view.Fen, view.Entries = b.Owner, b.Fen, b.Entries
				views = append(views, view)
				entries++
			}
		}
		if entries == 0 {
			views = append(views, view)
		}
	}
	return s.json(c, http.StatusOK, list[accountView]{Data: views})
}

func meaning(account core.LedgerAccount) string {
	switch account {
	case core.LedgerGateway:
		return "Paid by buyers and not sent back; it lies at the gateway. Debits are positive."
	case core.LedgerMerchant:
		return "What belongs to the merchant; negative, because it is owed."
	case core.LedgerTransit:
		return "Reserved for refunds whose outcome is not final. Zero when every refund is final."
	case core.LedgerSuspense:
		return "Money of closed or twice-paid payments. Zero when it was sent back or accepted."
	case core.LedgerShortfall:
		return "What refunds sent back less than asked, usually because of coupons."
	case core.LedgerReturned:
		return "Refunds that the buyer's bank sent back; negative, because it is owed to the buyer. The money lies at the gateway again until a person has seen to it."
	default:
		return ""
	}
}
