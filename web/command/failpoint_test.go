package command_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/paymux/paymux/core"
)

// The variable works in the sandbox only, and a wrong one stops the start: a chaos run that kills
// nothing would prove nothing.
func TestFailpointVariable(t *testing.T) {
	for _, c := range []struct{ name, value, environment, want string }{
		{"no such point", "nowhere:1", "sandbox", "must be a point and a count"},
		{"no count", string(core.PointPayAfterAnswer), "sandbox", "must be a point and a count"},
		{"zero", string(core.PointPayAfterAnswer) + ":0", "sandbox", "must be a point and a count"},
		{"production", string(core.PointPayAfterAnswer) + ":1", "production", "for the sandbox only"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", "")
			if c.environment == "production" {
				s.edit("base_url: \"http://"+s.listen+"\", environment: sandbox", "base_url: \"https://pay.shop.example\", environment: production")
				s.edit("gateways: [{ id: alipay, environment: sandbox, url: \""+s.simURL+"/gateway.do\" }]",
					"gateways: [{ id: alipay, environment: production, url: \"https://openapi.alipay.com/gateway.do\" }]")
				s.edit("gateway: alipay, environment: sandbox", "gateway: alipay, environment: production")
				s.edit(siteAppID, "2021004100000077")
				s.edit("created: 2026-01-01T00:00:00+08:00", "created: 2026-01-01T00:00:00+08:00, expires: 2099-01-01T00:00:00+08:00")
			}
			code, _, errs := run(t, []string{"PAYMUX_FAILPOINT=" + c.value}, "serve", "--migrate", "--config", s.path("paymux.yaml"))
			if code != 1 || !strings.Contains(errs, c.want) {
				t.Fatalf("exit %d: %s", code, errs)
			}
		})
	}
}

// P03: the process is gone in the middle of a create, as by kill -9; the next one knows the order,
// and has not asked the gateway twice.
func TestFailpointKillsTheProcess(t *testing.T) {
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", "")
	t.Setenv("PAYMUX_FAILPOINT", string(core.PointPayAfterAnswer)+":1")
	server := s.start()
	body := `{"merchant_order_no":"A1","platform":"alipay","amount_fen":100,"subject":"tea","payer":{"user_id":"2088000000000002"},` +
		`"goods":[{"id":"tea","name":"tea","category":"physical","quantity":1,"price_fen":100}]}`
	if status, answer, err := s.ask("POST", "/v1/payments", "A1", body); err == nil {
		t.Fatalf("answered %d %s", status, answer)
	}
	<-server.ended
	if status, ok := server.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("ended with %v", server.ProcessState)
	}
	t.Setenv("PAYMUX_FAILPOINT", "")
	s.start()
	if status, answer, err := s.ask("POST", "/v1/payments", "A1", body); err != nil || status != 409 || !strings.Contains(string(answer), `"in_progress"`) {
		// the dead call's time is not over yet
		t.Fatalf("the same request: %d %s %v", status, answer, err)
	}
	if code, report := verify(t, "--config", s.path("paymux.yaml"), "--book", s.simURL); code != 0 || report.Orders != 1 || report.Trades != 1 {
		t.Fatalf("exit %d, %+v", code, report)
	}
}
