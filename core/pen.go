package core

import (
	"context"
	"slices"
	"strings"
	"time"
)

// pen writes one change of one order. Its ids are drawn before the unit runs and used in the same
// order at every run, so that Decide stays pure. Use cases change pen.order, mark what they
// changed, and never touch Writes themselves.
type pen struct {
	now      time.Time
	caller   Caller
	rowIDs   []string
	eventIDs []string
	// merchants tells which endpoints an event goes to.
	merchants Directory
	usedRows  int

	order    *Order
	attempts []string // ids of changed attempts
	refunds  []string // ids of changed refunds
	added    []string // ids of the rows of the order that are new
	audits   []Row
	keeping  []Row // audit rows of answers that are kept: they change nothing of the order
	inserts  []Row
	guards   []Row
	told     []telling
	turns    []Turn
}

// telling is an event to be rendered once the order has its final shape.
type telling struct {
	kind      EventType
	refundID  string
	attemptID string
}

// The most ids one unit may use, for each attempt that it decides about. The longest is late money
// that turns out to be refunded in the gateway's console: it is booked, its refund is ordered and
// given up for the one that was made, and each of two events goes to MaxEndpoints endpoints.
const (
	penRows   = 40
	penEvents = 3
)

// MaxEndpoints is the most webhook endpoints a merchant may have.
const MaxEndpoints = 5

// draw makes the ids of a unit.
func (c *Cashier) draw(caller Caller) *pen { return c.drawFor(caller, 1) }

// drawFor makes the ids of a unit that decides about as many attempts.
func (c *Cashier) drawFor(caller Caller, attempts int) *pen {
	p := &pen{
		caller: caller, now: c.at(), merchants: c.Merchants, rowIDs: make([]string, attempts*penRows), eventIDs: make([]string, attempts*penEvents),
	}
	for i := range p.rowIDs {
		p.rowIDs[i] = c.IDs.Row()
	}
	for i := range p.eventIDs {
		p.eventIDs[i] = c.IDs.Public("evt")
	}
	return p
}

// fresh returns a pen for one run of Decide on the order, which may be nil.
func (p *pen) fresh(o *Order) *pen {
	return &pen{now: p.now, caller: p.caller, merchants: p.merchants, rowIDs: p.rowIDs, eventIDs: p.eventIDs, order: o}
}

// rowID returns the next of the ids drawn.
func (p *pen) rowID() string {
	id := p.rowIDs[p.usedRows]
	p.usedRows++
	return id
}

// touch marks an attempt as changed.
func (p *pen) touch(a *Attempt) { p.attempts = mark(p.attempts, a.ID) }

// touchRefund marks a refund as changed.
func (p *pen) touchRefund(r *Refund) { p.refunds = mark(p.refunds, r.ID) }

func mark(ids []string, id string) []string {
	if slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}

// addAttempt puts a new attempt into the order.
func (p *pen) addAttempt(a Attempt) *Attempt {
	p.order.Attempts = append(p.order.Attempts, a)
	p.added = mark(p.added, a.ID)
	return &p.order.Attempts[len(p.order.Attempts)-1]
}

// addRefund puts a new refund into the order.
func (p *pen) addRefund(r Refund) *Refund {
	p.order.Refunds = append(p.order.Refunds, r)
	p.added = mark(p.added, r.ID)
	return &p.order.Refunds[len(p.order.Refunds)-1]
}

// isNew tells whether the row with this id is added by this unit.
func (p *pen) isNew(id string) bool {
	return slices.Contains(p.added, id)
}

// insert adds a new row that is not part of the order.
func (p *pen) insert(r Row) { p.inserts = append(p.inserts, r) }

// guard adds a conditional update of a row that is not part of the order.
func (p *pen) guard(r Row) { p.guards = append(p.guards, r) }

// audit records who did what; every change of an order records at least one.
func (p *pen) audit(action, object, detail string) {
	merchant := p.caller.MerchantID
	if merchant == "" && p.order != nil {
		merchant = p.order.Payment.MerchantID
	}
	p.audits = append(p.audits, &Audit{
		ID: p.rowID(), MerchantID: merchant, Actor: p.caller.Actor, KeyID: p.caller.KeyID, Action: action, Object: object, Detail: detail,
		CreatedAt: p.now,
	})
}

// keeps records that the final answer to a key is kept; nobody asked for that.
func (p *pen) keeps(row *Idempotency) {
	p.keeping = append(p.keeping, &Audit{
		ID: p.rowID(), MerchantID: row.MerchantID, Actor: ActorSystem, Action: "answer.keep", Object: row.ObjectID, Detail: row.Operation, CreatedAt: p.now,
	})
}

// tell queues an event; it is rendered when everything else has been decided.
func (p *pen) tell(kind EventType, refundID, attemptID string) {
	p.told = append(p.told, telling{kind, refundID, attemptID})
}

// post moves money in the ledger: two legs that sum to zero. Nothing is written for no money.
func (p *pen) post(move posting, owner string) {
	if move.amount == 0 {
		return
	}
	id := p.rowID()
	leg := func(account LedgerAccount, amount Fen) {
		p.insert(&Entry{
			ID: p.rowID(), PostingID: id, MerchantID: p.order.Payment.MerchantID, PaymentID: p.order.Payment.ID, RefundID: move.refundID,
			Account: account, Owner: owner, AmountFen: amount, CreatedAt: p.now,
		})
	}
	leg(move.to, move.amount)
	leg(move.from, -move.amount)
}

// step moves the payment by its table.
func (p *pen) step(s PaymentStep) error {
	next, ok := NextPayment(p.order.Payment.Status, s)
	if !ok {
		return Errorf(CodeWrongState, "payment %s is %s: %s is impossible", p.order.Payment.ID, p.order.Payment.Status, s)
	}
	p.order.Payment.Status = next
	return nil
}

// moveAttempt moves an attempt by its table.
func (p *pen) moveAttempt(a *Attempt, to AttemptState) error {
	if !CanMoveAttempt(a.State, to) {
		return Errorf(CodeWrongState, "attempt %s is %s: it cannot become %s", a.ID, a.State, to)
	}
	a.State = to
	p.touch(a)
	return nil
}

// moveRefund moves a refund by its table.
func (p *pen) moveRefund(r *Refund, to RefundStatus) error {
	if !CanMoveRefund(r.Status, to) {
		return Errorf(CodeWrongState, "refund %s is %s: it cannot become %s", r.ID, r.Status, to)
	}
	r.Status = to
	p.touchRefund(r)
	return nil
}

// writes renders what was decided: guards for everything of the order that changed, the payment
// always among them, then the new rows.
func (p *pen) writes() Writes {
	if !p.changes() {
		return Writes{Guards: p.guards, Inserts: slices.Concat(p.audits, p.keeping, p.inserts)}
	}
	if len(p.audits) == 0 {
		p.audit("order.change", p.order.Payment.ID, "")
	}
	p.sumUp()
	o := p.order
	for i, t := range p.told {
		o.Payment.Sequence++
		e := p.event(i, t)
		p.insert(e)
		p.address(e)
	}
	w := Writes{Inserts: slices.Concat(p.audits, p.keeping, p.inserts)}
	if p.isNew(o.Payment.ID) {
		w.Inserts = append(w.Inserts, &o.Payment)
	} else {
		w.Guards = append([]Row{&o.Payment}, p.guards...)
	}
	for i := range o.Attempts {
		w = p.place(w, &o.Attempts[i], p.attempts)
	}
	for i := range o.Refunds {
		w = p.place(w, &o.Refunds[i], p.refunds)
	}
	return w
}

// changes tells whether anything of the order is written.
func (p *pen) changes() bool {
	return p.order != nil && len(p.audits)+len(p.attempts)+len(p.refunds)+len(p.added)+len(p.told) > 0
}

// sumUp brings what the payment says of all its parts up to date.
func (p *pen) sumUp() {
	o := p.order
	o.Payment.Settling, o.Payment.Attention = settling(o), strings.Join(attention(o, p.now), ",")
}

// stored is the order as it will be once the unit is committed, with the versions that its guards
// leave: nobody need read back what was just written.
func (p *pen) stored() *Order {
	if !p.changes() {
		return p.order.Clone()
	}
	p.sumUp()
	o := p.order.Clone()
	o.Payment.Sequence += int64(len(p.told))
	if !p.isNew(o.Payment.ID) {
		o.Payment.Version++
	}
	for i := range o.Attempts {
		if a := &o.Attempts[i]; slices.Contains(p.attempts, a.ID) && !p.isNew(a.ID) {
			a.Version++
		}
	}
	for i := range o.Refunds {
		if r := &o.Refunds[i]; slices.Contains(p.refunds, r.ID) && !p.isNew(r.ID) {
			r.Version++
		}
	}
	return o
}

// place puts a row of the order where it belongs: among the inserts if it is new, among the guards
// if it changed.
func (p *pen) place(w Writes, row Row, changed []string) Writes {
	if p.isNew(row.RowID()) {
		w.Inserts = append(w.Inserts, row)
		return w
	}
	for _, id := range changed {
		if id == row.RowID() {
			w.Guards = append(w.Guards, row)
		}
	}
	return w
}

// event renders one event with the full state of its order.
func (p *pen) event(i int, t telling) *Event {
	o := p.order
	view := EventView{ID: p.eventIDs[i], Type: t.kind, Sequence: o.Payment.Sequence, CreatedAt: Stamp(p.now), Payment: ViewOf(o)}
	view.Payment.Action = nil // what a client does next is for the client alone
	if r := o.Refund(t.refundID); r != nil {
		rv := RefundViewOf(r)
		view.Refund = &rv
	}
	if a := o.Attempt(t.attemptID); a != nil {
		av := attemptView(a)
		view.Attempt = &av
	}
	return &Event{
		ID: p.eventIDs[i], Row: p.rowID(), MerchantID: o.Payment.MerchantID, PaymentID: o.Payment.ID, RefundID: t.refundID, Type: t.kind,
		Sequence: o.Payment.Sequence, Body: render(view), CreatedAt: p.now,
	}
}

// address writes one delivery for each endpoint that wants the event, in the same commit: what was
// promised to be told cannot be forgotten.
func (p *pen) address(e *Event) {
	m, ok := p.merchants.Merchant(e.MerchantID)
	if !ok {
		return
	}
	for i, to := range m.Endpoints {
		if i < MaxEndpoints && to.Wants(e.Type) {
			p.insert(&Delivery{
				ID: p.rowID(), EventID: e.ID, MerchantID: e.MerchantID, EndpointID: to.ID, State: DeliveryPending, NextAt: p.now, CreatedAt: p.now,
			})
		}
	}
}

// settling tells whether any outcome of the order is unknown.
func settling(o *Order) bool {
	for i := range o.Attempts {
		if o.Attempts[i].Settling {
			return true
		}
	}
	for i := range o.Refunds {
		if o.Refunds[i].Settling {
			return true
		}
	}
	return false
}

// change runs decide on the order that key finds, in one unit, and returns the order as decided. An
// order that is not there is CodeNotFound. If decide writes nothing, nothing is committed.
func (c *Cashier) change(ctx context.Context, caller Caller, key Key, decide func(*pen) error) (*Order, error) {
	o, _, err := c.conclude(ctx, caller, key, reply{}, decide)
	return o, err
}

// system is the caller of jobs, for the tenant that the row names.
func system() Caller { return Caller{Actor: ActorSystem} }
