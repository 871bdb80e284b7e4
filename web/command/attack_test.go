//go:build attack

package command_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// How long each attack lasts, and what it may use at most: all of it stays on this machine.
const (
	attackTime        = 8 * time.Second
	attackConnections = 300
	attackIdle        = 600
)

// attacker is the address that attacks come from; others come from 127.0.0.1.
var attacker = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}

// TestAttack prints what another merchant sees before and during each attack. It asserts no times:
// what is refused, held and served is asserted by counts in the packages' own tests. Here it fails
// only when nothing of the other merchant's gets through at all.
func TestAttack(t *testing.T) {
	for _, engine := range []string{"sqlite", "mysql"} {
		t.Run(engine, func(t *testing.T) {
			dsn := filepath.Join(t.TempDir(), "paymux.db")
			if engine == "mysql" {
				dsn = mariaDB(t)
			}
			a := newAssault(t, engine, dsn)
			a.report("nothing", func(context.Context) {})
			a.report("a greedy key, 32 connections", a.greedy(32))
			a.report(fmt.Sprintf("a greedy key, %d connections", attackConnections), a.greedy(attackConnections))
			a.report(fmt.Sprintf("%d idle connections of one address", attackIdle), a.idle)
			a.report("forged messages, 32 connections", a.forge(32))
			a.report("a stranger on a page's button", a.press)
			if engine == "mysql" {
				a.report("one order's row is held", a.hold(dsn))
			}
		})
	}
}

// assault is a server under attack, the merchant whose figures are printed, and the greedy one.
type assault struct {
	*site
	greedyKey string
	number    atomic.Int64
	served    *process
	database  string
	answers   sync.Map // status → *atomic.Int64, of the attacker
}

func newAssault(t *testing.T, driver, dsn string) *assault {
	key, hash, err := web.NewBearerKey("greedy", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, driver, dsn, "")
	text, err := os.ReadFile(s.path("paymux.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// the greedy merchant is the first one's copy, with a key and an account of its own
	_, first, _ := strings.Cut(string(text), "merchants:\n")
	head, tail, _ := strings.Cut(first, "secret_hash: ")
	_, tail, _ = strings.Cut(tail, ", created")
	second := strings.NewReplacer("id: m_shop", "id: m_greedy", "name: shop", "name: greedy", "id: shop, actor: shop", "id: greedy, actor: greedy",
		"id: main, gateway", "id: greedy, gateway", siteAppID, "9021000100000078").Replace(head + "secret_hash: " + hash + ", created" + tail)
	s.write("paymux.yaml", string(text)+second)
	a := &assault{site: s, greedyKey: key, database: driver}
	a.served = s.start()
	return a
}

// client comes from an address, and keeps its connections.
func client(from *net.TCPAddr, connections int) *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if from != nil {
		dialer.LocalAddr = from
	}
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext: dialer.DialContext, MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections,
	}}
}

// create makes an order, and returns its page's address, "" when it was refused.
func (a *assault) create(c *http.Client, key string) (page string, status int) {
	body := fmt.Sprintf(`{"merchant_order_no":"A%d","amount_fen":100,"platform":"wechat","subject":"t","goods":[{"id":"g","name":"g","category":"physical","quantity":1,"price_fen":100}]}`,
		a.number.Add(1))
	request, err := http.NewRequest(http.MethodPost, "http://"+a.listen+"/v1/payments", strings.NewReader(body))
	if err != nil {
		return "", 0
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	response, err := c.Do(request)
	if err != nil {
		return "", 0
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body)
	var view core.PaymentView
	if response.StatusCode == http.StatusCreated && json.Unmarshal(text, &view) == nil && view.Action != nil {
		page = view.Action.URL
	}
	return page, response.StatusCode
}

// report measures the other merchant's creates, one after the other, while the attack goes on.
func (a *assault) report(name string, attack func(context.Context)) {
	a.answers.Clear()
	ctx, cancel := context.WithTimeout(a.t.Context(), attackTime)
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() { attack(ctx) })
	shop := client(nil, 1)
	var took []time.Duration
	refused := 0
	for ctx.Err() == nil {
		began := time.Now()
		if _, status := a.create(shop, a.key); status == http.StatusCreated {
			took = append(took, time.Since(began))
		} else {
			refused++
		}
	}
	running.Wait()
	if len(took) == 0 {
		_, status := a.create(shop, a.key)
		a.t.Fatalf("%s: nothing of the other merchant's got through, %d refused, the last %d", name, refused, status)
	}
	slices.Sort(took)
	at := func(percent int) time.Duration { return took[len(took)*percent/100].Round(100 * time.Microsecond) }
	var answers []string
	a.answers.Range(func(status, n any) bool {
		answers = append(answers, fmt.Sprintf("%v × %d", status, n.(*atomic.Int64).Load()))
		return true
	})
	slices.Sort(answers)
	a.t.Logf("%-6s %-40s the other: %5d creates, p50 %8v, p99 %8v, slowest %8v, %d refused; memory %4d MB; the attacker's answers: %s", a.database, name, len(took),
		at(50), at(99), took[len(took)-1].Round(time.Millisecond), refused, a.memory(), strings.Join(answers, ", "))
}

// memory is what the server holds of the machine's, in MB; 0 where that cannot be read.
func (a *assault) memory() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", a.served.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kb := 0
	_, _ = fmt.Sscan(rest, &kb)
	return kb / 1024
}

func (a *assault) count(status int) {
	n, _ := a.answers.LoadOrStore(status, &atomic.Int64{})
	n.(*atomic.Int64).Add(1)
}

// storm does something from many connections until the attack ends.
func (a *assault) storm(ctx context.Context, connections int, do func(*http.Client) int) {
	c := client(attacker, connections)
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			for ctx.Err() == nil {
				a.count(do(c))
			}
		})
	}
	all.Wait()
	c.CloseIdleConnections()
}

func (a *assault) greedy(connections int) func(context.Context) {
	return func(ctx context.Context) {
		a.storm(ctx, connections, func(c *http.Client) int {
			_, status := a.create(c, a.greedyKey)
			return status
		})
	}
}

// idle opens connections and says nothing.
func (a *assault) idle(ctx context.Context) {
	dialer := net.Dialer{LocalAddr: attacker, Timeout: time.Second}
	var open []net.Conn
	for range attackIdle {
		if c, err := dialer.DialContext(ctx, "tcp", a.listen); err == nil {
			open = append(open, c)
		}
	}
	<-ctx.Done()
	for _, c := range open {
		// what was closed by the server ends at once
		_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); err == io.EOF {
			a.count(0)
		}
		_ = c.Close()
	}
}

// forge sends messages whose signature is wrong.
func (a *assault) forge(connections int) func(context.Context) {
	form := url.Values{
		"notify_type": {"trade_status_sync"}, "app_id": {siteAppID}, "seller_id": {siteSellerID}, "out_trade_no": {"X"}, "trade_no": {"2026"}, "total_amount": {"1.00"},
		"trade_status": {"TRADE_SUCCESS"}, "sign_type": {"RSA2"}, "sign": {strings.Repeat("QUJD", 86)},
	}.Encode()
	return func(ctx context.Context) {
		a.storm(ctx, connections, func(c *http.Client) int {
			response, err := c.Post("http://"+a.listen+"/notify/alipay/main", "application/x-www-form-urlencoded", strings.NewReader(form))
			if err != nil {
				return 0
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			return response.StatusCode
		})
	}
}

// press lets a stranger hammer on a page whose buyer presses five times.
func (a *assault) press(ctx context.Context) {
	page, status := a.create(client(nil, 1), a.key)
	if page == "" {
		a.t.Errorf("no page: %d", status)
		return
	}
	press := func(c *http.Client) int {
		response, err := c.Post(page+"/pay", "application/x-www-form-urlencoded", nil)
		if err != nil {
			return 0
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		return response.StatusCode
	}
	var storm sync.WaitGroup
	storm.Go(func() { a.storm(ctx, 4, press) })
	buyer := client(nil, 1)
	var got []int
	for range 5 {
		select {
		case <-time.After(attackTime / 6):
			got = append(got, press(buyer))
		case <-ctx.Done():
		}
	}
	storm.Wait()
	a.t.Logf("%-6s %-40s the buyer's five tries: %v", a.database, "", got)
}

// hold locks one order's row, as somebody at a console would, while its own merchant asks for it.
func (a *assault) hold(dsn string) func(context.Context) {
	return func(ctx context.Context) {
		db, err := sql.Open("mysql", dsn)
		if err != nil {
			a.t.Error(err)
			return
		}
		defer func() { _ = db.Close() }()
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			a.t.Error(err)
			return
		}
		var id string
		if err := tx.QueryRowContext(ctx, "SELECT id FROM payments WHERE merchant_id = 'm_shop' LIMIT 1 FOR UPDATE").Scan(&id); err != nil {
			a.t.Error(err)
			return
		}
		a.storm(ctx, 8, func(c *http.Client) int {
			request, _ := http.NewRequest(http.MethodPost, "http://"+a.listen+"/v1/payments/"+id+"/close", nil)
			request.Header.Set("Authorization", "Bearer "+a.key)
			response, err := c.Do(request)
			if err != nil {
				return 0
			}
			_ = response.Body.Close()
			return response.StatusCode
		})
		_ = tx.Rollback()
	}
}
