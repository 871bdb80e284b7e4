package gopay

import (
	"errors"
	"fmt"

	body "github.com/go-pay/gopay"
	gopay "github.com/go-pay/gopay/alipay"

	"github.com/paymux/paymux/adapters/alipay"
)

// tradeCase follows a trade of the classic gateway: both create it, both see it
// paid, both ask for the same refund.
func tradeCase(b *bench, p party, d *draw) error {
	m, r := d.order(p.appID)
	theirs, err := p.gopay.TradeCreate(ctx(), m)
	if err != nil {
		return err
	}
	ours, result := p.ours.Create(ctx(), r)
	if err := errors.Join(done("create", result), agree("create", ours, theirs.Response)); err != nil {
		return err
	}
	if d.chance(25) {
		return b.ended(p, d, r.OutTradeNo)
	}
	if _, err := b.control("/sim/trades/"+ours.TradeNo+"/pay", map[string]bool{"coupon": d.chance(30), "points": d.chance(30)}); err != nil {
		return err
	}
	if err := b.queried(p, r.OutTradeNo, "TRADE_SUCCESS"); err != nil {
		return err
	}
	part := 1 + d.Int64N(int64(r.TotalAmount))
	if err := b.refunded(p, d, r.OutTradeNo, part); err != nil {
		return err
	}
	return b.queried(p, r.OutTradeNo, map[bool]string{true: "TRADE_CLOSED", false: "TRADE_SUCCESS"}[part == int64(r.TotalAmount)])
}

func (b *bench) queried(p party, number, status string) error {
	theirs, err := p.gopay.TradeQuery(ctx(), body.BodyMap{"out_trade_no": number})
	if err != nil {
		return err
	}
	ours, r := p.ours.Query(ctx(), alipay.QueryRequest{OutTradeNo: number})
	return errors.Join(done("query", r), agree("query", ours, theirs.Response),
		same("status", ours.TradeStatus, status))
}

// ended closes or cancels an unpaid trade by one party and again by the other.
func (b *bench) ended(p party, d *draw, number string) error {
	if d.chance(50) {
		theirs, err := p.gopay.TradeClose(ctx(), body.BodyMap{"out_trade_no": number})
		if err != nil {
			return err
		}
		ours, r := p.ours.Close(ctx(), alipay.CloseRequest{OutTradeNo: number})
		return errors.Join(done("close", r), agree("close", ours, theirs.Response), b.queried(p, number, "TRADE_CLOSED"))
	}
	ours, r := p.ours.Cancel(ctx(), alipay.CancelRequest{OutTradeNo: number})
	theirs, err := p.gopay.TradeCancel(ctx(), body.BodyMap{"out_trade_no": number})
	if err != nil {
		return err
	}
	return errors.Join(done("cancel", r), agree("cancel", ours, theirs.Response), b.queried(p, number, "TRADE_CLOSED"))
}

// refunded asks for the same refund by both: whoever comes first moves the money.
func (b *bench) refunded(p party, d *draw, number string, part int64) error {
	request := alipay.RefundRequest{OutTradeNo: number, OutRequestNo: d.id("R"), RefundAmount: alipay.Amount(part), RefundReason: d.label()}
	m := body.BodyMap{"out_trade_no": number, "out_request_no": request.OutRequestNo, "refund_amount": alipay.FenToYuan(part), "refund_reason": request.RefundReason}
	theirs, err := p.gopay.TradeRefund(ctx(), m)
	if err != nil {
		return err
	}
	ours, r := p.ours.Refund(ctx(), request)
	if err := errors.Join(same("fund_change", theirs.Response.FundChange+ours.FundChange, "YN"), same("code", r.Code, "10000"),
		same("refund_fee", ours.RefundFee, theirs.Response.RefundFee)); err != nil {
		return err
	}
	known, err := p.gopay.TradeFastPayRefundQuery(ctx(), body.BodyMap{"out_trade_no": number, "out_request_no": request.OutRequestNo})
	if err != nil {
		return err
	}
	asked, r := p.ours.RefundQuery(ctx(), alipay.RefundQueryRequest{OutTradeNo: number, OutRequestNo: request.OutRequestNo})
	return errors.Join(done("refund query", r), agree("refund query", asked, known.Response))
}

// v3TradeCase is the same through OpenAPI v3, in key mode: see limits_test.go.
func v3TradeCase(b *bench, _ party, d *draw) error {
	p := b.parties["key"]
	m, r := d.order(p.appID)
	m["notify_url"] = notifyURL
	theirs, err := p.gopayV3.TradeCreate(ctx(), m)
	ours, result := p.oursV3.Create(ctx(), r)
	if err := errors.Join(err, done("v3 create", result)); err != nil {
		return err
	}
	if err := errors.Join(same("v3 status", theirs.StatusCode, 200), agree("v3 create", ours, theirs)); err != nil {
		return fmt.Errorf("%w: %+v", err, theirs.ErrResponse)
	}
	if _, err := b.control("/sim/trades/"+ours.TradeNo+"/pay", nil); err != nil {
		return err
	}
	asked, result := p.oursV3.Query(ctx(), alipay.QueryRequest{OutTradeNo: r.OutTradeNo})
	seen, err := p.gopayV3.TradeQuery(ctx(), body.BodyMap{"out_trade_no": r.OutTradeNo})
	if err := errors.Join(err, done("v3 query", result)); err != nil {
		return err
	}
	if err := agree("v3 query", asked, seen); err != nil {
		return err
	}
	part := 1 + d.Int64N(int64(r.TotalAmount))
	number := d.id("R")
	moved, err := p.gopayV3.TradeRefund(ctx(), body.BodyMap{"out_trade_no": r.OutTradeNo, "out_request_no": number, "refund_amount": alipay.FenToYuan(part)})
	if err != nil {
		return err
	}
	refunded, _ := p.oursV3.Refund(ctx(), alipay.RefundRequest{OutTradeNo: r.OutTradeNo, OutRequestNo: number, RefundAmount: alipay.Amount(part)})
	return errors.Join(same("v3 fund_change", moved.FundChange+refunded.FundChange, "YN"), same("v3 refund_fee", refunded.RefundFee, moved.RefundFee))
}

// refusalCase makes calls that must be refused, and compares the reasons.
func refusalCase(b *bench, p party, d *draw) error {
	nobody := d.id("N")
	_, r := p.ours.Query(ctx(), alipay.QueryRequest{OutTradeNo: nobody})
	_, err := p.gopay.TradeQuery(ctx(), body.BodyMap{"out_trade_no": nobody})
	refused, ok := gopay.IsBizError(err)
	if !ok {
		return fmt.Errorf("%w: gopay has no refusal: %w", errDisagree, err)
	}
	v3, err := b.parties["key"].gopayV3.TradeQuery(ctx(), body.BodyMap{"out_trade_no": nobody})
	if err != nil {
		return err
	}
	if err := errors.Join(same("code", r.Code, refused.Code), same("sub_code", r.SubCode, refused.SubCode), same("class", r.Class, alipay.NotExist),
		same("v3 status", v3.StatusCode, 400), same("v3 code", v3.ErrResponse.Code, r.SubCode)); err != nil {
		return err
	}
	m, request := d.order(p.appID)
	m["subject"] = "茶" + d.one("/", "=", "&") + "器"
	_, err = p.gopay.TradeCreate(ctx(), m)
	if refused, ok = gopay.IsBizError(err); !ok || refused.SubCode != "ACQ.INVALID_PARAMETER" {
		return fmt.Errorf("%w: a subject with %s: %w", errDisagree, m["subject"], err)
	}
	request.Subject = fmt.Sprint(m["subject"])
	if _, r := p.ours.Create(ctx(), request); r.Class != alipay.Invalid {
		return fmt.Errorf("%w: our client sends the subject %s: %v", errDisagree, request.Subject, r.Class)
	}
	return nil
}
