package command_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"html"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// clinic is a site whose gateway key is in the test's hands, so that captures can be made up.
type clinic struct {
	*site
	alipay, app *rsa.PrivateKey
	appText     string // the application's public key, as a console shows it
}

func newClinic(t *testing.T) *clinic {
	t.Helper()
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", "")
	own := pair(t)
	s.write("gateway.pub", own.PublicText)
	c := &clinic{site: s, alipay: privateKey(t, own.PrivatePEM), app: privateKey(t, s.read("app.pem"))}
	c.appText = s.read("app.pub")
	return c
}

func (s *site) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.path(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func privateKey(t *testing.T, text string) *rsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

func sign(t *testing.T, key *rsa.PrivateKey, text string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(signature)
}

// doctor runs the doctor on the clinic's configuration.
func (s *site) doctor(args ...string) (code int, out string) {
	s.t.Helper()
	code, out, errs := run(s.t, nil, append([]string{"doctor", "--config", s.path("paymux.yaml")}, args...)...)
	for _, secret := range []string{"PRIVATE KEY", "MII"} {
		if strings.Contains(out+errs, secret) {
			s.t.Errorf("key text is shown:\n%s%s", out, errs)
		}
	}
	return code, out + errs
}

// wantFound asks for a code among the findings; "" for none at all.
func wantFound(t *testing.T, code int, out, want string) {
	t.Helper()
	switch {
	case want == "" && code != 0:
		t.Errorf("exit %d, want 0\n%s", code, out)
	case want != "" && (code != 1 || !strings.Contains(out, "["+want+"]")):
		t.Errorf("exit %d without %s\n%s", code, want, out)
	case want != "" && strings.Count(out, "处理 do:") == 0:
		t.Errorf("%s is not followed by what to do\n%s", want, out)
	}
}

// capture is a notification being spoiled.
type capture map[string]string

func (c capture) with(name, value string) capture {
	changed := maps.Clone(c)
	changed[name] = value
	return changed
}

func (c capture) each(change func(string) string) capture {
	changed := maps.Clone(c)
	for name, value := range c {
		if name != "sign" {
			changed[name] = change(value)
		}
	}
	return changed
}

// text is the string to sign, without the named fields and, if wanted, without empty ones.
func (c capture) text(keepEmpty bool, without ...string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if name != "sign" && !slices.Contains(without, name) && (keepEmpty || c[name] != "") {
			pairs = append(pairs, name+"="+c[name])
		}
	}
	return strings.Join(pairs, "&")
}

func (c capture) encode() string {
	values := url.Values{}
	for name, value := range c {
		values.Set(name, value)
	}
	return values.Encode()
}

// paidCapture is a payment's notification without its signature; it has all that mistakes feed on.
func paidCapture() capture {
	return capture{
		"app_id": siteAppID, "charset": "utf-8", "version": "1.0", "sign_type": "RSA2", "notify_id": "n1", "notify_type": "trade_status_sync",
		"notify_time": "2026-11-22 20:00:06", "trade_no": "2026112222001400000000000001", "out_trade_no": "T1", "seller_id": siteSellerID,
		"trade_status": "TRADE_SUCCESS", "total_amount": "88.88", "subject": `"测试" 50%25 `, "passback_params": "a%3D1%26b%3D2", "body": "",
		"gmt_payment": "2026-11-22 20:00:05", "fund_bill_list": `[{"amount":"88.88","fundChannel":"ALIPAYACCOUNT"}]`,
	}
}

func identity(c capture) capture { return c }

// C: each way a notification's signature gets spoiled is named, through the command as a person
// runs it.
func TestDoctorNamesWhatSpoiltANotification(t *testing.T) {
	c := newClinic(t)
	standard := func(n capture) string { return n.text(true, "sign_type") }
	for _, row := range []struct {
		want   string
		signed func(capture) string
		spoil  func(capture) capture
		args   []string
	}{
		{"", standard, identity, nil},
		{"no_signature", standard, func(n capture) capture { return n.with("sign", "") }, nil},
		{"bad_base64", standard, func(n capture) capture { return n.with("sign", n["sign"][:101]) }, nil},
		{"plus_to_space", standard, func(n capture) capture { return n.with("sign", strings.ReplaceAll(n["sign"], "+", " ")) }, nil},
		{"wrong_key_length", standard, func(n capture) capture { return n.with("sign", strings.Repeat("AAAA", 42)+"AAA=") }, nil},
		{"wrong_sign_type", standard, func(n capture) capture { return n.with("sign_type", "RSA") }, nil},
		{"wrong_app", standard, func(n capture) capture { return n.with("app_id", "2021000000000002") }, nil},
		{"sign_type_kept", func(n capture) string { return n.text(true) }, identity, nil},
		{"empty_dropped", func(n capture) string { return n.text(false, "sign_type") }, identity, nil},
		{"query_params_signed", standard, func(n capture) capture { return n.with("ch", "a") }, []string{"--query", "?ch=a"}},
		{"query_not_allowed", standard, identity, []string{"--query", "ch=a"}},
		{"html_escaped", standard, func(n capture) capture { return n.each(html.EscapeString) }, nil},
		{"not_decoded", standard, func(n capture) capture { return n.each(url.QueryEscape) }, nil},
		{"decoded_twice", standard, func(n capture) capture { return n.with("passback_params", "a=1&b=2") }, nil},
		{"foreign_field", standard, func(n capture) capture { return n.with("account", "main").with("s", "/notify/alipay/main") }, nil},
		{"quotes_escaped", standard, func(n capture) capture {
			return n.each(func(text string) string { return strings.ReplaceAll(text, `"`, `\"`) })
		}, nil},
		{"empty_changed", standard, func(n capture) capture { return n.with("body", "null") }, nil},
		{"trimmed", standard, func(n capture) capture { return n.with("subject", strings.TrimSpace(n["subject"])) }, nil},
		{"charset", standard, func(n capture) capture { return n.each(toGBK) }, nil},
		{"reserialised", standard, func(n capture) capture {
			return n.with("fund_bill_list", strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(n["fund_bill_list"]))
		}, nil},
		{"unknown", standard, func(n capture) capture { return n.with("total_amount", "0.01") }, nil},
	} {
		t.Run(row.want+strings.Join(row.args, ""), func(t *testing.T) {
			c.t = t
			good := paidCapture()
			c.write("body.txt", row.spoil(good.with("sign", sign(t, c.alipay, row.signed(good)))).encode()+"\n")
			code, out := c.doctor(append(row.args, "--notification", c.path("body.txt"))...)
			wantFound(t, code, out, row.want)
		})
	}
	c.t = t
	// A message made with our own key did not come from Alipay.
	c.write("body.txt", paidCapture().with("sign", sign(t, c.app, paidCapture().text(true, "sign_type"))).encode())
	code, out := c.doctor("--notification", c.path("body.txt"), "--account", "main")
	wantFound(t, code, out, "signed_by_our_key")
	// The whole request serves as well as its body.
	good := paidCapture()
	body := good.with("sign", sign(t, c.alipay, good.text(true, "sign_type"))).encode()
	c.write("body.txt", "POST /notify/alipay/main?ch=a HTTP/1.1\r\nHost: pay\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"+body+"\r\n")
	code, out = c.doctor("--notification", c.path("body.txt"))
	wantFound(t, code, out, "query_not_allowed")
	// F21: to the wrong one of the two addresses.
	head := func(path, media string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: pay\r\nContent-Type: " + media + "\r\n\r\n"
	}
	c.write("body.txt", head("/notify/alipay/main/app", "application/x-www-form-urlencoded")+body)
	code, out = c.doctor("--notification", c.path("body.txt"))
	wantFound(t, code, out, "payment_at_app_address")
	// The odd Content-Type is harmless, and said to be.
	c.write("body.txt", head("/notify/alipay/main", "application/x-www-form-urlencoded; text/html; charset=utf-8")+body)
	code, out = c.doctor("--notification", c.path("body.txt"))
	wantFound(t, code, out, "")
	if !strings.Contains(out, "does no harm") {
		t.Error(out)
	}
	// F17: a dump of it is named, and what is in it verified.
	c.write("body.txt", "\ufeff{"+strings.ReplaceAll(strings.ReplaceAll(good.with("sign", sign(t, c.alipay, good.text(true, "sign_type"))).text(true)+"&sign=x", "&sign=x", ""), "&", ", ")+"}")
	code, out = c.doctor("--notification", c.path("body.txt"))
	wantFound(t, code, out, "dump")
	// A message of the application gateway is judged by its own rule.
	push := capture{"app_id": siteAppID, "msg_method": "alipay.trade.refund.depositback.completed", "notify_id": "1", "sign_type": "RSA2", "charset": "utf-8", "biz_content": "{}"}
	c.write("body.txt", push.with("sign", sign(t, c.alipay, push.text(true))).encode())
	code, out = c.doctor("--notification", c.path("body.txt"))
	wantFound(t, code, out, "")
	// F21
	c.write("body.txt", head("/notify/alipay/main", "text/html")+push.with("sign", sign(t, c.alipay, push.text(true))).encode())
	code, out = c.doctor("--notification", c.path("body.txt"))
	wantFound(t, code, out, "message_at_payment_address")
	// A switch that does not fit the gateway.
	c.write("body.txt", body)
	c.edit("alipay: { ", "alipay: { drop_empty_in_notify: true, ")
	code, out = c.doctor("--notification", c.path("body.txt"))
	wantFound(t, code, out, "notify_switch")
}

// toGBK writes the only two characters of the capture that are not ASCII in GBK.
func toGBK(text string) string { return strings.ReplaceAll(text, "测试", "\xb2\xe2\xca\xd4") }

func TestDoctorNamesWhatSpoiltAnAnswer(t *testing.T) {
	c := newClinic(t)
	node := `{"code":"10000","msg":"Success","qr_code":"https:\/\/qr.alipay.com\/bax0","subject":"测 \"试\""}`
	answer := func(node, sign string) string {
		return `{"alipay_trade_precreate_response":` + node + `,"sign":"` + sign + `"}`
	}
	good := sign(t, c.alipay, node)
	lines := strings.ReplaceAll(node, `,"`, ",\r\n\"")
	sent := `app_id=1&charset=utf-8&method=m`
	refusal := func(theirs string) string {
		n := `{"code":"40002","sub_code":"isv.invalid-signature","sub_msg":"验签出错，网关生成的验签字符串为：` + html.EscapeString(theirs) + `"}`
		return answer(n, sign(t, c.alipay, n))
	}
	unsigned := `{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-app-id","sub_msg":"无效的AppID参数"}`
	for _, row := range []struct {
		name, want, body string
		args             []string
	}{
		{"good", "", answer(node, good), nil},
		{"good with its head", "", "HTTP/2 200 \r\ndate: Sun, 22 Nov 2026 12:00:00 GMT\r\n\r\n" + answer(node, good), nil},
		{"good with line ends in it", "", "HTTP/1.1 200 OK\r\n\r\n" + answer(lines, sign(t, c.alipay, lines)) + "\r\n", nil},
		{"slashes", "slashes_unescaped", answer(strings.ReplaceAll(node, `\/`, "/"), good), nil},
		{"pretty printed", "reserialised", answer(strings.ReplaceAll(strings.ReplaceAll(node, `\/`, "/"), `","`, `", "`), good), nil},
		{"altered", "unknown", answer(strings.Replace(node, "10000", "10001", 1), good), nil},
		{"unsigned", "no_signature", answer(node, ""), nil},
		{"damaged", "bad_base64", answer(node, "x"), nil},
		{"our own", "signed_by_our_key", answer(node, sign(t, c.app, node)), nil},
		{"F20 a proxy's page", "not_the_gateway", "<html>blocked</html>", nil},
		{"F20 a gateway's page with its head", "not_the_gateway", "HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n<!DOCTYPE html><html>login</html>", nil},
		{"F20 another program's JSON", "not_the_gateway", `{"message":"no Route matched with those values"}`, nil},
		{"F20 unsupported media", "unexpected_status", "HTTP/1.1 415 Unsupported Media Type\r\n\r\n<html>", nil},
		{"F17 a byte order mark, which no reader minds", "", "\ufeff" + answer(node, good), nil},
		{"F17 quotes", "wrapped", strconv.Quote(answer(node, good)), nil},
		{"F19 the signature of ours refused, unsigned", "request_signature", answer(`{"code":"40002","sub_code":"isv.invalid-signature","sub_msg":"验签出错"}`, ""), nil},

		{"a proxy's error", "unexpected_status", "HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", nil},
		{"keys no pair", "request_signature", refusal(sent), []string{"--sent", sent}},
		{"another text", "request_text_differs", refusal(strings.Replace(sent, "utf-8", "GBK", 1)), []string{"--sent", sent}},
		{"F22 theirs is longer", "request_text_differs", refusal(sent + "&version=1.0"), []string{"--sent", sent}},
		{"F22 theirs goes on", "request_text_differs", refusal(sent + "x"), []string{"--sent", sent}},
		{"refused without our text", "request_signature", refusal(sent), nil},
		{"app of another world", "invalid-app-id", answer(unsigned, ""), nil},
		{"G16 clock", "clock_skew", "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 12:15:00 GMT\r\n\r\n" + answer(node, good), []string{"--received", "2026-11-22T20:00:00+08:00"}},
		{"a good clock", "", "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 12:00:10 GMT\r\n\r\n" + answer(node, good), []string{"--received", "2026-11-22T20:00:00+08:00"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c.t = t
			c.write("answer.txt", row.body)
			args := []string{"--response", c.path("answer.txt"), "--method", "alipay.trade.precreate"}
			for _, arg := range row.args {
				if arg == sent {
					c.write("sent.txt", sent+"\n")
					arg = c.path("sent.txt")
				}
				args = append(args, arg)
			}
			code, out := c.doctor(args...)
			wantFound(t, code, out, row.want)
		})
	}
}

// F01, F02, C29: the keys alone.
func TestDoctorLooksAtKeys(t *testing.T) {
	c := newClinic(t)
	private, public := c.read("app.pem"), c.read("gateway.pub")
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, want   string
		app, gateway string
	}{
		{"good", "", private, public},
		{"F02 bare, with a byte order mark and quotes", "", private, "\ufeff\"" + public + "\"\r\n"},
		{"F01 our own public key", "own_public_key", private, c.appText},
		{"F01 a private key as Alipay's", "key_is_private", private, private},
		{"a public key as the private one", "key_is_public", c.appText, public},
		{"half a key", "key_unreadable", private[:200], public},
		{"F02 UTF-16", "key_unreadable", private, "\xff\xfeM\x00I\x00"},
		{"a password", "key_encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", public},
		{"too weak", "key_too_weak", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(small)})), public},
		{"a file without a key", "configuration", " ", public},
	} {
		t.Run(row.name, func(t *testing.T) {
			c.t = t
			c.write("app.pem", row.app)
			c.write("gateway.pub", row.gateway)
			code, out := c.doctor()
			wantFound(t, code, out, row.want)
		})
	}
}

func TestDoctorThatCannotLook(t *testing.T) {
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", "")
	for name, args := range map[string][]string{
		"no configuration":  {"doctor", "--config", s.path("none.yaml")},
		"no such account":   {"doctor", "--config", s.path("paymux.yaml"), "--account", "other"},
		"no such capture":   {"doctor", "--config", s.path("paymux.yaml"), "--notification", s.path("none.txt")},
		"answer to what":    {"doctor", "--config", s.path("paymux.yaml"), "--response", s.path("app.pub")},
		"received when":     {"doctor", "--config", s.path("paymux.yaml"), "--received", "noon"},
		"two captures":      {"doctor", "--config", s.path("paymux.yaml"), "--notification", "a", "--response", "b", "--method", "m"},
		"no configuration ": {"doctor"},
	} {
		if code, out, errs := run(t, nil, args...); code != 2 || errs == "" {
			t.Errorf("%s: exit %d\n%s%s", name, code, out, errs)
		}
	}
}
