package core_test

import (
	"fmt"
	"testing"

	"github.com/paymux/paymux/core"
)

// off is a rulebook that has switched off another feature than refunds.
type off struct{ rules }

func (r off) Offer(p core.PlatformID, h core.Holdings) core.Offer {
	o := r.rules.Offer(p, h)
	o.Features = append([]core.OfferEntry{{Name: string(core.FeatureHuabei)}}, o.Features...)
	return o
}

// What a merchant is goes on to what it sells, and no more of it than it may be.
func TestMerchantsAreHandedOn(t *testing.T) {
	w := newWorld(t).with(func(m *core.Merchant) {
		m.Environment = core.Production
		for i := range core.MaxEndpoints + 1 {
			m.Endpoints = append(m.Endpoints, core.Endpoint{ID: fmt.Sprint("e", i)})
		}
	})
	w.Rules = off{}
	v := w.paid("A1", 100)
	if v.Environment != core.Production {
		t.Errorf("the payment is of %s", v.Environment)
	}
	if n := len(w.deliveries(core.DeliveryQuery{})); n != core.MaxEndpoints {
		t.Errorf("%d deliveries", n)
	}
	if r := w.refund(v.ID, "r", 10); r.Status != core.RefundSucceeded {
		t.Errorf("a refund while another feature is off: %s", r.Status)
	}
	if f := (core.Funding{Forbid: []core.Feature{"a", "b"}}); !f.Forbids("a") || !f.Forbids("b") || f.Forbids("c") {
		t.Error("each feature of the list is forbidden, and no other")
	}
}

// What a message or the configuration does not say is not held against it.
func TestMessagesMayLeaveOutWhoIsMeant(t *testing.T) {
	for name, change := range map[string]func(*core.Merchant, *core.Notice){
		"no app":                   func(_ *core.Merchant, n *core.Notice) { n.AppID = "" },
		"no payee":                 func(_ *core.Merchant, n *core.Notice) { n.SellerID = "" },
		"no payee is configured":   func(m *core.Merchant, _ *core.Notice) { m.Accounts[0].SellerID = "" },
		"no trade number is known": func(_ *core.Merchant, n *core.Notice) { n.Trade.TradeNo = "" },
	} {
		w := newWorld(t)
		v := w.create("A1", "wechat", 100)
		w.open(v)
		n := paidNotice(v, 0)
		w.with(func(m *core.Merchant) { change(m, &n) })
		if got := w.notify("acc1", n); got != "success" || w.payment(v.ID).Status != core.PaymentPaid {
			t.Errorf("%s: %s %s", name, got, w.payment(v.ID).Status)
		}
		n = paidNotice(v, 0)
		n.ID = "again"
		if got := w.notify("acc1", n); got != "success" || len(w.watch.alerts) != 0 {
			t.Errorf("%s, told again with all of it: %s %v", name, got, w.watch.alerts)
		}
	}
}
