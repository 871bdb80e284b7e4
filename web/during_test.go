package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// A client that hangs up ends what only reads, and cuts nothing in two that was begun; either has
// the time of a use case and no more, and bears the request's id, under which the log tells of it.
func TestWorkGoesOnWhenTheClientHangsUp(t *testing.T) {
	for method, goesOn := range map[string]bool{"POST": true, "GET": false, "HEAD": false} {
		w, s := worldOfSpy(t)
		path := map[bool]string{true: "/v1/payments/pay_7/close", false: "/v1/payments/pay_7"}[goesOn]
		r := newRequest(method, path, "", "Authorization", "Bearer "+w.bearer["m_a/admin"], "X-Request-Id", "request-0123456789")
		r.Header.Del("Content-Type")
		ctx, hangUp := context.WithCancel(context.Background())
		hangUp()
		begin := time.Now()
		w.send(r.WithContext(ctx))
		if s.during == nil {
			t.Fatalf("%s reached nobody", method)
		}
		if over := s.cause != nil; over == goesOn {
			t.Errorf("%s: over %v", method, over)
		}
		end, bounded := s.during.Deadline()
		if left := end.Sub(begin); !bounded || left < 29*time.Second || left > 40*time.Second {
			t.Errorf("%s has %v", method, left)
		}
		if got := core.ConcernOf(s.during).Request; got != "request-0123456789" {
			t.Errorf("%s is known as %q", method, got)
		}
	}
}

// A probe that hangs is cut off: whoever asks has little patience.
func TestReadinessIsBounded(t *testing.T) {
	var end time.Time
	bounded := false
	w := newWorld(t, func(o *web.Options) {
		o.Ready = func(ctx context.Context) error { end, bounded = ctx.Deadline(); return nil }
	})
	begin := time.Now()
	want(t, w.ask("GET", "/readyz", ""), 200, "")
	if left := end.Sub(begin); !bounded || left > 5*time.Second {
		t.Errorf("a probe may take %v", left)
	}
}

// Whose key was refused stands in the log: whoever looks for the 403 finds who met it.
func TestRefusedKeysAreLogged(t *testing.T) {
	w := newWorld(t)
	want(t, w.as("m_a/viewer", "POST", "/v1/payments/pay_7/sync", ""), 403, core.CodeForbidden)
	if text := w.log.String(); !strings.Contains(text, `"status":403`) || !strings.Contains(text, `"key":"m_a_viewer"`) || !strings.Contains(text, `"actor":"viewer of m_a"`) {
		t.Error(text)
	}
}

// What cannot be an id is not asked for.
func TestWhatIsNoIDIsNotLookedUp(t *testing.T) {
	for id, asked := range map[string]bool{strings.Repeat("p", 64): true, strings.Repeat("p", 65): false, "p.1": false, "p%20": false} {
		w, s := worldOfSpy(t)
		answer := w.as("m_a/viewer", "GET", "/v1/refunds/"+id, "")
		if (len(s.calls) == 1) != asked || (answer.Code == 200) != asked {
			t.Errorf("%s: %d, %v", id, answer.Code, s.calls)
		}
	}
}
