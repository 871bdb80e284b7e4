package storetest

import (
	"context"
	"slices"
	"time"

	"github.com/paymux/paymux/core"
)

func pageCases() []namedCase {
	return []namedCase{
		{"pages/payments newest first, stable while rows come and change (S16)", paymentPages},
		{"pages/payments by status and number", paymentFilters},
		{"pages/payments by any number, buyer and time, of one merchant and of all", paymentSearches},
		{"pages/messages and audit rows", keptPages},
		{"pages/stories from any number", stories},
		{"pages/refunds newest first, stable while rows come and change (S16)", refundPages},
		{"pages/refunds by status and number", refundFilters},
		{"pages/events oldest first after a row", eventPages},
		{"pages/events in the order of time, of one merchant and of all", eventsInTime},
		{"pages/deliveries newest first", deliveryPages},
		{"pages/ended deliveries oldest first", endedPages},
		{"pages/a page has a size (S16)", pageSizes},
		{"pages/balances sum the ledger", balances},
	}
}

func paymentPages(w *world) {
	var want []string
	for i := range 23 {
		p := w.payment()
		p.CreatedAt = at(i / 3) // ties on the time are broken by id
		w.insert(p)
		want = append([]string{p.ID}, want...)
	}
	var got []string
	q := core.PaymentQuery{MerchantID: w.merchant, Limit: 5}
	for {
		page, err := w.store.Payments(context.Background(), q)
		if err != nil {
			w.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, p := range page {
			got = append(got, p.ID)
		}
		last := page[len(page)-1]
		q.BeforeCreated, q.BeforeID = last.CreatedAt, last.ID
		newer := w.payment()
		newer.CreatedAt = at(1000)
		w.insert(newer)     // a row that comes while we page is not ours
		w.touch(page[0].ID) // nor does a change move a row
	}
	w.equal(got, want)
}

func paymentFilters(w *world) {
	var paid []string
	for i := range 6 {
		p := w.payment()
		if i%2 == 0 {
			p.Status = core.PaymentPaid
			paid = append([]string{p.ID}, paid...)
		}
		w.insert(p)
	}
	page, err := w.store.Payments(context.Background(), core.PaymentQuery{MerchantID: w.merchant, Status: core.PaymentPaid, Limit: 2})
	if err != nil || len(page) != 2 || page[0].ID != paid[0] || page[1].ID != paid[1] {
		w.Fatalf("page %v, %v", page, err)
	}
	page, err = w.store.Payments(context.Background(), core.PaymentQuery{
		MerchantID: w.merchant, Status: core.PaymentPaid, BeforeCreated: page[1].CreatedAt, BeforeID: page[1].ID, Limit: 2,
	})
	if err != nil || len(page) != 1 || page[0].ID != paid[2] {
		w.Fatalf("page %v, %v", page, err)
	}
	w.attention()
}

// attention finds what a person must look at, and by its number one payment.
func (w *world) attention() {
	w.Helper()
	odd, fine := w.payment(), w.payment()
	odd.Attention = "refund_returned"
	w.insert(odd, fine)
	ctx := context.Background()
	for _, c := range []struct {
		q    core.PaymentQuery
		want []string
	}{
		{core.PaymentQuery{Attention: true}, []string{odd.ID}}, {core.PaymentQuery{Attention: true, MerchantOrderNo: fine.MerchantOrderNo}, nil},
		{core.PaymentQuery{MerchantOrderNo: fine.MerchantOrderNo}, []string{fine.ID}}, {core.PaymentQuery{Attention: true, Status: core.PaymentPaid}, nil},
	} {
		c.q.MerchantID = w.merchant
		page, err := w.store.Payments(ctx, c.q)
		var got []string
		for _, p := range page {
			got = append(got, p.ID)
		}
		w.equal([]any{got, err}, []any{c.want, error(nil)})
	}
}

func refundPages(w *world) {
	p := w.payment()
	w.insert(p)
	var want []string
	for i := range 23 {
		r := w.refund(p, 1)
		r.CreatedAt = at(i / 3)
		if i%4 == 0 {
			r.MerchantRefundNo = "" // not every refund was asked for with a number
		}
		w.insert(r)
		want = append([]string{r.ID}, want...)
	}
	var got []string
	q := core.RefundQuery{MerchantID: w.merchant, Limit: 5}
	for {
		page := w.refunds(q)
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			got = append(got, r.ID)
		}
		last := page[len(page)-1]
		q.BeforeCreated, q.BeforeID = last.CreatedAt, last.ID
		newer := w.refund(p, 1)
		newer.CreatedAt = at(1000)
		w.insert(newer)
		w.moveRefund(p, page[0].ID, core.RefundSucceeded)
	}
	w.equal(got, want)
}

func refundFilters(w *world) {
	p := w.payment()
	w.insert(p)
	var rows []core.Refund // the newest first
	for i := range 6 {
		r := w.refund(p, 1)
		if i%2 == 0 {
			r.Status = core.RefundPendingApproval
		}
		w.insert(r)
		rows = append([]core.Refund{*r}, rows...)
	}
	pending := core.RefundQuery{MerchantID: w.merchant, Status: core.RefundPendingApproval, Limit: 2}
	page := w.refunds(pending)
	w.equal(page, []core.Refund{rows[1], rows[3]})
	pending.BeforeCreated, pending.BeforeID = page[1].CreatedAt, page[1].ID
	w.equal(w.refunds(pending), []core.Refund{rows[5]})
	w.moveRefund(p, rows[5].ID, core.RefundProcessing) // decided: it waits no longer
	w.equal(len(w.refunds(pending)), 0)
	for number, want := range map[string]int{rows[0].MerchantRefundNo: 1, "no-such-" + w.tag: 0, "' OR ''='": 0, "鍵": 0} {
		w.equal(len(w.refunds(core.RefundQuery{MerchantID: w.merchant, MerchantRefundNo: number})), want)
	}
	both := core.RefundQuery{MerchantID: w.merchant, MerchantRefundNo: rows[1].MerchantRefundNo, Status: core.RefundPendingApproval}
	w.equal(w.refunds(both), []core.Refund{rows[1]})
	both.Status = core.RefundFailed
	w.equal(len(w.refunds(both)), 0)
	w.equal(len(w.refunds(core.RefundQuery{MerchantID: w.merchant, Status: "鍵"})), 0)
}

// refunds lists refunds, and must not fail.
func (w *world) refunds(q core.RefundQuery) []core.Refund {
	w.Helper()
	page, err := w.store.Refunds(context.Background(), q)
	if err != nil {
		w.Fatalf("Refunds: %v", err)
	}
	return page
}

// moveRefund gives a refund of the payment another status.
func (w *world) moveRefund(p *core.Payment, id string, status core.RefundStatus) {
	w.Helper()
	k, witness := w.paymentKey(p.ID), w.audit(id)
	w.do(core.Unit{Keys: []core.Key{k}, Decide: func(v core.View) (core.Writes, error) {
		r := v.Order(k).Refund(id)
		r.Status = status
		return core.Writes{Guards: []core.Row{r}, Inserts: []core.Row{witness}}, nil
	}})
}

func eventPages(w *world) {
	p, other := w.payment(), w.payment()
	var rows, own []string
	for i := range 11 {
		of := p
		if i%3 == 0 {
			of = other
		}
		e := w.event(of, int64(i))
		w.insert(e)
		rows = append(rows, e.Row)
		if of == p {
			own = append(own, e.Row)
		}
	}
	for _, c := range []struct {
		payment string
		want    []string
	}{{"", rows}, {p.ID, own}} {
		var got []string
		q := core.EventQuery{MerchantID: w.merchant, PaymentID: c.payment, Limit: 4}
		for {
			page, err := w.store.Events(context.Background(), q)
			if err != nil {
				w.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				got = append(got, e.Row)
			}
			q.AfterRow = got[len(got)-1]
		}
		w.equal(got, c.want)
	}
}

// eventsInTime looks at events by their time, of one merchant and of all: each once, across a page
// that ends within a millisecond, and none of another time. Nobody else's are of these years.
func eventsInTime(w *world) {
	p, other := w.payment(), w.payment()
	other.MerchantID = w.id("m_")
	base := at(int(w.drawn.Add(1))).AddDate(40, 0, 0)
	var all, own []string
	for i := range 9 {
		e := w.event(p, int64(i))
		if i%3 == 0 {
			e = w.event(other, int64(i))
		}
		e.CreatedAt = base.Add(time.Duration(i/4) * time.Millisecond) // 4, 4, and 1 too late
		w.insert(e)
		if i < 8 {
			all = append(all, e.Row)
		}
		if i < 8 && i%3 > 0 {
			own = append(own, e.Row)
		}
	}
	for _, c := range []struct {
		all     bool
		payment string
		want    []string
	}{{true, "", all}, {false, "", own}, {true, p.ID, own}, {false, other.ID, nil}} {
		q := core.EventQuery{MerchantID: w.merchant, All: c.all, PaymentID: c.payment, CreatedFrom: base, CreatedTo: base.Add(2 * time.Millisecond), Limit: 2}
		var got []string
		for {
			page, err := w.store.Events(context.Background(), q)
			if err != nil {
				w.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				got = append(got, e.Row)
			}
			q.AfterCreated, q.AfterRow = page[len(page)-1].CreatedAt, page[len(page)-1].Row
		}
		w.equal(got, c.want)
	}
}

func deliveryPages(w *world) {
	e, other := w.event(w.payment(), 1), w.event(w.payment(), 1)
	w.insert(e, other)
	var all, dead []string
	for i := range 9 {
		d := w.delivery(e, w.id("e"))
		if i%4 == 0 {
			d.State = core.DeliveryDead
			dead = append([]string{d.ID}, dead...)
		}
		w.insert(d)
		all = append([]string{d.ID}, all...)
	}
	w.insert(w.delivery(other, "e"))
	for _, c := range []struct {
		state core.DeliveryState
		want  []string
	}{{"", all}, {core.DeliveryDead, dead}} {
		var got []string
		q := core.DeliveryQuery{MerchantID: w.merchant, EventID: e.ID, State: c.state, Limit: 2}
		for {
			page, err := w.store.Deliveries(context.Background(), q)
			if err != nil {
				w.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, d := range page {
				got = append(got, d.ID)
			}
			q.BeforeID = got[len(got)-1]
		}
		w.equal(got, c.want)
	}
	page, err := w.store.Deliveries(context.Background(), core.DeliveryQuery{MerchantID: w.merchant, Limit: 100})
	w.equal([]any{len(page), err}, []any{10, error(nil)})
}

// endedPages: of one endpoint, state and time, by time and id, each once though many share a time.
func endedPages(w *world) {
	first, end := at(1000), at(1003)
	var want []string
	for i := range 12 {
		d := w.delivery(w.event(w.payment(), 1), "e")
		// two of each moment
		d.State, d.NextAt, d.EndedAt, d.CreatedAt = core.DeliveryDead, time.Time{}, end, at(999+i/2)
		if !d.CreatedAt.Before(first) && d.CreatedAt.Before(end) {
			want = append(want, d.ID)
		}
		w.insert(d)
	}
	for _, change := range []func(*core.Delivery){
		func(d *core.Delivery) { d.EndpointID = "f" }, func(d *core.Delivery) { d.MerchantID += "x" }, func(d *core.Delivery) { d.State = core.DeliveryDone },
		func(d *core.Delivery) { d.State = core.DeliveryPending },
	} {
		d := w.delivery(w.event(w.payment(), 1), "e")
		d.State, d.CreatedAt = core.DeliveryDead, first
		change(d)
		w.insert(d)
	}
	var got []string
	q := core.EndedQuery{MerchantID: w.merchant, EndpointID: "e", State: core.DeliveryDead, From: first, To: end, Limit: 3}
	for {
		page, err := w.store.Ended(context.Background(), q)
		if err != nil || len(page) > q.Limit {
			w.Fatal(len(page), err)
		}
		if len(page) == 0 {
			break
		}
		for _, d := range page {
			got = append(got, d.ID)
		}
		q.From, q.AfterID = page[len(page)-1].CreatedAt, page[len(page)-1].ID
	}
	w.equal(got, want)
	q.From, q.AfterID, q.EndpointID = first, "", "茶"
	page, err := w.store.Ended(context.Background(), q)
	w.equal([]any{len(page), err}, []any{0, error(nil)})
}

func pageSizes(w *world) {
	var rows []core.Row
	for range 130 {
		rows = append(rows, w.payment())
	}
	w.insert(rows...)
	for limit, want := range map[int]int{0: 100, -1: 100, 7: 7, 5000: 130} {
		page, err := w.store.Payments(context.Background(), core.PaymentQuery{MerchantID: w.merchant, Limit: limit})
		w.equal([]any{len(page), err}, []any{want, error(nil)})
	}
}

func balances(w *world) {
	leg := func(account core.LedgerAccount, owner string, fen core.Fen) core.Row {
		return &core.Entry{ID: w.id("ent"), PostingID: "p", MerchantID: w.merchant, Account: account, Owner: owner, AmountFen: fen, CreatedAt: at(0)}
	}
	w.insert(leg(core.LedgerGateway, "b", 500), leg(core.LedgerMerchant, "b", -500))
	w.insert(leg(core.LedgerGateway, "a", core.MaxFen), leg(core.LedgerGateway, "a", core.MaxFen), leg(core.LedgerMerchant, "b", 200))
	w.insert(leg(core.LedgerGateway, "b", -500))
	got, err := w.store.Balances(context.Background(), w.merchant)
	w.equal([]any{got, err}, []any{[]core.Balance{
		{Account: core.LedgerGateway, Owner: "a", Fen: 2 * core.MaxFen, Entries: 2}, {Account: core.LedgerGateway, Owner: "b", Fen: 0, Entries: 2},
		{Account: core.LedgerMerchant, Owner: "b", Fen: -300, Entries: 2},
	}, error(nil)})
	if !slices.IsSortedFunc(got, func(a, b core.Balance) int {
		return compareText(string(a.Account)+"\x00"+a.Owner, string(b.Account)+"\x00"+b.Owner)
	}) {
		w.Error("not ordered by account and owner")
	}
}
