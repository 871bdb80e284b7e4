package gopay

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	body "github.com/go-pay/gopay"
	gopay "github.com/go-pay/gopay/alipay"

	"github.com/paymux/paymux/adapters/alipay"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// genuine lets gopay judge a signed form of ours by its own canonical text.
// Requests sign sign_type, which its check of notifications leaves out: so the
// text is gopay's, and the check is the one for texts.
func (b *bench) genuine(form url.Values) error {
	m, sign := body.BodyMap{}, form.Get("sign")
	for name := range form {
		if name != "sign" {
			m.Set(name, form.Get(name))
		}
	}
	if ok, err := gopay.VerifySyncSign(b.keys.AppPublic, m.EncodeAliPaySignParams(), sign); !ok {
		return fmt.Errorf("%w: gopay refuses our signature on %v: %w", errDisagree, form, err)
	}
	return nil
}

// requestCase has our client send a call, and gopay judge what was sent.
func requestCase(b *bench, p party, d *draw) error {
	_, request := d.order(p.appID)
	if d.chance(40) {
		return b.v3Request(p, request)
	}
	if _, r := p.ours.Create(ctx(), request); r.Class != alipay.Done {
		return done("create", r)
	}
	form, err := b.sent.form()
	if err != nil {
		return err
	}
	if err := errors.Join(b.genuine(form), same("method", form.Get("method"), alipay.MethodCreate)); err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(form))
	name := names[d.IntN(len(names))]
	form.Set(name, form.Get(name)+"0")
	if name != "sign" && b.genuine(form) == nil {
		return fmt.Errorf("%w: gopay takes our request with another %s", errDisagree, name)
	}
	return nil
}

// v3Request judges the header of a v3 call over the text that the protocol signs.
func (b *bench) v3Request(p party, request alipay.CreateRequest) error {
	if _, r := p.oursV3.Create(ctx(), request); r.Class != alipay.Done {
		return done("v3 create", r)
	}
	auth, found := strings.CutPrefix(b.sent.last.Header.Get("Authorization"), "ALIPAY-SHA256withRSA ")
	text, sign, cut := strings.Cut(auth, ",sign=")
	if !found || !cut {
		return fmt.Errorf("%w: Authorization %q", errDisagree, auth)
	}
	text += "\n" + http.MethodPost + "\n" + b.sent.last.URL.RequestURI() + "\n" + b.sent.body + "\n"
	if ok, err := gopay.VerifySyncSign(b.keys.AppPublic, text, sign); !ok {
		return fmt.Errorf("%w: gopay refuses our v3 signature: %w", errDisagree, err)
	}
	return nil
}

// pageCase makes the same page or order string by both. gopay judges ours, and
// the simulator's cashier opens for both.
func pageCase(b *bench, p party, d *draw) error {
	m, order := d.order(p.appID)
	maps.DeleteFunc(m, func(name string, _ any) bool {
		return name == "product_code" || name == "op_app_id" || name == "buyer_id"
	})
	var ours, theirs string
	var err, failed error
	switch d.IntN(3) {
	case 0:
		m["quit_url"] = "https://shop.example.com/quit"
		ours, err = p.ours.WapPayURL(alipay.WapPayRequest{OutTradeNo: order.OutTradeNo, TotalAmount: order.TotalAmount, Subject: order.Subject, TimeExpire: order.TimeExpire,
			PassbackParams: order.PassbackParams, QuitURL: "https://shop.example.com/quit", SellerID: seller, NotifyURL: notifyURL})
		theirs, failed = p.gopay.TradeWapPay(ctx(), m)
	case 1:
		ours, err = p.ours.PagePayURL(alipay.PagePayRequest{OutTradeNo: order.OutTradeNo, TotalAmount: order.TotalAmount, Subject: order.Subject, TimeExpire: order.TimeExpire,
			PassbackParams: order.PassbackParams, SellerID: seller, NotifyURL: notifyURL})
		theirs, failed = p.gopay.TradePagePay(ctx(), m)
	default:
		m["product_code"] = "QUICK_MSECURITY_PAY"
		ours, err = p.ours.AppPayOrderString(alipay.AppPayRequest{OutTradeNo: order.OutTradeNo, TotalAmount: order.TotalAmount, Subject: order.Subject, TimeExpire: order.TimeExpire,
			PassbackParams: order.PassbackParams, SellerID: seller, NotifyURL: notifyURL})
		theirs, failed = p.gopay.TradeAppPay(ctx(), m)
	}
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	form, err := url.ParseQuery(afterMark(ours))
	if err != nil {
		return err
	}
	return errors.Join(b.genuine(form), b.opens("our page", ours), b.opens("gopay's page", theirs))
}

func afterMark(address string) string {
	if _, query, found := strings.Cut(address, "?"); found {
		return query
	}
	return address
}

// opens demands that a page's parameters lead to the cashier.
func (b *bench) opens(what, address string) error {
	response, err := http.Get(b.url + "/gateway.do?" + afterMark(address))
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	page, err := io.ReadAll(response.Body)
	if err == nil && !strings.Contains(response.Request.URL.Path, "/cashier/") {
		err = fmt.Errorf("%w: %s opens no cashier: %.300s", errDisagree, what, page)
	}
	return err
}

// notificationCase shows every notification of a trade, and altered copies of
// it, to both: they must agree on which are genuine.
func notificationCase(b *bench, p party, d *draw) error {
	m, order := d.order(p.appID)
	made, err := p.gopay.TradeCreate(ctx(), m)
	if err != nil {
		return err
	}
	if _, err := b.notices(); err != nil { // what earlier cases left
		return err
	}
	if _, err := b.control("/sim/trades/"+made.Response.TradeNo+"/pay", map[string]bool{"coupon": d.chance(30)}); err != nil {
		return err
	}
	if d.chance(50) {
		if _, err := b.control("/sim/trades/"+made.Response.TradeNo+"/refund", nil); err != nil {
			return err
		}
	}
	got, err := b.notices()
	if err != nil || len(got) == 0 {
		return errors.Join(err, same("notifications", len(got), "some"))
	}
	for _, n := range got {
		form, err := url.ParseQuery(n.body)
		if err != nil {
			return err
		}
		if err := errors.Join(b.judged(p, n, true), same("subject", form.Get("subject"), order.Subject)); err != nil {
			return err
		}
		if err := b.alteredJudged(p, d, n, form); err != nil {
			return err
		}
	}
	return nil
}

// judged asks both whether a notification is genuine.
func (b *bench) judged(p party, n notice, genuine bool) error {
	parsed, err := alipay.ParseNotification([]byte(n.body), n.contentType)
	if err == nil {
		_, err = p.ours.VerifyNotification(parsed)
	}
	if (err == nil) != genuine {
		return fmt.Errorf("%w: genuine %v, our client says %v of %s", errDisagree, genuine, err, n.body)
	}
	if ok := b.gopayTakes(p, n.body); ok != genuine {
		return fmt.Errorf("%w: genuine %v, gopay says %v of %s", errDisagree, genuine, ok, n.body)
	}
	return nil
}

// gopayTakes parses the form for gopay, whose own parser fails at the header:
// see limits_test.go.
func (b *bench) gopayTakes(p party, text string) bool {
	form, err := url.ParseQuery(text)
	if err != nil {
		return false
	}
	m, err := gopay.ParseNotifyByURLValues(form)
	if err != nil {
		return false
	}
	ok := false
	if p.appID == certApp {
		ok, _ = gopay.VerifySignWithCert([]byte(b.authority.Certificates[0].ChainPEM), m)
	} else {
		ok, _ = gopay.VerifySign(b.keys.AlipayPublic, m)
	}
	return ok
}

// alteredJudged changes one field; neither may take it. sign_type is not signed.
func (b *bench) alteredJudged(p party, d *draw, n notice, form url.Values) error {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(form)), func(name string) bool { return name == "sign_type" || name == "sign" })
	name := names[d.IntN(len(names))]
	switch d.IntN(3) {
	case 0:
		form.Set(name, form.Get(name)+d.one("0", " ", "x"))
	case 1:
		form.Del(name)
	default:
		form.Set(d.id("f"), "1")
	}
	return b.judged(p, notice{n.contentType, form.Encode()}, false)
}

// brokenCase spoils an answer: gopay must refuse it, and our client must not know.
func brokenCase(b *bench, p party, d *draw) error {
	m, order := d.order(p.appID)
	if _, err := p.gopay.TradeCreate(ctx(), m); err != nil {
		return err
	}
	effect := d.one("unsigned", "wrong_key", "tamper", "foreign_node", "truncate", "html_502", "empty")
	if _, err := b.sim.AddFault(alipaysim.Fault{Effect: effect, Method: alipay.MethodQuery, OutTradeNo: order.OutTradeNo, Times: -1}); err != nil {
		return err
	}
	if theirs, err := p.gopay.TradeQuery(ctx(), body.BodyMap{"out_trade_no": order.OutTradeNo}); err == nil {
		return fmt.Errorf("%w: gopay takes an answer spoilt by %s: %+v", errDisagree, effect, theirs.Response)
	}
	_, r := p.ours.Query(ctx(), alipay.QueryRequest{OutTradeNo: order.OutTradeNo})
	return same("class after "+effect, r.Class, alipay.Unknown)
}
