//go:build chaos

package command_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

var formPattern = regexp.MustCompile(`(?s)<form ([^>]*)>(.*?)</form>`)

// The proportions of a run. An era has a database and a book of its own, so that each verification
// stays short however long the run is.
const (
	cyclesPerEra    = 50
	ordersPerCycle  = 30
	settlingTime    = 2 * time.Minute // an era's end: for everything to come to rest
	failpointTime   = time.Minute     // for a failpoint to be met
	cyclesPerDBKill = 5
)

// chaosTally counts what a run did.
type chaosTally struct {
	kills, dbKills, dbStops, verified            int
	points                                       map[core.Point]int
	acknowledged, paid, refunds, closed, trades  int
	eventsDistinct, eventsReceived, lost, orders int
}

// TestChaos kills the shipped program on a real MariaDB, while a shop creates, pays, closes and
// refunds through it: by kill -9 at random moments and at every named failpoint (P01 to P12, P17),
// and the database by kill -9 (D01) and SIGSTOP (D18). After every cycle verify must find nothing,
// with the gateway's own book as the truth; at the end of an era everything must have come to rest,
// what was acknowledged must be there, and every event must have reached the merchant.
//
// CYCLES is how many times the process is killed at random (20); the database is killed or stopped
// at a fifth of that, and each failpoint is met once, or CYCLES/50 times if that is more.
func TestChaos(t *testing.T) {
	cycles := 20
	if text := os.Getenv("CYCLES"); text != "" {
		var err error
		if cycles, err = strconv.Atoi(text); err != nil || cycles < 1 {
			t.Fatalf("CYCLES must be a positive number, not %q", text)
		}
	}
	begin := time.Now()
	binary := buildProgram(t)
	tally := chaosTally{points: map[core.Point]int{}}
	for done := 0; done < cycles && !t.Failed(); {
		n := min(cyclesPerEra, cycles-done)
		t.Run(fmt.Sprintf("era_%d", done/cyclesPerEra+1), func(t *testing.T) { tally.era(t, binary, n, max(1, n/50)) })
		done += n
		t.Log(tally.line(time.Since(begin)))
	}
}

// buildProgram builds what users run.
func buildProgram(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "paymux")
	cmd := exec.Command("go", "build", "-o", binary, ".")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

func (c *chaosTally) line(took time.Duration) string {
	points, passes := 0, 0
	for _, n := range c.points {
		points++
		passes += n
	}
	return fmt.Sprintf("%d kills, %d at %d failpoints, %d database kills, %d database stops, %d verifications; %d orders acknowledged, %d paid, %d closed, "+
		"%d refunds, %d trades at the gateway, %d events received %d times; 0 broken, %d lost; %.0f s",
		c.kills, passes, points, c.dbKills, c.dbStops, c.verified, c.acknowledged, c.paid, c.closed, c.refunds, c.trades, c.eventsDistinct,
		c.eventsReceived, c.lost, took.Seconds())
}

// era runs cycles on one database and settles the accounts at its end.
func (c *chaosTally) era(t *testing.T, binary string, cycles, perPoint int) {
	w := newChaosWorld(t, binary)
	// The gateway has its own troubles meanwhile: answers that never come, messages that get lost
	// or come twice.
	for _, script := range []string{
		`{"effect":"reset","when":"after","percent":4,"times":-1}`,
		`{"effect":"reset","when":"before","percent":3,"times":-1}`,
		`{"on":"notify","effect":"lose","percent":10,"times":-1}`,
		`{"on":"notify","effect":"repeat","copies":3,"percent":10,"times":-1}`,
	} {
		w.fault(script)
	}
	w.serve("")
	shop := openShop(w)
	defer shop.leave()
	for _, point := range core.Points() {
		for range perPoint {
			c.failpoint(shop, point)
		}
	}
	for n := range cycles {
		shop.begin(ordersPerCycle)
		time.Sleep(time.Duration(rand.IntN(900)) * time.Millisecond)
		w.kill()
		w.serve("")
		c.kills++
		c.check(w)
		if n%cyclesPerDBKill == cyclesPerDBKill-1 {
			c.database(shop, n/cyclesPerDBKill)
		}
		if t.Failed() {
			return
		}
	}
	c.settle(shop)
}

func (c *chaosTally) check(w *chaosWorld) verified {
	report := w.verify("--patience", "30s")
	c.verified++
	return report
}

// failpoint restarts the server with a failpoint and keeps the shop busy until the server has died
// there.
func (c *chaosTally) failpoint(shop *chaosShop, point core.Point) {
	t := shop.t
	shop.kill()
	shop.serve(fmt.Sprintf("%s:%d", point, 1+rand.IntN(3)))
	deadline, busy := time.NewTimer(failpointTime), time.NewTicker(time.Second)
	defer deadline.Stop()
	defer busy.Stop()
	shop.begin(ordersPerCycle)
	for {
		select {
		case <-shop.server.ended:
			shop.fell()
			shop.serve("")
			c.points[point]++
			c.check(shop.chaosWorld)
			return
		case <-busy.C:
			shop.begin(ordersPerCycle)
		case <-deadline.C:
			t.Fatalf("the server never came to %s", point)
		}
	}
}

// database kills or freezes MariaDB under load; the server stays and must come back by itself.
func (c *chaosTally) database(shop *chaosShop, turn int) {
	shop.begin(ordersPerCycle)
	time.Sleep(time.Duration(rand.IntN(400)) * time.Millisecond)
	if turn%2 == 0 {
		shop.db.kill()
		time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond)
		shop.db.start()
		c.dbKills++
	} else {
		shop.db.freeze(time.Duration(2+rand.IntN(10)) * time.Second)
		c.dbStops++
	}
	c.check(shop.chaosWorld)
}

// settle lets everything come to rest and holds the shop's notes against the server's books.
func (c *chaosTally) settle(shop *chaosShop) {
	t := shop.t
	response, err := http.DefaultClient.Do(must(http.NewRequest(http.MethodDelete, shop.simURL+"/sim/faults", nil)))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	shop.rest("the shop's errands", func() bool { return shop.unfinished() == 0 && len(shop.allow) == 0 })
	shop.rest("outcomes at the gateway", func() bool {
		response, err := http.Post(shop.simURL+"/sim/flush", "application/json", nil)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return len(shop.unsettled()) == 0
	})
	report := shop.verify("--patience", "30s", "--overdue", "1m", "--quiet-books")
	c.verified++
	c.reached(shop, report.Events)
	for _, e := range shop.orders {
		c.compare(shop, e)
	}
	distinct, received := shop.hook.counts()
	c.orders, c.trades, c.refunds = c.orders+report.Orders, c.trades+report.Trades, c.refunds+shop.refunds
	c.eventsDistinct, c.eventsReceived = c.eventsDistinct+distinct, c.eventsReceived+received
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// rest waits for something that must come to pass by itself.
func (s *chaosShop) rest(what string, look func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(settlingTime); !look(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			_, undelivered, _ := s.call("GET", "/v1/deliveries?state=pending&limit=10", "", "")
			s.t.Fatalf("%s did not come to rest: %d errands open\n%s\n%s\n%s", what, s.unfinished(), strings.Join(s.unsettled(), "\n"), undelivered,
				tailOf(s.server.log.String()))
		}
	}
}

// payments walks the API's list of payments.
func (s *chaosShop) payments(visit func(core.PaymentView) bool) bool {
	for cursor := ""; ; {
		status, answer, known := s.call("GET", "/v1/payments?limit=100"+cursor, "", "")
		var page struct {
			Data []core.PaymentView `json:"data"`
			Next string             `json:"next_cursor"`
		}
		if !known || status != http.StatusOK || json.Unmarshal(answer, &page) != nil {
			return false
		}
		for _, p := range page.Data {
			if !visit(p) {
				return false
			}
		}
		if page.Next == "" {
			return true
		}
		cursor = "&cursor=" + page.Next
	}
}

// unsettled lists the payments of which anything is unknown, or that are to be closed and are not.
// What has met much trouble is not asked for again by the server itself for minutes or hours: as a
// merchant may, the shop asks for it now.
func (s *chaosShop) unsettled() []string {
	var open []string
	whole := s.payments(func(p core.PaymentView) bool {
		waits := p.Settling || p.Status == core.PaymentClosing
		for _, r := range p.Refunds {
			waits = waits || r.Status == core.RefundProcessing
		}
		if waits {
			open = append(open, fmt.Sprintf("%s %s, settling %v, next look %s, attempts %+v, refunds %+v", p.ID, p.Status, p.Settling, p.NextCheckAt, p.Attempts, p.Refunds))
			s.call("POST", "/v1/payments/"+p.ID+"/sync", "", "")
		}
		return true
	})
	if !whole {
		return []string{"the list of payments broke off"}
	}
	return open
}

// reached waits until every event in the books has reached the shop (INV-E2, P-4).
func (c *chaosTally) reached(shop *chaosShop, events int) {
	shop.rest("webhooks", func() bool {
		distinct, _ := shop.hook.counts()
		return distinct >= events
	})
	if distinct, _ := shop.hook.counts(); distinct != events {
		shop.t.Errorf("the shop knows %d events, the books %d", distinct, events)
	}
}

// compare holds one order's notes against what the API says now.
func (c *chaosTally) compare(shop *chaosShop, e *errand) {
	if e.id == "" {
		return
	}
	c.acknowledged++
	status, answer, _ := shop.call("GET", "/v1/payments/"+e.id, "", "")
	var view core.PaymentView
	if status != http.StatusOK || json.Unmarshal(answer, &view) != nil {
		c.lost++
		shop.t.Errorf("INV-I2 %s was acknowledged and is gone: %d %s", e.id, status, answer)
		return
	}
	if e.paid {
		c.paid++
		if view.PaidFen != e.amount && (view.LatePayment == nil || view.LatePayment.AmountFen != e.amount) {
			c.lost++
			shop.t.Errorf("%s: the gateway took %d fen, the books have %d (%s)", e.id, e.amount, view.PaidFen, view.Status)
		}
	}
	if e.closed {
		c.closed++
		if view.Status != core.PaymentClosed {
			shop.t.Errorf("%s was closed and is %s", e.id, view.Status)
		}
	}
	for id, amount := range e.refunded {
		found := false
		for _, r := range view.Refunds {
			found = found || r.ID == id && r.AmountFen == amount && r.Status == core.RefundSucceeded
		}
		if !found {
			c.lost++
			shop.t.Errorf("INV-I2 refund %s of %s was acknowledged; the payment has %s", id, e.id, strings.TrimSpace(fmt.Sprint(view.Refunds)))
		}
	}
}
