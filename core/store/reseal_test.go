package store

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/paymux/paymux/core"
)

// O31: every sealed text is shown once, in batches, on both engines; a run that fails leaves whole
// batches, and the next goes on.
func TestO31Reseal(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s, ctx := open(t, e.config(t)), t.Context()
			const buyers = 2*resealedAtOnce + 1
			var rows []core.Row
			for i := range buyers {
				rows = append(rows, &core.SealedPayer{ID: fmt.Sprintf("01%04d", i), MerchantID: "m", Sealed: fmt.Append(nil, "old ", i)})
			}
			rows = append(rows, &core.Inbox{ID: "01", Digest: "d", Sealed: []byte("old in")})
			if _, err := s.Do(ctx, core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Inserts: rows}, nil }}); err != nil {
				t.Fatal(err)
			}
			seen := map[string]int{}
			stop := resealedAtOnce + 7
			change := func(purpose string, sealed []byte) ([]byte, error) {
				rest, old := bytes.CutPrefix(sealed, []byte("old "))
				if !old {
					return nil, nil
				}
				if stop--; stop == 0 {
					return nil, errors.New("killed")
				}
				seen[purpose]++
				return append([]byte("new "), rest...), nil
			}
			if err := s.Reseal(ctx, change); err == nil {
				t.Fatal("it was not stopped")
			}
			if err := s.Reseal(ctx, change); err != nil {
				t.Fatal(err)
			}
			fresh := 0
			err := s.Reseal(ctx, func(_ string, sealed []byte) ([]byte, error) {
				if bytes.HasPrefix(sealed, []byte("new ")) {
					fresh++
				}
				return nil, nil
			})
			if err != nil || fresh != buyers+1 || seen["inbox"] == 0 || seen["payer"] < buyers {
				t.Errorf("%d of %d texts are new, %v: %v", fresh, buyers+1, seen, err)
			}
		})
	}
}
