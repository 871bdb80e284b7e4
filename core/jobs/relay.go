package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paymux/paymux/core"
)

// Ahead is how long before its time a row is hinted at: long enough for the relay's pauses, and
// short enough that what waits in memory is a small part of all that is open.
const Ahead = 10 * time.Minute

// Relay hands what comes due soon to the queue. It begins at the earliest again at every tick, so
// that a hint lost with the relay's memory costs nothing.
type Relay struct {
	Source Source
	Queue  Queue
	Clock  core.Clock
	// Batch is how many rows one page has.
	Batch int
	// Failed is told when the database or the queue does not answer; it may be nil.
	Failed func(error)

	// handed are the hints of the last round: a row is hinted at again only when its time has
	// moved.
	handed map[core.Due]bool
}

// Run relays once at once and then at every tick until ctx ends.
func (r *Relay) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		r.Round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
	}
}

// Round hints at everything that comes due within Ahead and was not hinted at in the last round,
// and returns how many hints it published. When database or queue do not answer it stops; the next
// round begins at the earliest again. A queue without room for what is late may have it for another
// kind.
func (r *Relay) Round(ctx context.Context) int {
	seen, published := map[core.Due]bool{}, 0
	var failed error
	for _, kind := range order() {
		n, err := r.hint(ctx, kind, seen)
		published += n
		if err != nil {
			failed = err
		}
		if err != nil && !errors.Is(err, ErrQueueBusy) {
			break
		}
	}
	if failed != nil && r.Failed != nil && ctx.Err() == nil {
		r.Failed(failed)
	}
	r.handed = seen
	return published
}

// hint goes through one kind by keyset.
func (r *Relay) hint(ctx context.Context, kind core.DueKind, seen map[core.Due]bool) (published int, err error) {
	query := core.DueQuery{Kind: kind, Until: r.Clock.Now().Add(Ahead), Limit: max(r.Batch, 1)}
	for range maxPages {
		page, err := r.Source.Due(ctx, query)
		if err != nil {
			return published, fmt.Errorf("list what comes due: %w", err)
		}
		for _, due := range page {
			due.At = due.At.UTC()
			if !r.handed[due] {
				if err := r.Queue.Publish(due); err != nil {
					return published, err
				}
				published++
			}
			seen[due] = true
		}
		if len(page) < query.Limit {
			break
		}
		last := page[len(page)-1]
		query.AfterAt, query.AfterID = last.At, last.ID
	}
	return published, nil
}

// Announcer is a store that hints at what it has just committed and what comes due soon: a webhook
// leaves when its event is written, and not at the next sweep. Where the commit's fate is unknown
// it is silent; the sweeper is not.
type Announcer struct {
	core.Store
	Queue Queue
	Clock core.Clock
}

// Do runs the unit and announces what became due by it.
func (a Announcer) Do(ctx context.Context, u core.Unit) (core.Verdict, error) {
	var last core.Writes
	decide := u.Decide
	u.Decide = func(v core.View) (core.Writes, error) {
		w, err := decide(v)
		last = w
		return w, err
	}
	verdict, err := a.Store.Do(ctx, u)
	if err != nil || verdict.Duplicate != "" {
		return verdict, err
	}
	until := a.Clock.Now().Add(Ahead)
	for _, rows := range [][]core.Row{last.Guards, last.Inserts} {
		for _, row := range rows {
			if due := dueOf(row); !due.At.IsZero() && !due.At.After(until) {
				_ = a.Queue.Publish(due) // the sweeper will meet it
			}
		}
	}
	return verdict, nil
}

// dueOf is when a row must be looked at; never, if At is zero.
func dueOf(row core.Row) core.Due {
	switch r := row.(type) {
	case *core.Attempt:
		return core.Due{Kind: core.DueAttempt, ID: r.ID, MerchantID: r.MerchantID, Scope: r.PaymentID, At: r.NextAt}
	case *core.Refund:
		return core.Due{Kind: core.DueRefund, ID: r.ID, MerchantID: r.MerchantID, Scope: r.PaymentID, At: r.NextAt}
	case *core.Inbox:
		return core.Due{Kind: core.DueInbox, ID: r.ID, At: r.NextAt}
	case *core.Delivery:
		return core.Due{Kind: core.DueDelivery, ID: r.ID, MerchantID: r.MerchantID, Scope: r.EndpointID, At: r.NextAt, Asked: !r.EndedAt.IsZero()}
	default:
		return core.Due{}
	}
}
