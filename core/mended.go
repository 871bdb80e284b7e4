package core

import (
	"context"
	"time"
)

// mendedPage is how many waiting rows are read at once.
const mendedPage = 200

// farAhead is later than any pause, so that a query by it finds all that waits for anything.
const farAhead = 366 * 24 * time.Hour

// Mended makes due at once what waits because the gateway turned an account away for a fault of
// ours: its keys or its contract may be right by now. Whoever changes the configuration of accounts
// calls it, and so does every start. What is still wrong waits again, with its pauses as they were.
//
// Errors: CodeContended, CodeUnavailable. What has not been made due then is due when its own pause
// ends.
func (c *Cashier) Mended(ctx context.Context, changed func(account string) bool) error {
	for _, kind := range []DueKind{DueAttempt, DueRefund} {
		q := DueQuery{Kind: kind, Until: c.at().Add(farAhead), AfterAt: c.at(), Fault: CodeMisconfigured, Limit: mendedPage}
		for {
			page, err := c.Store.Due(ctx, q)
			if err != nil {
				return err
			}
			for _, due := range page {
				if err := c.wake(ctx, due, changed); err != nil && CodeOf(err) != CodeNotFound {
					return err
				}
			}
			if len(page) < mendedPage {
				break
			}
			q.AfterAt, q.AfterID = page[len(page)-1].At, page[len(page)-1].ID
		}
	}
	return nil
}

// wake makes one row due now, if it still waits for its account to be mended.
func (c *Cashier) wake(ctx context.Context, due Due, changed func(account string) bool) error {
	key := Key{Kind: OrderByAttempt, Value: due.ID}
	if due.Kind == DueRefund {
		key = Key{Kind: OrderByRefund, Merchant: due.MerchantID, Value: due.ID}
	}
	_, err := c.change(ctx, system(), key, func(p *pen) error {
		if due.Kind == DueAttempt {
			a := p.order.Attempt(due.ID)
			if a.Fault == CodeMisconfigured && changed(a.Account) && a.NextAt.After(p.now) {
				a.NextAt = p.now
				p.touch(a)
				p.audit("attempt.mended", a.ID, "")
			}
			return nil
		}
		r := p.order.Refund(due.ID)
		if r.Fault == CodeMisconfigured && changed(p.order.Attempt(r.AttemptID).Account) && r.NextAt.After(p.now) {
			r.NextAt = p.now
			p.touchRefund(r)
			p.audit("refund.mended", r.ID, "")
		}
		return nil
	})
	return err
}
