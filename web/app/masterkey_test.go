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
	for cut := 1; ; cut++ {
		s := sealedStore(t)
		old, next := masterKey(t), masterKey(t)
		put(t, s, old, 0, 3)
		if _, err := ownMaster(t.Context(), s, old); err != nil {
			t.Fatal(err)
		}
		ctx := &countdown{Context: t.Context()}
		ctx.left.Store(int64(cut))
		_, err := Rewrap(ctx, s, old, next, false)
		whole := err == nil
		if _, err := ownMaster(t.Context(), s, next); (err == nil) != whole {
			t.Errorf("cut after %d: the new key starts: %v", cut, err)
		}
		if _, err := Rewrap(t.Context(), s, old, next, false); err != nil {
			t.Fatalf("cut after %d: not finished: %v", cut, err)
		}
		if _, err := ownMaster(t.Context(), s, next); err != nil {
			t.Errorf("cut after %d: %v", cut, err)
		}
		if whole {
			if cut < 3 {
				t.Errorf("whole after %d looks", cut)
			}
			return
		}
	}
}

// countdown is a context that ends after some looks at it.
type countdown struct {
	context.Context
	left atomic.Int64
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

func (c *countdown) Done() <-chan struct{} {
	if c.Err() != nil {
		closed := make(chan struct{})
		close(closed)
		return closed
	}
	return nil
}

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
