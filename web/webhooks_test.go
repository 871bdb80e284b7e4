package web_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

type deliveries struct {
	Data       []core.DeliveryView `json:"data"`
	NextCursor *string             `json:"next_cursor"`
}

func TestDeliveriesArePagedAndFiltered(t *testing.T) {
	w := newWorld(t)
	for _, no := range []string{"o1", "o2", "o3"} {
		w.pay(w.create("m_a", "alipay", no))
	}
	seen, path := map[string]bool{}, "/v1/deliveries?limit=2"
	for range 3 {
		page := decode[deliveries](t, w.as("m_a/viewer", "GET", path, ""))
		for _, d := range page.Data {
			seen[d.ID] = true
			if d.State != core.DeliveryPending || d.EndpointID != "hook" || d.NextTryAt == "" {
				t.Errorf("%+v", d)
			}
		}
		if page.NextCursor == nil {
			break
		}
		path = "/v1/deliveries?limit=2&cursor=" + *page.NextCursor
	}
	if len(seen) != 3 {
		t.Fatalf("%d deliveries, want 3", len(seen))
	}
	for id := range seen {
		want(t, w.as("m_a/viewer", "POST", "/v1/deliveries/"+id+"/replay", ""), 403, core.CodeForbidden)
		want(t, w.as("m_a/cashier", "POST", "/v1/deliveries/"+id+"/replay", ""), 202, "")
	}
	if page := decode[deliveries](t, w.as("m_a/viewer", "GET", "/v1/deliveries?state=dead", "")); len(page.Data) != 0 {
		t.Errorf("dead: %+v", page.Data)
	}
	for _, q := range []string{"state=lost", "event_id=a.b", "limit=0", "limit=101", "cursor=x", "other=1"} {
		want(t, w.as("m_a/viewer", "GET", "/v1/deliveries?"+q, ""), 400, core.CodeInvalid)
	}
}

// A replay by time takes a key and a strict body, is the caller's own endpoint's, and is an
// operator's for the merchant that is named, who is noted with the endpoint.
func TestReplayOfATime(t *testing.T) {
	const path = "/v1/webhooks/hook/replay"
	body := func(from, to, rest string) string { return `{"from":"` + from + `","to":"` + to + `"` + rest + `}` }
	good := body("2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z", `,"state":"all"`)
	w, ask := operated(t, "night shift")
	for _, no := range []string{"o1", "o2"} {
		w.pay(w.create("m_a", "alipay", no))
	}
	w.endAll("m_a")
	for _, bad := range []string{
		body("2026-11-22", "2026-11-23T00:00:00Z", ""), body("2026-11-22T00:00:00", "2026-11-23T00:00:00Z", ""), body("2026-11-23T00:00:00Z", "2026-11-22T00:00:00Z", ""),
		body("2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z", ""), body("2026-11-22T00:00:00Z", "2026-12-23T00:00:01Z", ""), body("2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z", `,"state":"done"`),
		body("2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z", `,"other":1`), `{"from":"2026-11-22T00:00:00Z"}`, `{"to":"2026-11-22T00:00:00Z"}`, `{}`,
	} {
		want(t, w.as("m_a/cashier", "POST", path, bad), 400, core.CodeInvalid)
	}
	want(t, w.ask("POST", path, good, "Authorization", "Bearer "+w.bearer["m_a/cashier"]), 400, core.CodeInvalid)
	want(t, w.as("m_a/viewer", "POST", path, good), 403, core.CodeForbidden)
	want(t, w.as("m_a/cashier", "POST", "/v1/webhooks/nowhere/replay", good), 404, core.CodeNotFound)
	due := func(answer *httptest.ResponseRecorder, replayed int, repeat string) {
		t.Helper()
		want(t, answer, 202, "")
		if v := decode[core.RangeView](t, answer); v.Replayed != replayed || v.More || v.EndpointID != "hook" || answer.Header().Get("Idempotent-Replayed") != repeat {
			t.Errorf("%+v, %v", v, answer.Header())
		}
	}
	due(w.as("m_b/cashier", "POST", path, good, "Idempotency-Key", "k1"), 0, "")
	due(w.as("m_a/cashier", "POST", path, good, "Idempotency-Key", "k1"), 2, "")
	w.endAll("m_a")
	due(w.as("m_a/cashier", "POST", path, good, "Idempotency-Key", "k1"), 2, "true")
	if page := decode[deliveries](t, w.as("m_a/viewer", "GET", "/v1/deliveries?state=pending", "")); len(page.Data) != 0 {
		t.Errorf("made due twice by one key: %+v", page.Data)
	}
	want(t, w.as("m_a/cashier", "POST", path, body("2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z", ""), "Idempotency-Key", "k1"), 422, core.CodeIdempotencyMismatch)
	due(w.as("m_a/cashier", "POST", path, body("2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z", ""), "Idempotency-Key", "k2"), 0, "")
	want(t, ask("POST", path, good), 400, core.CodeInvalid)
	want(t, ask("POST", path+"?merchant_id=nobody", good), 404, core.CodeNotFound)
	due(ask("POST", path+"?merchant_id=m_a", good), 2, "")
	var noted, done bool
	for _, row := range w.audits() {
		noted = noted || row.Action == "operator.call" && row.Actor == "night shift" && row.MerchantID == "m_a" && row.Object == "hook"
		done = done || row.Action == "endpoint.replay" && row.Actor == "night shift" && row.MerchantID == "m_a" && row.Object == "hook"
	}
	if !noted || !done {
		t.Errorf("noted %t, done %t", noted, done)
	}
}

// endAll writes that a merchant's deliveries were taken, as the courier does.
func (w *world) endAll(merchant string) {
	w.t.Helper()
	rows, err := w.cashier.Store.Deliveries(w.t.Context(), core.DeliveryQuery{MerchantID: merchant})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, row := range rows {
		key := core.Key{Kind: core.DeliveryByID, Value: row.ID}
		_, err := w.cashier.Store.Do(w.t.Context(), core.Unit{Keys: []core.Key{key}, Decide: func(v core.View) (core.Writes, error) {
			d := v.Delivery(key)
			d.State, d.NextAt, d.EndedAt = core.DeliveryDone, time.Time{}, w.clock.Now()
			return core.Writes{Guards: []core.Row{d}}, nil
		}})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// H13: a webhook of ours that comes back is refused before anything else, at every path. It is no
// error of the server: anybody can send the header.
func TestH13_OwnWebhooksAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/v1/payments", "/notify/alipay/acc_m_a", "/nowhere"} {
		want(t, w.as("m_a/admin", "POST", path, "{}", "Paymux-Hop", "1"), 508, "loop_detected")
	}
	if strings.Contains(w.log.String(), `"level":"ERROR"`) {
		t.Error(w.log.String())
	}
}
