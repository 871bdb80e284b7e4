package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// needles is a haystack of 2,000 payments of one merchant. The queries look for the three oldest,
// which a walk along time would meet last.
func needles(t *testing.T, s *Store) {
	t.Helper()
	var rows []core.Row
	for i := range 2000 {
		p := pay(fmt.Sprintf("p%04d", i))
		p.CreatedAt, p.Status = start.Add(time.Duration(i)*time.Second), core.PaymentPaid
		a := &core.Attempt{ID: "a" + p.ID, PaymentID: p.ID, MerchantID: "m", OutTradeNo: "T" + p.ID, TradeNo: "G" + p.ID, Gateway: "bank", Payer: "buyer-" + p.ID, Version: 1}
		r := &core.Refund{ID: "r" + p.ID, PaymentID: p.ID, MerchantID: "m", OutRequestNo: "O" + p.ID, MerchantRefundNo: "M" + p.ID, Status: core.RefundSucceeded, Version: 1, CreatedAt: p.CreatedAt}
		if i < 3 {
			p.Status, p.Attention, a.Payer, r.Status = core.PaymentClosed, "late_held", "needle", core.RefundPendingApproval
		}
		rows = append(rows, p, a, r)
	}
	for ; len(rows) > 0; rows = rows[min(len(rows), 600):] {
		writeRows(t, s, rows[:min(len(rows), 600)]...)
	}
}

// searches is each way to look for payments, and what each finds among the needles.
func searches() []struct {
	name string
	q    core.PaymentQuery
	want string
} {
	return []struct {
		name string
		q    core.PaymentQuery
		want string
	}{
		{"status", core.PaymentQuery{Status: core.PaymentClosed}, "p0002 p0001 p0000"},
		{"attention", core.PaymentQuery{Attention: true}, "p0002 p0001 p0000"},
		{"attention and status", core.PaymentQuery{Attention: true, Status: core.PaymentClosed}, "p0002 p0001 p0000"},
		{"trade_no", core.PaymentQuery{TradeNo: "Gp0001"}, "p0001"},
		{"out_trade_no", core.PaymentQuery{OutTradeNo: "Tp0001"}, "p0001"},
		{"both numbers of one", core.PaymentQuery{OutTradeNo: "Tp0001", TradeNo: "Gp0001"}, "p0001"},
		{"numbers of two", core.PaymentQuery{OutTradeNo: "Tp0001", TradeNo: "Gp0002"}, ""},
		{"refund id", core.PaymentQuery{RefundNo: "rp0001"}, "p0001"},
		{"out_request_no", core.PaymentQuery{RefundNo: "Op0001"}, "p0001"},
		{"merchant_refund_no", core.PaymentQuery{RefundNo: "Mp0001"}, "p0001"},
		{"merchant_order_no", core.PaymentQuery{MerchantOrderNo: "no-p0001"}, "p0001"},
		{"buyer", core.PaymentQuery{Buyers: []string{"nobody", "needle"}}, "p0002 p0001 p0000"},
		{"buyer and status", core.PaymentQuery{Buyers: []string{"needle"}, Status: core.PaymentPaid}, ""},
		{"created before", core.PaymentQuery{CreatedTo: start.Add(2 * time.Second)}, "p0001 p0000"},
		{"created from to", core.PaymentQuery{CreatedFrom: start.Add(time.Second), CreatedTo: start.Add(3 * time.Second)}, "p0002 p0001"},
		{"status and time", core.PaymentQuery{Status: core.PaymentClosed, CreatedFrom: start.Add(time.Second)}, "p0002 p0001"},
		{"nothing", core.PaymentQuery{TradeNo: "unheard"}, ""},
	}
}

// No search reads rows that it does not show, on either engine, for one merchant or for all:
// counted by the rows that MariaDB hands up, and by the plans that SQLite makes.
func TestSearchesWalkOverNothing(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			config, plans := e.config(t), &plans{engine: e.name}
			config.wrap = func(c driver.Connector) driver.Connector { return explainedConnector{c, plans} }
			s := open(t, config)
			needles(t, s)
			for _, c := range searches() {
				for _, all := range []bool{false, true} {
					c.q.MerchantID, c.q.All, c.q.Limit = "m", all, 20
					if all {
						c.q.MerchantID = ""
					}
					plans.start()
					page, err := s.Payments(context.Background(), c.q)
					walked, scans := plans.stop()
					if err != nil {
						t.Fatal(err)
					}
					var got []string
					for _, p := range page {
						got = append(got, p.ID)
					}
					if strings.Join(got, " ") != c.want {
						t.Errorf("%s, all %t: %v, want %q", c.name, all, got, c.want)
					}
					if walked > 40 || len(scans) > 0 {
						t.Errorf("%s, all %t: read %d rows, scanned %q", c.name, all, walked, scans)
					}
				}
			}
			for _, q := range []core.RefundQuery{{Status: core.RefundPendingApproval}, {MerchantRefundNo: "Mp0001"}, {}} {
				for _, all := range []bool{false, true} {
					q.MerchantID, q.All, q.Limit = "m", all, 20
					plans.start()
					page, err := s.Refunds(context.Background(), q)
					walked, scans := plans.stop()
					if err != nil || len(page) == 0 || walked > 40 || len(scans) > 0 {
						t.Errorf("%+v: %d refunds, read %d rows, scanned %q, %v", q, len(page), walked, scans, err)
					}
				}
			}
		})
	}
}

// Ended deliveries are read along their index, on either engine: not those of other states, times
// and endpoints.
func TestEndedWalksOverNothing(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			config, plans := e.config(t), &plans{engine: e.name}
			config.wrap = func(c driver.Connector) driver.Connector { return explainedConnector{c, plans} }
			s := open(t, config)
			var rows []core.Row
			for i := range 600 {
				d := &core.Delivery{ID: fmt.Sprintf("d%04d", i), EventID: fmt.Sprintf("e%04d", i), MerchantID: "m", EndpointID: "hook", State: core.DeliveryDone, CreatedAt: start.Add(time.Duration(i) * time.Second)}
				if i%200 == 100 {
					d.State = core.DeliveryDead
				}
				rows = append(rows, d)
			}
			writeRows(t, s, rows...)
			for _, c := range []struct {
				q    core.EndedQuery
				want int
			}{
				{core.EndedQuery{State: core.DeliveryDead, From: start, To: start.Add(time.Hour), Limit: 20}, 3},
				{core.EndedQuery{State: core.DeliveryDead, From: start.Add(200 * time.Second), To: start.Add(time.Hour), Limit: 20}, 2},
				{core.EndedQuery{State: core.DeliveryDone, From: start.Add(300 * time.Second), To: start.Add(305 * time.Second), Limit: 20}, 4},
				{core.EndedQuery{State: core.DeliveryDone, From: start.Add(301 * time.Second), AfterID: "d0301", To: start.Add(time.Hour), Limit: 5}, 5},
			} {
				c.q.MerchantID, c.q.EndpointID = "m", "hook"
				plans.start()
				page, err := s.Ended(context.Background(), c.q)
				walked, scans := plans.stop()
				if err != nil || len(page) != c.want || walked > 10 || len(scans) > 0 {
					t.Errorf("%+v: %d rows, want %d, read %d, scanned %q, %v", c.q, len(page), c.want, walked, scans, err)
				}
			}
		})
	}
}

// Events of a time are read along their index, of one merchant and of all.
func TestEventsInTimeWalkOverNothing(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			config, plans := e.config(t), &plans{engine: e.name}
			config.wrap = func(c driver.Connector) driver.Connector { return explainedConnector{c, plans} }
			s := open(t, config)
			var rows []core.Row
			for i := range 600 {
				rows = append(rows, &core.Event{
					ID: fmt.Sprintf("e%04d", i), Row: fmt.Sprintf("r%04d", i), MerchantID: []string{"m", "m", "n"}[i%3], PaymentID: "p", Body: []byte("{}"), CreatedAt: start.Add(time.Duration(i) * time.Second),
				})
			}
			writeRows(t, s, rows...)
			for _, q := range []core.EventQuery{{All: true}, {MerchantID: "m"}, {MerchantID: "m", AfterCreated: start.Add(520 * time.Second), AfterRow: "r0520"}} {
				q.CreatedFrom, q.CreatedTo, q.Limit = start.Add(500*time.Second), start.Add(590*time.Second), 5
				plans.start()
				page, err := s.Events(context.Background(), q)
				walked, scans := plans.stop()
				if err != nil || len(page) != 5 || walked > 10 || len(scans) > 0 {
					t.Errorf("%+v: %d rows, read %d, scanned %q, %v", q, len(page), walked, scans, err)
				}
			}
		})
	}
}

// Another merchant's numbers find nothing, and too many buyers are refused.
func TestSearchesKeepToTheirMerchant(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			needles(t, s)
			for _, c := range searches() {
				c.q.MerchantID = "stranger"
				if page, err := s.Payments(context.Background(), c.q); err != nil || len(page) > 0 {
					t.Errorf("%s: a stranger finds %v, %v", c.name, page, err)
				}
			}
			if _, err := s.Payments(context.Background(), core.PaymentQuery{All: true, Buyers: make([]string, core.MaxBuyers+1)}); core.CodeOf(err) != core.CodeInvalid {
				t.Errorf("101 buyers: %v", err)
			}
		})
	}
}

// plans collects what each query costs: rows that MariaDB's storage hands up, scans that SQLite
// plans.
type plans struct {
	engine string

	mu     sync.Mutex
	on     bool
	walked int64
	scans  []string
}

func (p *plans) start() { p.mu.Lock(); defer p.mu.Unlock(); p.on, p.walked, p.scans = true, 0, nil }

func (p *plans) stop() (int64, []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.on = false
	return p.walked, p.scans
}

type explainedConnector struct {
	driver.Connector
	plans *plans
}

func (c explainedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	return &explainedConn{meteredConn{Conn: inner, meter: &meter{}}, c.plans}, err
}

type explainedConn struct {
	meteredConn
	plans *plans
}

func (c *explainedConn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	if c.plans.mu.Lock(); !c.plans.on {
		c.plans.mu.Unlock()
		return c.meteredConn.QueryContext(ctx, q, args)
	}
	defer c.plans.mu.Unlock()
	if c.plans.engine == "sqlite" {
		for _, line := range c.table(ctx, "EXPLAIN QUERY PLAN "+q, args) {
			// a whole index is read by a page without a filter, which ends with its limit
			if step := line[3]; strings.HasPrefix(step, "SCAN ") && step != "SCAN began" && !strings.Contains(step, "USING INDEX refunds_all") {
				c.plans.scans = append(c.plans.scans, step)
			}
		}
		return c.meteredConn.QueryContext(ctx, q, args)
	}
	before := c.handedUp(ctx)
	c.table(ctx, q, args)
	c.plans.walked += c.handedUp(ctx) - before
	return c.meteredConn.QueryContext(ctx, q, args)
}

// handedUp is how many rows this session has read.
func (c *explainedConn) handedUp(ctx context.Context) (sum int64) {
	for _, line := range c.table(ctx, "SHOW SESSION STATUS LIKE 'Handler_read%'", nil) {
		if n, err := strconv.ParseInt(line[1], 10, 64); err == nil && !strings.Contains(line[0], "deleted") {
			sum += n
		}
	}
	return sum
}

func (c *explainedConn) table(ctx context.Context, q string, args []driver.NamedValue) (lines [][]string) {
	rows, err := c.meteredConn.QueryContext(ctx, q, args)
	if err != nil {
		return [][]string{{"", "", "", "SCAN " + err.Error()}}
	}
	defer rows.Close()
	for {
		line := make([]driver.Value, len(rows.Columns()))
		if err := rows.Next(line); errors.Is(err, io.EOF) || err != nil {
			return lines
		}
		var texts []string
		for _, v := range line {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			texts = append(texts, fmt.Sprint(v))
		}
		lines = append(lines, texts)
	}
}
