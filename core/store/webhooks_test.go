package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// What waits for each endpoint is counted with the age of its oldest; what is done or dead is not.
// One endpoint's due rows can be asked for alone, and left out.
func TestBacklogsAndLanes(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			for i, d := range []core.Delivery{
				{MerchantID: "m", EndpointID: "a", NextAt: start.Add(time.Hour), CreatedAt: start, LastError: "it said no"},
				{MerchantID: "m", EndpointID: "a", NextAt: start, CreatedAt: start.Add(time.Minute)},
				{MerchantID: "m", EndpointID: "b", CreatedAt: start, EndedAt: start, State: core.DeliveryDead},
				{MerchantID: "n", EndpointID: "a", NextAt: start.Add(time.Second), CreatedAt: start.Add(-time.Hour), EndedAt: start},
			} {
				d.ID, d.EventID = fmt.Sprint("d", i), fmt.Sprint("e", i)
				writeRows(t, s, &d)
			}
			list, err := s.Backlogs(t.Context())
			if err != nil || len(list) != 2 {
				t.Fatalf("%+v, %v", list, err)
			}
			for _, b := range list {
				want := Backlog{core.Scope{MerchantID: "m", Scope: "a"}, 2, start, "it said no"}
				if b.Of.MerchantID == "n" {
					want = Backlog{core.Scope{MerchantID: "n", Scope: "a"}, 1, start.Add(time.Second), ""}
				}
				if b.Of != want.Of || b.Count != want.Count || b.Said != want.Said || !b.Oldest.Equal(want.Oldest) {
					t.Errorf("%+v, want %+v", b, want)
				}
			}
			mA, nA := core.Scope{MerchantID: "m", Scope: "a"}, core.Scope{MerchantID: "n", Scope: "a"}
			for want, q := range map[string]core.DueQuery{
				"d1 d3 d0 ": {}, "d1 d0 ": {Only: mA}, "d3 ": {Only: nA}, "": {Only: core.Scope{MerchantID: "m", Scope: "b"}},
				"d1 d0": {Except: []core.Scope{nA}}, "d3": {Except: []core.Scope{mA}}, " ": {Except: []core.Scope{mA, nA}},
			} {
				q.Kind, q.Until, q.Limit = core.DueDelivery, start.Add(2*time.Hour), 10
				page, err := s.Due(t.Context(), q)
				got := ""
				for _, d := range page {
					got += d.ID + " "
					if d.Asked != (d.ID == "d3") {
						t.Errorf("%+v", d)
					}
				}
				if err != nil || strings.TrimSpace(got) != strings.TrimSpace(want) {
					t.Errorf("%+v: %q, want %q, %v", q, got, want, err)
				}
			}
		})
	}
}
