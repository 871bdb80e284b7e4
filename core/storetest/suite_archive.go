package storetest

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/archive"
)

func archiveCases() []namedCase {
	return []namedCase{
		{"archive/an order leaves whole, and its numbers lead to what stays of it", archivedWhole},
		{"archive/an order that is not as it was written stays", archivedOnlyAsWritten},
		{"archive/a number of an order that left is nobody else's, whoever came first", archivedNumberTaken},
	}
}

// archives is the world's store as an archive sees it.
func (w *world) archives() archive.OrderStore {
	w.Helper()
	s, ok := w.store.(archive.OrderStore)
	if !ok {
		w.Fatal("the store keeps no promise about archives")
	}
	return s
}

// final inserts an order with rows of every kind that leaves, two of each but the payment.
func (w *world) final() (*core.Payment, *core.Attempt, *core.Refund) {
	w.Helper()
	p, a, r := w.known(w.merchant)
	second := w.attempt(p)
	w.insert(second)
	for i := range 2 {
		e := w.event(p, int64(i+1))
		w.insert(e, w.delivery(e, "hook"))
	}
	for _, owner := range []string{"acc" + w.tag, "other"} {
		for account, fen := range map[core.LedgerAccount]core.Fen{core.LedgerGateway: 70, core.LedgerMerchant: -70} {
			w.insert(&core.Entry{
				ID: w.id("ent"), PostingID: owner, MerchantID: w.merchant, PaymentID: p.ID, Account: account, Owner: owner, AmountFen: fen, CreatedAt: at(1),
			})
		}
	}
	return p, a, r
}

// recordOf finds an order in the list of its time.
func (w *world) recordOf(p *core.Payment) archive.Record {
	w.Helper()
	after := archive.Cursor{At: p.CreatedAt.Add(-time.Millisecond), ID: "~"}
	for {
		page, err := w.archives().Records(context.Background(), p.CreatedAt, after, 2)
		if err != nil || len(page) == 0 {
			w.Fatalf("payment %s is not among the records: %v", p.ID, err)
		}
		for _, r := range page {
			if r.Order.Payment.ID == p.ID {
				return r
			}
		}
		last := page[len(page)-1].Order.Payment
		after = archive.Cursor{At: last.CreatedAt, ID: last.ID}
	}
}

func (w *world) leave(id string, records ...archive.Record) []string {
	w.Helper()
	b := archive.Batch{Archive: id, At: at(5)}
	for _, r := range records {
		b.Orders = append(b.Orders, archive.Leaving{PaymentID: r.Order.Payment.ID, Print: archive.Print(r.Text)})
	}
	gone, err := w.archives().Leave(context.Background(), b)
	if err != nil {
		w.Fatal(err)
	}
	return gone
}

func archivedWhole(w *world) {
	p, a, r := w.final()
	beside, _, _ := w.final()
	record := w.recordOf(p)
	w.equal([]int{record.Rows, record.Messages, len(record.Order.Attempts), len(record.Order.Refunds), len(record.Entries), len(record.Events), len(record.Deliveries)},
		[]int{12, 0, 2, 1, 4, 2, 2})
	w.equal(strings.Contains(string(record.Text), "\n"), false)
	ctx := context.Background()
	before, err := w.store.Balances(ctx, w.merchant)
	w.equal([]any{err, len(before)}, []any{error(nil), 4})
	w.equal(w.leave("arc1", record), []string{p.ID})
	w.equal(w.leave("arc1", record), []string{p.ID}) // by an earlier call
	w.equal(w.leave("arc2", record), []string(nil))
	after, err := w.store.Balances(ctx, w.merchant)
	w.equal([]any{after, err}, []any{before, error(nil)})
	want := &core.Archived{PaymentID: p.ID, MerchantID: w.merchant, MerchantOrderNo: p.MerchantOrderNo, Archive: "arc1", At: at(5)}
	for _, k := range []core.Key{
		w.paymentKey(p.ID), {Kind: core.OrderByMerchantNo, Merchant: w.merchant, Value: p.MerchantOrderNo}, {Kind: core.OrderByAttempt, Value: a.ID},
		{Kind: core.OrderByOutTradeNo, Value: a.OutTradeNo}, {Kind: core.OrderByRefund, Merchant: w.merchant, Value: r.ID},
	} {
		v := w.see(k, w.paymentKey(beside.ID))
		w.equal([]any{v.Order(k), v.Archived(k), v.Order(w.paymentKey(beside.ID)) != nil}, []any{(*core.Order)(nil), want, true})
		if k.Merchant != "" {
			k.Merchant = "other" + w.merchant
			w.equal(w.see(k).Archived(k), (*core.Archived)(nil)) // W01
		}
	}
	for kind, number := range map[string]string{
		"payment_id": p.ID, "merchant_order_no": p.MerchantOrderNo, "attempt_id": a.ID, "out_trade_no": a.OutTradeNo, "trade_no": a.TradeNo, "refund_id": r.ID,
		"out_request_no": r.OutRequestNo, "merchant_refund_no": r.MerchantRefundNo,
	} {
		got, err := w.store.Locate(ctx, number)
		w.equal([]any{got, err}, []any{[]core.Match{{Kind: kind, PaymentID: p.ID, MerchantID: w.merchant, Archive: "arc1"}}, error(nil)})
	}
	story, err := w.store.Story(ctx, p.ID)
	w.equal([]any{story, err}, []any{(*core.Story)(nil), error(nil)})
	events, err := w.store.Events(ctx, core.EventQuery{MerchantID: w.merchant})
	w.equal([]any{len(events), err}, []any{2, error(nil)})
	w.equal(len(w.recordOf(beside).Deliveries), 2)
}

func archivedOnlyAsWritten(w *world) {
	for what, change := range map[string]func(*core.Payment, archive.Record){
		"a delivery that is sent again": func(_ *core.Payment, r archive.Record) {
			d := r.Deliveries[0]
			d.Tries++
			w.do(core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Guards: []core.Row{&d}}, nil }})
		},
		"a message": func(_ *core.Payment, r archive.Record) {
			box := w.message()
			box.OutTradeNo, box.PaymentID = r.Order.Attempts[0].OutTradeNo, ""
			w.insert(box)
		},
		"a message by the payment alone": func(p *core.Payment, _ archive.Record) {
			box := w.message()
			box.OutTradeNo, box.PaymentID = w.id("T"), p.ID
			w.insert(box)
		},
		"another version": func(p *core.Payment, r archive.Record) {
			row := r.Order.Payment
			w.do(core.Unit{Decide: func(core.View) (core.Writes, error) {
				return core.Writes{Guards: []core.Row{&row}, Inserts: []core.Row{w.audit(p.ID)}}, nil
			}})
		},
	} {
		p, _, _ := w.final()
		beside, _, _ := w.final()
		record, other := w.recordOf(p), w.recordOf(beside)
		change(p, record)
		if got := w.leave("arc", record, other); len(got) != 1 || got[0] != beside.ID {
			w.Errorf("%s: %v left", what, got)
		}
		if o := w.order(p.ID); len(o.Attempts) != 2 || len(o.Refunds) != 1 {
			w.Errorf("%s: it stayed in part: %+v", what, o)
		}
	}
}

// archivedNumberTaken lets orders leave while others want to make orders of the same numbers: each
// of them finds the order, or that it was archived, and none finds nothing.
func archivedNumberTaken(w *world) {
	const orders = 12
	var group sync.WaitGroup
	var lost sync.Map
	for range orders {
		p, _, _ := w.known(w.merchant)
		record := w.recordOf(p)
		group.Go(func() {
			_, err := w.archives().Leave(context.Background(), archive.Batch{Archive: "arc", At: at(5), Orders: []archive.Leaving{{PaymentID: p.ID, Print: archive.Print(record.Text)}}})
			if err != nil && core.CodeOf(err) != core.CodeContended {
				lost.Store(err.Error(), true)
			}
		})
		for range 4 {
			group.Go(func() {
				k := core.Key{Kind: core.OrderByMerchantNo, Merchant: w.merchant, Value: p.MerchantOrderNo}
				_, err := w.store.Do(context.Background(), core.Unit{Keys: []core.Key{k}, Decide: func(v core.View) (core.Writes, error) {
					if v.Order(k) == nil && v.Archived(k) == nil {
						lost.Store(p.ID, true)
					}
					return core.Writes{}, nil
				}})
				if err != nil {
					lost.Store(err.Error(), true)
				}
			})
		}
	}
	group.Wait()
	lost.Range(func(what, _ any) bool {
		w.Errorf("neither here nor archived: %v", what)
		return true
	})
}
