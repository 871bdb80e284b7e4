package outbox_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/coretest"
	"github.com/paymux/paymux/core/outbox"
)

// What people and metrics are told of a delivery's end is told whole: how urgent it is, of which
// delivery, merchant, endpoint and event, and never a secret or what the endpoint sent.
func TestH07_WhatIsToldIsWhole(t *testing.T) {
	w := newWorld(t)
	w.receiver.plan(status(503), status(410))
	id := w.event(1, "m1", "hook")
	w.run()
	w.secrets["m1/hook"] = [][]byte{[]byte("short-canary")}
	other := w.event(2, "m1", "hook")
	if err := w.Deliver(background, other); err == nil {
		t.Fatal("sent unsigned")
	}
	const event = "evt_000001m1hook"
	want := []string{
		"2 webhook.dead " + id + ": merchant m1, endpoint hook, event " + event + ": the endpoint says that it is gone (HTTP 410)",
		"1 webhook.unsigned hook: merchant m1: outbox: the webhook cannot be signed",
	}
	if !slices.Equal(w.watch.lines, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(w.watch.lines, "\n"), strings.Join(want, "\n"))
	}
	for what, n := range map[string]int{"webhook.retry/5xx": 1, "webhook.dead/4xx": 1, "webhook.retry": 1, "webhook.dead": 1} {
		if w.watch.counted(what) != n {
			t.Errorf("%s was counted %d times: %v", what, w.watch.counted(what), w.watch.tally())
		}
	}
}

// Each try leaves one audit row, with its number, what it came to, and the merchant whose it is.
func TestTriesAreAudited(t *testing.T) {
	w := newWorld(t)
	w.receiver.plan(status(500))
	id := w.event(1, "m1", "hook")
	w.run()
	var got []string
	for _, a := range w.memory.All().Audits {
		got = append(got, fmt.Sprint(a.MerchantID, " ", a.Actor, " ", a.Action, " ", a.Object, ": ", a.Detail))
	}
	slices.Sort(got)
	want := []string{
		"m1 system delivery.done " + id + ": evt_000001m1hook to hook, try 2: HTTP 200",
		"m1 system delivery.retry " + id + ": evt_000001m1hook to hook, try 1: the endpoint failed (HTTP 500)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("audited\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// H05: the client's bounds are set, and no variable of the process sends webhooks through a proxy.
func TestH05_ClientIsBounded(t *testing.T) {
	client := outbox.NewClient(outbox.Policy{})
	transport, ok := client.Transport.(*http.Transport)
	if !ok || client.Timeout != 10*time.Second || client.Jar != nil || transport.Proxy != nil || !transport.DisableCompression ||
		transport.MaxConnsPerHost != 16 || transport.MaxResponseHeaderBytes != 16<<10 || transport.TLSHandshakeTimeout != 5*time.Second ||
		transport.MaxIdleConns != 256 || transport.IdleConnTimeout != 30*time.Second {
		t.Errorf("%+v, %+v", client, transport)
	}
}

// An endpoint that speaks only what is older than TLS 1.2 gets nothing.
func TestOldTLSIsRefused(t *testing.T) {
	for version, taken := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: version}
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		roots := x509.NewCertPool()
		roots.AddCert(server.Certificate())
		client := outbox.NewClient(outbox.Policy{AllowPrivate: true}, outbox.WithRoots(roots))
		response, err := client.Get(server.URL)
		if (err == nil) != taken {
			t.Errorf("version %x: %v", version, err)
		}
		if err == nil {
			_ = response.Body.Close()
		}
		server.Close()
	}
}

// H08: what opens an endpoint's breaker: that it does not answer, or answers that it cannot, five
// times in a row; or that it refuses five different events alike in a row. Not one event's refusal,
// nor a fault of ours.
func TestH08_WhatTheBreakerCounts(t *testing.T) {
	type answer = func(*http.Request) (*http.Response, error)
	two := func(a, b answer) []answer { return []answer{a, b, a, b, a, b, a, b, a, b} }
	ours := fails(fmt.Errorf("dial: %w", outbox.ErrForbiddenAddress))
	for name, c := range map[string]struct {
		answers []answer
		opens   bool
	}{
		"500": {always(5, status(500)), true}, "502": {always(5, status(502)), true}, "503": {always(5, status(503)), true},
		"301": {always(5, status(301)), true}, "302": {always(5, status(302)), true}, "304": {always(5, status(304)), true},
		"no answer": {always(5, fails(http.ErrHandlerTimeout)), true}, "all kinds": {[]answer{status(500), status(302), fails(http.ErrHandlerTimeout), status(503), status(599)}, true},
		"429 once": {[]answer{status(429)}, true}, "503 with its time": {[]answer{status(503, "Retry-After", "9")}, true}, "503 once": {[]answer{status(503)}, false},
		"500 four times": {always(4, status(500)), false}, "500 and 200 by turns": {two(status(500), status(200)), false}, "500 and 400 by turns": {two(status(500), status(400)), false},
		"400": {always(5, status(400)), true}, "401": {always(5, status(401)), true}, "404": {always(5, status(404)), true}, "422": {always(5, status(422)), true},
		"400 four times": {always(4, status(400)), false}, "400 and 404 by turns": {two(status(400), status(404)), false}, "400 and 200 by turns": {two(status(400), status(200)), false},
		"200": {always(5, status(200)), false}, "forbidden address": {always(10, ours), false}, "forbidden among 500": {[]answer{status(500), status(500), status(500), status(500), ours}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := newTown(t, "shop")
			v.shops["shop.example"].plan(slicesOf(1, slow(time.Second, status(200)))...)
			v.shops["shop.example"].plan(inTurn(append(slices.Clone(c.answers), always(40, status(200))...))...)
			for i := range 40 {
				v.event(i, "shop", "hook")
			}
			v.hand()
			<-time.After(500 * time.Millisecond)
			synctest.Wait()
			if open := v.watch.counted("webhook.breaker/open") > 0; open != c.opens {
				t.Errorf("%s: left alone: %v, counts %v", name, open, v.watch.tally())
			}
			v.lanes.Close(background)
		})
	}
}

// hand gives the lanes what is due, once, and waits for them.
func (v *town) hand() {
	for _, due := range v.due() {
		if err := v.lanes.Hand(background, due); err != nil {
			v.t.Error(err)
		}
	}
	synctest.Wait()
}

// H06: that an endpoint is gone is told once, however often a person asks for it.
func TestH06_GoneIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "shop")
		v.shops["shop.example"].plan(always(2, status(410))...)
		id := v.event(1, "shop", "hook")
		v.hand()
		<-time.After(time.Millisecond) // a person hears of it first
		v.replay(id)
		v.hand()
		if v.shops["shop.example"].count() != 2 || v.watch.said("webhook.endpoint_disabled") != 1 {
			t.Errorf("%d requests, alerts %v", v.shops["shop.example"].count(), v.watch.lines)
		}
		v.lanes.Close(background)
	})
}

// H08: a delivery that is swept again while it waits takes no second place in its lane.
func TestADeliveryWaitsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "slow")
		v.shops["slow.example"].plan(always(100, slow(9*time.Second, status(200)))...)
		for i := range 20 {
			v.event(i, "slow", "hook")
		}
		list := v.due()
		for range 100 {
			for _, due := range list {
				if err := v.lanes.Hand(background, due); err != nil {
					t.Error(err)
				}
			}
			synctest.Wait()
		}
		late := v.event(99, "slow", "hook")
		v.hand()
		if d := v.delivery(late); d.NextAt.After(time.Now()) {
			t.Errorf("put off until %v: the lane is full of one delivery", d.NextAt)
		}
		ctx, cut := context.WithCancel(background)
		cut()
		v.lanes.Close(ctx)
	})
}

// P13: a try ends with its lease, even if nothing else ends it, and says nothing about the endpoint
// then.
func TestP13_TryEndsWithItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "slow")
		v.Client.Timeout = 0
		v.shops["slow.example"].plan(always(8, slow(time.Hour, status(200)))...)
		var id string
		for i := range 8 {
			id = v.event(i, "slow", "hook")
		}
		v.hand()
		<-time.After(61 * time.Second)
		synctest.Wait()
		v.mu.Lock()
		defer v.mu.Unlock()
		if d := v.delivery(id); len(v.failed) != 8 || d.Tries != 0 || v.watch.counted("webhook.breaker/open") != 0 {
			t.Errorf("%v, %+v, counts %v", v.failed, d, v.watch.tally())
		}
		v.lanes.Close(background)
	})
}

// P13: a delivery that somebody else has finished meanwhile is not put off.
func TestP13_FinishedDeliveryIsNotPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "shop")
		v.shops["shop.example"].plan(slow(time.Second, status(500)))
		v.event(1, "shop", "hook")
		v.hand()
		id := v.event(9, "shop", "hook")
		other := *v.Courier // another process, whose lanes know no failure and whose clock is ahead
		other.Clock = coretest.Wall(time.Minute)
		v.Failpoints = failpointFunc(func() {
			if err := other.Deliver(background, id); err != nil {
				t.Error(err)
			}
		})
		v.hand()
		if d := v.delivery(id); d.State != core.DeliveryDone || !d.NextAt.IsZero() {
			t.Errorf("%+v", d)
		}
		v.lanes.Close(background)
	})
}

type failpointFunc func()

func (f failpointFunc) Pass(p core.Point) {
	if p == core.PointWebhookBeforeSend {
		f()
	}
}
