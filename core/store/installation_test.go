package store

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/paymux/paymux/core"
)

// A fact is kept once: the first value stays, whoever comes later, and only who knows it replaces
// it.
func TestFacts(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			kept := func(want string) {
				t.Helper()
				if got, err := s.Fact(t.Context(), "f"); got != want || err != nil {
					t.Errorf("%q, %v; want %q", got, err, want)
				}
			}
			kept("")
			for _, value := range []string{"one", "one", "two"} {
				if got, err := s.SetFact(t.Context(), "f", value); got != "one" || err != nil {
					t.Errorf("%q, %v", got, err)
				}
			}
			for _, c := range []struct {
				from, to string
				want     bool
			}{{"two", "three", false}, {"ONE", "three", false}, {"one", "one", true}, {"one", "three", true}, {"one", "four", false}} {
				if got, err := s.ReplaceFact(t.Context(), "f", c.from, c.to); got != c.want || err != nil {
					t.Errorf("%+v: %v, %v", c, got, err)
				}
			}
			kept("three")
			if done, err := s.ReplaceFact(t.Context(), "none", "", "x"); done || err != nil {
				t.Errorf("what is not there was replaced: %v, %v", done, err)
			}
			for _, bad := range [][2]string{{"", "v"}, {"n", ""}, {strings.Repeat("n", 65), "v"}, {"n", strings.Repeat("v", 256)}, {"名", "v"}, {"n", "值"}} {
				if _, err := s.SetFact(t.Context(), bad[0], bad[1]); core.CodeOf(err) != core.CodeInvalid {
					t.Errorf("%q is kept: %v", bad, err)
				}
			}
		})
	}
}

// Of many first starts at once all go on with one value.
func TestFactsOfManyStarts(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			got := make([]string, 8)
			var starts sync.WaitGroup
			for i := range got {
				starts.Go(func() {
					kept, err := s.SetFact(t.Context(), FactIdentity, fmt.Sprint("drawn", i))
					if err != nil {
						t.Error(err)
					}
					got[i] = kept
				})
			}
			starts.Wait()
			for _, one := range got {
				if one != got[0] || one == "" {
					t.Errorf("they go on with %q", got)
				}
			}
		})
	}
}
