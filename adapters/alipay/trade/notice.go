package alipaytrade

import (
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// tradeNotice translates a verified message of the payment path. What Alipay says is passed on as
// it stands: whether the number is ours, the amount ours and the payee ours is core's to check.
func tradeNotice(n *alipay.Notification) core.Notice {
	notice := core.Notice{
		Kind:         core.NoticeOther,
		ID:           n.NotifyID,
		AppID:        n.AppID,
		SellerID:     n.SellerID,
		OutRequestNo: n.OutBizNo,
		At:           firstTime(n, "gmt_refund", "gmt_close", "gmt_payment", "gmt_create", "notify_time"),
	}
	switch {
	case n.NotifyType == "trade_status_sync":
		describeTrade(n, &notice)
	case isAgreement(n.NotifyType):
		notice.Kind = core.NoticeAgreement
	}
	return notice
}

// tradeNotices is what one message of the payment path says: of the trade, and, by some products,
// of a refund that the buyer's bank sent back.
func tradeNotices(n *alipay.Notification) []core.Notice {
	notice := tradeNotice(n)
	notices := []core.Notice{notice}
	if n.NotifyType != "trade_status_sync" || n.Get("dback_status") != alipay.DepositBackFailed {
		return notices
	}
	back := notice
	back.Kind, back.ReturnedFen = core.NoticeReturned, 0
	if amount, err := n.Amount("dback_amount"); err == nil {
		back.ReturnedFen = core.Fen(amount)
	}
	return append(notices, back)
}

// isAgreement tells the signing and the end of an agreement, which Alipay sends to the address of
// the request or to the application gateway.
func isAgreement(notifyType string) bool {
	return notifyType == "dut_user_sign" || notifyType == "dut_user_unsign"
}

// describeTrade tells the six meanings of trade_status apart. TRADE_SUCCESS is a payment, or with a
// refund_fee a partial refund; TRADE_CLOSED is an unpaid close, or with a refund_fee a full refund;
// TRADE_FINISHED is a payment (C14), unless it follows refunds. Some payments carry a refund_fee of
// 0.00, so the amount decides and not the field's presence.
func describeTrade(n *alipay.Notification, notice *core.Notice) {
	state, known := tradeState(n.TradeStatus)
	notice.Trade = core.Trade{
		OutTradeNo: n.OutTradeNo,
		TradeNo:    n.TradeNo,
		State:      state,
		PaidAt:     n.Time("gmt_payment"),
		Payer:      core.Payer{UserID: n.BuyerID, OpenID: n.BuyerOpenID},
	}
	if receipt, err := n.Amount("receipt_amount"); err == nil {
		notice.Trade.ReceiptFen = core.Fen(receipt)
	}
	total, errTotal := n.TotalFen()
	refunded, errRefund := n.RefundFen()
	if errTotal != nil || errRefund != nil {
		// Verified, and yet not an amount as Alipay writes them: a total of 0 equals no attempt's,
		// so that core parks the message (C08).
		total, refunded = 0, 0
	}
	notice.Trade.TotalFen, notice.CumulativeFen = core.Fen(total), core.Fen(refunded)
	switch {
	case !known:
		notice.Kind = core.NoticeOther
	case state == core.TradeWaiting:
		notice.Kind = core.NoticeWaiting
	case refunded > 0:
		notice.Kind = core.NoticeRefund
	case state == core.TradeClosed:
		notice.Kind = core.NoticeClosed
	default:
		notice.Kind = core.NoticePayment
	}
}

// firstTime returns the first of the named times that the message has, by Alipay's clock.
func firstTime(n *alipay.Notification, names ...string) time.Time {
	for _, name := range names {
		if at := n.Time(name); !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}
