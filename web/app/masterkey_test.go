package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
)

func masterKey(t *testing.T) *config.MasterKey {
	t.Helper()
	key, err := config.CreateMasterKey(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sealedStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Driver: store.DriverSQLite, DSN: filepath.Join(t.TempDir(), "paymux.db")})
	if err == nil {
		err = s.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// put writes n buyers sealed under the key.
func put(t *testing.T, s *store.Store, key *config.MasterKey, from, n int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		sealed, err := vault{key}.Seal("payer", fmt.Append(nil, "buyer ", i))
		if err != nil {
			t.Fatal(err)
		}
		row := &core.SealedPayer{ID: fmt.Sprintf("01%04d", i), MerchantID: "m", Sealed: sealed}
		_, err = s.Do(t.Context(), core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Inserts: []core.Row{row}}, nil }})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// O31: another master key than the database's refuses to start, also where the database did not
// know of any before; moved, the new one starts, the old one does not, and buyers keep their
// pseudonyms over two moves.
func TestO31MasterKeyOfTheDatabase(t *testing.T) {
	s, ctx := sealedStore(t), t.Context()
	keys := []*config.MasterKey{masterKey(t), masterKey(t), masterKey(t)}
	now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	put(t, s, keys[0], 0, 3)
	if _, err := ownMaster(ctx, s, keys[1]); err == nil {
		t.Error("a key that opens nothing became the database's")
	}
	opens := func(want int) {
		t.Helper()
		for i, key := range keys {
			own, err := ownMaster(ctx, s, key)
			if (err == nil) != (i == want) {
				t.Errorf("key %d: %v", i, err)
			}
			if err == nil && own.Pseudonym("payer", "x") != keys[0].Pseudonym("payer", "x") {
				t.Errorf("key %d names buyers anew", i)
			}
		}
	}
	opens(0)
	if _, err := Rewrap(ctx, s, keys[1], keys[2], false); err == nil {
		t.Error("moved from a key that was not the database's")
	}
	opens(0)
	for i := range 2 {
		if done, err := Rewrap(ctx, s, keys[i], keys[i+1], false); err != nil || done.Sealed != 3 {
			t.Fatalf("%+v %v", done, err)
		}
		opens(i + 1)
	}
	if done, err := Rewrap(ctx, s, keys[1], keys[2], false); err != nil || done.Sealed != 0 {
		t.Errorf("moved twice: %+v %v", done, err)
	}
	if err := s.Beat(ctx, "node", now, now); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]bool{0: false, silentFor - time.Second: false, silentFor + time.Second: true} {
		if err := NobodyServes(ctx, s, now.Add(after)); (err == nil) != want {
			t.Errorf("%s after a server was seen: %v", after, err)
		}
	}
}

// O31: a move that is cut off anywhere is finished by the next, and no server starts in between.
func TestO31CutOffMove(t *testing.T) {
	old, next, template := masterKey(t), masterKey(t), filepath.Join(t.TempDir(), "template.db")
	first := sealedStore(t)
	put(t, first, old, 0, 3)
	if _, err := ownMaster(t.Context(), first, old); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Backup(t.Context(), template); err != nil {
		t.Fatal(err)
	}
	for cut := 1; ; cut++ {
		c := store.Config{Driver: store.DriverSQLite, DSN: filepath.Join(t.TempDir(), "paymux.db")}
		if _, err := store.Restore(t.Context(), template, c); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Rewrap(newCountdown(t, cut), s, old, next, false)
		whole := err == nil
		switch _, err := ownMaster(t.Context(), s, next); {
		case err != nil && whole:
			t.Errorf("cut after %d: the new key does not start: %v", cut, err)
		case err == nil: // the very last step may be done although its answer was lost
			err := s.Reseal(t.Context(), func(purpose string, sealed []byte) ([]byte, error) {
				_, err := next.Open(purpose, string(sealed))
				return nil, err
			})
			if err != nil {
				t.Errorf("cut after %d: the new key starts, and does not open all: %v", cut, err)
			}
		}
		if _, err := Rewrap(t.Context(), s, old, next, false); err != nil {
			t.Fatalf("cut after %d: not finished: %v", cut, err)
		}
		if _, err := ownMaster(t.Context(), s, next); err != nil {
			t.Errorf("cut after %d: %v", cut, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if whole {
			if cut < 3 {
				t.Errorf("whole after %d looks", cut)
			}
			return
		}
	}
}

// countdown is a context that ends after some looks at it. What it answers never changes back: a
// driver that is told that it cannot end, and then that it has, does not know what it did.
type countdown struct {
	context.Context
	end  context.CancelFunc
	left atomic.Int64
}

func newCountdown(t *testing.T, looks int) *countdown {
	c := &countdown{}
	c.Context, c.end = context.WithCancel(t.Context())
	c.left.Store(int64(looks))
	t.Cleanup(c.end)
	return c
}

func (c *countdown) look() context.Context {
	if c.left.Add(-1) < 0 {
		c.end()
	}
	return c.Context
}

func (c *countdown) Err() error { return c.look().Err() }

func (c *countdown) Done() <-chan struct{} { return c.look().Done() }

// O31: texts of a third key are not lost silently.
func TestO31TextsOfNeitherKey(t *testing.T) {
	s, ctx := sealedStore(t), t.Context()
	old, next := masterKey(t), masterKey(t)
	put(t, s, old, 0, 2)
	put(t, s, masterKey(t), 2, 1)
	if done, err := Rewrap(ctx, s, old, next, false); err == nil || done.Unreadable != 1 || !strings.Contains(err.Error(), "1 sealed text") {
		t.Errorf("%+v %v", done, err)
	}
	if _, err := ownMaster(ctx, s, next); err == nil {
		t.Error("a server starts")
	}
	if done, err := Rewrap(ctx, s, old, next, true); err != nil || done.Unreadable != 1 {
		t.Errorf("%+v %v", done, errors.Join(err))
	}
	if _, err := ownMaster(ctx, s, next); err != nil {
		t.Error(err)
	}
}
