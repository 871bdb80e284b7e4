package core_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/coretest"
	"github.com/paymux/paymux/core/storetest"
)

// fixtureOrders is how many orders a fixture holds.
const fixtureOrders = 200

// fixtureRow is one row on its way into a database: its type's name, its fields.
type fixtureRow struct {
	Type string
	Row  core.Row
}

// TestFixtureRows writes the rows of 200 orders to the file that PAYMUX_TEST_FIXTURE names, one
// JSON object a line: all lives of TestLives, and as many orders of the simulation, which is left
// in the middle, so that each state is met. web/command's TestFixtureDumps puts them into databases
// and dumps those. Each world is a merchant of its own. It runs only for whoever makes a fixture.
func TestFixtureRows(t *testing.T) {
	name := os.Getenv("PAYMUX_TEST_FIXTURE")
	if name == "" {
		t.Skip("PAYMUX_TEST_FIXTURE names no file")
	}
	var out bytes.Buffer
	left, worlds := fixtureOrders, int64(0)
	lives := []func(*diary){
		nativeLife, pageLife, movedLife, heldLife, refusedLife, lostLife, refundsLife, approvalLife, consoleLife, sumsLife, messagesLife, waitingLife,
		returnedLife, stuckLife, mendedLife, smallLife,
	}
	for _, live := range lives {
		worlds++
		d := newDiary(t)
		d.IDs = idsFrom(worlds)
		live(d)
		left -= writeFixture(t, &out, d.memory, worlds)
	}
	for left > 0 {
		worlds++
		s := newSimWorld(t, uint64(worlds))
		s.IDs = idsFrom(worlds)
		s.with(func(m *core.Merchant) {
			twoEndpoints(m)
			m.RefundApprovalOverFen = 4000
		})
		for n := range min(left, ordersPerWorld) {
			s.customer(n)
		}
		s.janitor(s.now.Add(24 * time.Hour))
		s.run(s.now.Add(time.Duration(20+9*worlds%40) * time.Minute))
		s.tasks.end()
		left -= writeFixture(t, &out, s.memory, worlds)
	}
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// idsFrom counts from a number that no other world reaches.
func idsFrom(world int64) *coretest.IDs {
	ids := &coretest.IDs{}
	for range world * 100_000 {
		_ = ids.Row()
	}
	return ids
}

// writeFixture writes a world's rows and returns how many orders it has.
func writeFixture(t *testing.T, out *bytes.Buffer, m *storetest.Memory, world int64) int {
	all, books := m.All(), core.Inspection{}
	_ = m.EachOrder(context.Background(), func(o core.Order, entries []core.Entry, events []core.Event) error {
		books.Order(&o, entries, events)
		return nil
	})
	for _, b := range books.Finish(false) {
		t.Errorf("world %d: %v", world, b)
	}
	encoder := json.NewEncoder(out)
	write := func(row core.Row) {
		value := reflect.ValueOf(row).Elem()
		renamed(value, world)
		if err := encoder.Encode(fixtureRow{value.Type().Name(), row}); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range all.Orders {
		write(&o.Payment)
		eachFixture(o.Attempts, func(r *core.Attempt) { write(r) })
		eachFixture(o.Refunds, func(r *core.Refund) { write(r) })
	}
	eachFixture(all.Audits, func(r *core.Audit) { write(r) })
	eachFixture(all.Entries, func(r *core.Entry) { write(r) })
	eachFixture(all.Events, func(r *core.Event) { write(r) })
	eachFixture(all.Deliveries, func(r *core.Delivery) { write(r) })
	eachFixture(all.Inbox, func(r *core.Inbox) { write(r) })
	eachFixture(all.Idempotency, func(r *core.Idempotency) { write(r) })
	eachFixture(all.Payers, func(r *core.SealedPayer) { write(r) })
	return len(all.Orders)
}

func eachFixture[T any](rows []T, write func(*T)) {
	for i := range rows {
		write(&rows[i])
	}
}

// renamed gives merchants and accounts a world's own names, wherever they stand; and what the
// vault of these tests sealed is opened, for whoever seals it with a real one.
func renamed(v reflect.Value, world int64) {
	for i := range v.NumField() {
		field, name := v.Field(i), v.Type().Field(i).Name
		switch {
		case field.Kind() == reflect.String:
			for _, old := range []string{"m1", "m2", "acc1", "acc2", "acc3"} {
				if field.String() == old {
					field.SetString(fmt.Sprintf("%s_%02d", old, world))
				}
			}
		case field.Type() == reflect.TypeFor[[]byte]() && name == "Sealed":
			_, body, _ := strings.Cut(string(field.Bytes()), ":")
			field.SetBytes([]byte(turn(body)))
		case field.Type() == reflect.TypeFor[[]byte]():
			body := field.Bytes()
			for _, old := range []string{"m1", "m2", "acc1", "acc2", "acc3"} {
				body = bytes.ReplaceAll(body, fmt.Appendf(nil, "%q", old), fmt.Appendf(nil, "%q", fmt.Sprintf("%s_%02d", old, world)))
			}
			field.SetBytes(body)
		}
	}
}
