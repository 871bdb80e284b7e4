package alipaysim_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// A clock that runs, scaled: four simulated minutes are a fraction of a second,
// and the second try comes by itself.
func TestNotificationsComeByThemselves(t *testing.T) {
	tries := make(chan string, 16)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if form, err := formOf(r); err == nil {
			tries <- form.Get("notify_time")
		}
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer shop.Close()
	r := newRig(t, func(c *alipaysim.Config) { c.Clock = alipaysim.NewClock(time.Now, 2000) })
	r.create("T1", "1.00", "notify_url", shop.URL)
	r.sim("POST", "/sim/trades/T1/pay", nil)
	first, second := <-tries, <-tries
	if first == second {
		t.Fatalf("two tries at %s", first)
	}
}

func TestMovingTheClockWakesTheSimulator(t *testing.T) {
	told := make(chan string, 1)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if form, err := formOf(r); err == nil {
			told <- form.Get("trade_status")
		}
		_, _ = io.WriteString(w, "success")
	}))
	defer shop.Close()
	r := newRig(t, func(c *alipaysim.Config) {
		c.Triggers = map[string]alipaysim.Triggers{"alipay.trade.create": {ClosedUnpaid: true}}
	})
	r.create("T1", "1.00", "notify_url", shop.URL)
	r.server.Clock().Advance(4 * time.Hour)
	if status := <-told; status != "TRADE_CLOSED" {
		t.Fatal(status)
	}
}

// S10: refunds raced from many sides never give back more than was paid.
func TestRacedRefundsNeverExceedThePayment(t *testing.T) {
	r := newRig(t)
	r.create("T1", "10.00")
	r.sim("POST", "/sim/trades/T1/pay", nil)
	forms := make([]string, 0, 32)
	for i := range 32 {
		forms = append(forms, r.params("alipay.trade.refund", biz{"out_trade_no": "T1", "refund_amount": "0.70", "out_request_no": fmt.Sprint("R", i)}).Encode())
	}
	var group sync.WaitGroup
	for _, form := range forms {
		group.Go(func() {
			response, err := web().Post(r.http.URL+"/gateway.do", "application/x-www-form-urlencoded", strings.NewReader(form))
			if err != nil {
				t.Error(err)
				return
			}
			if err := response.Body.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if totals := r.server.Book().Totals(); totals.Refunds != 14 || totals.RefundedFen != 980 {
		t.Fatalf("%+v", totals)
	}
}

func TestWrongPathsAndMethods(t *testing.T) {
	r := newRig(t)
	if front, index := browse(t, r.http.URL+"/"); !strings.HasSuffix(front, "/sim/") || !strings.Contains(index, "alipay_public_key") {
		t.Errorf("the front page leads to %s: %s", front, index)
	}
	for _, path := range []string{"/cashier/nothing", "/cashier/trade/nothing", "/cashier/agreement/nothing"} {
		_, body := browse(t, r.http.URL+path)
		if !strings.Contains(gbkText(t, []byte(body)), "错误代码") {
			t.Errorf("%s: %s", path, body)
		}
	}
	for path, status := range map[string]int{"/sim/trades/nothing": 404, "/sim/trigger/nothing": 404} {
		method := http.MethodGet
		if strings.Contains(path, "trigger") {
			method = http.MethodPost
		}
		if got, answer := r.simStatus(method, path, nil); got != status {
			t.Errorf("%s: %d %v", path, got, answer)
		}
	}
	if got, _ := r.simStatus("POST", "/sim/pay", biz{"nonsense": 1}); got != http.StatusBadRequest {
		t.Errorf("unknown field: %d", got)
	}
	_, verdict := browse(t, r.http.URL+"/gateway.do?"+url.Values{"service": {"notify_verify"}, "partner": {testSeller}, "notify_id": {"x"}}.Encode())
	if verdict != "false" {
		t.Errorf("notify_verify of nothing: %s", verdict)
	}
}

// Close waits for the message under way, not for all of its copies.
func TestCloseCutsARepetitionShort(t *testing.T) {
	arrived, told := make(chan struct{}), 0
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if told++; told == 1 {
			close(arrived)
		}
		_, _ = io.WriteString(w, "success")
	}))
	defer shop.Close()
	const copies = 10_000
	r := newRig(t)
	r.sim("POST", "/sim/faults", alipaysim.Fault{On: "notify", Effect: "repeat", Copies: copies})
	r.create("T1", "1.00", "notify_url", shop.URL)
	r.sim("POST", "/sim/trades/T1/pay", nil)
	<-arrived
	if err := r.server.Close(); err != nil {
		t.Fatal(err)
	}
	if shop.Close(); told == copies {
		t.Fatal("every copy was waited for")
	}
}
