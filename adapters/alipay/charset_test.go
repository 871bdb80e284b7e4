package alipay

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

func gbk(tb testing.TB, text string) string {
	tb.Helper()
	encoded, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		tb.Fatal(err)
	}
	return encoded
}

// contentTypes are headers that gateways and proxies send, and some that nobody should; each with
// the charset it hints at.
func contentTypes() map[string]charset {
	return map[string]charset{
		"application/x-www-form-urlencoded; text/html; charset=utf-8":                                  charsetUTF8,
		"application/x-www-form-urlencoded; text/html; charset=GBK":                                    charsetGB,
		"application/x-www-form-urlencoded;charset=UTF-8":                                              charsetUTF8,
		"Application/X-WWW-Form-URLEncoded":                                                            charsetUnknown,
		"application/x-www-form-urlencoded; charset=\"gbk\"":                                           charsetGB,
		"APPLICATION/X-WWW-FORM-URLENCODED; CHARSET='GB2312'":                                          charsetGB,
		"application/x-www-form-urlencoded; charset=UTF8, text/html":                                   charsetUTF8,
		"application/x-www-form-urlencoded, application/x-www-form-urlencoded; text/html; charset=gbk": charsetGB,
		"application/x-www-form-urlencoded; charset=latin1; text/html; charset=gb18030":                charsetGB,
		"text/html":                     charsetUnknown,
		"application/json":              charsetUnknown,
		"multipart/form-data; boundary": charsetUnknown,
		";;charset=utf-8;":              charsetUTF8,
		"charset = GBK":                 charsetGB,
		"; charset":                     charsetUnknown,
		"charset=":                      charsetUnknown,
		"charset=charset=gbk":           charsetGB,
		"":                              charsetUnknown,
		"\xff\x00 charset=\"utf_8":      charsetUTF8,
	}
}

// C40: a message is judged by its grammar and its signature, whatever type its header claims, on
// every path.
func TestC40_contentTypeRefusesNothing(t *testing.T) {
	app := newTestApp(t, nil)
	trade := paidForm().signed(t, gatewayKey(t), notifyRule()).encode()
	pushed := complaintForm().signed(t, gatewayKey(t), signRule{}).encode()
	risk := form{"service": RiskServicePush, "pid": testSellerID, "sign_type": "RSA2", "riskDesc": gbk(t, "疑似欺诈")}.
		signed(t, gatewayKey(t), notifyRule()).encode()
	for header, want := range contentTypes() {
		if got := charsetOfHeader(header); got != want {
			t.Errorf("%q hints at %d, want %d", header, got, want)
		}
		unverified, err := ParseNotification([]byte(trade), header)
		if err != nil {
			t.Fatalf("%q: %v", header, err)
		}
		if n, err := app.VerifyNotification(unverified); err != nil || n.Get("subject") != "测试 100%" || len(n.Oddities) != 0 {
			t.Errorf("%q: %v", header, err)
		}
		if unverified, err = ParseNotification([]byte(pushed), header); err != nil {
			t.Fatalf("%q: %v", header, err)
		}
		if _, err := app.VerifyGatewayMessage(unverified); err != nil {
			t.Errorf("%q, application gateway: %v", header, err)
		}
		if got, err := app.VerifyRiskPush([]byte(risk), header); err != nil || got.Description != "疑似欺诈" {
			t.Errorf("%q, risk push: %q %v", header, got.Description, err)
		}
	}
}

// C25, C41: a message is verified over its own bytes and read in UTF-8: by the form's charset, else
// the header's, else as UTF-8, else as GB18030. A charset that is unknown, or that the bytes belie,
// refuses nothing, since ids and amounts are ASCII in all of them.
func TestC25_C41_charsets(t *testing.T) {
	const odd = "application/x-www-form-urlencoded; text/html; charset="
	for name, c := range map[string]struct {
		charset, header, subject, want string
		oddities                       int
	}{
		"form GBK":                       {"GBK", odd + "utf-8", gbk(t, "测试商品"), "测试商品", 0},
		"form gb2312":                    {"gb2312", "", gbk(t, "测试商品"), "测试商品", 0},
		"form GB18030, four bytes":       {"GB18030", "", gbk(t, "𠮷野家🍵"), "𠮷野家🍵", 0},
		"form UTF8":                      {"UTF8", odd + "GBK", "测试商品", "测试商品", 0},
		"form \"utf_8\"":                 {`"utf_8"`, "", "测试商品", "测试商品", 0},
		"header GBK only":                {"", odd + "GBK", gbk(t, "测试商品"), "测试商品", 0},
		"header decides, both possible":  {"", odd + "GBK", gbk(t, "联通"), "联通", 0},
		"nothing said, UTF-8":            {"", "", "测试商品", "测试商品", 0},
		"nothing said, GBK":              {"", "", gbk(t, "测试商品"), "测试商品", 0},
		"says utf-8, is GBK":             {"utf-8", odd + "utf-8", gbk(t, "测试商品"), "测试商品", 0},
		"says GBK, is UTF-8":             {"GBK", "", "测试商", "测试商", 0},
		"unknown charset, GBK":           {"utf-7", "x", gbk(t, "测试商品"), "测试商品", 0},
		"unknown charset, UTF-8":         {"iso-8859-1", "x", "测试商品", "测试商品", 0},
		"says utf-8, cut in a character": {"utf-8", "", "测试商"[:7], "测试\ufffd", 1},
		"no text at all":                 {"gbk", "", "\xff\xff", "\ufffd\ufffd", 1},
		"says utf-8, one byte astray":    {"utf-8", "", "tea\xb2", "tea\ufffd", 1},
	} {
		t.Run(name, func(t *testing.T) {
			message := paidForm().with("charset", c.charset).with("subject", c.subject)
			if c.charset == "" {
				message = message.without("charset")
			}
			unverified, err := ParseNotification([]byte(message.signed(t, gatewayKey(t), notifyRule()).encode()), c.header)
			if err != nil {
				t.Fatal(err)
			}
			n, err := newTestApp(t, nil).VerifyNotification(unverified)
			if err != nil {
				t.Fatal(err)
			}
			if n.Get("subject") != c.want || len(n.Oddities) != c.oddities {
				t.Errorf("read %q, want %q; oddities %q", n.Get("subject"), c.want, n.Oddities)
			}
			if fen, err := n.TotalFen(); err != nil || fen != 8888 || n.OutTradeNo != "T20261122000001" || n.TradeStatus != TradeSuccess || n.Get("total_amount") != "88.88" {
				t.Errorf("%+v %v", n, err)
			}
		})
	}
}

// C41: one field in GBK beside others in UTF-8: each is read as what it is, and the fields are
// still found.
func TestC41_mixedCharsets(t *testing.T) {
	message := paidForm().with("subject", "奶茶加珍珠").with("body", gbk(t, "奶茶")).with("名", "x").with(gbk(t, "注"), "y").with("attach", "\xb2\xe2\xff")
	n, err := receive(newTestApp(t, nil), message.signed(t, gatewayKey(t), notifyRule()).encode())
	if err != nil || n.Get("subject") != "奶茶加珍珠" || n.Get("body") != "奶茶" || !strings.Contains(n.Get("attach"), "\ufffd") || len(n.Oddities) != 1 || n.Oddities[0] != "attach" {
		t.Fatalf("%+v %v", n, err)
	}
	for name, value := range paidForm() {
		if name != "subject" && n.Get(name) != value {
			t.Errorf("%s reads %q", name, n.Get(name))
		}
	}
	// An id is never read into being another's: what is no ASCII stays something else.
	for _, id := range []string{"T2026112200000\xb1", "T2026112200000\x811\x811", "T20261122000001\xff", "\xefT20261122000001"} {
		n, err := receive(newTestApp(t, nil), paidForm().with("out_trade_no", id).signed(t, gatewayKey(t), notifyRule()).encode())
		if err != nil || isASCII(n.OutTradeNo) {
			t.Errorf("%q became %q, %v", id, n.OutTradeNo, err)
		}
	}
}

// C37, C40: a header that anybody may send costs little however it is made: what looks for a
// charset at every step would not end here.
func TestC40_hostileHeader(t *testing.T) {
	for _, header := range []string{strings.Repeat("charset", 1<<17), strings.Repeat("charset=", 1<<17), "charset" + strings.Repeat("=", 1<<20), strings.Repeat("x", 1<<20)} {
		if got := charsetOfHeader(header); got != charsetUnknown {
			t.Errorf("%q", got)
		}
	}
}
