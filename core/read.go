package core

import (
	"context"
	"time"
)

// MaxPage is the most rows one page of a list holds.
const MaxPage = 100

// order loads one order, or CodeNotFound.
func (c *Cashier) order(ctx context.Context, key Key) (*Order, error) {
	v, err := c.Store.See(ctx, key)
	if err != nil {
		return nil, err
	}
	if o := v.Order(key); o != nil {
		return o, nil
	}
	return nil, v.gone(key, "no such object")
}

// Payment returns a merchant's payment. Another merchant's is CodeNotFound (W01).
func (c *Cashier) Payment(ctx context.Context, merchantID, id string) (PaymentView, error) {
	o, err := c.order(ctx, Key{Kind: OrderByPayment, Merchant: merchantID, Value: id})
	if err != nil {
		return PaymentView{}, err
	}
	return c.viewNow(o, c.at()), nil
}

// Payments lists payments, newest first. A page has q.Limit rows, MaxPage at most; the
// last row is the next page's keyset.
func (c *Cashier) Payments(ctx context.Context, q PaymentQuery) ([]PaymentView, error) {
	q.Limit = clampPage(q.Limit)
	rows, err := c.Store.Payments(ctx, q)
	if err != nil {
		return nil, err
	}
	keys := make([]Key, len(rows))
	for i, p := range rows {
		keys[i] = Key{Kind: OrderByPayment, Merchant: p.MerchantID, Value: p.ID}
	}
	views, now := make([]PaymentView, 0, len(rows)), c.at()
	if len(keys) == 0 {
		return views, nil
	}
	v, err := c.Store.See(ctx, keys...)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if o := v.Order(k); o != nil {
			view := c.viewNow(o, now)
			if q.All {
				view.MerchantID = o.Payment.MerchantID
			}
			views = append(views, view)
		}
	}
	return views, nil
}

func clampPage(n int) int {
	if n < 1 || n > MaxPage {
		return MaxPage
	}
	return n
}

// RefundView returns a merchant's refund.
func (c *Cashier) RefundView(ctx context.Context, merchantID, id string) (RefundView, error) {
	o, err := c.order(ctx, Key{Kind: OrderByRefund, Merchant: merchantID, Value: id})
	if err != nil {
		return RefundView{}, err
	}
	return RefundViewOf(o.Refund(id)), nil
}

// Refunds lists refunds, newest first: so an approver finds what waits. Pages are
// those of Payments.
func (c *Cashier) Refunds(ctx context.Context, q RefundQuery) ([]RefundView, error) {
	q.Limit = clampPage(q.Limit)
	rows, err := c.Store.Refunds(ctx, q)
	if err != nil {
		return nil, err
	}
	views := make([]RefundView, 0, len(rows))
	for i := range rows {
		view := RefundViewOf(&rows[i])
		if q.All {
			view.MerchantID = rows[i].MerchantID
		}
		views = append(views, view)
	}
	return views, nil
}

// EventPage lists events, oldest first, so that a merchant who missed webhooks can catch up.
func (c *Cashier) EventPage(ctx context.Context, q EventQuery) ([]Event, error) {
	q.Limit = clampPage(q.Limit)
	events, err := c.Store.Events(ctx, q)
	settled := c.at().Add(-c.EventSettle)
	for i, e := range events {
		if e.CreatedAt.After(settled) {
			return events[:i], err
		}
	}
	return events, err
}

// Balances sums a merchant's ledger.
func (c *Cashier) Balances(ctx context.Context, merchantID string) ([]Balance, error) {
	return c.Store.Balances(ctx, merchantID)
}

// Sync asks the gateway now about everything of a payment that is not final, and about refunds that
// were made outside, and returns the payment as it is then.
func (c *Cashier) Sync(ctx context.Context, caller Caller, paymentID string) (PaymentView, error) {
	key := Key{Kind: OrderByPayment, Merchant: caller.MerchantID, Value: paymentID}
	o, err := c.order(ctx, key)
	if err != nil {
		return PaymentView{}, err
	}
	for i := range o.Attempts {
		if a := &o.Attempts[i]; a.Unheard() { // the gateway cannot know it: call again, or end it
			if err := c.SettleAttempt(ctx, a.ID); err != nil {
				return PaymentView{}, err
			}
		} else if a.State == AttemptSent || a.outlived() {
			if err := c.inquire(ctx, a); err != nil {
				return PaymentView{}, err
			}
		}
	}
	for _, r := range o.Refunds {
		if r.Status == RefundProcessing {
			if err := c.SettleRefund(ctx, caller.MerchantID, r.ID); err != nil {
				return PaymentView{}, err
			}
		}
	}
	if o, err = c.order(ctx, key); err != nil {
		return PaymentView{}, err
	}
	for i := range o.Attempts {
		// somebody may have refunded it in the gateway's console (G34)
		if a := &o.Attempts[i]; a.PaidFen > 0 {
			if err := c.askSum(ctx, a); err != nil {
				return PaymentView{}, err
			}
		}
	}
	return c.Payment(ctx, caller.MerchantID, paymentID)
}

// Offers tells what each platform offers the merchant, and for everything that is off, which layer
// says so and why.
func (c *Cashier) Offers(merchantID string) ([]Offer, error) {
	m, err := c.merchant(merchantID)
	if err != nil {
		return nil, err
	}
	offers := []Offer{}
	for _, id := range c.Rules.Platforms() {
		offers = append(offers, c.Rules.Offer(id, c.holdings(m)))
	}
	return offers, nil
}

// Accounts lists a merchant's accounts, none for a merchant that is not known.
func (c *Cashier) Accounts(merchantID string) []Account {
	m, _ := c.Merchants.Merchant(merchantID)
	return m.Accounts
}

// Check answers whether a basket would be accepted: the same answer as Checkout's, with nothing
// stored.
func (c *Cashier) Check(merchantID string, ask CheckoutRequest) (Decision, error) {
	m, err := c.merchant(merchantID)
	if err != nil {
		return Decision{}, err
	}
	if err := ask.checkMoney(m); err != nil {
		return Decision{}, err
	}
	return c.decide(m, ask.Platform, ask.Lines, ask.Funding), nil
}

// Login exchanges the code that a mini-program got from its host for the buyer's identity: the
// first step of SEED-1.
//
// Errors: CodeNotFound, CodeChannelMissing, CodeLoginFailed, CodeChannelUnavailable (also when the
// answer is unknown: a code is spent at most once).
func (c *Cashier) Login(ctx context.Context, caller Caller, ask LoginAsk) (Payer, error) {
	m, err := c.merchant(caller.MerchantID)
	if err != nil {
		return Payer{}, err
	}
	caps, known := c.Channels.Get(ask.Channel)
	if !known {
		return Payer{}, Errorf(CodeNotFound, "no such channel")
	}
	if err := ask.checkShape(m); err != nil {
		return Payer{}, err
	}
	if caps.Authorizer == nil || caps.Channel.Door() != DoorNative {
		return Payer{}, Errorf(CodeChannelMissing, "channel %s exchanges no authorisation codes", ask.Channel)
	}
	account, ok := m.AccountFor(ask.Channel)
	if ask.AccountID != "" {
		account, ok = m.Account(ask.AccountID)
		ok = ok && account.Serves(ask.Channel)
	}
	if !ok {
		return Payer{}, Errorf(CodeChannelMissing, "no account of the merchant can exchange authorisation codes")
	}
	res := caps.Authorizer.Authorize(ctx, account, ask.AuthCode)
	switch {
	case res.Outcome == OutcomeSucceeded:
		payer := res.Payer
		payer.AppID = account.AppID // a code is exchanged by the app whose mini-program got it
		return payer.scoped(), nil
	case res.Code == CodeMisconfigured: // signed or not: no money hangs on a login
		return Payer{}, misconfigured(account.GatewayName, "", res.Answer)
	case res.Outcome == OutcomeFailed:
		return Payer{}, &Error{Code: CodeLoginFailed, Message: "the authorisation code was refused; get a new one", Field: "auth_code", Err: res.Err}
	default:
		return Payer{}, &Error{Code: CodeChannelUnavailable, Message: "the gateway gave no answer; get a new code and try again", RetryAfterSeconds: 1, Err: res.Err}
	}
}

// SpendNonce makes a signed request usable once: the second time it is CodeReplayedNonce (W05).
func (c *Cashier) SpendNonce(ctx context.Context, keyID, nonce string, until time.Time) error {
	if err := checkNumber("nonce", nonce, 64); err != nil {
		return err
	}
	verdict, err := c.Store.Do(ctx, Unit{Decide: func(View) (Writes, error) {
		return Writes{Inserts: []Row{&Nonce{KeyID: keyID, Nonce: nonce, DeleteAfter: until}}}, nil
	}})
	if err == nil && verdict.Duplicate != "" {
		return Errorf(CodeReplayedNonce, "this request was seen before")
	}
	return err
}
