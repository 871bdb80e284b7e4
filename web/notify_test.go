package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

const form = "application/x-www-form-urlencoded"

// C39: what the gateway reads is the reply and nothing else: exact bytes, no encoding, whatever the
// request would have liked.
func TestNotifyReplyIsExact(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "alipay", "o1")
	for name, c := range map[string]struct{ body, want string }{
		"good":   {"out_trade_no=" + p.Attempts[0].OutTradeNo + "&sign=good", "success"},
		"forged": {"out_trade_no=" + p.Attempts[0].OutTradeNo + "&sign=bad", "fail"},
	} {
		answer := w.ask("POST", "/notify/alipay/acc_m_a", c.body, "Content-Type", form, "Accept-Encoding", "gzip, br", "Accept", "application/json")
		head := answer.Header()
		if answer.Code != 200 || answer.Body.String() != c.want || answer.Body.Len() != len(c.want) {
			t.Errorf("%s: %d %q", name, answer.Code, answer.Body)
		}
		if head.Get("Content-Type") != "text/plain" || head.Get("Content-Encoding") != "" || head.Get("Location") != "" || head.Get("Set-Cookie") != "" {
			t.Errorf("%s: %v", name, head)
		}
	}
}

// C39: status, type and bytes are the gateway's adapter's choice, and no others.
func TestNotifyReplyIsTheAdapters(t *testing.T) {
	rec := &recorder{reply: core.Reply{Status: 202, ContentType: "text/x-reply", Body: []byte("\x00ok")}}
	w := newWorld(t, func(o *web.Options) { rec.Cashier = o.Cashier; o.Cashier = rec })
	answer := w.ask("POST", "/notify/alipay/acc_m_a", "a=b", "Content-Type", form)
	if answer.Code != 202 || answer.Header().Get("Content-Type") != "text/x-reply" || answer.Body.String() != "\x00ok" {
		t.Errorf("%d %v %q", answer.Code, answer.Header(), answer.Body)
	}
}

// recorder keeps the message that a gateway's use case gets.
type recorder struct {
	web.Cashier
	got   core.Message
	reply core.Reply
	err   error
}

func (r *recorder) Receive(_ context.Context, _ core.GatewayID, _ string, m core.Message) (core.Reply, error) {
	r.got = m
	return r.reply, r.err
}

// C22, C25: the message reaches its verifier as it came: query, charset, escapes and all.
func TestNotifyHandsOnTheRawMessage(t *testing.T) {
	rec := &recorder{reply: core.Reply{Status: 200, ContentType: "text/plain;charset=utf-8", Body: []byte("success")}}
	w := newWorld(t, func(o *web.Options) { rec.Cashier = o.Cashier; o.Cashier = rec })
	body := "subject=%D6%A7%zz;a=1&b+c=%2B&b+c=2&\xff=\xfe"
	w.ask("POST", "/notify/alipay/acc_m_a?total_amount=0.01&x=%zz", body, "Content-Type", form+"; charset=GBK")
	if rec.got.Method != http.MethodPost || rec.got.RawQuery != "total_amount=0.01&x=%zz" || rec.got.Get("Content-Type") != form+"; charset=GBK" || string(rec.got.Body) != body || rec.got.Kind != core.MessageTrade {
		t.Errorf("%+v", rec.got)
	}
	w.ask("POST", "/notify/alipay/acc_m_a/app", "a=b", "Content-Type", form)
	if rec.got.Kind != core.MessageApp {
		t.Errorf("app path gave %s", rec.got.Kind)
	}
	// C22 over the real verifier: a query beside the body is refused.
	plain := newWorld(t)
	p := plain.create("m_a", "alipay", "o1")
	answer := plain.ask("POST", "/notify/alipay/acc_m_a?sign=good", "out_trade_no="+p.Attempts[0].OutTradeNo+"&sign=good", "Content-Type", form)
	if answer.Body.String() != "fail" {
		t.Errorf("with a query: %s", answer.Body)
	}
}

// C22, C40, C55: a gateway may sign headers, and bodies of any type: each header reaches the
// adapter with all its values, by its canonical name, and each byte of the body.
func TestNotifyHandsOnEveryHeaderAndByte(t *testing.T) {
	rec := &recorder{reply: core.Reply{Status: 200, ContentType: "application/json", Body: []byte(`{"code":"SUCCESS"}`)}}
	w := newWorld(t, func(o *web.Options) { rec.Cashier = o.Cashier; o.Cashier = rec })
	for contentType, body := range map[string]string{
		"application/json":         " {\"id\" : 1, \"id\":2}\r\n\x00",
		"text/xml; charset=gbk":    "<xml>\xd6\xa7</xml>\n",
		"application/octet-stream": "\xff\xfe\x00\x01",
		"multipart/form-data":      "--x\r\n",
	} {
		r := newRequest("POST", "/notify/alipay/acc_m_a", body, "Content-Type", contentType, "x-signature", "a+/=", "X-TIMESTAMP", "1795341600")
		r.Header.Add("X-Signature", "second")
		if answer := w.send(r); answer.Code != 200 || answer.Body.String() != `{"code":"SUCCESS"}` || answer.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v %s", contentType, answer.Code, answer.Header(), answer.Body)
		}
		for name, want := range map[string]string{"Content-Type": contentType, "X-Signature": "a+/=, second", "X-Timestamp": "1795341600"} {
			if got := rec.got.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", contentType, name, got, want)
			}
		}
		if string(rec.got.Body) != body {
			t.Errorf("%s: the body is %q", contentType, rec.got.Body)
		}
		if r.Header.Set("X-Signature", "later"); len(rec.got.Header["X-Signature"]) != 2 {
			t.Error("the message's headers are the request's, not a copy")
		}
	}
}

// C26: only POST is taken.
func TestNotifyTakesOnlyPosts(t *testing.T) {
	w := newWorld(t)
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "PATCH"} {
		if answer := w.ask(method, "/notify/alipay/acc_m_a", ""); answer.Code != 405 {
			t.Errorf("%s: %d", method, answer.Code)
		}
	}
}

// C40: no header of a message refuses it, on either path: it reaches its verifier with every
// Content-Type that came. A body that is compressed indeed fails there; a header that only says so
// is as wrong as any other.
func TestC40_NotifyIgnoresHeaders(t *testing.T) {
	rec := &recorder{reply: core.Reply{Status: 200, ContentType: "text/plain", Body: []byte("success")}}
	w := newWorld(t, func(o *web.Options) { rec.Cashier = o.Cashier; o.Cashier = rec })
	odd := form + "; text/html; charset=utf-8"
	for _, headers := range [][]string{
		{"Content-Type", odd}, {"Content-Type", form}, {"Content-Type", ""}, {}, {"Content-Type", ";;charset=utf-8;"}, {"Content-Type", "text/html;charset=GBK"},
		{"Content-Type", odd, "Content-Type", "text/html"}, {"Content-Type", form + ", " + odd}, {"Content-Type", "application/json"}, {"Content-Type", "\"/"},
		{"Content-Type", odd, "Content-Encoding", "identity"}, {"Content-Type", odd, "Content-Encoding", "Identity, identity"},
		{"Content-Type", odd, "Content-Encoding", ""}, {"Content-Encoding", "UTF-8"}, {"Content-Encoding", "identity", "Content-Encoding", "identity"},
		{"Content-Encoding", "gzip"}, {"Content-Encoding", "x-gzip;q=1", "Content-Encoding", "br, zstd"}, {"Content-Encoding", "identity, deflate"},
		{"Accept", "application/json", "Authorization", "Basic eDp5", "Idempotency-Key", "", "Origin", "https://a.test", "If-None-Match", "*",
			"Content-Language", "zh", "Content-MD5", "x", "X-Forwarded-For", "?", "Traceparent", "?", "User-Agent", ""},
	} {
		for _, path := range []string{"/notify/alipay/acc_m_a", "/notify/alipay/acc_m_a/app"} {
			rec.got = core.Message{}
			r := newRequest("POST", path, "a=b&sign=good")
			var types []string
			r.Header.Del("Content-Type")
			for i := 0; i < len(headers); i += 2 {
				r.Header.Add(headers[i], headers[i+1])
				if headers[i] == "Content-Type" {
					types = append(types, headers[i+1])
				}
			}
			answer := w.send(r)
			if answer.Code != 200 || answer.Body.String() != "success" || string(rec.got.Body) != "a=b&sign=good" || rec.got.Get("Content-Type") != strings.Join(types, ", ") {
				t.Errorf("%s %q: %d %s, handed on as %q", path, headers, answer.Code, answer.Body, rec.got.Get("Content-Type"))
			}
		}
	}
}

// C26, C27: whatever its type, what is no form is refused by its verifier, in the gateway's own
// word. No entity is expanded, because nothing reads XML.
func TestNotifyTakesOnlyForms(t *testing.T) {
	w := newWorld(t)
	xml := `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>`
	for contentType, body := range map[string]string{"application/json": `{"sign":"good"}`, form: xml, "text/xml": xml, "multipart/form-data; boundary=x": "--x--"} {
		if answer := w.ask("POST", "/notify/alipay/acc_m_a", body, "Content-Type", contentType); answer.Code != 200 || answer.Body.String() != "fail" {
			t.Errorf("%s: %d %s", contentType, answer.Code, answer.Body)
		}
	}
}

// F05: gateways and accounts that are not configured do not exist.
func TestNotifyUnknownAccount(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/notify/wechatpay/acc_m_a", "/notify/alipay/nobody", "/notify/alipay/nobody/app", "/notify/alipay/%2e%2e"} {
		answer := w.ask("POST", path, "sign=good", "Content-Type", form)
		if answer.Code != 404 {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
	want(t, w.ask("POST", "/notify/unionpay/acc_m_a", "sign=good", "Content-Type", form), 404, core.CodeNotConfigured)
}
