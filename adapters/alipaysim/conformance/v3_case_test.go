//go:build conformance

package conformance

import (
	"context"
	"errors"

	"github.com/paymux/paymux/adapters/alipay"
)

func ctx() context.Context { return context.Background() }

// sdkV3 posts to OpenAPI v3 through the SDK.
func (b *bench) sdkV3(mode, path string, body fields) (fields, verdict) {
	options := fields{"body": body}
	if mode == "aes" {
		options["needEncrypt"] = true
	}
	return b.judge.v3(mode, "POST", "/v3/alipay/"+path, options)
}

// v3Case follows a trade through OpenAPI v3: created there by both, paid,
// refunded, and seen alike through the old door.
func v3Case(b *bench, d *draw) error {
	mode := d.one(modes()...)
	client := b.clients["v3/"+mode]
	o := d.order(appID(mode), d.until(b.sim.Clock().Now()))
	o.request.NotifyURL, o.biz["notify_url"] = notifyURL, notifyURL
	ours, r := client.Create(ctx(), o.request)
	theirs, v := b.sdkV3(mode, "trade/create", o.biz)
	if err := errors.Join(done("v3 create", r), same("v3 status", v.Error, ""), agree("v3 create", ours, theirs)); err != nil {
		return err
	}
	if err := b.v3Refusal(d, mode, client); err != nil {
		return err
	}
	if _, err := b.control("POST", "/sim/trades/"+ours.TradeNo+"/pay", nil); err != nil {
		return err
	}
	asked, r := client.Query(ctx(), alipay.QueryRequest{OutTradeNo: o.request.OutTradeNo})
	theirs, v = b.sdkV3(mode, "trade/query", fields{"out_trade_no": o.request.OutTradeNo})
	classic, old := b.clients[mode].Query(ctx(), alipay.QueryRequest{OutTradeNo: o.request.OutTradeNo})
	if err := errors.Join(done("v3 query", r), done("classic query", old), same("v3 query", v.Error, ""),
		agree("v3 query", asked, theirs), agree("both doors", classic, theirs)); err != nil {
		return err
	}
	part := 1 + d.Int64N(int64(o.request.TotalAmount))
	request := alipay.RefundRequest{OutTradeNo: o.request.OutTradeNo, OutRequestNo: d.id("R"), RefundAmount: alipay.Amount(part), RefundReason: d.text(50)}
	refunded, moved := client.Refund(ctx(), request)
	theirs, v = b.sdkV3(mode, "trade/refund", fields{"out_trade_no": request.OutTradeNo, "out_request_no": request.OutRequestNo,
		"refund_amount": alipay.FenToYuan(part), "refund_reason": request.RefundReason})
	if err := errors.Join(same("v3 refund", v.Error, ""), same("v3 refund code", moved.Err, nil), same("refund_fee", refunded.RefundFee, theirs["refund_fee"]),
		same("fund_change", refunded.FundChange+text(theirs["fund_change"]), "YN")); err != nil {
		return err
	}
	known, r := client.RefundQuery(ctx(), alipay.RefundQueryRequest{OutTradeNo: request.OutTradeNo, OutRequestNo: request.OutRequestNo})
	theirs, v = b.sdkV3(mode, "trade/fastpay/refund/query", fields{"out_trade_no": request.OutTradeNo, "out_request_no": request.OutRequestNo})
	return errors.Join(done("v3 refund query", r), same("v3 refund query", v.Error, ""), agree("v3 refund query", known, theirs))
}

// v3Refusal compares a refusal: the same business code by both, HTTP 400.
func (b *bench) v3Refusal(d *draw, mode string, client *alipay.App) error {
	nobody := d.id("N")
	_, r := client.Query(ctx(), alipay.QueryRequest{OutTradeNo: nobody})
	_, v := b.sdkV3(mode, "trade/query", fields{"out_trade_no": nobody})
	return errors.Join(same("v3 refusal", r.SubCode, v.Code), same("v3 refusal", v.Code, "ACQ.TRADE_NOT_EXIST"),
		same("v3 refusal status", v.Status, 400), same("class", r.Class, alipay.NotExist))
}
