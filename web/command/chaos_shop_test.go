//go:build chaos

package command_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/paymux/paymux/core"
)

// chaosShop is a shop that does what a careful merchant does: whatever got no answer is sent again,
// the same, under the same key. It writes down what was acknowledged, and that must be true ever
// after (INV-I2).
type chaosShop struct {
	*chaosWorld
	stop   chan struct{}
	queue  chan *errand
	allow  chan struct{} // one token lets one more order begin
	ending sync.WaitGroup

	mu      sync.Mutex
	orders  []*errand
	refunds int // acknowledged
	open    int // errands that are not done
	next    int
}

// errand is one order's way through the shop, step by step; a step whose outcome is not known is
// taken again.
type errand struct {
	no   int
	plan string
	step func(*errand) (done bool)

	// what the server has acknowledged
	id       string
	amount   core.Fen
	paid     bool // the gateway took the money and said so
	closed   bool // close was answered with 200
	refunded map[string]core.Fen
	pending  []*refundErrand
}

type refundErrand struct {
	key    string
	amount core.Fen
	over   bool
}

const (
	chaosWorkers = 10
	chaosPause   = 100 * time.Millisecond
)

func openShop(w *chaosWorld) *chaosShop {
	s := &chaosShop{chaosWorld: w, stop: make(chan struct{}), queue: make(chan *errand, 1<<16), allow: make(chan struct{}, 1<<16)}
	for range chaosWorkers {
		s.ending.Go(s.work)
	}
	return s
}

// begin lets n more orders begin.
func (s *chaosShop) begin(n int) {
	for range n {
		s.allow <- struct{}{}
	}
}

// leave ends the workers.
func (s *chaosShop) leave() { close(s.stop); s.ending.Wait() }

func (s *chaosShop) work() {
	for {
		var e *errand
		select {
		case <-s.stop:
			return
		case e = <-s.queue:
		case <-s.allow:
			e = s.order()
		}
		if !s.awaitUp(s.stop) {
			return
		}
		if e.step(e) {
			s.mu.Lock()
			s.open--
			s.mu.Unlock()
			continue
		}
		time.AfterFunc(chaosPause, func() { s.queue <- e })
	}
}

// order makes a new errand with a plan of its own.
func (s *chaosShop) order() *errand {
	s.mu.Lock()
	defer s.mu.Unlock()
	plans := []string{"pay", "pay", "pay and refund", "pay and refund", "page", "page", "close", "pay against close", "leave"}
	e := &errand{no: s.next, plan: plans[rand.IntN(len(plans))], amount: core.Fen(100 + rand.IntN(9900)), step: s.create, refunded: map[string]core.Fen{}}
	s.next++
	s.open++
	s.orders = append(s.orders, e)
	return e
}

func (s *chaosShop) unfinished() int { s.mu.Lock(); defer s.mu.Unlock(); return s.open }

// call asks the API; known is false when the merchant cannot know what was done.
func (s *chaosShop) call(method, path, key, body string) (status int, answer []byte, known bool) {
	status, answer, err := s.ask(method, path, key, body)
	if err != nil || status >= 500 || status == http.StatusTooManyRequests {
		return status, answer, false
	}
	var problem struct{ Code core.Code }
	if status == http.StatusConflict && json.Unmarshal(answer, &problem) == nil && problem.Code == core.CodeInProgress {
		return status, answer, false
	}
	return status, answer, true
}

func (s *chaosShop) create(e *errand) bool {
	platform := "alipay"
	if e.plan == "page" {
		platform = "wechat"
	}
	orderNo := fmt.Sprintf("C%07d", e.no)
	status, answer, known := s.call("POST", "/v1/payments", orderNo, fmt.Sprintf(`{"merchant_order_no":%q,"platform":%q,"amount_fen":%d,"subject":"tea",`+
		`"payer":{"user_id":"2088000000000002"},"goods":[{"id":"tea","name":"tea","category":"physical","quantity":1,"price_fen":%d}]}`,
		orderNo, platform, e.amount, e.amount))
	if !known {
		return false
	}
	var view core.PaymentView
	if (status != http.StatusCreated && status != http.StatusAccepted) || json.Unmarshal(answer, &view) != nil {
		s.t.Errorf("create %s: %d %s", orderNo, status, answer)
		return true
	}
	if e.id != "" && e.id != view.ID {
		s.t.Errorf("INV-I1 %s is %s and %s", orderNo, e.id, view.ID)
	}
	s.mu.Lock()
	e.id = view.ID
	s.mu.Unlock()
	if status == http.StatusAccepted || view.Action == nil {
		return false // asked again under the same key until the outcome is known
	}
	switch e.plan {
	case "page":
		e.step = func(e *errand) bool { return s.payPage(e, view.Action.URL) }
	case "close":
		e.step = s.close
	case "leave":
		return true
	case "pay against close":
		go s.call("POST", "/v1/payments/"+e.id+"/close", rand32(), "")
		e.step = func(e *errand) bool { return s.payTrade(e, view.Action.TradeNo) }
	default:
		e.step = func(e *errand) bool { return s.payTrade(e, view.Action.TradeNo) }
	}
	return e.step(e)
}

func rand32() string { return fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64()) }

// payTrade is the buyer in the Alipay app. The simulator is never down, so its answer is always
// known.
func (s *chaosShop) payTrade(e *errand, tradeNo string) bool {
	response, err := http.Post(s.simURL+"/sim/trades/"+tradeNo+"/pay", "application/json", nil)
	if err != nil {
		s.t.Errorf("pay: %v", err)
		return true
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK { // our close was first
		return true
	}
	s.mu.Lock()
	e.paid = true
	s.mu.Unlock()
	e.step = s.awaitPaid
	return false
}

// payPage opens the hand-off page and pays in the cashier, as a phone's browser does. Any page may
// break off, and is then opened again.
func (s *chaosShop) payPage(e *errand, address string) bool {
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, Timeout: 20 * time.Second}
	page, at, ok := s.browse(browser, "GET", address, nil)
	if !ok {
		return false
	}
	for hop := range 3 {
		form := formPattern.FindStringSubmatch(page)
		if form == nil { // paid, expired or closed meanwhile: the payment tells
			e.step = s.awaitPaid
			return !strings.Contains(page, "支付成功") && !e.paid
		}
		_, action, fields := formOf(s.t, page)
		target, err := at.Parse(action)
		if err != nil {
			s.t.Errorf("form %s: %v", action, err)
			return true
		}
		if hop == 2 {
			fields.Set("action", "pay")
		}
		if page, at, ok = s.browse(browser, "POST", target.String(), fields); !ok {
			return false
		}
	}
	if strings.Contains(page, "支付成功") {
		s.mu.Lock()
		e.paid = true
		s.mu.Unlock()
		e.step = s.awaitPaid
	}
	return false
}

func (s *chaosShop) browse(browser *http.Client, method, address string, form url.Values) (page string, at *url.URL, ok bool) {
	request, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return "", nil, false
	}
	request.Header.Set("User-Agent", phoneAgent)
	if method == "POST" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := browser.Do(request)
	if err != nil {
		return "", nil, false
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return string(text), response.Request.URL, err == nil && response.StatusCode == http.StatusOK
}

func (s *chaosShop) close(e *errand) bool {
	status, answer, known := s.call("POST", "/v1/payments/"+e.id+"/close", "close"+e.id, "")
	if !known || status == http.StatusAccepted {
		return false
	}
	if status != http.StatusOK {
		s.t.Errorf("close %s: %d %s", e.id, status, answer)
		return true
	}
	s.mu.Lock()
	e.closed = true
	s.mu.Unlock()
	return true
}

// awaitPaid looks until the server has booked what the gateway took, and then asks for refunds if
// that is the plan: two at once, which may be more than was paid.
func (s *chaosShop) awaitPaid(e *errand) bool {
	status, answer, known := s.call("GET", "/v1/payments/"+e.id, "", "")
	if !known {
		return false
	}
	var view core.PaymentView
	if status != http.StatusOK || json.Unmarshal(answer, &view) != nil {
		s.t.Errorf("INV-I2 %s was acknowledged and is gone: %d %s", e.id, status, answer)
		return true
	}
	if view.PaidFen == 0 && view.LatePayment == nil {
		return false
	}
	if e.plan != "pay and refund" || view.PaidFen == 0 {
		return true
	}
	for i := range 2 {
		e.pending = append(e.pending, &refundErrand{key: fmt.Sprint("r", i, e.id), amount: 1 + core.Fen(rand.Int64N(int64(e.amount)))})
	}
	e.step = s.refund
	return false
}

// refund sends every refund that has no final answer yet, all at once.
func (s *chaosShop) refund(e *errand) bool {
	var sending sync.WaitGroup
	for _, r := range e.pending {
		if !r.over {
			sending.Go(func() { s.refundOne(e, r) })
		}
	}
	sending.Wait()
	for _, r := range e.pending {
		if !r.over {
			return false
		}
	}
	return true
}

func (s *chaosShop) refundOne(e *errand, r *refundErrand) {
	status, answer, known := s.call("POST", "/v1/payments/"+e.id+"/refunds", r.key, fmt.Sprintf(`{"amount_fen":%d}`, r.amount))
	switch {
	case !known:
		return
	case status == http.StatusUnprocessableEntity: // more than is left
		r.over = true
		return
	case status != http.StatusCreated && status != http.StatusAccepted:
		s.t.Errorf("refund %s of %s: %d %s", r.key, e.id, status, answer)
		r.over = true
		return
	}
	var view core.RefundView
	if err := json.Unmarshal(answer, &view); err != nil {
		s.t.Errorf("refund %s: %s", r.key, answer)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := e.refunded[view.ID]; !again {
		s.refunds++
	}
	e.refunded[view.ID] = r.amount
	r.over = status == http.StatusCreated
}
