package core_test

import (
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// G32: the gateway sends a message that contradicts the books, and then, under the same id, one
// that is right. Each field that decides anything keeps the two apart; the mirror case, a repeat
// that differs in its time of sending alone, is one message.
func TestDigestG32AContradictionDoesNotHideTheTruth(t *testing.T) {
	for name, spoil := range map[string]func(*core.Notice){
		"another payee":       func(n *core.Notice) { n.SellerID = "2088000000000666" },
		"another amount":      func(n *core.Notice) { n.Trade.TotalFen++ },
		"another application": func(n *core.Notice) { n.AppID = "2021000000000666" },
		"another kind":        func(n *core.Notice) { n.Kind = core.NoticeOther },
		"another state":       func(n *core.Notice) { n.Kind, n.Trade.State = core.NoticeWaiting, core.TradeWaiting },
		"another buyer":       func(n *core.Notice) { n.Kind, n.Trade.Payer.UserID = core.NoticeOther, "2088000000000777" },
		"another receipt":     func(n *core.Notice) { n.Kind, n.Trade.ReceiptFen = core.NoticeOther, 1 },
		"another refund":      func(n *core.Notice) { n.Kind, n.OutRequestNo = core.NoticeOther, "R1" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			v := w.create("A1", "alipay", 100)
			w.bank.settle(v.Attempts[0].OutTradeNo, 100)
			right := paidNotice(v, 0)
			wrong := right
			spoil(&wrong)
			w.notify("acc1", wrong)
			if got := w.payment(v.ID).Status; got != core.PaymentPaying {
				t.Fatalf("the wrong message made it %s", got)
			}
			if got := w.notify("acc1", right); got != "success" || w.payment(v.ID).Status != core.PaymentPaid {
				t.Fatalf("the right message was answered %s, the payment is %s", got, w.payment(v.ID).Status)
			}
		})
	}
	t.Run("another time of sending", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		again := paidNotice(v, 0)
		again.At = w.clock.Now().Add(time.Hour)
		if got := w.notify("acc1", again); got != "success" || len(w.memory.All().Inbox) != 1 {
			t.Fatalf("%s, %d messages are kept", got, len(w.memory.All().Inbox))
		}
	})
}
