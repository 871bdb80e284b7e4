package storetest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/storetest"
)

// The suite's cases carry these catalogue rows: C11 D01 D02 D05 D09 D10 D11 D14 D17 D18 D19 I01 I03
// I07 P17 S04 S10 S13 S15 S16 W01 W10.
func TestMemory(t *testing.T) {
	fresh := func(*testing.T) core.Store { return storetest.NewMemory() }
	storetest.Run(t, fresh)
	storetest.RunHeld(t, fresh)
}

// One store for all tests: what the SQL stores do, so that their suite does not depend on an empty
// store.
func TestMemoryShared(t *testing.T) {
	shared := storetest.NewMemory()
	storetest.Run(t, func(*testing.T) core.Store { return shared })
}

func TestMemoryFaultsCountCommits(t *testing.T) {
	m := storetest.NewMemory()
	var asked []int
	m.Faults = func(n int) storetest.Fault {
		asked = append(asked, n)
		if n == 2 {
			return storetest.FaultLost
		}
		return storetest.FaultNone
	}
	for i := range 2 {
		row := &core.Audit{ID: fmt.Sprint("a", i), MerchantID: "m"}
		v, err := m.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) {
			return core.Writes{Inserts: []core.Row{row}}, nil
		}})
		if err != nil || v.Runs != i+1 {
			t.Fatalf("commit %d: %+v, %v", i, v, err)
		}
	}
	if fmt.Sprint(asked) != "[1 2 3]" {
		t.Fatalf("asked %v", asked)
	}
	if all := m.All(); len(all.Audits) != 2 {
		t.Fatalf("audits %v", all.Audits)
	}
}

// A guard that changes what is fixed at insert is a mistake of the caller, found here before any
// database sees it (S08, I11).
func TestMemoryGuardOfFixedField(t *testing.T) {
	m := storetest.NewMemory()
	a := &core.Attempt{ID: "a", OutTradeNo: "T1", Version: 1}
	do := func(w core.Writes) error {
		_, err := m.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) { return w, nil }})
		return err
	}
	if err := do(core.Writes{Inserts: []core.Row{a}}); err != nil {
		t.Fatal(err)
	}
	changed := *a
	changed.OutTradeNo = "T2"
	err := do(core.Writes{Guards: []core.Row{&changed}, Inserts: []core.Row{&core.Audit{ID: "w"}}})
	if core.CodeOf(err) != core.CodeInternal {
		t.Fatalf("got %v", err)
	}
}

func TestMemoryEachOrder(t *testing.T) {
	m := storetest.NewMemory()
	rows := []core.Row{
		&core.Payment{ID: "p2", MerchantID: "m", MerchantOrderNo: "2"}, &core.Payment{ID: "p1", MerchantID: "m", MerchantOrderNo: "1"},
		&core.Entry{ID: "e", PaymentID: "p1"}, &core.Event{ID: "v", Row: "v", PaymentID: "p2"}, &core.Attempt{ID: "a", PaymentID: "p2", OutTradeNo: "T"},
	}
	if _, err := m.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Inserts: rows}, nil }}); err != nil {
		t.Fatal(err)
	}
	var got string
	err := m.EachOrder(context.Background(), func(o core.Order, entries []core.Entry, events []core.Event) error {
		got += fmt.Sprintf("%s %d %d %d; ", o.Payment.ID, len(o.Attempts), len(entries), len(events))
		return nil
	})
	if err != nil || got != "p1 0 1 0; p2 1 0 1; " {
		t.Fatalf("%q, %v", got, err)
	}
}
