package core

import (
	"context"
	"slices"
	"time"
)

// A request under an idempotency key has its effect once, and every repeat gets the bytes of the
// first answer. Two units see to it. once finds what an earlier request made, or makes it in one
// commit with the key's row. conclude records what came of it at the gateway. Whichever of them
// knows the final answer puts it into the row in its own commit: there is no outcome without its
// answer, and no commit for an answer alone.

// The operations that a key may belong to.
const (
	opCheckout   = "payment.create"
	opAttempt    = "attempt.create"
	opRefund     = "refund.create"
	opRefundLate = "late.refund"
	opAcceptLate = "late.accept"
)

// HTTP statuses of final answers.
const (
	statusFound = 200
	statusMade  = 201
	statusTaken = 202 // of what goes on by itself
)

// keyOf names the row of a request's key: no key at all if none was sent.
func keyOf(caller Caller, op, value string) Key {
	if value == "" {
		return Key{}
	}
	return Key{Kind: IdempotencyByKey, Merchant: caller.MerchantID, Scope: op, Value: value}
}

// reply is the answer that a request is owed; the zero reply is owed to nobody.
type reply struct {
	key    Key    // keeps it; without one each answer shows what is then
	status int    // HTTP status of its final form
	object string // the payment or refund that it shows
	// show makes the body's view. An answer that is not final is given, but not kept; an error is
	// given instead of an answer.
	show func(o *Order, object string, now time.Time) (view any, final bool, err error)
}

// keyed tells whether a key keeps the answer.
func (to reply) keyed() bool { return to.key != (Key{}) }

// asked is a request that must have its effect once.
type asked struct {
	reply
	drawn  *pen
	order  Key      // the order that it is about; of a create, the one with its merchant_order_no
	other  Key      // what else may name what an earlier request made; often none
	prints []string // its fingerprint to keep, then those that older programs kept of the same
	busy   string   // what to say when others are always first
}

// begun is what became of a request in its first unit.
type begun struct {
	to     reply     // the answer that is owed
	mine   bool      // this very request made the object; else an earlier one did
	order  *Order    // as this unit stored or found it; nil if it is gone
	answer *Answered // the final answer, if it is known already
	turns  []Turn    // what this unit brought about
}

// once begins a request. What an earlier request made is found by the key, or by find; else make
// makes it and names it. Of two that race, the loser's insert meets a unique key, and on its second
// look it finds what the winner made.
//
// Errors: those of find and make, CodeIdempotencyMismatch, CodeContended, CodeUnavailable.
func (c *Cashier) once(ctx context.Context, ask asked, find func(View) (string, error), make func(*pen) (string, error)) (begun, error) {
	for range 3 {
		var got begun
		verdict, err := c.Store.Do(ctx, Unit{Keys: []Key{ask.order, ask.key, ask.other}, Decide: func(v View) (w Writes, err error) {
			got, w, err = c.begin(ask, v, find, make)
			return w, err
		}})
		if err != nil {
			return begun{}, err
		}
		if verdict.Duplicate == "" {
			c.turned(got.turns...)
			return got, nil
		}
	}
	return begun{}, Errorf(CodeContended, "%s", ask.busy)
}

// begin is one run of once.
func (c *Cashier) begin(ask asked, v View, find func(View) (string, error), make func(*pen) (string, error)) (begun, Writes, error) {
	o := v.Order(ask.order)
	row, err := ask.earlier(v)
	if err != nil || row != nil {
		return ask.repeated(row, o), Writes{}, err
	}
	found, err := find(v)
	if err != nil || found != "" {
		p := ask.drawn.fresh(nil)
		got := begun{to: ask.reply, order: o}
		got.to.object, got.to.status = found, statusFound
		if err == nil && ask.keyed() { // or the key could mean another request later
			row := c.newIdempotency(p, ask, found)
			row.Status = statusFound // whoever comes under it made nothing
			p.insert(row)
		}
		return got, p.writes(), err
	}
	if v.Archived(ask.order) != nil {
		return begun{}, Writes{}, v.gone(ask.order, "")
	}
	p := ask.drawn.fresh(o)
	got := begun{to: ask.reply, mine: true}
	if got.to.object, err = make(p); err != nil {
		return begun{}, Writes{}, err
	}
	if ask.keyed() {
		row = c.newIdempotency(p, ask, got.to.object)
		p.insert(row)
	}
	got.order, got.turns = p.stored(), p.turns
	if made, _, err := got.to.answer(p, got.order, row); err == nil && !made.Settling {
		got.answer = &made
	}
	return got, p.writes(), nil
}

// earlier finds the row of a request that came under the same key. One with another body is
// refused.
func (ask asked) earlier(v View) (*Idempotency, error) {
	row := v.Idempotency(ask.key)
	if row != nil && !slices.Contains(ask.prints, row.Fingerprint) {
		return nil, Errorf(CodeIdempotencyMismatch, "this key was used with another request")
	}
	return row, nil
}

// repeated is a request whose key was seen before: answered if the answer is kept.
func (ask asked) repeated(row *Idempotency, o *Order) begun {
	got := begun{to: ask.reply, order: o}
	if row == nil {
		return got
	}
	got.to.object = row.ObjectID
	if row.Done && o != nil {
		kept := row.replay(o.version(row.ObjectID))
		got.answer = &kept
	}
	return got
}

// conclude runs decide on an order and, in the same unit, gives the answer that is owed, keeping it
// if it is final. It returns the order as stored. Owed to nobody, it is a change like any other.
//
// Errors: those of decide, CodeNotFound, CodeContended, CodeUnavailable; and, with all of it
// committed, what reply.show says instead of an answer.
func (c *Cashier) conclude(ctx context.Context, caller Caller, order Key, to reply, decide func(*pen) error) (*Order, Answered, error) {
	drawn := c.draw(caller)
	var stored *Order
	var given Answered
	var instead error
	var turns []Turn
	verdict, err := c.Store.Do(ctx, Unit{Keys: []Key{order, to.key}, Decide: func(v View) (Writes, error) {
		o := v.Order(order)
		if o == nil {
			return Writes{}, v.gone(order, "no such payment")
		}
		p := drawn.fresh(o)
		if err := decide(p); err != nil {
			return Writes{}, err
		}
		stored, turns = p.stored(), p.turns
		if to.show != nil {
			var kept bool
			row := v.Idempotency(to.key)
			if given, kept, instead = to.answer(p, stored, row); kept {
				p.guard(row)
			}
		}
		return p.writes(), nil
	}})
	switch {
	case err != nil:
		return nil, Answered{}, err
	case verdict.Duplicate == UniqueTradeNo:
		// No race: the gateway calls two trades of ours by one number, and would do so again.
		return nil, Answered{}, Errorf(CodeWrongState, "the gateway's trade_no belongs to another order")
	case verdict.Duplicate != "":
		return nil, Answered{}, Errorf(CodeContended, "another request took the same %s", verdict.Duplicate)
	default:
		c.turned(turns...)
		return stored, given, instead
	}
}

// answerNow gives the answer that is owed when nothing is left to record.
func (c *Cashier) answerNow(ctx context.Context, order Key, to reply) (Answered, error) {
	if to.show == nil {
		return Answered{}, nil
	}
	_, given, err := c.conclude(ctx, system(), order, to, func(*pen) error { return nil })
	return given, err
}

// answer shows the order as it is stored by p's unit. A final answer is put into the key's row with
// the version of what it shows, and kept says so; the caller writes the row. Of two that race the
// first wins, and both answer with what it kept. A row whose end has come keeps nothing.
func (to reply) answer(p *pen, o *Order, row *Idempotency) (given Answered, kept bool, err error) {
	view, final, err := to.show(o, to.object, p.now)
	switch {
	case err != nil:
		return Answered{}, false, err
	case row != nil && row.Done:
		return row.replay(o.version(to.object)), false, nil
	}
	given = Answered{Body: render(view), Status: to.status, Settling: !final, ID: to.object}
	if row == nil || !final {
		return given, false, nil
	}
	if row.Status != 0 {
		given.Status = row.Status
	}
	row.Done, row.Status, row.Answer, row.AnswerOf = true, given.Status, given.Body, o.version(to.object)
	if !p.isNew(o.Payment.ID) { // a new order's own row says it
		p.keeps(row)
	}
	return given, true, nil
}

// replay is the stored answer as it was given. It is stale if what it shows has another version by
// now.
func (i *Idempotency) replay(version int64) Answered {
	return Answered{Body: i.Answer, Status: i.Status, Replayed: true, Stale: i.AnswerOf != 0 && version > i.AnswerOf, ID: i.ObjectID}
}

// version is that of the payment, or of one of its refunds.
func (o *Order) version(object string) int64 {
	if r := o.Refund(object); r != nil {
		return r.Version
	}
	return o.Payment.Version
}

// newIdempotency makes the row that will keep the answer to a key.
func (c *Cashier) newIdempotency(p *pen, ask asked, object string) *Idempotency {
	return &Idempotency{
		ID: p.rowID(), MerchantID: ask.key.Merchant, Operation: ask.key.Scope, Key: ask.key.Value, Fingerprint: ask.prints[0],
		ObjectID: object, CreatedAt: p.now, DeleteAfter: p.now.Add(c.KeyKept),
	}
}
