package core

import "context"

// again turns a repeated create into the request for another attempt, should the first one have been refused.
func (req CheckoutRequest) again() AttemptRequest {
	return AttemptRequest{Platform: req.Platform, Payer: req.Payer, Funding: req.Funding, Client: req.Client}
}

// resume answers a request that was seen before. A stored answer is repeated byte for byte; an unknown outcome is asked for; an attempt that the
// gateway refused is followed by a new one with a new number (S06); a call that is under way elsewhere is CodeInProgress (I01, I05).
func (c *Cashier) resume(ctx context.Context, caller Caller, stored storedOrder, next AttemptRequest) (Answered, error) {
	byID := Key{Kind: OrderByPayment, Merchant: caller.MerchantID, Value: stored.paymentID}
	v, err := c.Store.See(ctx, byID, stored.idempotency)
	if err != nil {
		return Answered{}, err
	}
	o, idem := v.Order(byID), v.Idempotency(stored.idempotency)
	if o == nil {
		return Answered{}, Errorf(CodeNotFound, "no such payment")
	}
	if idem != nil && idem.Done {
		return Answered{Body: idem.Answer, Replayed: true, ID: o.Payment.ID}, nil
	}
	a := o.Attempt(o.Payment.ActiveAttempt)
	now := c.at()
	switch {
	case a == nil && o.Payment.Status == PaymentCreated && now.Before(o.Payment.ExpiresAt.Add(-lastOpening)):
		return c.tryAgain(ctx, caller, o, next, stored.idempotency)
	case a != nil && a.Settling && a.Tries == 0 && now.Before(a.NextAt):
		return Answered{}, &Error{Code: CodeInProgress, Message: "the same request is being worked on", PaymentID: o.Payment.ID, RetryAfterSeconds: 1}
	case a != nil && a.Settling:
		if err := c.SettleAttempt(ctx, a.ID); err != nil {
			return Answered{}, err
		}
		if o, err = c.order(ctx, byID); err != nil {
			return Answered{}, err
		}
	}
	return c.finalAnswer(ctx, stored.idempotency, o)
}

// tryAgain makes a new attempt for a payment whose last one was refused.
func (c *Cashier) tryAgain(ctx context.Context, caller Caller, o *Order, next AttemptRequest, idem Key) (Answered, error) {
	m, err := c.merchant(caller.MerchantID)
	if err != nil {
		return Answered{}, err
	}
	plan, err := c.planFor(m, next.Platform, o.Payment.Lines, next.Funding, next.Payer)
	if err != nil {
		return Answered{}, err
	}
	return c.startAttempt(ctx, caller, o.Payment.ID, next, plan, idem, "")
}

// finalAnswer renders the order for the caller. Unless an outcome is still unknown, the answer is stored under the key, so that every repeat gets the
// same bytes (INV-I1); of two that race to store it, the first wins and both answer with it.
func (c *Cashier) finalAnswer(ctx context.Context, key Key, o *Order) (Answered, error) {
	if err := turnedAway(o); err != nil {
		return Answered{}, err
	}
	if a := o.Attempt(o.Payment.ActiveAttempt); a != nil && a.Settling {
		return Answered{Body: c.answer(o), Settling: true, ID: o.Payment.ID}, nil
	}
	body := c.answer(o)
	drawn := c.draw(system())
	stored, err := c.storeAnswer(ctx, drawn, key, body, 201)
	if err != nil {
		return Answered{}, err
	}
	return Answered{Body: stored, ID: o.Payment.ID}, nil
}

// storeAnswer keeps the final answer to a key and returns the one that counts. A key without a row (its end has come) keeps nothing.
func (c *Cashier) storeAnswer(ctx context.Context, drawn *pen, key Key, body []byte, status int) ([]byte, error) {
	counts := body
	_, err := c.Store.Do(ctx, Unit{Keys: []Key{key}, Decide: func(v View) (Writes, error) {
		idem := v.Idempotency(key)
		if idem == nil {
			return Writes{}, nil
		}
		if idem.Done {
			counts = idem.Answer
			return Writes{}, nil
		}
		counts = body
		idem.Done, idem.Status, idem.Answer = true, status, body
		p := drawn.fresh(nil)
		p.caller.MerchantID = key.Merchant
		p.audit("answer.keep", idem.ObjectID, key.Scope)
		p.guard(idem)
		return p.writes(), nil
	}})
	return counts, err
}

// answer renders an order as the body of a create's answer, with the rulebook's warnings.
func (c *Cashier) answer(o *Order) []byte {
	view := ViewOf(o)
	if m, ok := c.Merchants.Merchant(o.Payment.MerchantID); ok {
		if a := o.Attempt(o.Payment.ActiveAttempt); a != nil {
			view.Warnings = c.decide(m, a.Platform, o.Payment.Lines, a.Funding).Warnings
		}
	}
	return render(view)
}
