package core

import (
	"context"
	"strings"
)

// Match is what a number is, and the payment that it leads to.
type Match struct {
	// Kind is the field that holds the number: payment_id, out_trade_no, event_id, …
	Kind       string `json:"kind"`
	PaymentID  string `json:"payment_id"` // "" for a message that no payment is known for
	MerchantID string `json:"merchant_id,omitempty"`
	// Archive is the id of the archive that the payment has left for, "" while it is here.
	Archive string `json:"archive,omitempty"`
}

// Story is an order with all that was written about it, each list oldest first and cut at
// MaxStory. Events and messages come without their bodies.
type Story struct {
	Order      Order
	Entries    []Entry
	Events     []Event
	Deliveries []Delivery
	Audits     []Audit
	Inbox      []Inbox
}

// MaxStory is how many rows of a kind a story holds.
const MaxStory = 500

// Objects are the ids that audit rows about the order name, the payment's first, and the numbers
// of its attempts at gateways.
func (s *Story) Objects() (ids, numbers []string) {
	ids = []string{s.Order.Payment.ID}
	for _, a := range s.Order.Attempts {
		ids, numbers = append(ids, a.ID), append(numbers, a.OutTradeNo)
	}
	for _, r := range s.Order.Refunds {
		ids = append(ids, r.ID)
	}
	for _, d := range s.Deliveries {
		ids = append(ids, d.ID)
	}
	return ids, numbers
}

// Finder is read by people who look for something. Stores have it.
type Finder interface {
	// Locate tells what a number is, among payments, attempts, refunds, events, deliveries and
	// messages of all merchants, and payments, attempts and refunds that were archived. Page tokens
	// are secrets and lead nowhere.
	Locate(ctx context.Context, number string) ([]Match, error)
	// Story returns an order with all that was written about it, in one consistent view; nil for
	// none.
	Story(ctx context.Context, paymentID string) (*Story, error)
}

// Found is what people are told of a number that they look for.
type Found struct {
	Matches    []Match     `json:"matches"`
	MerchantID string      `json:"merchant_id"`
	Payment    PaymentView `json:"payment"`
	Timeline   []Moment    `json:"timeline"`
	// Waits is what the payment waits for; empty when nothing more comes by itself.
	Waits []Wait `json:"waits"`
	// Archive is set when the payment has left for one: then nothing else is known here.
	Archive string `json:"archive,omitempty"`
}

// Find follows a number to the payments that it leads to. It needs no configuration, so that a
// command can ask a database beside a running server.
//
// Errors: CodeNotFound, CodeUnavailable.
func Find(ctx context.Context, books Finder, number string) ([]Found, error) {
	number = strings.TrimSpace(number)
	if checkNumber("number", number, 64) != nil {
		return nil, Errorf(CodeNotFound, "no number of ours or of a gateway looks like this")
	}
	matches, err := books.Locate(ctx, number)
	if err != nil {
		return nil, err
	}
	var all []Found
	for _, m := range matches {
		if len(all) > 0 && all[len(all)-1].Payment.ID == m.PaymentID {
			all[len(all)-1].Matches = append(all[len(all)-1].Matches, m)
			continue
		}
		story, err := books.Story(ctx, m.PaymentID)
		if err != nil {
			return nil, err
		}
		switch {
		case story != nil:
			all = append(all, foundOf(story, m))
		case m.Archive != "":
			all = append(all, Found{
				Matches: []Match{m}, MerchantID: m.MerchantID, Payment: PaymentView{ID: m.PaymentID}, Timeline: []Moment{}, Waits: []Wait{}, Archive: m.Archive,
			})
		}
	}
	if len(all) == 0 {
		return nil, Errorf(CodeNotFound, "nothing of ours has this number")
	}
	return all, nil
}

func foundOf(story *Story, by ...Match) Found {
	return Found{
		Matches: append([]Match{}, by...), MerchantID: story.Order.Payment.MerchantID, Payment: ViewOf(&story.Order), Timeline: timelineOf(story), Waits: waitsOf(story),
	}
}

// Timeline tells a merchant's payment from its beginning, and what it waits for.
//
// Errors: CodeNotFound, another merchant's included; CodeUnavailable.
func (c *Cashier) Timeline(ctx context.Context, merchantID, paymentID string) (Found, error) {
	if _, err := c.order(ctx, Key{Kind: OrderByPayment, Merchant: merchantID, Value: paymentID}); err != nil {
		return Found{}, err
	}
	story, err := c.Store.Story(ctx, paymentID)
	if err != nil {
		return Found{}, err
	}
	if story == nil {
		return Found{}, Errorf(CodeNotFound, "no such object")
	}
	return foundOf(story), nil
}

// BuyerAsk asks for the payments of one buyer, by the ids that a gateway gives them.
type BuyerAsk struct {
	Payer Payer
	Page  PaymentQuery // which of them, and which page; its merchant is the caller's
}

// PaymentsOfBuyer lists a buyer's payments. That somebody looked is audited, by pseudonym, before
// anything is shown; the buyer's own id goes nowhere.
//
// Errors: CodeInvalid, CodeUnavailable.
func (c *Cashier) PaymentsOfBuyer(ctx context.Context, caller Caller, ask BuyerAsk) ([]PaymentView, error) {
	names := Pseudonyms(c.Vault, caller.MerchantID, ask.Payer)
	if len(names) == 0 {
		return nil, &Error{Code: CodeInvalid, Field: "user_id", Message: "user_id or open_id is needed"}
	}
	if err := c.Note(ctx, caller, "payments.search", names[0], ""); err != nil {
		return nil, err
	}
	ask.Page.MerchantID, ask.Page.All, ask.Page.Buyers = caller.MerchantID, false, names
	return c.Payments(ctx, ask.Page)
}

// Pseudonyms are the names that a buyer can have with a merchant: an order may have named them by
// either id, or by both.
func Pseudonyms(vault Vault, merchantID string, payer Payer) (names []string) {
	c := &Cashier{Vault: vault}
	for _, by := range []Payer{{UserID: payer.UserID, OpenID: payer.OpenID}, {UserID: payer.UserID}, {OpenID: payer.OpenID}} {
		if name := c.payerMark(merchantID, by); name != "" {
			names = mark(names, name)
		}
	}
	return names
}

// Note writes down that somebody looked at something. A commit of its own: nothing is shown that
// was not noted.
func (c *Cashier) Note(ctx context.Context, caller Caller, action, object, detail string) error {
	drawn := c.draw(caller)
	_, err := c.Store.Do(ctx, Unit{Decide: func(View) (Writes, error) {
		p := drawn.fresh(nil)
		p.audit(action, object, detail)
		return p.writes(), nil
	}})
	return err
}

// MerchantOf tells whose object an id names: a payment's, refund's, event's, delivery's or
// message's.
//
// Errors: CodeNotFound, CodeUnavailable.
func (c *Cashier) MerchantOf(ctx context.Context, id string) (string, error) {
	byID := Key{Kind: InboxByID, Value: id}
	v, err := c.Store.See(ctx, byID)
	if err != nil {
		return "", err
	}
	if box := v.Inbox(byID); box != nil {
		if account, known := c.Merchants.AccountByID(box.Account); known {
			return account.MerchantID, nil
		}
	}
	matches, err := c.Store.Locate(ctx, id)
	if err != nil {
		return "", err
	}
	for _, m := range matches {
		switch m.Kind {
		case "payment_id", "refund_id", "event_id", "delivery_id":
			return m.MerchantID, nil
		}
	}
	return "", Errorf(CodeNotFound, "no such object")
}
