package alipay

import (
	"encoding/asn1"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

// Each of these is refused for one reason alone: nothing else in it is wrong, so that no other
// check can hide that this one is missing.
func TestRefusedForOneReason(t *testing.T) {
	app, key := newTestApp(t, nil), gatewayKey(t)
	for _, name := range []string{"out_trade_no", "trade_no", "trade_status", "total_amount", "notify_id", "notify_type"} {
		_, err := receive(app, paidForm().without(name).signed(t, key, notifyRule()).encode())
		wantRefusal(t, err, ErrFieldMissing)
	}
	// A ring of both modes: who names a certificate is held to that one, though a key without a
	// name would verify.
	mixed := newTestApp(t, func(c *AppConfig) {
		public := keyConfig(t)
		public.Version, public.Use = "p1", KeyVerifyOnly
		c.Keys = []KeyConfig{certConfig(t), public}
	})
	if n, err := receive(mixed, paidForm().signed(t, key, notifyRule()).encode()); err != nil || n.KeyVersion == "" {
		t.Fatal(err)
	}
	_, err := receive(mixed, paidForm().with("alipay_cert_sn", strings.Repeat("0", 32)).signed(t, key, notifyRule()).encode())
	wantRefusal(t, err, ErrCertificateUnknown)
	// A risk push without a PID is nobody's, least of all that of an app without one.
	push := form{"service": RiskServicePush, "sign_type": "RSA2", "externalId": "E1", "tradeNos": "2026, 2027 2028"}
	anonymous := newTestApp(t, func(c *AppConfig) { c.SellerID = "" })
	_, err = anonymous.VerifyRiskPush([]byte(push.signed(t, key, notifyRule()).encode()), "")
	wantRefusal(t, err, ErrAppMismatch)
	if got, err := app.VerifyRiskPush([]byte(push.with("pid", testSellerID).signed(t, key, notifyRule()).encode()), ""); err != nil ||
		strings.Join(got.TradeNos, "|") != "2026|2027|2028" {
		t.Errorf("%v %v", got.TradeNos, err)
	}
	// What a client brings back names its app.
	node := `{"code":"10000","out_trade_no":"T1","trade_no":"2026","total_amount":"88.88"}`
	_, err = app.VerifyAppResult(`{"alipay_trade_app_pay_response":` + node + `,"sign":"` + mustSign(t, key, node) + `","sign_type":"RSA2"}`)
	wantRefusal(t, err, ErrAppMismatch)
	_, err = decodeSignature("null")
	wantRefusal(t, err, ErrSignatureMissing)
	for bits, want := range map[uint]bool{2047: false, 2048: true, 8192: true, 8193: false} {
		if _, err := ParsePublicKey(base64.StdEncoding.EncodeToString(weakPublic(bits, 65537))); (err == nil) != want {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
}

// An envelope with something behind it has two readings; a decoration of it has none that counts.
func TestEnvelopesForOneReason(t *testing.T) {
	good := signedAnswer(t, MethodQuery, paidNode)
	for text, class := range map[string]Class{
		good: Done, good + "\r\n": Done, good + "}": Unknown, good + "{}": Unknown,
		strings.TrimSuffix(good, "}") + `,"sign_type":1}`:       Done,
		strings.TrimSuffix(good, "}") + `,"sign_type":{"a":1}}`: Done,
	} {
		app, _ := answering(t, http.StatusOK, text)
		if _, result := queryOne(app); result.Class != class {
			t.Errorf("%.40s…%s: %s", text, text[len(text)-12:], result.Class)
		}
	}
	// A login's success has no code; an error without one is not that.
	token := `{"user_id":"2088000000000002","access_token":"a1"}`
	for envelope, class := range map[string]Class{"alipay_system_oauth_token_response": Done, "error_response": Unknown} {
		app, _ := answering(t, http.StatusOK, `{"`+envelope+`":`+token+`,"sign":"`+mustSign(t, gatewayKey(t), token)+`"}`)
		_, result := app.OAuthToken(t.Context(), OAuthTokenRequest{Code: "c1"})
		if result.Class != class {
			t.Errorf("%s: %s %v", envelope, result.Class, result.Err)
		}
	}
}

// C41: "楼" in GBK is "¥" in UTF-8: only what the form says of its charset, under either name,
// tells which.
func TestC41_eitherNameOfTheCharset(t *testing.T) {
	for name, want := range map[string]string{"charset": "楼", "_input_charset": "楼", "nothing": "¥"} {
		push := form{"service": RiskServicePush, "pid": testSellerID, "sign_type": "RSA2", "riskDesc": gbk(t, "楼"), name: "GBK"}
		got, err := newTestApp(t, nil).VerifyRiskPush([]byte(push.signed(t, gatewayKey(t), notifyRule()).encode()), "")
		if err != nil || got.Description != want {
			t.Errorf("%s: %q %v", name, got.Description, err)
		}
	}
	for text, want := range map[string]int{
		"\x81\x30\x81\x30": 4, "\x81\x30\x81\x39x": 4, "\x81\x30\x81\x3a": 1, "\x81\x30\x81": 1, "\x81\x40": 2, "\xfe\xfe": 2, "\x81\x7f": 1, "\x81\xff": 1, "\xff\x40": 1,
	} {
		if got := sizeOfGB([]byte(text)); got != want {
			t.Errorf("%q has %d bytes, want %d", text, got, want)
		}
	}
}

// A v3 request names its moment in milliseconds; a refusal's code has one classic code.
func TestV3_momentAndCodes(t *testing.T) {
	app := v3App(t, refuseAll{}, nil)
	request, err := v3Wire{"https://openapi.alipay.com"}.request(app, Call{Method: MethodQuery, Biz: map[string]string{"out_trade_no": "T1"}})
	if err != nil || !strings.Contains(request.Header.Get("Authorization"), ",timestamp=1795378951000,") {
		t.Errorf("%v %v", request.Header, err)
	}
	for code, want := range map[string]string{
		"unknow-error": codeUnknown, "isp.unknow-error": codeUnknown, "app-call-limited": codeLimited, "method-call-limited": codeLimited,
		"invalid-app-auth-token": codeToken, "insufficient-isv-permissions": codeForbidden, "missing-signature": codeMissing,
		"invalid-parameter": codeInvalid, "ACQ.TRADE_NOT_EXIST": codeBusiness, "TRADE_NOT_EXIST": codeBusiness,
	} {
		if got := v3Code(http.StatusBadRequest, code); got != want {
			t.Errorf("%s is %s, want %s", code, got, want)
		}
		if got := v3Code(http.StatusInternalServerError, code); got != codeUnknown {
			t.Errorf("%s with status 500 is %s", code, got)
		}
	}
}

// RFC 2253, section 2.3: the keywords, all of them; any other type is written by its number.
func TestDistinguishedName_keywords(t *testing.T) {
	for id, want := range map[string]string{
		"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "STREET", "2.5.4.10": "O", "2.5.4.11": "OU",
		"0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID", "2.5.4.5": "", "1.2.840.113549.1.9.1": "",
	} {
		var oid asn1.ObjectIdentifier
		for part := range strings.SplitSeq(id, ".") {
			n := 0
			for _, digit := range part {
				n = n*10 + int(digit-'0')
			}
			oid = append(oid, n)
		}
		if got := attributeKeyword(oid); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
}

// A bill states how many payments and how many refunds it has, from when to when; what it states is
// held against its rows by its sign, and its end is asked for.
func TestBill_statesItsOwn(t *testing.T) {
	later := strings.Replace(strings.Replace(paidRow, ",T1\t", ",T2\t", 1), "88.88,88.88", "11.12,+11.12", 1)
	whole := strings.NewReplacer("交易合计：1笔，商家实收共88.88元", "交易合计：2笔，商家实收共100.00元").Replace(tradeBill(paidRow, later, backRow))
	rows := 0
	info, err := ReadBill(strings.NewReader(whole), func(BillRow) error { rows++; return nil })
	if err != nil || rows != 3 || info.Payments != 2 || info.Refunds != 1 {
		t.Errorf("%d rows, %+v, %v", rows, info, err)
	}
	if from, to := FormatTime(info.From), FormatTime(info.To); from != "2026-11-21 00:00:00" || to != "2026-11-22 00:00:00" {
		t.Errorf("from %s to %s", from, to)
	}
	for name, spoilt := range map[string]string{
		"no end":         strings.Replace(whole, "业务明细列表结束", "业务明细列表", 1),
		"a sum's sign":   strings.Replace(whole, "商家实收退款共-30.00元", "商家实收退款共30.00元", 1),
		"a payment less": strings.Replace(whole, "交易合计：2笔", "交易合计：1笔", 1),
	} {
		_, err := ReadBill(strings.NewReader(spoilt), func(BillRow) error { return nil })
		if RefusalCode(err) != string(ErrBillIncomplete) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A fund bill's row in which a comma hides: money comes in or goes out, never neither and never
	// both.
	for amounts, agree := range map[string]bool{"5.00,": true, ",5.00": true, ",": false, "5.00,5.00": false, "-5.00,": false} {
		income, expense, _ := strings.Cut(amounts, ",")
		columns := billHeader("收入金额(+元),支出金额(-元)")
		f := &rowFit{kind: BillFundDetail, columns: columns, chosen: []string{income, expense}}
		if got := f.amountsAgree(); got != agree {
			t.Errorf("%q agrees: %v", amounts, got)
		}
	}
}
