package command_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// standing asks how the account stands, as a merchant sees it.
func (s *site) standing() (ready bool, causes string) {
	s.t.Helper()
	var answer struct {
		Data []struct {
			Platform string
			Accounts []struct {
				ID       string
				Ready    bool
				Troubles []struct{ Code, Cause, Since string }
			}
		}
	}
	status, body, err := s.ask("GET", "/v1/platforms", "", "")
	if err != nil || status != http.StatusOK {
		s.t.Fatalf("%d %s %v", status, body, err)
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		s.t.Fatal(err)
	}
	for _, p := range answer.Data {
		if p.Platform != "alipay" || len(p.Accounts) == 0 {
			continue
		}
		for _, t := range p.Accounts[0].Troubles {
			causes += t.Code + " " + t.Cause
		}
		return p.Accounts[0].Ready, causes
	}
	s.t.Fatal("no account serves alipay")
	return false, ""
}

// G20, G22, G23: a wrong key from end to end: the create is kept and says so, people see it in the
// list of platforms, in one alert and in a log line that leads to the order; the right key is taken
// while the server runs, and the same request goes through with the same number.
func TestG20_wrongKeyIsMendedWhileTheServerRuns(t *testing.T) {
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", "")
	good, err := os.ReadFile(s.path("app.pem"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("app.pem", pair(t).PrivatePEM)
	server := s.start()
	if ready, _ := s.standing(); !ready {
		t.Error("an account that has called nobody is not ready")
	}
	const order = `{"merchant_order_no":"1","platform":"alipay","payer":{"user_id":"2088000000000002"},"amount_fen":1,"subject":"a",` +
		`"goods":[{"id":"a","name":"a","category":"physical","quantity":1,"price_fen":1}]}`
	var problem struct {
		Code              string
		PaymentID         string            `json:"payment_id"`
		RetryAfterSeconds int               `json:"retry_after_seconds"`
		Gateway           core.GatewayWords `json:"gateway"`
	}
	status, body, err := s.ask("POST", "/v1/payments", "", order)
	if err != nil || status != http.StatusServiceUnavailable || json.Unmarshal(body, &problem) != nil {
		t.Fatalf("create: %d %s %v", status, body, err)
	}
	if problem.Code != "misconfigured" || problem.RetryAfterSeconds != 60 || problem.Gateway.SubCode != "isv.invalid-signature" ||
		problem.Gateway.Message != "" || problem.PaymentID == "" {
		t.Errorf("the problem is %s", body)
	}
	if ready, causes := s.standing(); ready || causes != "misconfigured isv.invalid-signature" {
		t.Errorf("ready %v, %s", ready, causes)
	}
	line := regexp.MustCompile(`[^\n]*alipay exchange[^\n]*`).FindString(server.log.String())
	for _, name := range []string{"request_id", problem.PaymentID, "out_trade_no", "attempt", "isv.invalid-signature"} {
		if !strings.Contains(line, name) {
			t.Errorf("the line lacks %s: %s", name, line)
		}
	}
	if strings.Contains(line, "2088000000000002") {
		t.Error("the line names the buyer")
	}
	s.write("app.pem", string(good))
	until(t, "the right key is taken", func() bool {
		status, body, err = s.ask("POST", "/v1/payments", "", order)
		return err == nil && status < 300
	})
	var made core.PaymentView
	if json.Unmarshal(body, &made) != nil || made.ID != problem.PaymentID || len(made.Attempts) != 1 || made.Action == nil {
		t.Errorf("then: %s", body)
	}
	if ready, causes := s.standing(); !ready {
		t.Errorf("still %s", causes)
	}
	// when it began, and when it ended
	if n := strings.Count(server.log.String(), "account_misconfigured"); n != 2 {
		t.Errorf("%d lines about it", n)
	}
	s.stopInPeace(server)
}
