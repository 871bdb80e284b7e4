package command

import (
	"context"
	"errors"
	"net/url"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web/demoshop"
)

// demoHost implements demoshop.Host over the simulator: it stands for the Alipay app on the buyer's
// phone.
type demoHost struct{ sim *simulator }

// AuthCode implements demoshop.Host.
func (h demoHost) AuthCode(context.Context) (string, error) {
	return h.sim.IssueAuthCode(demoAppID, alipaysim.DefaultBuyer().UserID)
}

// CashierURL implements demoshop.Host.
func (h demoHost) CashierURL(action core.Action, back string) string {
	if action.Type == "alipay_order_str" {
		return h.sim.url + "/cashier/order?" + url.Values{"order_string": {action.Text}, "back": {back}}.Encode()
	}
	return h.sim.url + "/cashier/trade/" + url.PathEscape(action.TradeNo) + "?back=" + url.QueryEscape(back)
}

// ClockAhead implements demoshop.Host.
func (h demoHost) ClockAhead() time.Duration { return h.sim.Clock().Ahead() }

// Faults implements demoshop.Host.
func (h demoHost) Faults() []demoshop.Fault {
	var list []demoshop.Fault
	for _, f := range demoFaults() {
		list = append(list, f.Fault)
	}
	return list
}

// Provoke implements demoshop.Host.
func (h demoHost) Provoke(_ context.Context, id string) error {
	for _, f := range demoFaults() {
		if f.ID == id {
			_, err := h.sim.AddFault(f.script)
			return err
		}
	}
	return errors.New("no such mishap")
}

type demoFault struct {
	demoshop.Fault
	script alipaysim.Fault
}

// demoFaults are the mishaps that a person can order in the shop, each for one time.
func demoFaults() []demoFault {
	return []demoFault{
		{
			demoshop.Fault{ID: "lose-notification", Name: "弄丢一条支付通知", English: "Lose a notification", Hint: "靠主动查询补上，订单照样变成已付款。"},
			alipaysim.Fault{On: "notify", Effect: "lose"},
		},
		{
			demoshop.Fault{ID: "repeat-notification", Name: "同一条通知连发五次", English: "Send a notification five times", Hint: "只入账一次。"},
			alipaysim.Fault{On: "notify", Effect: "repeat", Copies: 5},
		},
		{
			demoshop.Fault{ID: "forge-notification", Name: "篡改一条通知", English: "Tamper with a notification", Hint: "验签不过，拒收；账以查询为准。"},
			alipaysim.Fault{On: "notify", Effect: "tamper"},
		},
		{
			demoshop.Fault{ID: "drop-create", Name: "下单后断线", English: "Drop the answer to a create", Hint: "支付宝已建单，回答丢了：先查询，不重复建单。"},
			alipaysim.Fault{Method: "alipay.trade.create", Effect: "reset", When: "after"},
		},
		{
			demoshop.Fault{ID: "drop-refund", Name: "退款后断线", English: "Drop the answer to a refund", Hint: "钱已退，回答丢了：查询后记一次，不会退两次。"},
			alipaysim.Fault{Method: "alipay.trade.refund", Effect: "reset", When: "after"},
		},
		{
			demoshop.Fault{ID: "drop-close", Name: "关单后断线", English: "Drop the answer to a close", Hint: "到底关没关，问过才算。"},
			alipaysim.Fault{Method: "alipay.trade.close", Effect: "reset", When: "after"},
		},
	}
}
