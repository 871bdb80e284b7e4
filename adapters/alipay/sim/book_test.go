package alipaysim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

func onDisk(path string) func(*alipaysim.Config) {
	return func(c *alipaysim.Config) { c.BookPath = path }
}

func TestARestartRemembersEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.jsonl")
	r := newRig(t, onDisk(path))
	r.merchant.answer(200, "fail")
	no := r.create("T1", "5.00", "notify_url", r.merchant.url)
	r.create("T2", "1.00")
	wap := r.params("alipay.trade.wap.pay", biz{"out_trade_no": "W1", "total_amount": "2.00", "subject": "x"}).Encode()
	page, _ := browse(t, r.http.URL+"/gateway.do?"+wap)
	token := page[strings.LastIndex(page, "/")+1:]
	r.sim("POST", "/sim/trades/"+no+"/pay", nil)
	r.flush()
	r.call("alipay.trade.refund", biz{"out_trade_no": "T1", "refund_amount": "2.00", "out_request_no": "R1"})
	r.flush()
	if got := r.merchant.received(); len(got) != 2 {
		t.Fatalf("%d first tries", len(got))
	}
	r.advance(time.Minute)
	r.restart()

	if now := r.server.Clock().Now(); now.Before(testInstant()) {
		t.Fatalf("time went back to %v", now)
	}
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "trade_status", "TRADE_SUCCESS", "trade_no", no)
	want(t, r.call("alipay.trade.refund", biz{"out_trade_no": "T1", "refund_amount": "2.00", "out_request_no": "R1"}), "fund_change", "N")
	r.sim("POST", "/sim/pay", biz{"url": "/cashier/" + token})
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "W1"}), "trade_status", "TRADE_SUCCESS")
	r.merchant.answer(200, "success")
	r.advance(5 * time.Minute)
	if got := r.merchant.received(); len(got) != 2 {
		t.Fatalf("after the restart %d second tries came", len(got))
	}
	r.advance(4 * time.Hour)
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T2"}), "trade_status", "TRADE_CLOSED")
}

func TestATornLastLineIsCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.jsonl")
	r := newRig(t, onDisk(path))
	r.create("T1", "5.00")
	before := r.server.Book().Len()
	r.http.Close()
	if err := r.server.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"seq":2,"kind":"trade_pa`); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	r.start()
	if got := r.server.Book().Len(); got != before {
		t.Fatalf("%d entries, want %d", got, before)
	}
	r.create("T2", "5.00")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range bytes.Split(bytes.TrimSpace(raw), []byte("\n")) {
		var e alipaysim.Entry
		if err := json.Unmarshal(line, &e); err != nil || e.Seq != uint64(i+1) {
			t.Fatalf("line %d: %v %s", i+1, err, line)
		}
	}
}

func TestADamagedBookIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.jsonl")
	r := newRig(t, onDisk(path))
	r.create("T1", "5.00")
	r.create("T2", "5.00")
	r.http.Close()
	if err := r.server.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(raw, []byte("\n"))
	if err := os.WriteFile(path, bytes.Join(lines[1:], nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := alipaysim.New(r.cfg); err == nil || !strings.Contains(err.Error(), "seq") {
		t.Fatalf("a book without its first line: %v", err)
	}
}

// cut takes the last entries off a book, as a crash between two writes does.
func cut(t *testing.T, path string, entries int) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(raw, []byte("\n"))
	kept := bytes.Join(lines[:len(lines)-1-entries], nil)
	if err := os.WriteFile(path, kept, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestACrashBetweenPaymentAndNotificationIsMended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.jsonl")
	r := newRig(t, onDisk(path), func(c *alipaysim.Config) { c.Manual = true })
	r.create("T1", "5.00", "notify_url", r.merchant.url)
	r.sim("POST", "/sim/trades/T1/pay", nil)
	cut(t, path, 1)
	r.restart()
	r.flush()
	if got := r.merchant.received(); len(got) != 1 || got[0].Get("trade_status") != "TRADE_SUCCESS" {
		t.Fatalf("after the crash: %v", got)
	}
	r.call("alipay.trade.refund", biz{"out_trade_no": "T1", "refund_amount": "5.00", "out_request_no": "R1"})
	cut(t, path, 1)
	r.restart()
	r.restart() // told once, not at every start
	r.flush()
	if got := r.merchant.received(); len(got) != 1 || got[0].Get("out_biz_no") != "R1" {
		t.Fatalf("after the second crash: %v", got)
	}
}

// What cannot be read back is not written: otherwise no restart would succeed.
func TestTooLongForTheBook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.jsonl")
	r := newRig(t, onDisk(path))
	long := strings.Repeat("x", 700<<10)
	want(t, r.call("alipay.trade.create", biz{"out_trade_no": "T0", "total_amount": "1.00", "subject": "x",
		"operator_id": long}), "sub_code", "ACQ.INVALID_PARAMETER")
	want(t, r.call("alipay.trade.create", biz{"out_trade_no": "T0", "total_amount": "1.00", "subject": "x"},
		"notify_url", "http://shop.invalid/"+long[:240]), "sub_code", "ACQ.INVALID_PARAMETER")
	r.create("T1", "5.00")
	r.sim("POST", "/sim/trades/T1/pay", nil)
	want(t, r.call("alipay.trade.refund", biz{"out_trade_no": "T1", "refund_amount": "1.00", "out_request_no": "R1",
		"refund_reason": long}), "sub_code", "ACQ.INVALID_PARAMETER")
	if status, answer := r.simStatus("POST", "/sim/trigger/complaint", biz{"trade_no": "T1", "reason": long}); status == 200 {
		t.Fatalf("%v", answer)
	}
	r.restart()
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "trade_status", "TRADE_SUCCESS")
}

// story is a fixed sequence of calls; equal seeds must tell it in equal words.
func story(t *testing.T, seed uint64) string {
	t.Helper()
	r := newRig(t, func(c *alipaysim.Config) { c.Seed, c.Manual = seed, true })
	r.sim("POST", "/sim/faults", alipaysim.Fault{Effect: "unavailable", Times: -1, Percent: 25, Method: "alipay.trade.query"})
	var b strings.Builder
	for i := range 10 {
		number := fmt.Sprintf("T%d", i)
		b.WriteString(r.create(number, "3.00", "notify_url", "http://127.0.0.1:1/nobody"))
		if i%2 == 0 {
			r.sim("POST", "/sim/trades/"+number+"/pay", nil)
			r.call("alipay.trade.refund", biz{"out_trade_no": number, "refund_amount": "1.00", "out_request_no": "R"})
		}
		b.WriteString(r.call("alipay.trade.query", biz{"out_trade_no": number})["code"].(string))
	}
	r.advance(30 * time.Hour)
	for _, e := range r.server.Book().After(0, 10_000) {
		fmt.Fprintf(&b, "%d %d %s %s %s\n", e.Seq, e.At, e.Kind, e.Key, e.TradeNo)
	}
	return b.String()
}

func TestEqualSeedsTellEqualStories(t *testing.T) {
	if a, b := story(t, 1), story(t, 1); a != b {
		t.Fatalf("two runs of one seed differ:\n%s\n---\n%s", a, b)
	}
	if story(t, 1) == story(t, 2) {
		t.Fatal("the seed does not matter")
	}
}

// A merchant who answers late or badly is told more often, and changes no number that comes after.
func TestNumbersDoNotDependOnTheMerchant(t *testing.T) {
	numbers := func(answer string) string {
		r := newRig(t)
		r.merchant.answer(200, answer)
		r.create("T1", "100.00", "notify_url", r.merchant.url)
		r.sim("POST", "/sim/trades/T1/pay", nil)
		r.advance(20 * time.Minute)
		paid := r.call("alipay.trade.query", biz{"out_trade_no": "T1"})["trade_no"]
		receiver := []biz{{"type": "userId", "account": "2088000000000003"}}
		r.call("alipay.trade.royalty.relation.bind", biz{"out_request_no": "B1", "receiver_list": receiver})
		settled := r.call("alipay.trade.order.settle", biz{"out_request_no": "S1", "trade_no": paid,
			"royalty_parameters": []biz{{"trans_in": "2088000000000003", "amount": "1.00"}}})
		want(t, settled, "code", "10000")
		code := r.sim("POST", "/sim/authcode", nil)["auth_code"]
		token := r.call("alipay.system.oauth.token", nil, "grant_type", "authorization_code", "code", code.(string))
		return fmt.Sprint(settled["settle_no"], code, token["access_token"], r.sim("POST", "/sim/barcode", nil)["auth_code"])
	}
	if prompt, slow := numbers("success"), numbers("fail"); prompt != slow {
		t.Fatalf("%s\n%s", prompt, slow)
	}
}

func TestBookPagesAndTotals(t *testing.T) {
	r := newRig(t)
	for i := range 5 {
		r.create(fmt.Sprintf("T%d", i), "1.00")
	}
	page := r.sim("GET", "/sim/book?after=2&limit=2", nil)
	entries := page["entries"].([]any)
	if len(entries) != 2 || entries[0].(map[string]any)["seq"] != 3.0 || page["last_seq"] != 5.0 {
		t.Fatalf("%v", page)
	}
	if totals := r.server.Book().Totals(); totals.Trades != 5 || totals.CapturedFen != 0 {
		t.Fatalf("%+v", totals)
	}
	if status, _ := r.simStatus("GET", "/sim/book?limit=0", nil); status != 400 {
		t.Fatalf("limit=0: %d", status)
	}
}
