package alipaytrade_test

import (
	"strings"
	"testing"
	"time"

	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/core"
)

// What Alipay asks of orders is said once, when the account is loaded.
func TestDescribe(t *testing.T) {
	a := alipaytrade.Describe(core.Account{ID: "a"})
	if a.ID != "a" || !a.NeedsPayer || a.LeastTime != time.Minute || a.Grace != 5*time.Minute || a.RefundLag != 3*time.Minute {
		t.Errorf("described as %+v", a)
	}
	if alipaytrade.Describe(core.Account{PaysWithoutTrade: true}).NeedsPayer {
		t.Error("an order string is for whoever holds it")
	}
	for text, want := range map[string]bool{
		"2088000000000002": true, "2088123456789012": true, "208812345678901": false, "20881234567890123": false,
		"1088123456789012": false, "208812345678901x": false, "2088123456789012\n": false,
	} {
		if got := a.UserID.Fits(text); got != want {
			t.Errorf("user_id %q: %v", text, got)
		}
	}
	for text, want := range map[string]bool{"2021000000000001": true, "0": true, "wx0123": false, strings.Repeat("1", 33): false} {
		if got := a.PayerApp.Fits(text); got != want {
			t.Errorf("app_id %q: %v", text, got)
		}
	}
	if a.Subject.Forbidden != "/=&" || a.OpenID != (core.Shape{}) {
		t.Errorf("texts: %+v %+v", a.Subject, a.OpenID)
	}
}
