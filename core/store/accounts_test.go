package store

import (
	"fmt"
	"testing"

	"github.com/paymux/paymux/core"
)

// An account's id may be mended until an attempt names it, and means the same from then on: an
// attempt pins its account by nothing else.
func TestAccountIsPinnedByItsFirstAttempt(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			first := core.Account{ID: "main", MerchantID: "m", Gateway: "alipay", Environment: core.Sandbox, AppID: "9021", SellerID: "2088"}
			mended := first
			mended.AppID = "9022"
			pin := func(a core.Account, want bool) {
				t.Helper()
				if disagree, err := s.PinAccounts(t.Context(), []core.Account{a}); (len(disagree) == 0) != want || err != nil {
					t.Errorf("%+v: %v, %v; want %v", a, disagree, err, want)
				}
			}
			other := first
			other.ID, other.AppID = "other", "9023"
			pin(other, true)
			writeRows(t, s, &core.Attempt{ID: "a0", PaymentID: "pay_1", MerchantID: "m", Account: "other", OutTradeNo: "T0"})
			pin(first, true)
			pin(first, true)
			pin(mended, true)
			pin(other, true) // whoever mends one touches no other
			writeRows(t, s, &core.Attempt{ID: "a1", PaymentID: "pay_1", MerchantID: "m", Account: "main", OutTradeNo: "T1"})
			pin(mended, true)
			for _, edit := range []func(*core.Account){
				func(a *core.Account) { a.AppID = "9021" },
				func(a *core.Account) { a.SellerID = "2099" },
				func(a *core.Account) { a.Gateway = "other" },
				func(a *core.Account) { a.Environment = core.Production },
				func(a *core.Account) { a.MerchantID = "n" },
			} {
				edited := mended
				edit(&edited)
				pin(edited, false)
			}
			pin(mended, true)
			var many []core.Account
			for i := range 2*pinsAtOnce + 1 {
				another := mended
				another.ID = fmt.Sprint("another", i)
				many = append(many, another)
			}
			many[700] = first
			if disagree, err := s.PinAccounts(t.Context(), many); err != nil || len(disagree) != 1 || disagree[0] != "main" {
				t.Errorf("%v, %v", disagree, err)
			}
			pin(many[0], true)
		})
	}
}
