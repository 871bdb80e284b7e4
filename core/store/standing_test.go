package store

import (
	"context"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// Standing counts what is due by now and what waits for people, and nothing that is neither.
func TestStanding(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			needles(t, s)
			due := start.Add
			writeRows(t, s,
				&core.Attempt{ID: "now", PaymentID: "p0001", MerchantID: "m", OutTradeNo: "now", Gateway: "bank", Version: 1, NextAt: due(-time.Minute), CreatedAt: due(-time.Hour)},
				&core.Attempt{ID: "then", PaymentID: "p0001", MerchantID: "m", OutTradeNo: "then", Gateway: "bank", Version: 1, NextAt: due(time.Hour), CreatedAt: due(-2 * time.Hour)},
				&core.Inbox{ID: "i1", Account: "a", Digest: "1", State: core.InboxParked, Version: 1}, &core.Inbox{ID: "i2", Account: "a", Digest: "2", State: core.InboxDone, Version: 1},
				&core.Delivery{ID: "d1", EventID: "e1", State: core.DeliveryDead, Version: 1}, &core.Delivery{ID: "d2", EventID: "e2", State: core.DeliveryPending, Version: 1, NextAt: due(-time.Second)},
			)
			got, err := s.Standing(context.Background(), start)
			if err != nil {
				t.Fatal(err)
			}
			if want := (People{Attention: 3, Parked: 1, Dead: 1, Approvals: 3}); got.People != want {
				t.Errorf("for people %+v, want %+v", got.People, want)
			}
			want := map[core.DueKind]DueRows{
				core.DueAttempt: {core.DueAttempt, 1, due(-time.Minute)}, core.DueRefund: {Kind: core.DueRefund}, core.DueInbox: {Kind: core.DueInbox},
				core.DueDelivery: {core.DueDelivery, 1, due(-time.Second)},
			}
			for _, b := range got.Backlog {
				if b != want[b.Kind] {
					t.Errorf("%+v, want %+v", b, want[b.Kind])
				}
			}
			if len(got.Backlog) != 4 || !got.OldestOpen.Equal(due(-2*time.Hour)) || got.Schema != got.Program || got.Program == 0 {
				t.Errorf("%+v", got)
			}
		})
	}
}
