package web_test

import (
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// I15: what is to be said of a stored answer stands in its headers; its status and bytes are the
// first's, whatever has happened since.
func TestReplayHeaders(t *testing.T) {
	w := newWorld(t)
	body := `{"merchant_order_no":"o1","platform":"wechat",` + basket + `}`
	create := func(key string) (int, string, string, string) {
		a := w.as("m_a/cashier", "POST", "/v1/payments", body, "Idempotency-Key", key)
		return a.Code, a.Body.String(), a.Header().Get("Idempotent-Replayed"), a.Header().Get("Idempotent-Stale")
	}
	code, first, replayed, stale := create("k")
	if code != 201 || replayed != "" || stale != "" {
		t.Fatalf("%d %q %q", code, replayed, stale)
	}
	if code, again, replayed, stale := create("k"); code != 201 || again != first || replayed != "true" || stale != "" {
		t.Errorf("%d %q %q", code, replayed, stale)
	}
	id := decode[core.PaymentView](t, w.as("m_a/cashier", "POST", "/v1/payments", body, "Idempotency-Key", "k")).ID
	for range 2 { // closing takes no key, and closing again is the same call
		want(t, w.as("m_a/cashier", "POST", "/v1/payments/"+id+"/close", "", "Idempotency-Key", ""), 200, "")
	}
	want(t, w.as("m_a/cashier", "POST", "/v1/payments/"+id+"/close", "", "Idempotency-Key", "not even a key \x01"), 200, "")
	if code, again, replayed, stale := create("k"); code != 201 || again != first || replayed != "true" || stale != "true" {
		t.Errorf("%d %q %q", code, replayed, stale)
	}
	code, now, replayed, stale := create("")
	if code != 200 || replayed != "" || stale != "" || !strings.Contains(now, `"status":"closed"`) || !strings.Contains(now, `"action":null`) {
		t.Errorf("without a key: %d %q %q %s", code, replayed, stale, now)
	}
}

// I16: an optional member that is empty is the same as none.
func TestEmptyMembersAreNone(t *testing.T) {
	absent := `{"merchant_order_no":"o1","platform":"wechat",` + basket + `}`
	for _, member := range []string{
		`"payer":{}`, `"payer":{"user_id":""}`, `"payer":{"open_id":"","app_id":""}`, `"client":{}`, `"client":{"ip":"","os":""}`, `"metadata":{}`, `"return_url":""`, `"instalments":{}`,
	} {
		empty := strings.Replace(absent, `"platform"`, member+`,"platform"`, 1)
		for _, key := range []string{"", "k"} {
			for _, pair := range [][2]string{{absent, empty}, {empty, absent}} {
				w := newWorld(t)
				want(t, w.as("m_a/cashier", "POST", "/v1/payments", pair[0], "Idempotency-Key", key), 201, "")
				again := w.as("m_a/cashier", "POST", "/v1/payments", pair[1], "Idempotency-Key", key)
				if code := map[string]int{"": 200, "k": 201}[key]; again.Code != code {
					t.Errorf("%s, key %q: %d %s", member, key, again.Code, again.Body)
				}
			}
		}
	}
	w := newWorld(t)
	want(t, w.as("m_a/cashier", "POST", "/v1/payments", strings.Replace(absent, `"platform"`, `"instalments":{"periods":3},"platform"`, 1)), 400, core.CodeInvalid)
}

// paidOrder is an order that was paid by its page.
func paidOrder(t *testing.T, w *world) core.PaymentView {
	p := w.create("m_a", "wechat", "o1")
	want(t, w.ask("POST", "/h5/"+tokenOf(p)+"/pay", ""), 200, "")
	w.pay(p)
	return p
}

// A18: half an emoji, as JavaScript leaves it when it cuts a text, refuses no refund and no order;
// what is escaped to look like one stays as it is.
func TestHalvesOfCharacters(t *testing.T) {
	for given, want := range map[string]string{
		`cut \ud83d`: "cut \ufffd", `\ude00 cut`: "\ufffd cut", `\uD83D\uD83D\uDE00`: "\ufffd😀", `\ud83d\u0041`: "\ufffdA", `\ud83d\n`: "\ufffd\n", `whole \ud83d\ude00`: "whole 😀",
		`\\ud83d`: `\ud83d`, `\\\ud83d`: "\\\ufffd", `\ud7ff`: "\ud7ff",
	} {
		w := newWorld(t)
		p := paidOrder(t, w)
		answer := w.as("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":1,"reason":"`+given+`"}`)
		if answer.Code != 201 || decode[core.RefundView](t, answer).Reason != want {
			t.Errorf("%s: %d %s", given, answer.Code, answer.Body)
		}
	}
	w := newWorld(t)
	body := `{"merchant_order_no":"o\ud83d","platform":"wechat",` + basket + `}`
	// a number is exact
	want(t, w.as("m_a/cashier", "POST", "/v1/payments", body), 400, core.CodeInvalid)
	for _, broken := range []string{`{"reason":"\ud83`, `{"reason":"\ud83d`, `{"\ud83d":1,"\ude00":2}`, `{"amount_fen":1,"reason":"\uzzzz"}`} {
		w := newWorld(t)
		p := paidOrder(t, w)
		want(t, w.as("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/refunds", broken), 400, core.CodeInvalid)
	}
}
