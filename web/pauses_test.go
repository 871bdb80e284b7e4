package web_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paymux/paymux/web"
)

// W40: a key whose queue is full and which loops without a pause is slowed by its own refusals. 256
// are kept back for a quarter of a second, their bodies unread; those beyond lose their
// connections.
func TestW40_RefusalsAreKeptBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowChannels{release: make(chan struct{})}
		w := newWorld(t, func(o *web.Options) {
			o.Limits = web.Limits{Running: 2, PerAddress: 1024}
			slow.Cashier = o.Cashier
			o.Cashier = slow
		})
		for range 2 + 64 {
			go w.as("m_a/admin", "GET", "/v1/payments", "")
		}
		synctest.Wait()
		answers, read := make(chan *httptest.ResponseRecorder, 512), make(chan int, 512)
		ask := func(ctx context.Context) {
			body := &countedBody{Reader: strings.NewReader("{}")}
			r := newRequest("POST", "/v1/payments", "{}", "Authorization", "Bearer "+w.bearer["m_a/admin"]).WithContext(ctx)
			r.Body = body
			answer := w.send(r)
			answers <- answer
			read <- body.read
		}
		began := time.Now()
		impatient, hangUp := context.WithCancel(t.Context())
		for i := range 300 {
			ctx := t.Context()
			if i < 6 {
				ctx = impatient
			}
			go ask(ctx)
			synctest.Wait()
		}
		if len(answers) != 300-256 || !time.Now().Equal(began) {
			t.Fatalf("%d of 300 are answered at once", len(answers))
		}
		for range 300 - 256 {
			answer := <-answers
			want(t, answer, 429, "too_many_requests")
			if answer.Header().Get("Connection") != "close" || answer.Header().Get("Retry-After") != "1" {
				t.Errorf("beyond those kept back: %v", answer.Header())
			}
		}
		hangUp()
		synctest.Wait()
		if len(answers) != 6 {
			t.Errorf("%d of 6 whose clients have gone are done", len(answers))
		}
		for range 256 {
			if answer := <-answers; answer.Code != 429 || answer.Header().Get("Connection") != "" {
				t.Errorf("kept back: %d %v", answer.Code, answer.Header())
			}
		}
		for range 300 {
			if n := <-read; n > 0 {
				t.Fatalf("%d bytes of a refused body were read", n)
			}
		}
		if took := time.Since(began); took < 250*time.Millisecond {
			t.Errorf("kept back for %v", took)
		}
		close(slow.release)
		synctest.Wait()
	})
}

// W40: refusals of all keys together are kept back up to a bound too, and those that are over leave
// their room.
func TestW40_RefusalsOfAllKeysAreBounded(t *testing.T) {
	for _, c := range []struct{ keys, each, paused, afterwards int }{{1, 300, 256, 256}, {4, 256, 1024, 256}, {6, 256, 1024, 256}, {6, 10, 60, 10}} {
		if paused, afterwards := web.PausedAtOnce(c.keys, c.each); paused != c.paused || afterwards != c.afterwards {
			t.Errorf("%d keys, %d each: %d kept back, %d afterwards", c.keys, c.each, paused, afterwards)
		}
	}
}
