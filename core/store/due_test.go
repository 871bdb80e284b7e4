package store

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// What is due is asked for from the beginning, as every sweep does: what has no time is never due,
// the earliest comes first whatever its id, and a page ends where it was told to.
func TestDueFromTheBeginning(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			for i := range 6 {
				id := fmt.Sprint("x", 9-i) // the earlier, the greater
				at := start.Add(time.Duration(i/2) * time.Second)
				if i == 5 {
					at = time.Time{}
				}
				writeRows(t, s,
					&core.Attempt{ID: "a" + id, MerchantID: "m", PaymentID: "p", OutTradeNo: id, NextAt: at},
					&core.Refund{ID: "r" + id, MerchantID: "m", PaymentID: "p", OutRequestNo: id, NextAt: at},
					&core.Inbox{ID: "i" + id, Account: "a", Digest: id, NextAt: at},
					&core.Delivery{ID: "d" + id, MerchantID: "m", EventID: id, EndpointID: "e", NextAt: at})
			}
			for kind, prefix := range map[core.DueKind]string{core.DueAttempt: "a", core.DueRefund: "r", core.DueInbox: "i", core.DueDelivery: "d"} {
				for _, c := range []struct {
					until time.Time
					limit int
					want  []string
				}{
					{start.Add(-time.Millisecond), 10, nil}, {start, 10, []string{"x8", "x9"}}, {start.Add(time.Hour), 10, []string{"x8", "x9", "x6", "x7", "x5"}},
					{start.Add(time.Hour), 3, []string{"x8", "x9", "x6"}}, {start.Add(time.Second), 10, []string{"x8", "x9", "x6", "x7"}},
				} {
					page, err := s.Due(context.Background(), core.DueQuery{Kind: kind, Until: c.until, Limit: c.limit})
					var got []string
					for _, d := range page {
						got = append(got, d.ID[len(prefix):])
					}
					if err != nil || !slices.Equal(got, c.want) {
						t.Errorf("%s until %v, %d: %v, want %v, %v", kind, c.until.Sub(start), c.limit, got, c.want, err)
					}
				}
			}
		})
	}
}

// S16: a page has 100 rows unless it was asked for otherwise, and never more than 1,000.
func TestPagesAreBounded(t *testing.T) {
	for limit, want := range map[int]int{-1: 100, 0: 100, 1: 1, 100: 100, 999: 999, 1000: 1000, 1001: 1000, 1 << 40: 1000} {
		if got := pageSize(limit); got != want {
			t.Errorf("%d: %d, want %d", limit, got, want)
		}
	}
}
