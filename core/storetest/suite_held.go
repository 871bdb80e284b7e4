package storetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paymux/paymux/core"
)

// Holder is a store whose rows another session of the database can hold: the suite then runs its
// tests of held rows.
type Holder interface {
	core.Store
	// Hold has another session lock rows that are stored, and insert fresh ones without a commit;
	// both end with release. A store that cannot be held so says why it does not apply.
	Hold(stored, fresh []core.Row) (release func(), doesNotApply string)
}

func heldCases() []namedCase {
	all := []namedCase{
		{"held/32 callers of one held order, and strangers (D19)", func(w *world) { heldCrowd(w, 1) }},
		{"held/two held orders, and strangers (D19)", func(w *world) { heldCrowd(w, 2) }},
		{"held/three held orders, and strangers (D19)", func(w *world) { heldCrowd(w, 3) }},
		{"held/of three held orders, the one that is free again goes on (D19)", heldTurns},
		{"held/who leaves is answered at once, and its Decide runs no more (D19)", heldLeaves},
	}
	for _, kind := range heldKinds() {
		all = append(all, namedCase{"held/" + kind.name + " (D19)", func(w *world) { heldRow(w, kind) }})
	}
	return all
}

const (
	// strangerWithin is the promise, and heldSlack what a busy machine may add to it.
	strangerWithin, heldSlack = 1500 * time.Millisecond, 3 * time.Second
	// heldPatience is longer than anything here may take.
	heldPatience = 20 * time.Second
)

// hold holds rows, or ends the test where that does not apply.
func (w *world) hold(stored, fresh []core.Row) (release func()) {
	w.Helper()
	s, ok := w.store.(Holder)
	if !ok {
		w.Fatal("the store must say whether another session can hold its rows: see Holder")
	}
	let, why := s.Hold(stored, fresh)
	if why != "" {
		w.Skip("does not apply: " + why)
	}
	release = sync.OnceFunc(let)
	w.Cleanup(release)
	return release
}

// heldKind is a kind of row that is held, and a unit that meets it.
type heldKind struct {
	name string
	make func(*world) (stored, fresh []core.Row, meets core.Unit)
}

func heldKinds() []heldKind {
	return []heldKind{
		{"a payment", func(w *world) ([]core.Row, []core.Row, core.Unit) {
			p := w.payment()
			w.insert(p)
			return []core.Row{p}, nil, w.touching(p, func(o *core.Order) core.Row { return &o.Payment })
		}},
		{"an attempt", func(w *world) ([]core.Row, []core.Row, core.Unit) {
			p := w.payment()
			a := w.attempt(p)
			w.insert(p, a)
			return []core.Row{a}, nil, w.touching(p, func(o *core.Order) core.Row { return &o.Attempts[0] })
		}},
		{"a refund", func(w *world) ([]core.Row, []core.Row, core.Unit) {
			p := w.payment()
			r := w.refund(p, 1)
			w.insert(p, r)
			return []core.Row{r}, nil, w.touching(p, func(o *core.Order) core.Row { return &o.Refunds[0] })
		}},
		{"an idempotency row", func(w *world) ([]core.Row, []core.Row, core.Unit) {
			i := w.idempotency(w.id("k"))
			w.insert(i)
			k := core.Key{Kind: core.IdempotencyByKey, Merchant: i.MerchantID, Scope: i.Operation, Value: i.Key}
			return []core.Row{i}, nil, w.guarding(k, func(v core.View) core.Row { return v.Idempotency(k) })
		}},
		{"a message", func(w *world) ([]core.Row, []core.Row, core.Unit) {
			m := w.message()
			w.insert(m)
			k := core.Key{Kind: core.InboxByID, Value: m.ID}
			return []core.Row{m}, nil, w.guarding(k, func(v core.View) core.Row { return v.Inbox(k) })
		}},
		{"a delivery", func(w *world) ([]core.Row, []core.Row, core.Unit) {
			d := w.delivery(w.event(w.payment(), 1), "e")
			w.insert(d)
			k := core.Key{Kind: core.DeliveryByID, Merchant: d.MerchantID, Value: d.ID}
			return []core.Row{d}, nil, w.guarding(k, func(v core.View) core.Row { return v.Delivery(k) })
		}},
		{"an order number", func(w *world) ([]core.Row, []core.Row, core.Unit) {
			theirs, ours := w.payment(), w.payment()
			ours.MerchantOrderNo = theirs.MerchantOrderNo
			return nil, []core.Row{theirs}, inserting(ours)
		}},
		{"an idempotency key", func(w *world) ([]core.Row, []core.Row, core.Unit) {
			key := w.id("k")
			return nil, []core.Row{w.idempotency(key)}, inserting(w.idempotency(key), w.payment())
		}},
		{"a digest", func(w *world) ([]core.Row, []core.Row, core.Unit) {
			theirs, ours := w.message(), w.message()
			ours.Digest = theirs.Digest
			return nil, []core.Row{theirs}, inserting(ours)
		}},
		{"a trade number", func(w *world) ([]core.Row, []core.Row, core.Unit) {
			p := w.payment()
			theirs, ours := w.attempt(w.payment()), w.attempt(p)
			theirs.TradeNo, ours.TradeNo = w.id("trade"), ""
			w.insert(p, ours)
			return nil, []core.Row{theirs}, w.touching(p, func(o *core.Order) core.Row {
				o.Attempts[0].TradeNo = theirs.TradeNo
				return &o.Attempts[0]
			})
		}},
		{"a nonce", func(w *world) ([]core.Row, []core.Row, core.Unit) {
			n := core.Nonce{KeyID: w.id("key"), Nonce: "n", DeleteAfter: at(0)}
			theirs, ours := n, n
			return nil, []core.Row{&theirs}, inserting(&ours)
		}},
	}
}

// touching is a unit that changes a row of an order.
func (w *world) touching(p *core.Payment, row func(*core.Order) core.Row) core.Unit {
	k := w.paymentKey(p.ID)
	return w.guarding(k, func(v core.View) core.Row { return row(v.Order(k)) })
}

// guarding is a unit that changes one row, and inserts its witness.
func (w *world) guarding(k core.Key, row func(core.View) core.Row) core.Unit {
	witness := w.audit("held")
	return core.Unit{Keys: []core.Key{k}, Decide: func(v core.View) (core.Writes, error) {
		return core.Writes{Guards: []core.Row{row(v)}, Inserts: []core.Row{witness}}, nil
	}}
}

// strangers makes and changes n other orders at once, and wants each unit done soon.
func (w *world) strangers(n int) {
	w.Helper()
	var slowest atomic.Int64
	together(n, func(int) {
		p := w.payment()
		for _, u := range []core.Unit{
			inserting(p, w.attempt(p)), w.touching(p, func(o *core.Order) core.Row { return &o.Payment }),
			w.touching(p, func(o *core.Order) core.Row { return &o.Attempts[0] }),
		} {
			ctx, cancel := context.WithTimeout(context.Background(), heldPatience)
			begun := time.Now()
			v, err := w.store.Do(ctx, u)
			took := time.Since(begun)
			cancel()
			if err != nil || v.Duplicate != "" || took > strangerWithin+heldSlack {
				w.Errorf("a stranger: %+v, %v, after %v", v, err, took)
			}
			was := slowest.Load()
			for int64(took) > was && !slowest.CompareAndSwap(was, int64(took)) {
				was = slowest.Load()
			}
		}
	})
	w.Logf("%d strangers; the slowest of their units took %v", n, time.Duration(slowest.Load()).Round(time.Millisecond))
}

// waiting is a unit on its way.
type waiting struct {
	verdict core.Verdict
	err     error
	done    chan struct{}
}

func (w *world) begin(ctx context.Context, u core.Unit) *waiting {
	wait := &waiting{done: make(chan struct{})}
	go func() {
		defer close(wait.done)
		wait.verdict, wait.err = w.store.Do(ctx, u)
	}()
	return wait
}

// over tells whether the unit is settled already.
func (a *waiting) over() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// heldRow holds one row: strangers pass, whoever meets the row waits, is refused at the end of its
// time with nothing written, and is done once the row is free.
func heldRow(w *world, kind heldKind) {
	stored, fresh, meets := kind.make(w)
	_, _, again := kind.make(w) // of the same kind, and free
	release := w.hold(stored, fresh)
	short, cancel := context.WithTimeout(context.Background(), 2500*time.Millisecond)
	defer cancel()
	refused := w.begin(short, meets)
	w.strangers(8)
	w.do(again)
	<-refused.done
	w.code(refused.err, core.CodeUnavailable)
	patient := w.begin(context.Background(), meets)
	w.strangers(8)
	if patient.over() {
		w.Fatalf("the unit was settled while its row was held: %+v, %v", patient.verdict, patient.err)
	}
	release()
	<-patient.done
	// no duplicate of its own rows: the first time wrote nothing
	w.equal([]any{patient.err, patient.verdict.Duplicate}, []any{error(nil), core.Unique("")})
}

// heldCrowd holds orders for which 32 callers each ask, by several keys.
func heldCrowd(w *world, orders int) {
	var held []*core.Payment
	var rows []core.Row
	for range orders {
		p := w.payment()
		w.insert(p, w.attempt(p))
		held, rows = append(held, p), append(rows, p)
	}
	release := w.hold(rows, nil)
	var crowd []*waiting
	for i := range 32 * orders {
		p := held[i%orders]
		k := w.paymentKey(p.ID)
		if i%3 == 0 {
			k = core.Key{Kind: core.OrderByMerchantNo, Merchant: w.merchant, Value: p.MerchantOrderNo}
		}
		u := w.guarding(k, func(v core.View) core.Row { return &v.Order(k).Payment })
		crowd = append(crowd, w.begin(context.Background(), u))
		if i%16 == 0 {
			w.strangers(4)
		}
	}
	w.strangers(32)
	w.strangers(4)
	w.order(held[0].ID) // reading waits for nobody
	if _, err := w.store.Payments(context.Background(), core.PaymentQuery{MerchantID: w.merchant, Limit: 10}); err != nil {
		w.Error(err)
	}
	for i, wait := range crowd {
		if wait.over() {
			w.Errorf("caller %d was settled while its order was held: %v", i, wait.err)
		}
	}
	release()
	for _, wait := range crowd {
		<-wait.done
		if wait.err != nil {
			w.Error(wait.err)
		}
	}
	for _, p := range held {
		w.equal(fmt.Sprint(w.order(p.ID).Payment.Version-p.Version), "32")
	}
}

// heldTurns frees one of three held orders: those who wait take turns, so that it is found free
// though the two others stay held.
func heldTurns(w *world) {
	var releases []func()
	var crowd []*waiting
	for range 3 {
		p := w.payment()
		w.insert(p)
		releases = append(releases, w.hold([]core.Row{p}, nil))
		crowd = append(crowd, w.begin(context.Background(), w.touching(p, func(o *core.Order) core.Row { return &o.Payment })))
	}
	w.strangers(4) // by now each of them has met its row, or is about to
	releases[2]()
	<-crowd[2].done
	if crowd[2].err != nil || crowd[0].over() || crowd[1].over() {
		w.Errorf("the free one: %v; the held ones over: %t, %t", crowd[2].err, crowd[0].over(), crowd[1].over())
	}
	releases[0]()
	releases[1]()
	<-crowd[0].done
	<-crowd[1].done
	w.equal([]any{crowd[0].err, crowd[1].err}, []any{error(nil), error(nil)})
}

// heldLeaves has callers that do not wait to the end.
func heldLeaves(w *world) {
	p := w.payment()
	w.insert(p)
	release := w.hold([]core.Row{p}, nil)
	var ran, gone atomic.Int64
	var crowd []*waiting
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	for range 8 {
		u := w.touching(p, func(o *core.Order) core.Row { return &o.Payment })
		decide := u.Decide
		u.Decide = func(v core.View) (core.Writes, error) {
			ran.Add(1)
			return decide(v)
		}
		crowd = append(crowd, w.begin(ctx, u))
	}
	w.strangers(4)
	leave()
	for _, wait := range crowd {
		<-wait.done // while the row is held
		if core.CodeOf(wait.err) == core.CodeUnavailable {
			gone.Add(1)
		}
	}
	before := ran.Load()
	release()
	w.do(w.touching(p, func(o *core.Order) core.Row { return &o.Payment }))
	w.equal([]any{gone.Load(), ran.Load() - before, w.order(p.ID).Payment.Version - p.Version}, []any{int64(8), int64(0), int64(1)})
}
