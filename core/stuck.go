package core

import "context"

// stuck sees to a job that failed for a reason that trying again at once cannot mend: an account
// that configuration forgot, a row that cannot be opened. The row is put off with growing pauses,
// so that it does not fill every sweep, and a person is told each time. Errors of the moment (the
// database, another writer) leave the row due. It returns the error it was given.
func (c *Cashier) stuck(cause error, object string, putOff func() error) error {
	switch CodeOf(cause) {
	case "", CodeNotFound, CodeContended, CodeUnavailable:
		return cause
	}
	c.alert(2, "job.stuck", object, string(CodeOf(cause)))
	if err := putOff(); err != nil {
		c.happened("job.not_put_off", string(CodeOf(err)))
	}
	return cause
}

// putOffAttempt lets an attempt wait for a person's mending.
func (c *Cashier) putOffAttempt(ctx context.Context, attemptID string) error {
	_, err := c.change(ctx, system(), Key{Kind: OrderByAttempt, Value: attemptID}, func(p *pen) error {
		a := p.order.Attempt(attemptID)
		if a.NextAt.IsZero() || a.NextAt.After(p.now) {
			return nil
		}
		a.Tries++
		a.NextAt = p.now.Add(askAfter(a.Tries))
		p.touch(a)
		p.audit("attempt.stuck", a.ID, "")
		return nil
	})
	return err
}

// putOffRefund lets a refund wait for a person's mending; its money stays reserved.
func (c *Cashier) putOffRefund(ctx context.Context, merchantID, refundID string) error {
	_, err := c.change(ctx, system(), Key{Kind: OrderByRefund, Merchant: merchantID, Value: refundID}, func(p *pen) error {
		r := p.order.Refund(refundID)
		if r.NextAt.IsZero() || r.NextAt.After(p.now) {
			return nil
		}
		r.Tries++
		r.NextAt = p.now.Add(askAfter(r.Tries))
		p.touchRefund(r)
		p.audit("refund.stuck", r.ID, "")
		return nil
	})
	return err
}

// putOffInbox lets a message wait for a person's mending.
func (c *Cashier) putOffInbox(ctx context.Context, inboxID string) error {
	byID := Key{Kind: InboxByID, Value: inboxID}
	drawn := c.draw(system())
	_, err := c.Store.Do(ctx, Unit{Keys: []Key{byID}, Decide: func(v View) (Writes, error) {
		box := v.Inbox(byID)
		if box == nil || box.State != InboxWaiting {
			return Writes{}, nil
		}
		box.Tries++
		box.NextAt = drawn.now.Add(askAfter(box.Tries))
		p := drawn.fresh(nil)
		p.audit("inbox.stuck", box.ID, box.Code)
		p.guard(box)
		return p.writes(), nil
	}})
	return err
}
