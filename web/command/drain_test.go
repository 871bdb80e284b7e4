package command_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"syscall"
	"testing"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/core"
)

// stopInPeace sends SIGTERM and expects a clean end.
func (s *site) stopInPeace(p *process) {
	s.t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := <-p.ended; err != nil {
		s.t.Errorf("after SIGTERM the server ended with %v\n%s", err, p.log)
	}
}

// SIGHUP, by which other servers are told to read their files again, kills nothing.
func TestSIGHUPKillsNothing(t *testing.T) {
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", "")
	server := s.start()
	if err := server.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if status, _, err := s.ask("GET", "/v1/platforms", "", ""); err != nil || status != http.StatusOK {
		t.Errorf("after SIGHUP: %d %v", status, err)
	}
	s.stopInPeace(server)
}

// SIGTERM in the middle of a create: the request is answered, and only then the server goes (P16).
func TestSIGTERMLetsRequestsFinish(t *testing.T) {
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", "")
	server := s.start()
	// The gateway takes its time over the create, so that the signal comes in between.
	if _, err := s.sim.AddFault(alipaysim.Fault{Method: "alipay.trade.create", Effect: "delay", DelayMS: 800}); err != nil {
		t.Fatal(err)
	}
	type result struct {
		status int
		answer []byte
		err    error
	}
	answered := make(chan result, 1)
	go func() {
		status, answer, err := s.ask("POST", "/v1/payments", "P16", `{"merchant_order_no":"P16","platform":"alipay","amount_fen":100,"subject":"tea",`+
			`"payer":{"user_id":"2088000000000002"},"goods":[{"id":"tea","name":"tea","category":"physical","quantity":1,"price_fen":100}]}`)
		answered <- result{status, answer, err}
	}()
	until(t, "the create reaches the gateway", func() bool {
		response, err := http.Get(s.simURL + "/sim/calls")
		if err != nil {
			return false
		}
		defer func() { _ = response.Body.Close() }()
		var calls struct {
			Calls []struct {
				Method string `json:"method"`
			} `json:"calls"`
		}
		return json.NewDecoder(response.Body).Decode(&calls) == nil && len(calls.Calls) > 0
	})
	// and holds no place while it is there (W40)
	if _, shown, err := s.ask("GET", "/metrics", "", ""); len(answered) == 0 && (err != nil ||
		!strings.Contains(string(shown), `paymux_http_exchanging{pool="api"} 1`) || !strings.Contains(string(shown), `paymux_http_running{pool="api"} 0`)) {
		t.Errorf("the create at the gateway holds a place: %v", err)
	}
	s.stopInPeace(server)
	got := <-answered
	var view core.PaymentView
	if got.err != nil || got.status != http.StatusCreated || json.Unmarshal(got.answer, &view) != nil || view.Action == nil {
		t.Errorf("the request under way was answered %d %s %v", got.status, got.answer, got.err)
	}
	if text := server.log.String(); !strings.Contains(text, `"stopped"`) {
		t.Errorf("no word of the end in the log:\n%s", text)
	}
}
