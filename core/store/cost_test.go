package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// cost is what one call of a use case asks of the database.
type cost struct {
	statements int
	commits    int // each is a flush to the disk
	trips      int // messages to a server and back: statements, and the brackets of transactions
}

// prices is what each call costs, on every engine alike. A change that makes anything dearer says
// why.
var prices = []struct {
	name  string
	want  cost
	ready func(*till)
	call  func(*till) (core.Answered, error)
}{
	{"create, native", cost{15, 2, 19}, nil, func(s *till) (core.Answered, error) { return s.create("alipay", "k1") }},
	{"create, native, again", cost{5, 0, 7}, nil, func(s *till) (core.Answered, error) { return s.create("alipay", "k1") }},
	{"create, native, no key", cost{11, 2, 15}, nil, func(s *till) (core.Answered, error) { return s.create("alipay", "") }},
	{"create, page", cost{7, 1, 9}, nil, func(s *till) (core.Answered, error) { return s.create("wechat", "k2") }},
	{"attempt, page to native", cost{27, 3, 35}, nil, func(s *till) (core.Answered, error) { return s.moveOn("alipay") }},
	{"attempt, native to page", cost{33, 3, 45}, nil, func(s *till) (core.Answered, error) { return s.moveOn("wechat") }},
	{"refund", cost{19, 2, 23}, (*till).paid, func(s *till) (core.Answered, error) { return s.refund(30) }},
	{"refund above the limit", cost{9, 1, 11}, (*till).limited, func(s *till) (core.Answered, error) { return s.refund(60) }},
	{"late money accepted", cost{10, 1, 12}, (*till).paidLate, func(s *till) (core.Answered, error) { return s.AcceptLate(s.late()) }},
	{"late money sent back", cost{26, 3, 32}, nil, func(s *till) (core.Answered, error) { return s.RefundLate(s.late()) }},
}

// TestPrices counts what each use case asks of the database.
func TestPrices(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			config, meter := e.config(t), &meter{}
			config.wrap = meter.wrap
			shop := newTill(t, open(t, config))
			for _, price := range prices {
				if price.ready != nil {
					price.ready(shop)
				}
				shop.clock.Advance(time.Second)
				meter.start()
				answer, err := price.call(shop)
				got, asked := meter.stop()
				if got != price.want {
					t.Errorf("%s costs %+v, want %+v:\n\t%s", price.name, got, price.want, strings.Join(asked, "\n\t"))
				}
				if err != nil || answer.Settling {
					t.Fatalf("%s: settling %t, %v", price.name, answer.Settling, err)
				}
			}
		})
	}
}

// till is a shop with a native channel and one for pages.
type till struct {
	*storm
	newest string // the payment that was made last
}

// pageChannel is the bank's channel for pages.
type pageChannel struct{ stormChannel }

func (pageChannel) ID() core.ChannelID { return "alipay_page" }
func (pageChannel) Door() core.Door    { return core.DoorPage }

// tillRules let one platform pay natively, and one by a page.
type tillRules struct{ stormRules }

func (tillRules) Decide(a core.Ask) core.Decision {
	channels := map[core.PlatformID][]core.ChannelID{"alipay": {"alipay_mini"}, "wechat": {"alipay_page"}}
	return core.Decision{Allowed: true, Platform: a.Platform, Refusals: []core.Refusal{}, Channels: channels[a.Platform]}
}

func newTill(t *testing.T, store stormStore) *till {
	s := &till{storm: newStorm(t, store)}
	channels, err := core.NewChannels(stormChannel{s.bank}, pageChannel{stormChannel{s.bank}})
	if err != nil {
		t.Fatal(err)
	}
	s.Channels, s.Rules = channels, tillRules{}
	s.allow(0)
	return s
}

// allow sets the limit above which a refund waits for another actor.
func (s *till) allow(limit core.Fen) {
	shop := s.Merchants.(stormShop).only
	shop.Late, shop.RefundApprovalOverFen = core.LateHold, limit
	shop.Accounts[0].Channels = []core.ChannelID{"alipay_mini", "alipay_page"}
	s.Merchants = stormShop{shop}
}

func (s *till) create(platform core.PlatformID, key string) (core.Answered, error) {
	req := stormOrder(0)
	req.MerchantOrderNo, req.Platform, req.IdempotencyKey = "C-"+string(platform)+key, platform, key
	a, err := s.Checkout(context.Background(), stormCaller, req)
	s.newest = a.ID
	return a, err
}

func (s *till) moveOn(platform core.PlatformID) (core.Answered, error) {
	return s.NextAttempt(context.Background(), stormCaller, core.AttemptRequest{
		PaymentID: s.newest, Platform: platform, Payer: core.Payer{UserID: "2088000000000002"}, IdempotencyKey: "to " + string(platform),
	})
}

func (s *till) refund(amount core.Fen) (core.Answered, error) {
	return s.Refund(context.Background(), stormCaller, core.RefundAsk{
		PaymentID: s.newest, AmountFen: amount, IdempotencyKey: fmt.Sprint("back ", amount),
	})
}

func (s *till) late() (context.Context, core.Caller, core.LateAsk) {
	return context.Background(), stormCaller, core.LateAsk{PaymentID: s.newest, IdempotencyKey: "late"}
}

// order is the newest order.
func (s *till) order() (newest core.Order) {
	err := s.store.EachOrder(context.Background(), func(o core.Order, _ []core.Entry, _ []core.Event) error {
		if o.Payment.ID >= newest.Payment.ID {
			newest = o
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
	return newest
}

// paid makes an order and pays it.
func (s *till) paid() {
	if _, err := s.create("alipay", "paid"); err != nil {
		s.Fatal(err)
	}
	v := core.ViewOf(new(s.order()))
	s.bank.settle(v.Attempts[0].OutTradeNo)
	s.notify(v)
}

// limited lets the next refund wait.
func (s *till) limited() { s.allow(50) }

// paidLate makes an order, closes it, and pays it all the same.
func (s *till) paidLate() {
	s.allow(0)
	if _, err := s.create("wechat", "late"); err != nil {
		s.Fatal(err)
	}
	if _, err := s.Close(context.Background(), stormCaller, s.newest); err != nil {
		s.Fatal(err)
	}
	v := core.ViewOf(new(s.order()))
	no := v.Attempts[0].OutTradeNo
	s.bank.trades[no] = &stormTrade{no: "T" + no, total: v.AmountFen, state: core.TradePaid, captured: v.AmountFen, refunds: map[string]core.Fen{}}
	s.notify(v)
}

// meter counts what passes through the driver.
type meter struct {
	mu    sync.Mutex
	spent cost
	asked []string
}

func (m *meter) start() { m.mu.Lock(); defer m.mu.Unlock(); m.spent, m.asked = cost{}, nil }

func (m *meter) stop() (cost, []string) { m.mu.Lock(); defer m.mu.Unlock(); return m.spent, m.asked }

// note counts one message; statements and commits are what it is besides.
func (m *meter) note(asked string, statements, commits int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spent.trips++
	m.spent.statements += statements
	m.spent.commits += commits
	m.asked = append(m.asked, asked[:min(len(asked), 90)])
}

func (m *meter) wrap(c driver.Connector) driver.Connector { return meteredConnector{c, m} }

type meteredConnector struct {
	driver.Connector
	meter *meter
}

func (c meteredConnector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	return &meteredConn{Conn: inner, meter: c.meter}, err
}

type meteredConn struct {
	driver.Conn
	meter *meter
}

func (c *meteredConn) Prepare(q string) (driver.Stmt, error) {
	c.meter.note("PREPARE "+q, 1, 0) // none is: parameters travel in the statement
	return c.Conn.Prepare(q)
}

func (c *meteredConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	c.meter.note("BEGIN", 0, 0)
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	return meteredTx{tx, c.meter}, err
}

func (c *meteredConn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	c.meter.note(q, 1, 0)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, q, args)
}

func (c *meteredConn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	c.meter.note(q, 1, 0)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, q, args)
}

func (c *meteredConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type meteredTx struct {
	driver.Tx
	meter *meter
}

func (t meteredTx) Commit() error { t.meter.note("COMMIT", 0, 1); return t.Tx.Commit() }

func (t meteredTx) Rollback() error { t.meter.note("ROLLBACK", 0, 0); return t.Tx.Rollback() }
