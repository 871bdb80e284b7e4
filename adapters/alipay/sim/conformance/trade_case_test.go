//go:build conformance

package conformance

import (
	"context"
	"errors"
	"fmt"

	"github.com/paymux/paymux/adapters/alipay"
)

// sdkBiz sends through the SDK in a mode. In mode aes the SDK encrypts, and
// cannot verify the encrypted answer: see limits_test.go.
func (b *bench) sdk(mode, method string, biz fields, public ...string) (fields, error) {
	p := params(biz, public...)
	if mode == "aes" {
		p["needEncrypt"] = true
	}
	return b.judge.execRaw(mode, method, p, mode != "aes")
}

// created is a trade that the SDK and our client both asked for and agree on.
func (b *bench) created(d *draw, mode string) (order, string, error) {
	o := d.order(appID(mode), d.until(b.sim.Clock().Now()))
	client := b.clients[mode]
	o.request.NotifyURL = notifyURL
	var theirs fields
	var ours alipay.CreateResponse
	var err error
	bySDK := func() {
		if theirs, err = b.sdk(mode, alipay.MethodCreate, o.biz, "notify_url", notifyURL); err == nil && theirs["code"] != "10000" {
			err = fmt.Errorf("%w: create by SDK: %v", errDisagree, theirs)
		}
	}
	byUs := func() error {
		var r alipay.Result
		ours, r = client.Create(context.Background(), o.request)
		return done("create", r)
	}
	if d.chance(50) {
		bySDK()
		err = errors.Join(err, byUs())
	} else {
		err = byUs()
		if err == nil {
			bySDK()
		}
	}
	if err != nil {
		return o, "", err
	}
	return o, ours.TradeNo, agree("create", ours, theirs)
}

// queried compares trade.query of both parties and gives the status.
func (b *bench) queried(d *draw, mode string, o order, tradeNo string) (string, error) {
	options := []string{"fund_bill_list"}
	request, biz := alipay.QueryRequest{OutTradeNo: o.request.OutTradeNo, QueryOptions: options},
		fields{"out_trade_no": o.request.OutTradeNo, "query_options": options}
	if d.chance(30) {
		request.TradeNo, biz["trade_no"] = tradeNo, tradeNo
	}
	ours, r := b.clients[mode].Query(context.Background(), request)
	theirs, err := b.sdk(mode, alipay.MethodQuery, biz)
	if err != nil {
		return "", err
	}
	if err := done("query", r); err != nil {
		return "", err
	}
	return string(ours.TradeStatus), agree("query", ours, theirs)
}

// tradeCase follows a trade from creation to its end, each step by one party
// and seen by both.
func tradeCase(b *bench, d *draw) error {
	mode := d.one(modes()...)
	o, tradeNo, err := b.created(d, mode)
	if err != nil {
		return err
	}
	if status, err := b.queried(d, mode, o, tradeNo); err != nil || status != "WAIT_BUYER_PAY" {
		return errors.Join(err, same("status", status, "WAIT_BUYER_PAY"))
	}
	if d.chance(25) {
		return b.ended(d, mode, o, tradeNo)
	}
	choice := fields{"coupon": d.chance(30), "points": d.chance(30)}
	if _, err := b.control("POST", "/sim/trades/"+tradeNo+"/pay", choice); err != nil {
		return err
	}
	if status, err := b.queried(d, mode, o, tradeNo); err != nil || status != "TRADE_SUCCESS" {
		return errors.Join(err, same("status", status, "TRADE_SUCCESS"))
	}
	return b.refunded(d, mode, o, tradeNo)
}

// ended closes or cancels an unpaid trade by one party and again by the other.
func (b *bench) ended(d *draw, mode string, o order, tradeNo string) error {
	ctx, key := context.Background(), fields{"out_trade_no": o.request.OutTradeNo}
	var first, second func() error
	if d.chance(50) {
		first = func() error {
			ours, r := b.clients[mode].Close(ctx, alipay.CloseRequest{OutTradeNo: o.request.OutTradeNo})
			return errors.Join(done("close", r), same("closed", ours.TradeNo, tradeNo))
		}
		second = func() error {
			theirs, err := b.sdk(mode, alipay.MethodClose, key)
			return errors.Join(err, same("closed", theirs["trade_no"], tradeNo))
		}
	} else {
		first = func() error {
			ours, r := b.clients[mode].Cancel(ctx, alipay.CancelRequest{OutTradeNo: o.request.OutTradeNo})
			return errors.Join(done("cancel", r), same("action", ours.Action, "close"))
		}
		second = func() error {
			theirs, err := b.sdk(mode, alipay.MethodCancel, key)
			return errors.Join(err, same("action", theirs["action"], "close"))
		}
	}
	if d.chance(50) {
		first, second = second, first
	}
	if err := errors.Join(first(), second()); err != nil {
		return err
	}
	status, err := b.queried(d, mode, o, tradeNo)
	return errors.Join(err, same("status", status, "TRADE_CLOSED"))
}

// refunded refunds in random parts, each asked by both parties, and holds the
// sum against the book.
func (b *bench) refunded(d *draw, mode string, o order, tradeNo string) error {
	rest, total := int64(o.request.TotalAmount), int64(o.request.TotalAmount)
	for range 1 + d.IntN(3) {
		part := rest
		if rest > 1 && d.chance(60) {
			part = 1 + d.Int64N(rest-1)
		}
		if err := b.refundOnce(d, mode, o, part, total-rest+part); err != nil {
			return err
		}
		if rest -= part; rest == 0 {
			break
		}
	}
	trade, err := b.control("GET", "/sim/trades/"+tradeNo, nil)
	if err != nil {
		return err
	}
	wanted := map[bool]string{true: "TRADE_CLOSED", false: "TRADE_SUCCESS"}[rest == 0]
	status, err := b.queried(d, mode, o, tradeNo)
	return errors.Join(err, same("status", status, wanted), same("book", fmt.Sprintf("%.0f", trade["refunded_fen"]), total-rest))
}

func (b *bench) refundOnce(d *draw, mode string, o order, part, sum int64) error {
	ctx := context.Background()
	request := alipay.RefundRequest{OutTradeNo: o.request.OutTradeNo, OutRequestNo: d.id("R"),
		RefundAmount: alipay.Amount(part), RefundReason: d.text(80)}
	biz := fields{"out_trade_no": request.OutTradeNo, "out_request_no": request.OutRequestNo,
		"refund_amount": alipay.FenToYuan(part), "refund_reason": request.RefundReason}
	ours, r := b.clients[mode].Refund(ctx, request)
	theirs, err := b.sdk(mode, alipay.MethodRefund, biz)
	if err != nil {
		return err
	}
	// Whoever comes first moves the money; the second is told that nothing moved.
	moved := ours.FundChange + text(theirs["fund_change"])
	if err := errors.Join(same("fund_change", moved, "YN"), same("refund_fee", ours.RefundFee, theirs["refund_fee"]),
		same("refund_fee", ours.RefundFee, alipay.FenToYuan(sum)), same("code", r.Code, theirs["code"])); err != nil {
		return err
	}
	asked, r := b.clients[mode].RefundQuery(ctx, alipay.RefundQueryRequest{OutTradeNo: request.OutTradeNo,
		OutRequestNo: request.OutRequestNo, QueryOptions: []string{"gmt_refund_pay"}})
	theirs, err = b.sdk(mode, alipay.MethodRefundQuery, fields{"out_trade_no": request.OutTradeNo,
		"out_request_no": request.OutRequestNo, "query_options": []string{"gmt_refund_pay"}})
	return errors.Join(err, done("refund query", r), agree("refund query", asked, theirs),
		same("refund_amount", asked.RefundAmount, alipay.FenToYuan(part)))
}

// refusalCase makes calls that must be refused, and compares the reasons.
func refusalCase(b *bench, d *draw) error {
	mode, ctx := d.one(modes()...), context.Background() // in aes, refusals come encrypted (G30)
	client, nobody := b.clients[mode], d.id("N")
	switch d.IntN(5) {
	case 0:
		_, r := client.Query(ctx, alipay.QueryRequest{OutTradeNo: nobody})
		theirs, err := b.sdk(mode, alipay.MethodQuery, fields{"out_trade_no": nobody})
		return errors.Join(err, refusedAlike("query", r, theirs), same("class", r.Class, alipay.NotExist))
	case 1:
		_, r := client.Close(ctx, alipay.CloseRequest{OutTradeNo: nobody})
		theirs, err := b.sdk(mode, alipay.MethodClose, fields{"out_trade_no": nobody})
		return errors.Join(err, refusedAlike("close", r, theirs))
	case 2:
		o, _, err := b.created(d, mode)
		if err != nil {
			return err
		}
		o.request.TotalAmount++
		o.biz["total_amount"] = alipay.FenToYuan(int64(o.request.TotalAmount))
		_, r := client.Create(ctx, o.request)
		theirs, err := b.sdk(mode, alipay.MethodCreate, o.biz)
		return errors.Join(err, refusedAlike("changed order", r, theirs), same("class", r.Class, alipay.NewNumber))
	case 3:
		o, _, err := b.created(d, mode)
		if err != nil {
			return err
		}
		request := alipay.RefundRequest{OutTradeNo: o.request.OutTradeNo, OutRequestNo: "R", RefundAmount: 1}
		_, r := client.Refund(ctx, request)
		theirs, err := b.sdk(mode, alipay.MethodRefund, fields{"out_trade_no": request.OutTradeNo, "out_request_no": "R", "refund_amount": "0.01"})
		return errors.Join(err, refusedAlike("refund of an unpaid trade", r, theirs))
	default:
		code := d.id("C")
		_, r := client.OAuthToken(ctx, alipay.OAuthTokenRequest{Code: code})
		theirs, err := b.judge.execRaw(mode, alipay.MethodOAuthToken, fields{"grant_type": "authorization_code", "code": code}, false)
		// unverified by the SDK: see limits_test.go
		return errors.Join(err, refusedAlike("login", r, theirs))
	}
}

// loginCase exchanges a code by one party and refreshes by the other.
func loginCase(b *bench, d *draw) error {
	mode := d.one("key", "cert")
	code, err := b.sim.IssueAuthCode(appID(mode), buyer)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if d.chance(50) {
		theirs, err := b.judge.execRaw(mode, alipay.MethodOAuthToken, fields{"grantType": "authorization_code", "code": code}, true)
		if err != nil {
			return err
		}
		ours, r := b.clients[mode].OAuthToken(ctx, alipay.OAuthTokenRequest{RefreshToken: text(theirs["refresh_token"])})
		return errors.Join(done("refresh", r), same("buyer", ours.UserID, theirs["user_id"]), same("buyer", ours.UserID, buyer))
	}
	ours, r := b.clients[mode].OAuthToken(ctx, alipay.OAuthTokenRequest{Code: code})
	if err := done("login", r); err != nil {
		return err
	}
	theirs, err := b.judge.execRaw(mode, alipay.MethodOAuthToken, fields{"grantType": "refresh_token", "refreshToken": ours.RefreshToken}, true)
	return errors.Join(err, same("buyer", ours.UserID, theirs["user_id"]), same("buyer", ours.UserID, buyer))
}
