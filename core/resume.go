package core

import "context"

// again turns a repeated create into the request for another attempt, should the first one have been refused.
func (req CheckoutRequest) again() AttemptRequest {
	return AttemptRequest{Platform: req.Platform, Payer: req.Payer, Funding: req.Funding, Client: req.Client}
}

// answerTo says what an answer is for: the key that keeps it, none for a create without one, and the HTTP status of its final form. Without a key nothing
// is kept: each answer shows the payment as it is then.
type answerTo struct {
	key    Key
	status int
}

// HTTP statuses of final answers.
const (
	statusFound = 200
	statusMade  = 201
)

// keyed tells whether a key keeps the answer.
func (to answerTo) keyed() bool { return to.key != (Key{}) }

// resume answers a request that was seen before. A stored answer is repeated byte for byte; an unknown outcome is asked for; an attempt that the
// gateway refused is followed by a new one with a new number (S06). While a call is under way elsewhere, a key's request is CodeInProgress (I01, I05), and one
// without a key is shown the payment as it is.
func (c *Cashier) resume(ctx context.Context, caller Caller, stored storedOrder, next AttemptRequest) (Answered, error) {
	byID, to := Key{Kind: OrderByPayment, Merchant: caller.MerchantID, Value: stored.paymentID}, stored.to
	v, err := c.Store.See(ctx, byID, to.key)
	if err != nil {
		return Answered{}, err
	}
	o, idem := v.Order(byID), v.Idempotency(to.key)
	if o == nil {
		return Answered{}, Errorf(CodeNotFound, "no such payment")
	}
	if idem != nil && idem.Done {
		return idem.replay(o.Payment.ID, o.Payment.Version), nil
	}
	a := o.Attempt(o.Payment.ActiveAttempt)
	now := c.at()
	switch {
	case a == nil && o.Payment.Status == PaymentCreated && now.Before(o.Payment.ExpiresAt.Add(-c.termsOf(&o.Attempts[len(o.Attempts)-1]).LeastTime)):
		return c.tryAgain(ctx, caller, o, next, to)
	case a != nil && a.Settling && a.Tries == 0 && now.Before(a.NextAt):
		if to.keyed() {
			return Answered{}, &Error{Code: CodeInProgress, Message: "the same request is being worked on", PaymentID: o.Payment.ID, RetryAfterSeconds: 1}
		}
	case a != nil && a.Settling:
		if err := c.SettleAttempt(ctx, a.ID); err != nil {
			return Answered{}, err
		}
		if o, err = c.order(ctx, byID); err != nil {
			return Answered{}, err
		}
	}
	return c.finalAnswer(ctx, to, o)
}

// tryAgain makes a new attempt for a payment whose last one was refused.
func (c *Cashier) tryAgain(ctx context.Context, caller Caller, o *Order, next AttemptRequest, to answerTo) (Answered, error) {
	m, err := c.merchant(caller.MerchantID)
	if err != nil {
		return Answered{}, err
	}
	plan, err := c.planFor(m, next.onwards(o.Payment))
	if err != nil {
		return Answered{}, err
	}
	return c.startAttempt(ctx, caller, o.Payment.ID, next, plan, to, "")
}

// finalAnswer renders the order for the caller. Unless an outcome is still unknown, the answer is stored under the key, so that every repeat gets the
// same bytes (INV-I1); of two that race to store it, the first wins and both answer with it.
func (c *Cashier) finalAnswer(ctx context.Context, to answerTo, o *Order) (Answered, error) {
	if err := c.turnedAway(o); err != nil {
		return Answered{}, err
	}
	made := Answered{Body: c.answer(o), Status: to.status, ID: o.Payment.ID}
	if a := o.Attempt(o.Payment.ActiveAttempt); a != nil && a.Settling {
		made.Settling = true
		return made, nil
	}
	return c.storeAnswer(ctx, c.draw(system()), to.key, made, o.Payment.Version)
}

// storeAnswer keeps the final answer to a key, with the version of what it shows, and returns the one that counts. A key without a row (its end has come)
// keeps nothing, and no key has none.
func (c *Cashier) storeAnswer(ctx context.Context, drawn *pen, key Key, made Answered, version int64) (Answered, error) {
	counts := made
	if key == (Key{}) {
		return counts, nil
	}
	_, err := c.Store.Do(ctx, Unit{Keys: []Key{key}, Decide: func(v View) (Writes, error) {
		idem := v.Idempotency(key)
		if idem == nil {
			return Writes{}, nil
		}
		if idem.Done {
			counts = idem.replay(made.ID, version)
			return Writes{}, nil
		}
		counts = made
		idem.Done, idem.Status, idem.Answer, idem.AnswerOf = true, made.Status, made.Body, version
		p := drawn.fresh(nil)
		p.caller.MerchantID = key.Merchant
		p.audit("answer.keep", idem.ObjectID, key.Scope)
		p.guard(idem)
		return p.writes(), nil
	}})
	return counts, err
}

// replay is the stored answer as it was given. It is stale if what it shows has another version by now.
func (i *Idempotency) replay(id string, version int64) Answered {
	return Answered{Body: i.Answer, Status: i.Status, Replayed: true, Stale: i.AnswerOf != 0 && version > i.AnswerOf, ID: id}
}

// answer renders an order as the body of a create's answer, with the rulebook's warnings.
func (c *Cashier) answer(o *Order) []byte {
	view := c.viewNow(o)
	if m, ok := c.Merchants.Merchant(o.Payment.MerchantID); ok {
		if a := o.Attempt(o.Payment.ActiveAttempt); a != nil {
			view.Warnings = c.decide(m, a.Platform, o.Payment.Lines, a.Funding).Warnings
		}
	}
	return render(view)
}

// viewNow renders an order at this moment: what the client does next is shown only while that leads to paying it.
func (c *Cashier) viewNow(o *Order) PaymentView {
	view := ViewOf(o)
	if a := o.Attempt(o.Payment.ActiveAttempt); a == nil || !c.payable(o, a) {
		view.Action = nil
	}
	return view
}

// payable tells whether a live attempt can still be paid by its action: nobody has paid or asked for the end, and its time is not over.
func (c *Cashier) payable(o *Order, a *Attempt) bool {
	last := a.TimeExpire
	if a.Token != "" {
		last = last.Add(-c.termsOf(a).LeastTime) // when its page stops opening
	}
	wanted := o.Payment.Status == PaymentCreated || o.Payment.Status == PaymentPaying
	return wanted && a.Live() && !a.Superseded && c.at().Before(last)
}
