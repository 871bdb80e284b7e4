package web_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// requests counts the lines of requests at info, and adds up what they say was not written.
func (w *world) requests() (lines, before int) {
	w.t.Helper()
	for _, line := range w.lines() {
		if line["msg"] == "request" && line["level"] == "INFO" {
			lines++
			if n, ok := line["like_it_before"].(float64); ok {
				before += int(n)
			}
		}
	}
	return lines, before
}

// C37: whoever forges messages, or asks without a key, does not fill the log: of each account and
// reason one line a minute is written, and says how many came before it. What is genuine has its
// line, whatever came beside it.
func TestC37_ForgedRequestsLeaveOneLineAMinute(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "alipay", "o1")
	w.log.Reset()
	forge := func() {
		for range 100 {
			for _, account := range []string{"acc_m_a", "acc_m_b"} {
				w.ask("POST", "/notify/alipay/"+account, "sign=bad", "Content-Type", form)
			}
			w.ask("POST", "/notify/alipay/nobody", "sign=bad", "Content-Type", form)
			w.ask("POST", "/notify/a/path/of/theirs", "", "Content-Type", form)
			w.ask("GET", "/h5/a_token_of_theirs", "")
			w.ask("GET", "/v1/channels", "", "Authorization", "Bearer pmx_nobody_"+strings.Repeat("a", 52))
		}
	}
	forge()
	w.notify(p.Attempts[0])
	if lines, before := w.requests(); lines != 6+1 || before != 0 {
		t.Errorf("%d lines in a minute, want one of each kind and the genuine message's; %d before them", lines, before)
	}
	w.clock.Advance(time.Minute)
	w.log.Reset()
	forge()
	if lines, before := w.requests(); lines != 6 || before != 6*99 {
		t.Errorf("%d lines in the next minute, which say that %d came before", lines, before)
	}
	w.log.Reset()
	for range 3 { // a key is known by what it proves, and is told of each time
		want(t, w.as("m_a/viewer", "POST", "/v1/payments/pay_7/sync", ""), 403, core.CodeForbidden)
	}
	if lines, _ := w.requests(); lines != 3 {
		t.Errorf("%d lines of 3 requests that prove a key", lines)
	}
}

// Refusals of a key that asks too much are sampled by key.
func TestRefusalsOfAGreedyKeyLeaveOneLineAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for _, id := range []string{"m_a_viewer", "m_b_viewer"} {
			k := w.keys[id]
			k.Limits = web.Allowance{PerSecond: 1}
			w.keys[id] = k
		}
		for range 10 {
			w.as("m_a/viewer", "GET", "/v1/channels", "")
			w.as("m_b/viewer", "GET", "/v1/channels", "")
		}
		if lines, _ := w.requests(); lines != 2+2 {
			t.Errorf("%d lines of two requests that were served and 18 that were not", lines)
		}
	})
}

// What is remembered to sample lines is bounded, and what has been quiet makes room.
func TestSampledLinesAreBounded(t *testing.T) {
	o := web.NewOften()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	written := 0
	for i := range 3 * web.MaxOften {
		if o.Sample(fmt.Sprint("a", i), now) {
			written++
		}
	}
	if written > web.MaxOften+1 || o.Size() > web.MaxOften+1 {
		t.Errorf("%d lines were written, and %d kinds are remembered", written, o.Size())
	}
	if !o.Sample("b", now.Add(time.Minute)) || o.Size() > 2 {
		t.Errorf("after a quiet minute %d kinds are remembered", o.Size())
	}
}
