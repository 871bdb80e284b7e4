package core

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of a replay by time. One commit holds few rows, so that nobody waits for it; one call
// looks at no more than it can within a request's time.
const (
	replayAtOnce = 200
	// MaxReplay is how many deliveries one call looks at.
	MaxReplay = 10_000
	// MaxReplaySpan is the longest time that one call may name.
	MaxReplaySpan = 31 * 24 * time.Hour
)

const opReplay = "endpoint.replay"

// goneStatus is what an endpoint answers that wants nothing more (H06).
const goneStatus = 410

// RangeAsk asks for the deliveries to one endpoint that were made in a time and have ended.
type RangeAsk struct {
	EndpointID string
	// From is the first moment, To the first that is too late; at most MaxReplaySpan apart.
	From, To       time.Time
	Taken          bool   // those too that the endpoint took; else dead letters only
	IdempotencyKey string // required
}

// RangeView is what came of a replay by time.
type RangeView struct {
	EndpointID string `json:"endpoint_id"`
	Replayed   int    `json:"replayed"` // deliveries that were made due
	More       bool   `json:"more"`     // the time holds others
	// Gone says that the endpoint's last answer was 410: one delivery finds out whether it still
	// is, and the others are dead letters again, unsent, if so.
	Gone bool `json:"gone,omitempty"`
	// NextFrom is where the next call goes on, if there are more.
	NextFrom string `json:"next_from,omitempty"`
}

// EndedQuery asks for the deliveries of one endpoint in one state that were made at From or later,
// and before To, oldest first.
type EndedQuery struct {
	MerchantID, EndpointID string
	State                  DeliveryState
	From, To               time.Time
	AfterID                string // keyset: of those made at From, only later ids; "" for all
	Limit                  int
}

// ReplayRange makes the ended deliveries of an endpoint due, oldest first (H07). Those that are
// pending are left alone, and none is made: an event that the endpoint did not want stays untold.
//
// It goes on in commits of its own, each of which keeps in the key's row how far it came. So the
// same key after an interruption goes on there, a second call beside it takes turns with it, and
// nothing is made due twice under one key.
//
// Errors: CodeInvalid, CodeNotFound for an endpoint that the merchant does not have,
// CodeIdempotencyMismatch, CodeContended, CodeUnavailable.
func (c *Cashier) ReplayRange(ctx context.Context, caller Caller, ask RangeAsk) (Answered, error) {
	m, err := c.merchant(caller.MerchantID)
	if err != nil {
		return Answered{}, err
	}
	if _, ok := m.Endpoint(ask.EndpointID); !ok {
		return Answered{}, Errorf(CodeNotFound, "no such endpoint")
	}
	if err := ask.check(); err != nil {
		return Answered{}, err
	}
	r := &replaying{
		cashier: c, caller: caller, ask: ask, key: keyOf(caller, opReplay, ask.IdempotencyKey),
		print: fingerprint(opReplay, ask.EndpointID, ask.From.UnixMilli(), ask.To.UnixMilli(), ask.Taken),
	}
	if err := r.look(ctx); err != nil {
		return Answered{}, err
	}
	// Each turn but that of a lost race comes further; of a race there is one, for the key's row.
	for range 2 + MaxReplay/replayAtOnce {
		if r.row != nil && r.row.Fingerprint != r.print {
			return Answered{}, Errorf(CodeIdempotencyMismatch, "this key was used with another request")
		}
		if r.row != nil && r.row.Done {
			kept := r.row.replay(0)
			kept.Replayed = !r.mine
			return kept, nil
		}
		if err := r.turn(ctx); err != nil {
			return Answered{}, err
		}
	}
	return Answered{}, Errorf(CodeContended, "the endpoint's deliveries are being replayed by another request")
}

// check tells what is wrong with the time.
func (ask RangeAsk) check() error {
	switch span := ask.To.Sub(ask.From); {
	case span <= 0:
		return invalid("to", "must be later than %s", "from")
	case span > MaxReplaySpan:
		return invalid("to", "must be within %d days of from", int64(MaxReplaySpan/(24*time.Hour)))
	}
	return nil
}

// replaying is one call of ReplayRange.
type replaying struct {
	cashier *Cashier
	caller  Caller
	ask     RangeAsk
	key     Key
	print   string
	row     *Idempotency // the key's, as far as known
	mine    bool         // this call wrote it last
}

// progress is how far the calls under one key came: the row keeps it until the answer stands there.
type progress struct {
	Seen, Due int
	Gone      bool   // what the last that was made due had met
	At        int64  // Unix milliseconds
	ID        string // of the last that was looked at
}

// look reads the key's row.
func (r *replaying) look(ctx context.Context) error {
	v, err := r.cashier.Store.See(ctx, r.key)
	if err != nil {
		return err
	}
	r.row, r.mine = v.Idempotency(r.key), false
	return nil
}

// came tells how far the key came.
func (r *replaying) came() (progress, error) {
	p := progress{At: r.ask.From.UnixMilli()}
	if r.row == nil {
		return p, nil
	}
	if err := json.Unmarshal(r.row.Answer, &p); err != nil {
		return p, Errorf(CodeInternal, "the key's row does not say how far it came: %v", err)
	}
	return p, nil
}

// turn makes the next few due. If another call under the key came further meanwhile, it only learns
// how far.
func (r *replaying) turn(ctx context.Context) error {
	past, err := r.came()
	if err != nil {
		return err
	}
	page, err := r.next(ctx, past)
	if err != nil {
		return err
	}
	var beyond *Delivery
	if len(page) > replayAtOnce {
		beyond, page = &page[replayAtOnce], page[:replayAtOnce]
	}
	keys := []Key{r.key}
	for i := range page {
		keys = append(keys, Key{Kind: DeliveryByID, Merchant: r.caller.MerchantID, Value: page[i].ID})
	}
	drawn := r.cashier.draw(r.caller)
	var row *Idempotency
	var mine bool
	verdict, err := r.cashier.Store.Do(ctx, Unit{Keys: keys, Decide: func(v View) (Writes, error) {
		row = v.Idempotency(r.key)
		if mine = sameVersion(row, r.row); !mine {
			return Writes{}, nil
		}
		p := drawn.fresh(nil)
		now := past
		for _, k := range keys[1:] {
			if d := v.Delivery(k); d != nil && r.wants(d) {
				// EndedAt stays, as in Replay.
				d.State, d.NextAt = DeliveryPending, p.now
				p.guard(d)
				now.Due, now.Gone = now.Due+1, d.LastStatus == goneStatus
			}
		}
		if len(page) > 0 {
			last := page[len(page)-1]
			now.Seen, now.At, now.ID = past.Seen+len(page), last.CreatedAt.UnixMilli(), last.ID
		}
		p.audit(opReplay, r.ask.EndpointID, fmt.Sprintf("%d of %d made due, from %s to %s", now.Due-past.Due, len(page), Stamp(r.ask.From), Stamp(r.ask.To)))
		row = r.note(p, row, now, beyond)
		return p.writes(), nil
	}})
	if err == nil && verdict.Duplicate != "" { // the row of another call with the key
		return r.look(ctx)
	}
	r.row, r.mine = row, mine
	return err
}

// next lists those that come next, one more than one commit takes.
func (r *replaying) next(ctx context.Context, past progress) ([]Delivery, error) {
	states := []DeliveryState{DeliveryDead}
	if r.ask.Taken {
		states = append(states, DeliveryDone)
	}
	var page []Delivery
	for _, state := range states {
		rows, err := r.cashier.Store.Ended(ctx, EndedQuery{
			MerchantID: r.caller.MerchantID, EndpointID: r.ask.EndpointID, State: state, From: time.UnixMilli(past.At), To: r.ask.To,
			AfterID: past.ID, Limit: replayAtOnce + 1,
		})
		if err != nil {
			return nil, err
		}
		page = append(page, rows...)
	}
	slices.SortFunc(page, func(a, b Delivery) int {
		if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return page[:min(len(page), replayAtOnce+1)], nil
}

// wants tells whether a delivery is still one that was asked for: a lane or a person may have come
// first.
func (r *replaying) wants(d *Delivery) bool {
	return d.State == DeliveryDead || r.ask.Taken && d.State == DeliveryDone
}

// note writes how far the key came, or the answer if this was the last turn. It returns the row as
// it will be stored.
func (r *replaying) note(p *pen, row *Idempotency, now progress, beyond *Delivery) *Idempotency {
	fresh := row == nil
	if fresh {
		row = r.cashier.newIdempotency(p, asked{reply: reply{key: r.key}, prints: []string{r.print}}, r.ask.EndpointID)
	}
	row.Answer = render(now)
	if beyond == nil || now.Seen >= MaxReplay {
		view := RangeView{EndpointID: r.ask.EndpointID, Replayed: now.Due, Gone: now.Gone, More: beyond != nil}
		if beyond != nil {
			view.NextFrom = Stamp(beyond.CreatedAt)
		}
		row.Done, row.Status, row.Answer = true, statusTaken, render(view)
	}
	stored := *row
	if fresh {
		p.insert(row)
	} else {
		p.guard(row)
		stored.Version++
	}
	return &stored
}

// sameVersion tells whether nobody wrote a row since it was read.
func sameVersion(a, b *Idempotency) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Version == b.Version
}
