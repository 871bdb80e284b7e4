package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/outbox"
	"github.com/paymux/paymux/core/storetest"
)

var background = context.Background()

// H06: any 2xx means that the merchant has it, whatever the body says.
func TestH06_WhatAnAnswerMeans(t *testing.T) {
	for _, c := range []struct {
		answer func(*http.Request) (*http.Response, error)
		state  core.DeliveryState
		fault  string
		wait   time.Duration
	}{
		{status(200), core.DeliveryDone, "", 0},
		{status(204), core.DeliveryDone, "", 0},
		{status(202, "Content-Type", "text/html"), core.DeliveryDone, "", 0},
		{status(410), core.DeliveryDead, "gone", 0},
		{status(400), core.DeliveryPending, "refused", 5 * time.Second},
		{status(404), core.DeliveryPending, "refused", 5 * time.Second},
		{status(500), core.DeliveryPending, "failed", 5 * time.Second},
		// H03
		{status(302, "Location", "http://127.0.0.1/"), core.DeliveryPending, "redirect", 5 * time.Second},
		{status(429, "Retry-After", "120"), core.DeliveryPending, "time", 126 * time.Second},
		{status(503, "Retry-After", "Sun, 22 Nov 2026 05:00:00 GMT"), core.DeliveryPending, "time", 63 * time.Minute},
		{status(503, "Retry-After", "99999999"), core.DeliveryPending, "time", 12*time.Hour + 36*time.Minute},
		{status(429, "Retry-After", "-5"), core.DeliveryPending, "time", 5 * time.Second},
		{status(429, "Retry-After", "1"), core.DeliveryPending, "time", 5 * time.Second},
		{status(500, "Retry-After", "120"), core.DeliveryPending, "failed", 5 * time.Second},
		{fails(errors.New("10.0.0.7: canary")), core.DeliveryPending, "connection", 5 * time.Second},
		{fails(&net.DNSError{Err: "canary", Name: "canary"}), core.DeliveryPending, "resolved", 5 * time.Second},
		{fails(context.DeadlineExceeded), core.DeliveryPending, "in time", 5 * time.Second},
		{fails(errors.New("x509: canary")), core.DeliveryPending, "secure", 5 * time.Second},
		{fails(fmt.Errorf("dial: %w", outbox.ErrForbiddenAddress)), core.DeliveryPending, "not public", 5 * time.Second},
	} {
		w := newWorld(t)
		w.receiver.plan(c.answer)
		id := w.event(1, "m1", "hook")
		if err := w.Deliver(background, id); err != nil {
			t.Fatal(err)
		}
		d := w.delivery(id)
		if d.State != c.state || d.Tries != 1 || !strings.Contains(d.LastError, c.fault) || (c.fault == "") != (d.LastError == "") {
			t.Errorf("want %s %q, have %+v", c.state, c.fault, d)
		}
		if got := d.NextAt.Sub(w.clock.Now()); c.wait != 0 && got != c.wait || c.wait == 0 && !d.NextAt.IsZero() {
			t.Errorf("%q: next try in %v, want %v", d.LastError, got, c.wait)
		}
		if d.EndedAt.IsZero() != (c.state == core.DeliveryPending) {
			t.Errorf("ended at %v as %s", d.EndedAt, d.State)
		}
		if strings.Contains(d.LastError, "canary") { // H14
			t.Errorf("what the endpoint said is kept: %q", d.LastError)
		}
	}
}

// H07: a merchant who is down for three days is tried for 75 hours and then listed; nothing is
// dropped without a word.
func TestH07_ScheduleEndsInADeadLetter(t *testing.T) {
	for _, spread := range []int64{0, 50, 100} {
		w := newWorld(t)
		w.spread = spread
		w.receiver.plan(always(99, status(500))...)
		start := w.clock.Now()
		id := w.event(1, "m1", "hook")
		w.run()
		d := w.delivery(id)
		if d.State != core.DeliveryDead || d.Tries != len(w.Schedule) || w.receiver.count() != d.Tries || w.watch.said("webhook.dead") != 1 {
			t.Fatalf("%+v, %d requests, alerts %v", d, w.receiver.count(), w.watch.alerts)
		}
		lasted, full := d.EndedAt.Sub(start), 75*time.Hour
		if low, high := full*9/10, full*11/10; lasted < low || lasted > high || spread == 50 && lasted != full {
			t.Errorf("tried for %v with spread %d", lasted, spread)
		}
		for i, x := range w.receiver.tries[1:] {
			pause, want := x.at.Sub(w.receiver.tries[i].at), w.Schedule[i+1]
			if pause < want*9/10-time.Millisecond || pause > want*11/10+time.Millisecond {
				t.Errorf("pause %d is %v, want %v ± 10 %%", i+1, pause, want)
			}
		}
		w.checkBook()
	}
}

func TestH07_MerchantComesBackAfterThreeDays(t *testing.T) {
	w := newWorld(t)
	w.receiver.plan(always(11, fails(errors.New("refused")))...)
	id := w.event(1, "m1", "hook")
	w.run()
	if d := w.delivery(id); d.State != core.DeliveryDone || d.Tries != 12 {
		t.Fatalf("%+v", d)
	}
	w.checkBook()
}

// A replay of a dead letter is one more try; if it fails the letter is dead again, with its own
// alert.
func TestH07_ReplayOfADeadLetter(t *testing.T) {
	w := newWorld(t)
	w.receiver.plan(always(13, status(500))...)
	id := w.event(1, "m1", "hook")
	w.run()
	for want := range []int{13, 14} {
		w.replay(id)
		w.run()
		if d := w.delivery(id); d.Tries != 13+want {
			t.Fatalf("%+v", d)
		}
	}
	if d := w.delivery(id); d.State != core.DeliveryDone || w.watch.said("webhook.dead") != 2 {
		t.Fatalf("%+v, alerts %v", d, w.watch.alerts)
	}
	w.replay(id) // and a done one may be sent again
	w.run()
	if d := w.delivery(id); d.State != core.DeliveryDone || d.Tries != 15 || len(w.receiver.book) != 1 {
		t.Fatalf("%+v", d)
	}
	w.checkBook()
}

func (w *world) replay(id string) {
	w.t.Helper()
	c := &core.Cashier{Store: w.Store, Clock: w.Clock, IDs: w.IDs, Merchants: w.Endpoints}
	if _, err := c.Replay(background, core.Caller{MerchantID: w.delivery(id).MerchantID, Actor: "alice"}, id); err != nil {
		w.t.Fatal(err)
	}
}

// H09, H10, H11, H16: what a merchant sees of two tries during a rotation of the secret.
func TestH10_BothSignaturesDuringOverlap(t *testing.T) {
	w := newWorld(t)
	fresh, old := secretOf("m1", "hook", 2), secretOf("m1", "hook", 1)
	w.secrets["m1/hook"] = [][]byte{fresh, old}
	w.receiver.plan(status(500))
	w.event(1, "m1", "hook")
	w.run()
	if len(w.receiver.tries) != 2 {
		t.Fatalf("%d tries", len(w.receiver.tries))
	}
	a, b := w.receiver.tries[0], w.receiver.tries[1]
	if a.id != b.id || string(a.body) != string(b.body) || !strings.HasPrefix(a.id, "evt_") {
		t.Errorf("tries differ: %+v, %+v", a, b)
	}
	if a.header.Get("webhook-timestamp") == b.header.Get("webhook-timestamp") || a.signature == b.signature {
		t.Error("both tries carry one time: the second would be taken for a replay")
	}
	for _, x := range w.receiver.tries {
		if signatures := strings.Fields(x.signature); len(signatures) != 2 {
			t.Fatalf("signatures %q", x.signature)
		}
		for _, secret := range [][]byte{fresh, old} {
			if err := newVerifier(secret).VerifyIgnoringTimestamp(x.body, x.header); err != nil {
				t.Error(err)
			}
		}
		if err := newVerifier(secretOf("m1", "hook", 3)).VerifyIgnoringTimestamp(x.body, x.header); err == nil {
			t.Error("any secret will do")
		}
		x.header.Set("webhook-timestamp", fmt.Sprint(x.at.Unix()+1)) // H09: the time is signed
		if err := newVerifier(fresh).VerifyIgnoringTimestamp(x.body, x.header); err == nil {
			t.Error("the time can be changed")
		}
	}
}

// H12, H15: what goes out beside the event is fixed, and nothing of it comes from an order.
func TestH15_Header(t *testing.T) {
	w := newWorld(t)
	w.event(1, "m1", "hook")
	w.run()
	h := w.receiver.tries[0].header
	want := map[string]string{"Content-Type": "application/json", "User-Agent": "paymux-webhooks/1", outbox.HopHeader: "1"}
	for name, value := range want {
		if h.Get(name) != value {
			t.Errorf("%s: %q", name, h.Get(name))
		}
	}
	if len(h) != len(want)+3 {
		t.Errorf("header %v", h)
	}
}

// C35: an empty or short secret never signs; nothing is sent, no try is counted, a person is told.
func TestNothingIsSentUnsigned(t *testing.T) {
	for name, secrets := range map[string][][]byte{"none": nil, "empty": {{}}, "short": {[]byte("0123456789")}} {
		w := newWorld(t)
		w.secrets["m1/hook"] = secrets
		id := w.event(1, "m1", "hook")
		if err := w.Deliver(background, id); err == nil || w.receiver.count() != 0 {
			t.Errorf("%s: %v, %d requests", name, err, w.receiver.count())
		}
		if d := w.delivery(id); d.Tries != 0 || d.State != core.DeliveryPending || w.watch.said("webhook.unsigned") != 1 {
			t.Errorf("%s: %+v, alerts %v", name, d, w.watch.alerts)
		}
		w.secrets["m1/hook"] = [][]byte{secretOf("m1", "hook", 1)}
		w.run()
		if d := w.delivery(id); d.State != core.DeliveryDone {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// H11: hints come twice, early and late; only a delivery whose time has come is sent.
func TestHintsThatAreOutOfDateSendNothing(t *testing.T) {
	w := newWorld(t)
	w.receiver.plan(status(500))
	id := w.event(1, "m1", "hook")
	for range 3 { // the first is a try, the others are early
		if err := w.Deliver(background, id); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Deliver(background, "gone"); err != nil || w.receiver.count() != 1 {
		t.Fatalf("%v, %d requests", err, w.receiver.count())
	}
	w.run()
	for range 3 {
		_ = w.Deliver(background, id)
	}
	if w.receiver.count() != 2 {
		t.Fatalf("%d requests", w.receiver.count())
	}
}

func TestWhatCannotBeDeliveredIsADeadLetter(t *testing.T) {
	for name, breakIt := range map[string]func(*world){
		"endpoint removed": func(w *world) { w.shops.endpoint("m1") },
		"merchant removed": func(w *world) { delete(w.shops, "m1") },
		"event removed":    func(w *world) { w.Store = forgetful{w.Store} },
	} {
		w := newWorld(t)
		id := w.event(1, "m1", "hook")
		breakIt(w)
		w.run()
		if d := w.delivery(id); d.State != core.DeliveryDead || d.Tries != 0 || d.LastError == "" || w.watch.said("webhook.dead") != 1 {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// forgetful is a store whose events have been deleted.
type forgetful struct{ core.Store }

func (forgetful) Event(context.Context, string, string) (*core.Event, error) { return nil, nil }

// crash stops the process at a point, once.
type crash struct {
	at    core.Point
	times int
}

type crashed struct{}

func (c *crash) Pass(p core.Point) {
	if p == c.at && c.times > 0 {
		c.times--
		panic(crashed{})
	}
}

// P12: a process that dies before it sends, or after it sent and before it marked, sends again with
// the same event id.
func TestP12_CrashAroundTheSending(t *testing.T) {
	for point, requests := range map[core.Point]int{core.PointWebhookBeforeSend: 1, core.PointWebhookAfterSend: 2} {
		w := newWorld(t)
		w.Failpoints = &crash{point, 1}
		id := w.event(1, "m1", "hook")
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was not passed", point)
				}
			}()
			_ = w.Deliver(background, id)
		}()
		if d := w.delivery(id); d.State != core.DeliveryPending || d.NextAt.IsZero() {
			t.Fatalf("%s: %+v", point, d)
		}
		w.run()
		if d := w.delivery(id); d.State != core.DeliveryDone || w.receiver.count() != requests || len(w.receiver.book) != 1 {
			t.Errorf("%s: %+v, %d requests", point, d, w.receiver.count())
		}
		w.checkBook()
	}
}

// S15: many processes find the same delivery at once; one sends.
func TestS15_OneOfManySends(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for i := range 20 {
		ids = append(ids, w.event(i, "m1", "hook"))
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, id := range ids {
				if err := w.Deliver(background, id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if w.receiver.count() != 20 || len(w.receiver.book) != 20 {
		t.Fatalf("%d requests for 20 deliveries", w.receiver.count())
	}
	w.checkBook()
}

// P13: a try outlives its lease and somebody else takes the delivery. What either of them brought
// home counts; a failure does not undo a success.
func TestP13_LeaseRunsOut(t *testing.T) {
	for name, c := range map[string]struct {
		slow, quick func(*http.Request) (*http.Response, error)
		tries       int
	}{
		"slow success, quick failure": {status(200), status(500), 2},
		"slow failure, quick success": {status(500), status(200), 1},
		"both succeed":                {status(200), status(200), 1},
	} {
		w := newWorld(t)
		id := w.event(1, "m1", "hook")
		w.receiver.plan(func(req *http.Request) (*http.Response, error) {
			w.clock.Advance(time.Minute)
			if err := w.Deliver(background, id); err != nil {
				t.Error(err)
			}
			return c.slow(req)
		}, c.quick)
		if err := w.Deliver(background, id); err != nil {
			t.Fatal(err)
		}
		if d := w.delivery(id); d.State != core.DeliveryDone || d.Tries != c.tries {
			t.Errorf("%s: %+v", name, d)
		}
		w.checkBook()
	}
}

// D01: the database may lose every commit's answer; the merchant still has every event, and a
// result is never written twice.
func TestD01_CommitsWithoutAnswer(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.FaultBefore, storetest.FaultMiss, storetest.FaultLost, storetest.FaultAfter, storetest.FaultSilent} {
		for commit := 2; commit <= 5; commit++ {
			w := newWorld(t)
			w.receiver.plan(status(500))
			w.memory.Faults = func(n int) storetest.Fault {
				if n == commit {
					return fault
				}
				return storetest.FaultNone
			}
			id := w.event(1, "m1", "hook")
			w.run()
			if d := w.delivery(id); d.State != core.DeliveryDone || d.Tries > w.receiver.count() {
				t.Errorf("fault %d at commit %d: %+v, %d requests", fault, commit, d, w.receiver.count())
			}
			w.checkBook()
		}
	}
}

// P16: going down in the middle of a try is no failure of the merchant's.
func TestCutOffTryIsNotCounted(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(background)
	w.receiver.plan(func(req *http.Request) (*http.Response, error) {
		stop()
		return nil, req.Context().Err()
	})
	id := w.event(1, "m1", "hook")
	if err := w.Deliver(ctx, id); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if d := w.delivery(id); d.Tries != 0 || d.State != core.DeliveryPending {
		t.Fatalf("%+v", d)
	}
	w.run()
	w.checkBook()
}

func TestParseSecret(t *testing.T) {
	const blanks = " \t"
	for text, want := range map[string]string{
		"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3": "0123456789abcdef01234567", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3\n": "0123456789abcdef01234567",
		blanks + "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3\n": "0123456789abcdef01234567",
		"whsec_": "", "": "", "MDEy": "", "whsec_canary!": "", "whsec_" + strings.Repeat("MDEy", 30): "",
	} {
		got, err := outbox.ParseSecret(text)
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Error("the error repeats the secret")
		}
	}
}
