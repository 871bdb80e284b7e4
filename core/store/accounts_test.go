package store

import (
	"testing"

	"github.com/paymux/paymux/core"
)

// An account's id may be mended until an attempt names it, and means the same from then on: an attempt pins its account by nothing else.
func TestAccountIsPinnedByItsFirstAttempt(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			first := core.Account{ID: "main", MerchantID: "m", Gateway: "alipay", Environment: core.Sandbox, AppID: "9021", SellerID: "2088"}
			mended := first
			mended.AppID = "9022"
			pin := func(a core.Account, want bool) {
				t.Helper()
				if agrees, err := s.PinAccount(t.Context(), a); agrees != want || err != nil {
					t.Errorf("%+v: %v, %v; want %v", a, agrees, err, want)
				}
			}
			pin(first, true)
			pin(first, true)
			pin(mended, true)
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
			mended.ID = "another"
			pin(mended, true)
		})
	}
}
