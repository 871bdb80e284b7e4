package core_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// inspect checks every invariant of the world against the bank's book.
func (w *world) inspect() []core.Breach {
	w.t.Helper()
	i := core.Inspection{Now: w.clock.Now(), Overdue: time.Minute, Book: func(no string) (core.Truth, bool) {
		w.bank.mu.Lock()
		defer w.bank.mu.Unlock()
		t, ok := w.bank.trades[no]
		if !ok {
			return core.Truth{}, false
		}
		truth := core.Truth{RefundedFen: t.refunded, Refunds: t.refunds}
		if !t.paidAt.IsZero() {
			truth.CapturedFen = t.total
		}
		return truth, true
	}}
	err := w.memory.EachOrder(context.Background(), func(o core.Order, entries []core.Entry, events []core.Event) error {
		i.Order(&o, entries, events)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return i.Finish(true)
}

// A life with everything in it breaks no invariant.
func TestVerifyCleanLife(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.refund(v.ID, "r1", 30)
	late := w.create("A2", "alipay", 100)
	if _, err := w.close(late.ID); err != nil {
		t.Fatal(err)
	}
	w.bank.settle(late.Attempts[0].OutTradeNo, 100)
	w.notify("acc1", paidNotice(late, 0))
	w.create("A3", "wechat", 100)
	w.clock.Advance(time.Hour)
	w.sweep()
	w.clock.Advance(time.Hour)
	w.sweep()
	if got := w.inspect(); len(got) != 0 {
		t.Fatal(got)
	}
}

// Every check can fail: each falsified book is named by its invariant.
func TestVerifyFindsEachBreach(t *testing.T) {
	cases := map[string]func(*core.Order, *[]core.Entry, *[]core.Event, *core.Truth){
		"INV-M2": func(o *core.Order, _ *[]core.Entry, _ *[]core.Event, _ *core.Truth) { o.Payment.ReservedFen = 10 },
		"INV-S1": func(o *core.Order, _ *[]core.Entry, _ *[]core.Event, _ *core.Truth) {
			o.Payment.Status = core.PaymentClosed
		},
		"INV-S4": func(o *core.Order, _ *[]core.Entry, _ *[]core.Event, _ *core.Truth) { o.Payment.PaidAttempt = "other" },
		"INV-M3": func(_ *core.Order, e *[]core.Entry, _ *[]core.Event, _ *core.Truth) { (*e)[0].AmountFen++ },
		"INV-M5": func(o *core.Order, _ *[]core.Entry, _ *[]core.Event, _ *core.Truth) { o.Payment.LateFen = 5 },
		"INV-E1": func(_ *core.Order, _ *[]core.Entry, e *[]core.Event, _ *core.Truth) { *e = nil },
		"INV-E2": func(_ *core.Order, _ *[]core.Entry, e *[]core.Event, _ *core.Truth) {
			(*e)[0].Type = core.EventPaymentClosed
		},
		"INV-E3": func(_ *core.Order, _ *[]core.Entry, e *[]core.Event, _ *core.Truth) {
			(*e)[0].Body = bytes.Replace((*e)[0].Body, []byte(`"paid_fen":100`), []byte(`"paid_fen":90`), 1)
		},
		"INV-S2": func(_ *core.Order, _ *[]core.Entry, _ *[]core.Event, t *core.Truth) { t.CapturedFen = 0 },
		"INV-M1": func(_ *core.Order, _ *[]core.Entry, _ *[]core.Event, t *core.Truth) { t.RefundedFen = 10 },
		"INV-M4": func(_ *core.Order, _ *[]core.Entry, _ *[]core.Event, t *core.Truth) { t.CapturedFen = 0 },
		"INV-S5": func(o *core.Order, _ *[]core.Entry, _ *[]core.Event, t *core.Truth) {
			o.Refunds = []core.Refund{{ID: "r", AttemptID: o.Attempts[0].ID, Status: core.RefundFailed, Origin: core.RefundByMerchant, OutRequestNo: "x"}}
			t.Refunds = map[string]core.Fen{"x": 1}
		},
		"INV-L1": func(o *core.Order, _ *[]core.Entry, _ *[]core.Event, _ *core.Truth) {
			o.Attempts[0].State, o.Attempts[0].NextAt = core.AttemptSent, time.Time{}
		},
	}
	for want, falsify := range cases {
		t.Run(want, func(t *testing.T) {
			w := newWorld(t)
			w.paid("A1", 100)
			truth := core.Truth{CapturedFen: 100}
			i := core.Inspection{Now: w.clock.Now(), Book: func(string) (core.Truth, bool) { return truth, true }}
			_ = w.memory.EachOrder(context.Background(), func(o core.Order, entries []core.Entry, events []core.Event) error {
				falsify(&o, &entries, &events, &truth)
				i.Order(&o, entries, events)
				return nil
			})
			var found []string
			for _, b := range i.Finish(true) {
				found = append(found, b.Invariant)
			}
			if !strings.Contains(strings.Join(found, " "), want) {
				t.Fatalf("found only %v", found)
			}
		})
	}
}

// INV-S1: the events are an order's history. One that tells of a way which the state table lacks is
// found, though the order as it stands is sound.
func TestVerifyReadsTheHistory(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.refund(v.ID, "r1", 40)
	w.refund(v.ID, "r2", 60)
	for swapped, want := range map[bool]string{false: "[]", true: "[INV-S1]"} {
		i := core.Inspection{}
		_ = w.memory.EachOrder(context.Background(), func(o core.Order, entries []core.Entry, events []core.Event) error {
			if swapped {
				events[0].Body, events[1].Body = events[1].Body, events[0].Body
			}
			i.Order(&o, entries, events)
			return nil
		})
		found := []string{}
		for _, b := range i.Finish(false) {
			found = append(found, b.Invariant)
		}
		if fmt.Sprint(found) != want {
			t.Fatalf("swapped %v: %v", swapped, found)
		}
	}
}

// Every account of the ledger is held against the orders: under each policy a clean life passes,
// and any leg that stands in another account is found.
func TestVerifyHoldsEveryLedgerAccount(t *testing.T) {
	for _, policy := range []core.LatePolicy{core.LateRefund, core.LateHold, core.LateAccept} {
		w := newWorld(t).with(func(m *core.Merchant) { m.Late, m.RefundApprovalOverFen = policy, 50 })
		v := w.paid("A1", 100)
		w.refund(v.ID, "r1", 30)
		w.refund(v.ID, "r2", 40) // waits for approval
		w.paid("A2", 100)
		late := w.create("A3", "alipay", 100)
		must(w.close(late.ID))
		w.bank.settle(late.Attempts[0].OutTradeNo, 100)
		w.notify("acc1", paidNotice(late, 0))
		w.sweep()
		if got := w.inspect(); len(got) != 0 {
			t.Fatal(policy, got)
		}
		all := w.memory.All().Entries
		for n, moved := range all {
			i, seen := core.Inspection{}, 0
			_ = w.memory.EachOrder(context.Background(), func(o core.Order, entries []core.Entry, events []core.Event) error {
				for k := range entries {
					if seen++; entries[k].ID == moved.ID {
						entries[k].Account = pick(moved.Account == core.LedgerShortfall, core.LedgerMerchant, core.LedgerShortfall)
					}
				}
				i.Order(&o, entries, events)
				return nil
			})
			if seen != len(all) || len(i.Finish(false)) == 0 {
				t.Errorf("%s: leg %d of %s in another account is not noticed", policy, n, moved.Account)
			}
		}
	}
}
