package command_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/core"
)

// crowd is many merchants' requests at once, who do what careful merchants do: an order without an
// answer is asked for again by the same number.
type crowd struct {
	*site
	mu    sync.Mutex
	acked map[string]core.PaymentView // by merchant_order_no
	up    chan struct{}               // closed while the server is up
}

func (c *crowd) isUp() chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.up
}

func (c *crowd) setUp(up chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.up = up
}

// place makes one order and pays it as soon as it is acknowledged. It answers false when the
// outcome is not known yet: the same request, with the same key, is then to be sent again.
func (c *crowd) place(n int) bool {
	orderNo := fmt.Sprintf("K%06d", n)
	body := fmt.Sprintf(`{"merchant_order_no":%q,"platform":"alipay","amount_fen":%d,"subject":"tea","payer":{"user_id":"2088000000000002"},`+
		`"goods":[{"id":"tea","name":"tea","category":"physical","quantity":1,"price_fen":%d}]}`, orderNo, 100+n, 100+n)
	<-c.isUp()
	status, answer, err := c.ask("POST", "/v1/payments", orderNo, body)
	if err != nil || status == http.StatusAccepted || status == http.StatusServiceUnavailable {
		return false
	}
	var problem struct {
		Code core.Code `json:"code"`
	}
	if status == http.StatusConflict && json.Unmarshal(answer, &problem) == nil && problem.Code == core.CodeInProgress {
		return false // the dead server's call is waited for
	}
	var view core.PaymentView
	if status != http.StatusCreated || json.Unmarshal(answer, &view) != nil || view.Action == nil {
		c.t.Errorf("%s: %d %s", orderNo, status, answer)
		return true
	}
	c.mu.Lock()
	c.acked[orderNo] = view
	c.mu.Unlock()
	c.pay(view.Action.TradeNo)
	return true
}

// work places orders until the queue is closed, which whoever settles the last one does. What is
// not settled goes to the end of the queue.
func (c *crowd) work(queue chan int, left *atomic.Int64) {
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for n := range queue {
		if !c.place(n) {
			<-pause.C
			queue <- n
		} else if left.Add(-1) == 0 {
			close(queue)
		}
	}
}

func (c *crowd) pay(tradeNo string) {
	response, err := http.Post(c.simURL+"/sim/trades/"+tradeNo+"/pay", "application/json", nil)
	if err != nil {
		c.t.Error(err)
		return
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		c.t.Errorf("pay %s: %s", tradeNo, response.Status)
	}
}

func (c *crowd) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.acked)
}

// serve -9 in the middle of creates and notifications loses no acknowledged order, and every yuan
// that the gateway took is booked once (INV-I2, D01).
func TestKilledServerLosesNoAcknowledgedOrder(t *testing.T) {
	const orders, workers = 400, 16
	c := &crowd{site: newSite(t, "mysql", mariaDB(t), ""), acked: map[string]core.PaymentView{}, up: make(chan struct{})}
	server := c.start()
	close(c.up)

	queue, left := make(chan int, orders), new(atomic.Int64)
	left.Store(orders)
	for n := range orders {
		queue <- n
	}
	var working sync.WaitGroup
	for range workers {
		working.Go(func() { c.work(queue, left) })
	}
	for _, after := range []int{100, 240} {
		until(t, fmt.Sprintf("%d orders", after), func() bool { return c.count() >= after })
		c.setUp(make(chan struct{}))
		server.kill()
		server = c.start()
		close(c.isUp())
	}
	working.Wait()
	if t.Failed() {
		return
	}
	// What the gateway could not deliver while the server was dead comes again on its own schedule.
	for range 3 {
		if err := c.sim.Advance(11 * time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	c.compare(orders)
	c.stopInPeace(server)
}

// compare holds the server's books against the gateway's.
func (c *crowd) compare(orders int) {
	c.t.Helper()
	taken := map[string]int64{} // by out_trade_no
	for _, entry := range c.sim.Book().After(0, int(c.sim.Book().Len())) {
		if entry.Kind == alipaysim.KindTradePaid {
			if _, twice := taken[entry.OutTradeNo]; twice {
				c.t.Errorf("%s was paid twice", entry.OutTradeNo)
			}
			taken[entry.OutTradeNo] = entry.AmountFen
		}
	}
	if len(c.acked) != orders || len(taken) != orders {
		c.t.Errorf("%d orders acknowledged, %d paid at the gateway, want %d", len(c.acked), len(taken), orders)
	}
	var total core.Fen
	for orderNo, was := range c.acked {
		var now core.PaymentView
		until(c.t, orderNo+" is paid", func() bool {
			status, answer, err := c.ask("GET", "/v1/payments/"+was.ID, "", "")
			if err != nil || status != http.StatusOK || json.Unmarshal(answer, &now) != nil {
				c.t.Fatalf("%s was acknowledged as %s and is gone: %d %s %v", orderNo, was.ID, status, answer, err)
			}
			return now.Status == core.PaymentPaid
		})
		if len(now.Attempts) != 1 || taken[now.Attempts[0].OutTradeNo] != int64(now.PaidFen) || now.PaidFen != now.AmountFen {
			c.t.Errorf("%s: booked %d of %d in %d attempts", orderNo, now.PaidFen, now.AmountFen, len(now.Attempts))
		}
		total += now.PaidFen
	}
	c.checkLedger(total)
}

// checkLedger holds that the ledger has each payment once.
func (c *crowd) checkLedger(total core.Fen) {
	c.t.Helper()
	_, answer, err := c.ask("GET", "/v1/ledger/accounts", "", "")
	var books struct {
		Data []struct {
			Account string   `json:"account"`
			Fen     core.Fen `json:"balance_fen"`
		} `json:"data"`
	}
	if err != nil || json.Unmarshal(answer, &books) != nil || len(books.Data) < 2 {
		c.t.Fatalf("ledger: %v %s", err, answer)
	}
	var sum, debit core.Fen
	for _, b := range books.Data {
		sum += b.Fen
		debit += max(b.Fen, 0)
	}
	if sum != 0 || debit != total {
		c.t.Errorf("the ledger sums to %d with debits of %d, want 0 and %d: %s", sum, debit, total, answer)
	}
}
