package gopay

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	body "github.com/go-pay/gopay"
	gopay "github.com/go-pay/gopay/alipay"

	"github.com/paymux/paymux/adapters/alipay"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// TestGopayLimits pins down what gopay 1.5.123 cannot do or does differently.
// When one of these fails, gopay has changed: the cases may ask more of it, and
// docs/simulator.md has a line too many.
func TestGopayLimits(t *testing.T) {
	shared := newBench(t, 1)
	for name, check := range map[string]func(*testing.T, *bench){
		"takes unsigned refusals at their word":     unsignedRefusals,
		"cannot read the odd content type":          oddContentType,
		"leaves empty fields out of what is signed": emptyFields,
		"cannot verify application messages":        messages,
		"cannot read decorations of other types":    decorations,
		"demands no sign_type":                      noSignType,
		"sends no root certificate number by v3":    noRootNumber,
		"takes waiting for a refusal by v3":         waiting,
		"does not follow a certificate rotation":    noRotation,
	} {
		t.Run(name, func(t *testing.T) {
			defer shared.sim.ClearFaults()
			check(t, shared)
		})
	}
}

func unsignedRefusals(t *testing.T, b *bench) {
	p := b.parties["key"]
	if _, err := b.sim.AddFault(alipaysim.Fault{Effect: "unsigned", Method: alipay.MethodClose, Times: -1}); err != nil {
		t.Fatal(err)
	}
	_, err := p.gopay.TradeClose(ctx(), body.BodyMap{"out_trade_no": "nobody"})
	if refused, ok := gopay.IsBizError(err); !ok || refused.SubCode != "ACQ.TRADE_NOT_EXIST" {
		t.Fatalf("it asks for a signature: %v", err)
	}
	if _, r := p.ours.Close(ctx(), alipay.CloseRequest{OutTradeNo: "nobody"}); r.Class != alipay.Unknown {
		t.Fatalf("our client believes it too: %v", r.Class)
	}
}

func decorations(t *testing.T, b *bench) {
	m, order := newDraw(t).order(keyApp)
	p := b.parties["key"]
	if _, err := p.gopay.TradeCreate(ctx(), m); err != nil {
		t.Fatal(err)
	}
	if _, err := b.sim.AddFault(alipaysim.Fault{Effect: "decorate", Method: alipay.MethodQuery, Times: -1}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.gopay.TradeQuery(ctx(), body.BodyMap{"out_trade_no": order.OutTradeNo}); err == nil {
		t.Fatal("it reads the answer")
	}
	if _, r := p.ours.Query(ctx(), alipay.QueryRequest{OutTradeNo: order.OutTradeNo}); r.Class != alipay.Done {
		t.Fatalf("nor does our client: %v %v", r.Class, r.Err)
	}
}

// paidNotice is the notification of a paid trade.
func paidNotice(t *testing.T, b *bench, fault alipaysim.Fault) notice {
	t.Helper()
	m, _ := newDraw(t).order(keyApp)
	made, err := b.parties["key"].gopay.TradeCreate(ctx(), m)
	if err != nil {
		t.Fatal(err)
	}
	fault.On = "notify"
	if _, err := b.sim.AddFault(fault); err != nil {
		t.Fatal(err)
	}
	if _, err := b.control("/sim/trades/"+made.Response.TradeNo+"/pay", nil); err != nil {
		t.Fatal(err)
	}
	got, err := b.notices()
	if err != nil || len(got) != 1 {
		t.Fatalf("%d notifications, %v", len(got), err)
	}
	return got[0]
}

// takes says whether our client and gopay, which is handed a parsed form, take a notification.
func (b *bench) takes(n notice) (ours, theirs bool) {
	parsed, err := alipay.ParseNotification([]byte(n.body), n.contentType)
	if err == nil {
		_, err = b.parties["key"].ours.VerifyNotification(parsed)
	}
	return err == nil, b.gopayTakes(b.parties["key"], n.body)
}

func oddContentType(t *testing.T, b *bench) {
	const odd = "application/x-www-form-urlencoded; text/html; charset=utf-8"
	n := paidNotice(t, b, alipaysim.Fault{Effect: "alter", Header: map[string]string{"Content-Type": odd}})
	request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(n.body))
	request.Header.Set("Content-Type", n.contentType)
	if m, err := gopay.ParseNotifyToBodyMap(request); err == nil && m.GetString("sign") != "" {
		t.Fatal("it reads the form")
	}
	if ours, theirs := b.takes(n); !ours || !theirs {
		t.Fatalf("ours %v, and gopay with the form parsed for it %v", ours, theirs)
	}
}

func emptyFields(t *testing.T, b *bench) {
	n := paidNotice(t, b, alipaysim.Fault{Effect: "alter", Set: map[string]string{"body": ""}})
	if ours, theirs := b.takes(n); !ours || theirs {
		t.Fatalf("ours %v, gopay %v", ours, theirs)
	}
}

func messages(t *testing.T, b *bench) {
	defer func() {
		if _, err := b.control("/sim/switches", map[string]bool{"messages_drop_sign_type": false}); err != nil {
			t.Error(err)
		}
	}()
	send := func() notice {
		if _, err := b.control("/sim/trigger/message", map[string]string{"app_id": keyApp, "msg_method": "alipay.security.risk.x"}); err != nil {
			t.Fatal(err)
		}
		got, err := b.notices()
		if err != nil || len(got) != 1 {
			t.Fatalf("%d messages, %v", len(got), err)
		}
		return got[0]
	}
	if _, theirs := b.takes(send()); theirs {
		t.Fatal("it verifies a message that signs sign_type")
	}
	if _, err := b.control("/sim/switches", map[string]bool{"messages_drop_sign_type": true}); err != nil {
		t.Fatal(err)
	}
	if _, theirs := b.takes(send()); !theirs {
		t.Fatal("nor one that does not")
	}
}

func noSignType(t *testing.T, b *bench) {
	n := paidNotice(t, b, alipaysim.Fault{Effect: "alter"})
	form, err := url.ParseQuery(n.body)
	if err != nil {
		t.Fatal(err)
	}
	form.Del("sign_type")
	n.body = form.Encode()
	if ours, theirs := b.takes(n); ours || !theirs {
		t.Fatalf("ours %v, gopay %v", ours, theirs)
	}
}

func noRootNumber(t *testing.T, b *bench) {
	answer, err := b.parties["cert"].gopayV3.TradeQuery(ctx(), body.BodyMap{"out_trade_no": "nobody"})
	if err != nil || answer.ErrResponse.Code != "missing-alipay-root-cert-sn" {
		t.Fatalf("%+v %v", answer, err)
	}
}

func waiting(t *testing.T, b *bench) {
	code, err := b.control("/sim/barcode", nil)
	if err != nil {
		t.Fatal(err)
	}
	m := body.BodyMap{"out_trade_no": "limit_waiting", "total_amount": "2000.00", "subject": "x", "scene": "bar_code", "auth_code": code["auth_code"]}
	answer, err := b.parties["key"].gopayV3.TradePay(ctx(), m)
	if err != nil || answer.StatusCode != http.StatusAccepted || answer.TradeNo != "" || answer.ErrResponse.Code != "" {
		t.Fatalf("%+v %v", answer, err)
	}
}

func noRotation(t *testing.T, _ *bench) {
	b := newBench(t, 2) // what is rotated stays so
	m, _ := newDraw(t).order(certApp)
	p := b.parties["cert"]
	if _, err := p.gopay.TradeCreate(ctx(), m); err != nil {
		t.Fatal(err)
	}
	if err := b.sim.RotateCertificate(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.gopay.TradeQuery(ctx(), body.BodyMap{"out_trade_no": m["out_trade_no"]}); err == nil {
		t.Fatal("it found the new certificate")
	}
}
