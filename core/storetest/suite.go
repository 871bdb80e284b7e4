package storetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// Run proves that what open returns is a store, but for what it owes while another session holds
// rows: see RunHeld. Open may return the same store at every call: each test works with merchants
// and ids of its own.
func Run(t *testing.T, open func(t *testing.T) core.Store) {
	t.Helper()
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			c.test(newWorld(t, open(t)))
		})
	}
}

// RunHeld proves what a store owes while another session holds rows. Its tests wait, side by side:
// open returns a store for each, since one store has a few places for those who wait. They may all
// be of one database.
func RunHeld(t *testing.T, open func(t *testing.T) core.Store) {
	t.Helper()
	for _, c := range heldCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(newWorld(t, open(t)))
		})
	}
}

type namedCase struct {
	name string
	test func(*world)
}

func cases() []namedCase {
	var all []namedCase
	for _, group := range [][]namedCase{
		commitCases(), guardCases(), uniqueCases(), keyCases(), textCases(), pageCases(), dueCases(), crowdCases(), faultCases(), archiveCases(),
	} {
		all = append(all, group...)
	}
	return all
}

// world is one test's part of a store: a merchant and ids that no other test uses.
type world struct {
	*testing.T
	store    core.Store
	tag      string
	merchant string
	drawn    atomic.Int64
}

func newWorld(t *testing.T, store core.Store) *world {
	var b [6]byte
	if _, err := rand.Read(b[:]); err != nil {
		t.Fatal(err)
	}
	tag := hex.EncodeToString(b[:])
	return &world{T: t, store: store, tag: tag, merchant: "m" + tag}
}

// id draws an id that sorts after those drawn before with the same prefix.
func (w *world) id(prefix string) string {
	return fmt.Sprintf("%s%s%06d", prefix, w.tag, w.drawn.Add(1))
}

// at returns a fixed moment plus some milliseconds.
func at(ms int) time.Time {
	return time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC).Add(time.Duration(ms) * time.Millisecond)
}

// do runs a unit that must not fail.
func (w *world) do(u core.Unit) core.Verdict {
	w.Helper()
	v, err := w.store.Do(context.Background(), u)
	if err != nil {
		w.Fatalf("Do: %v", err)
	}
	return v
}

// insert writes rows and wants no duplicate.
func (w *world) insert(rows ...core.Row) {
	w.Helper()
	if v := w.do(inserting(rows...)); v.Duplicate != "" {
		w.Fatalf("insert: duplicate %s", v.Duplicate)
	}
}

func inserting(rows ...core.Row) core.Unit {
	return core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Inserts: rows}, nil }}
}

// see loads what keys name.
func (w *world) see(keys ...core.Key) core.View {
	w.Helper()
	v, err := w.store.See(context.Background(), keys...)
	if err != nil {
		w.Fatalf("See: %v", err)
	}
	return v
}

// order loads the order of a payment that must be there.
func (w *world) order(paymentID string) *core.Order {
	w.Helper()
	k := w.paymentKey(paymentID)
	o := w.see(k).Order(k)
	if o == nil {
		w.Fatalf("payment %s is not there", paymentID)
	}
	return o
}

func (w *world) paymentKey(id string) core.Key {
	return core.Key{Kind: core.OrderByPayment, Merchant: w.merchant, Value: id}
}

// absent wants a payment not to be there.
func (w *world) absent(paymentID string) {
	w.Helper()
	k := w.paymentKey(paymentID)
	if w.see(k).Order(k) != nil {
		w.Fatalf("payment %s was written", paymentID)
	}
}

// equal compares rows as a store gives them back.
func (w *world) equal(got, want any) {
	w.Helper()
	if !reflect.DeepEqual(got, want) {
		w.Fatalf("\n got %+v\nwant %+v", got, want)
	}
}

// code wants err to carry the code.
func (w *world) code(err error, want core.Code) {
	w.Helper()
	if core.CodeOf(err) != want {
		w.Fatalf("got error %v, want code %s", err, want)
	}
}
