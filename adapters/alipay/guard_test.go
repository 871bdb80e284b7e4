package alipay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// G13: a gateway that is down is left alone; calls are refused fast and safely,
// and one probe finds out that it is back.
func TestG13_breaker(t *testing.T) {
	down := true
	good := signedAnswer(t, MethodQuery, paidNode)
	gateway := &fakeGateway{answer: func(url.Values) (int, string) {
		if down {
			return http.StatusBadGateway, ""
		}
		return http.StatusOK, good
	}}
	app := newTestApp(t, func(c *AppConfig) { c.Transport, c.BreakAfter, c.BreakFor = gateway, 3, time.Millisecond })
	for range 3 {
		_, result := queryOne(app)
		wantClass(t, result, Unknown)
	}
	down = false
	deadline := time.Now().Add(10 * time.Second)
	for {
		_, result := queryOne(app)
		if result.Class == Done {
			break
		}
		wantClass(t, result, NotSent)
		wantRefusal(t, result.Err, ErrBreakerOpen)
		if time.Now().After(deadline) {
			t.Fatal("the breaker never closed")
		}
	}
	if gateway.calls != 4 {
		t.Fatalf("%d calls reached the gateway, want 4", gateway.calls)
	}
	// Refusals are answers: they never open it.
	app, gateway = answeringNode(t, MethodQuery, `{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST"}`)
	app.guard = newGuard(AppConfig{BreakAfter: 2})
	for range 5 {
		_, result := queryOne(app)
		wantClass(t, result, NotExist)
	}
	if gateway.calls != 5 {
		t.Fatalf("%d calls", gateway.calls)
	}
}

// G13: callers who hang up say nothing about the gateway, so they never open
// the breaker for the others.
func TestG13_callersWhoHangUp(t *testing.T) {
	app := newTestApp(t, func(c *AppConfig) {
		c.Transport, c.BreakAfter, c.BreakFor = failing{fmt.Errorf("read: %w", context.Canceled)}, 3, time.Hour
	})
	for range 6 {
		_, result := queryOne(app)
		wantClass(t, result, Unknown)
	}
}

// G11, G13: accounts that share an app share its limiter and its breaker, and
// so does the App that follows one whose keys were changed.
func TestGuards_oneOfEachPerApp(t *testing.T) {
	var guards Guards
	app := func(change func(*AppConfig)) *App {
		return newTestApp(t, func(c *AppConfig) {
			c.Transport, c.Guards, c.BreakAfter, c.BreakFor = failing{context.DeadlineExceeded}, &guards, 2, time.Hour
			if change != nil {
				change(c)
			}
		})
	}
	first, second := app(nil), app(func(c *AppConfig) { c.SellerID = "2088000000000002" })
	for range 2 {
		_, result := queryOne(first)
		wantClass(t, result, Unknown)
	}
	for name, later := range map[string]*App{"another account": second, "after a reload": app(nil)} {
		if _, result := queryOne(later); result.Class != NotSent || RefusalCode(result.Err) != string(ErrBreakerOpen) {
			t.Errorf("%s: %s %v", name, result.Class, result.Err)
		}
	}
	for name, other := range map[string]*App{
		"another app":      app(func(c *AppConfig) { c.AppID = "2021000000000002" }),
		"another gateway":  app(func(c *AppConfig) { c.Gateway = "http://127.0.0.1:2/gateway.do" }),
		"changed settings": app(func(c *AppConfig) { c.BreakAfter = 3 }),
	} {
		if _, result := queryOne(other); result.Class != Unknown {
			t.Errorf("%s: %s %v", name, result.Class, result.Err)
		}
	}
}

// lineLog notes when the line is used, and panics if it is told to.
type lineLog struct {
	notes  *[]string
	panics bool
}

func (l lineLog) RoundTrip(*http.Request) (*http.Response, error) {
	*l.notes = append(*l.notes, "sent")
	if l.panics {
		panic("in the transport")
	}
	return nil, errors.New("cut")
}

// Whoever makes room for others while a call waits is told of the whole wait, each time, whatever
// becomes of it: the wait for a turn is part of it, and signing and judging are not.
func TestWaitingIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*AppConfig)
		panics bool
		want   string
	}{
		"no answer": {func(*AppConfig) {}, false, "wait sent over wait sent over"},
		"a panic":   {func(*AppConfig) {}, true, "wait sent over wait sent over"},
		"no turn":   {func(c *AppConfig) { c.CallsPerSecond, c.Burst = 0.001, 1 }, false, "wait sent over wait over"},
		"open":      {func(c *AppConfig) { c.BreakAfter, c.BreakFor = 1, time.Hour }, false, "wait sent over wait over"},
	} {
		var notes []string
		app := newTestApp(t, func(config *AppConfig) {
			c.change(config)
			config.Transport = lineLog{&notes, c.panics}
			config.Waiting = func(context.Context) func() {
				notes = append(notes, "wait")
				return func() { notes = append(notes, "over") }
			}
		})
		for range 2 {
			func() {
				defer func() { _ = recover() }()
				app.Do(t.Context(), Call{Method: MethodQuery, Biz: map[string]string{"out_trade_no": "X1"}}, nil)
			}()
		}
		if got := strings.Join(notes, " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
