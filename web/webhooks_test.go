package web_test

import (
	"strings"
	"testing"

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
