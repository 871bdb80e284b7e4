//go:build conformance

package conformance

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// counterCase sells at a counter: a bar code that one party charges, or a QR
// code that both make and the buyer scans.
func counterCase(b *bench, d *draw) error {
	mode, ctx := d.one(modes()...), context.Background()
	fen := 1 + d.Int64N(90_000)
	o := order{}
	o.request.OutTradeNo, o.request.TotalAmount, o.request.Subject = d.id("B"), alipay.Amount(fen), d.label(100)
	biz := fields{"out_trade_no": o.request.OutTradeNo, "total_amount": alipay.FenToYuan(fen), "subject": o.request.Subject}
	var tradeNo string
	if d.chance(50) {
		shown, err := b.control("POST", "/sim/barcode", nil)
		if err != nil {
			return err
		}
		code := text(shown["auth_code"])
		if d.chance(50) {
			ours, r := b.clients[mode].Pay(ctx, alipay.PayRequest{OutTradeNo: o.request.OutTradeNo, TotalAmount: o.request.TotalAmount,
				Subject: o.request.Subject, AuthCode: code})
			tradeNo, err = ours.TradeNo, done("pay", r)
		} else {
			biz["scene"], biz["auth_code"] = "bar_code", code
			var theirs fields
			theirs, err = b.sdk(mode, alipay.MethodPay, biz)
			tradeNo = text(theirs["trade_no"])
		}
		if err != nil {
			return err
		}
	} else {
		ours, r := b.clients[mode].Precreate(ctx, alipay.PrecreateRequest{OutTradeNo: o.request.OutTradeNo,
			TotalAmount: o.request.TotalAmount, Subject: o.request.Subject})
		biz["product_code"] = "FACE_TO_FACE_PAYMENT"
		theirs, err := b.sdk(mode, alipay.MethodPrecreate, biz)
		if err := errors.Join(err, done("precreate", r), same("qr_code", ours.QRCode, theirs["qr_code"])); err != nil {
			return err
		}
		paid, err := b.control("POST", "/sim/pay", fields{"qr_code": ours.QRCode})
		if err != nil {
			return err
		}
		trade, _ := paid["trade"].(map[string]any)
		tradeNo = text(trade["trade_no"])
	}
	status, err := b.queried(d, mode, o, tradeNo)
	return errors.Join(err, same("status", status, "TRADE_SUCCESS"))
}

// sharingCase binds a receiver, shares by one party, repeats by the other.
func sharingCase(b *bench, d *draw) error {
	mode, ctx, receiver := d.one(modes()...), context.Background(), fmt.Sprintf("2088%012d", d.Int64N(1_000_000))
	o, tradeNo, err := b.created(d, mode)
	if err != nil {
		return err
	}
	if _, err := b.control("POST", "/sim/trades/"+tradeNo+"/pay", nil); err != nil {
		return err
	}
	bound, err := b.sdk(mode, alipay.MethodRelationBind, fields{"out_request_no": d.id("L"), "receiver_list": []fields{{"type": "userId", "account": receiver}}})
	r := b.clients[mode].RelationBind(ctx, alipay.RelationRequest{OutRequestNo: d.id("L"), Receivers: []alipay.RoyaltyReceiver{{Type: "userId", Account: receiver}}})
	if err := errors.Join(err, done("bind", r), same("result_code", bound["result_code"], "SUCCESS")); err != nil {
		return err
	}
	number := d.id("S")
	request := alipay.SettleRequest{OutRequestNo: number, TradeNo: tradeNo, Royalties: []alipay.RoyaltyPart{{TransIn: receiver, TransInType: "userId"}}}
	part := fields{"trans_in": receiver, "trans_in_type": "userId"}
	if share := int64(o.request.TotalAmount) / 10; share > 0 && d.chance(50) {
		request.Royalties[0].Amount, part["amount"] = alipay.Amount(share), alipay.FenToYuan(share)
	} else {
		request.Royalties[0].AmountPercentage, part["amount_percentage"] = 20, 20
	}
	ours, r := b.clients[mode].Settle(ctx, request)
	theirs, err := b.sdk(mode, alipay.MethodSettle, fields{"out_request_no": number, "trade_no": tradeNo, "royalty_parameters": []fields{part}})
	if err != nil || r.Class != alipay.Done { // a share of less than a fen is refused, and alike
		return errors.Join(err, refusedAlike("settle", r, theirs))
	}
	if err := agree("settle", ours, theirs); err != nil {
		return err
	}
	asked, r := b.clients[mode].SettleQuery(ctx, alipay.SettleQueryRequest{SettleNo: ours.SettleNo})
	theirs, err = b.sdk(mode, alipay.MethodSettleQuery, fields{"settle_no": ours.SettleNo})
	if err := errors.Join(err, done("settle query", r), agree("settle query", asked, theirs)); err != nil {
		return err
	}
	return b.unbound(d, mode, receiver, tradeNo)
}

// unbound ends a receiver's relation by one party: nobody can share with him any more.
func (b *bench) unbound(d *draw, mode, receiver, tradeNo string) error {
	var err error
	if list := []fields{{"type": "userId", "account": receiver}}; d.chance(50) {
		var theirs fields
		theirs, err = b.sdk(mode, alipay.MethodRelationUnbind, fields{"out_request_no": d.id("U"), "receiver_list": list})
		err = errors.Join(err, same("unbind", theirs["result_code"], "SUCCESS"))
	} else {
		request := alipay.RelationRequest{OutRequestNo: d.id("U"), Receivers: []alipay.RoyaltyReceiver{{Type: "userId", Account: receiver}}}
		err = done("unbind", b.clients[mode].RelationUnbind(ctx(), request))
	}
	number, part := d.id("V"), fields{"trans_in": receiver, "trans_in_type": "userId", "amount": "0.01"}
	_, r := b.clients[mode].Settle(ctx(), alipay.SettleRequest{OutRequestNo: number, TradeNo: tradeNo,
		Royalties: []alipay.RoyaltyPart{{TransIn: receiver, TransInType: "userId", Amount: 1}}})
	theirs, refused := b.sdk(mode, alipay.MethodSettle, fields{"out_request_no": number, "trade_no": tradeNo, "royalty_parameters": []fields{part}})
	return errors.Join(err, refused, refusedAlike("settle after unbind", r, theirs), same("settle after unbind", r.SubCode, "ACQ.ROYALTY_RECEIVER_INVALID"))
}

// certificateCase fetches a certificate of the gateway, in use or to come, by
// both parties, and one that does not exist.
func certificateCase(b *bench, d *draw) error {
	list := b.sim.Authority().Certificates
	chain := list[d.IntN(len(list))].ChainPEM
	serial, err := alipaysim.CertificateSN(chain)
	if err != nil {
		return err
	}
	ours, r := b.clients["cert"].DownloadCertificate(ctx(), serial)
	theirs, err := b.sdk("cert", alipay.MethodCertificateDownload, fields{"alipay_cert_sn": serial})
	if err := errors.Join(err, done("certificate", r)); err != nil {
		return err
	}
	content, err := base64.StdEncoding.DecodeString(text(theirs["alipay_cert_content"]))
	if err := errors.Join(err, same("certificate", string(content), chain), same("certificate of our client", ours.Chain, chain)); err != nil {
		return err
	}
	unknown := fmt.Sprintf("%032x", d.Uint64())
	_, r = b.clients["cert"].DownloadCertificate(ctx(), unknown)
	theirs, err = b.sdk("cert", alipay.MethodCertificateDownload, fields{"alipay_cert_sn": unknown})
	return errors.Join(err, refusedAlike("no certificate", r, theirs))
}

// agreementCase has the buyer sign what one party asked for; both parties see
// it, charge under it and end it.
func agreementCase(b *bench, d *draw) error {
	mode, ctx := d.one("key", "cert"), context.Background()
	external := d.id("E")
	external = external[:1] + fmt.Sprintf("%d", d.Int64N(1<<60))
	biz := fields{"personal_product_code": "GENERAL_WITHHOLDING_P", "sign_scene": "INDUSTRY|CARRENTAL",
		"external_agreement_no": external, "access_params": fields{"channel": "ALIPAYAPP"}}
	var address string
	var err error
	if d.chance(50) {
		address, err = b.judge.text(mode, "page", fields{"method": alipay.MethodAgreementSign, "http": "GET", "params": params(biz)})
	} else {
		address, err = b.clients[mode].AgreementSignURL(alipay.AgreementSign{PersonalProductCode: "GENERAL_WITHHOLDING_P",
			SignScene: "INDUSTRY|CARRENTAL", ExternalAgreementNo: external, AccessParams: alipay.AccessParams{Channel: "ALIPAYAPP"}})
	}
	if err != nil {
		return err
	}
	page, err := open(address)
	if err != nil {
		return err
	}
	if err := press(page, "sign"); err != nil {
		return err
	}
	ref := alipay.AgreementRef{AlipayUserID: buyer, PersonalProductCode: "GENERAL_WITHHOLDING_P", SignScene: "INDUSTRY|CARRENTAL", ExternalAgreementNo: external}
	key := fields{"alipay_user_id": buyer, "personal_product_code": "GENERAL_WITHHOLDING_P", "sign_scene": "INDUSTRY|CARRENTAL", "external_agreement_no": external}
	ours, r := b.clients[mode].AgreementQuery(ctx, ref)
	theirs, err := b.sdk(mode, alipay.MethodAgreementQuery, key)
	if err := errors.Join(err, done("agreement query", r), agree("agreement", ours, theirs)); err != nil {
		return err
	}
	charged, r := b.clients[mode].Pay(ctx, alipay.PayRequest{OutTradeNo: d.id("A"), TotalAmount: 500_000, Subject: d.label(50),
		AgreementParams: &alipay.AgreementParams{AgreementNo: ours.AgreementNo}})
	if err := errors.Join(done("charge", r), same("amount", charged.TotalAmount, "5000.00")); err != nil {
		return err
	}
	ended, err := b.sdk(mode, alipay.MethodAgreementUnsign, fields{"agreement_no": ours.AgreementNo})
	r = b.clients[mode].AgreementUnsign(ctx, alipay.AgreementRef{AgreementNo: ours.AgreementNo})
	return errors.Join(err, same("unsign", ended["code"], "10000"), same("unsign again", r.SubCode, "USER_AGREEMENT_STATUS_NOT_NORMAL"))
}

// billCase lets a day pass and reads its bill: both parties get an address, and
// the rows add up to the book.
func billCase(b *bench, d *draw) error {
	day := b.sim.Clock().Now()
	if _, _, err := b.created(d, "key"); err != nil {
		return err
	}
	if err := b.sim.Advance(36 * time.Hour); err != nil {
		return err
	}
	date, ctx := day.Format("2006-01-02"), context.Background()
	theirs, err := b.judge.exec("key", alipay.MethodBillDownloadURL, fields{"bill_type": "trade", "bill_date": date})
	if err != nil || theirs["code"] != "10000" {
		return errors.Join(err, same("bill", theirs["code"], "10000"))
	}
	ours, r := b.clients["key"].BillDownloadURL(ctx, alipay.BillRequest{BillType: "trade", BillDate: date})
	if err := done("bill", r); err != nil {
		return err
	}
	file, err := b.clients["key"].DownloadBill(ctx, ours)
	if err != nil {
		return fmt.Errorf("%w: our client cannot fetch the bill: %w", errDisagree, err)
	}
	again, err := fetch(text(theirs["bill_download_url"]))
	if err != nil || !bytes.Equal(again, file) {
		return errors.Join(err, same("bill of both parties", len(again), len(file)))
	}
	files, err := alipay.OpenBill(file)
	if err != nil {
		return fmt.Errorf("%w: our parser: %w", errDisagree, err)
	}
	for _, f := range files {
		var sum int64
		_, err := f.Rows(func(row alipay.BillRow) error {
			if !row.Has("商家实收（元）") || !row.Has("支付宝交易号") {
				return nil
			}
			fen, err := row.Fen("商家实收（元）")
			sum += fen
			return err
		})
		if err != nil {
			return fmt.Errorf("%w: our parser of %s: %w", errDisagree, f.Name, err)
		}
		if f.Kind == alipay.BillTradeDetail {
			if err := same("sum of the bill", sum, b.netOf(date)); err != nil {
				return err
			}
		}
	}
	return nil
}

// netOf is what the book says was taken and given back on a day.
func (b *bench) netOf(date string) int64 {
	var sum int64
	for after := uint64(0); ; {
		page := b.sim.Book().After(after, 4096)
		if len(page) == 0 {
			return sum
		}
		for _, e := range page {
			if time.UnixMilli(e.At).In(b.sim.Clock().Now().Location()).Format("2006-01-02") != date {
				continue
			}
			switch e.Kind {
			case "trade_paid":
				sum += e.AmountFen
			case "refunded":
				sum -= e.AmountFen
			}
		}
		after = page[len(page)-1].Seq
	}
}

func web() *http.Client { return &http.Client{Timeout: 20 * time.Second} }
