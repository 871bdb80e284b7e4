package web_test

import (
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// I15: what is to be said of a stored answer stands in its headers; its status and bytes are the first's, whatever has happened since.
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
