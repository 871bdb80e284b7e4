package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// BenchmarkUnits measures durable units per second, alone and joined, by callers at once. "create"
// inserts an order with its books; "notify" loads an order, guards its payment and attempt, and
// inserts what a payment brings. The ratio to the same work alone is printed beside.
func BenchmarkUnits(b *testing.B) {
	for _, e := range engines() {
		for _, work := range []string{"create", "notify"} {
			for _, callers := range []int{1, 64, 256} {
				var alone float64
				for _, mode := range []string{"alone", "joined"} {
					b.Run(fmt.Sprintf("%s/%s/%03d/%s", e.name, work, callers, mode), func(b *testing.B) {
						config := e.config(b)
						config.alone = mode == "alone"
						rate := measure(b, config, work, callers)
						if mode == "alone" {
							alone = rate
						} else if alone > 0 {
							b.ReportMetric(rate/alone, "×alone")
						}
					})
				}
			}
		}
	}
}

func measure(b *testing.B, config Config, work string, callers int) float64 {
	s := open(b, config)
	do := func(i int) error { return createUnit(s, i) }
	if work == "notify" {
		for from := 0; from < b.N; from += 200 {
			var rows []core.Row
			for i := from; i < min(from+200, b.N); i++ {
				rows = append(rows, orderRows(i)...)
			}
			writeRows(b, s, rows...)
		}
		do = func(i int) error { return notifyUnit(s, i) }
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	began := time.Now()
	for range callers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < b.N; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	rate := float64(b.N) / time.Since(began).Seconds()
	b.ReportMetric(rate, "units/s")
	return rate
}

func orderRows(i int) []core.Row {
	id := fmt.Sprintf("%06d", i)
	p := pay("pay_" + id)
	p.Subject, p.Environment, p.Platform, p.Currency, p.AmountFen, p.Status = "茶", core.Sandbox, "alipay", core.Currency, 10_000, core.PaymentCreated
	p.Lines = []core.Line{{LineID: "1", GoodsID: "g", Name: "茶", Category: "physical", Quantity: 1, PriceFen: 10_000}}
	a := &core.Attempt{
		ID: "01KAH5ZZZZZZZZZZZZZZ" + id, PaymentID: p.ID, MerchantID: "m", OutTradeNo: "T" + id, Token: "h5_" + id, Platform: "alipay",
		Channel: "alipay_mini", Gateway: "alipay", Account: "a", AmountFen: 10_000, State: core.AttemptSent, NextAt: start, Version: 1, CreatedAt: start,
	}
	return []core.Row{p, a}
}

func createUnit(s *Store, i int) error {
	id := fmt.Sprintf("%06d", i)
	rows := append(orderRows(i), audit("01KAH5ZZZZZZZZZZZZZA"+id, start),
		&core.Idempotency{ID: "i" + id, MerchantID: "m", Operation: "payment.create", Key: id, Answer: make([]byte, 300), CreatedAt: start})
	byKey := core.Key{Kind: core.IdempotencyByKey, Merchant: "m", Scope: "payment.create", Value: id}
	byNo := core.Key{Kind: core.OrderByMerchantNo, Merchant: "m", Value: "no-pay_" + id}
	_, err := s.Do(context.Background(), core.Unit{Keys: []core.Key{byKey, byNo}, Decide: func(core.View) (core.Writes, error) {
		return core.Writes{Inserts: rows}, nil
	}})
	return err
}

func notifyUnit(s *Store, i int) error {
	id := fmt.Sprintf("%06d", i)
	byNo := core.Key{Kind: core.OrderByOutTradeNo, Value: "T" + id}
	byDigest := core.Key{Kind: core.InboxByDigest, Scope: "a", Value: "d" + id}
	_, err := s.Do(context.Background(), core.Unit{Keys: []core.Key{byNo, byDigest}, Decide: func(v core.View) (core.Writes, error) {
		o := v.Order(byNo)
		o.Payment.Status, o.Payment.PaidFen, o.Attempts[0].State, o.Attempts[0].TradeNo = core.PaymentPaid, 10_000, core.AttemptPaid, "2026"+id
		o.Attempts[0].NextAt = time.Time{}
		leg := func(n string, account core.LedgerAccount, fen core.Fen) core.Row {
			return &core.Entry{ID: "e" + n + id, PostingID: id, MerchantID: "m", PaymentID: o.Payment.ID, Account: account, Owner: "a", AmountFen: fen, CreatedAt: start}
		}
		return core.Writes{Guards: []core.Row{&o.Payment, &o.Attempts[0]}, Inserts: []core.Row{
			audit("n"+id, start), leg("1", core.LedgerGateway, 10_000), leg("2", core.LedgerMerchant, -10_000),
			&core.Event{ID: "evt_" + id, Row: "r" + id, MerchantID: "m", PaymentID: o.Payment.ID, Body: make([]byte, 400), CreatedAt: start},
			&core.Inbox{ID: "in" + id, Account: "a", Digest: "d" + id, Sealed: make([]byte, 1200), State: core.InboxDone, Version: 1, ReceivedAt: start},
		}}, nil
	}})
	return err
}
