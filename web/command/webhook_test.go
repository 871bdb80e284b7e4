package command_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// delivery is one request that the shop's own server got.
type delivery struct {
	id, timestamp, signature string
	body                     []byte
}

// The merchant hears of the payment by a signed webhook: with the queue inside the process, without
// any, and with one that is away (H10, H16).
func TestPaidPaymentReachesTheMerchantsWebhook(t *testing.T) {
	const away = "nats://127.0.0.1:1"
	for _, queue := range []string{"", "none", away} {
		t.Run("queue "+queue, func(t *testing.T) {
			got := make(chan delivery, 16)
			shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				got <- delivery{r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), r.Header.Get("webhook-signature"), body}
				w.WriteHeader(http.StatusNoContent)
			}))
			defer shop.Close()
			s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", `
    webhooks: [{ id: orders, url: "`+shop.URL+`/events", events: [payment.paid], secrets: [{ id: s1, use: current, secret_file: hook.secret }] }]`)
			secret := []byte("the webhook secret of a shop, in 24 to 64 bytes")
			s.write("hook.secret", "whsec_"+base64.StdEncoding.EncodeToString(secret))
			s.edit("url: none", fmt.Sprintf("url: %q", queue))
			server := s.start()
			if warned := strings.Contains(server.log.String(), "starting without the queue"); warned != (queue == away) {
				t.Errorf("warned of the queue: %v", warned)
			}
			c := crowd{site: s, acked: map[string]core.PaymentView{}, up: make(chan struct{})}
			close(c.up)
			if !c.place(1) {
				t.Fatal("the order was not acknowledged")
			}
			heard := <-got
			mac := hmac.New(sha256.New, secret)
			_, _ = fmt.Fprintf(mac, "%s.%s.%s", heard.id, heard.timestamp, heard.body)
			if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); heard.signature != want {
				t.Errorf("signed %q, want %q", heard.signature, want)
			}
			var event core.EventView
			if err := json.Unmarshal(heard.body, &event); err != nil || event.ID != heard.id || event.Type != core.EventPaymentPaid {
				t.Errorf("the event is %s: %v", heard.body, err)
			}
			if event.Payment.ID != c.acked["K000001"].ID || event.Payment.Status != core.PaymentPaid {
				t.Errorf("the event tells of %s, %s", event.Payment.ID, event.Payment.Status)
			}
			s.stopInPeace(server)
		})
	}
}
