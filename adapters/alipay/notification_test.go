package alipay

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestVerifyNotification_accepts(t *testing.T) {
	app := newTestApp(t, nil)
	n, err := receive(app, paidForm().signed(t, gatewayKey(t), notifyRule()).encode())
	if err != nil {
		t.Fatal(err)
	}
	fen, err := n.TotalFen()
	if err != nil || fen != 8888 {
		t.Fatalf("total %d, %v", fen, err)
	}
	if n.KeyVersion != "v1" || n.OutTradeNo != "T20261122000001" || n.TradeStatus != TradeSuccess || !n.TradeStatus.Paid() ||
		n.SellerID != testSellerID || n.BuyerOpenID != "0123456789abcdef" || n.Get("subject") != "测试 100%" {
		t.Fatalf("%+v", n)
	}
	if refund, err := n.RefundFen(); err != nil || refund != 0 || n.Has("refund_fee") || !n.Has("subject") {
		t.Fatalf("refund %d, %v", refund, err)
	}
	if !n.Time("gmt_payment").Equal(time.Date(2026, 11, 22, 12, 0, 5, 0, time.UTC)) || !n.Time("gmt_close").IsZero() {
		t.Fatal("times")
	}
	var names []string
	n.Each(func(name, _ string) { names = append(names, name) })
	if len(names) != len(paidForm())+1 {
		t.Fatalf("%d fields", len(names))
	}
}

// What is refused before any public-key operation, and with which code.
func TestNotification_refuses(t *testing.T) {
	app := newTestApp(t, nil)
	key := gatewayKey(t)
	good := paidForm().signed(t, key, notifyRule())
	sign := good["sign"]
	raw := decodeBase64(t, sign)
	// The last character of "…==" carries four unused bits.
	stray := sign[:len(sign)-3] + string(nextBase64(sign[len(sign)-3])) + "=="
	for _, c := range []struct {
		name string
		body string
		want Refusal
	}{
		{"C01 sign missing", good.without("sign").encode(), ErrSignatureMissing},
		{"C01 sign empty", good.with("sign", "").encode(), ErrSignatureMissing},
		{"C01 sign null", good.with("sign", "null").encode(), ErrSignatureMissing},
		{"C01 empty body", "", ErrMalformedForm},
		{"C02 bad base64", good.with("sign", sign[:100]+"*"+sign[101:]).encode(), ErrSignatureMalformed},
		{"C02 URL-safe base64", good.with("sign", base64.URLEncoding.EncodeToString(append([]byte{0xff, 0xfe}, raw[2:]...))).encode(), ErrSignatureMalformed},
		{"C02 without padding", good.with("sign", strings.TrimRight(sign, "=")).encode(), ErrSignatureMalformed},
		{"C02 line feed inside", good.with("sign", sign[:76]+"\n"+sign[76:]).encode(), ErrSignatureMalformed},
		{"C02 carriage return at the end", good.with("sign", sign+"\r").encode(), ErrSignatureMalformed},
		{"C02 unused bits", good.with("sign", stray).encode(), ErrSignatureMalformed},
		{"C02 short", good.with("sign", base64.StdEncoding.EncodeToString(raw[:128])).encode(), ErrSignatureMalformed},
		{"C02 one byte long", good.with("sign", base64.StdEncoding.EncodeToString(append(raw[:256:256], 0))).encode(), ErrSignatureMalformed},
		{"C02 10 kB", good.with("sign", strings.Repeat("A", 10_000)).encode(), ErrSignatureMalformed},
		{"C02 1 MB", good.with("sign", strings.Repeat("A", 1<<20)).encode(), ErrBodyTooLarge},
		{"C04 RSA", good.with("sign_type", "RSA").encode(), ErrSignTypeMismatch},
		{"C04 MD5", good.with("sign_type", "MD5").encode(), ErrSignTypeMismatch},
		{"C04 lower case", good.with("sign_type", "rsa2").encode(), ErrSignTypeMismatch},
		{"C04 empty", good.with("sign_type", "").encode(), ErrFieldMissing},
		{"C04 absent", good.without("sign_type").encode(), ErrFieldMissing},
		{"C04 twice", good.encode() + "&sign_type=RSA2", ErrDuplicateField},
		{"C05 another app", paidForm().with("app_id", "2021000000000099").signed(t, key, notifyRule()).encode(), ErrAppMismatch},
		{"C20 amount twice", good.encode() + "&total_amount=9.00", ErrDuplicateField},
		{"C20 same value twice", good.encode() + "&total_amount=88.88", ErrDuplicateField},
		{"C20 escaped name", good.encode() + "&%74otal_amount=9.00", ErrDuplicateField},
		{"C24 unsigned empty field", good.encode() + "&extra=", ErrSignatureMismatch},
		{"C24 unsigned field", good.encode() + "&extra=1", ErrSignatureMismatch},
		{"C25 bad escape", good.encode() + "&a=%zz", ErrMalformedForm},
		{"C25 cut escape", good.encode() + "&a=%4", ErrMalformedForm},
		{"C25 semicolon", good.encode() + ";a=1", ErrMalformedForm},
		{"C25 raw bytes", good.encode() + "&a=\xe6\xb5\x8b", ErrMalformedForm},
		{"C25 no equals sign", good.encode() + "&a", ErrMalformedForm},
		{"C25 empty pair", good.encode() + "&&a=1", ErrMalformedForm},
		{"C25 trailing ampersand", good.encode() + "&", ErrMalformedForm},
		{"C25 no name", good.encode() + "&=1", ErrMalformedForm},
		{"C25 charset changed", good.with("charset", "gbk").encode(), ErrSignatureMismatch},
		{"C28 without notify_id", paidForm().without("notify_id").signed(t, key, notifyRule()).encode(), ErrFieldMissing},
		{"C37 without out_trade_no", good.without("out_trade_no").encode(), ErrFieldMissing},
		{"C37 201 fields", good.encode() + strings.Repeat("&a=1", 200), ErrMalformedForm},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := receive(app, c.body)
			wantRefusal(t, err, c.want)
		})
	}
}

func nextBase64(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	return alphabet[strings.IndexByte(alphabet, c)+1]
}

// C03: one changed byte of any field, at every position, is refused.
func TestC03_everyFieldIsBound(t *testing.T) {
	app := newTestApp(t, nil)
	good := paidForm().signed(t, gatewayKey(t), notifyRule())
	for name, value := range good {
		if name == "sign_type" || name == "sign" {
			continue // bound by configuration (C04) and by strict decoding (C02)
		}
		for i := range len(value) {
			changed := []byte(value)
			changed[i] ^= 1
			if _, err := receive(app, good.with(name, string(changed)).encode()); err == nil {
				t.Errorf("%s with byte %d changed was accepted", name, i)
			}
		}
		if _, err := receive(app, good.without(name).encode()); err == nil {
			t.Errorf("accepted without %s", name)
		}
		if _, err := receive(app, good.without(name).with(name+"x", value).encode()); err == nil {
			t.Errorf("accepted with %s renamed", name)
		}
	}
	for i := range len(good["sign"]) - 2 {
		changed := []byte(good["sign"])
		changed[i] = nextBase64(changed[i]&^0x20&^0x10 | 0x40)
		if string(changed) == good["sign"] {
			continue
		}
		if _, err := receive(app, good.with("sign", string(changed)).encode()); err == nil {
			t.Errorf("signature with character %d changed was accepted", i)
		}
	}
}

// C05: the attacker owns an Alipay app and signs with a key of his own; C07:
// another tenant's real message sent to our path.
func TestC05_C07_anotherAppsKey(t *testing.T) {
	app := newTestApp(t, nil)
	foreign, err := ParsePrivateKey(testKeys(t)["app_pkcs1"])
	if err != nil {
		t.Fatal(err)
	}
	_, err = receive(app, paidForm().signed(t, rsaSigner{foreign}, notifyRule()).encode())
	wantRefusal(t, err, ErrSignatureMismatch)
	_, err = receive(app, paidForm().with("app_id", "2021000000000002").signed(t, gatewayKey(t), notifyRule()).encode())
	wantRefusal(t, err, ErrAppMismatch)
}

// C06, C08: what is wrong about the business is no signature matter; a verified
// message comes through with its text as it is, for core to park.
func TestC06_C08_verifiedButOdd(t *testing.T) {
	app := newTestApp(t, nil)
	n, err := receive(app, paidForm().with("seller_id", "2088000000000099").signed(t, gatewayKey(t), notifyRule()).encode())
	if err != nil || n.SellerID != "2088000000000099" {
		t.Fatalf("%+v, %v", n, err)
	}
	for _, amount := range []string{"10.0", "1e1", " 10.00", "１.00"} {
		n, err := receive(app, paidForm().with("total_amount", amount).signed(t, gatewayKey(t), notifyRule()).encode())
		if err != nil {
			t.Fatal(err)
		}
		_, err = n.TotalFen()
		wantRefusal(t, err, ErrMalformedAmount)
	}
}

// C12: age alone is no reason to refuse; the same bytes verify a year later.
func TestC12_oldMessageStillVerifies(t *testing.T) {
	app := newTestApp(t, func(c *AppConfig) {
		c.Now = func() time.Time { return testNow().AddDate(1, 0, 0) }
	})
	if _, err := receive(app, paidForm().signed(t, gatewayKey(t), notifyRule()).encode()); err != nil {
		t.Fatal(err)
	}
}

// C17: a refund notification carries refund_fee; "0.00" on a payment is none.
func TestC17_refundFields(t *testing.T) {
	app := newTestApp(t, nil)
	for fee, want := range map[string]int64{"30.00": 3000, "0.00": 0} {
		n, err := receive(app, paidForm().with("refund_fee", fee).with("out_biz_no", "R1").signed(t, gatewayKey(t), notifyRule()).encode())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := n.RefundFen(); err != nil || got != want || n.OutBizNo != "R1" {
			t.Fatalf("refund_fee %s read as %d, %v", fee, got, err)
		}
	}
}

// C43: the text "null" in an amount that decides is an amount that was not sent.
func TestC43_nullAmounts(t *testing.T) {
	app := newTestApp(t, nil)
	for fee, want := range map[string]int64{"null": 0, "": 0, "0.00": 0, "30.00": 3000} {
		n, err := receive(app, paidForm().with("refund_fee", fee).signed(t, gatewayKey(t), notifyRule()).encode())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := n.RefundFen(); err != nil || got != want {
			t.Errorf("refund_fee %q read as %d, %v", fee, got, err)
		}
	}
	for _, fee := range []string{"NULL", "nil", "undefined", " null", "-"} {
		n, err := receive(app, paidForm().with("refund_fee", fee).signed(t, gatewayKey(t), notifyRule()).encode())
		if err != nil {
			t.Fatal(err)
		}
		_, err = n.RefundFen()
		wantRefusal(t, err, ErrMalformedAmount)
	}
	_, err := receive(app, paidForm().with("total_amount", "null").signed(t, gatewayKey(t), notifyRule()).encode())
	wantRefusal(t, err, ErrFieldMissing)
}

// C21: fields cut out of a value, or merged into one, keep the signed text and
// are refused all the same; and our own requests never hold such a subject.
func TestC21_resplitSubject(t *testing.T) {
	app := newTestApp(t, nil)
	good := paidForm().signed(t, gatewayKey(t), notifyRule())
	merged := good.without("total_amount").without("sign_type").with("sign_type", "RSA2").
		with("subject", good["subject"]+"&total_amount=88.88")
	_, err := receive(app, merged.encode())
	wantRefusal(t, err, ErrFieldMissing)
	merged = good.without("gmt_payment").with("fund_bill_list", good["fund_bill_list"]+"&gmt_payment="+good["gmt_payment"])
	_, err = receive(app, merged.encode())
	wantRefusal(t, err, ErrAmbiguousForm)
	hidden := paidForm().with("subject", "tea&total_amount=0.01").signed(t, gatewayKey(t), notifyRule())
	if n, err := receive(app, hidden.encode()); err != nil || n.Get("total_amount") != "88.88" {
		t.Fatalf("%v", err)
	}
	resplit := strings.Replace(hidden.encode(), "tea%26total_amount%3D0.01", "tea&total_amount=0.01", 1)
	_, err = receive(app, resplit)
	wantRefusal(t, err, ErrDuplicateField)
	_, err = receive(app, good.without("version").with("trade_status=TRADE_SUCCESS&version", "1.0").without("trade_status").with("trade_status", "x").encode())
	wantRefusal(t, err, ErrAmbiguousForm)
	// "& B=" in a subject has one reading only: " B" would sort elsewhere.
	if _, err := receive(app, paidForm().with("subject", "A & B=1/50%+").signed(t, gatewayKey(t), notifyRule()).encode()); err != nil {
		t.Fatal(err)
	}
	request := CreateRequest{OutTradeNo: "T1", TotalAmount: 1, Subject: "tea&total_amount=0.01", BuyerID: "2088000000000002"}
	_, result := app.Create(t.Context(), request)
	wantField(t, result, "subject")
}

// C22, C26: a notification is a form POST without a query; C27: nothing here
// reads XML, so there is no DTD to abuse.
func TestC22_C26_delivery(t *testing.T) {
	if err := CheckDelivery("POST", ""); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, CheckDelivery("POST", "total_amount=1"), ErrQueryNotAllowed)
	wantRefusal(t, CheckDelivery("GET", ""), ErrMethodNotAllowed)
}

// C23: fields we have never heard of are part of what is signed.
func TestC23_unknownSignedField(t *testing.T) {
	app := newTestApp(t, nil)
	n, err := receive(app, paidForm().with("a_new_field", "x y").signed(t, gatewayKey(t), notifyRule()).encode())
	if err != nil || n.Get("a_new_field") != "x y" {
		t.Fatalf("%v", err)
	}
}

// C24: empty fields take part as they are; leaving them out is a switch.
func TestC24_emptyFields(t *testing.T) {
	withEmpty := paidForm().with("body", "")
	kept := withEmpty.signed(t, gatewayKey(t), notifyRule()).encode()
	dropped := withEmpty.signed(t, gatewayKey(t), signRule{dropSignType: true, dropEmpty: true}).encode()
	strict := newTestApp(t, nil)
	switched := newTestApp(t, func(c *AppConfig) { c.DropEmptyInNotify = true })
	if _, err := receive(strict, kept); err != nil {
		t.Error(err)
	}
	if _, err := receive(switched, dropped); err != nil {
		t.Error(err)
	}
	_, err := receive(strict, dropped)
	wantRefusal(t, err, ErrSignatureMismatch)
	_, err = receive(switched, kept)
	wantRefusal(t, err, ErrSignatureMismatch)
}

// C30: while keys rotate, old and new verify, and the version used is told.
func TestC30_rotation(t *testing.T) {
	keys := testKeys(t)
	current := keyConfig(t)
	current.Version = "v2"
	old := KeyConfig{Version: "v1", Use: KeyVerifyOnly, AlipayPublicKey: keys["app_public"], NotAfter: testNow().Add(time.Hour)}
	oldKey, err := ParsePrivateKey(keys["app_pkcs1"])
	if err != nil {
		t.Fatal(err)
	}
	now := testNow()
	app := newTestApp(t, func(c *AppConfig) {
		c.Keys = []KeyConfig{old, current}
		c.Now = func() time.Time { return now }
	})
	n, err := receive(app, paidForm().signed(t, gatewayKey(t), notifyRule()).encode())
	if err != nil || n.KeyVersion != "v2" {
		t.Fatalf("%v", err)
	}
	byOld := paidForm().signed(t, rsaSigner{oldKey}, notifyRule()).encode()
	n, err = receive(app, byOld)
	if err != nil || n.KeyVersion != "v1" {
		t.Fatalf("%v", err)
	}
	now = now.Add(time.Hour)
	_, err = receive(app, byOld)
	wantRefusal(t, err, ErrSignatureMismatch)
}

// C39: the answer is these bytes and no others.
func TestC39_reply(t *testing.T) {
	if NotifySuccess != "\x73\x75\x63\x63\x65\x73\x73" {
		t.Fatal("the gateway would not take it")
	}
}

// Our strict reader agrees with the standard one on everything it accepts.
func TestParseForm_agreesWithStandardLibrary(t *testing.T) {
	body := paidForm().with("a+b", "c d%&=+~").encode()
	fields, err := parseForm(body)
	if err != nil {
		t.Fatal(err)
	}
	values, err := url.ParseQuery(body)
	if err != nil || len(values) != len(fields) {
		t.Fatalf("%d fields, %v", len(values), err)
	}
	for _, f := range fields {
		if values.Get(f.name) != f.value {
			t.Errorf("%s: %q and %q", f.name, f.value, values.Get(f.name))
		}
	}
}

// C43: an id that says "null" is none: a payee of that name is nobody else, and two refunds of that
// number are not one.
func TestC43_nullIDs(t *testing.T) {
	app := newTestApp(t, nil)
	odd := paidForm().with("gmt_close", "null").with("receipt_amount", "null")
	for _, name := range []string{"seller_id", "out_biz_no", "buyer_id", "buyer_open_id", "auth_app_id"} {
		odd = odd.with(name, "null")
	}
	n, err := receive(app, odd.signed(t, gatewayKey(t), notifyRule()).encode())
	if err != nil {
		t.Fatal(err)
	}
	if got := n.SellerID + n.OutBizNo + n.BuyerID + n.BuyerOpenID + n.AuthAppID; got != "" || len(n.Oddities) != 0 || n.Get("seller_id") != "null" {
		t.Errorf("%q, odd %q", got, n.Oddities)
	}
}
