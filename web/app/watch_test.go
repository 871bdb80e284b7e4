package app

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/platforms"
)

// Whatever the watcher is told stands in a metric under its own labels, or in a line of the log, or
// in both, and nothing of it is lost or in another's place.
func TestWatchTellsAllThatItIsTold(t *testing.T) {
	registry := prometheus.NewRegistry()
	var text bytes.Buffer
	plain := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	w, err := newWatch(registry, slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: plain})), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	w.Happened("payment.paid", "wechat")
	w.turned(core.Turn{Platform: "wechat", Channel: "wechat_h5", Outcome: core.TurnRefused, Class: core.CodeBuyerBalance})
	w.Alert(2, "webhook.dead", "dlv_1", "why")
	w.broke(core.Breach{Invariant: "INV-M1", Object: "pay_1", Detail: "off by 3"})
	w.inspected(7)
	w.jobFailed(core.Due{Kind: core.DueRefund, ID: "ref_1"}, errors.New("gone"))
	w.accountMended("main", "isv.invalid-signature")
	w.exchange(adapters.Exchange{Account: "main", Method: "alipay.trade.query", Class: "done", Verified: true, Duration: 1500 * time.Millisecond})
	w.oddity("answer", "fund_bill_list")
	w.lockWaited(store.LockWait{Table: "payments", ID: "pay_1", Tell: true})
	w.lockWaited(store.LockWait{Table: "payments", ID: "pay_1"})
	w.wentAside(5)
	w.wentAside(-1)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			line := f.GetName()
			for _, l := range m.GetLabel() {
				line += " " + l.GetName() + "=" + l.GetValue()
			}
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetHistogram().GetSampleSum()
			if value != 0 {
				got = append(got, fmt.Sprint(line, " ", value))
			}
		}
	}
	want := []string{
		"paymux_alerts_total level=1 what=invariant.broken 1", "paymux_alerts_total level=2 what=webhook.dead 1",
		"paymux_gateway_odd_fields_total field=fund_bill_list source=answer 1", "paymux_gateway_seconds class=done method=alipay.trade.query 1.5",
		"paymux_happened_total label=wechat what=payment.paid 1", "paymux_inspected_orders 7", "paymux_invariant_broken_total invariant=INV-M1 1",
		"paymux_job_failures_total kind=refund 1",
		"paymux_payments_total channel=wechat_h5 class=buyer_balance outcome=refused platform=wechat 1", "paymux_store_lock_waits_total 2", "paymux_store_waiting_aside 4",
	}
	if !slices.Equal(got, want) {
		t.Errorf("metrics\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	lines := []string{
		`level=ERROR msg="a person should look" level=2 what=webhook.dead object=dlv_1 detail=why`,
		`level=ERROR msg="a person should look" level=1 what=invariant.broken object=pay_1 detail="INV-M1: off by 3"`,
		`level=WARN msg="job failed" kind=refund id=ref_1 error=gone`,
		`level=INFO msg="an account is mended" what=account_misconfigured object=main cause=isv.invalid-signature`,
	}
	lines = append(lines, `level=WARN msg="another session of the database holds rows; changes of them wait" table=payments id=pay_1`)
	if text.String() != strings.Join(lines, "\n")+"\n" {
		t.Errorf("logged\n%swant\n%s", &text, strings.Join(lines, "\n"))
	}
}

// What is counted rarely is there from the start, at zero: each alert by its level, each kind of
// due row, each invariant, each thing that is counted by name.
func TestCountersExistFromTheStart(t *testing.T) {
	registry := prometheus.NewRegistry()
	w, err := newWatch(registry, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	book, err := platforms.Load(platforms.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	w.offered(book, map[string]core.Merchant{"m_1": {Holdings: core.Holdings{Channels: []core.ChannelID{"wechat_h5"}}}, "m_2": {}})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := map[string]int{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if m.GetCounter() != nil {
				series[f.GetName()]++
			}
			if m.GetCounter().GetValue() != 0 {
				t.Errorf("%s begins at %v", f.GetName(), m.GetCounter().GetValue())
			}
		}
	}
	want := map[string]int{
		"paymux_alerts_total": len(Alerts()), "paymux_job_failures_total": 4, "paymux_invariant_broken_total": len(core.Invariants()),
		// each outcome but a refusal once, and that by each class and by none of them
		"paymux_payments_total": len(core.TurnOutcomes()) - 1 + len(core.Faults()) + 1,
	}
	for _, kind := range Counts() {
		if want["paymux_happened_total"] += len(kind.Labels); len(kind.Labels) == 0 {
			t.Errorf("%s has no label, so no counter", kind.What)
		}
	}
	for name, n := range want {
		if series[name] != n {
			t.Errorf("%s has %d series at the start, want %d", name, series[name], n)
		}
	}
}
