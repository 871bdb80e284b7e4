package alipay

import (
	"bytes"
	"math/big"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A message that verifies is one of those that were signed, field for field:
// nothing altered is ever accepted.
func FuzzNotificationForm(f *testing.F) {
	app := newTestApp(f, nil)
	base := paidForm().signed(f, gatewayKey(f), notifyRule())
	want := base.fields()
	f.Add(base.encode())
	f.Add(base.without("sign").encode())
	f.Add(base.encode() + "&a=%e6%b5%8b&b=+")
	f.Add("a=1&a=2")
	f.Add("a=%zz;b")
	f.Fuzz(func(t *testing.T, body string) {
		unverified, err := ParseNotification([]byte(body), formType)
		if err != nil {
			if RefusalCode(err) == "" || len(err.Error()) > 400 {
				t.Fatalf("a refusal without a code: %v", err)
			}
			return
		}
		again, err := parseForm(string(appendQuery(nil, unverified.fields)))
		if err != nil || !slices.Equal(again, unverified.fields) {
			t.Fatalf("written and read again it differs: %v", err)
		}
		if _, err := app.VerifyNotification(unverified); err == nil && !slices.Equal(unverified.fields, want) {
			t.Fatalf("accepted although altered: %q", body)
		}
	})
}

// Whoever merges two fields or cuts one in two keeps the signed text; one of
// the two forms must then be refused as ambiguous, or not be sorted.
func FuzzCanonicalString(f *testing.F) {
	f.Add("a=1&b=2&c=3")
	f.Add("subject=tea%26total_amount%3D1&trade_no=2")
	f.Add("a=&b=%26c%3D&d=")
	f.Fuzz(func(t *testing.T, body string) {
		fields, err := parseForm(body)
		rule := notifyRule()
		if err != nil || checkUnambiguous(fields, rule) != nil {
			return
		}
		text := string(appendCanonical(nil, fields, rule))
		for i := range fields {
			if i+1 < len(fields) {
				merged := slices.Clone(fields)
				merged[i].value += "&" + merged[i+1].name + "=" + merged[i+1].value
				merged = slices.Delete(merged, i+1, i+2)
				refuseTwin(t, merged, text, rule)
			}
			for cut := range fields[i].value {
				name, value, found := strings.Cut(strings.TrimPrefix(fields[i].value[cut:], "&"), "=")
				if !found || fields[i].value[cut] != '&' {
					continue
				}
				split := slices.Insert(slices.Clone(fields), i+1, field{name, value})
				split[i].value = fields[i].value[:cut]
				refuseTwin(t, split, text, rule)
			}
		}
	})
}

func refuseTwin(t *testing.T, twin []field, text string, rule signRule) {
	t.Helper()
	sorted := slices.IsSortedFunc(twin, func(a, b field) int { return strings.Compare(a.name, b.name) })
	repeated := false
	for i := 1; i < len(twin); i++ {
		repeated = repeated || twin[i].name == twin[i-1].name || twin[i].name == ""
	}
	if !sorted || repeated || string(appendCanonical(nil, twin, rule)) != text {
		return
	}
	if checkUnambiguous(twin, rule) == nil {
		t.Fatalf("two forms share the signed text %q", text)
	}
}

// What is cut out of an answer is a piece of it, and what verifies is the node
// that was signed.
func FuzzResponseSlicer(f *testing.F) {
	app := newTestApp(f, nil)
	good := signedAnswer(f, MethodQuery, paidNode)
	f.Add([]byte(good))
	f.Add([]byte(`{"error_response":{"code":"40002"}}`))
	f.Add([]byte(`{"alipay_trade_query_response":"AAAA","alipay_cert_sn":"x","sign":"y"}`))
	f.Add([]byte(`{"alipay_trade_query_response":{"msg":"\",\"sign\":\"}"},"sign":"y"}`))
	f.Add([]byte(strings.Replace(good, "{", `{"sign":"x",`, 1)))
	f.Fuzz(func(t *testing.T, body []byte) {
		cut, err := cutEnvelope(MethodQuery, body)
		if err != nil {
			return
		}
		if !bytes.Contains(body, cut.node) || (cut.node[0] != '{' && cut.node[0] != '"') {
			t.Fatalf("%q is no piece of the answer", cut.node)
		}
		if _, err := app.verifyNode(cut); err == nil && string(cut.node) != paidNode {
			t.Fatalf("verified although altered: %q", cut.node)
		}
		result := app.judge(Call{Method: MethodQuery}, reply{status: http.StatusOK, body: body}, Result{}, nil)
		if result.Class != Unknown && result.KeyVersion == "" {
			t.Fatalf("class %s without a verified signature", result.Class)
		}
	})
}

// The strict reader is the grammar and nothing else, and computes exactly.
func FuzzAmount(f *testing.F) {
	grammar := regexp.MustCompile(`^(0|[1-9]\d{0,8})\.\d{2}$`)
	for _, text := range []string{"0.01", "88.88", "999999999.99", "1e1", "Inf", "01.00", "１.00", "1.000", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fen, err := YuanToFen(text)
		if (err == nil) != grammar.MatchString(text) {
			t.Fatalf("%q: %v", text, err)
		}
		if err != nil {
			return
		}
		exact, _ := new(big.Rat).SetString(text)
		if exact.Mul(exact, big.NewRat(100, 1)).Cmp(big.NewRat(fen, 1)) != 0 || FenToYuan(fen) != text {
			t.Fatalf("%q became %d", text, fen)
		}
		var lax Amount
		if err := lax.UnmarshalText([]byte(text)); err != nil || int64(lax) != fen {
			t.Fatalf("the two readers differ on %q", text)
		}
	})
}

// No bill, whatever its bytes, does more than be refused; rows that are read
// have one cell per column.
func FuzzBill(f *testing.F) {
	f.Add(tradeBill(paidRow, backRow))
	f.Add("#支付宝账务明细查询\na,b\n1,2\n")
	f.Add("#支付宝业务明细查询\n" + billColumns + "\n,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n#-结束-\n#交易合计：x笔")
	f.Fuzz(func(t *testing.T, content string) {
		rows := 0
		info, err := ReadBill(strings.NewReader(content), func(row BillRow) error {
			rows++
			if len(row.cells) != len(row.columns) {
				t.Fatalf("%d cells for %d columns", len(row.cells), len(row.columns))
			}
			for _, column := range row.columns {
				_, _ = row.Fen(column.name)
				_ = row.Time(column.name)
			}
			return nil
		})
		if err == nil && info.Rows != rows {
			t.Fatalf("%d rows were visited, %d reported", rows, info.Rows)
		}
		if files, err := OpenBill([]byte(content)); err == nil {
			for _, file := range files {
				_, _ = file.Rows(func(BillRow) error { return nil })
			}
		}
	})
}

// A certificate file is read or refused; serials have their shape.
func FuzzCertBundle(f *testing.F) {
	for _, name := range []string{"appCertPublicKey.crt", "alipayCertPublicKey.crt", "alipayRootCert.crt"} {
		f.Add(readFile(f, "testdata/vectors/"+name))
	}
	f.Add("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		bundle, err := parseBundle(text)
		if err != nil {
			if RefusalCode(err) == "" {
				t.Fatalf("a refusal without a code: %v", err)
			}
			return
		}
		for _, certificate := range bundle {
			if len(certificate.serial) != 32 || strings.Trim(certificate.serial, "0123456789abcdef") != "" {
				t.Fatalf("serial %q", certificate.serial)
			}
			if (certificate.parsed == nil) == (certificate.opaque == nil) {
				t.Fatal("neither parsed nor explained")
			}
		}
		_, _, _ = parseRoots(text)
	})
}

// A key text is read or refused with a code; what is read is strong enough,
// and no refusal shows the text.
func FuzzKeyLoader(f *testing.F) {
	keys := testKeys(f)
	for _, name := range []string{"app_pkcs1", "app_pkcs8", "app_public", "alipay_public"} {
		f.Add(keys[name])
	}
	f.Add("-----BEGIN PRIVATE KEY-----\n" + keys["app_pkcs8"] + "\n-----END PRIVATE KEY-----")
	f.Add("\ufeff\"" + keys["app_public"][:100] + "\"")
	f.Add("-----BEGIN X-----AAAA-----END")
	f.Fuzz(func(t *testing.T, text string) {
		refused := func(err error) {
			if RefusalCode(err) == "" || len(err.Error()) > 300 {
				t.Fatalf("refused as %v", err)
			}
		}
		if key, err := ParsePrivateKey(text); err != nil {
			refused(err)
		} else if key.N.BitLen() < minKeyBits || key.E < minExponent {
			t.Fatal("a weak key was accepted")
		}
		if key, err := ParsePublicKey(text); err != nil {
			refused(err)
		} else if key.N.BitLen() < minKeyBits || key.E < minExponent {
			t.Fatal("a weak key was accepted")
		}
	})
}

// A v3 answer verifies only as it was signed.
func FuzzV3Header(f *testing.F) {
	gateway := (&v3Gateway{status: 200, body: paidNode}).sign(f)
	app := newTestApp(f, nil)
	timestamp, nonce, sign := gateway.header["Alipay-Timestamp"], gateway.header["Alipay-Nonce"], gateway.header["Alipay-Signature"]
	f.Add(timestamp, nonce, sign, paidNode, 200)
	f.Add(timestamp+"\n"+nonce, "", sign, paidNode, 200)
	f.Add("", "", "", `{"code":"ACQ.TRADE_NOT_EXIST","message":""}`, 400)
	f.Fuzz(func(t *testing.T, stamp, once, signature, body string, status int) {
		header := http.Header{"Alipay-Timestamp": {stamp}, "Alipay-Nonce": {once}, "Alipay-Signature": {signature}}
		r := reply{status: status, header: header, body: []byte(body)}
		var result Result
		_, err := v3Wire{}.read(app, Call{Method: MethodQuery}, r, &result)
		if err != nil {
			return
		}
		// A header value cannot hold a line feed, so the lines cannot be shifted.
		shifted := strings.Contains(stamp+once, "\n")
		if !shifted && (stamp != timestamp || once != nonce || signature != sign || body != paidNode) {
			t.Fatal("verified although altered")
		}
	})
}

// The doctor survives every patient.
func FuzzDiagnose(f *testing.F) {
	material := Material{AppID: testAppID, Key: keyConfig(f), Now: testNow()}
	f.Add(paidForm().signed(f, gatewayKey(f), notifyRule()).encode(), "ch=1", signedAnswer(f, MethodQuery, paidNode), "a=1&b=2")
	f.Add("", "%", `{"error_response":{"sub_code":"isv.invalid-signature","sub_msg":"验签字符串为：a"}}`, "a")
	f.Fuzz(func(t *testing.T, notification, query, response, sent string) {
		for _, capture := range []Capture{
			{Notification: notification, Query: query, ReceivedAt: time.Unix(0, 0), Date: sent},
			{Response: response, Method: MethodQuery, Sent: sent},
		} {
			for _, finding := range Diagnose(capture, material) {
				if finding.Cause == "" || finding.Remedy == "" {
					t.Fatalf("%+v", finding)
				}
			}
		}
	})
}
