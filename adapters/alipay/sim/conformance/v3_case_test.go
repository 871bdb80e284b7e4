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

// v3CounterCase sells at a counter through OpenAPI v3: a QR code that both make
// and one party closes, a bar code that one charges and the other gives back,
// and a bill whose address both are given.
func v3CounterCase(b *bench, d *draw) error {
	mode := d.one(modes()...)
	client := b.clients["v3/"+mode]
	fen := 1 + d.Int64N(90_000)
	order := alipay.PrecreateRequest{OutTradeNo: d.id("Q"), TotalAmount: alipay.Amount(fen), Subject: d.label(100), ProductCode: "FACE_TO_FACE_PAYMENT"}
	biz := fields{"out_trade_no": order.OutTradeNo, "total_amount": alipay.FenToYuan(fen), "subject": order.Subject, "product_code": order.ProductCode}
	shown, r := client.Precreate(ctx(), order)
	theirs, v := b.sdkV3(mode, "trade/precreate", biz)
	if err := errors.Join(done("v3 precreate", r), same("v3 precreate", v.Error, ""), agree("v3 precreate", shown, theirs)); err != nil {
		return err
	}
	if _, err := b.control("POST", "/sim/pay", fields{"qr_code": shown.QRCode, "action": "enter"}); err != nil {
		return err
	}
	closed, r := client.Close(ctx(), alipay.CloseRequest{OutTradeNo: order.OutTradeNo})
	theirs, v = b.sdkV3(mode, "trade/close", fields{"out_trade_no": order.OutTradeNo})
	if err := errors.Join(done("v3 close", r), same("v3 close", v.Error, ""), agree("v3 close", closed, theirs)); err != nil {
		return err
	}
	if err := b.v3Charged(d, mode, client, fen); err != nil {
		return err
	}
	day := b.sim.Clock().Now().AddDate(0, 0, -2).Format("2006-01-02")
	_, r = client.BillDownloadURL(ctx(), alipay.BillRequest{BillType: "trade", BillDate: day})
	_, v = b.judge.v3(mode, "GET", "/v3/alipay/data/dataservice/bill/downloadurl/query", fields{"query": fields{"bill_type": "trade", "bill_date": day}})
	return errors.Join(done("v3 bill", r), same("v3 bill", v.Error, ""))
}

// v3Charged charges a bar code by one party and cancels by the other.
func (b *bench) v3Charged(d *draw, mode string, client *alipay.App, fen int64) error {
	code, err := b.control("POST", "/sim/barcode", nil)
	if err != nil {
		return err
	}
	number, subject := d.id("B"), d.label(100)
	if d.chance(50) {
		paid, r := client.Pay(ctx(), alipay.PayRequest{OutTradeNo: number, TotalAmount: alipay.Amount(fen), Subject: subject, AuthCode: text(code["auth_code"])})
		theirs, v := b.sdkV3(mode, "trade/cancel", fields{"out_trade_no": number})
		return errors.Join(done("v3 pay", r), same("v3 cancel", v.Error, ""), same("action", theirs["action"], "refund"), same("trade_no", paid.TradeNo, theirs["trade_no"]))
	}
	theirs, v := b.sdkV3(mode, "trade/pay", fields{"out_trade_no": number, "total_amount": alipay.FenToYuan(fen), "subject": subject,
		"scene": "bar_code", "auth_code": code["auth_code"]})
	ours, r := client.Cancel(ctx(), alipay.CancelRequest{OutTradeNo: number})
	return errors.Join(done("v3 cancel", r), same("v3 pay", v.Error, ""), same("action", ours.Action, "refund"), same("trade_no", ours.TradeNo, theirs["trade_no"]))
}
