package app

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web"
)

// W50: a revoked key is unknown, whatever the tenants hold, also while the database is away.
func TestW50RevokedKeysAreUnknown(t *testing.T) {
	w, lines := alerted(t)
	var list []store.Revocation
	var away error
	l := &live{revoked: revocations{watch: w, list: func(context.Context) ([]store.Revocation, error) { return list, away }}}
	l.now.Store(&tenants{keys: map[string]web.Key{"a": {ID: "a"}, "b": {ID: "b"}}})
	known := func() string {
		var ids []string
		for _, id := range []string{"a", "b", "c"} {
			if _, ok := l.Key(id); ok {
				ids = append(ids, id)
			}
		}
		return strings.Join(ids, " ")
	}
	look := func() { _ = l.revoked.look(t.Context()) }
	if look(); known() != "a b" {
		t.Errorf("nothing revoked: %s", known())
	}
	list = []store.Revocation{{KeyID: "a"}, {KeyID: "c"}}
	if look(); known() != "b" {
		t.Errorf("a and c revoked: %s", known())
	}
	l.now.Store(&tenants{keys: map[string]web.Key{"a": {ID: "a"}, "c": {ID: "c"}}})
	if known() != "" {
		t.Errorf("a file revives %s", known())
	}
	_ = lines()
	list, away = nil, errors.New("no database")
	for range missedLooks - 1 {
		look()
	}
	if said := lines(); known() != "" || strings.Contains(said, alertRevocations) {
		t.Errorf("a moment without a database: %q %s", known(), said)
	}
	for range 3 {
		look()
	}
	if said := lines(); known() != "" || strings.Count(said, alertRevocations) != 1 {
		t.Errorf("no database: %q %s", known(), said)
	}
	away = nil
	for range 2 {
		look()
	}
	if said := lines(); strings.Count(said, "read again") != 1 {
		t.Errorf("it is back: %s", said)
	}
}
