package alipaytrade

import (
	"time"

	"github.com/paymux/paymux/core"
)

// What Alipay's habits force on our timing.
const (
	// leastTime: with less than a minute left the cashier gives the buyer five (told by the guides
	// for time_expire, not by the API's own page).
	leastTime = time.Minute
	// grace: a trade that does not exist at time_expire may still come into being, because the five
	// minutes count from the moment the buyer enters the cashier (the same guides).
	grace = 5 * time.Minute
	// refundLag: the guides ask for ten seconds before alipay.trade.fastpay.refund.query is
	// believed.
	refundLag = 3 * time.Minute
)

// Describe adds to an account what Alipay asks of its orders.
func Describe(a core.Account) core.Account {
	const digits = "0123456789"
	a.GatewayName = core.Words{ZH: "支付宝", EN: "Alipay"}
	a.NeedsPayer = !a.PaysWithoutTrade // an order string may be paid by whoever holds it
	a.LeastTime, a.Grace, a.RefundLag = leastTime, grace, refundLag
	// A buyer's user_id, as all of Alipay's documents have it.
	a.UserID = core.Shape{
		Prefix: "2088", Least: 16, Most: 16, Only: digits,
		Says: core.Words{ZH: "须为以 2088 开头的 16 位数字", EN: "must be 16 digits that begin with 2088"},
	}
	a.PayerApp = core.Shape{
		Most: 32, Only: digits,
		Says: core.Words{ZH: "须为应用的编号", EN: "must be the number of an app"},
	}
	a.Subject.Forbidden = "/=&" // the characters that the documents of subject forbid
	return a
}
