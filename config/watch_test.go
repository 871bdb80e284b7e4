package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func watcher(t *testing.T) (w *Watcher, path string, refusals *[]error) {
	t.Helper()
	path = place(t, exampleText(t))
	w, err := NewWatcher(path, nil, dialects()...)
	if err != nil {
		t.Fatal(err)
	}
	refusals = &[]error{}
	w.Refused = func(err error) { *refusals = append(*refusals, err) }
	return w, path, refusals
}

// F13: a bad file is refused whole; what was in force stays, and the next good
// file is taken.
func TestF13BadFileIsRefusedAtomically(t *testing.T) {
	w, path, refusals := watcher(t)
	before := w.Current()
	bad := []string{
		"server: [",
		"",
		edit(t, exampleText(t), "sweep_seconds: 30", "sweep_seconds: 0"),
		edit(t, exampleText(t), "name: 示例商店", "nome: 示例商店"),
		// a good change and a bad one: neither is taken
		edit(t, edit(t, exampleText(t), "level: info", "level: warn"), "late_payment: refund", "late_payment: keep"),
	}
	for i, text := range bad {
		write(t, path, text)
		if w.Reload() || w.Current() != before {
			t.Errorf("bad file %d was taken", i)
		}
		if w.Reload(); len(*refusals) != i+1 {
			t.Errorf("bad file %d: %d refusals in all, want one for each change", i, len(*refusals))
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if w.Reload() || w.Current() != before || len(*refusals) != len(bad)+1 {
		t.Error("an absent file was taken")
	}
	write(t, path, edit(t, exampleText(t), "level: info", "level: warn"))
	if !w.Reload() || w.Current().Log.Level != "warn" || before.Log.Level != "info" {
		t.Error("the good file after bad ones was not taken")
	}
}

func TestReloadTakesKeyFiles(t *testing.T) {
	w, path, refusals := watcher(t)
	if w.Reload() {
		t.Error("nothing changed")
	}
	key := filepath.Join(filepath.Dir(path), "keys/alipay_v2.pub")
	write(t, key, "a new key")
	if !w.Reload() {
		t.Errorf("a changed key file was not taken: %v", *refusals)
	}
	write(t, key, "")
	if w.Reload() || len(*refusals) != 1 {
		t.Errorf("an emptied key file: %v", *refusals)
	}
}

func TestReloadCannotChangeWhatIsOpen(t *testing.T) {
	for _, c := range [][3]string{
		{"listen: 127.0.0.1:8080", "listen: 127.0.0.1:8081", "server.listen"},
		{"dsn: data/paymux.db", "dsn: data/other.db", "db.dsn"},
		{`url: "" # empty`, `url: none # empty`, "queue.url"},
		{`prefix: "" # empty`, `prefix: a # empty`, "queue.prefix"},
		{"max_open: 20", "max_open: 21", "db.max_open"},
		{"writers: 2", "writers: 3", "db.writers"},
	} {
		w, path, refusals := watcher(t)
		write(t, path, edit(t, exampleText(t), c[0], c[1]))
		if w.Reload() || len(*refusals) != 1 || !strings.Contains((*refusals)[0].Error(), c[2]) {
			t.Errorf("%s: %v", c[2], *refusals)
		}
	}
}

func TestAcceptMayRefuse(t *testing.T) {
	w, path, refusals := watcher(t)
	unparsable := errors.New("key does not parse")
	w.Accept = func(*Config) error { return unparsable }
	write(t, path, edit(t, exampleText(t), "level: info", "level: warn"))
	if w.Reload() || len(*refusals) != 1 || !errors.Is((*refusals)[0], unparsable) || w.Current().Log.Level != "info" {
		t.Errorf("%v", *refusals)
	}
}

// The first half of a file can be a valid file with merchants missing.
func TestChangeIsTakenAtTheSecondEqualLook(t *testing.T) {
	w, path, _ := watcher(t)
	w.look()
	write(t, path, edit(t, exampleText(t), "level: info", "level: warn"))
	w.look()
	write(t, path, edit(t, exampleText(t), "level: info", "level: error"))
	w.look()
	if w.Current().Log.Level != "info" {
		t.Fatalf("taken while it was being written: %s", w.Current().Log.Level)
	}
	w.look()
	if w.Current().Log.Level != "error" {
		t.Errorf("not taken: %s", w.Current().Log.Level)
	}
}

// Files are replaced by rename, by delete and create, and in place; Run sees
// each of them.
func TestRunSeesEveryWayOfWriting(t *testing.T) {
	w, path, _ := watcher(t)
	changed := make(chan string)
	ctx, cancel := context.WithCancel(t.Context())
	w.Refused = nil
	w.Changed = func(c *Config) {
		select {
		case changed <- c.Log.Level:
		case <-ctx.Done():
		}
	}
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	text := func(level string) string { return edit(t, exampleText(t), "level: info", "level: "+level) }
	write(t, path, text("warn"))
	if got := <-changed; got != "warn" {
		t.Errorf("in place: %s", got)
	}
	write(t, path+".new", text("error"))
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if got := <-changed; got != "error" {
		t.Errorf("renamed over: %s", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, path, text("debug"))
	if got := <-changed; got != "debug" {
		t.Errorf("deleted and created: %s", got)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
}

func TestWatcherStartsOnlyOnAGoodFile(t *testing.T) {
	if _, err := NewWatcher(place(t, "server: {}"), nil, dialects()...); err == nil {
		t.Error("started")
	}
}
