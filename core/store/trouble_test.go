package store

import (
	"context"
	"fmt"
	"testing"

	"github.com/paymux/paymux/core"
)

// D08: a full disk is told as such, before anything is believed written; with room again the store
// goes on.
func TestDiskFull(t *testing.T) {
	s := open(t, sqliteConfig(t))
	writeRows(t, s, pay("before"))
	var pages int
	if err := s.write.Raw("PRAGMA page_count").Scan(&pages).Error; err != nil {
		t.Fatal(err)
	}
	execSQL(t, s, fmt.Sprint("PRAGMA max_page_count = ", pages+2))
	big := &core.Inbox{ID: "big", Account: "a", Digest: "d", Sealed: make([]byte, 1<<20)}
	_, err := s.Do(context.Background(), inserts(pay("during"), big))
	if core.CodeOf(err) != core.CodeUnavailable {
		t.Fatalf("a full disk: %v", err)
	}
	execSQL(t, s, "PRAGMA max_page_count = 1000000")
	if v, err := s.See(context.Background(), key("during")); err != nil || v.Order(key("during")) != nil {
		t.Fatalf("half a unit was written: %v", err)
	}
	writeRows(t, s, pay("during"), big)
}

// D12: readers that hold every connection of theirs do not keep writers waiting.
func TestReadersDoNotStarveWriters(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			config := e.config(t)
			config.MaxOpen = 2
			s := open(t, config)
			writeRows(t, s, pay("p"))
			for range config.MaxOpen {
				slow := s.read.Begin()
				if err := slow.Exec("SELECT 1").Error; err != nil {
					t.Fatal(err)
				}
				defer slow.Rollback()
			}
			v, err := s.Do(context.Background(), core.Unit{Keys: []core.Key{key("p")}, Decide: func(v core.View) (core.Writes, error) {
				o := v.Order(key("p"))
				o.Payment.Sequence++
				return core.Writes{Guards: []core.Row{&o.Payment}, Inserts: []core.Row{audit("a", start)}}, nil
			}})
			if err != nil || v.Runs != 1 {
				t.Fatalf("%+v, %v", v, err)
			}
		})
	}
}

// A database that is not there is unavailable, not a mistake in the configuration.
func TestNoServer(t *testing.T) {
	_, err := Open(context.Background(), Config{Driver: DriverMySQL, DSN: "root@tcp(127.0.0.1:1)/paymux"})
	if core.CodeOf(err) != core.CodeUnavailable {
		t.Fatal(err)
	}
}
