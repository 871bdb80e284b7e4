package store

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// holdPayment holds a payment's row by another session until release.
func holdPayment(t *testing.T, s *Store, p *core.Payment) (release func()) {
	t.Helper()
	let, why := faultyStore{s, nil}.Hold([]core.Row{p}, nil)
	if why != "" {
		t.Fatal(why)
	}
	return let
}

func bump(k core.Key, witness string) core.Unit {
	return core.Unit{Keys: []core.Key{k}, Decide: func(v core.View) (core.Writes, error) {
		o := v.Order(k)
		o.Payment.Sequence++
		return core.Writes{Guards: []core.Row{&o.Payment}, Inserts: []core.Row{audit(witness, start)}}, nil
	}}
}

// D19: once a row is known to be held, a unit that comes to it by any other key costs those who
// share its commit nothing: they decide once, in one commit. When the row is free it is forgotten.
func TestHeldOrderIsKnownByEveryKey(t *testing.T) {
	config := single(mysqlTestConfig(t))
	config.Timeout = 2 * time.Second // a unit waits twice as long
	var waits []LockWait
	config.Waited = func(w LockWait) { waits = append(waits, w) }
	s := open(t, config)
	p := pay("p")
	a := &core.Attempt{ID: "att", PaymentID: "p", MerchantID: "m", OutTradeNo: "T1", Token: "tok", Version: 1}
	r := &core.Refund{ID: "ref", PaymentID: "p", MerchantID: "m", MerchantRefundNo: "rn", OutRequestNo: "R1", Version: 1}
	writeRows(t, s, p, a, r)
	release := holdPayment(t, s, p)
	brief, cancel := context.WithTimeout(context.Background(), 1200*time.Millisecond)
	defer cancel()
	if _, err := s.Do(brief, bump(key("p"), "first")); core.CodeOf(err) != core.CodeUnavailable {
		t.Fatal(err)
	}
	if len(waits) == 0 || waits[0] != (LockWait{Table: "payments", ID: "p", Tell: true}) {
		t.Errorf("told of %+v", waits)
	}
	keys := []core.Key{
		key("p"), {Kind: core.OrderByMerchantNo, Merchant: "m", Value: p.MerchantOrderNo}, {Kind: core.OrderByAttempt, Value: "att"},
		{Kind: core.OrderByOutTradeNo, Value: "T1"}, {Kind: core.OrderByToken, Value: "tok"}, {Kind: core.OrderByRefund, Merchant: "m", Value: "ref"},
		{Kind: core.OrderByMerchantRefund, Merchant: "m", Value: "rn"},
	}
	if want := orderKinds(t); len(want) != len(keys) || slices.ContainsFunc(keys, func(k core.Key) bool { return !slices.Contains(want, string(k.Kind)) }) {
		t.Fatalf("an order is found by %q, and looked for by %+v", want, keys)
	}
	units := []core.Unit{inserts(pay("before"))}
	for i, k := range keys[1:] { // by the first it is known at once, and never queued
		units = append(units, bump(k, fmt.Sprint("by", i)), inserts(pay(fmt.Sprint("after", i))))
	}
	before, told := s.writers[0].commits.Load(), 0
	for i, o := range crowd(t, s, units) {
		if i%2 == 0 && (o.err != nil || o.verdict.Runs != 1) {
			t.Errorf("stranger %d: %+v", i, o)
		}
		if i%2 == 1 && (core.CodeOf(o.err) != core.CodeUnavailable || o.verdict.Runs != 0) {
			t.Errorf("held %d: %+v", i, o)
		}
	}
	if n := s.writers[0].commits.Load() - before; n != 2 { // crowd's first, and one for all
		t.Errorf("%d commits, want 2", n)
	}
	for _, w := range waits {
		if w.Tell {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times, want once: %+v", told, waits)
	}
	for i, k := range keys {
		metBy(t, s, k, fmt.Sprint("met", i), keys[0])
	}
	release()
	if v, err := s.Do(context.Background(), bump(key("p"), "free")); err != nil || v.Runs != 1 {
		t.Fatalf("%+v, %v", v, err)
	}
	if l := s.held.of(claimsOf([]core.Key{key("p")}), time.Now()); l != nil {
		t.Error("the row is free, and still believed held")
	}
}

// metBy lets a unit meet the held order by one key, as if nobody had met it before, and wants it
// known by that key and by its payment's: the others lead to that. Nobody waits for locks by then.
func metBy(t *testing.T, s *Store, by core.Key, witness string, payment core.Key) {
	t.Helper()
	s.held.mu.Lock()
	clear(s.held.lines)
	s.held.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Do(ctx, bump(by, witness)); core.CodeOf(err) != core.CodeUnavailable {
		t.Errorf("by %s: %v", by.Kind, err)
	}
	for _, k := range []core.Key{by, payment} {
		if s.held.of(claimsOf([]core.Key{k}), time.Now()) == nil {
			t.Errorf("met by %s, the order is not known by %s", by.Kind, k.Kind)
		}
	}
}

// orderKinds lists the kinds of keys that an order is found by, as core declares them.
func orderKinds(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../store.go")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, found := range regexp.MustCompile(`OrderBy\w+ +KeyKind = "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
		kinds = append(kinds, found[1])
	}
	return kinds
}

// D19: jobs come again by themselves, so they are told soon, while a caller who waits still does.
func TestBriefUnitsDoNotWaitLong(t *testing.T) {
	s := open(t, mysqlTestConfig(t))
	p := pay("p")
	writeRows(t, s, p)
	release := holdPayment(t, s, p)
	patient := make(chan error, 1)
	go func() {
		_, err := s.Do(context.Background(), bump(key("p"), "patient"))
		patient <- err
	}()
	if _, err := s.Do(Brief(context.Background()), bump(key("p"), "job")); core.CodeOf(err) != core.CodeUnavailable {
		t.Error(err)
	}
	if len(patient) > 0 {
		t.Error("the caller who waits was settled while the row was held")
	}
	release()
	if err := <-patient; err != nil {
		t.Error(err)
	}
}

// D19: an engine that can be told in no way not to wait for locks costs strangers a second for each
// held row, and nothing else changes.
func TestHeldRowWithoutBriskSessions(t *testing.T) {
	s := open(t, single(mysqlTestConfig(t)))
	s.quick = nil
	p := pay("p")
	writeRows(t, s, p)
	release := holdPayment(t, s, p)
	ctx, leave := context.WithCancel(context.Background())
	held := make(chan error, 1)
	go func() {
		_, err := s.Do(ctx, bump(key("p"), "held"))
		held <- err
	}()
	for i := range 4 {
		writeRows(t, s, pay(fmt.Sprint("stranger", i)))
	}
	leave()
	if err := <-held; core.CodeOf(err) != core.CodeUnavailable {
		t.Error(err)
	}
	release()
}

// D19: cleaning up goes on where it can while somebody holds a row that is due to go.
func TestPurgeBesideHeldRow(t *testing.T) {
	s := open(t, mysqlTestConfig(t))
	old := &core.Inbox{ID: "in", Account: "a", Digest: "d", State: core.InboxDone, Version: 1, DeleteAfter: start}
	writeRows(t, s, old, &core.Nonce{KeyID: "k", Nonce: "n", DeleteAfter: start})
	let, _ := faultyStore{s, nil}.Hold([]core.Row{old}, nil)
	if n, err := s.Purge(context.Background(), start.Add(time.Hour), 10); n != 1 || err != nil {
		t.Errorf("%d rows, %v, want the nonce", n, err)
	}
	let()
	if n, err := s.Purge(context.Background(), start.Add(time.Hour), 10); n != 1 || err != nil {
		t.Errorf("%d rows, %v, want the message", n, err)
	}
}

// Every key names what rows claim, so that a row that is known to be held is known by it.
func TestKeysNameClaims(t *testing.T) {
	for row, keys := range map[core.Row][]core.Key{
		&core.Payment{ID: "i", MerchantID: "m", MerchantOrderNo: "n"}: {
			{Kind: core.OrderByPayment, Merchant: "m", Value: "i"}, {Kind: core.OrderByMerchantNo, Merchant: "m", Value: "n"},
		},
		&core.Attempt{ID: "i", OutTradeNo: "o", Token: "t"}: {
			{Kind: core.OrderByAttempt, Value: "i"}, {Kind: core.OrderByOutTradeNo, Value: "o"}, {Kind: core.OrderByToken, Value: "t"},
		},
		&core.Refund{ID: "i", MerchantID: "m", MerchantRefundNo: "n", OutRequestNo: "r"}: {
			{Kind: core.OrderByRefund, Merchant: "m", Value: "i"}, {Kind: core.OrderByMerchantRefund, Merchant: "m", Value: "n"},
		},
		&core.Idempotency{ID: "i", MerchantID: "m", Operation: "o", Key: "k"}: {
			{Kind: core.IdempotencyByKey, Merchant: "m", Scope: "o", Value: "k"},
		},
		&core.Inbox{ID: "i", Account: "a", Digest: "d"}: {{Kind: core.InboxByID, Value: "i"}, {Kind: core.InboxByDigest, Scope: "a", Value: "d"}},
		&core.Delivery{ID: "i"}:                         {{Kind: core.DeliveryByID, Value: "i"}},
	} {
		for _, k := range keys {
			if !slices.Contains(claims(row), claimOf(k)) {
				t.Errorf("%+v names %q, and %T claims %q", k, claimOf(k), row, claims(row))
			}
		}
	}
}

// The table of held rows forgets by itself and has an end; a row is told of twice in a minute.
func TestHeldIsBounded(t *testing.T) {
	h := held{lines: map[string]*line{}}
	now := start
	first, tell := h.note(nil, []string{"a", "b"}, now)
	if !tell || h.of([]string{"x", "b"}, now) != first || h.of([]string{"x"}, now) != nil || !h.isTense(now) {
		t.Error("a row that is held is not known")
	}
	if again, tell := h.note(nil, []string{"b", "c"}, now.Add(time.Second)); again != first || tell || h.of([]string{"c"}, now) != first {
		t.Error("the same row by another key is another line, or told again")
	}
	if _, tell := h.note(first, nil, now.Add(heldTold)); !tell {
		t.Error("a row that stays held is not told of again")
	}
	now = now.Add(heldTold + heldKept)
	if h.of([]string{"a"}, now) != nil || h.isTense(now) {
		t.Error("a row is believed held for ever")
	}
	for i := range 2 * maxHeld {
		h.note(nil, []string{strconv.Itoa(i)}, now)
	}
	if len(h.lines) != maxHeld || h.of([]string{"1"}, now) == nil {
		t.Errorf("%d rows are remembered, want %d", len(h.lines), maxHeld)
	}
	h.free(h.of([]string{"1"}, now))
	if h.of([]string{"1"}, now) != nil || len(h.lines) != maxHeld-1 {
		t.Error("a row that is free is still believed held")
	}
	h.alarm(now.Add(time.Minute))
	h.note(nil, []string{"late", "later"}, now.Add(time.Minute))
	if len(h.lines) != 2 {
		t.Errorf("%d rows are remembered after their time, want 2", len(h.lines))
	}
}
