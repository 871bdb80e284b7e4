package alipay

import (
	"crypto/x509/pkix"
	"html"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

func diagnoseMaterial(tb testing.TB) Material {
	tb.Helper()
	return Material{AppID: testAppID, Key: keyConfig(tb), Now: testNow()}
}

// wantCause asks for a cause among the findings, and that it is explained.
func wantCause(tb testing.TB, findings []Finding, cause Cause, proven bool) {
	tb.Helper()
	for _, f := range findings {
		if f.Cause == cause && (f.Proven || !proven) {
			if f.Detail == "" || f.Remedy == "" {
				tb.Fatalf("%+v explains nothing", f)
			}
			return
		}
	}
	tb.Fatalf("no %s among %+v", cause, findings)
}

// spoiled is a good notification after one mistake of somebody's on its way to
// the verifier. The subject has all that mistakes feed on.
func spoiled(t *testing.T, rule signRule, mistake func(form) form) string {
	t.Helper()
	good := paidForm().with("subject", `"测试" 50%25 `).with("passback_params", "a%3D1%26b%3D2").with("body", "")
	return mistake(good.signed(t, gatewayKey(t), rule)).encode()
}

func every(f form, change func(string) string) form {
	changed := f.clone()
	for name, value := range f {
		if name != "sign" {
			changed[name] = change(value)
		}
	}
	return changed
}

// Each cause has a capture that shows it, and nothing else is blamed.
func TestDiagnose_notifications(t *testing.T) {
	app := newTestApp(t, nil)
	identity := func(f form) form { return f }
	for _, c := range []struct {
		cause   Cause
		rule    signRule
		mistake func(form) form
		query   string
	}{
		{CauseNone, notifyRule(), identity, ""},
		{CauseNoSignature, notifyRule(), func(f form) form { return f.without("sign") }, ""},
		{CauseBadBase64, notifyRule(), func(f form) form { return f.with("sign", f["sign"][:101]) }, ""},
		{CauseWrongKeyLength, notifyRule(), func(f form) form { return f.with("sign", strings.Repeat("AAAA", 42)+"AAA=") }, ""},
		{CauseBadBase64, notifyRule(), func(f form) form { return f.with("sign", f["sign"][:96]) }, ""},
		{CausePlusToSpace, notifyRule(), func(f form) form { return f.with("sign", strings.ReplaceAll(f["sign"], "+", " ")) }, ""},
		{CauseWrongSignType, notifyRule(), func(f form) form { return f.with("sign_type", "RSA") }, ""},
		{CauseWrongApp, notifyRule(), func(f form) form { return f.with("app_id", "2021000000000002") }, ""},
		{CauseSignTypeKept, signRule{}, identity, ""},
		{CauseEmptyDropped, signRule{dropSignType: true, dropEmpty: true}, identity, ""},
		{CauseQueryParams, notifyRule(), func(f form) form { return f.with("ch", "alipay") }, "ch=alipay"},
		{CauseHTMLEscaped, notifyRule(), func(f form) form { return every(f, html.EscapeString) }, ""},
		{CauseNotDecoded, notifyRule(), func(f form) form { return every(f, url.QueryEscape) }, ""},
		{CauseDecodedTwice, notifyRule(), func(f form) form { return f.with("passback_params", "a=1&b=2") }, ""},
		{CauseTrimmed, notifyRule(), func(f form) form { return f.with("subject", strings.TrimSpace(f["subject"])) }, ""},
		{CauseTrimmed, signRule{dropSignType: true}, func(f form) form {
			return f.with("body", "大杯 ").signed(t, gatewayKey(t), notifyRule()).with("body", "大杯")
		}, ""},
		{CauseReserialised, notifyRule(), func(f form) form {
			return f.with("fund_bill_list", strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(f["fund_bill_list"]))
		}, ""},
		{CauseUnknown, notifyRule(), func(f form) form { return f.with("total_amount", "0.01") }, ""},
	} {
		t.Run(string(c.cause), func(t *testing.T) {
			body := spoiled(t, c.rule, c.mistake)
			findings := Diagnose(Capture{Notification: body, Query: c.query}, diagnoseMaterial(t))
			wantCause(t, findings, c.cause, c.cause != CauseUnknown && c.cause != CausePlusToSpace)
			if c.cause == CausePlusToSpace && !findings[0].Proven {
				t.Error("the repaired signature verifies, which proves it")
			}
			for _, f := range findings {
				if strings.Contains(f.Detail+f.Remedy, "MII") || len(f.Detail) > 300 {
					t.Errorf("%+v shows too much", f)
				}
			}
			if _, err := receive(app, body); (err == nil) != (c.cause == CauseNone) {
				t.Errorf("the wire says %v", err)
			}
		})
	}
}

func TestDiagnose_charset(t *testing.T) {
	gbk := func(text string) string {
		encoded, err := simplifiedchinese.GBK.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	// Signed in GBK, verified after a framework made it UTF-8.
	signed := paidForm().with("charset", "gbk").with("subject", gbk("测试")).signed(t, gatewayKey(t), notifyRule())
	wantCause(t, Diagnose(Capture{Notification: signed.with("subject", "测试").encode()}, diagnoseMaterial(t)), CauseCharset, true)
	// The other way round.
	signed = paidForm().with("subject", "测试").signed(t, gatewayKey(t), notifyRule())
	wantCause(t, Diagnose(Capture{Notification: signed.with("subject", gbk("测试")).encode()}, diagnoseMaterial(t)), CauseCharset, true)
	// Each byte taken for a character, as servlets do unless told otherwise.
	latin1 := func(text string) string {
		var characters []rune
		for _, b := range []byte(text) {
			characters = append(characters, rune(b))
		}
		return string(characters)
	}
	wantCause(t, Diagnose(Capture{Notification: every(signed, latin1).encode()}, diagnoseMaterial(t)), CauseCharset, true)
	answer := signedAnswer(t, MethodQuery, strings.Replace(paidNode, "Success", "成功", 1))
	wantCause(t, Diagnose(Capture{Response: latin1(answer), Method: MethodQuery}, diagnoseMaterial(t)), CauseCharset, true)
	// What was lost cannot be undone, but it can be seen.
	for _, lost := range []string{"\ufffd\ufffd", "锟斤拷"} {
		findings := Diagnose(Capture{Notification: signed.with("subject", lost).encode()}, diagnoseMaterial(t))
		wantCause(t, findings, CauseCharset, false)
		if findings[0].Proven {
			t.Error("nothing proves it")
		}
	}
}

func TestDiagnose_keys(t *testing.T) {
	keys := testKeys(t)
	good := Capture{Notification: paidForm().signed(t, gatewayKey(t), notifyRule()).encode()}
	for cause, change := range map[Cause]func(*KeyConfig){
		CauseOwnPublicKey:          func(k *KeyConfig) { k.AlipayPublicKey = keys["app_public"] },
		Cause(ErrKeyIsCertificate): func(k *KeyConfig) { k.AlipayPublicKey = readFile(t, "testdata/vectors/alipayCertPublicKey.crt") },
		Cause(ErrKeyEmpty):         func(k *KeyConfig) { k.AlipayPublicKey = "" },
		Cause(ErrKeyIsPublic):      func(k *KeyConfig) { k.PrivateKey = keys["app_public"] },
		Cause(ErrKeyIsPrivate):     func(k *KeyConfig) { k.AlipayPublicKey = keys["app_pkcs8"] },
	} {
		t.Run(string(cause), func(t *testing.T) {
			material := diagnoseMaterial(t)
			change(&material.Key)
			wantCause(t, Diagnose(good, material), cause, true)
			wantCause(t, DiagnoseKey(material), cause, true)
		})
	}
	if findings := DiagnoseKey(diagnoseMaterial(t)); len(findings) != 0 {
		t.Fatalf("good material is blamed: %+v", findings)
	}
	// Signed by ourselves: a home-made test message, or a forger with our key.
	own := paidForm().signed(t, rsaSigner{testPrivate(t, "app_pkcs1")}, notifyRule()).encode()
	wantCause(t, Diagnose(Capture{Notification: own}, diagnoseMaterial(t)), CauseSignedByOurKey, true)
}

func TestDiagnose_certificates(t *testing.T) {
	material := diagnoseMaterial(t)
	material.Key = certConfig(t)
	rotated := paidForm().with("alipay_cert_sn", strings.Repeat("0", 32)).signed(t, gatewayKey(t), notifyRule()).encode()
	wantCause(t, Diagnose(Capture{Notification: rotated}, material), CauseCertRotated, true)
	answer := strings.Replace(signedAnswer(t, MethodQuery, paidNode), `,"sign"`, `,"alipay_cert_sn":"`+strings.Repeat("0", 32)+`","sign"`, 1)
	wantCause(t, Diagnose(Capture{Response: answer, Method: MethodQuery}, material), CauseCertRotated, true)
	unsignedSN := paidForm().with("alipay_cert_sn", vectorAlipaySN).signed(t, gatewayKey(t), signRule{dropSignType: true, dropCertSN: true}).encode()
	wantCause(t, Diagnose(Capture{Notification: unsignedSN}, material), CauseEmptyDropped, true)
	material.Now = testNow().AddDate(50, 0, 0)
	wantCause(t, Diagnose(Capture{Notification: rotated}, material), CauseCertOutdated, true)
	material.Now = testNow()
	stranger := newAuthority(t, pkix.Name{CommonName: "S"}, nil)
	// an EC key
	material.Key.AlipayCertificate = stranger.issue(t, big.NewInt(8), &stranger.key.PublicKey, "EC")
	wantCause(t, Diagnose(Capture{Notification: rotated}, material), Cause(ErrKeyWrongAlgorithm), true)
	material.Key.AlipayCertificate = stranger.issue(t, big.NewInt(9), &testPrivate(t, "alipay_pkcs1").PublicKey, "x")
	wantCause(t, Diagnose(Capture{Notification: paidForm().signed(t, gatewayKey(t), notifyRule()).encode()}, material), CauseNone, true)
}

func TestDiagnose_answers(t *testing.T) {
	node := `{"code":"10000","msg":"Success","qr_code":"https:\/\/qr.alipay.com\/bax0","subject":"测 \"试\""}`
	sign := mustSign(t, gatewayKey(t), node)
	answer := func(node string) Capture {
		return Capture{Method: MethodPrecreate, Response: `{"alipay_trade_precreate_response":` + node + `,"sign":"` + sign + `"}`}
	}
	for cause, capture := range map[Cause]Capture{
		CauseNone:           answer(node),
		CauseSlashes:        answer(strings.ReplaceAll(node, `\/`, "/")),
		CauseReserialised:   answer(strings.ReplaceAll(strings.ReplaceAll(node, `\/`, "/"), `","`, `", "`)),
		CauseUnknown:        answer(strings.Replace(node, "10000", "10001", 1)),
		CauseNoSignature:    {Method: MethodQuery, Response: `{"error_response":{"code":"40002"}}`},
		CauseSignedByOurKey: {Method: MethodQuery, Response: `{"alipay_trade_query_response":` + paidNode + `,"sign":"` + signedByShop(t, paidNode) + `"}`},
		CauseBadBase64:      {Method: MethodQuery, Response: `{"alipay_trade_query_response":{},"sign":"x"}`},
	} {
		t.Run(string(cause), func(t *testing.T) {
			wantCause(t, Diagnose(capture, diagnoseMaterial(t)), cause, cause != CauseUnknown)
		})
	}
	wantCause(t, Diagnose(Capture{Method: MethodQuery, Response: "<html>"}, diagnoseMaterial(t)), CauseNotGateway, true)
	wantCause(t, Diagnose(Capture{}, diagnoseMaterial(t)), CauseUnknown, false)
	wantCause(t, Diagnose(Capture{Notification: "%"}, diagnoseMaterial(t)), CauseUnknown, false)
}

// The gateway refuses our request and quotes the text it would have signed.
func TestDiagnose_refusedRequest(t *testing.T) {
	sent := `app_id=1&biz_content={"a":"b"}&charset=utf-8&method=m`
	refusal := func(theirs string) Capture {
		node := `{"code":"40002","sub_code":"isv.invalid-signature","sub_msg":"验签出错, …网关生成的验签字符串为：` +
			strings.ReplaceAll(html.EscapeString(theirs), `"`, `\"`) + `"}`
		return Capture{Method: MethodQuery, Response: signedAnswer(t, MethodQuery, node), Sent: sent}
	}
	wantCause(t, Diagnose(refusal(sent), diagnoseMaterial(t)), CauseRequestSignature, true)
	findings := Diagnose(refusal(strings.Replace(sent, "utf-8", "GBK", 1)), diagnoseMaterial(t))
	wantCause(t, findings, CauseRequestDiffers, true)
	if !strings.Contains(findings[0].Detail, "charset") {
		t.Fatalf("%+v does not name the parameter", findings)
	}
	longer := Diagnose(refusal(sent[:len(sent)-9]+"&x=1"), diagnoseMaterial(t))
	wantCause(t, longer, CauseRequestDiffers, true)
	capture := refusal(sent)
	capture.Sent = ""
	wantCause(t, Diagnose(capture, diagnoseMaterial(t)), CauseRequestSignature, false)
}

func TestDiagnose_clock(t *testing.T) {
	capture := Capture{
		Notification: paidForm().signed(t, gatewayKey(t), notifyRule()).encode(),
		Date:         testNow().Add(15 * time.Minute).Format(http.TimeFormat), ReceivedAt: testNow(),
	}
	wantCause(t, Diagnose(capture, diagnoseMaterial(t)), CauseClockSkew, false)
	capture.ReceivedAt = testNow().Add(15 * time.Minute)
	for _, f := range Diagnose(capture, diagnoseMaterial(t)) {
		if f.Cause == CauseClockSkew {
			t.Fatal("a good clock is blamed")
		}
	}
}
